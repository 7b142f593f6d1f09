//! Folders that somebody made to keep us busy, or to pass off what is not in them.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use refold_core::work::{CancelToken, Silent};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;
use crate::error::{AppError, ErrorCode};
use crate::usecase::evidence::bundle::{BundleAnswer, verify_bundle};
use crate::usecase::evidence::folder::{Anchor, MANIFEST as ANCHOR_MANIFEST, SUMS};
use crate::usecase::evidence::report;

const NAME: &str = "events.ndjson";
const HELD: &[u8] = b"{}\n";

struct Lab {
    folder: tempfile::TempDir,
}

impl Lab {
    /// A folder whose list names one file.
    fn new() -> Lab {
        let lab = Lab {
            folder: tempfile::tempdir().expect("a folder"),
        };
        fs::create_dir(lab.bundle()).expect("a folder of the test");
        fs::write(lab.folder.path().join("outside"), HELD).expect("a file of the test");
        let digest: Hash = Sha256::digest(HELD).into();
        let list = refold_audit::anchor::sums::write(&[(NAME, digest)]);
        fs::write(lab.bundle().join(SUMS), list).expect("a list");
        lab
    }

    fn bundle(&self) -> PathBuf {
        self.folder.path().join("bundle")
    }

    fn odd(&self, name: &str, make: &dyn Fn(&Path, &Lab)) {
        let place = self.bundle().join(name);
        if place.exists() {
            fs::remove_file(&place).expect("it is taken away");
        }
        make(&place, self);
    }

    fn verified(&self) -> Result<BundleAnswer, AppError> {
        let cancel = CancelToken::default();
        verify_bundle(&Work::new(&cancel, &Silent), &self.bundle(), None)
    }
}

type Make = dyn Fn(&Path, &Lab);

/// What is no plain file, and what it would do to a reader.
fn odds() -> [(&'static str, Box<Make>); 5] {
    [
        ("a pipe is waited for", Box::new(|place, _| pipe(place))),
        (
            "a device has no end",
            Box::new(|place, _| symlink("/dev/zero", place).expect("a link")),
        ),
        (
            "what it leads to was not handed over",
            Box::new(|place, lab| symlink(lab.folder.path().join("outside"), place).expect("a link")),
        ),
        (
            "it leads nowhere",
            Box::new(|place, _| symlink("nowhere", place).expect("a link")),
        ),
        (
            "a folder",
            Box::new(|place, _| fs::create_dir(place).expect("a folder")),
        ),
    ]
}

fn pipe(place: &Path) {
    mknodat(CWD, place, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
}

#[test]
fn only_plain_files_of_the_folder_are_evidence() {
    for (why, make) in odds() {
        let lab = Lab::new();
        lab.odd(NAME, &make);
        let answer = lab.verified().unwrap();
        assert_eq!(answer.outcome, "broken", "{why}");
        let file = answer.files.iter().find(|file| file.name == NAME).unwrap();
        let reason = file.reason.as_deref().unwrap_or_default();
        assert!(reason.contains("no plain file"), "{why}: {reason}");

        let cancel = CancelToken::default();
        let refused = Anchor::open(&Work::new(&cancel, &Silent), &lab.bundle()).err().unwrap();
        assert_eq!(refused.code, ErrorCode::Distrusted, "{why}: {refused:?}");

        let as_report = lab.bundle().join(report::MANIFEST);
        fs::write(as_report, "{}").unwrap();
        let answer = lab.verified().unwrap();
        let file = answer.files.iter().find(|file| file.name == NAME).unwrap();
        assert!(!file.ok, "{why}: {file:?}");
    }
}

#[test]
fn a_list_or_a_manifest_that_is_no_plain_file_is_refused() {
    for (why, make) in odds() {
        let lab = Lab::new();
        lab.odd(SUMS, &make);
        assert_eq!(lab.verified().err().unwrap().code, ErrorCode::InvalidInput, "{why}");
        // Of what calls itself an anchor that is found, and no wrong call.
        fs::write(lab.bundle().join(ANCHOR_MANIFEST), "{}").unwrap();
        assert_eq!(lab.verified().err().unwrap().exit_code(), 1, "{why}");
        let lab = Lab::new();
        fs::write(lab.bundle().join(NAME), HELD).unwrap();
        lab.odd(report::MANIFEST, &make);
        assert_eq!(lab.verified().unwrap().outcome, "broken", "{why}");
    }
}

#[test]
fn a_plain_file_is_read_until_somebody_cancels() {
    let lab = Lab::new();
    fs::write(lab.bundle().join(NAME), HELD).unwrap();
    assert_eq!(read(&lab.bundle().join(NAME)).unwrap(), HELD);
    let answer = lab.verified().unwrap();
    assert!(answer.files.iter().find(|file| file.name == NAME).unwrap().ok);
    fs::write(lab.bundle().join(ANCHOR_MANIFEST), "{}").unwrap();
    let cancel = CancelToken::default();
    cancel.cancel();
    let ended = verify_bundle(&Work::new(&cancel, &Silent), &lab.bundle(), None);
    assert!(ended.is_err_and(|error| error.is_cancelled()));
}
