use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use refold_core::event::{Encoding, Version};
use refold_core::work::{CancelToken, Silent};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;

const HOUR: i64 = 3_600_000_000_000;

fn event() -> impl Strategy<Value = (u8, u8, i64, u8, Option<u8>, u8)> {
    (
        0_u8..4,
        0_u8..3,
        0_i64..60,
        0_u8..70,
        prop::option::of(0_u8..3),
        0_u8..12,
    )
}

fn events(rows: Vec<(u8, u8, i64, u8, Option<u8>, u8)>) -> Vec<MemoryEvent> {
    let rows = rows.into_iter().zip(1_i64..);
    let events = rows.map(
        |((stream, event_type, hour, wide, host, broken), position)| MemoryEvent {
            position: Position(position),
            stream: format!("s-{stream}").into_bytes(),
            category: format!("c{}", stream % 2).into_bytes(),
            version: Version(position),
            event_type: format!("T{event_type}").into_bytes(),
            recorded_at: Timestamp(1_700_000_000_000_000_000 + hour * HOUR),
            payload: Some(match broken {
                0 => b"{\"half\":".to_vec(),
                _ => {
                    format!("{{\"wide\":{wide},\"kind\":\"k{event_type}\",\"items\":[{{\"n\":{stream}}},{{\"n\":1}}]}}")
                        .into_bytes()
                }
            }),
            encoding: Encoding::Json,
            metadata: host.map(|host| format!("{{\"host\":\"h{host}\"}}").into_bytes()),
        },
    );
    events.collect()
}

fn session(events: Vec<MemoryEvent>, cache: &std::path::Path) -> Session {
    let session = Session::of_store(std::sync::Arc::new(MemoryStore::new("range", events)), "memory", cache);
    with_work(|work| session.build_index(work)).unwrap();
    session
}

fn with_work<T>(run: impl FnOnce(&Work<'_>) -> T) -> T {
    run(&Work::new(&CancelToken::default(), &Silent))
}

/// The attributes of one event, the slow way: an event has each value once.
fn values_of(event: &MemoryEvent) -> BTreeSet<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let hour = event.recorded_at.0.div_euclid(HOUR).rem_euclid(24);
    let mut values = BTreeSet::from([
        ("type".to_owned(), text(&event.event_type)),
        ("category".to_owned(), text(&event.category)),
        ("stream".to_owned(), text(&event.stream)),
        ("hour".to_owned(), format!("{hour:02}")),
    ]);
    fn walk(value: &serde_json::Value, path: String, values: &mut BTreeSet<(String, String)>) {
        match value {
            serde_json::Value::Object(members) => members
                .iter()
                .for_each(|(key, member)| walk(member, format!("{path}.{key}"), values)),
            serde_json::Value::Array(elements) => {
                elements
                    .iter()
                    .for_each(|element| walk(element, format!("{path}[]"), values));
            }
            leaf => drop(values.insert((path, leaf.to_string()))),
        }
    }
    for (name, bytes) in [("data", &event.payload), ("metadata", &event.metadata)] {
        if let Some(Ok(value)) = bytes.as_deref().map(serde_json::from_slice) {
            walk(&value, name.to_owned(), &mut values);
        }
    }
    values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Where the sample is all there is, every count is what a loop over all events finds, of every attribute the value
    /// that differs most is named, and they are ranked by how much.
    #[test]
    fn it_equals_a_loop_over_all_events(
        rows in prop::collection::vec(event(), 2..160),
        (a, b) in (0_i64..170, 0_i64..170),
        is_time in any::<bool>(),
    ) {
        let events = events(rows);
        let query = if is_time {
            let place = |hour: i64| text::time_label(Timestamp(1_700_000_000_000_000_000 + hour * HOUR), 9);
            RangeQuery { axis: Axis::Time, from: place(a.min(b) % 60), to: place(a.min(b) % 60 + 1 + a.max(b) % 50) }
        } else {
            RangeQuery { axis: Axis::Position, from: a.min(b).to_string(), to: (a.max(b) + 1).to_string() }
        };
        let is_inside = |event: &MemoryEvent| {
            let bound = |text: &str| if is_time { Timestamp::parse(text).unwrap().0 } else { text.parse().unwrap() };
            let place = if is_time { event.recorded_at.0 } else { event.position.0 };
            (bound(&query.from)..bound(&query.to)).contains(&place)
        };
        let (inside, outside): (Vec<_>, Vec<_>) = events.iter().partition(|event| is_inside(event));
        let cache = tempfile::tempdir().unwrap();
        let session = session(events.clone(), cache.path());
        let found = with_work(|work| distinguish(work, &session, &query, 1_000));
        if inside.is_empty() || outside.is_empty() {
            prop_assert_eq!(found.unwrap_err().code, crate::ErrorCode::InvalidInput);
            return Ok(());
        }
        let found = found.unwrap();
        let facts = with_work(|work| facts(work, &session, &query)).unwrap();
        prop_assert_eq!(&found.facts, &facts);
        prop_assert_eq!(facts.events as usize, inside.len());
        let distinct = |of: fn(&MemoryEvent) -> &Vec<u8>| inside.iter().map(|event| of(event)).collect::<BTreeSet<_>>().len();
        prop_assert_eq!(facts.streams as usize, distinct(|event| &event.stream));
        prop_assert_eq!(facts.types as usize, distinct(|event| &event.event_type));
        prop_assert!(found.sample_is_whole);
        let broken = events.iter().filter(|event| event.payload.as_deref().is_some_and(|text| text.ends_with(b":")));
        prop_assert_eq!(found.unreadable_events as usize, broken.count());

        let mut counts: BTreeMap<String, BTreeMap<String, (u32, u32)>> = BTreeMap::new();
        for event in &events {
            for (name, value) in values_of(event) {
                let (inside, outside) = counts.entry(name).or_default().entry(value).or_default();
                *if is_inside(event) { inside } else { outside } += 1;
            }
        }
        let says_when = is_time && {
            let bound = |text: &str| Timestamp::parse(text).unwrap().0;
            bound(&query.to) - bound(&query.from) < 24 * HOUR
        };
        counts.retain(|name, values| {
            let is_indexed = ["type", "category", "stream", "hour"].contains(&name.as_str());
            values.len() <= 50 && !(is_indexed && values.len() < 2) && !(name == "hour" && says_when)
        });
        let of = (found.facts.events, found.rest_events);
        prop_assert_eq!(of, (inside.len() as u32, outside.len() as u32));
        let names: BTreeSet<&String> = found.attributes.iter().map(|attribute| &attribute.name).collect();
        prop_assert_eq!(names, counts.keys().collect::<BTreeSet<_>>());
        let mut before = f64::INFINITY;
        for attribute in &found.attributes {
            let values = &counts[&attribute.name];
            prop_assert_eq!((attribute.inside, attribute.outside), values[&attribute.value], "{:?}", attribute);
            prop_assert_eq!((attribute.inside_of, attribute.outside_of), of);
            let this = difference((attribute.inside, attribute.outside), of);
            let most = values.values().map(|counts| difference(*counts, of)).fold(0.0, f64::max);
            prop_assert_eq!(this, most, "{:?}", attribute);
            prop_assert!(this <= before);
            before = this;
        }
    }

    /// A sample is read of both sides, no more than was asked for, and its counts are of what it read.
    #[test]
    fn a_sample_says_what_it_is(rows in prop::collection::vec(event(), 40..160), most in 2_u32..40) {
        let events = events(rows);
        let cache = tempfile::tempdir().unwrap();
        let session = session(events.clone(), cache.path());
        let query = RangeQuery { axis: Axis::Position, from: "5".to_owned(), to: "25".to_owned() };
        let found = with_work(|work| distinguish(work, &session, &query, most)).unwrap();
        prop_assert!(found.sampled_events <= most.max(2));
        prop_assert!(!found.sample_is_whole);
        for attribute in &found.attributes {
            prop_assert!(attribute.inside <= attribute.inside_of && attribute.outside <= attribute.outside_of);
            let of = attribute.inside_of + attribute.outside_of;
            let is_exact = !matches!(attribute.kind, AttributeKind::Payload | AttributeKind::Metadata);
            prop_assert_eq!(of as usize == events.len(), is_exact);
            prop_assert!(is_exact || of == found.sampled_events);
        }
    }
}

#[test]
fn a_spike_is_named_and_what_is_alike_is_no_signal() {
    let mut events: Vec<MemoryEvent> = Vec::new();
    for position in 1..=2_000_i64 {
        let is_spike = (1_000..1_200).contains(&position) && position % 3 > 0;
        events.push(MemoryEvent {
            position: Position(position),
            stream: if is_spike {
                b"order-4711".to_vec()
            } else {
                format!("order-{}", position % 40).into_bytes()
            },
            category: b"order".to_vec(),
            version: Version(position),
            event_type: if is_spike {
                b"PaymentRetried".to_vec()
            } else {
                format!("T{}", position % 4).into_bytes()
            },
            recorded_at: Timestamp(1_700_000_000_000_000_000 + position * 60_000_000_000),
            payload: Some(
                format!("{{\"currency\":\"{}\"}}", if position % 10 < 7 { "EUR" } else { "USD" }).into_bytes(),
            ),
            encoding: Encoding::Json,
            metadata: Some(format!("{{\"host\":\"worker-{}\"}}", if is_spike { 7 } else { position % 8 }).into_bytes()),
        });
    }
    let cache = tempfile::tempdir().unwrap();
    let session = session(events, cache.path());
    let query = range_of_cursors(&session, Some("#1000"), Some("#1199")).unwrap();
    let found = with_work(|work| distinguish(work, &session, &query, SAMPLE_EVENTS)).unwrap();
    assert_eq!((found.facts.events, found.facts.span.as_str()), (200, "200 positions"));
    let named: Vec<_> = found
        .attributes
        .iter()
        .map(|of| (of.name.as_str(), of.value.as_str(), of.has_signal))
        .collect();
    assert!(named.contains(&("type", "PaymentRetried", true)), "{named:?}");
    assert!(named.contains(&("stream", "order-4711", true)), "{named:?}");
    assert!(named.contains(&("metadata.host", "\"worker-7\"", true)), "{named:?}");
    assert!(
        named
            .iter()
            .any(|(name, _, signal)| *name == "data.currency" && !signal),
        "{named:?}"
    );
    assert_eq!(named.last().map(|(name, ..)| *name), Some("data.currency"), "{named:?}");
}

#[test]
fn a_range_without_a_rest_and_ends_of_two_kinds_are_refused() {
    let cache = tempfile::tempdir().unwrap();
    let session = session(events(vec![(0, 0, 0, 0, None, 1), (1, 1, 1, 1, None, 1)]), cache.path());
    let whole = range_of_cursors(&session, Some("#1"), None).unwrap();
    let error = with_work(|work| distinguish(work, &session, &whole, 10)).unwrap_err();
    assert!(error.message.contains("every event"), "{error}");
    for (from, to) in [(Some("#1"), Some("-2h")), (None, None), (Some("v3"), None)] {
        let error = range_of_cursors(&session, from, to).unwrap_err();
        assert_eq!(error.code, crate::ErrorCode::InvalidInput);
    }
}
