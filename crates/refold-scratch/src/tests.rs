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

/// What a killed process leaves: a folder with something in it that nobody holds.
fn leave(around: &Path, name: &str) -> PathBuf {
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

#[test]
fn what_is_left_goes_with_the_next_and_what_is_held_stays() {
    let around = tempfile::tempdir().unwrap();
    let held = Scratch::private(around.path(), "own-").unwrap();
    let left = leave(around.path(), "own-left");
    let other = leave(around.path(), "other-left");
    fs::write(around.path().join("own-file"), "no folder").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&other, around.path().join("own-link")).unwrap();
    let next = Scratch::private(around.path(), "own-").unwrap();
    assert!(!left.exists());
    assert!(held.path().is_dir() && next.path().is_dir());
    assert_eq!(fs::read(other.join("events")).unwrap(), b"secret", "another kind");
    assert!(around.path().join("own-file").exists());
    #[cfg(unix)]
    assert!(
        around.path().join("own-link").is_symlink(),
        "a link is no folder of ours"
    );
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
