//! Progress on standard error while somebody watches, and Ctrl+C.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use refold_app::text::grouped;
use refold_app::work::{CancelToken, Progress};

/// A token that the first Ctrl+C sets. The second ends the program at once.
pub fn cancel_token_of_terminal() -> CancelToken {
    let token = CancelToken::default();
    let pressed = token.clone();
    let watch = ctrlc::set_handler(move || {
        if pressed.is_cancelled() {
            std::process::exit(130);
        }
        pressed.cancel();
    });
    // Without a handler Ctrl+C ends the program, which leaves nothing half-written either.
    drop(watch);
    token
}

/// One line that is rewritten, shown only when the work takes longer than a moment and a person sits there.
pub struct ProgressLine {
    is_shown: bool,
    state: Mutex<Shown>,
}

struct Shown {
    started: Instant,
    last: Option<Instant>,
    width: usize,
}

const FIRST_AFTER: Duration = Duration::from_millis(300);
const BETWEEN: Duration = Duration::from_millis(100);

impl ProgressLine {
    pub fn new() -> ProgressLine {
        let state = Shown {
            started: Instant::now(),
            last: None,
            width: 0,
        };
        ProgressLine {
            is_shown: io::stderr().is_terminal(),
            state: Mutex::new(state),
        }
    }

    /// Takes the line away before other output comes.
    pub fn clear(&self) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.width > 0 {
            let blank = " ".repeat(state.width);
            let _ = write!(io::stderr().lock(), "\r{blank}\r");
            state.width = 0;
        }
    }
}

impl Progress for ProgressLine {
    fn report(&self, phase: &'static str, done: u64, total: Option<u64>) {
        if !self.is_shown {
            return;
        }
        // A worker that finds the line taken has nothing newer to say.
        let Ok(mut state) = self.state.try_lock() else { return };
        let is_due = match state.last {
            None => state.started.elapsed() >= FIRST_AFTER,
            Some(last) => last.elapsed() >= BETWEEN,
        };
        if !is_due {
            return;
        }
        state.last = Some(Instant::now());
        let of = total.map(|total| format!(" of {}", grouped(total))).unwrap_or_default();
        let line = format!("{phase}: {}{of}", grouped(done));
        let padding = " ".repeat(state.width.saturating_sub(line.chars().count()));
        state.width = line.chars().count();
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "\r{line}{padding}").and_then(|()| stderr.flush());
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.clear();
    }
}
