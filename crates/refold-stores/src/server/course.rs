//! Where a read is and how it goes on: the statement for the next page, by key. Nothing is held on the server between
//! pages.

use refold_core::event::{EventBatch, Version};
use refold_core::port::store::{Direction, ReadQuery, Scope};

use super::Server;
use super::bound::{Bound, BoundShape};
use super::link::Asked;
use super::places::Window;

/// So many single events are asked for at once.
const MOST_SINGLE: usize = 200;

/// The way through a scope, as far as the store is settled.
pub struct Course {
    direction: Direction,
    horizon: i64,
    way: Way,
}

enum Way {
    All {
        after: Option<i64>,
        up_to: i64,
        passed: Option<i64>,
        /// Where positions are places: how far a page looks.
        window: Option<Window>,
    },
    Stream {
        id: Vec<u8>,
        from: Option<Version>,
        to: Option<Version>,
        passed: Option<(Version, i64)>,
    },
    Positions {
        positions: Vec<i64>,
        next: usize,
        at_once: usize,
    },
}

impl Course {
    /// `horizon`: nothing above it is read. `is_by_place`: positions are places.
    pub fn new(query: &ReadQuery, horizon: i64, is_by_place: bool) -> Course {
        let way = match &query.scope {
            Scope::All { after, up_to } => Way::All {
                after: after.map(|at| at.0),
                up_to: up_to.map_or(horizon, |at| at.0.min(horizon)),
                passed: None,
                window: is_by_place.then(Window::default),
            },
            Scope::Stream { id, from, to } => Way::Stream {
                id: id.clone(),
                from: *from,
                to: *to,
                passed: None,
            },
            Scope::Positions(positions) => Way::Positions {
                positions: positions.iter().map(|at| at.0).collect(),
                next: 0,
                at_once: MOST_SINGLE,
            },
        };
        let mut course = Course {
            direction: query.direction,
            horizon,
            way,
        };
        course.look_on();
        course
    }

    /// The statement for what comes next, at most `limit` rows; `None` at the end of the way.
    pub fn asked<S: Server>(&self, bound: &Bound<S>, shape: &BoundShape, limit: usize) -> Option<Asked<S>> {
        let mut parts = Parts::<S> {
            conditions: Vec::new(),
            parameters: Vec::new(),
        };
        match &self.way {
            Way::All { .. } => {
                let order = self.all(bound, &mut parts)?;
                Some(parts.page(bound, shape, &order, limit))
            }
            Way::Stream { id, from, to, passed } => {
                let rows = bound.stream_rows(id)?;
                parts.conditions.push(rows.condition);
                parts.parameters = rows.parameters;
                let order = self.stream(bound, &mut parts, (*from, *to), *passed);
                Some(Asked {
                    is_of_stream: true,
                    ..parts.page(bound, shape, &order, limit)
                })
            }
            Way::Positions { .. } => {
                let single: Vec<i64> = self.single();
                if single.is_empty() {
                    return None;
                }
                parts
                    .conditions
                    .push(S::among(&bound.plan, single, &mut parts.parameters));
                // An event may have several rows.
                Some(parts.page(bound, shape, &bound.plan.position, 1 << 20))
            }
        }
    }

    /// The row was dealt with.
    pub fn pass(&mut self, at: i64, version: Version) {
        match &mut self.way {
            Way::All { passed, .. } => *passed = Some(at),
            Way::Stream { passed, .. } => *passed = Some((version, at)),
            Way::Positions { .. } => {}
        }
    }

    /// A page was dealt with; says whether there is more. `is_full`: it ended where it had to, and not where its rows did.
    pub fn pass_page(&mut self, is_full: bool) -> bool {
        let Way::All {
            window: Some(window),
            passed,
            ..
        } = &mut self.way
        else {
            return is_full;
        };
        if is_full {
            window.narrow();
        } else {
            *passed = Some(window.edge());
            window.widen();
        }
        self.look_on()
    }

    /// Where positions are places: looks at what comes next. Says whether there is anything.
    fn look_on(&mut self) -> bool {
        let Some(rest) = self.rest(true) else { return false };
        if let Way::All {
            window: Some(window), ..
        } = &mut self.way
        {
            window.look_at(rest, self.direction);
        }
        true
    }

    /// The position that was dealt with last, when the way goes through all.
    pub fn passed(&self) -> Option<i64> {
        match self.way {
            Way::All { passed, .. } => passed,
            Way::Stream { .. } | Way::Positions { .. } => None,
        }
    }

    pub fn is_through_all(&self) -> bool {
        matches!(self.way, Way::All { .. })
    }

    pub fn is_by_single_rows(&self) -> bool {
        matches!(self.way, Way::Positions { .. })
    }

    /// The positions that the next statement asks for one by one, as they were asked for.
    pub fn single(&self) -> Vec<i64> {
        match &self.way {
            Way::Positions {
                positions,
                next,
                at_once,
            } => {
                let ahead = positions.get(*next..).unwrap_or_default();
                let is_settled = |position: &&i64| **position <= self.horizon;
                ahead.iter().take(*at_once).filter(is_settled).copied().collect()
            }
            Way::All { .. } | Way::Stream { .. } => Vec::new(),
        }
    }

    /// Asks for half as many of them at once from now on; says whether that is fewer.
    pub fn ask_for_fewer(&mut self) -> bool {
        match &mut self.way {
            Way::Positions { at_once, .. } if *at_once > 1 => {
                *at_once /= 2;
                true
            }
            Way::All { .. } | Way::Stream { .. } | Way::Positions { .. } => false,
        }
    }

    /// Goes on behind them; says whether there are more.
    pub fn pass_single(&mut self) -> bool {
        match &mut self.way {
            Way::Positions {
                positions,
                next,
                at_once,
            } => {
                *next = (*next + *at_once).min(positions.len());
                *next < positions.len()
            }
            Way::All { .. } | Way::Stream { .. } => false,
        }
    }

    /// The lowest and the highest position of those that are still to be dealt with, when the way goes through all. Where
    /// the database itself does not keep positions apart, the last one is looked at again.
    fn rest(&self, is_unique: bool) -> Option<(i64, i64)> {
        let Way::All {
            after, up_to, passed, ..
        } = self.way
        else {
            return None;
        };
        let (mut lowest, mut highest) = (after.map_or(Some(i64::MIN), |after| after.checked_add(1))?, up_to);
        match (passed, self.direction) {
            (None, _) => {}
            (Some(passed), Direction::Forward) if !is_unique => lowest = passed,
            (Some(passed), Direction::Backward) if !is_unique => highest = passed,
            (Some(passed), Direction::Forward) => lowest = passed.checked_add(1)?,
            (Some(passed), Direction::Backward) => highest = passed.checked_sub(1)?,
        }
        (lowest <= highest).then_some((lowest, highest))
    }

    fn all<S: Server>(&self, bound: &Bound<S>, parts: &mut Parts<S>) -> Option<String> {
        let position = &bound.plan.position;
        let mut range = self.rest(bound.plan.is_position_unique)?;
        if let Way::All {
            window: Some(window), ..
        } = &self.way
        {
            range = window.cut(range, self.direction);
        }
        let (lowest, highest) = range;
        let (from, to) = (parts.position(bound, lowest), parts.position(bound, highest));
        parts.conditions.push(format!("{position} >= {from}"));
        parts.conditions.push(format!("{position} <= {to}"));
        Some(match self.direction {
            Direction::Forward => position.clone(),
            Direction::Backward => format!("{position} DESC"),
        })
    }

    fn stream<S: Server>(
        &self,
        bound: &Bound<S>,
        parts: &mut Parts<S>,
        (from, to): (Option<Version>, Option<Version>),
        passed: Option<(Version, i64)>,
    ) -> String {
        let position = &bound.plan.position;
        parts.conditions.extend(bound.plan.home_condition().cloned());
        let horizon = parts.position(bound, self.horizon);
        parts.conditions.push(format!("{position} <= {horizon}"));
        let (beyond, reaches, suffix) = match self.direction {
            Direction::Forward => (">", ">=", ""),
            Direction::Backward => ("<", "<=", " DESC"),
        };
        let Some(version) = &bound.plan.version else {
            if let Some((_, at)) = passed {
                let at = parts.position(bound, at);
                parts.conditions.push(format!("{position} {beyond} {at}"));
            }
            return format!("{position}{suffix}");
        };
        for (operator, limit) in [(">=", from), ("<=", to)] {
            if let Some(limit) = limit {
                let limit = parts.number(limit.0);
                parts.conditions.push(format!("{version} {operator} {limit}"));
            }
        }
        let is_open = from.is_none() && to.is_none() && bound.is_version_nullable;
        match (passed, self.direction) {
            (None, _) => {}
            (Some((EventBatch::NO_VERSION, at)), Direction::Forward) => {
                let at = parts.position(bound, at);
                parts
                    .conditions
                    .push(format!("({version} IS NOT NULL OR {position} > {at})"));
            }
            (Some((EventBatch::NO_VERSION, at)), Direction::Backward) => {
                let at = parts.position(bound, at);
                parts
                    .conditions
                    .push(format!("{version} IS NULL AND {position} < {at}"));
            }
            (Some((last, at)), direction) => {
                // Where parameters have no names, each mark stands for one of its own.
                let [reached, last] = [last.0, last.0].map(|number| parts.number(number));
                let at = parts.position(bound, at);
                let next = format!(
                    "{version} {reaches} {reached} AND ({version} {beyond} {last} OR {position} {beyond} {at})"
                );
                parts.conditions.push(if is_open && direction == Direction::Backward {
                    format!("({next} OR {version} IS NULL)")
                } else {
                    next
                });
            }
        }
        // Events without a version come before all others, and an index is used where there can be none.
        let nulls = match (bound.is_version_nullable, self.direction) {
            (false, _) => "",
            (true, Direction::Forward) => S::NULLS[0],
            (true, Direction::Backward) => S::NULLS[1],
        };
        format!("{version}{suffix}{nulls}, {position}{suffix}")
    }
}

struct Parts<S: Server> {
    conditions: Vec<String>,
    parameters: Vec<S::Parameter>,
}

impl<S: Server> Parts<S> {
    fn number(&mut self, number: i64) -> String {
        self.parameters.push(S::number(number));
        S::mark(self.parameters.len())
    }

    fn position(&mut self, bound: &Bound<S>, position: i64) -> String {
        self.parameters.push(S::position(&bound.plan, position));
        S::mark(self.parameters.len())
    }

    fn page(mut self, bound: &Bound<S>, shape: &BoundShape, order: &str, limit: usize) -> Asked<S> {
        self.number(i64::try_from(limit).unwrap_or(i64::MAX));
        let limit = self.parameters.len();
        let sql = S::page(&bound.plan, &shape.shape, &self.conditions, order, limit);
        Asked::new(sql, self.parameters)
    }
}
