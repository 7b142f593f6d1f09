//! Random read models with random damage, against an oracle that looks at every state of every stream, with no digest and
//! no shortcut.

use proptest::prelude::*;

use super::*;

/// What a row is, by looking at everything. Moments count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expected {
    Equal,
    Behind {
        at: usize,
        by: usize,
    },
    Different {
        at: usize,
        /// The other moment whose state the row holds as a whole; an earlier one is a lost update.
        holds: Option<usize>,
        /// Column, expected literal, the event since which the row is wrong, and whether it never was right.
        fields: Vec<(&'static str, Option<String>, Option<usize>, bool)>,
    },
    Unplaced {
        is_past_end: bool,
    },
    Unclear,
    /// It is not there, and should be, as far as anybody knows.
    Missing,
    /// It is not there, and its stream is so young that nothing is wrong with that.
    NotYet,
}

/// A store, and how rows say how far they are.
struct Asked {
    events: usize,
    /// How far versions are apart.
    step: i64,
    by: By,
    until: Option<i64>,
    /// Nanoseconds of which all times that rows say are multiples.
    unit: i64,
}

/// Where a row says that it is.
enum Says {
    Nothing,
    Unreadable,
    /// The moment to compare with, and all that it can mean.
    At(usize, Vec<usize>),
    Nowhere {
        is_past_end: bool,
    },
}

impl Asked {
    fn says(&self, history: &[(i64, Fields)], own: &OwnCell) -> Says {
        let at = match own {
            _ if self.by == By::Nobody => return Says::Nothing,
            OwnCell::Absent | OwnCell::Garbage("null") => return Says::Nothing,
            OwnCell::Garbage(_) => return Says::Unreadable,
            OwnCell::At(at) => *at,
        };
        let moments = 1..=history.len();
        let position = |moment: usize| history[moment - 1].0;
        let (named, is_past_end): (Vec<usize>, bool) = match self.by {
            By::Nobody | By::Version => {
                let last = history.len() as i64 * self.step;
                (
                    moments.filter(|moment| *moment as i64 * self.step == at).collect(),
                    at > last,
                )
            }
            By::Position => (
                moments.filter(|moment| position(*moment) == at).collect(),
                at > self.events as i64,
            ),
            By::Time => {
                let unit = self.unit;
                let time = |moment: usize| time_of(position(moment)).0;
                let mut named: Vec<usize> = moments
                    .clone()
                    .filter(|moment| at - unit < time(*moment) && time(*moment) < at + unit)
                    .collect();
                // A time may lie between two events, and means the one before.
                named.extend(moments.rev().find(|moment| time(*moment) < at + unit));
                (named, false)
            }
        };
        match named.last() {
            Some(last) => Says::At(*last, named),
            None => Says::Nowhere { is_past_end },
        }
    }

    fn expected(&self, history: &[(i64, Fields)], row: Option<&Row>) -> Expected {
        let due = history
            .iter()
            .filter(|(position, _)| self.until.is_none_or(|until| *position <= until))
            .count();
        let Some(row) = row else {
            return if due > 0 { Expected::Missing } else { Expected::NotYet };
        };
        let state = |moment: usize| &history[moment - 1].1;
        let right: Vec<usize> = (1..=history.len())
            .filter(|moment| *state(*moment) == row.fields)
            .collect();
        let differing = |moment: usize| {
            COLUMNS
                .iter()
                .filter(move |column| state(moment).get(*column) != row.fields.get(*column))
        };
        let different = |at: usize, holds: Option<usize>| {
            let fields = differing(at).map(|column| {
                let before = |moment: usize| (moment > 1).then(|| state(moment - 1).get(column)).flatten();
                let changed = (1..=at)
                    .rev()
                    .find(|moment| state(*moment).get(column) != before(*moment));
                let of = |moment: usize| (moment > 0).then(|| state(moment).get(column)).flatten();
                let right = (0..at).rev().find(|moment| of(*moment) == row.fields.get(column));
                let since = right.map(|moment| moment + 1).or(changed);
                (*column, state(at).get(column).cloned(), since, right.is_none())
            });
            Expected::Different {
                at,
                holds,
                fields: fields.collect(),
            }
        };
        let says = self.says(history, &row.own);
        let is_told = self.until.is_some() && !matches!(says, Says::Unreadable);
        let there = |moment: usize| match due.saturating_sub(moment) {
            0 => Expected::Equal,
            by if !is_told => Expected::Behind { at: moment, by },
            // The read model is past what the row lacks.
            _ if differing(due).next().is_none() => Expected::Equal,
            _ => different(due, Some(moment)),
        };
        match says {
            Says::Nowhere { is_past_end } => Expected::Unplaced { is_past_end },
            Says::At(place, named) => {
                let earlier = right.iter().rev().find(|moment| **moment < place);
                match right.iter().rev().find(|moment| named.contains(moment)) {
                    Some(moment) => there(*moment),
                    None => different(place, earlier.or(right.first()).copied()),
                }
            }
            says @ (Says::Nothing | Says::Unreadable) => {
                let before = right.iter().rev().find(|moment| **moment <= due);
                match before.or(right.first()).map(|moment| there(*moment)) {
                    // Whether it is only late, nobody can tell where it says something that cannot be read.
                    Some(Expected::Behind { .. }) if matches!(says, Says::Unreadable) => Expected::Unclear,
                    Some(told) => told,
                    None => {
                        let least = (1..=due.max(1)).rev().min_by_key(|moment| differing(*moment).count());
                        different(least.unwrap(), None)
                    }
                }
            }
        }
    }

    /// What was said of the row of a stream, in the words of the oracle.
    fn said(&self, answer: &DriftAnswer, history: &[(i64, Fields)], stream: usize, has_row: bool) -> Expected {
        let name = format!("order-{stream}");
        let is_of = |fault: &&Fault| fault.stream.as_ref().is_some_and(|stream| stream.to_string() == name);
        let of: Vec<&Fault> = answer.faults.iter().filter(is_of).collect();
        let moment = |label: &Option<String>| {
            let label: Option<i64> = label.as_ref().map(|label| label.parse().unwrap());
            label.map(|version| (version / self.step) as usize)
        };
        match of.as_slice() {
            [] if has_row => Expected::Equal,
            [] => Expected::NotYet,
            [one] if one.kind == FaultKind::Missing => Expected::Missing,
            // Where nobody says how far the read model is, it may be that it comes.
            [one] if one.kind == FaultKind::Behind && !has_row => {
                assert!(self.until.is_none());
                Expected::Missing
            }
            [one] if one.kind == FaultKind::Behind => Expected::Behind {
                at: moment(&one.at).unwrap(),
                by: one.behind_by as usize,
            },
            [one] if one.kind == FaultKind::Unclear => Expected::Unclear,
            [one] if one.kind == FaultKind::Unplaced => {
                assert_eq!(one.at, None, "it was compared with nothing");
                let why = one.why.as_deref().unwrap();
                let ends = ["its stream ends at v", "the store ends at #"];
                Expected::Unplaced {
                    is_past_end: ends.iter().any(|end| why.contains(end)),
                }
            }
            faults => {
                let field = |fault: &&Fault| {
                    assert_eq!(fault.kind, FaultKind::Different);
                    let column = COLUMNS.iter().find(|column| Some(**column) == fault.column.as_deref());
                    let value = fault
                        .expected
                        .as_ref()
                        .map(|value| String::from_utf8(value.json()).unwrap());
                    (*column.unwrap(), value, moment(&fault.version), fault.last_change)
                };
                let mut fields: Vec<_> = faults.iter().map(field).collect();
                // Rows of JSON have their columns in the order in which they come up.
                fields.sort();
                let (at, holds) = (moment(&faults[0].at).unwrap(), moment(&faults[0].holds));
                for fault in faults {
                    assert_eq!(fault.lost_update, holds.is_some_and(|holds| holds < at));
                    if fault.lost_update {
                        let lacks = format!("v{} Type", (holds.unwrap() + 1) as i64 * self.step);
                        let told = ["; ", "has come past "].map(|before| format!("{before}{lacks}"));
                        let why = fault.why.as_ref().unwrap();
                        assert!(told.iter().any(|told| why.contains(told)), "{fault:?}");
                    }
                }
                assert!(at <= history.len());
                Expected::Different { at, holds, fields }
            }
        }
    }
}

fn events() -> impl Strategy<Value = Vec<Told>> {
    let patch =
        prop::collection::vec((0..3_usize, prop::option::weighted(0.8, 0..4_u8)), 0..3).prop_map(|mut patch| {
            // A key twice in one payload is another matter.
            patch.sort_by_key(|(column, _)| *column);
            patch.dedup_by_key(|(column, _)| *column);
            patch
        });
    let told = (0..8_usize, patch).prop_map(|(stream, patch)| Told { stream, patch });
    prop::collection::vec(told, 1..80)
}

/// What is done to the row of a stream.
#[derive(Debug, Clone)]
struct Damage {
    /// Which event its fields stop at, and what is changed in them.
    held: prop::sample::Index,
    change: Option<(usize, u8)>,
    own: DamagedOwn,
}

#[derive(Debug, Clone)]
enum DamagedOwn {
    /// It says where its fields stop.
    True,
    /// It says another event of its stream: an update was lost, or applied too early.
    Other(prop::sample::Index),
    /// Also versions that no stream has, those between two, positions of other streams, and what is past the end.
    Any(i64),
    Garbage(&'static str),
    Absent,
    /// There is no row.
    Gone,
}

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let own = prop_oneof![
        4 => Just(DamagedOwn::True),
        3 => any::<prop::sample::Index>().prop_map(DamagedOwn::Other),
        3 => (-2..90_i64).prop_map(DamagedOwn::Any),
        2 => prop::sample::select(vec!["null", "\"seven\"", "\"\"", "7.5", "\"7x\"", "1e30", "[7]", "\"99999999999999999999\""])
            .prop_map(DamagedOwn::Garbage),
        1 => Just(DamagedOwn::Absent),
        1 => Just(DamagedOwn::Gone),
    ];
    let change = prop::option::weighted(0.3, (0..3_usize, 0..6_u8));
    let one = (any::<prop::sample::Index>(), change, own).prop_map(|(held, change, own)| Damage { held, change, own });
    prop::collection::vec(one, 8)
}

/// The largest unit of which the times of all rows are multiples.
fn unit(rows: &[Row]) -> i64 {
    let times = rows.iter().filter_map(|row| match row.own {
        OwnCell::At(time) => Some(time),
        OwnCell::Absent | OwnCell::Garbage(_) => None,
    });
    let times: Vec<i64> = times.collect();
    let day = 86_400_000_000_000;
    let units = [day, day / 1_440, 1_000_000_000, 1_000_000, 1_000, 1];
    let is_of_all = |unit: &i64| times.iter().all(|time| time % unit == 0);
    units.into_iter().find(is_of_all).unwrap()
}

/// `cut`: times are written in whole seconds.
fn damaged(stream: usize, history: &[(i64, Fields)], damage: &Damage, asked: &Asked, cut: bool) -> Option<Row> {
    let held = damage.held.index(history.len());
    let mut fields = history[held].1.clone();
    if let Some((column, value)) = damage.change {
        fields.insert(COLUMNS[column], literal(column, value));
    }
    let time = |position: i64| match time_of(position).0 {
        time if cut => time - time % 1_000_000_000,
        time => time,
    };
    let own_of = |held: usize| match asked.by {
        By::Nobody | By::Version => (held as i64 + 1) * asked.step,
        By::Position => history[held].0,
        By::Time => time(history[held].0),
    };
    let own = match &damage.own {
        DamagedOwn::True => OwnCell::At(own_of(held)),
        DamagedOwn::Other(other) => OwnCell::At(own_of(other.index(history.len()))),
        DamagedOwn::Any(any) if asked.by == By::Time => OwnCell::At(time(*any)),
        DamagedOwn::Any(any) => OwnCell::At(*any),
        DamagedOwn::Garbage(json) => OwnCell::Garbage(json),
        DamagedOwn::Absent => OwnCell::Absent,
        DamagedOwn::Gone => return None,
    };
    Some(Row { stream, own, fields })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    /// Any row of any stream, at any moment of it, with any change and whatever it says of itself: it is told as the oracle
    /// tells it, and counted as that.
    #[test]
    fn every_row_is_what_looking_at_every_state_says(
        events in events(),
        damage in damage(),
        by in prop::sample::select(vec![By::Nobody, By::Version, By::Position, By::Time]),
        until in prop::option::of(1..80_i64),
        step in 1..3_i64,
        cut: bool,
        most_faults in 0..4_usize,
    ) {
        let histories = histories(&events);
        let asked = Asked { events: events.len(), step, by, until, unit: 1 };
        let rows: Vec<Row> = histories
            .iter()
            .filter_map(|(stream, history)| damaged(*stream, history, &damage[*stream], &asked, cut))
            .collect();
        let asked = Asked { unit: unit(&rows), ..asked };
        // An export without a row has no columns.
        prop_assume!(!rows.is_empty());
        let session = numbered(&events, step);
        let answer = drifted_in(&session, &rows, by, until, 1_000);
        let (mut equal, mut behind, mut different, mut lost) = (0, 0, 0, 0);
        let (mut unplaced, mut past_end, mut unclear, mut missing) = (0, 0, 0, 0);
        for (stream, history) in &histories {
            let row = rows.iter().find(|row| row.stream == *stream);
            let expected = asked.expected(history, row);
            prop_assert_eq!(
                asked.said(&answer, history, *stream, row.is_some()),
                expected.clone(),
                "order-{} of {:?}", stream, row
            );
            match expected {
                Expected::Equal => equal += 1,
                Expected::Behind { .. } => behind += 1,
                Expected::Different { at, holds, .. } => {
                    different += 1;
                    lost += u32::from(holds.is_some_and(|holds| holds < at));
                }
                Expected::Unplaced { is_past_end } => {
                    unplaced += 1;
                    past_end += u32::from(is_past_end);
                }
                Expected::Unclear => unclear += 1,
                Expected::Missing => missing += 1,
                Expected::NotYet => {}
            }
        }
        // However few are told one by one.
        let few = drifted_in(&session, &rows, by, until, most_faults);
        for answer in [&answer, &few] {
            prop_assert_eq!((answer.equal, answer.different, answer.lost_updates), (equal, different, lost));
            prop_assert_eq!((answer.unplaced, answer.past_end, answer.unclear), (unplaced, past_end, unclear));
            let late = answer.behind - answer.to_come;
            let sum = answer.equal + answer.extra + answer.different + late + answer.unplaced + answer.unclear;
            prop_assert_eq!((answer.rows, late), (sum, behind));
            prop_assert_eq!((answer.missing + answer.behind, answer.extra), (missing + behind, 0));
            let ahead = answer.findings.iter().find(|finding| finding.code == "read-model-ahead");
            prop_assert_eq!(ahead.map_or(0, |finding| finding.count), past_end);
        }
        prop_assert_eq!(answer.fault_count, few.fault_count);
        let garbage = |row: &&Row| !matches!(row.own, OwnCell::At(_) | OwnCell::Absent | OwnCell::Garbage("null"));
        let garbage = if by == By::Nobody { 0 } else { rows.iter().filter(garbage).count() };
        let said = answer.findings.iter().find(|finding| finding.code == "row-position-unreadable");
        prop_assert_eq!(said.map_or(0, |finding| finding.count as usize), garbage);
    }
}
