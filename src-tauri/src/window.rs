//! The one window: its size, its title, and what may be shown in it.

use std::sync::Arc;
use std::time::Duration;

use refold_app::Desk;
use refold_app::wire::WindowFrame;
use tauri::utils::config::Color;
use tauri::webview::{NewWindowResponse, PageLoadEvent};
use tauri::{AppHandle, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent};

/// The size that a first start asks for, in logical pixels; a smaller screen gets a smaller window.
const SIZE: (f64, f64) = (1440.0, 900.0);
const LEAST: (f64, f64) = (960.0, 600.0);
/// `--bg-0` of the dark theme, so that nothing white flashes before the first paint.
const BACKGROUND: Color = Color(14, 16, 19, 255);

/// A page that is not loaded by then is waited for in sight.
const MOST_HIDDEN: Duration = Duration::from_secs(2);

/// Opens it where it stood last, as far as that is on a screen that is there. It is shown with its first content: until the
/// page is loaded there is nothing to see.
pub fn open(app: &AppHandle, desk: &Arc<Desk>) -> tauri::Result<()> {
    let screen = app
        .primary_monitor()?
        .map(|monitor| monitor.size().to_logical::<f64>(monitor.scale_factor()));
    let (most_wide, most_high) = screen.map_or(SIZE, |screen| (screen.width, screen.height));
    let kept = desk.frame();
    let (width, height) = kept.map_or(SIZE, |frame| (frame.width, frame.height));
    let mut builder = WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Refold")
        .inner_size(width.min(most_wide), height.min(most_high))
        .min_inner_size(LEAST.0, LEAST.1)
        .background_color(BACKGROUND)
        .visible(false)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Finished {
                show(&window);
            }
        })
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny);
    if let Some(frame) = kept.filter(|frame| is_on_a_screen(app, frame)) {
        builder = builder.position(frame.x, frame.y).maximized(frame.is_maximized);
    }
    let window = builder.build()?;
    let waiting = window.clone();
    let waited = std::thread::Builder::new()
        .name("first sight".to_owned())
        .spawn(move || {
            std::thread::sleep(MOST_HIDDEN);
            show(&waiting);
        });
    if waited.is_err() {
        show(&window);
    }
    let (desk, closing) = (Arc::clone(desk), window.clone());
    window.on_window_event(move |event| {
        if let (WindowEvent::CloseRequested { .. }, Some(frame)) = (event, frame_of(&closing)) {
            // Where it cannot be kept, the window closes all the same.
            let _ = desk.remember_frame(&frame);
        }
    });
    Ok(())
}

/// Shows it, however often it is asked to. A window that cannot be shown is no reason to end: there may be others to ask.
fn show(window: &WebviewWindow) {
    let _ = window.show();
}

/// Brings it to the front; a system that lets no program do so leaves it where it is.
pub fn raise(window: &WebviewWindow) {
    let _ = window.unminimize();
    let _ = window.set_focus();
}

/// Where the window stands; `None` where the system does not say.
pub fn frame_of(window: &WebviewWindow) -> Option<WindowFrame> {
    let scale = window.scale_factor().ok()?;
    let place = window.outer_position().ok()?.to_logical::<f64>(scale);
    let size = window.inner_size().ok()?.to_logical::<f64>(scale);
    Some(WindowFrame {
        x: place.x,
        y: place.y,
        width: size.width,
        height: size.height,
        is_maximized: window.is_maximized().ok()?,
    })
}

/// Whether its upper left corner could be taken hold of.
fn is_on_a_screen(app: &AppHandle, frame: &WindowFrame) -> bool {
    let monitors = app.available_monitors().unwrap_or_default();
    monitors.iter().any(|monitor| {
        let scale = monitor.scale_factor();
        let (place, size) = (
            monitor.position().to_logical::<f64>(scale),
            monitor.size().to_logical::<f64>(scale),
        );
        let is_within = |at: f64, from: f64, length: f64| at >= from && at < from + length;
        is_within(frame.x, place.x, size.width) && is_within(frame.y, place.y, size.height)
    })
}

/// Nothing but the bundled interface is ever shown: a payload that holds a link leads nowhere.
fn is_ours(url: &Url) -> bool {
    url.scheme() == "tauri" || (cfg!(windows) && url.host_str() == Some("tauri.localhost"))
}
