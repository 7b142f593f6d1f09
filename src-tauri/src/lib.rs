//! The window: turns calls of the interface into use cases of `refold-app`. The only package that says `tauri`.
//!
//! It must not know how a store is read, a state is folded or a text is worded. A command has at most ten lines.
#![cfg(feature = "window")]

pub fn run() -> std::process::ExitCode {
    let _context: tauri::Context<tauri::Wry> = tauri::generate_context!();
    std::process::ExitCode::SUCCESS
}
