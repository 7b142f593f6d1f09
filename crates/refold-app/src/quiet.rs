//! Work that nobody waits for, and what a person does beside it.

/// Lets everything else go first from here on: the rest of this thread, and the threads that it starts. For a thread of
/// its own that nobody waits for. Where a platform has no such thing, nothing changes.
pub fn go_last() {
    #[cfg(target_os = "linux")]
    {
        /// Of 19. What is busy beside it gets nine tenths of a core that both want.
        const NICE: i32 = 10;
        // On Linux each thread has a niceness of its own. Lowering the own priority is always allowed; if it fails all the
        // same, the work is only less quiet.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
    }
}
