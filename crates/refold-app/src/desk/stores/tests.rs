//! What the window is told of two stores, against what the command line prints of them.

use std::ops::ControlFlow;

use refold_core::work::Phase;
use refold_fixtures::orders::{self, Options};

use super::*;
use crate::answer::json_line;
use crate::desk::tests::lab;
use crate::error::ErrorCode;

fn asked(other: &str) -> StoresAskedWire {
    StoresAskedWire {
        other: other.to_owned(),
        is_other_left: false,
        by: StoresBy::Bytes,
        ignored: Vec::new(),
        handler: String::new(),
    }
}

fn all(kind: Option<StoresKind>) -> StoresQuery {
    StoresQuery {
        kind,
        is_renamed: false,
        offset: 0,
        limit: u32::MAX,
    }
}

/// Another shop, in a folder of its own.
fn other_shop(events: u64) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        events,
        ..Options::default()
    };
    let written = orders::write(&folder.path().join("other"), &options, |_, _| ControlFlow::Continue(())).unwrap();
    let store = written.store.display().to_string();
    (folder, store)
}

#[test]
fn the_window_is_told_what_the_command_line_prints() {
    let lab = lab();
    let (folder, other) = other_shop(1_500);
    let session = lab.desk.open_store(&lab.store, None).unwrap().session;
    let told = lab.desk.compare_stores(session, &asked(&other), &|_| {}).unwrap();
    assert_eq!(
        (told.left.location.as_str(), told.right.location.as_str()),
        (&*lab.store, &*other)
    );
    assert!(told.outcome != StoresOutcome::Same && told.differing_streams > 0);
    let streams: u32 = told.kinds.iter().map(|of| of.streams).sum();
    assert_eq!(streams, told.differing_streams);
    for of in &told.kinds {
        let page = lab.desk.stores_rows(told.comparison, &all(Some(of.kind))).unwrap();
        assert_eq!((page.matching, page.rows.len() as u32), (of.streams, of.streams));
        assert!(page.rows.iter().all(|row| row.kind == of.kind));
    }

    // The file is the line that the use case makes for the command line.
    let file = folder.path().join("comparison.json");
    let name = file.display().to_string();
    lab.desk.export_stores(told.comparison, &name, &|_| {}).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let open = |at: &str| {
        let session = Session::open_asked(&work, &lab.desk.asked(at), &lab.desk.places);
        Arc::new(session.unwrap())
    };
    let how = how(&asked(&other)).unwrap();
    let again = StoresComparison::run(&work, &open(&lab.store), &open(&other), &how).unwrap();
    let line = json_line(&again.answer(&work, MOST_EXPORTED).unwrap()).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{line}\n"));
    // Over what is no comparison, and beside either store, nothing is written.
    for beside in [&lab.store, &other] {
        let file = Path::new(beside).with_file_name("comparison.json");
        let touched = || file.parent().unwrap().metadata().unwrap().modified().unwrap();
        let before = touched();
        let refused = lab
            .desk
            .export_stores(told.comparison, &file.display().to_string(), &|_| {});
        assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidInput);
        assert!(!file.exists());
        assert_eq!(touched(), before, "nothing was there for a moment either");
    }
    std::fs::write(&file, "mine").unwrap();
    assert!(lab.desk.export_stores(told.comparison, &name, &|_| {}).is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");

    lab.desk.close_stores(told.comparison);
    let gone = lab.desk.stores_rows(told.comparison, &all(None)).unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
}

#[test]
fn swapped_the_sides_are_swapped() {
    let lab = lab();
    let (_folder, other) = other_shop(1_500);
    let session = lab.desk.open_store(&lab.store, None).unwrap().session;
    let one = lab.desk.compare_stores(session, &asked(&other), &|_| {}).unwrap();
    let turned = StoresAskedWire {
        is_other_left: true,
        ..asked(&other)
    };
    let two = lab.desk.compare_stores(session, &turned, &|_| {}).unwrap();
    assert_eq!(
        (one.left.location, one.right.location),
        (two.right.location, two.left.location)
    );
    assert_eq!(
        (one.events.only_left, one.events.only_right, one.events.equal),
        (two.events.only_right, two.events.only_left, two.events.equal)
    );
}

#[test]
fn what_cannot_be_compared_is_said_with_the_store_that_it_is() {
    let lab = lab();
    let session = lab.desk.open_store(&lab.store, None).unwrap().session;
    let fails = |asked: &StoresAskedWire| lab.desk.compare_stores(session, asked, &|_| {}).unwrap_err();
    let error = fails(&asked("/nowhere/orders.db"));
    assert_eq!(error.code, ErrorCode::Unreachable);
    assert!(error.message.starts_with("the other store: "), "{}", error.message);
    assert!(error.message.ends_with("/nowhere/orders.db"), "{}", error.message);
    let odd = StoresAskedWire {
        ignored: vec!["order".to_owned()],
        ..asked(&lab.store)
    };
    assert_eq!(fails(&odd).code, ErrorCode::InvalidInput);
}

#[test]
fn cancelled_in_any_of_its_phases_it_leaves_nothing() {
    let lab = lab();
    let session = lab.desk.open_store(&lab.store, None).unwrap().session;
    for phase in [
        Phase::OpeningTheOtherStore,
        Phase::ReadingTheLeftStore,
        Phase::ReadingTheRightStore,
    ] {
        let cancelling = |update: crate::wire::JobUpdate| {
            if update.phase == Some(phase.into()) {
                lab.desk.cancel_job(update.job);
            }
        };
        let ended = lab.desk.compare_stores(session, &asked(&lab.store), &cancelling);
        assert!(ended.is_err_and(|error| error.is_cancelled()), "{phase:?}");
        assert!(lock(&lab.desk.stores).is_empty());
    }
    let same = lab.desk.compare_stores(session, &asked(&lab.store), &|_| {}).unwrap();
    assert_eq!(same.outcome, StoresOutcome::Same);
    lab.desk.close_store(session).unwrap();
    assert!(lock(&lab.desk.stores).is_empty());
}

#[test]
fn a_store_that_is_closed_once_the_job_is_over_leaves_no_other_store_open() {
    let lab = lab();
    let session = lab.desk.open_store(&lab.store, None).unwrap().session;
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let other = Arc::new(Session::open_asked(&work, &lab.desk.asked(&lab.store), &lab.desk.places).unwrap());
    let own = lab.desk.session(session).unwrap();
    let compare = || StoresComparison::run(&work, &own, &other, &how(&asked("")).unwrap()).unwrap();
    lab.desk.keep_stores(1_000, session, compare()).unwrap();
    assert_eq!((lock(&lab.desk.stores).len(), Arc::strong_count(&other)), (1, 2));
    let late = compare();
    lab.desk.close_store(session).unwrap();
    let ended = lab.desk.keep_stores(1_001, session, late);
    assert_eq!(ended.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!((lock(&lab.desk.stores).len(), Arc::strong_count(&other)), (0, 1));
}

#[test]
fn every_part_that_can_be_left_out_is_known_by_its_word() {
    let words: Vec<String> = EventPart::IGNORABLE.iter().map(|part| part.word().to_owned()).collect();
    let asked = StoresAskedWire {
        ignored: words,
        ..asked("")
    };
    assert_eq!(how(&asked).unwrap().ignored, EventPart::IGNORABLE);
}
