//! Recent stores whose file is not there now. Nothing but files is looked at, and nobody waits long for one: a network
//! drive that is away answers after minutes, or never.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::connections::url;
use crate::lock::lock;

/// So long a person waits for the mark. A disk answers at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was asked and has not answered yet. It is not asked again: its thread cannot be ended.
static ASKED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Those of `locations` that are files and are not there. What does not say so in time counts as there.
pub fn gone(locations: Vec<String>) -> Vec<String> {
    gone_as(locations, is_gone, PATIENCE)
}

fn gone_as(
    locations: Vec<String>,
    is_gone: impl Fn(&Path) -> bool + Copy + Send + 'static,
    patience: Duration,
) -> Vec<String> {
    let (tell, told) = mpsc::sync_channel(locations.len());
    for location in locations.into_iter().filter(|location| is_file(location)) {
        if !lock(&ASKED).insert(location.clone()) {
            continue;
        }
        let (tell, asked) = (tell.clone(), location.clone());
        let look = move || {
            let is_gone = is_gone(Path::new(&asked));
            lock(&ASKED).remove(&asked);
            // Where nobody waits any more nobody wants to know.
            let _ = tell.send((asked, is_gone));
        };
        if thread::Builder::new().name("recent".to_owned()).spawn(look).is_err() {
            lock(&ASKED).remove(&location);
        }
    }
    drop(tell);
    let until = Instant::now() + patience;
    let mut gone = Vec::new();
    // It ends as well when all have answered.
    while let Ok((location, is_gone)) = told.recv_timeout(until.saturating_duration_since(Instant::now())) {
        if is_gone {
            gone.push(location);
        }
    }
    gone.sort_unstable();
    gone
}

fn is_file(location: &str) -> bool {
    !location.starts_with('@') && !url::is_url(location)
}

/// Only where the system says so: a folder that may not be looked into says nothing.
fn is_gone(file: &Path) -> bool {
    let looked = file.metadata();
    looked.is_err_and(|error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_gone_is_said_and_a_server_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("there.db");
        std::fs::write(&there, "").unwrap();
        let text = |path: &Path| path.display().to_string();
        // A folder in its path that is a file, too, is no folder that it could be in.
        let (away, below) = (text(&folder.path().join("away.db")), text(&there.join("below.db")));
        let asked = ["@orders-eu", "postgres://nobody.invalid/orders"].map(str::to_owned);
        let all = asked.into_iter().chain([text(&there), below.clone(), away.clone()]);
        assert_eq!(gone(all.collect()), [away, below]);
    }

    #[test]
    fn what_does_not_answer_is_not_waited_for_and_not_asked_twice() {
        /// Held while the drive is away.
        static DRIVE: Mutex<()> = Mutex::new(());
        static ASKED_DRIVE: Mutex<u32> = Mutex::new(0);
        fn look(file: &Path) -> bool {
            if file.starts_with("/drive-that-is-away") {
                *lock(&ASKED_DRIVE) += 1;
                drop(lock(&DRIVE));
            }
            true
        }
        let locations = || {
            ["/drive-that-is-away/orders.db", "/no-drive/orders.db"]
                .map(str::to_owned)
                .to_vec()
        };
        let away = lock(&DRIVE);
        // The first time all of the patience is spent on it; then it is not asked, and nobody waits.
        for patience in [Duration::from_secs(2), Duration::from_secs(600)] {
            assert_eq!(gone_as(locations(), look, patience), ["/no-drive/orders.db"]);
        }
        assert!(*lock(&ASKED_DRIVE) <= 1);
        drop(away);
        // Back again: its own thread has to have ended first.
        while lock(&ASKED).contains("/drive-that-is-away/orders.db") {
            thread::yield_now();
        }
        assert_eq!(gone_as(locations(), look, Duration::from_secs(120)).len(), 2);
    }
}
