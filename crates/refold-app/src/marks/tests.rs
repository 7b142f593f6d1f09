use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::{Encoding, Version};
use refold_core::finding::{Finding, Severity};
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;
use crate::session::Session;

const CODES: [&str; 4] = ["clock-backwards", "RF-EVENT-DEPTH", "version-gap", invariants::BROKEN];

/// A stream of events at every second position, `order` of them in the order of their versions.
fn stream(order: &[i64]) -> Stream {
    let events = order.iter().zip(1..).map(|(place, version)| MemoryEvent {
        position: Position(place * 2),
        stream: b"s".to_vec(),
        category: Vec::new(),
        version: Version(version),
        event_type: b"A".to_vec(),
        recorded_at: Timestamp(1),
        payload: None,
        encoding: Encoding::Json,
        metadata: None,
    });
    let store = MemoryStore::new("marks", events.collect());
    let session = Session::of_store(Arc::new(store), "memory", std::path::Path::new("/nowhere"));
    let cancel = CancelToken::default();
    Stream::load(&Work::new(&cancel, &Silent), &session, "s", &Findings::default()).unwrap()
}

fn found(code: &'static str, position: Option<Position>) -> Finding {
    Finding {
        code,
        severity: Severity::Warning,
        stream: None,
        version: None,
        position,
        detail: String::new(),
    }
}

proptest! {
    /// Against the definition, whatever few findings are kept in words, and in whatever order events and findings come.
    #[test]
    fn every_event_is_marked_by_each_of_its_codes(
        order in Just((1..60).collect::<Vec<i64>>()).prop_shuffle(),
        is_sorted in any::<bool>(),
        told in proptest::collection::vec((0..3_usize, 0..130_i64), 0..90),
        broken in proptest::collection::btree_set(1..60_u32, 0..9),
        from in 0..62_u32,
    ) {
        let order = if is_sorted { (1..60).collect() } else { order };
        let stream = stream(&order);
        let findings = Findings::marking(2);
        let mut expected: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
        for (code, place) in &told {
            findings.report(found(CODES[*code], Some(Position(*place))));
            let position = Position(*place);
            if let Some(index) = stream.track.positions.iter().position(|of| *of == position) {
                expected.entry(u32::try_from(index).unwrap() + 1).or_default().insert(CODES[*code]);
            }
        }
        findings.report(found(CODES[0], None));
        for moment in &broken {
            expected.entry(*moment).or_default().insert(invariants::BROKEN);
        }
        let breaks: Vec<Moment> = broken.iter().copied().map(Moment).collect();
        let marks = Marks::of(&stream, &findings, &breaks);
        for moment in 0..62 {
            let codes: BTreeSet<String> = marks.codes(Moment(moment)).into_iter().collect();
            let wanted = expected.get(&moment).cloned().unwrap_or_default();
            prop_assert_eq!(codes, wanted.into_iter().map(str::to_owned).collect());
        }
        let moments: Vec<u32> = expected.keys().copied().collect();
        prop_assert_eq!(marks.flagged().map(|(moment, _)| moment.0).collect::<Vec<_>>(), moments.clone());
        for (moment, flags) in marks.flagged() {
            let codes = &expected[&moment.0];
            let of = |code: &str, flag: u8| if codes.contains(code) { flag } else { 0 };
            let wanted = FLAG_PROBLEM | of(CODES[1], FLAG_UNDECODABLE) | of(CODES[3], FLAG_BROKEN);
            prop_assert_eq!(flags, wanted);
        }
        let forward = moments.iter().position(|moment| *moment > from).unwrap_or(0);
        let backward = moments.iter().rposition(|moment| *moment < from).unwrap_or(moments.len().saturating_sub(1));
        for (direction, at) in [(SearchDirection::Forward, forward), (SearchDirection::Backward, backward)] {
            let wanted = moments.get(at).map(|moment| Marked {
                moment: Moment(*moment),
                ordinal: u32::try_from(at).unwrap() + 1,
                total: u32::try_from(moments.len()).unwrap(),
            });
            prop_assert_eq!(marks.next(from, direction), wanted);
        }
    }
}
