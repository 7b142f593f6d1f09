//! Kills, full disks, damaged bytes, other versions, cancelling: rebuilt or refused, never a wrong answer.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use refold_core::event::{EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{
    EventReader, EventStore, Fingerprint, PositionRange, RawColumn, ReadQuery, Scope, StoreDescription, StoreError,
};
use refold_core::work::{CancelToken, Phase, Progress, Work};

use super::model::{Model, arbitrary_events, options, with_work};
use crate::index::build::Build;
use crate::index::folder::{Folder, Place};
use crate::index::{BuildOptions, Index, IndexError, Opened, build, discard, open};
use crate::memory::{MemoryEvent, MemoryStore};
use crate::sealing::{KEY_BYTES, Key};

/// A folder as it is, and one that is sealed.
fn both_ways(run: impl Fn(Option<&Key>)) {
    run(None);
    run(Some(&Key::new(&[9; KEY_BYTES])));
}

fn at<'a>(cache: &'a tempfile::TempDir, key: Option<&'a Key>) -> Place<'a> {
    Place {
        folder: cache.path(),
        key,
    }
}

fn build_in(store: &MemoryStore, folder: &Folder, options: &BuildOptions) -> Result<Index, IndexError> {
    with_work(|work| {
        let build = Build {
            work,
            store,
            folder,
            fingerprint: &store.fingerprint()?,
            options,
        };
        build.run()
    })
}

fn some_events(count: usize) -> Vec<MemoryEvent> {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    loop {
        let events = arbitrary_events(count * 2).new_tree(&mut runner).unwrap().current();
        if events.len() >= count {
            return events[..count].to_vec();
        }
    }
}

fn files_of(cache: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let mut files: Vec<PathBuf> = files.filter(|path| path.file_name().unwrap() != "lock").collect();
    files.sort();
    files
}

/// Puts other bytes into a file. As a new file: overwriting one makes some file systems wait for the disk.
fn replace(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}

/// Growth that failed: the index answers for the store as it was, or already as it is.
fn assert_usable<'a>(before: &MemoryStore, store: &MemoryStore, cache: impl Into<Place<'a>>) {
    match open(cache, &store.fingerprint().unwrap()).unwrap() {
        Opened::Current(index) => Model::of(store).assert_equals(&index),
        Opened::Behind(index) => Model::of(before).assert_equals(&index),
        Opened::Absent => panic!("the index as it was is gone"),
    }
}

/// Whatever is in the folder: what opens is right, and building makes it right.
fn assert_sound<'a>(store: &MemoryStore, cache: impl Into<Place<'a>>) {
    let cache = cache.into();
    let fingerprint = store.fingerprint().unwrap();
    if let Opened::Current(index) = open(cache, &fingerprint).unwrap() {
        Model::of(store).assert_equals(&index);
    }
    let index = with_work(|work| build(work, store, cache, &options(1, 16))).unwrap();
    Model::of(store).assert_equals(&index);
}

#[test]
fn a_kill_at_any_write_leaves_nothing_half_valid() {
    let events = some_events(60);
    let before = MemoryStore::new("killed", events[..40].to_vec()).with_ranges(5);
    let store = MemoryStore::new("killed", events).with_ranges(7);
    let fingerprint = store.fingerprint().unwrap();
    both_ways(|key| {
        for has_older in [false, true] {
            for operations in 0.. {
                let cache = tempfile::tempdir().unwrap();
                let place = at(&cache, key);
                if has_older {
                    with_work(|work| build(work, &before, place, &options(1, 16))).unwrap();
                }
                let folder = Folder::of(place, &fingerprint.identity).with_fuse(operations);
                let outcome = build_in(&store, &folder, &options(2, 16));
                if outcome.is_ok() {
                    break;
                }
                assert!(matches!(outcome, Err(IndexError::Disk { .. })), "{outcome:?}");
                if has_older {
                    assert_usable(&before, &store, place);
                }
                assert_sound(&store, place);
            }
        }
    });
}

#[test]
fn a_killed_build_goes_on_where_it_was() {
    let events = some_events(60);
    let store = MemoryStore::new("resumes", events).with_ranges(9);
    let fingerprint = store.fingerprint().unwrap();
    let cache = tempfile::tempdir().unwrap();
    let folder = Folder::of(cache.path(), &fingerprint.identity);
    build_in(&store, &folder.clone().with_fuse(30), &options(1, 10)).unwrap_err();
    let kept: Vec<_> = files_of(cache.path())
        .into_iter()
        .filter(|path| path.to_str().unwrap().contains("segment-1-0"))
        .collect();
    assert_eq!(kept.len(), 1, "the first segment was finished before the kill");
    let written = fs::metadata(&kept[0]).unwrap().modified().unwrap();
    let index = with_work(|work| build(work, &store, cache.path(), &options(1, 10))).unwrap();
    Model::of(&store).assert_equals(&index);
    assert_eq!(
        fs::metadata(&kept[0]).unwrap().modified().unwrap(),
        written,
        "the first segment was not read again"
    );
}

/// A store whose reader panics at its second batch of the range that holds a position.
struct Panicking(MemoryStore, Position);

struct PanickingReader(Box<dyn EventReader>, bool);

impl EventStore for Panicking {
    fn describe(&self) -> &StoreDescription {
        self.0.describe()
    }

    fn fingerprint(&self) -> Result<Fingerprint, StoreError> {
        self.0.fingerprint()
    }

    fn is_current(&self) -> Result<bool, StoreError> {
        self.0.is_current()
    }

    fn read(&self, query: &ReadQuery) -> Result<Box<dyn EventReader>, StoreError> {
        let Scope::All { after, up_to } = &query.scope else {
            return self.0.read(query);
        };
        let is_here = after.is_none_or(|after| after < self.1) && up_to.is_none_or(|up_to| up_to >= self.1);
        Ok(Box::new(PanickingReader(self.0.read(query)?, is_here)))
    }

    fn split(&self, parts: usize) -> Result<Vec<PositionRange>, StoreError> {
        self.0.split(parts)
    }

    fn raw(&self, position: Position) -> Result<Option<Vec<RawColumn>>, StoreError> {
        self.0.raw(position)
    }
}

impl EventReader for PanickingReader {
    fn next_batch(
        &mut self,
        work: &Work<'_>,
        max_rows: usize,
        batch: &mut EventBatch,
        names: &mut Names,
        findings: &Findings,
    ) -> Result<bool, StoreError> {
        let is_more = self.0.next_batch(work, max_rows, batch, names, findings)?;
        assert!(!self.1, "the adapter is broken");
        Ok(is_more)
    }
}

#[test]
fn an_adapter_that_panics_ends_the_build_with_an_error_on_all_threads() {
    let events = some_events(60);
    for broken in [0, 30, 59] {
        let store = MemoryStore::new("panics", events.clone()).with_ranges(12);
        let store = Panicking(store, events[broken].position);
        for threads in [1, 2, 4] {
            let cache = tempfile::tempdir().unwrap();
            let error = with_work(|work| build(work, &store, cache.path(), &options(threads, 16))).unwrap_err();
            assert!(error.to_string().contains("the adapter is broken"), "{error}");
            assert_sound(&store.0, cache.path());
        }
    }
}

#[test]
fn damage_anywhere_is_noticed_and_the_next_opening_finds_nothing() {
    both_ways(|key| {
        let store = MemoryStore::new("damaged", some_events(24));
        let fingerprint = store.fingerprint().unwrap();
        let cache = tempfile::tempdir().unwrap();
        let place = at(&cache, key);
        with_work(|work| build(work, &store, place, &options(1, 20))).unwrap();
        let files = files_of(cache.path());
        let manifest = files.iter().find(|path| path.ends_with("manifest")).unwrap();
        let whole_manifest = fs::read(manifest).unwrap();
        for path in &files {
            let whole = fs::read(path).unwrap();
            // Every byte is covered in the same way: some of each file are enough.
            for at in (0..whole.len()).step_by(whole.len() / 40 + 1) {
                replace(manifest, &whole_manifest);
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << (at % 8);
                replace(path, &damaged);
                match open(place, &fingerprint).unwrap() {
                    Opened::Current(index) => {
                        let outcome = super::model::ask_everything(&index);
                        let path = path.display();
                        assert!(outcome.is_err(), "byte {at} of {path} was changed and nobody noticed");
                    }
                    Opened::Behind(_) => panic!("the token cannot be another one"),
                    Opened::Absent => {}
                }
                assert!(matches!(open(place, &fingerprint).unwrap(), Opened::Absent));
            }
            replace(path, &whole);
        }
        assert_sound(&store, place);
    });
}

#[test]
fn a_file_of_any_other_length_is_noticed() {
    both_ways(|key| {
        let store = MemoryStore::new("cut", some_events(24));
        let fingerprint = store.fingerprint().unwrap();
        let cache = tempfile::tempdir().unwrap();
        let place = at(&cache, key);
        with_work(|work| build(work, &store, place, &options(1, 20))).unwrap();
        for path in files_of(cache.path()) {
            let whole = fs::read(&path).unwrap();
            for len in (0..whole.len()).step_by(7).chain([whole.len() - 1, whole.len() + 1]) {
                let mut other = whole.clone();
                other.resize(len, 0);
                replace(&path, &other);
                assert!(
                    matches!(open(place, &fingerprint).unwrap(), Opened::Absent),
                    "{}",
                    path.display()
                );
            }
            fs::remove_file(&path).unwrap();
            assert!(matches!(open(place, &fingerprint).unwrap(), Opened::Absent));
            replace(&path, &whole);
        }
        replace(&files_of(cache.path())[0], b"short");
        assert_sound(&store, place);
    });
}

#[test]
fn a_damaged_index_is_discarded_and_built_again() {
    let store = MemoryStore::new("discarded", some_events(24));
    let fingerprint = store.fingerprint().unwrap();
    let cache = tempfile::tempdir().unwrap();
    with_work(|work| build(work, &store, cache.path(), &options(1, 20))).unwrap();
    discard(cache.path(), &fingerprint).unwrap();
    assert!(matches!(open(cache.path(), &fingerprint).unwrap(), Opened::Absent));
    assert_sound(&store, cache.path());
}

/// Cancels at the n-th report.
struct CancelAt<'a>(std::sync::atomic::AtomicU32, &'a CancelToken);

impl Progress for CancelAt<'_> {
    fn report(&self, _phase: Phase, _done: u64, _total: Option<u64>) {
        if self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) == 0 {
            self.1.cancel();
        }
    }
}

#[test]
fn cancelling_leaves_no_file_that_is_not_named() {
    let store = MemoryStore::new("cancelled", some_events(60)).with_ranges(9);
    for reports in 0.. {
        let cache = tempfile::tempdir().unwrap();
        let token = CancelToken::default();
        let progress = CancelAt(reports.into(), &token);
        let outcome = build(&Work::new(&token, &progress), &store, cache.path(), &options(2, 20));
        match outcome {
            Err(IndexError::Cancelled(_)) => {}
            Err(IndexError::Store(refold_core::port::store::StoreError::Cancelled(_))) => {}
            Ok(_) => break,
            Err(error) => panic!("{error}"),
        }
        let left = files_of(cache.path());
        let is_named = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name == "growing-manifest" || name.starts_with("segment-") && !name.ends_with(".part")
        };
        assert!(left.iter().all(is_named), "{left:?}");
        assert_sound(&store, cache.path());
    }
}

#[test]
fn cancelled_growth_keeps_the_index_as_it_was() {
    let events = some_events(60);
    let before = MemoryStore::new("grown", events[..25].to_vec()).with_ranges(3);
    let store = MemoryStore::new("grown", events).with_ranges(9);
    for reports in 0.. {
        let cache = tempfile::tempdir().unwrap();
        // Mapped before the growth starts, as by a window that is open.
        let mapped = with_work(|work| build(work, &before, cache.path(), &options(1, 10))).unwrap();
        let token = CancelToken::default();
        let progress = CancelAt(reports.into(), &token);
        let outcome = build(&Work::new(&token, &progress), &store, cache.path(), &options(2, 10));
        Model::of(&before).assert_equals(&mapped);
        assert_usable(&before, &store, cache.path());
        assert_sound(&store, cache.path());
        if outcome.is_ok() {
            break;
        }
    }
}

#[test]
fn two_writers_exclude_each_other() {
    let store = MemoryStore::new("busy", some_events(5));
    let fingerprint = store.fingerprint().unwrap();
    let cache = tempfile::tempdir().unwrap();
    let folder = Folder::of(cache.path(), &fingerprint.identity);
    let lock = folder.lock().unwrap();
    let outcome = with_work(|work| build(work, &store, cache.path(), &options(1, 20)));
    assert!(matches!(outcome, Err(IndexError::Busy { .. })), "{outcome:?}");
    drop(lock);
    assert_sound(&store, cache.path());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_cancelled_build_is_finished_later(events in arbitrary_events(150), reports in 0_u32..20, threads in 1_usize..3) {
        let store = MemoryStore::new("later", events).with_ranges(6);
        let cache = tempfile::tempdir().unwrap();
        let token = CancelToken::default();
        let progress = CancelAt(reports.into(), &token);
        let _ = build(&Work::new(&token, &progress), &store, cache.path(), &options(threads, 12));
        assert_sound(&store, cache.path());
    }
}
