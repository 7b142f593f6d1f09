//! The ids against a loop over all events: in files of our event shape, since those carry ids.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use refold_core::event::EventIndex;
use refold_core::port::store::EventStore;
use refold_core::work::{CancelToken, Phase, Progress, Work};

use super::model::{options, with_work};
use crate::index::folder::Folder;
use crate::index::ids::build::build_ids_in;
use crate::index::parts::Sources;
use crate::index::{IdKind, Ids, Index, build, build_ids, open_ids};

/// Event id, causation id and correlation id of an event, of few values so that they meet.
type Three = [Option<String>; 3];

fn arbitrary_ids(most: usize) -> impl Strategy<Value = Vec<Three>> {
    let id = || {
        prop::option::weighted(
            0.8,
            prop_oneof![4 => "[abc]{1,2}", 1 => Just(String::new()), 1 => "[a-zü0-9-]{9}"],
        )
    };
    prop::collection::vec([id(), id(), id()], 0..most)
}

fn write_store(path: &Path, events: &[Three]) -> Arc<dyn EventStore> {
    let mut text = String::new();
    for (row, [event, causation, correlation]) in events.iter().enumerate() {
        let mut line = serde_json::json!({
            "stream": format!("order-{}", row % 5), "type": "Placed", "version": (row / 5).to_string(),
            "position": (row * 3).to_string(), "payload": {"n": row},
        });
        for (name, id) in [
            ("event_id", event),
            ("causation_id", causation),
            ("correlation_id", correlation),
        ] {
            if let Some(id) = id {
                line[name] = serde_json::Value::from(id.as_str());
            }
        }
        text.push_str(&format!("{line}\n"));
    }
    // Our event shape is found by looking at its first line: an empty store has none.
    fs::write(path, text).unwrap();
    let options = crate::OpenOptions::in_scratch(std::env::temp_dir());
    with_work(|work| crate::open(work, path.to_str().unwrap(), None, &options)).unwrap()
}

fn assert_found(ids: &Ids, events: &[Three]) {
    for (at, kind) in IdKind::ALL.into_iter().enumerate() {
        let carried = |row: usize| events[row][at].as_deref().filter(|id| !id.is_empty());
        let total = (0..events.len()).filter(|row| carried(*row).is_some()).count();
        assert_eq!(ids.count(kind), total as u64);
        let mut asked: Vec<&str> = events.iter().flatten().flatten().map(String::as_str).collect();
        asked.extend(["", "never written"]);
        for id in asked {
            let expected: Vec<EventIndex> = (0..events.len())
                .filter(|row| carried(*row) == Some(id))
                .map(|row| EventIndex(row as u32))
                .collect();
            let found = ids.candidates(kind, id.as_bytes(), usize::MAX).unwrap();
            assert_eq!(found.events, expected, "{kind:?} {id}"); // half hashes of so few ids do not meet
            assert!(!found.is_cut);
            let most = expected.len() / 2;
            let cut = ids.candidates(kind, id.as_bytes(), most).unwrap();
            assert_eq!(cut.events, expected[..most]);
            assert_eq!(cut.is_cut, expected.len() > most);
        }
    }
}

struct Laid {
    folder: tempfile::TempDir,
    store: Arc<dyn EventStore>,
    index: Index,
}

fn lay(events: &[Three]) -> Laid {
    let folder = tempfile::tempdir().unwrap();
    let store = write_store(&folder.path().join("events.jsonl"), events);
    let index = with_work(|work| build(work, store.as_ref(), &folder.path().join("cache"), &options(1, 16))).unwrap();
    Laid { folder, store, index }
}

impl Laid {
    fn cache(&self) -> std::path::PathBuf {
        self.folder.path().join("cache")
    }

    fn build(&self, work: &Work<'_>, threads: usize) -> Result<Ids, crate::index::IndexError> {
        build_ids(work, self.store.as_ref(), &self.cache(), &self.index, threads)
    }

    fn open(&self) -> Option<Ids> {
        open_ids(&self.cache(), &self.store.fingerprint().unwrap(), &self.index).unwrap()
    }

    fn files(&self) -> Vec<std::path::PathBuf> {
        let fingerprint = self.store.fingerprint().unwrap();
        let folder = Folder::of(&self.cache(), &fingerprint.identity);
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let is_ids = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("ids-");
        let mut files: Vec<_> = files.filter(is_ids).collect();
        files.sort();
        files
    }
}

fn some(count: usize) -> Vec<Three> {
    let text = |row: usize| Some(format!("id-{row}"));
    (0..count)
        .map(|row| [text(row), row.checked_sub(1).and_then(text), text(row % 4)])
        .collect()
}

struct CancelAt<'a>(AtomicU32, &'a CancelToken);

impl Progress for CancelAt<'_> {
    fn report(&self, _phase: Phase, _done: u64, _total: Option<u64>) {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 0 {
            self.1.cancel();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_event_is_found_by_each_of_its_ids(events in arbitrary_ids(90), threads in 1_usize..4) {
        prop_assume!(!events.is_empty());
        let laid = lay(&events);
        prop_assert!(laid.open().is_none());
        assert_found(&with_work(|work| laid.build(work, threads)).unwrap(), &events);
        assert_found(&laid.open().unwrap(), &events);
        // Building again finds all of it there.
        assert_found(&with_work(|work| laid.build(work, threads)).unwrap(), &events);
    }

    #[test]
    fn a_cancelled_build_leaves_only_whole_parts_and_is_finished_later(reports in 0_u32..6, threads in 1_usize..3) {
        let events = some(95);
        let laid = lay(&events);
        let token = CancelToken::default();
        let progress = CancelAt(reports.into(), &token);
        if laid.build(&Work::new(&token, &progress), threads).is_err() {
            prop_assert!(laid.open().is_none());
            prop_assert!(laid.files().iter().all(|path| path.extension().is_none()), "{:?}", laid.files());
        }
        assert_found(&with_work(|work| laid.build(work, 1)).unwrap(), &events);
    }
}

#[test]
fn a_kill_at_any_write_leaves_nothing_half_valid() {
    let events = some(70);
    for operations in 0.. {
        let laid = lay(&events);
        let fingerprint = laid.store.fingerprint().unwrap();
        let folder = Folder::of(&laid.cache(), &fingerprint.identity).with_fuse(operations);
        let outcome = with_work(|work| {
            let sources = Sources {
                work,
                store: laid.store.as_ref(),
                folder: &folder,
                fingerprint: &fingerprint,
                index: &laid.index,
            };
            build_ids_in(sources, 2)
        });
        if let Some(ids) = laid.open() {
            assert_found(&ids, &events);
        }
        assert_found(&with_work(|work| laid.build(work, 1)).unwrap(), &events);
        if outcome.is_ok() {
            break;
        }
    }
}

#[test]
fn damage_anywhere_is_an_error_or_nothing_and_never_another_answer() {
    let events = some(50);
    let laid = lay(&events);
    with_work(|work| laid.build(work, 1)).unwrap();
    for path in laid.files() {
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 30 + 1) {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            fs::remove_file(&path).unwrap();
            fs::write(&path, &damaged).unwrap();
            let ask = |ids: &Ids| {
                IdKind::ALL.into_iter().try_for_each(|kind| {
                    events
                        .iter()
                        .flatten()
                        .flatten()
                        .try_for_each(|id| ids.candidates(kind, id.as_bytes(), usize::MAX).map(drop))
                })
            };
            if let Some(ids) = laid.open() {
                assert!(
                    ask(&ids).is_err(),
                    "byte {at} of {} was changed and nobody noticed",
                    path.display()
                );
            }
            // Whoever came upon it took the manifests away.
            with_work(|work| build(work, laid.store.as_ref(), &laid.cache(), &options(1, 16))).unwrap();
            assert_found(&with_work(|work| laid.build(work, 1)).unwrap(), &events);
            if !path.exists() {
                break; // it was built again under another name
            }
        }
        if path.exists() {
            fs::write(&path, &whole).unwrap();
        }
    }
}

#[test]
fn ids_of_another_state_of_the_store_are_not_used_and_the_index_keeps_its_hands_off_them() {
    let laid = lay(&some(30));
    with_work(|work| laid.build(work, 1)).unwrap();
    let more = some(45);
    let store = write_store(&laid.folder.path().join("events.jsonl"), &more);
    let index = with_work(|work| build(work, store.as_ref(), &laid.cache(), &options(1, 16))).unwrap();
    assert!(!laid.files().is_empty(), "growth of the index left the ids alone");
    let grown = Laid {
        folder: laid.folder,
        store,
        index,
    };
    assert!(grown.open().is_none());
    assert_found(&with_work(|work| grown.build(work, 2)).unwrap(), &more);
}
