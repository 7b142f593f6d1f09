//! A store that was changed in a way that is known, and what the check says of it.

use std::convert::Infallible;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::anchor::check::{Anchored, Check, Difference, Finding, Outcome, Part};
use crate::anchor::event::SaltKey;
use crate::anchor::leaves::{Hashed, Hasher, Leaf};
use crate::anchor::segment::{Segment, WIDTH};
use crate::anchor::tree::Edge;

use super::Event;

/// Above all positions of a store of 3,000 events.
const HORIZON: u64 = 3_100;

/// A store with gaps: one free position after every fifty.
fn store(events: u64) -> Vec<Event> {
    (0..events)
        .map(|at| Event {
            position: at + 1 + at / 50,
            stream: format!("order-{}", at % 7).into_bytes(),
            version: Some(at / 7),
            id: at.to_be_bytes().repeat(2),
            event_type: b"Placed".to_vec(),
            micros: 1_700_000_000_000_000 + at as i64,
            content_type: b"application/json".to_vec(),
            payload: Some(format!("{{\"n\":{at}}}").into_bytes()),
            metadata: None,
            extra: Vec::new(),
        })
        .collect()
}

fn hashed(events: &[Event], key: Option<SaltKey>) -> Vec<Hashed> {
    let mut hasher = Hasher::new(key);
    events
        .iter()
        .map(|event| event.borrowed(|event| hasher.hash(event)))
        .collect()
}

/// By the definition: all events of a segment at once.
fn anchored(hashed: &[Hashed]) -> Anchored {
    let mut edge = Edge::default();
    hashed.iter().for_each(|event| edge.push(event.hash));
    let segments = hashed.chunk_by(|a, b| a.leaf.position / WIDTH == b.leaf.position / WIDTH);
    Anchored {
        size: edge.size(),
        root: edge.root(),
        segments: segments
            .map(|events| {
                let leaves: Vec<_> = events.iter().map(|it| (it.leaf.position, it.hash)).collect();
                Segment::of(events[0].leaf.position / WIDTH, leaves.into_iter())
            })
            .collect(),
    }
}

/// The horizon is that of the store as it was.
fn check(anchored: Anchored, leaves: Option<Vec<Leaf>>, now: &[Hashed]) -> Outcome {
    let leaves = leaves.map(|leaves| leaves.into_iter().map(Ok::<_, Infallible>));
    let mut check = Check::new(anchored, leaves);
    for event in now {
        if event.leaf.position <= HORIZON {
            check.push(*event).expect("leaves are in memory");
        } else {
            check.push_above(&event.leaf);
        }
    }
    check.finish().expect("the anchor fits itself")
}

/// A store and its anchor, made once.
struct Original {
    events: Vec<Event>,
    hashed: Vec<Hashed>,
    anchored: Anchored,
}

impl Original {
    fn of(key: Option<SaltKey>) -> &'static Original {
        static PLAIN: OnceLock<Original> = OnceLock::new();
        static SALTED: OnceLock<Original> = OnceLock::new();
        let place = if key.is_some() { &SALTED } else { &PLAIN };
        place.get_or_init(|| {
            let events = store(1_500);
            let hashed = hashed(&events, key);
            let anchored = anchored(&hashed);
            Original {
                events,
                hashed,
                anchored,
            }
        })
    }
}

#[derive(Debug, Clone)]
enum Mutation {
    Nothing,
    Payload,
    EmptyForAbsent,
    Metadata,
    Type,
    Time,
    Stream,
    Version,
    Id,
    ContentType,
    Extra,
    Remove,
    RemoveTail(usize),
    Insert,
    Move,
    MoveAbove,
    /// The event moves, and its payload is another.
    MoveAndChange,
    Append,
    Swap,
    /// So many events in a row, each at the place of the next, the last at the place of the first.
    Rotate(usize),
    /// The event is gone, and so many behind it close the gap.
    CloseGap(usize),
    /// One comes, and so many events make room for it; the last of them goes to a free place.
    MakeRoom(usize),
    /// Another event at the place of one that is gone.
    Replace,
}

fn mutations() -> impl Strategy<Value = Mutation> {
    use Mutation::*;
    prop_oneof![
        Just(Nothing),
        Just(Payload),
        Just(EmptyForAbsent),
        Just(Metadata),
        Just(Type),
        Just(Time),
        Just(Stream),
        Just(Version),
        Just(Id),
        Just(ContentType),
        Just(Extra),
        Just(Remove),
        (1usize..40).prop_map(RemoveTail),
        Just(Insert),
        Just(Move),
        Just(MoveAbove),
        Just(MoveAndChange),
        Just(Append),
        Just(Swap),
        (2usize..60).prop_map(Rotate),
        (1usize..60).prop_map(CloseGap),
        (1usize..60).prop_map(MakeRoom),
        Just(Replace),
    ]
}

/// Changes `events` and says what a check must find.
fn mutate(events: &mut Vec<Event>, mutation: &Mutation, at: usize, to: usize) -> Vec<Finding> {
    let position = events[at].position;
    let found = |difference| vec![Finding { position, difference }];
    let changed = |part| found(Difference::Changed(vec![part]));
    // The free positions are the multiples of 51.
    let free = (to as u64 % (events.len() as u64 / 50) + 1) * 51;
    let event = &mut events[at];
    match mutation {
        Mutation::Nothing => Vec::new(),
        Mutation::Payload => {
            event.payload = event.payload.as_ref().map(|it| [it, &b" "[..]].concat());
            changed(Part::Payload)
        }
        Mutation::EmptyForAbsent => {
            event.metadata = Some(Vec::new());
            changed(Part::Metadata)
        }
        Mutation::Metadata => {
            event.metadata = Some(b"{}".to_vec());
            changed(Part::Metadata)
        }
        Mutation::Type => {
            event.event_type.push(b'!');
            changed(Part::Header)
        }
        Mutation::Time => {
            event.micros += 1;
            changed(Part::Header)
        }
        Mutation::Stream => {
            event.stream[0] ^= 1;
            changed(Part::Header)
        }
        Mutation::Version => {
            event.version = None;
            changed(Part::Header)
        }
        Mutation::Id => {
            event.id[0] ^= 1;
            changed(Part::Header)
        }
        Mutation::ContentType => {
            event.content_type.clear();
            changed(Part::Header)
        }
        Mutation::Extra => {
            event.extra.push((b"a".to_vec(), Vec::new()));
            changed(Part::Header)
        }
        Mutation::Remove => {
            events.remove(at);
            found(Difference::Removed)
        }
        Mutation::RemoveTail(count) => {
            let gone = events.split_off(events.len() - count);
            let removed = |event: &Event| Finding {
                position: event.position,
                difference: Difference::Removed,
            };
            gone.iter().map(removed).collect()
        }
        Mutation::Insert => {
            let mut new = event.clone();
            (new.position, new.id) = (free, b"another".to_vec());
            events.push(new);
            vec![Finding {
                position: free,
                difference: Difference::Inserted,
            }]
        }
        Mutation::Move => {
            event.position = free;
            vec![moved(position, free)]
        }
        Mutation::MoveAbove => {
            event.position = HORIZON + 7;
            vec![moved(position, HORIZON + 7)]
        }
        Mutation::MoveAndChange => {
            event.position = free;
            event.payload = None;
            found(Difference::Moved {
                to: free,
                changed: vec![Part::Payload],
            })
        }
        Mutation::Append => {
            let mut new = event.clone();
            (new.position, new.id) = (HORIZON + 1, b"another".to_vec());
            events.push(new);
            Vec::new()
        }
        Mutation::Swap => {
            let other = if at == to { (at + 1) % events.len() } else { to };
            let there = events[other].position;
            (events[at].position, events[other].position) = (there, position);
            let mut both = vec![moved(position, there), moved(there, position)];
            both.sort_by_key(|finding| finding.position);
            both
        }
        Mutation::Rotate(count) => {
            let part = some_of(events, at, *count);
            let places: Vec<u64> = part.iter().map(|event| event.position).collect();
            let next = places.iter().cycle().skip(1);
            part.iter_mut()
                .zip(next.clone())
                .for_each(|(event, to)| event.position = *to);
            places.iter().zip(next).map(|(from, to)| moved(*from, *to)).collect()
        }
        Mutation::CloseGap(count) => {
            let part = some_of(events, at, count + 1);
            let places: Vec<u64> = part.iter().map(|event| event.position).collect();
            part.iter_mut()
                .skip(1)
                .zip(&places)
                .for_each(|(event, to)| event.position = *to);
            let first = events.iter().position(|event| event.position == places[0]);
            events.remove(first.expect("the one that is gone, which comes first"));
            let gone = Finding {
                position: places[0],
                difference: Difference::Removed,
            };
            let rest = places[1..].iter().zip(&places).map(|(from, to)| moved(*from, *to));
            std::iter::once(gone).chain(rest).collect()
        }
        Mutation::MakeRoom(count) => {
            let part = some_of(events, at, *count);
            let mut new = part[0].clone();
            new.id = b"another".to_vec();
            let mut places: Vec<u64> = part.iter().map(|event| event.position).collect();
            places.push(free);
            part.iter_mut()
                .zip(&places[1..])
                .for_each(|(event, to)| event.position = *to);
            events.push(new);
            let mut all: Vec<Finding> = places.windows(2).map(|pair| moved(pair[0], pair[1])).collect();
            all.insert(
                1,
                Finding {
                    position: places[0],
                    difference: Difference::Inserted,
                },
            );
            all
        }
        Mutation::Replace => {
            // Nothing says whether it is the same event: it stands where that one stood.
            (event.stream, event.version, event.id) = (b"x".to_vec(), Some(0), b"another".to_vec());
            event.payload = Some(b"[]".to_vec());
            found(Difference::Changed(vec![Part::Header, Part::Payload]))
        }
    }
}

fn moved(position: u64, to: u64) -> Finding {
    Finding {
        position,
        difference: Difference::Moved {
            to,
            changed: Vec::new(),
        },
    }
}

/// `count` events in a row, from `at` on or the last ones.
fn some_of(events: &mut [Event], at: usize, count: usize) -> &mut [Event] {
    let start = at.min(events.len() - count);
    &mut events[start..start + count]
}

/// So many as `PROPTEST_CASES` says: a long run tries a million.
fn cases() -> u32 {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    cases.unwrap_or(10_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// None missed, none misnamed, no false alarm.
    #[test]
    fn every_mutation_is_named(
        mutation in mutations(),
        at in any::<Index>(),
        to in any::<Index>(),
        is_salted in any::<bool>(),
    ) {
        let key = is_salted.then_some(SaltKey([9; 32]));
        let Original { events: original, hashed: before, anchored } = Original::of(key);
        let mut events = original.clone();
        let (at, to) = (at.index(events.len()), to.index(events.len()));
        let expected = mutate(&mut events, &mutation, at, to);
        events.sort_by_key(|event| event.position);
        // What is as it was has the hash that it had.
        let mut hasher = Hasher::new(key);
        let hash = |event: &Event| match original.binary_search_by_key(&event.position, |it| it.position) {
            Ok(at) if original[at] == *event => before[at],
            _ => event.borrowed(|event| hasher.hash(event)),
        };
        let now: Vec<Hashed> = events.iter().map(hash).collect();
        let leaves = before.iter().map(|event| event.leaf).collect();
        let outcome = check(anchored.clone(), Some(leaves), &now);
        prop_assert_eq!(outcome.is_unchanged, expected.is_empty());
        prop_assert_eq!(outcome.finding_count, expected.len() as u64);
        prop_assert_eq!(&outcome.findings, &expected);
        // Without leaves the place is still known.
        let blind = check(anchored.clone(), None, &now);
        prop_assert_eq!(blind.is_unchanged, expected.is_empty());
        prop_assert_eq!(blind.differing_segments, outcome.differing_segments);
        for finding in expected {
            let holds = |it: &Finding| match it.difference {
                Difference::Somewhere { last, .. } => (it.position..=last).contains(&finding.position),
                _ => false,
            };
            prop_assert!(blind.findings.iter().any(holds), "{finding:?} in {:?}", blind.findings);
        }
    }
}

#[test]
fn an_empty_store_and_one_that_was_emptied() {
    let events = hashed(&store(3_000), None);
    let nothing = check(anchored(&[]), Some(Vec::new()), &[]);
    assert!(nothing.is_unchanged && !nothing.is_rewritten());
    let leaves: Vec<Leaf> = events.iter().map(|event| event.leaf).collect();
    let emptied = check(anchored(&events), Some(leaves), &[]);
    assert_eq!(emptied.finding_count, 3_000);
    assert!(emptied.findings.iter().all(|it| it.difference == Difference::Removed));
    assert!(emptied.is_rewritten());
    let mut few = store(3_000);
    few[0].micros += 1;
    few[1_500].micros += 1;
    few[2_900].micros += 1;
    let few = check(
        anchored(&events),
        Some(events.iter().map(|event| event.leaf).collect()),
        &hashed(&few, None),
    );
    assert_eq!((few.finding_count, few.differing_segments), (3, 3));
    assert!(!few.is_rewritten(), "three events of 3,000, though in each segment");
    let filled = check(anchored(&[]), Some(Vec::new()), &events);
    assert!(filled.findings.iter().all(|it| it.difference == Difference::Inserted));
    assert_eq!(filled.finding_count, 3_000);
}

#[test]
fn files_of_an_anchor_that_contradict_each_other_are_no_verdict() {
    let events = hashed(&store(100), None);
    let mut anchored = anchored(&events);
    anchored.root[0] ^= 1;
    let mut check = Check::new(anchored, None::<std::iter::Empty<Result<Leaf, Infallible>>>);
    events
        .iter()
        .for_each(|event| check.push(*event).expect("leaves are in memory"));
    assert!(check.finish().is_err());
}
