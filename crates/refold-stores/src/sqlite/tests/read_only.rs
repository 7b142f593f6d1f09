//! Proof from outside that nothing is written to a store or beside it, in every state that a file may be in.

use std::fs::{self, Permissions};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use refold_core::event::Position;
use refold_core::port::store::{Direction, Scope, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use rusqlite::Connection;
use rustix::fs::inotify;

use super::lab::{EMMETT, Lab, append_emmett, everything, open, positions, read, read_in};
use crate::OpenOptions;
use crate::sqlite::copy::{Attempt, COPY_PREFIX, CopyReason, Place, attempt};
use crate::sqlite::stamp::Stamp;

/// Name, size, times, inode, mode and bytes of a file.
type FilePrint = (String, u64, i64, i64, u64, u32, Vec<u8>);

/// All files of a folder.
fn fingerprint(folder: &Path) -> Vec<FilePrint> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            let name = entry.file_name().into_string().unwrap();
            let bytes = if metadata.is_file() {
                fs::read(entry.path()).unwrap()
            } else {
                Vec::new()
            };
            let (seconds, nanos) = (metadata.mtime(), metadata.mtime_nsec());
            (
                name,
                metadata.len(),
                seconds,
                nanos,
                metadata.ino(),
                metadata.mode(),
                bytes,
            )
        })
        .collect();
    files.sort();
    files
}

/// Sees even what leaves no trace: a file made and removed, a file opened for writing and not written to.
struct Watch(OwnedFd);

impl Watch {
    fn on(folder: &Path) -> Watch {
        use inotify::WatchFlags as On;
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        let writes = On::CREATE | On::DELETE | On::MODIFY | On::ATTRIB | On::MOVE | On::CLOSE_WRITE | On::DELETE_SELF;
        inotify::add_watch(&watch, folder, writes).unwrap();
        Watch(watch)
    }

    fn saw_nothing(&self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&self.0, &mut buffer);
        matches!(events.next(), Err(rustix::io::Errno::AGAIN))
    }
}

/// Opens, asks everything there is to ask, closes, and finds the folder as it was.
#[track_caller]
fn check_untouched(lab: &Lab, expected: &[i64]) {
    check_untouched_with(lab, &lab.options(), expected);
}

#[track_caller]
fn check_untouched_with(lab: &Lab, options: &OpenOptions, expected: &[i64]) {
    let before = fingerprint(lab.folder.path());
    let watch = Watch::on(lab.folder.path());
    let store = open(&lab.path(), None, options).unwrap_or_else(|error| panic!("{error}"));
    for direction in [Direction::Forward, Direction::Backward] {
        let (mut seen, _) = read_in(&*store, everything(), direction, 7).unwrap();
        seen.sort_by_key(|event| event.position);
        assert_eq!(positions(&seen), expected);
    }
    let stream = Scope::Stream {
        id: b"order-1".to_vec(),
        from: None,
        to: None,
    };
    read(&*store, stream);
    read(&*store, Scope::Positions(vec![Position(1)]));
    store.raw(Position(1)).unwrap();
    store.split(3).unwrap();
    store.fingerprint().unwrap();
    assert!(store.is_current().unwrap());
    drop(store);
    assert!(watch.saw_nothing(), "something happened in the folder");
    assert_eq!(fingerprint(lab.folder.path()), before);
    assert_eq!(
        fs::read_dir(lab.scratch.path()).unwrap().count(),
        0,
        "the private copy is gone"
    );
}

/// How many events SQLite finds when it is told that nobody writes to the file, or nothing when it finds it damaged.
fn count_if_immutable(lab: &Lab) -> Option<i64> {
    let uri = format!("file:{}?immutable=1", lab.path().display());
    let connection = Connection::open(uri).unwrap();
    connection
        .query_row("SELECT count(*) FROM emt_messages", [], |row| row.get(0))
        .ok()
}

#[test]
fn the_watch_sees_what_sqlite_itself_does_when_it_only_reads() {
    let (lab, writer) = emmett("WAL", 20);
    drop(writer);
    let watch = Watch::on(lab.folder.path());
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let reader = Connection::open_with_flags(lab.path(), flags).unwrap();
    reader
        .query_row("SELECT count(*) FROM emt_messages", [], |_| Ok(()))
        .unwrap();
    assert!(!watch.saw_nothing());
}

pub(super) fn emmett(journal_mode: &str, count: i64) -> (Lab, Connection) {
    let lab = Lab::new();
    let writer = lab.connect();
    writer
        .query_row(&format!("PRAGMA journal_mode = {journal_mode}"), [], |_| Ok(()))
        .unwrap();
    writer.execute_batch(EMMETT).unwrap();
    append_emmett(&writer, 1, count);
    (lab, writer)
}

/// A folder with copies of the files of another, as a crash or a backup tool leaves them.
fn left_behind(lab: &Lab, suffixes: &[&str]) -> Lab {
    let copy = Lab::new();
    for suffix in suffixes {
        let name = format!("store.db{suffix}");
        fs::copy(lab.folder.path().join(&name), copy.folder.path().join(&name)).unwrap();
    }
    copy
}

#[test]
fn a_plain_database_is_untouched() {
    let (lab, writer) = emmett("DELETE", 20);
    drop(writer);
    check_untouched(&lab, &(1..=20).collect::<Vec<_>>());
}

#[test]
fn a_wal_database_that_was_closed_cleanly_is_untouched() {
    let (lab, writer) = emmett("WAL", 20);
    drop(writer);
    assert_eq!(fs::read_dir(lab.folder.path()).unwrap().count(), 1);
    check_untouched(&lab, &(1..=20).collect::<Vec<_>>());
}

#[test]
fn a_wal_in_use_is_untouched_and_all_of_it_is_seen() {
    let (lab, writer) = emmett("WAL", 20);
    assert!(fs::metadata(lab.folder.path().join("store.db-wal")).unwrap().len() > 0);
    check_untouched(&lab, &(1..=20).collect::<Vec<_>>());
    append_emmett(&writer, 21, 1);
    check_untouched(&lab, &(1..=21).collect::<Vec<_>>());
}

#[test]
fn a_wal_that_a_crash_left_behind_is_untouched_and_all_of_it_is_seen() {
    let (lab, _writer) = emmett("WAL", 20);
    let crashed = left_behind(&lab, &["", "-wal"]);
    assert_ne!(count_if_immutable(&crashed), Some(20), "the events are in the log only");
    check_untouched(&crashed, &(1..=20).collect::<Vec<_>>());
}

#[test]
fn a_wal_that_ends_in_a_torn_commit_is_read_up_to_the_last_whole_one() {
    let (lab, writer) = emmett("WAL", 20);
    let whole = fs::metadata(lab.folder.path().join("store.db-wal")).unwrap().len();
    append_emmett(&writer, 21, 1);
    let crashed = left_behind(&lab, &["", "-wal"]);
    let wal = fs::OpenOptions::new()
        .write(true)
        .open(crashed.folder.path().join("store.db-wal"))
        .unwrap();
    wal.set_len(whole + 1000).unwrap();
    check_untouched(&crashed, &(1..=20).collect::<Vec<_>>());
}

#[test]
fn an_interrupted_transaction_is_undone_in_the_copy_only() {
    let (lab, writer) = emmett("DELETE", 20);
    // With so small a cache, pages of the open transaction reach the file before it commits.
    writer
        .execute_batch("PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN")
        .unwrap();
    writer
        .execute_batch("UPDATE emt_messages SET message_type = 'NeverHappened'")
        .unwrap();
    append_emmett(&writer, 21, 2000);
    let crashed = left_behind(&lab, &["", "-journal"]);
    let bytes = fs::read(crashed.path()).unwrap();
    let ghost = b"NeverHappened";
    assert!(
        bytes.windows(ghost.len()).any(|window| window == ghost),
        "the file holds what was never committed"
    );
    check_untouched(&crashed, &(1..=20).collect::<Vec<_>>());
}

#[test]
fn a_journal_over_several_databases_is_not_played_back() {
    let (lab, writer) = emmett("DELETE", 20);
    writer
        .execute_batch("PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN")
        .unwrap();
    append_emmett(&writer, 21, 2000);
    let crashed = left_behind(&lab, &["", "-journal"]);
    let victim = crashed.scratch.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    // The record that ends a journal of a transaction over several databases: it names the super-journal.
    let name = victim.to_str().unwrap().as_bytes();
    let sum: u32 = name.iter().map(|byte| u32::from(*byte)).sum();
    let mut record = 0x7fff_ffff_u32.to_be_bytes().to_vec();
    record.extend_from_slice(name);
    record.extend_from_slice(&u32::try_from(name.len()).unwrap().to_be_bytes());
    record.extend_from_slice(&sum.to_be_bytes());
    record.extend_from_slice(&[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
    let journal = crashed.folder.path().join("store.db-journal");
    fs::write(&journal, [fs::read(&journal).unwrap(), record].concat()).unwrap();
    let before = fingerprint(crashed.folder.path());
    assert!(matches!(crashed.open(None), Err(StoreError::Driver { .. })));
    assert_eq!(fingerprint(crashed.folder.path()), before);
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

pub(super) const WITHOUT_WAL: [&str; 4] = ["DELETE", "TRUNCATE", "PERSIST", "MEMORY"];

#[test]
fn a_store_without_a_log_that_was_written_to_just_now_is_read_from_a_copy() {
    for journal_mode in WITHOUT_WAL {
        let (lab, writer) = emmett(journal_mode, 20);
        check_untouched_with(&lab, &lab.options_now(), &(1..=20).collect::<Vec<_>>());
        let store = open(&lab.path(), None, &lab.options_now()).unwrap();
        assert!(store.describe().guards()[0].contains("it was copied"), "{journal_mode}");
        append_emmett(&writer, 21, 1);
        assert!(!store.is_current().unwrap());
        assert_eq!(positions(&read(&*store, everything()).0), (1..=20).collect::<Vec<_>>());
        let rested = lab.open(None).unwrap();
        assert!(rested.describe().guards()[0].contains("immutable=1"), "{journal_mode}");
    }
}

#[test]
fn a_copy_that_an_attempt_left_is_brought_up_to_date() {
    let (lab, writer) = emmett("DELETE", 2_000);
    let path = fs::canonicalize(lab.path()).unwrap();
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let old = Stamp::take(&path).unwrap();
    // Pages in the middle change, pages are added, and in the end pages are taken away.
    for change in [
        "UPDATE emt_messages SET message_type = 'Renamed' WHERE global_position % 400 = 7",
        "INSERT INTO emt_messages SELECT stream_id, stream_position + 5000, partition, message_kind, message_data, \
         message_metadata, message_schema_version, message_type, message_id, is_archived, global_position + 5000, \
         created FROM emt_messages",
        "DELETE FROM emt_messages WHERE global_position > 100; VACUUM",
    ] {
        let place = Place::make(lab.scratch.path(), 0).unwrap();
        let before = Stamp::take(&path).unwrap();
        let Attempt::Whole(_) = attempt(&work, &path, before, CopyReason::Written, place).unwrap() else {
            panic!("nobody writes")
        };
        let place = Place::make(lab.scratch.path(), 0).unwrap();
        let Attempt::Unrest(_, place) = attempt(&work, &path, old.clone(), CopyReason::HotJournal, place).unwrap()
        else {
            panic!("there is no journal")
        };
        writer.execute_batch(change).unwrap();
        let before = Stamp::take(&path).unwrap();
        let Attempt::Whole(copy) = attempt(&work, &path, before, CopyReason::Written, place).unwrap() else {
            panic!("nobody writes")
        };
        assert!(
            fs::read(&copy.database).unwrap() == fs::read(&path).unwrap(),
            "{change}"
        );
    }
}

#[test]
fn a_transaction_under_way_is_undone_in_the_copy_although_it_goes_on() {
    let (lab, writer) = emmett("DELETE", 20);
    writer
        .execute_batch("PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN")
        .unwrap();
    for first in [21, 2_021, 4_021] {
        append_emmett(&writer, first, 2_000);
        check_untouched_with(&lab, &lab.options_now(), &(1..=20).collect::<Vec<_>>());
    }
    writer.execute_batch("COMMIT").unwrap();
    let store = open(&lab.path(), None, &lab.options_now()).unwrap();
    assert_eq!(
        read_in(&*store, everything(), Direction::Forward, 500).unwrap().0.len(),
        6_020
    );
}

#[test]
fn a_write_between_two_pages_is_noticed() {
    let (lab, writer) = emmett("DELETE", 20);
    let store = lab.open(None).unwrap();
    assert!(store.is_current().unwrap());
    append_emmett(&writer, 21, 1);
    assert!(!store.is_current().unwrap());
    assert!(matches!(
        read_in(&*store, everything(), Direction::Forward, 7),
        Err(StoreError::Changed { .. })
    ));
    assert!(matches!(store.raw(Position(1)), Err(StoreError::Changed { .. })));
    let again = lab.open(None).unwrap();
    assert_eq!(read(&*again, everything()).0.len(), 21);
    let (old, new) = (store.fingerprint().unwrap(), again.fingerprint().unwrap());
    assert_eq!(old.identity, new.identity);
    assert_ne!(
        (old.last_position, old.change_token),
        (new.last_position, new.change_token)
    );
}

#[test]
fn a_log_that_vanishes_while_it_is_copied_is_said_to_have_vanished() {
    let (lab, writer) = emmett("WAL", 20);
    let path = fs::canonicalize(lab.path()).unwrap();
    let stamp = Stamp::take(&path).unwrap();
    drop(writer);
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let place = Place::make(lab.scratch.path(), 0).unwrap();
    let Attempt::Unrest(unrest, place) = attempt(&work, &path, stamp, CopyReason::LiveWal, place).unwrap() else {
        panic!("the log is gone")
    };
    assert!(unrest.contains("vanished"), "{unrest}");
    drop(place);
    assert_eq!(fs::read_dir(lab.scratch.path()).unwrap().count(), 0);
}

#[test]
fn copies_of_killed_programs_are_removed_and_those_of_running_ones_stay() {
    let (lab, _writer) = emmett("WAL", 3);
    // As a killed program leaves it: of such a name, and held by nobody.
    let killed = refold_scratch::Scratch::private(lab.scratch.path(), COPY_PREFIX).unwrap();
    let leftover = killed.path().to_owned();
    drop(killed);
    fs::create_dir(&leftover).unwrap();
    fs::write(leftover.join("store.db"), "old").unwrap();
    let first = lab.open(None).unwrap();
    let second = lab.open(None).unwrap();
    assert!(!leftover.exists());
    assert_eq!(fs::read_dir(lab.scratch.path()).unwrap().count(), 2);
    assert_eq!(read(&*first, everything()).0, read(&*second, everything()).0);
}

#[test]
fn what_is_no_readable_file_is_told_apart() {
    let (lab, writer) = emmett("DELETE", 3);
    drop(writer);
    let place = |name: &str| lab.folder.path().join(name);
    fs::write(place("empty.db"), "").unwrap();
    fs::write(
        place("text.db"),
        "just some text, longer than a header would be".repeat(9),
    )
    .unwrap();
    fs::create_dir(place("folder")).unwrap();
    symlink("nowhere", place("dangling")).unwrap();
    symlink("ring", place("ring")).unwrap();
    symlink("store.db", place("link.db")).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, place("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let error = |name: &str| open(&place(name), None, &lab.options()).map(|_| ()).unwrap_err();
    assert!(matches!(error("empty.db"), StoreError::NotAnEventStore { .. }));
    assert!(matches!(error("text.db"), StoreError::NoLayout { .. }));
    assert!(matches!(error("folder"), StoreError::NotAFile { is_folder: true, .. }));
    assert!(matches!(error("pipe"), StoreError::NotAFile { is_folder: false, .. }));
    for name in ["missing", "dangling"] {
        assert!(
            matches!(error(name), StoreError::Unreachable { .. }),
            "{name}: {}",
            error(name)
        );
    }
    assert!(matches!(error("ring"), StoreError::Driver { .. }));
    assert_eq!(
        read(&*open(&place("link.db"), None, &lab.options()).unwrap(), everything())
            .0
            .len(),
        3
    );
}

#[test]
fn odd_names_of_files_are_opened() {
    let (lab, writer) = emmett("DELETE", 3);
    drop(writer);
    for name in [
        "a?mode=rwc&b#c%20d.db",
        "mit Leerzeichen und Ümläuten.db",
        "quote'\".db",
    ] {
        let path = lab.folder.path().join(name);
        fs::copy(lab.path(), &path).unwrap();
        assert_eq!(
            read(&*open(&path, None, &lab.options()).unwrap(), everything()).0.len(),
            3,
            "{name}"
        );
    }
}

const CHILD_STORE: &str = "REFOLD_TEST_READ_ONLY_STORE";
const CHILD_SCRATCH: &str = "REFOLD_TEST_READ_ONLY_SCRATCH";

/// Runs in a process of its own, as a user who may write nothing: see [`a_store_in_a_read_only_folder`].
#[test]
fn child_of_a_store_in_a_read_only_folder() {
    let (Ok(store), Ok(scratch)) = (std::env::var(CHILD_STORE), std::env::var(CHILD_SCRATCH)) else {
        return;
    };
    let folder = Path::new(&store).parent().unwrap();
    assert!(
        fs::write(folder.join("probe"), "").is_err(),
        "the folder should not be writable"
    );
    let options = OpenOptions::in_scratch(scratch.into());
    let store = open(Path::new(&store), None, &options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(positions(&read(&*store, everything()).0), (1..=20).collect::<Vec<_>>());
    let secret = open(&folder.join("secret.db"), None, &options).map(|_| ());
    assert!(matches!(secret, Err(StoreError::Denied { .. })));
}

#[test]
fn a_store_in_a_read_only_folder() {
    for journal_mode in ["DELETE", "WAL"] {
        let (lab, writer) = emmett(journal_mode, 20);
        let set = |path: &Path, mode: u32| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        fs::copy(lab.path(), lab.folder.path().join("secret.db")).unwrap();
        for entry in fs::read_dir(lab.folder.path()).unwrap() {
            set(&entry.unwrap().path(), 0o444);
        }
        set(&lab.folder.path().join("secret.db"), 0o000);
        set(lab.scratch.path(), 0o777);
        // The test itself must be within reach of the other user.
        let program = lab.scratch.path().join("test");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        set(&program, 0o755);
        set(lab.folder.path(), 0o555);
        let before = fingerprint_of_readable(&lab);
        let mut child = Command::new(&program);
        child.args([
            "--exact",
            "sqlite::tests::read_only::child_of_a_store_in_a_read_only_folder",
            "--nocapture",
        ]);
        child
            .env(CHILD_STORE, lab.path())
            .env(CHILD_SCRATCH, lab.scratch.path())
            .current_dir("/");
        // The superuser may write everywhere: as such, the child becomes the user "nobody".
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            child.uid(65_534).gid(65_534);
        }
        let output = child.output().unwrap();
        assert!(
            output.status.success(),
            "{journal_mode}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        assert_eq!(fingerprint_of_readable(&lab), before);
        set(lab.folder.path(), 0o755);
        drop(writer);
    }
}

fn fingerprint_of_readable(lab: &Lab) -> Vec<(String, u64, i64)> {
    let entries = fs::read_dir(lab.folder.path()).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        (
            entry.file_name().into_string().unwrap(),
            metadata.len(),
            metadata.mtime_nsec(),
        )
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort();
    entries
}
