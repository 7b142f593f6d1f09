//! Asking the person at the terminal for a password, without showing what they type.

use refold_app::Secret;
use refold_app::connections::password::Passwords;

use crate::progress;

/// The terminal that the command runs in, whatever its output goes to.
pub struct Terminal;

impl Passwords for Terminal {
    fn password(&self, location: &str) -> Option<Secret> {
        progress::clear();
        ask(&format!("Password for {}: ", refold_app::text::visible(location)))
    }
}

/// `None` where there is no terminal, or nothing was typed.
#[cfg(unix)]
fn ask(prompt: &str) -> Option<Secret> {
    use std::fs::OpenOptions;
    use std::io::{BufRead as _, BufReader, Write as _};

    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    let before = tcgetattr(&terminal).ok()?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    terminal.write_all(prompt.as_bytes()).ok()?;
    tcsetattr(&terminal, OptionalActions::Flush, &silent).ok()?;
    let mut typed = String::new();
    let read = BufReader::new(&terminal).read_line(&mut typed);
    // A terminal that cannot be set back is gone, and so is its person.
    let _ = tcsetattr(&terminal, OptionalActions::Flush, &before);
    read.ok()?;
    typed.truncate(typed.trim_end_matches(['\r', '\n']).len());
    (!typed.is_empty()).then(|| Secret::new(typed))
}

#[cfg(not(unix))]
fn ask(_: &str) -> Option<Secret> {
    None
}
