//! What every story needs: the checkout's folder, the real program, made stores, fingerprints of folders and watches.
//!
//! It must not know any story, and never the window.

mod closed;
mod fingerprint;
mod machine;
pub mod mariadb;
pub mod postgres;
mod program;
mod watch;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use refold_fixtures::orders::{self, Layout, Options, Written};

pub use closed::wait_until_closed;
pub use fingerprint::Fingerprint;
pub use program::{Answer, Refold, answer_of};
pub use watch::Watch;

/// The folder of the checkout.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The sample shop in `folder`, smaller: always the same for the same layout and number of events. It was written long
/// ago, so that it is at rest.
pub fn shop(folder: &Path, layout: Layout, events: u64) -> Written {
    let options = Options {
        layout,
        events,
        ..Options::default()
    };
    let written = orders::write(folder, &options, |_, _| ControlFlow::Continue(())).expect("the sample can be made");
    put_at_rest(&written.store);
    written
}

/// Makes a store look as if nobody had written to it for a long time.
pub fn put_at_rest(store: &Path) {
    let file = std::fs::File::options()
        .write(true)
        .open(store)
        .expect("the store is there");
    file.set_modified(std::time::UNIX_EPOCH).expect("its time can be set");
    drop(file);
    wait_until_closed(store);
}

/// Every file of ours below `folder` (relative to the checkout) whose name ends in one of `endings`, sorted.
pub fn sources(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    /// Made by tools, or not ours.
    const SKIPPED: [&str; 7] = ["target", "node_modules", "dist", "gen", ".git", "libraries", "corpus"];
    let mut found = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(place) = waiting.pop() {
        let entries = std::fs::read_dir(&place).unwrap_or_else(|error| panic!("{error}: {}", place.display()));
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() && !path.is_symlink() {
                if !SKIPPED.contains(&name.as_str()) {
                    waiting.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A path as the reports of the suite show it: relative to the checkout, with slashes.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}
