//! The second wall around scripts and modules: they run in a process of their own, which has no file, no network and no
//! other program, and is sent bytes and answers with bytes.
//!
//! The first wall is WebAssembly. Should a handler break out of it, what it finds is a process that can do nothing but
//! answer, and whose answers are not believed further than they hold together. It is this same executable, started once
//! more ([`process`]); before it reads anything it puts up its walls ([`walls`]). Where there are none such, the engine
//! runs in the process of whoever asks, behind the first wall alone.

mod batch;
mod channel;
#[cfg(test)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod door;
mod frame;
mod line;
mod over;
mod pool;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod process;
mod remote;
mod serve;
#[cfg(test)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod tests;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod walls;

pub use batch::Batch;
pub use pool::{Handler, Worker, Workers};
pub use remote::Remote;
pub use serve::{About, Host};

/// Ends a worker that the system gives no more memory. How many guests it has must not show in a state, so none of them is
/// told: whoever asked begins again in another. Without workers it is a fault.
pub fn give_up<T>(why: T) -> T {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        drop(why);
        std::process::abort()
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    why
}

/// What the second wall is on this machine, in words, which may be nothing. `None`: nothing was run behind it yet.
pub fn second_wall() -> Option<&'static str> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    return walls::standing();
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    Some("")
}

/// What the second wall lacks on this machine, in words. `None`: nothing, or nothing was run behind it yet.
pub fn second_wall_lacks() -> Option<&'static str> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    return walls::lacking();
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    Some("it has them on Linux only")
}
