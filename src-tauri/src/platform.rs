//! What the web engine must be told before it starts.

/// Without a GPU, WebKit's accelerated compositing halves the frame rate of scrubbing; a value that the user has set
/// stands. Must be called before GTK starts and before any thread does.
pub fn prepare() {
    #[cfg(target_os = "linux")]
    {
        const SWITCH: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";
        if std::env::var_os(SWITCH).is_none() && !has_gpu() {
            // SAFETY: called first thing in `run`, when this process has one thread.
            unsafe { std::env::set_var(SWITCH, "1") };
        }
    }
}

#[cfg(target_os = "linux")]
fn has_gpu() -> bool {
    std::fs::read_dir("/dev/dri").is_ok_and(|devices| {
        devices
            .flatten()
            .any(|device| device.file_name().to_string_lossy().starts_with("renderD"))
    })
}
