use proptest::prelude::*;
use refold_core::event::{Encoding, Position, Version};
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;
use crate::answer::json_line;
use crate::frame::RowChange;
use crate::usecase;

fn session(streams: &[(&str, Vec<String>)]) -> Arc<Session> {
    let all = streams.iter().flat_map(|(stream, payloads)| {
        let versions = payloads.iter().zip(1_i64..);
        versions.map(move |(payload, version)| (*stream, version, payload))
    });
    let events = all.zip(1..).map(|((stream, version, payload), place)| MemoryEvent {
        position: Position(place),
        stream: stream.as_bytes().to_vec(),
        category: b"order".to_vec(),
        version: Version(version),
        event_type: b"Typed".to_vec(),
        recorded_at: Timestamp(place * 1_000_000_000),
        payload: Some(payload.clone().into_bytes()),
        encoding: Encoding::Json,
        metadata: None,
    });
    let store = Arc::new(MemoryStore::new("orders", events.collect()));
    Arc::new(Session::of_store(store, "memory", std::path::Path::new("/nowhere")))
}

fn side(stream: &str, at: &str) -> ComparisonSide {
    ComparisonSide {
        stream: stream.to_owned(),
        at: at.to_owned(),
        handler: None,
    }
}

fn query(only_changes: bool, ignores_order: bool) -> ComparisonQuery {
    ComparisonQuery {
        seq: 1,
        only_changes,
        ignores_order,
        open_depth: 2,
        toggled: Vec::new(),
        first_row: 0,
        row_count: 100,
    }
}

fn opened(work: &Work<'_>, session: &Arc<Session>, base: (&str, &str), current: (&str, &str)) -> Comparison {
    let (base, current) = (side(base.0, base.1), side(current.0, current.1));
    Comparison::open(work, (session, &base), (session, &current)).unwrap_or_else(|error| panic!("{error}"))
}

fn lines(rows: &[crate::frame::FrameRow]) -> Vec<String> {
    rows.iter()
        .map(|row| {
            format!(
                "{:?} {} {} > {} {}",
                row.change, row.pointer, row.before, row.value, row.changed_version
            )
        })
        .collect()
}

const A: [&str; 3] = [
    r#"{"status":"open","total":9007199254740993,"tags":["x","y"]}"#,
    r#"{"total":0.10}"#,
    r#"{"status":"paid","tags":["y","x"],"note":null}"#,
];

fn shop() -> Arc<Session> {
    session(&[
        ("a", A.map(str::to_owned).to_vec()),
        (
            "b",
            vec![r#"{"status":"open","total":9007199254740992,"tags":["y","x"]}"#.to_owned()],
        ),
    ])
}

#[test]
fn two_aggregates_differ_where_they_differ() {
    let cancel = CancelToken::default();
    let (work, session) = (Work::new(&cancel, &Silent), shop());
    let comparison = opened(&work, &session, ("a", "v1"), ("b", "head"));
    let described = comparison.describe(&work, 7).unwrap();
    assert_eq!(
        (
            described.between,
            described.base.version.as_str(),
            described.current.events
        ),
        (None, "1", 1)
    );
    assert_eq!(
        comparison
            .events(&EventQuery {
                types: Vec::new(),
                offset: 0,
                limit: 9
            })
            .total,
        0
    );
    let frame = comparison.frame(&work, &query(true, false)).unwrap();
    assert_eq!(
        lines(&frame.rows),
        [
            "Moved /tags/1  > \"x\" 1",
            "Changed /total 9007199254740993 > 9007199254740992 1"
        ]
    );
    // Without the order there is one difference less.
    let frame = comparison.frame(&work, &query(true, true)).unwrap();
    assert_eq!((frame.added, frame.changed, frame.removed), (0, 1, 0));
    let whole = comparison.frame(&work, &query(false, false)).unwrap();
    assert_eq!(whole.rows.len(), 6);
    let unchanged = whole.rows.iter().find(|row| row.pointer == "/status").unwrap();
    assert_eq!(
        (unchanged.change, unchanged.value.as_str()),
        (RowChange::None, "\"open\"")
    );
    assert!(comparison.intervals(&work).is_err());
}

#[test]
fn the_events_between_two_moments_lead_from_one_to_the_other() {
    let cancel = CancelToken::default();
    let (work, session) = (Work::new(&cancel, &Silent), shop());
    for (base, current) in [("v1", "head"), ("head", "v1")] {
        let comparison = opened(&work, &session, ("a", base), ("a", current));
        assert_eq!(comparison.describe(&work, 1).unwrap().between, Some(2));
        let page = |offset, limit| {
            let page = comparison.events(&EventQuery {
                types: Vec::new(),
                offset,
                limit,
            });
            (
                page.total,
                page.rows.into_iter().map(|row| row.moment).collect::<Vec<_>>(),
            )
        };
        assert_eq!(page(0, 10), (2, vec![2, 3]));
        assert_eq!(page(1, 10), (2, vec![3]));
        assert_eq!(page(0, 1), (2, vec![2]));
    }
}

#[test]
fn a_side_that_is_not_there_is_named() {
    let cancel = CancelToken::default();
    let (work, session) = (Work::new(&cancel, &Silent), shop());
    let error = |base: ComparisonSide, current: ComparisonSide| {
        Comparison::open(&work, (&session, &base), (&session, &current))
            .err()
            .unwrap()
            .to_string()
    };
    assert!(error(side("a", "head"), side("gone", "head")).contains("gone"));
    assert!(error(side("a", "then"), side("b", "head")).contains("then"));
}

proptest! {
    /// Two moments of one stream differ as the difference of the stream says, whichever side comes first; and what is
    /// equal has no difference.
    #[test]
    fn two_moments_differ_as_the_difference_says(
        payloads in proptest::collection::vec(r#"\{("a":[0-3],)?("b":\{"c":[0-3]\},)?"d":(null|[0-3]|\[1,2\]|\[2,1\])\}"#, 1..6),
        from in 0..6_usize, to in 0..6_usize,
    ) {
        let cancel = CancelToken::default();
        let work = Work::new(&cancel, &Silent);
        let session = session(&[("s", payloads.clone())]);
        let cursor = |at: usize| if at == 0 { "start".to_owned() } else { format!("v{}", at.min(payloads.len())) };
        let (from, to) = (cursor(from), cursor(to));
        let comparison = opened(&work, &session, ("s", &from), ("s", &to));
        let answer = comparison.answer(&work, false).unwrap();
        let expected = usecase::state::state(&work, &session, "s", &to, None).unwrap();
        let before = usecase::state::state(&work, &session, "s", &from, None).unwrap();
        prop_assert_eq!(answer.changes.is_empty(), before.state == expected.state, "{}", json_line(&answer).unwrap());
        let frame = comparison.frame(&work, &query(true, false)).unwrap();
        prop_assert_eq!(frame.added + frame.changed + frame.removed, frame.total_rows);
        let changed: Vec<Change> = diff(&before.state.0, &expected.state.0, &ArrayKeys::default());
        prop_assert_eq!(answer.changes.len(), changed.len());
    }
}
