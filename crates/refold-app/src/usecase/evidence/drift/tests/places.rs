//! Rows whose own place is not where their fields are, one example for each kind.

use refold_core::event::EventBatch;

use super::*;

/// A stream of three events and one of two, whose positions alternate.
fn two_streams() -> Vec<Told> {
    let told = |stream, column, value| Told {
        stream,
        patch: vec![(column, Some(value))],
    };
    vec![
        told(1, 0, 1),
        told(2, 0, 1),
        told(1, 1, 1),
        told(2, 1, 2),
        told(1, 2, 1),
    ]
}

/// The row of a stream that holds what it came to at this moment, and says this of itself.
fn row(stream: usize, held: usize, own: OwnCell) -> Row {
    let fields = histories(&two_streams())[&stream][held - 1].1.clone();
    Row { stream, own, fields }
}

fn finding<'a>(answer: &'a DriftAnswer, code: &str) -> (u32, &'a str) {
    let found = answer.findings.iter().find(|finding| finding.code == code);
    found.map_or((0, ""), |finding| (finding.count, finding.detail.as_str()))
}

#[test]
fn a_row_that_went_on_without_its_fields_lost_an_update() {
    let rows = [row(1, 1, OwnCell::At(3)), row(2, 1, OwnCell::At(1))];
    let answer = drifted(&two_streams(), &rows, By::Version, None);
    assert_eq!((answer.different, answer.lost_updates, answer.behind), (1, 1, 1));
    let lost: Vec<&Fault> = answer.faults.iter().filter(|fault| fault.lost_update).collect();
    let columns: Vec<Option<&str>> = lost.iter().map(|fault| fault.column.as_deref()).collect();
    assert_eq!(columns, [Some("label"), Some("open")], "each that lacks something");
    assert_eq!(
        (lost[0].at.as_deref(), lost[0].holds.as_deref()),
        (Some("3"), Some("1"))
    );
    assert_eq!(
        lost[0].why.as_deref(),
        Some(
            "a lost update: the row says that it is at v3, and holds what its stream came to at v1; v2 Type1 is the first \
             event that it lacks"
        )
    );
    // The other says truly that it is earlier than its stream.
    let late = answer
        .faults
        .iter()
        .find(|fault| fault.kind == FaultKind::Behind)
        .unwrap();
    assert_eq!((late.at.as_deref(), late.behind_by, &late.holds), (Some("1"), 1, &None));
}

#[test]
fn what_the_read_model_has_come_past_is_not_on_its_way_any_more() {
    let rows = [row(1, 2, OwnCell::At(2)), row(2, 1, OwnCell::At(1))];
    let of = |until| {
        let answer = drifted(&two_streams(), &rows, By::Version, until);
        (answer.equal, answer.behind, answer.lost_updates)
    };
    // Nobody says how far it is: both may be late.
    assert_eq!(of(None), (0, 2, 0));
    assert_eq!(of(Some(3)), (2, 0, 0), "the second of the one, the first of the other");
    assert_eq!(of(Some(4)), (1, 0, 1));
    let answer = drifted(&two_streams(), &rows, By::Version, Some(5));
    assert_eq!((answer.different, answer.lost_updates, answer.behind), (2, 2, 0));
    let is_of_second = |fault: &&Fault| {
        fault
            .stream
            .as_ref()
            .is_some_and(|stream| stream.to_string() == "order-2")
    };
    let lost = answer.faults.iter().find(is_of_second).unwrap();
    assert_eq!(
        lost.why.as_deref(),
        Some(
            "a lost update: the read model as a whole has come past v2 Type1, and the row holds what its stream came to at v1"
        )
    );
    // A projection need not write where an event changes nothing that the row has.
    let told = |patch| Told { stream: 1, patch };
    let idle = [told(vec![(0, Some(1))]), told(vec![])];
    let fields = histories(&idle)[&1][0].1.clone();
    let own = OwnCell::At(1);
    let row = Row { stream: 1, own, fields };
    let answer = drifted(&idle, &[row], By::Version, Some(2));
    assert_eq!((answer.equal, answer.different, answer.behind), (1, 0, 0));
}

#[test]
fn rows_that_are_wrong_say_how_far_the_read_model_is_too() {
    let told = |stream| Told {
        stream,
        patch: vec![(0, Some(stream as u8))],
    };
    let events = [told(1), told(2), told(3), told(4)];
    let right = |stream: usize| Row {
        stream,
        own: OwnCell::At(1),
        fields: histories(&events)[&stream][0].1.clone(),
    };
    let wrong = |stream| {
        let mut row = right(stream);
        row.fields.insert(COLUMNS[0], literal(0, 9));
        row
    };
    // The last row says that the read model has come past the first event of the stream that has none.
    let answer = drifted(&events, &[right(1), wrong(3)], By::Version, None);
    assert_eq!((answer.missing, answer.different), (1, 1));
    let missing = answer
        .faults
        .iter()
        .find(|fault| fault.kind == FaultKind::Missing)
        .unwrap();
    assert_eq!(missing.stream.as_ref().unwrap().to_string(), "order-2");
}

#[test]
fn a_row_is_told_of_by_what_it_says_itself() {
    let (first, last) = (
        "holds what its stream came to at v1",
        "; v2 Type1 is the first event that it lacks",
    );
    for (by, own, said) in [
        (By::Version, 3, "v3".to_owned()),
        (By::Position, 5, "#5, which is v3".to_owned()),
        (
            By::Time,
            time_of(5).0,
            format!("{}, which is v3", text::time_label(time_of(5), 9)),
        ),
    ] {
        let answer = drifted(&two_streams(), &[row(1, 1, OwnCell::At(own))], by, None);
        let lost = answer.faults.iter().find(|fault| fault.lost_update).unwrap();
        let why = format!("a lost update: the row says that it is at {said}, and {first}{last}");
        assert_eq!(lost.why.as_deref(), Some(why.as_str()));
    }
}

#[test]
fn a_row_at_an_event_that_its_stream_does_not_have_is_unplaced_whatever_it_holds() {
    for (by, own, why) in [
        (
            By::Version,
            4,
            "the row says that it is at v4, and its stream ends at v3",
        ),
        (
            By::Version,
            0,
            "the row says that it is at v0, and its stream begins at v1",
        ),
        (
            By::Position,
            4,
            "the row says that it is at #4, which is an event of order-2",
        ),
        (
            By::Position,
            6,
            "the row says that it is at #6, and the store ends at #5",
        ),
        (
            By::Position,
            0,
            "the row says that it is at #0, which no event of the store has",
        ),
    ] {
        // As far as its stream goes, so that it would be equal anywhere else.
        let answer = drifted(&two_streams(), &[row(1, 3, OwnCell::At(own))], by, None);
        let fault = answer.faults.iter().find(|fault| fault.kind == FaultKind::Unplaced);
        assert_eq!(fault.and_then(|fault| fault.why.as_deref()), Some(why));
        assert_eq!((answer.unplaced, answer.equal, answer.different), (1, 0, 0));
    }
    let between = numbered(&two_streams(), 2);
    let answer = drifted_in(&between, &[row(1, 3, OwnCell::At(5))], By::Version, None, 10);
    assert_eq!(
        answer.faults.iter().find_map(|fault| fault.why.as_deref()),
        Some("the row says that it is at v5, and v6 follows on v4 there")
    );
}

#[test]
fn events_without_a_version_are_no_end_and_no_beginning() {
    let mut events = stored_events(&two_streams(), 1);
    // The second of three, which a store without an order of its own puts first.
    events[2].version = EventBatch::NO_VERSION;
    let session = of_events(events);
    for (own, why) in [
        (0, "the row says that it is at v0, and its stream begins at v1"),
        (2, "the row says that it is at v2, and v3 follows on v1 there"),
        (4, "the row says that it is at v4, and its stream ends at v3"),
    ] {
        let answer = drifted_in(&session, &[row(1, 3, OwnCell::At(own))], By::Version, None, 10);
        let fault = answer.faults.iter().find(|fault| fault.kind == FaultKind::Unplaced);
        assert_eq!(fault.and_then(|fault| fault.why.as_deref()), Some(why));
    }
}

#[test]
fn what_a_row_says_of_itself_and_nobody_can_read_is_named() {
    let rows = [
        row(1, 3, OwnCell::Garbage("\"seven\"")),
        row(2, 1, OwnCell::Garbage("1e30")),
    ];
    let answer = drifted(&two_streams(), &rows, By::Version, None);
    assert_eq!((answer.equal, answer.unclear, answer.behind), (1, 1, 0));
    assert_eq!(
        finding(&answer, "row-position-unreadable"),
        (
            2,
            "own is no whole number in 1 (\"seven\"), 2 (1e30): the fields are compared without it"
        )
    );
    let why = answer.faults[0].why.as_deref().unwrap();
    assert!(
        why.contains("cannot be read, and it holds what its stream came to at v1"),
        "{why}"
    );

    // Nothing is nothing: nobody says how far it is, and it may be late.
    let answer = drifted(
        &two_streams(),
        &[row(1, 3, OwnCell::At(3)), row(2, 1, OwnCell::Garbage("null"))],
        By::Version,
        None,
    );
    assert_eq!((answer.equal, answer.unclear, answer.behind), (1, 0, 1));
    assert!(
        finding(&answer, "row-without-position")
            .1
            .starts_with("own is empty in 2, so")
    );
}

#[test]
fn a_read_model_that_knows_more_than_the_store_is_said_once() {
    let told = |stream| Told {
        stream,
        patch: vec![(0, Some((stream % 4) as u8))],
    };
    // What the projection read, and what a backup of the store still has.
    let all: Vec<Told> = (0..900_usize).map(|at| told(at % 300)).collect();
    let backup = all[..750].to_vec();
    let rows: Vec<Row> = histories(&all)
        .iter()
        .map(|(stream, history)| Row {
            stream: *stream,
            own: OwnCell::At(history.len() as i64),
            fields: history[history.len() - 1].1.clone(),
        })
        .collect();
    for most_faults in [2, 1_000] {
        let answer = drifted_in(&session(&backup), &rows, By::Version, None, most_faults);
        assert_eq!((answer.unplaced, answer.past_end, answer.equal), (150, 150, 150));
        assert_eq!(answer.different, 0, "their fields are compared with nothing");
        assert_eq!(
            finding(&answer, "read-model-ahead"),
            (
                150,
                "the read model knows events that this store does not have (150 at v3, 151 at v3, 152 at v3): is the store an \
                 older copy, restored from a backup, or another one?"
            )
        );
        assert_eq!(answer.distinguishing, [], "no event made them so");
        assert_eq!(answer.faults.len(), most_faults.min(150));
    }
}

#[test]
fn a_time_that_falls_on_a_full_second_by_chance_is_no_time_in_seconds() {
    // Events 9 and 10 are 0.7 seconds apart, and the later one is at a full second.
    let events: Vec<Told> = (1..=10)
        .map(|position| Told {
            stream: if position < 9 { 2 } else { 1 },
            patch: vec![(0, Some(position))],
        })
        .collect();
    let held = |stream: usize, held: usize, position: i64| Row {
        stream,
        own: OwnCell::At(time_of(position).0),
        fields: histories(&events)[&stream][held - 1].1.clone(),
    };
    assert_eq!(time_of(10).0 % 1_000_000_000, 0);
    let lost = held(1, 1, 10);
    let answer = drifted(&events, &[lost.clone(), held(2, 8, 8)], By::Time, None);
    assert_eq!((answer.lost_updates, answer.behind, answer.equal), (1, 0, 1));
    // Where no time is written more exactly, it may mean either.
    let answer = drifted(&events, &[lost], By::Time, None);
    assert_eq!((answer.lost_updates, answer.behind), (0, 1));
}

#[test]
fn a_checkpoint_that_is_taken_for_the_place_of_each_row_is_said_once() {
    let told = |stream| Told {
        stream,
        patch: vec![(0, Some(1))],
    };
    let events: Vec<Told> = two_streams().into_iter().chain([told(3)]).collect();
    // What a stream came to, and the position of the last event that the projection had read.
    let row = |stream: usize, own: i64| Row {
        stream,
        own: OwnCell::At(own),
        fields: histories(&events)[&stream].last().unwrap().1.clone(),
    };
    for (rows, by, said) in [
        // Of its own stream, of another one, and of another one.
        (vec![row(1, 5), row(2, 5), row(3, 5)], By::Position, 2),
        // Of its own stream, of its own, and of another one.
        (vec![row(1, 5), row(2, 4), row(3, 5)], By::Position, 0),
        // Past the end is another matter.
        (vec![row(1, 9), row(2, 9), row(3, 9)], By::Position, 0),
        // A version is of its stream.
        (vec![row(1, 0), row(2, 0), row(3, 0)], By::Version, 0),
    ] {
        for most_faults in [0, 1_000] {
            let answer = drifted_in(&session(&events), &rows, by, None, most_faults);
            assert_eq!(finding(&answer, "checkpoint-in-rows").0, said, "{rows:?}");
        }
    }
}
