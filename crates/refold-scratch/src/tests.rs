use std::path::PathBuf;
use std::thread;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

fn folder(around: &Path, name: &str) -> PathBuf {
    let folder = around.join(name);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("events"), "secret").unwrap();
    folder
}

#[test]
fn it_goes_with_its_value_and_stays_when_it_was_given_another_name() {
    let around = tempfile::tempdir().unwrap();
    let first = Scratch::private(around.path(), "own-").unwrap();
    fs::write(first.path().join("file"), "1").unwrap();
    drop(first);
    assert_eq!(names(around.path()), [""; 0]);
    let second = Scratch::shared(around.path(), "own-").unwrap();
    fs::write(second.path().join("file"), "2").unwrap();
    fs::rename(second.path(), around.path().join("whole")).unwrap();
    second.keep();
    assert_eq!(names(around.path()), ["whole"]);
    assert_eq!(fs::read(around.path().join("whole/file")).unwrap(), b"2");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_look_into_a_private_one() {
    use std::os::unix::fs::PermissionsExt as _;

    let around = tempfile::tempdir().unwrap();
    let folder = Scratch::private(around.path(), "own-").unwrap();
    assert_eq!(folder.path().metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

/// What a killed process leaves is a folder of such a name that nobody holds.
#[test]
fn what_is_left_goes_with_the_next_and_what_is_held_or_of_others_stays() {
    let around = tempfile::tempdir().unwrap();
    let held = Scratch::private(around.path(), "own-").unwrap();
    let suffix = suffix();
    let left = folder(around.path(), &format!("own-aaaaaa{suffix}"));
    let others = [
        folder(around.path(), &format!("other-aaaaaa{suffix}")),
        folder(around.path(), "own-backup"),
        folder(around.path(), "own-aaaaaa.00000000~"),
    ];
    let file = around.path().join(format!("own-file{suffix}"));
    fs::write(&file, "no folder").unwrap();
    let link = around.path().join(format!("own-link{suffix}"));
    #[cfg(unix)]
    std::os::unix::fs::symlink(&others[0], &link).unwrap();
    let next = Scratch::private(around.path(), "own-").unwrap();
    assert!(!left.exists());
    assert!(held.path().is_dir() && next.path().is_dir());
    for other in &others {
        let events = fs::read_to_string(other.join("events"));
        assert_eq!(events.ok().as_deref(), Some("secret"), "{}", other.display());
    }
    assert!(file.is_file());
    #[cfg(unix)]
    assert!(link.is_symlink(), "a link is no folder of ours");
}

#[test]
fn many_at_once_take_nothing_of_each_other() {
    let around = tempfile::tempdir().unwrap();
    let make = |number: usize| {
        for turn in 0..100 {
            let folder = Scratch::private(around.path(), "own-").unwrap();
            let file = folder.path().join("file");
            fs::write(&file, format!("{number} {turn}")).unwrap();
            thread::yield_now();
            assert_eq!(fs::read_to_string(&file).unwrap(), format!("{number} {turn}"));
        }
    };
    thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || make(number));
        }
    });
    assert_eq!(names(around.path()), [""; 0]);
}
