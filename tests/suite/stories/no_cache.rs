//! A home that cannot be written to: every answer comes all the same, and it is said that nothing is kept.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use refold_fixtures::orders::Layout;
use refold_tests::{Answer, Refold, answer_of, shop};

use super::conditions;

const COMMANDS: [&[&str]; 8] = [
    &["info", "orders.db"],
    &["streams", "orders.db", "--limit", "5"],
    &["history", "orders.db", "order-4711"],
    &["search", "orders.db", "SKU-00231"],
    &["state", "orders.db", "order-4711"],
    &["diff", "orders.db", "order-4711", "--from", "v3", "--to", "head"],
    &["blame", "orders.db", "order-4711"],
    &["timeline", "orders.db"],
];

/// Runs it with `home` as the home and `temporary` as the folder for temporary files.
fn run(refold: &Refold, home: &Path, temporary: &Path, arguments: &[&str]) -> Answer {
    let mut command = refold.command(arguments);
    command.env("REFOLD_HOME", home).env("TMPDIR", temporary);
    answer_of(command)
}

#[test]
fn every_command_answers_without_a_cache_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder for the store");
    shop(folder.path(), Layout::Emmett, 300);
    let temporary = tempfile::tempdir().expect("a folder for temporary files");
    // A file where a folder should be: not even the superuser can make anything below it.
    let file = temporary.path().join("file");
    fs::write(&file, "").expect("the file is written");
    let refold = Refold::in_folder(folder.path());
    for arguments in COMMANDS {
        let usual = refold.run(arguments);
        assert!(usual.code <= 1 && !usual.err.contains("no-cache"), "{usual:?}");
        for (home, spare) in [(file.join("home"), temporary.path()), (file.join("home"), &file)] {
            let answer = run(&refold, &home, spare, arguments);
            assert_eq!(answer.code, usual.code, "{arguments:?}: {answer:?}");
            let said = if arguments[0] == "info" {
                &answer.out
            } else {
                &answer.err
            };
            assert!(
                said.contains("notice no-cache × 1: nothing can be kept in"),
                "{arguments:?}: {answer:?}"
            );
            let answers = answer
                .out
                .lines()
                .filter(|line| !line.contains("no-cache") && !line.is_empty());
            let usual = usual.out.lines().filter(|line| !line.is_empty());
            assert!(answers.eq(usual), "{arguments:?}: {answer:?}");
        }
        let left = fs::read_dir(temporary.path()).expect("it is there").count();
        assert_eq!(left, 1, "what was made is gone again");
    }
}

#[test]
fn a_store_in_use_is_copied_elsewhere_where_the_cache_cannot_be_written_to() {
    let live = conditions::all()
        .into_iter()
        .find(|condition| condition.name == "WAL, live");
    let live = live.expect("there is one");
    let home = tempfile::tempdir().expect("a home");
    let temporary = tempfile::tempdir().expect("a folder for temporary files");
    let mut refold = Refold::in_folder(live.folder.path());
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("rights are set");
    set(live.folder.path(), 0o755);
    set(home.path(), 0o555);
    set(temporary.path(), 0o777);
    if fs::metadata("/proc/self").expect("a process has an owner").uid() == 0 {
        refold.run_as(65_534);
    }
    let answer = run(&refold, home.path(), temporary.path(), &["--json", "info", "orders.db"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let told: serde_json::Value = serde_json::from_str(&answer.out).expect("info answers JSON");
    assert_eq!(told["events"].as_u64(), Some(u64::from(live.events)), "{answer:?}");
    assert!(told["findings"].to_string().contains("no-cache"), "{answer:?}");
    assert_eq!(fs::read_dir(temporary.path()).expect("it is there").count(), 0);
}

#[test]
fn a_home_below_the_present_folder_is_used() {
    let folder = tempfile::tempdir().expect("a folder for the store");
    shop(folder.path(), Layout::Emmett, 300);
    let refold = Refold::in_folder(folder.path());
    let answer = run(&refold, Path::new("mine"), folder.path(), &["streams", "orders.db"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(folder.path().join("mine/cache").is_dir());
}
