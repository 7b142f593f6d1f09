use refold_core::event::EventBatch;

use super::*;

fn without(part: EventPart) -> StoresAsked {
    StoresAsked {
        ignored: vec![part],
        ..BYTES
    }
}

#[test]
fn a_copy_is_the_same() {
    let answer = compared(store(10), store(10), &BYTES);
    assert_eq!(answer.outcome, "same");
    assert_eq!(answer.sentence, "the two hold the same: 30 events in 3 streams");
    assert_eq!((answer.order.same, answer.order.events), (Some(true), 30));
    assert_eq!(compared(Vec::new(), Vec::new(), &BYTES).outcome, "same");
}

#[test]
fn each_part_of_an_event_is_named_where_it_differs() {
    type Change = fn(&mut MemoryEvent);
    let changes: [(&str, Change); 5] = [
        ("type", |event| event.event_type = b"Other".to_vec()),
        ("payload", |event| event.payload = Some(b"{}".to_vec())),
        ("metadata", |event| event.metadata = None),
        ("recorded", |event| event.recorded_at = Timestamp(1)),
        ("version", |event| event.version = Version(-1)),
    ];
    for (part, change) in changes {
        let mut right = store(10);
        // The first of its stream, so that its version stays below the next one.
        change(&mut right[0]);
        let answer = compared(store(10), right.clone(), &BYTES);
        assert_eq!(told(&answer), [format!("order-0 changed {part}")]);
        assert_eq!((answer.events.equal, answer.events.different), (29, 1), "{part}");
        let parts: Vec<_> = answer.parts.iter().map(|of| (of.part.word(), of.events)).collect();
        assert_eq!(parts, [(part, 1)]);
        let ignored = without(EventPart::of_word(part).unwrap());
        assert_eq!(compared(store(10), right, &ignored).outcome, "same", "{part}");
    }
}

#[test]
fn what_is_missing_is_missing_where_it_was() {
    // Of order-0 the first, one in between, the last.
    for (at, kind) in [(0, "missing"), (12, "missing"), (27, "right_behind")] {
        let mut copy = store(10);
        copy.remove(at);
        let answer = compared(store(10), copy.clone(), &BYTES);
        assert_eq!(told(&answer), [format!("order-0 {kind} ")]);
        let events = &answer.events;
        assert_eq!((events.equal, events.only_left, events.different), (29, 1, 0));
        let first = answer.differing[0].first.as_ref().unwrap();
        assert_eq!(first.left.as_ref().unwrap().position, ((at + 1) * 10).to_string());
        assert!(first.right.is_none());
        let turned = compared(copy, store(10), &BYTES);
        assert_eq!((turned.events.only_left, turned.events.only_right), (0, 1));
    }
}

/// A library that numbers what is behind an event anew when it is taken out.
#[test]
fn what_was_numbered_anew_is_found_by_what_it_says() {
    let mut right = store(10);
    right.remove(12);
    for event in &mut right {
        if event.stream == b"order-0" && event.version > Version(5) {
            event.version = Version(event.version.0 - 1);
        }
    }
    let answer = compared(store(10), right.clone(), &BYTES);
    assert_eq!(
        (answer.events.equal, answer.events.only_left, answer.events.different),
        (24, 1, 5)
    );
    let answer = compared(store(10), right, &without(EventPart::Version));
    assert_eq!(
        (answer.events.equal, answer.events.only_left, answer.events.different),
        (29, 1, 0)
    );
}

#[test]
fn other_order_is_told_within_a_stream_and_between_streams() {
    let exchanged = |mut events: Vec<MemoryEvent>, a: usize, b: usize| {
        (events[a].position, events[b].position) = (events[b].position, events[a].position);
        events
    };
    let unversioned = |mut events: Vec<MemoryEvent>| {
        events
            .iter_mut()
            .for_each(|event| event.version = EventBatch::NO_VERSION);
        events
    };
    let within_one = compared(unversioned(store(10)), unversioned(exchanged(store(10), 3, 6)), &BYTES);
    assert_eq!(told(&within_one), ["order-0 order order"]);
    assert_eq!((within_one.events.equal, within_one.events.different), (29, 1));

    let between = compared(store(10), exchanged(store(10), 3, 4), &BYTES);
    assert_eq!((between.outcome, between.differing_count), ("different", 0));
    assert_eq!((between.order.same, between.order.events), (Some(false), 3));
    let positions = [&between.order.left_position, &between.order.right_position];
    assert_eq!(positions.map(|it| it.as_deref()), [Some("40"), Some("40")]);

    let ignored = compared(store(10), exchanged(store(10), 3, 4), &without(EventPart::Position));
    assert_eq!(
        (ignored.outcome, ignored.order.not_compared),
        ("same", Some("it does not count"))
    );
}

#[test]
fn a_stream_under_another_id_is_found() {
    let mut right = store(10);
    for event in &mut right {
        if event.stream == b"order-1" {
            event.stream = b"cart-1".to_vec();
        }
    }
    let answer = compared(store(10), right, &BYTES);
    let streams = &answer.streams;
    assert_eq!((streams.only_left, streams.only_right, streams.renamed), (1, 1, 1));
    let renamed = answer
        .differing
        .iter()
        .map(|of| format!("{} {}", of.stream, of.renamed.as_ref().unwrap()));
    assert_eq!(renamed.collect::<Vec<_>>(), ["order-1 cart-1", "cart-1 order-1"]);
}

#[test]
fn what_cannot_be_read_is_never_called_equal() {
    let mut events = store(10);
    events[4].payload = Some(Vec::new());
    events[4].encoding = Encoding::Opaque;
    let answer = compared(events.clone(), events.clone(), &BYTES);
    assert_eq!((answer.outcome, answer.events.equal), ("unclear", 29));
    assert_eq!((answer.events.unclear_left, answer.events.unclear_right), (1, 1));
    assert_eq!(told(&answer), ["order-1 unclear "]);
    // Bytes that nobody can decode are the same bytes; what they mean nobody knows.
    events[4].payload = Some(b"\x01\x02".to_vec());
    assert_eq!(compared(events.clone(), events.clone(), &BYTES).outcome, "same");
    let meaning = StoresAsked {
        by: By::Meaning,
        ..BYTES
    };
    assert_eq!(compared(events.clone(), events.clone(), &meaning).outcome, "unclear");
    // What does not count need not be read.
    let ignored = StoresAsked {
        by: By::Meaning,
        ..without(EventPart::Payload)
    };
    assert_eq!(compared(events.clone(), events, &ignored).outcome, "same");
}

#[test]
fn only_what_is_known_to_differ_is_said_to() {
    let unreadable = |mut events: Vec<MemoryEvent>| {
        for at in [4, 5] {
            events[at].payload = Some(Vec::new());
            events[at].encoding = Encoding::Opaque;
        }
        events
    };
    let mut changed = unreadable(store(10));
    changed[0].payload = Some(b"{}".to_vec());
    let answer = compared(unreadable(store(10)), changed, &BYTES);
    assert_eq!((answer.streams.changed, answer.streams.unclear), (1, 2));
    assert_eq!(answer.sentence, "the two DIFFER in 1 stream, 2 unclear");

    let unclear = compared(unreadable(store(10)), unreadable(store(10)), &BYTES);
    assert_eq!(
        unclear.sentence,
        "NOT CLEAR whether the two hold the same: 28 events and 1 whole stream are the same"
    );
    let mut exchanged = unreadable(store(10));
    (exchanged[0].position, exchanged[1].position) = (exchanged[1].position, exchanged[0].position);
    let other_order = compared(unreadable(store(10)), exchanged, &BYTES);
    assert_eq!(
        (other_order.outcome, other_order.sentence.as_str()),
        (
            "different",
            "the two hold what both share in another order; 2 streams unclear"
        )
    );
}

/// What is held in memory at once is less than any stream: as a stream of a million events is compared.
#[test]
fn behind_what_is_missing_of_a_giant_stream_all_is_found() {
    let mut copy = store(10);
    copy.remove(12);
    let answer = within(store(10), copy.clone(), &BYTES, 0);
    assert_eq!(told(&answer), ["order-0 missing "]);
    let events = &answer.events;
    assert_eq!((events.equal, events.only_left, events.different), (29, 1, 0));
    assert!(!answer.differing[0].by_place);
    let turned = within(copy.clone(), store(10), &BYTES, 0);
    assert_eq!((turned.events.only_left, turned.events.only_right), (0, 1));

    // No numbers say which is which: the ones behind it are compared by their places, and that is said.
    let unversioned = |mut events: Vec<MemoryEvent>| {
        events
            .iter_mut()
            .for_each(|event| event.version = EventBatch::NO_VERSION);
        events
    };
    for (left, right, asked) in [
        (unversioned(store(10)), unversioned(copy.clone()), BYTES),
        (store(10), copy, without(EventPart::Version)),
    ] {
        let answer = within(left, right, &asked, 0);
        let events = &answer.events;
        assert_eq!((events.equal, events.only_left, events.different), (24, 1, 5));
        assert!(answer.differing[0].by_place);
    }
}
