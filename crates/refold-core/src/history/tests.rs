//! Seeking against the plain fold from the start.

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;
use crate::fold::tests::{Deed, TestProgram, TestStream, any_deeds};
use crate::work::{CancelToken, Phase, Progress, Silent};

mod late;

/// Every look at it is a microsecond later.
#[derive(Default)]
struct TickingClock(AtomicU64);

impl Clock for TickingClock {
    fn now_nanos(&self) -> u64 {
        self.0.fetch_add(1_000, Ordering::Relaxed)
    }
}

fn history(stream: &TestStream, detail: Detail, budget: Budget) -> History {
    let program = Arc::new(TestProgram::of(stream));
    History::new(
        program,
        stream.track(),
        detail,
        budget,
        Arc::new(TickingClock::default()),
    )
    .unwrap()
}

fn any_budget() -> impl Strategy<Value = Budget> {
    (
        prop_oneof![Just(0_usize), Just(4_000), Just(1 << 20)],
        prop_oneof![Just(0_u64), Just(3_000)],
        0_u32..40,
    )
        .prop_map(|(checkpoint_bytes, gap_nanos, window_moments)| Budget {
            checkpoint_bytes,
            gap_nanos,
            window_moments,
        })
}

fn counts(findings: &Findings) -> Vec<(&'static str, u64)> {
    findings
        .summary()
        .into_iter()
        .map(|(code, count, _)| (code, count))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_of_seeks_equals_the_fold_from_the_start(
        deeds in any_deeds(400, true),
        budget in any_budget(),
        read_events in 1_usize..70,
        seeks in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..30),
        with_blame in any::<bool>(),
        is_read_at_once in any::<bool>(),
    ) {
        let detail = if with_blame { Detail::Blame } else { Detail::State };
        let mut stream = TestStream::new(deeds);
        stream.read_events = read_events;
        let expected_findings = Findings::default();
        let (prefixes, _) = stream.prefixes(detail, &expected_findings);
        let (cancel, findings) = (CancelToken::default(), Findings::default());
        let work = Work::new(&cancel, &Silent);
        let mut history = if is_read_at_once {
            let program = Arc::new(TestProgram::of(&stream));
            let clock = Arc::new(TickingClock::default());
            let mut history = History::new(program, Arc::default(), detail, budget, clock).unwrap();
            let (mut reader, mut names) = (stream.reader(), Names::default());
            history.read_on(&work, &mut reader, &mut names, &findings).unwrap();
            prop_assert_eq!(&history.track().positions, &stream.track().positions);
            prop_assert_eq!(history.warm_until(), history.track().head());
            history
        } else {
            history(&stream, detail, budget)
        };
        for (at, fills) in seeks {
            let moment = Moment(at.index(prefixes.len()) as u32);
            let folded = history.state_at(&work, &mut stream, &findings, moment).unwrap();
            prop_assert_eq!(&folded, &prefixes[moment.0 as usize]);
            if fills {
                history.fill_window(&work, &mut stream, &findings, moment).unwrap();
                let reads = stream.reads;
                let reach = budget.window_moments / 2;
                for near in moment.0.saturating_sub(reach)..=(moment.0 + reach).min(prefixes.len() as u32 - 1) {
                    let folded = history.state_at(&work, &mut stream, &findings, Moment(near)).unwrap();
                    prop_assert_eq!(&folded, &prefixes[near as usize]);
                }
                prop_assert_eq!(stream.reads, reads, "a step inside the window reads nothing");
            }
        }
        history.warm_up(&work, &mut stream, &findings).unwrap();
        prop_assert_eq!(counts(&findings), counts(&expected_findings));
    }

    #[test]
    fn cancelled_work_leaves_no_trace(
        deeds in any_deeds(400, true),
        budget in any_budget(),
        stop_after in 0_u64..12,
        at in any::<prop::sample::Index>(),
    ) {
        let mut stream = TestStream::new(deeds);
        let expected_findings = Findings::default();
        let (prefixes, _) = stream.prefixes(Detail::State, &expected_findings);
        let mut history = history(&stream, Detail::State, budget);
        let findings = Findings::default();
        let cancel = CancelToken::default();
        let stopper = Stopper { cancel: cancel.clone(), left: AtomicU64::new(stop_after) };
        let stopped = Work::new(&cancel, &stopper);
        let outcome = history.warm_up(&stopped, &mut stream, &findings);
        prop_assert!(matches!(outcome, Ok(()) | Err(FoldError::Cancelled(_))));
        let cancel = CancelToken::default();
        let work = Work::new(&cancel, &Silent);
        let moment = Moment(at.index(prefixes.len()) as u32);
        let folded = history.state_at(&work, &mut stream, &findings, moment).unwrap();
        prop_assert_eq!(&folded, &prefixes[moment.0 as usize]);
        history.warm_up(&work, &mut stream, &findings).unwrap();
        prop_assert_eq!(counts(&findings), counts(&expected_findings));
    }

    #[test]
    fn changes_of_a_place_are_found_both_ways(
        deeds in any_deeds(150, false),
        from in any::<prop::sample::Index>(),
        warm in any::<prop::sample::Index>(),
        place in prop::sample::select(vec!["/k0", "/k1", "/nested/1", "/nested", "/lines"]),
    ) {
        let mut stream = TestStream::new(deeds);
        let (prefixes, _) = stream.prefixes(Detail::Blame, &Findings::default());
        let path = Pointer::parse(place).unwrap();
        let from = from.index(prefixes.len());
        let is_change = |moment: usize| {
            let (before, after) = (&prefixes[moment - 1], &prefixes[moment]);
            let stamp = stamp_of(after, &path);
            let was = path.find(&before.state).is_some();
            stamp.is_some() != was || stamp.is_some_and(|stamp| stamp.changed.0 as usize == moment)
        };
        let forward = (from + 1..prefixes.len()).find(|moment| is_change(*moment));
        let mut history = history(&stream, Detail::Blame, Budget { gap_nanos: 0, ..Budget::default() });
        let (cancel, findings) = (CancelToken::default(), Findings::default());
        let work = Work::new(&cancel, &Silent);
        let warm = Moment(warm.index(prefixes.len()) as u32);
        history.state_at(&work, &mut stream, &findings, warm).unwrap();
        let mut next = |way| {
            history.next_change(&work, &mut stream, &findings, &path, Moment(from as u32), way).unwrap()
        };
        prop_assert_eq!(next(Way::Forward).map(|moment| moment.0 as usize), forward);
        let back = (1..from).rev().find(|moment| is_change(*moment));
        prop_assert_eq!(next(Way::Back).map(|moment| moment.0 as usize), back);
    }
}

/// Cancels after a number of reports.
struct Stopper {
    cancel: CancelToken,
    left: AtomicU64,
}

impl Progress for Stopper {
    fn report(&self, _phase: Phase, _done: u64, _total: Option<u64>) {
        if self.left.load(Ordering::Relaxed) == 0 {
            self.cancel.cancel();
        } else {
            self.left.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A place that never was, in a container that every event touches, is looked for in all of the history: that says how
/// far it is, and ends when it is told to.
#[test]
fn a_search_for_nothing_says_how_far_it_is_and_can_be_cancelled() {
    #[derive(Default)]
    struct Told(std::sync::Mutex<Vec<(Phase, u64)>>);
    impl Progress for Told {
        fn report(&self, phase: Phase, done: u64, _total: Option<u64>) {
            self.0.lock().unwrap().push((phase, done));
        }
    }
    let deeds = (0..400).map(|at| Deed::Line {
        sku: (at % 5) as u8,
        qty: (at % 7) as u8,
    });
    let mut stream = TestStream::new(deeds.collect());
    let mut history = history(&stream, Detail::Blame, Budget::default());
    let (findings, told) = (Findings::default(), Told::default());
    let never = Pointer::parse("/lines/never").unwrap();
    for (way, from) in [(Way::Back, Moment(400)), (Way::Forward, Moment(0))] {
        let cancel = CancelToken::default();
        let found = history.next_change(&Work::new(&cancel, &told), &mut stream, &findings, &never, from, way);
        assert_eq!(found.unwrap(), None);
        let looked = |report: &&(Phase, u64)| report.0 == LOOKING;
        let reports = std::mem::take(&mut *told.0.lock().unwrap());
        assert!(reports.iter().filter(looked).count() > 0, "{way:?}: {reports:?}");
        let stopper = Stopper {
            cancel: cancel.clone(),
            left: AtomicU64::new(0),
        };
        let cancelled = history.next_change(&Work::new(&cancel, &stopper), &mut stream, &findings, &never, from, way);
        assert!(matches!(cancelled, Err(FoldError::Cancelled(_))), "{way:?}");
    }
}

/// A fold that is broken off and goes on, as under a newer question for the same moment, is one whole with one total.
#[test]
fn a_fold_that_goes_on_counts_on() {
    struct Told {
        cancel: CancelToken,
        stops_at: u64,
        told: std::sync::Mutex<Vec<(u64, Option<u64>)>>,
    }
    impl Progress for Told {
        fn report(&self, _phase: Phase, done: u64, total: Option<u64>) {
            self.told.lock().unwrap().push((done, total));
            if done >= self.stops_at {
                self.cancel.cancel();
            }
        }
    }
    let mut stream = TestStream::new(vec![Deed::RotateLines; 4_000]);
    let mut history = history(&stream, Detail::State, Budget::default());
    let (findings, asked) = (Findings::default(), Moment(3_990));
    let mut told = Vec::new();
    for stops_at in [1_000, 2_000, u64::MAX] {
        let cancel = CancelToken::default();
        let progress = Told {
            cancel: cancel.clone(),
            stops_at,
            told: std::sync::Mutex::default(),
        };
        let folded = history.state_at(&Work::new(&cancel, &progress), &mut stream, &findings, asked);
        assert_eq!(folded.is_ok(), stops_at == u64::MAX, "{stops_at}");
        told.extend(progress.told.into_inner().unwrap());
    }
    assert!(told.len() > 3, "{told:?}");
    assert!(told.iter().all(|(_, total)| *total == Some(3_990)), "{told:?}");
    assert!(told.is_sorted(), "{told:?}");
}

#[test]
fn checkpoints_stay_inside_their_bytes() {
    let deeds = (0..20_000)
        .map(|at| Deed::Line {
            sku: (at % 251) as u8,
            qty: (at % 7) as u8,
        })
        .collect();
    let mut stream = TestStream::new(deeds);
    let budget = Budget {
        checkpoint_bytes: 200_000,
        gap_nanos: 0,
        window_moments: 8,
    };
    let mut history = history(&stream, Detail::State, budget);
    let (cancel, findings) = (CancelToken::default(), Findings::default());
    history
        .warm_up(&Work::new(&cancel, &Silent), &mut stream, &findings)
        .unwrap();
    let (count, byte_count) = history.checkpoint_use();
    assert!(count > 1, "{count} checkpoints");
    assert!(byte_count <= 200_000, "{byte_count} bytes in {count} checkpoints");
}

#[test]
fn a_stream_that_lost_events_is_told_so() {
    let mut stream = TestStream::new(vec![Deed::RotateLines; 10]);
    let mut history = history(&stream, Detail::State, Budget::default());
    stream.read_events = 0;
    let (cancel, findings) = (CancelToken::default(), Findings::default());
    let outcome = history.state_at(&Work::new(&cancel, &Silent), &mut stream, &findings, Moment(5));
    assert!(matches!(outcome, Err(FoldError::StreamChanged)));
}

#[test]
fn other_events_are_never_shown_under_the_old_label() {
    let mut stream = TestStream::new(vec![Deed::RotateLines; 10]);
    let mut track = (*stream.track()).clone();
    track.positions[3] = crate::event::Position(999);
    let program = Arc::clone(history(&stream, Detail::State, Budget::default()).program());
    let mut history = History::new(
        program,
        Arc::new(track),
        Detail::State,
        Budget::default(),
        Arc::new(TickingClock::default()),
    )
    .unwrap();
    let (cancel, findings) = (CancelToken::default(), Findings::default());
    let outcome = history.state_at(&Work::new(&cancel, &Silent), &mut stream, &findings, Moment(5));
    assert!(matches!(outcome, Err(FoldError::StreamChanged)));
}
