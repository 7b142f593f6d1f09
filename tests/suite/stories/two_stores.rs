//! Two stores of which one is written to meanwhile, and the same shop as two libraries keep it.

use std::path::Path;
use std::sync::Arc;

use refold_app::usecase::stores::answer::StoresAnswer;
use refold_app::usecase::stores::{By, EventPart, StoresAsked, StoresComparison};
use refold_app::work::{CancelToken, Silent, Work};
use refold_app::{Places, Session};
use refold_fixtures::orders::Layout;
use refold_tests::{Fingerprint, shop};

fn opened(store: &Path, home: &Path) -> Arc<Session> {
    let cancel = CancelToken::default();
    let location = store.to_str().expect("paths of tests are UTF-8");
    let session = Session::open(&Work::new(&cancel, &Silent), location, None, &Places::below(home));
    Arc::new(session.unwrap_or_else(|error| panic!("{error}")))
}

fn compared(left: &Arc<Session>, right: &Arc<Session>, by: By, ignored: &[EventPart]) -> StoresAnswer {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let asked = StoresAsked {
        by,
        ignored: ignored.to_vec(),
        handlers: None,
    };
    let found = StoresComparison::run(&work, left, right, &asked);
    let answer = found.and_then(|found| found.answer(&work, 5));
    answer.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_store_that_grew_is_compared_as_it_was_when_it_was_opened() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = shop(folder.path(), Layout::Emmett, 600).store;
    let writer = rusqlite::Connection::open(&store).unwrap();
    // As an application has it open that writes all day.
    writer
        .execute_batch("PRAGMA journal_mode = WAL; UPDATE emt_messages SET is_archived = is_archived")
        .unwrap();
    let (before, other) = (opened(&store, home.path()), opened(&store, home.path()));
    writer
        .execute_batch(
            "INSERT INTO emt_messages SELECT stream_id, stream_position + 1, partition, message_kind, message_data,
             message_metadata, message_schema_version, message_type, 'new', is_archived, global_position + 1, created
             FROM emt_messages ORDER BY global_position DESC LIMIT 1",
        )
        .unwrap();
    let same = compared(&before, &other, By::Bytes, &[]);
    assert_eq!((same.outcome, same.left.events, same.left.grew), ("same", 600, true));
    let after = opened(&store, home.path());
    let behind = compared(&before, &after, By::Bytes, &[]);
    assert_eq!((behind.outcome, behind.streams.left_behind), ("different", 1));
    assert_eq!((behind.left.grew, behind.right.grew), (true, false));
}

#[test]
fn the_same_shop_is_the_same_whatever_library_keeps_it() {
    let home = tempfile::tempdir().unwrap();
    let stores = [Layout::Emmett, Layout::CqrsEs].map(|layout| {
        let folder = tempfile::tempdir().unwrap();
        let written = shop(folder.path(), layout, 600);
        (folder, written.store)
    });
    let [(one, emmett), (two, cqrs)] = &stores;
    let before = [one, two].map(|folder| Fingerprint::of(folder.path()));
    let (left, right) = (opened(emmett, home.path()), opened(cqrs, home.path()));
    let answer = compared(&left, &right, By::Meaning, &[]);
    // What one library keeps and the other does not is named. One payload is torn, and each library wraps it otherwise.
    let absent: Vec<EventPart> = answer.absent.iter().map(|of| of.part).collect();
    assert_eq!(absent, [EventPart::Occurred, EventPart::Id, EventPart::Schema]);
    let rest = compared(&left, &right, By::Meaning, &absent);
    assert_eq!((rest.events.equal, rest.events.different), (599, 1), "{rest:?}");
    assert_eq!(
        rest.parts.iter().map(|of| of.part.word()).collect::<Vec<_>>(),
        ["payload"]
    );
    for (folder, before) in [one, two].into_iter().zip(before) {
        before.assert_unchanged(folder.path());
    }
}
