//! What is kept of a store against the store itself.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use refold_core::event::Encoding;
use refold_core::work::{CancelToken, Silent};

use super::*;
use crate::index::{ArenaOptions, BuildOptions, build, build_arena};
use crate::memory::{MemoryEvent, MemoryStore};
use crate::sealing::{KEY_BYTES, Key};

const CANARY: &str = "CANARY-4711";

fn with_work<T>(run: impl FnOnce(&Work<'_>) -> T) -> T {
    run(&Work::new(&CancelToken::default(), &Silent))
}

fn events(rows: Vec<(u8, Option<i64>, bool)>) -> Vec<MemoryEvent> {
    let rows = rows.into_iter().zip(1..);
    rows.map(|((stream, version, has_payload), number)| MemoryEvent {
        position: Position(number * 3),
        stream: format!("order-{CANARY}-{stream}").into_bytes(),
        category: b"order".to_vec(),
        version: version.map_or(EventBatch::NO_VERSION, Version),
        event_type: format!("Type{CANARY}{}", number % 5).into_bytes(),
        recorded_at: Timestamp(1_700_000_000_000_000_000 + number),
        payload: has_payload.then(|| format!("{{\"n\":\"{CANARY} {number}\"}}").into_bytes()),
        encoding: Encoding::Json,
        metadata: (number % 2 == 0).then(|| format!("{{\"user\":\"{CANARY}\"}}").into_bytes()),
    })
    .collect()
}

fn arbitrary_events() -> impl Strategy<Value = Vec<MemoryEvent>> {
    let version = prop_oneof![6 => (1_i64..9).prop_map(Some), 1 => Just(None)];
    prop::collection::vec((0_u8..6, version, prop::bool::weighted(0.9)), 0..90).prop_map(events)
}

/// A store that was looked at and copied, as its cache has it afterwards.
struct Laid {
    folder: tempfile::TempDir,
    key: Key,
    store: MemoryStore,
}

impl Laid {
    fn of(events: Vec<MemoryEvent>, has_copy: bool) -> Laid {
        let laid = Laid {
            folder: tempfile::tempdir().unwrap(),
            key: Key::new(&[3; KEY_BYTES]),
            store: MemoryStore::new("kept", events),
        };
        laid.look(has_copy);
        laid
    }

    fn place(&self) -> Place<'_> {
        Place {
            folder: self.folder.path(),
            key: Some(&self.key),
        }
    }

    fn look(&self, has_copy: bool) {
        let options = BuildOptions {
            threads: 2,
            now: Timestamp(1_800_000_000_000_000_000),
            numbering: self.store.describe().numbering(),
            segment_rows: 20,
        };
        let index = with_work(|work| build(work, &self.store, self.place(), &options)).unwrap();
        if has_copy {
            let options = ArenaOptions {
                threads: 2,
                is_searchable: true,
                most_bytes: None,
            };
            with_work(|work| build_arena(work, &self.store, self.place(), &index, &options)).unwrap();
        }
        let kept = Kept {
            as_of: Timestamp(42),
            fingerprint: self.store.fingerprint().unwrap(),
            description: self.store.describe().clone(),
        };
        kept.write(self.folder.path(), &self.key).unwrap();
    }

    fn open(&self) -> Option<KeptStore> {
        let kept = Kept::read(self.folder.path(), &self.key)?;
        assert_eq!(kept.as_of, Timestamp(42));
        KeptStore::open(self.place(), kept, "@kept").unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        files_below(self.folder.path())
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false if path.file_name().unwrap() != "lock" => files.push(path),
            false => {}
        }
    }
    files.sort();
    files
}

/// All that a read brings, a line an event.
fn read(store: &dyn EventStore, query: &ReadQuery, most_rows: usize) -> Result<Vec<String>, StoreError> {
    let (mut batch, mut names, mut seen) = (EventBatch::default(), Names::default(), Vec::new());
    let mut reader = store.read(query)?;
    while with_work(|work| reader.next_batch(work, most_rows, &mut batch, &mut names, &Findings::default()))? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            seen.push(format!(
                "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
                event.position,
                names.stream(event.stream).escape_ascii().to_string(),
                names.category(event.stream),
                event.version,
                names.type_name(event.event_type),
                event.recorded_at,
                event.payload.map(|it| it.escape_ascii().to_string()),
                event.metadata,
            ));
        }
        if most_rows.is_multiple_of(2) {
            names = Names::default();
        }
    }
    Ok(seen)
}

fn arbitrary_query() -> impl Strategy<Value = ReadQuery> {
    let bound = || prop::option::of((-3_i64..300).prop_map(Position));
    let version = || prop::option::of((0_i64..10).prop_map(Version));
    let stream = (0_u8..8).prop_map(|stream| format!("order-{CANARY}-{stream}").into_bytes());
    let scope = prop_oneof![
        (bound(), bound()).prop_map(|(after, up_to)| Scope::All { after, up_to }),
        (stream, version(), version()).prop_map(|(id, from, to)| Scope::Stream { id, from, to }),
        prop::collection::vec((0_i64..300).prop_map(Position), 0..9).prop_map(Scope::Positions),
    ];
    (scope, any::<bool>(), any::<[bool; 2]>()).prop_map(|(scope, is_forward, [payload, metadata])| ReadQuery {
        scope,
        direction: if is_forward {
            Direction::Forward
        } else {
            Direction::Backward
        },
        columns: Columns {
            payload,
            metadata,
            ..Columns::SKELETON
        },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_read_is_that_of_the_store(
        events in arbitrary_events(),
        queries in prop::collection::vec((arbitrary_query(), 1_usize..40), 1..12),
    ) {
        let laid = Laid::of(events, true);
        let kept = laid.open().unwrap();
        for (query, most_rows) in queries {
            let expected = read(&laid.store, &query, most_rows).unwrap();
            prop_assert_eq!(read(&kept, &query, most_rows).unwrap(), expected, "{:?}", query);
        }
        let ranges = kept.split(3).unwrap().into_iter().map(|(after, up_to)| ReadQuery {
            scope: Scope::All { after, up_to },
            ..ReadQuery::all(Columns::ALL)
        });
        let parts: Vec<_> = ranges.flat_map(|query| read(&kept, &query, 7).unwrap()).collect();
        prop_assert_eq!(parts, read(&laid.store, &ReadQuery::all(Columns::ALL), 9).unwrap());
    }
}

fn some_events(count: u8) -> Vec<MemoryEvent> {
    let row = |number: u8| (number % 5, Some(i64::from(number / 5) + 1), !number.is_multiple_of(11));
    events((0..count).map(row).collect())
}

#[test]
fn what_is_not_kept_is_an_error_and_not_a_shorter_answer() {
    let laid = Laid::of(some_events(60), false);
    let kept = laid.open().unwrap();
    let skeleton = ReadQuery::all(Columns::SKELETON);
    assert_eq!(
        read(&kept, &skeleton, 8).unwrap(),
        read(&laid.store, &skeleton, 8).unwrap()
    );
    let row = Columns {
        row: true,
        ..Columns::SKELETON
    };
    for columns in [Columns::PAYLOAD, Columns::ALL, row] {
        let refused = read(&kept, &ReadQuery::all(columns), 8).unwrap_err();
        assert!(refused.to_string().contains("not kept"), "{refused}");
    }
    assert!(kept.raw(Position(3)).is_err());
}

#[test]
fn a_store_that_went_on_is_not_answered_from_what_was_kept_before() {
    let laid = Laid::of(some_events(40), true);
    let grown = Laid {
        store: MemoryStore::new("kept", some_events(60)),
        ..laid
    };
    grown.look(false);
    let kept = grown.open().unwrap();
    assert!(kept.arena().is_none(), "the payloads are of the state before");
    assert_eq!(kept.index().event_count(), 60);
}

#[test]
fn nothing_of_it_lies_open() {
    let laid = Laid::of(some_events(60), true);
    let files = laid.files();
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let lies_open = |text: &[u8]| memchr::memmem::find(&bytes, text).is_some();
        for text in [CANARY.as_bytes(), b"order", b"Type", b"Memory", b"segments"] {
            assert!(!lies_open(text), "{} in {}", text.escape_ascii(), file.display());
        }
    }
}

#[test]
fn another_key_finds_nothing_and_a_folder_of_another_store_is_none_of_this() {
    let laid = Laid::of(some_events(60), true);
    let other = Key::new(&[4; KEY_BYTES]);
    assert!(Kept::read(laid.folder.path(), &other).is_none());
    let fingerprint = laid.store.fingerprint().unwrap();
    let place = Place {
        folder: laid.folder.path(),
        key: Some(&other),
    };
    assert!(matches!(index::open(place, &fingerprint).unwrap(), Opened::Absent));
    assert!(matches!(
        index::open(laid.folder.path(), &fingerprint).unwrap(),
        Opened::Absent
    ));
    // The folder of one store under the name of another.
    let of_other = Fingerprint {
        identity: "another".to_owned(),
        ..fingerprint.clone()
    };
    let name = |identity: &str| format!("{:032x}", xxhash_rust::xxh3::xxh3_128(identity.as_bytes()));
    let moved = laid.folder.path().join(name("another"));
    fs::rename(laid.folder.path().join(name(&fingerprint.identity)), moved).unwrap();
    assert!(matches!(index::open(laid.place(), &of_other).unwrap(), Opened::Absent));
}

/// Of a server that is out of reach nothing can be made again: what is whole stays.
#[test]
fn a_copy_that_is_damaged_takes_the_index_not_with_it() {
    let laid = Laid::of(some_events(90), true);
    let name = |file: &Path| file.file_name().unwrap().to_str().unwrap().to_owned();
    let is_of_copy = |file: &PathBuf| {
        let name = name(file);
        name.starts_with("arena-") && name != "arena-manifest" && !name.ends_with("-grams")
    };
    let file = laid.files().into_iter().find(is_of_copy).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[100] ^= 1;
    put(&file, &bytes);
    let kept = laid.open().unwrap();
    if kept.arena().is_some() {
        let refused = read(&kept, &ReadQuery::all(Columns::ALL), 50).unwrap_err().to_string();
        assert!(refused.contains("the copy of the payloads is damaged"), "{refused}");
    }
    let skeleton = ReadQuery::all(Columns::SKELETON);
    for kept in [kept, laid.open().unwrap()] {
        assert_eq!(
            read(&kept, &skeleton, 50).unwrap(),
            read(&laid.store, &skeleton, 50).unwrap()
        );
    }
    let again = laid.open().unwrap();
    assert!(again.arena().is_none(), "it is given up");
    let refused = read(&again, &ReadQuery::all(Columns::ALL), 50).unwrap_err().to_string();
    assert!(refused.contains("payloads are not kept"), "{refused}");
}

/// Turns one bit over anywhere, ten thousand times: what is answered is right, or it is an error, or there is nothing.
#[test]
fn ten_thousand_flips_make_no_answer_wrong() {
    let laid = Laid::of(some_events(90), true);
    let queries = [Columns::SKELETON, Columns::ALL].map(ReadQuery::all);
    let of_stream = ReadQuery {
        scope: Scope::Stream {
            id: format!("order-{CANARY}-2").into_bytes(),
            from: None,
            to: None,
        },
        ..ReadQuery::all(Columns::ALL)
    };
    let queries: Vec<_> = queries.into_iter().chain([of_stream]).collect();
    let expected: Vec<_> = queries
        .iter()
        .map(|query| read(&laid.store, query, 50).unwrap())
        .collect();
    let wholes: Vec<_> = laid
        .files()
        .into_iter()
        .map(|file| (fs::read(&file).unwrap(), file))
        .collect();
    let bits: usize = wholes.iter().map(|(bytes, _)| bytes.len() * 8).sum();
    let (mut refused, mut gone, mut right) = (0, 0, 0);
    let mut seed: usize = 0x2545_F491_4F6C_DD15;
    for _ in 0..10_000 {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mut at = (seed >> 16) % bits;
        let (whole, file) = wholes
            .iter()
            .find(|(bytes, _)| match at < bytes.len() * 8 {
                true => true,
                false => {
                    at -= bytes.len() * 8;
                    false
                }
            })
            .unwrap();
        let mut flipped = whole.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        put(file, &flipped);
        match laid.open() {
            None => gone += 1,
            Some(kept) => {
                for (query, expected) in queries.iter().zip(&expected) {
                    match read(&kept, query, 50) {
                        Ok(found) => {
                            assert_eq!(&found, expected, "bit {at} of {}", file.display());
                            right += 1;
                        }
                        Err(_) => refused += 1,
                    }
                }
            }
        }
        // Also what was thrown away because of it.
        for (whole, file) in &wholes {
            if fs::metadata(file).map_or(0, |of| of.len()) != whole.len() as u64 {
                put(file, whole);
            }
        }
        put(file, whole);
    }
    assert!(refused > 0 && gone > 0 && right > 0, "{refused} {gone} {right}");
}

/// As a new file: one that is mapped must not be written to.
fn put(file: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(file);
    fs::write(file, bytes).unwrap();
}

/// Else it would be called an ordinary account where only what is kept is at hand.
#[test]
fn that_an_account_could_do_more_than_read_is_kept() {
    let laid = Laid::of(events(vec![(0, Some(1), true)]), false);
    for is_elevated in [true, false] {
        let kept = Kept {
            as_of: Timestamp(1),
            fingerprint: laid.store.fingerprint().unwrap(),
            description: StoreDescription {
                is_elevated,
                ..laid.store.describe().clone()
            },
        };
        kept.write(laid.folder.path(), &laid.key).unwrap();
        let read = Kept::read(laid.folder.path(), &laid.key).unwrap();
        assert_eq!(read.description.is_elevated, is_elevated);
    }
}
