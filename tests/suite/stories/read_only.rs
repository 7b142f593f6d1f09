//! Proof from outside that whole sessions write nothing to a store or beside it, in whatever condition it is.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use refold_tests::{Fingerprint, Refold, Watch};

use super::{conditions, sessions};

#[track_caller]
fn check_untouched(what: &str, folder: &Path, watch: &Watch, before: &Fingerprint) {
    assert_eq!(watch.seen(), [""; 0], "{what}: something happened in the folder");
    before.assert_unchanged(folder);
}

#[test]
fn sessions_at_the_window_leave_every_store_as_it_was() {
    for condition in conditions::all() {
        let (name, folder) = (condition.name, condition.folder.path());
        let (before, watch) = (Fingerprint::of(folder), Watch::on(folder));
        let events = sessions::at_the_window(&condition.store, &|| check_untouched(name, folder, &watch, &before));
        assert_eq!(events, condition.events, "{name}");
        check_untouched(name, folder, &watch, &before);
    }
}

#[test]
fn sessions_at_the_command_line_leave_every_store_as_it_was() {
    for condition in conditions::all() {
        let (name, folder) = (condition.name, condition.folder.path());
        let (before, watch) = (Fingerprint::of(folder), Watch::on(folder));
        let refold = Refold::in_folder(folder);
        assert_eq!(
            sessions::at_the_command_line(&refold, &condition.store),
            condition.events,
            "{name}"
        );
        check_untouched(name, folder, &watch, &before);
        let scratch = refold.home().join("cache/scratch");
        let left = fs::read_dir(scratch).expect("the scratch folder").count();
        assert_eq!(left, 0, "{name}: private copies are gone");
    }
}

#[test]
fn the_watch_sees_what_sqlite_itself_does_when_it_only_reads() {
    let condition = conditions::all().remove(2);
    assert_eq!(condition.name, "WAL, closed");
    let watch = Watch::on(condition.folder.path());
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let reader = rusqlite::Connection::open_with_flags(&condition.store, flags).expect("SQLite opens it");
    reader
        .query_row("SELECT count(*) FROM emt_messages", [], |_| Ok(()))
        .expect("SQLite reads it");
    assert_ne!(watch.seen(), [""; 0]);
}

/// As a user who may write nothing, in a folder that nobody may write to.
#[test]
fn sessions_on_a_folder_without_write_permission() {
    const NOBODY: u32 = 65_534;
    for condition in conditions::all() {
        let (name, folder) = (condition.name, condition.folder.path());
        let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("rights are set");
        for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
            set(&entry.path(), 0o444);
        }
        set(folder, 0o555);
        let (before, watch) = (Fingerprint::of(folder), Watch::on(folder));
        let mut refold = Refold::in_folder(Path::new("/"));
        if fs::metadata("/proc/self").expect("who we are").uid() == 0 {
            chown(refold.home(), Some(NOBODY), Some(NOBODY)).expect("the home is given away");
            refold.run_as(NOBODY);
            let mut probe = Command::new("touch");
            probe
                .arg(folder.join("probe"))
                .uid(NOBODY)
                .gid(NOBODY)
                .stderr(Stdio::null());
            assert!(
                !probe.status().expect("touch starts").success(),
                "the folder is writable"
            );
        }
        // Where the file is made by the program itself, the same user must be able to make it.
        let answer = refold.run(&[
            "--json",
            "info",
            condition.store.to_str().expect("paths of tests are UTF-8"),
        ]);
        assert_eq!(answer.code, 0, "{name}: {answer:?}");
        let answer: serde_json::Value = serde_json::from_str(&answer.out).expect("info answers JSON");
        assert_eq!(answer["events"].as_u64(), Some(u64::from(condition.events)), "{name}");
        for command in ["state", "blame", "history"] {
            let answer = refold.run(&[command, condition.store.to_str().expect("UTF-8"), "order-4711"]);
            assert_eq!(answer.code, 0, "{name}: {answer:?}");
        }
        check_untouched(name, folder, &watch, &before);
        set(folder, 0o755);
    }
}

const WRITTEN_STORE: &str = "REFOLD_TEST_WRITTEN_STORE";

/// The other process of [`a_store_that_another_process_writes_to`]: appends, with the patience of nobody, until its
/// input is closed, and prints how many events it appended.
#[test]
fn another_process_that_writes() {
    let Some(store) = std::env::var_os(WRITTEN_STORE) else {
        return;
    };
    let connection = conditions::connect(Path::new(&store));
    connection
        .busy_timeout(std::time::Duration::ZERO)
        .expect("a setting is taken");
    let is_over = std::thread::spawn(|| std::io::read_to_string(std::io::stdin()));
    let mut count = 0;
    while !is_over.is_finished() {
        // Fails when a reader holds a lock.
        conditions::append(&connection, 1);
        count += 1;
    }
    eprintln!("appended {count}");
}

#[test]
fn a_store_that_another_process_writes_to() {
    for is_wal in [false, true] {
        let condition = conditions::plain();
        if is_wal {
            drop(conditions::in_wal_mode(&condition.store));
        }
        let mut writer = Command::new(std::env::current_exe().expect("a test has a path"))
            .args([
                "--exact",
                "stories::read_only::another_process_that_writes",
                "--nocapture",
            ])
            .env(WRITTEN_STORE, &condition.store)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the writer starts");
        let refold = Refold::in_folder(condition.folder.path());
        let mut answered = 0;
        for _ in 0..15 {
            let answer = refold.run(&["--json", "state", "orders.db", "order-4711"]);
            match answer.code {
                0 => {
                    let state: serde_json::Value = serde_json::from_str(&answer.out).expect("state answers JSON");
                    assert_eq!(state["incomplete_since"], serde_json::Value::Null, "{answer:?}");
                    answered += 1;
                }
                // A writer that never rests may not be followed; that is said, and nothing wrong is shown.
                3 => assert!(answer.err.contains("changed"), "{answer:?}"),
                _ => panic!("{answer:?}"),
            }
            if answered == 3 {
                break;
            }
        }
        drop(writer.stdin.take());
        let ended = writer.wait_with_output().expect("the writer ends");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(
            ended.status.success(),
            "reading must never be in the writer's way: {said}"
        );
        let count = said.lines().find_map(|line| line.strip_prefix("appended "));
        let count: u32 = count.and_then(|count| count.parse().ok()).expect("the writer counts");
        assert!(
            count > 0 && answered == 3,
            "{answered} answers, {count} events appended"
        );
        let whole = refold.json(&["info", "orders.db"]);
        assert_eq!(whole[0]["events"].as_u64(), Some(u64::from(condition.events + count)));
    }
}
