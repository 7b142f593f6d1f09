//! What is settled while writers do not end and the server says when they began, and when those were over who wrote what is
//! there: held against a server in small.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::*;

const SLACK: i64 = 3_600_000_000;
const MINUTE: i64 = 60_000_000;

/// A server: sessions with a transaction each, a sequence, and a clock that is set forward and back.
#[derive(Debug, Clone)]
struct Model {
    /// How many numbers a session takes at once, and keeps for whatever it does later.
    kept_at_once: i64,
    /// A session of somebody else, of which the account is not told when its transactions began.
    untold: Option<u32>,
    next: i64,
    now: i64,
    /// By how much the clock of the server is ahead.
    ahead: i64,
    begun: u32,
    /// What sessions have taken from the sequence and not drawn.
    kept: BTreeMap<u32, Vec<i64>>,
    running: BTreeMap<u32, Open>,
    prepared: Vec<Open>,
    /// Positions, and what the clock said when they were committed.
    visible: BTreeMap<i64, i64>,
}

#[derive(Debug, Clone)]
struct Open {
    name: String,
    /// By the clock of the server; `None`: whoever asks may not know.
    began: Option<i64>,
    drawn: Vec<i64>,
    /// It has written to the table, of numbers that were there.
    holds_table: bool,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Begin(u32),
    Touch(u32),
    Draw(u32),
    Commit(u32),
    GiveUp(u32),
    Prepare(u32),
    /// One that was prepared is committed, or taken back.
    End(bool),
    Wait(i64),
    SetClock(i64),
}

impl Model {
    fn new(kept_at_once: i64) -> Model {
        Model {
            kept_at_once,
            untold: None,
            next: 0,
            now: 0,
            ahead: 0,
            begun: 0,
            kept: BTreeMap::new(),
            running: BTreeMap::new(),
            prepared: Vec::new(),
            visible: BTreeMap::new(),
        }
    }

    fn open(&mut self, session: u32) -> &mut Open {
        let (begun, clock) = (&mut self.begun, self.now + self.ahead);
        let is_told = self.untold != Some(session);
        self.running.entry(session).or_insert_with(|| {
            *begun += 1;
            Open {
                name: begun.to_string(),
                began: is_told.then_some(clock),
                drawn: Vec::new(),
                holds_table: false,
            }
        })
    }

    fn draw(&mut self, session: u32) {
        let kept = self.kept.entry(session).or_default();
        if kept.is_empty() {
            // Taken from its end.
            kept.extend((self.next + 1..=self.next + self.kept_at_once).rev());
            self.next += self.kept_at_once;
        }
        let number = kept.pop().expect("it was filled");
        self.open(session).drawn.push(number);
    }

    fn commit(&mut self, open: Option<Open>) {
        let clock = self.now + self.ahead;
        let drawn = open.into_iter().flat_map(|open| open.drawn);
        self.visible.extend(drawn.map(|position| (position, clock)));
    }

    fn step(&mut self, step: Step) {
        self.now += 1;
        match step {
            Step::Begin(session) => drop(self.open(session).name.clone()),
            Step::Touch(session) => self.open(session).holds_table = true,
            Step::Draw(session) => self.draw(session),
            Step::Commit(session) => {
                let open = self.running.remove(&session);
                self.commit(open);
            }
            Step::GiveUp(session) => drop(self.running.remove(&session)),
            Step::Prepare(session) => self.prepared.extend(self.running.remove(&session)),
            Step::End(is_committed) => {
                let open = self.prepared.pop().filter(|_| is_committed);
                self.commit(open);
            }
            Step::Wait(micros) => self.now += micros,
            Step::SetClock(ahead) => self.ahead = ahead,
        }
    }

    fn last(&self) -> Option<i64> {
        self.visible.last_key_value().map(|(position, _)| *position)
    }

    fn writers(&self) -> BTreeSet<String> {
        let open = self.running.values().chain(&self.prepared);
        open.filter(|open| !open.drawn.is_empty() || open.holds_table)
            .map(|open| open.name.clone())
            .collect()
    }

    /// The sessions in a transaction, and when these began. Of one that is prepared that is not told.
    fn sessions(&self) -> BTreeMap<u32, Option<i64>> {
        self.running
            .iter()
            .map(|(session, open)| (*session, open.began))
            .collect()
    }

    /// Who writes, by session.
    fn writing(&self) -> Vec<(String, Option<u32>)> {
        let running = self
            .running
            .iter()
            .map(|(session, open)| (open.name.clone(), Some(*session)));
        let prepared = self.prepared.iter().map(|open| (open.name.clone(), None));
        running.chain(prepared).collect()
    }

    /// As many as there are up to `last`, newest first.
    fn drawn(&self, last: i64) -> Vec<Drawn> {
        let drawn = |(position, by): (&i64, &i64)| Drawn {
            position: *position,
            by: Some(*by),
        };
        let first = Drawn { position: 0, by: None };
        self.visible.range(..=last).rev().map(drawn).chain([first]).collect()
    }

    fn up_to(&self, settled: i64) -> Vec<i64> {
        self.visible.range(..=settled).map(|(position, _)| *position).collect()
    }
}

/// Looks at a server as an adapter does that opens a store, while it goes on: each of what is asked is asked at another time.
#[derive(Debug, Default)]
struct Opening {
    last: Option<i64>,
    waited: Option<BTreeSet<String>>,
    sessions: Option<BTreeMap<u32, Option<i64>>>,
    began: Option<Option<i64>>,
    settled: Option<Settled>,
}

#[derive(Debug, Clone)]
struct Settled {
    up_to: i64,
    without_times: i64,
    last: i64,
    there: Vec<i64>,
}

impl Opening {
    fn go_on(&mut self, model: &Model) {
        let Some(last) = self.last else {
            self.last = model.last();
            return;
        };
        let writers = model.writers();
        let Some(waited) = &mut self.waited else {
            self.waited = Some(writers);
            return;
        };
        waited.retain(|name| writers.contains(name));
        let Some(sessions) = &self.sessions else {
            self.sessions = Some(model.sessions());
            return;
        };
        let Some(began) = self.began else {
            // Who keeps numbers may use one that is older than what it is used in.
            let is_known = model.kept_at_once == 1;
            let of = |(name, session): &(String, Option<u32>)| {
                let began = session.and_then(|session| sessions.get(&session).copied().flatten());
                waited.contains(name).then_some(began.filter(|_| is_known))
            };
            self.began = Some(model.writing().iter().filter_map(of).min().flatten());
            return;
        };
        if self.settled.is_none() {
            let drawn = model.drawn(last);
            let positions = |drawn: &[Drawn]| drawn.iter().map(|of| of.position).collect::<Vec<_>>();
            let settled = |drawn: &[Drawn]| below_gaps(&positions(drawn), 1, |_| true).unwrap_or(0);
            let up_to = settled(drawn_since(&drawn, began));
            self.settled = Some(Settled {
                up_to,
                without_times: settled(&drawn),
                last,
                there: model.up_to(up_to),
            });
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<(Step, bool)>> {
    let session = || 0..6_u32;
    let step = prop_oneof![
        2 => session().prop_map(Step::Begin),
        1 => session().prop_map(Step::Touch),
        8 => session().prop_map(Step::Draw),
        6 => session().prop_map(Step::Commit),
        3 => session().prop_map(Step::GiveUp),
        1 => session().prop_map(Step::Prepare),
        1 => any::<bool>().prop_map(Step::End),
        6 => (0..3 * SLACK).prop_map(Step::Wait),
        3 => (0..=SLACK).prop_map(Step::SetClock),
    ];
    proptest::collection::vec((step, proptest::bool::weighted(0.2)), 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    /// Whatever transactions do meanwhile, and however the clock is set within the slack: nothing appears at or below what was
    /// called settled. And never is less settled than without the times.
    #[test]
    fn nothing_appears_below_what_was_drawn_before_all_that_are_open(
        // What short transactions did before: whether each was taken back, and how long nothing happened then.
        history in proptest::collection::vec((proptest::bool::weighted(0.3), 0..SLACK), 0..12),
        steps in steps(),
        kept_at_once in prop_oneof![4 => Just(1_i64), 1 => 2..5_i64],
        untold in proptest::option::weighted(0.6, 0..6_u32),
        prepares in any::<bool>(),
    ) {
        let (mut model, mut opening) = (Model::new(kept_at_once), Opening::default());
        model.untold = untold;
        for (is_taken_back, pause) in history {
            model.step(Step::Draw(0));
            model.step(if is_taken_back { Step::GiveUp(0) } else { Step::Commit(0) });
            model.step(Step::Wait(pause));
        }
        for (step, is_looked_at) in steps {
            if prepares || !matches!(step, Step::Prepare(_)) {
                model.step(step);
            }
            if is_looked_at {
                opening.go_on(&model);
            }
        }
        for _ in 0..5 {
            opening.go_on(&model);
        }
        let Some(settled) = opening.settled else {
            return Ok(());
        };
        prop_assert!((settled.without_times..=settled.last).contains(&settled.up_to), "{settled:?}");
        // All that is open is committed now, and nothing that was given up comes back.
        for session in 0..6 {
            model.step(Step::Commit(session));
        }
        while !model.prepared.is_empty() {
            model.step(Step::End(true));
        }
        prop_assert_eq!(model.up_to(settled.up_to), settled.there);
    }
}

/// Three weeks with an event each minute, and every fiftieth number taken back; then a transaction that stays open.
#[test]
fn of_weeks_only_what_is_younger_than_the_open_transaction_is_hidden() {
    const WEEKS: i64 = 3 * 7 * 24 * 60;
    let mut model = Model::new(1);
    let minutes = |model: &mut Model, count: i64| {
        for minute in 0..count {
            model.step(Step::Draw(0));
            let is_taken_back = minute % 50 == 10;
            model.step(if is_taken_back {
                Step::GiveUp(0)
            } else {
                Step::Commit(0)
            });
            model.step(Step::Wait(MINUTE));
        }
    };
    minutes(&mut model, WEEKS);
    model.step(Step::Draw(1));
    minutes(&mut model, 10);
    let mut opening = Opening::default();
    for _ in 0..5 {
        opening.go_on(&model);
    }
    let settled = opening.settled.expect("it was looked at often enough");
    let hidden = |from: i64| model.visible.range(from + 1..).count();
    // Ten minutes and the hour by which the clock may be wrong, up to the first number that is missing in them.
    assert_eq!((hidden(settled.without_times), hidden(settled.up_to)), (29_635, 39));
}

/// Why nothing is concluded from times where a session keeps numbers: what it draws is older than its transaction.
#[test]
fn a_number_that_a_session_kept_is_older_than_the_transaction_that_uses_it() {
    let mut model = Model::new(2);
    for step in [
        Step::Draw(1),
        Step::Commit(1),
        Step::Draw(0),
        Step::Commit(0),
        Step::Wait(3 * SLACK),
        Step::Draw(1),
    ] {
        model.step(step);
    }
    let drawn = model.drawn(3);
    let began = model.running[&1].began;
    assert_eq!(
        drawn_since(&drawn, began).len(),
        1,
        "it looks as if 2 could not come any more"
    );
    model.step(Step::Commit(1));
    assert_eq!(model.up_to(3), [1, 2, 3]);
}

#[test]
fn what_is_not_told_hides_as_much_as_before() {
    let drawn = |position: i64, by: Option<i64>| Drawn { position, by };
    let all = [
        drawn(9, Some(8 * SLACK)),
        drawn(7, None),
        drawn(4, Some(2 * SLACK)),
        drawn(3, Some(0)),
    ];
    assert_eq!(drawn_since(&all, None), all);
    assert_eq!(drawn_since(&all, Some(4 * SLACK)), &all[..3]);
    assert_eq!(
        drawn_since(&all, Some(3 * SLACK)),
        all,
        "as far apart as the clock may be wrong"
    );
    assert_eq!(drawn_since(&all, Some(3 * SLACK + 1)), &all[..3]);
    assert_eq!(drawn_since(&all, Some(i64::MAX)), &all[..1]);
    assert_eq!(drawn_since(&[drawn(1, Some(i64::MAX))], Some(i64::MAX)).len(), 1);
    assert_eq!(drawn_since(&[], Some(0)), []);
}
