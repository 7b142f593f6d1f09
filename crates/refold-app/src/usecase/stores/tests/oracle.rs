use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::wire::StoresPlace;

/// What is done to a copy. Places are taken modulo the number of events.
#[derive(Debug, Clone)]
enum Mutation {
    Payload(usize),
    Type(usize),
    Metadata(usize),
    Time(usize),
    Version(usize),
    Unreadable(usize),
    Delete(usize),
    Insert(usize),
    Duplicate(usize),
    /// The payloads of two events.
    Swap(usize, usize),
    /// The positions of two events.
    Exchange(usize, usize),
    Rename(usize),
    Cut(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = || 0..60_usize;
    prop_oneof![
        at().prop_map(Mutation::Payload),
        at().prop_map(Mutation::Type),
        at().prop_map(Mutation::Metadata),
        at().prop_map(Mutation::Time),
        at().prop_map(Mutation::Version),
        at().prop_map(Mutation::Unreadable),
        at().prop_map(Mutation::Delete),
        at().prop_map(Mutation::Insert),
        at().prop_map(Mutation::Duplicate),
        (at(), at()).prop_map(|(a, b)| Mutation::Swap(a, b)),
        (at(), at()).prop_map(|(a, b)| Mutation::Exchange(a, b)),
        at().prop_map(Mutation::Rename),
        at().prop_map(Mutation::Cut),
    ]
}

fn apply(events: &mut Vec<MemoryEvent>, mutation: &Mutation) {
    let count = events.len();
    if count == 0 {
        return;
    }
    // The next position that is free: those of the store lie ten apart.
    let free = |events: &[MemoryEvent], at: usize| {
        let taken: BTreeSet<i64> = events.iter().map(|event| event.position.0).collect();
        let next = (events[at].position.0 + 1..).find(|it| !taken.contains(it));
        Position(next.unwrap())
    };
    match *mutation {
        Mutation::Payload(at) => events[at % count].payload = Some(b"{\"amount\":0}".to_vec()),
        Mutation::Type(at) => events[at % count].event_type = b"Other".to_vec(),
        Mutation::Metadata(at) => events[at % count].metadata = None,
        Mutation::Time(at) => events[at % count].recorded_at = Timestamp(at as i64),
        Mutation::Version(at) => events[at % count].version = Version(1_000),
        // As a value is that was too large to be read.
        Mutation::Unreadable(at) => {
            events[at % count].payload = Some(Vec::new());
            events[at % count].encoding = Encoding::Opaque;
        }
        Mutation::Delete(at) => drop(events.remove(at % count)),
        Mutation::Insert(at) => {
            let mut new = events[at % count].clone();
            new.position = free(events, at % count);
            new.version = Version(new.version.0 + 100);
            new.payload = Some(b"{\"new\":true}".to_vec());
            events.push(new);
        }
        Mutation::Duplicate(at) => {
            let mut new = events[at % count].clone();
            new.position = free(events, at % count);
            events.push(new);
        }
        Mutation::Swap(a, b) => {
            let other = events[b % count].payload.clone();
            events[b % count].payload = std::mem::replace(&mut events[a % count].payload, other);
        }
        Mutation::Exchange(a, b) => {
            let other = events[b % count].position;
            events[b % count].position = std::mem::replace(&mut events[a % count].position, other);
        }
        Mutation::Rename(at) => {
            let id = events[at % count].stream.clone();
            let renamed = events.iter_mut().filter(|event| event.stream == id);
            renamed.for_each(|event| event.stream.push(b'x'));
        }
        Mutation::Cut(at) => {
            let id = events[at % count].stream.clone();
            let last = events.iter().rposition(|event| event.stream == id).unwrap();
            events.remove(last);
        }
    }
    events.sort_by_key(|event| event.position);
}

/// All that counts of an event.
type Whole = (Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>, i64, i64);

fn whole(event: &MemoryEvent) -> Whole {
    let event = event.clone();
    (
        event.event_type,
        event.payload,
        event.metadata,
        event.recorded_at.0,
        event.version.0,
    )
}

fn is_readable(event: &MemoryEvent) -> bool {
    event.encoding == Encoding::Json || event.payload.as_ref().is_some_and(|payload| !payload.is_empty())
}

/// The events of each stream in its order.
fn streams(events: &[MemoryEvent]) -> BTreeMap<Vec<u8>, Vec<&MemoryEvent>> {
    let mut streams: BTreeMap<Vec<u8>, Vec<&MemoryEvent>> = BTreeMap::new();
    for event in events {
        streams.entry(event.stream.clone()).or_default().push(event);
    }
    streams
        .values_mut()
        .for_each(|events| events.sort_by_key(|event| event.version));
    streams
}

/// How many readable events both lists have.
fn in_both(left: &[&MemoryEvent], right: &[&MemoryEvent]) -> usize {
    let readable = |of: &[&MemoryEvent]| of.iter().filter(|it| is_readable(it)).map(|it| whole(it)).collect();
    let (left, mut right): (Vec<Whole>, Vec<Whole>) = (readable(left), readable(right));
    let mut count = 0;
    for event in left {
        if let Some(at) = right.iter().position(|it| *it == event) {
            right.swap_remove(at);
            count += 1;
        }
    }
    count
}

/// The streams of the events that both share, in the order of the positions; where versions have another order these too.
fn shared_order(of: &[MemoryEvent], shared: &BTreeMap<Vec<u8>, (usize, bool)>) -> Vec<(Vec<u8>, Option<i64>)> {
    let mut seen: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    let mut order = Vec::new();
    for event in of {
        let seen = seen.entry(event.stream.clone()).or_default();
        let (count, is_unordered) = shared.get(&event.stream).copied().unwrap_or_default();
        if *seen < count {
            *seen += 1;
            order.push((event.stream.clone(), is_unordered.then_some(event.version.0)));
        }
    }
    order
}

/// Holds an answer against both lists.
fn check(left: &[MemoryEvent], right: &[MemoryEvent], at_once: u64) -> Result<StoresAnswer, TestCaseError> {
    let answer = within(left.to_vec(), right.to_vec(), &BYTES, at_once);
    let events = &answer.events;
    let on_left = events.equal + events.different + events.only_left + events.unclear_left;
    let on_right = events.equal + events.different + events.only_right + events.unclear_right;
    prop_assert_eq!((on_left, on_right), (left.len() as u64, right.len() as u64));
    let all: BTreeSet<&Vec<u8>> = left.iter().chain(right).map(|event| &event.stream).collect();
    prop_assert_eq!((answer.streams.equal + answer.differing_count) as usize, all.len());
    prop_assert_eq!(answer.differing.len(), answer.differing_count as usize);

    let (lefts, rights) = (streams(left), streams(right));
    let (nothing, mut shared) = (Vec::new(), BTreeMap::new());
    for stream in all {
        let of_left = lefts.get(stream).unwrap_or(&nothing);
        let of_right = rights.get(stream).unwrap_or(&nothing);
        let is_same =
            |(a, b): &(&&MemoryEvent, &&MemoryEvent)| is_readable(a) && is_readable(b) && whole(a) == whole(b);
        let prefix = of_left.iter().zip(of_right).take_while(is_same).count();
        let is_equal = of_left.len() == of_right.len() && prefix == of_left.len();
        let named = |of: &&DifferingAnswer| of.stream.to_string().as_bytes() == *stream;
        let differing = answer.differing.iter().find(named);
        prop_assert_eq!(differing.is_none(), is_equal, "{:?}", stream);
        if let Some(of) = differing {
            check_stream(of, of_left, of_right, prefix)?;
        }
        let is_ascending = |events: &[&MemoryEvent]| events.is_sorted_by_key(|event| event.position);
        let has_all_paired = |of: &DifferingAnswer| {
            let pairs = of.equal + of.different;
            pairs == of.left_events && pairs == of.right_events && of.moved == 0
        };
        let is_all = differing.map_or(is_equal, has_all_paired);
        let count = if is_all { of_left.len() } else { prefix };
        let is_unordered = !(is_ascending(of_left) && is_ascending(of_right));
        if !is_unordered || is_all {
            shared.insert(stream.clone(), (count, is_unordered));
        }
    }
    let (order, other) = (shared_order(left, &shared), shared_order(right, &shared));
    prop_assert_eq!(answer.order.same, Some(order == other));
    let common = order.iter().zip(&other).take_while(|(a, b)| a == b).count();
    prop_assert_eq!(answer.order.events as usize, common);
    let outcome = match (order == other, answer.differing.is_empty()) {
        (true, true) => "same",
        (true, false) if answer.differing.iter().all(|of| of.kind == "unclear") => "unclear",
        _ => "different",
    };
    prop_assert_eq!(answer.outcome, outcome);
    let is_clear = |of: &&DifferingAnswer| of.kind != "unclear";
    let clear = answer.differing.iter().filter(is_clear).count() as u64;
    let told = format!("the two DIFFER in {}", text::counted(clear, "stream"));
    let is_told = answer.sentence == told || answer.sentence.starts_with(&format!("{told}, "));
    let is_told = is_told || check_less(&answer, left, right)?;
    prop_assert_eq!(is_told, clear > 0, "{}", answer.sentence);
    check_places(left, right, at_once)?;
    Ok(answer)
}

/// What is said where one store holds less, or both share nothing; `false`: something else is said.
fn check_less(answer: &StoresAnswer, left: &[MemoryEvent], right: &[MemoryEvent]) -> Result<bool, TestCaseError> {
    let all = |of: &[MemoryEvent]| -> Vec<(Vec<u8>, Whole)> {
        of.iter().map(|event| (event.stream.clone(), whole(event))).collect()
    };
    let (lefts, rights) = (all(left), all(right));
    let is_within =
        |less: &[(Vec<u8>, Whole)], more: &[(Vec<u8>, Whole)]| less.iter().all(|event| more.contains(event));
    if let Some(behind) = answer.behind {
        let (less, more) = if behind == "left" {
            (&lefts, &rights)
        } else {
            (&rights, &lefts)
        };
        prop_assert!(is_within(less, more) && less.len() < more.len());
        let told = format!("the {behind} store is BEHIND, and holds nothing else: ");
        prop_assert!(answer.sentence.starts_with(&told));
    }
    let is_nothing = answer.sentence.starts_with("the two have NOTHING in common");
    if is_nothing {
        prop_assert!(lefts.iter().all(|event| !rights.contains(event)));
    }
    Ok(answer.behind.is_some() || is_nothing)
}

/// What is listed page by page is all that differs, and what is read again says the same.
fn check_places(left: &[MemoryEvent], right: &[MemoryEvent], at_once: u64) -> Result<(), TestCaseError> {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let found = comparison(left.to_vec(), right.to_vec(), &BYTES, at_once);
    let whole = found.rows(Selected::All, 0, u32::MAX);
    let mut paged = Vec::new();
    while let [row] = &found.rows(Selected::All, paged.len() as u32, 1).rows[..] {
        paged.push(row.clone());
    }
    prop_assert_eq!(&paged, &whole.rows);
    prop_assert_eq!(whole.total as usize, paged.len());
    for of in &whole.rows {
        let kind = Selected::Kind(StreamKind::of_wire(of.kind));
        prop_assert!(found.rows(kind, 0, u32::MAX).rows.contains(of));
        let places = found.places(&work, of.row, 0, u32::MAX).unwrap();
        if !of.renamed.is_empty() {
            prop_assert_eq!(places.total, 0);
            continue;
        }
        let count = |is: fn(&StoresPlace) -> bool| places.rows.iter().filter(|place| is(place)).count() as u32;
        let only_left = count(|it| !it.is_unclear && it.right_position.is_empty());
        let only_right = count(|it| !it.is_unclear && it.left_position.is_empty());
        let is_lone = of.left_events == 0 || of.right_events == 0;
        let unclear = count(|it| it.is_unclear);
        prop_assert_eq!(places.total as usize, places.rows.len());
        if is_lone {
            prop_assert_eq!(only_left + only_right + unclear, of.left_events + of.right_events);
            continue;
        }
        prop_assert_eq!((only_left, only_right), (of.only_left, of.only_right));
        prop_assert_eq!(count(|it| !it.parts.is_empty()), of.different);
        let first = places.rows.iter().find(|it| !it.is_unclear).or(places.rows.first());
        prop_assert_eq!(of.first.as_ref(), first);
    }
    Ok(())
}

fn check_stream(
    of: &DifferingAnswer,
    left: &[&MemoryEvent],
    right: &[&MemoryEvent],
    prefix: usize,
) -> Result<(), TestCaseError> {
    let is_begun = prefix == left.len().min(right.len());
    let is_all_readable = left.iter().chain(right).all(|it| is_readable(it));
    let kind = match (left.len(), right.len()) {
        (_, 0) => "only_left",
        (0, _) => "only_right",
        (a, b) if is_begun && is_all_readable && a < b => "left_behind",
        (a, b) if is_begun && is_all_readable && a > b => "right_behind",
        // What is paired with what is our choice; all that follows holds of any.
        _ => of.kind,
    };
    prop_assert_eq!(of.kind, kind);
    prop_assert!(of.equal as usize >= prefix && of.equal as usize <= in_both(left, right));
    let has_own_versions = |of: &[&MemoryEvent]| {
        let versions: BTreeSet<Version> = of.iter().map(|event| event.version).collect();
        versions.len() == of.len()
    };
    // Nothing behind what is missing is lost, however long the stream is.
    if has_own_versions(left) && has_own_versions(right) {
        prop_assert_eq!(of.equal as usize, in_both(left, right));
        prop_assert!(!of.by_place);
    }
    let is_lone = kind.starts_with("only");
    let unreadable = |of: &[&MemoryEvent]| of.iter().filter(|it| !is_readable(it)).count();
    prop_assert!(is_lone || of.unclear_left as usize >= unreadable(left));
    prop_assert!(is_lone || of.unclear_right as usize >= unreadable(right));
    prop_assert_eq!(
        (of.left_events as usize, of.right_events as usize),
        (left.len(), right.len())
    );
    let first = of
        .first
        .as_ref()
        .is_some_and(|first| first.left.is_some() || first.right.is_some());
    prop_assert_eq!(first, !is_lone);
    Ok(())
}

proptest! {
    #[test]
    fn whatever_is_done_to_a_copy_all_of_it_is_told(
        each in 0_i64..8,
        before in prop::collection::vec(mutation(), 0..3),
        after in prop::collection::vec(mutation(), 0..6),
    ) {
        let mut left = store(each);
        before.iter().for_each(|mutation| apply(&mut left, mutation));
        let mut right = left.clone();
        after.iter().for_each(|mutation| apply(&mut right, mutation));
        let whole = check(&left, &right, EVENTS_AT_ONCE)?;
        // The same in groups, as far as each stream fits into one.
        let longest = |of: &[MemoryEvent]| streams(of).values().map(Vec::len).max().unwrap_or(0) as u64;
        let in_groups = check(&left, &right, longest(&left) + longest(&right))?;
        prop_assert_eq!(format!("{in_groups:?}"), format!("{whole:?}"));
        check(&left, &right, 0)?;
        let turned = check(&right, &left, EVENTS_AT_ONCE)?;
        prop_assert_eq!(turned.streams.only_left, whole.streams.only_right);
        prop_assert_eq!(turned.streams.renamed, whole.streams.renamed);
    }
}
