//! Whole sessions of a person at the window's side and at the command line.

use std::path::Path;

use refold_app::wire::{
    Axis, DensityBy, DensityQuery, EventQuery, Lens, SearchDirection, StateQuery, StreamQuery, StreamSelection,
    StreamSort,
};
use refold_app::{Desk, Places};
use refold_tests::Refold;

/// Opens the store, looks at everything there is to look at, and closes it. Returns how many events there were.
/// `during` is called while store and history are open.
pub fn at_the_window(store: &Path, during: &dyn Fn()) -> u32 {
    let home = tempfile::tempdir().expect("a home for the window");
    let desk = Desk::at(Places::below(home.path()), None);
    let fail = |error: refold_app::AppError| -> ! { panic!("{error} ({}): {}", error.hint, store.display()) };
    let location = store.to_str().expect("paths of tests are UTF-8");
    let opened = desk.open_store(location, None).unwrap_or_else(|error| fail(error));
    let session = opened.session;
    desk.index_store(session, &|_| {}).unwrap_or_else(|error| fail(error));
    let overview = desk.overview(session).unwrap_or_else(|error| fail(error));
    for sort in [StreamSort::Id, StreamSort::Events, StreamSort::Last] {
        let query = StreamQuery {
            selection: StreamSelection {
                sort,
                descending: true,
                ..StreamSelection::default()
            },
            limit: 50,
            ..StreamQuery::default()
        };
        let page = desk.streams(session, &query).unwrap_or_else(|error| fail(error));
        assert_eq!(page.total, overview.streams);
    }
    for axis in [Axis::Time, Axis::Position] {
        desk.store_density(session, &density(axis), DensityBy::Category)
            .unwrap_or_else(|error| fail(error));
    }
    assert!(
        !desk
            .find(session, "4711", 5)
            .unwrap_or_else(|error| fail(error))
            .is_empty()
    );
    let history = desk
        .open_history(
            session,
            "order-4711",
            Some("2026-08-03 14:00"),
            None,
            std::sync::Arc::new(|_| {}),
        )
        .unwrap_or_else(|error| fail(error));
    during();
    let events = EventQuery {
        types: Vec::new(),
        offset: 0,
        limit: 1_000,
    };
    let page = desk
        .event_rows(history.history, &events)
        .unwrap_or_else(|error| fail(error));
    assert_eq!(page.total, history.events);
    for axis in [Axis::Time, Axis::Version] {
        desk.history_density(history.history, &density(axis))
            .unwrap_or_else(|error| fail(error));
    }
    let mut seq = 0;
    for moment in (0..=history.events).rev() {
        for lens in [Lens::State, Lens::Diff, Lens::Blame, Lens::Payload, Lens::Metadata] {
            if moment == 0 && matches!(lens, Lens::Payload | Lens::Metadata) {
                continue;
            }
            seq += 1;
            let query = StateQuery {
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
            };
            desk.state_frame(history.history, &query)
                .unwrap_or_else(|error| fail(error));
        }
        if moment > 0 {
            desk.event_detail(history.history, moment)
                .unwrap_or_else(|error| fail(error));
        }
    }
    desk.moment_of(history.history, "-1s")
        .unwrap_or_else(|error| fail(error));
    desk.next_change(history.history, "/address/street", 1, SearchDirection::Forward)
        .unwrap_or_else(|error| fail(error));
    desk.close_history(history.history).unwrap_or_else(|error| fail(error));
    desk.close_store(session).unwrap_or_else(|error| fail(error));
    overview.events
}

fn density(axis: Axis) -> DensityQuery {
    DensityQuery {
        axis,
        from: String::new(),
        to: String::new(),
        columns: 60,
    }
}

/// Every command, once for people and once as JSON; what is made goes into the program's home.
/// Returns how many events there were.
pub fn at_the_command_line(refold: &Refold, store: &Path) -> u32 {
    let location = store.to_str().expect("paths of tests are UTF-8");
    let made = refold.home().join("made");
    std::fs::create_dir_all(&made).expect("a folder for what is made");
    let (svg, handler) = (made.join("timeline.svg"), made.join("handler"));
    let text = |path: &Path| path.display().to_string();
    let calls: Vec<(i32, Vec<String>)> = [
        (0, "info STORE"),
        (0, "streams STORE --sort last --limit 1000"),
        (0, "history STORE order-4711"),
        (0, "search STORE Bahnhofstrasse"),
        (0, "search STORE Bahnhofstrasse --copy"),
        (0, "state STORE order-4711 --at 2026-08-03T14:00:00Z"),
        (1, "diff STORE order-4711 --from v2 --to head"),
        (0, "blame STORE order-4711 --path /address"),
        (0, "timeline STORE"),
        (0, "timeline STORE order-4711 --svg SVG"),
        (0, "new-handler STORE --category order --out HANDLER"),
        (0, "state STORE order-4711 --handler HANDLER"),
        (2, "state STORE nobody"),
    ]
    .into_iter()
    .map(|(code, line)| {
        let word = |word: &str| match word {
            "STORE" => location.to_owned(),
            "SVG" => text(&svg),
            "HANDLER" => text(&handler),
            other => other.to_owned(),
        };
        (code, line.split(' ').map(word).collect())
    })
    .collect();
    let mut events = None;
    for way in [&["--json"][..], &[]] {
        if handler.exists() {
            std::fs::remove_dir_all(&handler).expect("the handler made before goes");
        }
        for (code, call) in &calls {
            let arguments: Vec<&str> = way.iter().copied().chain(call.iter().map(String::as_str)).collect();
            let answer = refold.run(&arguments);
            assert_eq!(answer.code, *code, "{arguments:?}: {answer:?}");
            if way == ["--json"] && call[0] == "info" {
                let answer: serde_json::Value = serde_json::from_str(&answer.out).expect("info answers JSON");
                events = answer["events"].as_u64();
            }
        }
    }
    events
        .and_then(|events| u32::try_from(events).ok())
        .expect("info counts events")
}
