//! What the web engine must be told before it starts.

use refold_app::wire::Rendering;

/// Without a GPU, WebKit's accelerated compositing halves the frame rate of scrubbing; a value of the environment
/// stands. Must be called before GTK starts and before any thread does.
pub fn prepare(rendering: Rendering) {
    #[cfg(not(target_os = "linux"))]
    let _ = rendering;
    #[cfg(target_os = "linux")]
    {
        const SWITCH: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";
        let is_software = match rendering {
            Rendering::Auto => !has_gpu(),
            Rendering::Software => true,
            Rendering::Graphics => false,
        };
        if std::env::var_os(SWITCH).is_none() && is_software {
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
