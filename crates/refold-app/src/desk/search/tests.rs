use std::sync::Mutex;

use super::super::tests::{Lab, lab, quiet};
use super::*;

fn asked(text: &str) -> SearchAsked {
    SearchAsked {
        text: text.to_owned(),
        ..SearchAsked::default()
    }
}

#[test]
fn rows_of_a_search_are_there_until_it_is_closed() {
    let Lab { desk, store, .. } = &lab();
    let opened = desk.open_store(store, None).unwrap();
    let told = Mutex::new(Vec::new());
    let ended = desk
        .search(opened.session, &asked("SKU-00120"), &|update| {
            told.lock().unwrap().push(update)
        })
        .unwrap();
    assert_eq!((ended.found, ended.end), (2, SearchEnd::Whole));
    let told = told.into_inner().unwrap();
    assert!(told.iter().all(|update| update.search == ended.search));
    assert!(
        told.iter().any(|update| update.found == 1),
        "the first hit is told of at once"
    );
    let page = desk.search_rows(ended.search, 1, 10).unwrap();
    assert_eq!((page.total, page.rows.len()), (2, 1));
    let row = &page.rows[0];
    assert_eq!((row.stream.as_str(), row.version.as_str()), ("order-4711", "5"));
    assert_eq!(row.hit, "SKU-00120");
    assert!(
        row.before.ends_with("\"sku\":\"") && row.after.starts_with("\",\"qty\""),
        "{row:?}"
    );

    let history = desk
        .open_history(
            opened.session,
            "order-4711",
            Some(&format!("#{}", row.position)),
            None,
            quiet(),
        )
        .unwrap();
    let hits = desk
        .history_hits(history.history, &asked("SKU-00120"), &|_| {})
        .unwrap();
    assert_eq!(hits.moments.len(), 2);
    assert!(hits.moments.contains(&history.moment));
    assert_eq!(hits.parts, [1, 1]);
    // What a row of the list shows is found, too.
    let places = |text: &str| {
        let hits = desk.history_hits(history.history, &asked(text), &|_| {}).unwrap();
        hits.moments.into_iter().zip(hits.parts).collect::<Vec<_>>()
    };
    let added = places("ItemAdded");
    assert!(
        !added.is_empty() && added.iter().all(|(_, parts)| parts & 4 == 4),
        "{added:?}"
    );
    for version in ["v 5", "v5", "5"] {
        assert!(places(version).iter().any(|hit| hit.1 & 16 == 16), "{version}");
    }
    let [position] = *places(&format!("#{}", row.position)) else {
        panic!("a position is of one event");
    };
    assert_eq!(position, (history.moment, 16));
    assert_eq!(places(""), (1..=15).map(|moment| (moment, 0)).collect::<Vec<_>>());

    desk.close_search(ended.search);
    assert_eq!(
        desk.search_rows(ended.search, 0, 1).unwrap_err().code,
        crate::ErrorCode::NotFound
    );
    let ended = desk.search(opened.session, &asked("SKU-00120"), &|_| {}).unwrap();
    desk.close_store(opened.session).unwrap();
    assert_eq!(
        desk.search_rows(ended.search, 0, 1).unwrap_err().code,
        crate::ErrorCode::NotFound
    );
}

#[test]
fn a_cancelled_search_keeps_what_it_found() {
    let Lab { desk, store, .. } = &lab();
    let opened = desk.open_store(store, None).unwrap();
    let cancel_at_first_hit = |update: SearchUpdate| {
        if update.found > 0 {
            desk.cancel_job(update.job);
        }
    };
    let ended = desk
        .search(opened.session, &asked("SKU-"), &cancel_at_first_hit)
        .unwrap();
    assert_eq!(ended.end, SearchEnd::Cancelled);
    assert!(ended.found > 0);
    assert_eq!(desk.search_rows(ended.search, 0, 1).unwrap().rows.len(), 1);
}

#[test]
fn the_copy_is_offered_with_its_cost_until_it_is_there() {
    let Lab { desk, store, .. } = &lab();
    let opened = desk.open_store(store, None).unwrap();
    let offer = desk.search_offer(opened.session).unwrap();
    assert!(!offer.is_ready && offer.size.ends_with(" MB"), "{offer:?}");
    let before = desk.search(opened.session, &asked("SKU-0012"), &|_| {}).unwrap();
    desk.copy_for_search(opened.session, &|_| {}).unwrap();
    assert!(desk.search_offer(opened.session).unwrap().is_ready);
    let after = desk.search(opened.session, &asked("SKU-0012"), &|_| {}).unwrap();
    assert_eq!(before.found, after.found);
}

#[test]
fn a_condition_that_cannot_be_asked_is_a_finding_and_a_wrong_one_a_failure() {
    let Lab { desk, store, .. } = &lab();
    let opened = desk.open_store(store, None).unwrap();
    let with = |condition: &str| {
        let asked = SearchAsked {
            condition: condition.to_owned(),
            ..SearchAsked::default()
        };
        desk.search(opened.session, &asked, &|_| {}).unwrap()
    };
    let found = with("event.data.price > 200");
    assert!(found.found > 0 && found.end == SearchEnd::Whole, "{found:?}");
    let unanswerable = with("event.data.sku > 200");
    assert!(!unanswerable.findings.is_empty());
    let wrong = with("event.data.(");
    assert_eq!(wrong.end, SearchEnd::Failed);
    let message = wrong.failure.unwrap().message;
    assert!(message.contains(":1:"), "{message}");
}

#[test]
fn what_was_found_while_it_was_revealed_is_forgotten_when_it_is_hidden_again() {
    let Lab { desk, store, .. } = &lab();
    let opened = desk.open_store(store, None).unwrap();
    let reveal = crate::wire::RevealWire {
        stream: None,
        part: None,
        path: String::new(),
    };
    desk.reveal(opened.session, &reveal, "a test").unwrap();
    let ended = desk.search(opened.session, &asked("SKU-00120"), &|_| {}).unwrap();
    assert!(desk.search_rows(ended.search, 0, 1).is_ok());
    desk.conceal(opened.session, true).unwrap();
    assert_eq!(
        desk.search_rows(ended.search, 0, 1).unwrap_err().code,
        crate::ErrorCode::NotFound
    );
}
