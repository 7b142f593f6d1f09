//! The one window: its size, its title, and what may be shown in it.

use tauri::utils::config::Color;
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Url, WebviewUrl, WebviewWindowBuilder};

/// The size that a first start asks for, in logical pixels; a smaller screen gets a smaller window.
const SIZE: (f64, f64) = (1440.0, 900.0);
const LEAST: (f64, f64) = (960.0, 600.0);
/// `--bg-0` of the dark theme, so that nothing white flashes before the first paint.
const BACKGROUND: Color = Color(14, 16, 19, 255);

pub fn open(app: &AppHandle) -> tauri::Result<()> {
    let screen = app
        .primary_monitor()?
        .map(|monitor| monitor.size().to_logical::<f64>(monitor.scale_factor()));
    let (width, height) = screen.map_or(SIZE, |screen| (SIZE.0.min(screen.width), SIZE.1.min(screen.height)));
    WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Refold")
        .inner_size(width, height)
        .min_inner_size(LEAST.0, LEAST.1)
        .background_color(BACKGROUND)
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// Nothing but the bundled interface is ever shown: a payload that holds a link leads nowhere.
fn is_ours(url: &Url) -> bool {
    url.scheme() == "tauri" || (cfg!(windows) && url.host_str() == Some("tauri.localhost"))
}
