//! Rows that nothing can be told of in passing, and all that comes of looking at them one by one.

use std::sync::mpsc;
use std::time::Duration;

use super::distinguishing::FirstStreams;
use super::passing::Passed;
use super::*;

fn told(stream: usize) -> Told {
    Told {
        stream,
        patch: vec![(0, Some(1))],
    }
}

/// The rows of these streams, each as far as its stream goes.
fn rows(events: &[Told], streams: impl IntoIterator<Item = usize>) -> Vec<Row> {
    let histories = histories(events);
    let row = |stream: usize| Row {
        stream,
        own: OwnCell::At(histories[&stream].len() as i64),
        fields: histories[&stream].last().unwrap().1.clone(),
    };
    streams.into_iter().map(row).collect()
}

/// The events of these places cannot be read; they set nothing that could be.
fn malformed(events: &[Told], places: &[usize]) -> Session {
    let mut events = stored_events(events, 1);
    for place in places {
        events[*place].payload = Some(b"{".to_vec());
    }
    of_events(events)
}

fn nothing(stream: usize) -> Told {
    Told {
        stream,
        patch: Vec::new(),
    }
}

#[test]
fn a_row_that_is_right_for_all_that_can_be_read_says_how_far_the_read_model_is() {
    // Between the two streams without a row; the second one is later than all that rows reflect.
    let events = [told(0), told(1), nothing(1), told(2)];
    let session = malformed(&events, &[2]);
    let all = rows(&events, [1]);
    for (by, own, behind) in [(By::Nobody, 0, 1), (By::Version, 2, 1), (By::Version, 1, 2)] {
        let row = Row {
            own: OwnCell::At(own),
            ..all[0].clone()
        };
        let answer = drifted_in(&session, &[row], by, None, 1_000);
        assert_eq!((answer.missing, answer.behind, answer.equal), (1, behind, 2 - behind));
        let reflected = if own == 1 { "2" } else { "3" };
        assert_eq!(answer.position.as_deref(), Some(reflected), "{by:?} {own}");
    }
}

#[test]
fn what_distinguishes_wrong_rows_is_asked_of_all_right_ones() {
    // The rows of the first streams are wrong; of the last ones the second event cannot be read.
    let events: Vec<Told> = (0..60).map(told).chain((40..60).map(nothing)).collect();
    let mut events_of = stored_events(&events, 1);
    for event in &mut events_of {
        match event.position.0 {
            1..=20 => event.event_type = b"Wrong".to_vec(),
            61.. => event.payload = Some(b"{".to_vec()),
            _ => {}
        }
    }
    let mut rows = rows(&events, 0..60);
    for row in &mut rows[..20] {
        row.fields.insert("label", "\"wrong\"".to_owned());
    }
    let answer = drifted_in(&of_events(events_of), &rows, By::Nobody, None, 1_000);
    assert_eq!((answer.different, answer.equal), (20, 40));
    assert_eq!(answer.distinguishing[0].attribute, "event type");
    for of in &answer.distinguishing {
        assert_eq!((of.wrong_of, of.right_of), (20, 40), "{of:?}");
    }
}

#[test]
fn the_first_streams_are_the_same_in_whatever_order_they_come() {
    let id = |number: usize| format!("{number:06}").into_bytes();
    let mut up = FirstStreams::default();
    let (mut some, mut others) = (FirstStreams::default(), FirstStreams::default());
    for number in 0..50_000 {
        up.add(&id(number));
        let mixed = number * 7_919 % 50_000;
        let to = if mixed % 3 == 0 { &mut some } else { &mut others };
        to.add(&id(mixed));
    }
    let up = up.into_ids();
    assert_eq!((up.len(), up.last()), (20_000, Some(&id(19_999))));
    assert_eq!(some.and(others).into_ids(), up);
}

#[test]
fn what_ends_all_who_explain_rows_ends_the_reading_too() {
    // More than wait at a time, and a stream that nobody can load.
    let passed = Passed {
        suspects: (0..1_000).map(|row| (row, b"order-none".to_vec())).collect(),
        ..Passed::default()
    };
    let (send, outcome) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let events = [told(0)];
        let (session, folder) = (session(&events), tempfile::tempdir().unwrap());
        let model = written(folder.path(), &rows(&events, std::iter::repeat_n(0, 1_000)), By::Nobody);
        let cancel = CancelToken::default();
        let work = Work::new(&cancel, &Silent);
        let opened = Opened::open(&work, &session, &asked_of(&model)).unwrap();
        let held = HeldRows::read(&work, &opened.rows, &opened.mapping).unwrap();
        let program = session.adopted(None).unwrap();
        let asked = Asked {
            session: &session,
            program: program.as_ref(),
            mapping: &opened.mapping,
            unit: held.unit,
            is_csv: false,
            until: None,
            end: None,
        };
        let told = Telling::new(&asked, &opened.rows, &held, 1_000).tell(&work, &passed);
        let _ = send.send(told.map(|_| ()));
    });
    let told = outcome
        .recv_timeout(Duration::from_secs(120))
        .expect("it waits for good");
    let error = told.unwrap_err();
    assert!(
        error.message.contains("order-none"),
        "why they ended: {}",
        error.message
    );
}

#[test]
fn all_faults_there_are_can_be_asked_for() {
    let events = [told(0), told(0), told(1)];
    let rows = rows(&events, 0..2);
    let mut late = rows.clone();
    late[0].own = OwnCell::At(1);
    let answer = drifted_in(&session(&events), &late, By::Version, None, usize::MAX);
    assert_eq!((answer.equal, answer.behind, answer.faults.len()), (1, 1, 1));
}
