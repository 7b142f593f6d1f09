//! A file that this process has closed may still be open: a program that another test started at that moment holds what
//! was open until it runs, and closing it then looks as if somebody had written to it.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take to start.
const START_WAIT: Duration = Duration::from_secs(30);

/// Waits until no process has the file open.
pub fn wait_until_closed(path: &Path) {
    let path = path.canonicalize().expect("the file is there");
    let deadline = Instant::now() + START_WAIT;
    while is_open(&path) {
        assert!(Instant::now() < deadline, "somebody has {} open", path.display());
        thread::yield_now();
    }
}

fn is_open(path: &Path) -> bool {
    let processes = fs::read_dir("/proc").expect("processes are known").flatten();
    // What ended meanwhile, or is somebody else's, cannot be looked into.
    let mut open = processes
        .filter_map(|it| fs::read_dir(it.path().join("fd")).ok())
        .flatten()
        .flatten();
    open.any(|it| fs::read_link(it.path()).is_ok_and(|open| open == path))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::Watch;

    #[test]
    fn a_file_that_a_program_still_holds_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("held");
        let held = File::create(&path).expect("a file");
        // It has the file open until its input ends.
        let mut holder = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(held)
            .spawn()
            .expect("cat starts");
        assert!(is_open(&path));
        thread::scope(|scope| {
            let watch = scope.spawn(|| {
                wait_until_closed(&path);
                Watch::on(folder.path())
            });
            drop(holder.stdin.take());
            assert!(holder.wait().expect("cat ends").success());
            assert_eq!(watch.join().expect("a watch").seen(), [""; 0]);
        });
    }
}
