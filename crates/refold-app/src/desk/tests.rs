use std::ops::ControlFlow;

use refold_fixtures::orders::{self, Options};

use super::*;
use crate::error::ErrorCode;
use crate::frame::{DensityFrame, RowChange, StateFrame};
use crate::wire::{Axis, DensityBy, Lens, PhaseWire, StreamSelection, StreamSort};

pub(super) struct Lab {
    _folder: tempfile::TempDir,
    pub(super) desk: Desk,
    pub(super) store: String,
    pub(super) handlers: String,
}

pub(super) fn lab() -> Lab {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::at(Places::below(folder.path()), None);
    let options = Options {
        events: 2_000,
        ..Options::default()
    };
    let written = orders::write(&folder.path().join("shop"), &options, |_, _| ControlFlow::Continue(())).unwrap();
    Lab {
        desk,
        store: written.store.display().to_string(),
        handlers: written.handlers.join("order").display().to_string(),
        _folder: folder,
    }
}

pub(super) fn quiet() -> HistorySink {
    Arc::new(|_| {})
}

fn query(seq: u32, lens: Lens, moment: u32) -> StateQuery {
    StateQuery {
        seq,
        lens,
        moment,
        base: None,
        open_depth: 2,
        toggled: Vec::new(),
        only_changes: false,
        part: 0,
        first_row: 0,
        row_count: 200,
        is_whole: false,
        asked: None,
    }
}

fn everything(axis: Axis, columns: u32) -> DensityQuery {
    DensityQuery {
        axis,
        from: String::new(),
        to: String::new(),
        columns,
    }
}

#[test]
fn a_person_opens_a_store_and_moves_through_an_order() {
    let Lab {
        desk,
        store,
        handlers,
        _folder,
    } = lab();
    let opened = desk.open_store(&store, None).unwrap();
    assert_eq!((opened.layout.as_str(), opened.newest.len()), ("emmett", 100));
    assert!(!opened.index_is_ready);
    assert_eq!(
        opened.sampled_types.iter().map(|of| of.events).sum::<u32>(),
        opened.sampled_events
    );
    assert_eq!(desk.start().unwrap().recents.len(), 1);

    let error = desk.overview(opened.session).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    let seen = Mutex::new(0);
    desk.index_store(opened.session, &|_| *seen.lock().unwrap() += 1)
        .unwrap();
    assert!(*seen.lock().unwrap() > 0);
    let overview = desk.overview(opened.session).unwrap();
    assert_eq!(overview.types.iter().map(|of| of.events).sum::<u32>(), overview.events);
    assert_eq!(
        overview.categories.iter().map(|of| of.streams).sum::<u32>(),
        overview.streams
    );

    let bytes = desk
        .store_density(opened.session, &everything(Axis::Time, 700), DensityBy::Type)
        .unwrap();
    let density = DensityFrame::decode(&bytes).unwrap();
    assert_eq!(density.counts.iter().sum::<u32>(), overview.events);

    let longest = StreamQuery {
        selection: StreamSelection {
            matching: "order-47".to_owned(),
            sort: StreamSort::Events,
            descending: true,
            ..StreamSelection::default()
        },
        limit: 5,
        ..StreamQuery::default()
    };
    let page = desk.streams(opened.session, &longest).unwrap();
    assert_eq!(page.rows[0].id, "order-4712");
    assert_eq!(desk.find(opened.session, "4711", 10).unwrap()[0].stream, "order-4711");

    let handler = format!("{handlers}@1.1.0");
    let history = desk
        .open_history(
            opened.session,
            "order-4711",
            Some("2026-08-03 14:00"),
            Some(&handler),
            quiet(),
        )
        .unwrap();
    assert_eq!(
        (history.handler.name.as_str(), history.handler.version.as_str()),
        ("order", "1.1.0")
    );
    assert!(history.moment > 0 && history.moment < history.events);
    let found = desk.moment_of(history.history, "2026-08-03 14:00").unwrap();
    assert_eq!(found.moment, history.moment);
    assert!(
        found
            .explanation
            .starts_with("as of 2026-08-03 14:00:00 UTC · last event v "),
        "{}",
        found.explanation
    );

    let frame = desk
        .state_frame(history.history, &query(1, Lens::State, history.moment))
        .unwrap();
    let frame = StateFrame::decode(&frame).unwrap();
    assert_eq!(
        (frame.moment, frame.version.as_str()),
        (history.moment, found.version.as_str())
    );
    let status = frame.rows.iter().find(|row| row.pointer == "/status").unwrap();
    assert_eq!(status.value, "\"paid\"");
    assert_eq!(
        (status.changed_version.is_empty(), status.changed_type.is_empty()),
        (false, false)
    );

    // The door of a value: the event that last changed it, and there the value changes.
    let before = status.changed_moment;
    let there = desk
        .state_frame(history.history, &query(2, Lens::Diff, before))
        .unwrap();
    let there = StateFrame::decode(&there).unwrap();
    let row = there.rows.iter().find(|row| row.pointer == "/status").unwrap();
    assert_eq!(
        (row.change, row.value.as_str(), row.changed_moment),
        (RowChange::Changed, "\"paid\"", before)
    );
    let from = history.moment;
    let back = desk
        .next_change(history.history, "/status", from + 1, SearchDirection::Backward)
        .unwrap();
    let forward = desk
        .next_change(history.history, "/status", before - 1, SearchDirection::Forward)
        .unwrap();
    assert_eq!(forward, Some(before));
    assert!(back.is_some_and(|back| back <= from + 1));

    let density = desk
        .history_density(history.history, &everything(Axis::Version, 40))
        .unwrap();
    assert_eq!(
        DensityFrame::decode(&density).unwrap().counts.iter().sum::<u32>(),
        history.events
    );
    let page = EventQuery {
        types: vec!["ItemAdded".to_owned()],
        offset: 1,
        limit: 1,
    };
    let page = desk.event_rows(history.history, &page).unwrap();
    assert_eq!(
        (page.total, page.rows.len(), page.rows[0].event_type.as_str()),
        (history.events, 1, "ItemAdded")
    );
    let detail = desk.event_detail(history.history, 1).unwrap();
    assert_eq!(detail.row.event_type, "OrderPlaced");
    assert!(detail.event_id.is_some() && detail.raw.len() > 5);

    desk.close_store(opened.session).unwrap();
    assert_eq!(
        desk.event_detail(history.history, 1).unwrap_err().code,
        ErrorCode::NotFound
    );
}

#[test]
fn numbers_and_order_of_a_payload_are_as_stored() {
    let Lab {
        desk, store, _folder, ..
    } = lab();
    let opened = desk.open_store(&store, None).unwrap();
    let history = desk
        .open_history(opened.session, "order-4711", None, None, quiet())
        .unwrap();
    let frame = desk.state_frame(history.history, &query(1, Lens::Payload, 1)).unwrap();
    let frame = StateFrame::decode(&frame).unwrap();
    let id = frame.rows.iter().find(|row| row.pointer == "/orderId").unwrap();
    assert_eq!(id.value, "9007199254750415");
    assert_eq!(frame.rows[0].pointer, "");
    let metadata = desk.state_frame(history.history, &query(2, Lens::Metadata, 1)).unwrap();
    assert!(
        StateFrame::decode(&metadata)
            .unwrap()
            .rows
            .iter()
            .any(|row| row.key == "correlationId")
    );
}

#[test]
fn every_window_of_rows_is_a_part_of_all_rows() {
    let Lab {
        desk,
        store,
        handlers,
        _folder,
    } = lab();
    let opened = desk.open_store(&store, None).unwrap();
    let history = desk
        .open_history(opened.session, "order-4712", None, Some(&handlers), quiet())
        .unwrap();
    for (seq, lens) in [(10, Lens::State), (1000, Lens::Diff), (2000, Lens::Blame)] {
        let all = StateFrame::decode(
            &desk
                .state_frame(
                    history.history,
                    &StateQuery {
                        base: Some(5),
                        row_count: u32::MAX,
                        ..query(seq, lens, history.events / 2)
                    },
                )
                .unwrap(),
        )
        .unwrap();
        assert_eq!(all.rows.len(), all.total_rows as usize);
        for first in (0..all.total_rows).step_by(7) {
            let part = StateQuery {
                base: Some(5),
                first_row: first,
                row_count: 9,
                ..query(seq + 1 + first, lens, history.events / 2)
            };
            let part = StateFrame::decode(&desk.state_frame(history.history, &part).unwrap()).unwrap();
            let end = (first as usize + 9).min(all.rows.len());
            assert_eq!(part.rows, all.rows[first as usize..end], "{lens:?} from {first}");
            assert_eq!(part.total_rows, all.total_rows);
        }
    }
}

#[test]
fn an_older_request_is_refused_and_a_label_is_never_of_another_moment() {
    let Lab {
        desk, store, _folder, ..
    } = lab();
    let opened = desk.open_store(&store, None).unwrap();
    let history = desk
        .open_history(opened.session, "order-4712", None, None, quiet())
        .unwrap();
    desk.state_frame(history.history, &query(5, Lens::State, 3)).unwrap();
    let error = desk
        .state_frame(history.history, &query(4, Lens::State, 2))
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::Cancelled);

    // Many requests at once: each is answered for its own moment, or cancelled.
    let (desk, number, events) = (&desk, history.history, history.events);
    std::thread::scope(|scope| {
        for seq in 6..60 {
            scope.spawn(move || {
                let moment = seq * 7919 % events;
                match desk.state_frame(number, &query(seq, Lens::State, moment)) {
                    Ok(bytes) => {
                        let frame = StateFrame::decode(&bytes).unwrap();
                        assert_eq!((frame.seq, frame.moment), (seq, moment));
                        assert_eq!(
                            frame.version,
                            if moment == 0 { String::new() } else { moment.to_string() }
                        );
                    }
                    Err(error) => assert_eq!(error.code, ErrorCode::Cancelled),
                }
            });
        }
    });
    let last = desk.state_frame(number, &query(60, Lens::State, events)).unwrap();
    assert_eq!(StateFrame::decode(&last).unwrap().moment, events);
}

#[test]
fn what_cannot_be_read_is_marked_from_there_on() {
    let Lab {
        desk,
        store,
        handlers,
        _folder,
    } = lab();
    let opened = desk.open_store(&store, None).unwrap();
    let history = desk
        .open_history(opened.session, "order-4713", None, Some(&handlers), quiet())
        .unwrap();
    let frame = desk
        .state_frame(history.history, &query(1, Lens::State, history.events))
        .unwrap();
    let since = StateFrame::decode(&frame).unwrap().incomplete_since;
    let malformed = history
        .findings
        .iter()
        .find(|finding| finding.code == "RF-EVENT-MALFORMED")
        .unwrap();
    assert_eq!(
        (malformed.count, malformed.version.as_deref()),
        (1, Some(since.as_str())),
        "known at the opening"
    );
    let page = desk
        .event_rows(
            history.history,
            &EventQuery {
                types: vec![],
                offset: 0,
                limit: 100,
            },
        )
        .unwrap();
    let marked: Vec<_> = page.rows.iter().filter(|row| !row.problems.is_empty()).collect();
    assert!(marked.iter().any(|row| row.version == since), "{since} {marked:?}");
    let moment = page.rows.iter().find(|row| row.version == since).unwrap().moment;
    assert!(
        desk.event_detail(history.history, moment)
            .unwrap()
            .undecodable
            .is_some()
    );
    let payload = desk
        .state_frame(history.history, &query(2, Lens::Payload, moment))
        .unwrap();
    let payload = StateFrame::decode(&payload).unwrap();
    assert!(
        payload.rows[0].value.contains("not well-formed JSON"),
        "{:?}",
        payload.rows
    );
    let before = desk
        .state_frame(history.history, &query(3, Lens::State, moment - 1))
        .unwrap();
    assert_eq!(StateFrame::decode(&before).unwrap().incomplete_since, "");
}

#[test]
fn errors_say_what_is_wrong_and_what_to_do() {
    let Lab {
        desk, store, _folder, ..
    } = lab();
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "no database").unwrap();
    let opened = desk.open_store(&store, None).unwrap();
    let history = desk
        .open_history(opened.session, "order-4711", None, None, quiet())
        .unwrap();
    let errors = [
        (
            desk.open_store(&text.display().to_string(), None).err(),
            ErrorCode::NoLayout,
        ),
        (desk.open_store("@orders-eu", None).err(), ErrorCode::NotFound),
        (desk.open_store("kafka://host/db", None).err(), ErrorCode::InvalidInput),
        (
            desk.open_history(opened.session, "order-0", None, None, quiet()).err(),
            ErrorCode::NotFound,
        ),
        (
            desk.open_history(opened.session, "order-4711", Some("soon"), None, quiet())
                .err(),
            ErrorCode::InvalidInput,
        ),
        (
            desk.open_history(opened.session, "order-4711", None, Some("/nowhere"), quiet())
                .err(),
            ErrorCode::InvalidInput,
        ),
        (desk.moment_of(history.history, "v").err(), ErrorCode::InvalidInput),
        (desk.event_detail(history.history, 0).err(), ErrorCode::InvalidInput),
        (
            desk.event_detail(history.history, 10_000).err(),
            ErrorCode::InvalidInput,
        ),
        (
            desk.streams(
                99,
                &StreamQuery {
                    selection: StreamSelection {
                        sort: StreamSort::Id,
                        ..StreamSelection::default()
                    },
                    limit: 1,
                    ..StreamQuery::default()
                },
            )
            .err(),
            ErrorCode::NotFound,
        ),
    ];
    for (error, code) in errors {
        let error = error.expect("it must fail");
        assert_eq!(error.code, code, "{error:?}");
        assert!(!error.message.is_empty() && !error.hint.is_empty(), "{error:?}");
        assert!(!error.message.ends_with('.') && !error.hint.ends_with('.'), "{error:?}");
    }
}

#[test]
fn cancelling_an_index_leaves_the_store_usable() {
    let Lab {
        desk, store, _folder, ..
    } = lab();
    let opened = desk.open_store(&store, None).unwrap();
    let error = desk
        .index_store(opened.session, &|update| desk.cancel_job(update.job))
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::Cancelled);
    assert!(desk.overview(opened.session).is_err());
    desk.index_store(opened.session, &|_| {}).unwrap();
    assert!(desk.overview(opened.session).unwrap().events > 0);
}

#[test]
fn the_count_by_category_says_how_far_it_is_and_can_be_stopped() {
    let Lab {
        desk, store, _folder, ..
    } = lab();
    let session = desk.open_store(&store, None).unwrap().session;
    desk.index_store(session, &|_| {}).unwrap();
    let error = desk
        .count_categories(session, &|update| desk.cancel_job(update.job))
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::Cancelled);
    let told = Mutex::new(Vec::new());
    desk.count_categories(session, &|update| told.lock().unwrap().push(update))
        .unwrap();
    let told = told.into_inner().unwrap();
    let events = desk.overview(session).unwrap().events;
    assert!(
        told.iter()
            .any(|update| update.phase == Some(PhaseWire::CountingEventsByCategory) && update.total == Some(events)),
        "{told:?}"
    );
    let asked = everything(Axis::Position, 10);
    let frame = desk.store_density(session, &asked, DensityBy::Category).unwrap();
    let counted: u32 = DensityFrame::decode(&frame).unwrap().counts.iter().sum();
    assert_eq!(counted, events);
}

#[test]
fn the_sample_is_made_once_and_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::at(Places::below(folder.path()), None);
    assert_eq!(desk.start().unwrap().sample, None);
    let error = desk.make_sample(&|update| desk.cancel_job(update.job)).unwrap_err();
    assert_eq!(error.code, ErrorCode::Cancelled);
    assert_eq!(desk.start().unwrap().sample, None, "nothing half-made is offered");
    let made = desk.make_sample(&|_| {}).unwrap();
    assert_eq!(desk.start().unwrap().sample.as_deref(), Some(made.as_str()));
    let written = std::fs::metadata(&made).unwrap().modified().unwrap();
    assert_eq!(desk.make_sample(&|_| {}).unwrap(), made);
    assert_eq!(std::fs::metadata(&made).unwrap().modified().unwrap(), written);
    assert!(desk.open_store(&made, None).unwrap().newest.len() == 100);
}
