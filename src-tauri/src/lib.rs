//! The window: turns calls of the interface into use cases of `refold-app`. The only package that says `tauri`.
//!
//! It must not know how a store is read, how a state is folded or how a sentence is worded. A command has at most ten
//! lines; what needs more belongs to `refold-app`.
#![cfg(feature = "window")]

mod arguments;
mod bindings;
mod commands;
mod handover;
mod platform;
mod window;

use std::process::ExitCode;
use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::Launch;

use crate::arguments::Asked;

/// Opens the window where the arguments say, and returns when it is closed; a link opens in a window that is there.
pub fn run() -> ExitCode {
    let words = arguments::words(std::env::args_os().skip(1));
    let launch = match words.and_then(|words| arguments::parse(words.into_iter())) {
        Ok(Asked::Window(launch)) => launch,
        Ok(Asked::Text(text)) => {
            println!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            eprintln!("refold-desktop: {sentence}\n\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    if let Some(Launch { store: link, .. }) = &launch
        && handover::is_link(link)
        && handover::hand_over(link)
    {
        return ExitCode::SUCCESS;
    }
    let desk = match Desk::new(launch) {
        Ok(desk) => Arc::new(desk),
        Err(error) => {
            eprintln!("refold-desktop: {}; {}", error.message, error.hint);
            return ExitCode::from(3);
        }
    };
    platform::prepare(desk.rendering());
    let bindings = bindings::builder();
    let built = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .manage(Arc::clone(&desk))
        .invoke_handler(bindings.invoke_handler())
        .setup(move |app| window::open(app.handle(), &desk).map_err(Into::into))
        .build(tauri::generate_context!());
    match built {
        Ok(app) => ExitCode::from(u8::try_from(app.run_return(|_, _| {})).unwrap_or(1)),
        Err(error) => {
            eprintln!("refold-desktop: the window cannot be opened: {error}");
            ExitCode::from(3)
        }
    }
}
