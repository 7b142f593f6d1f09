//! Where a read is and how it goes on: the statement for what comes next, by key.

use refold_core::event::{EventBatch, Position, Version};
use refold_core::port::store::{Direction, ReadQuery, Scope};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::bulk::Stretch;
use super::key::{self, StreamRows};
use crate::tables::plan::{Plan, Shape};
use crate::tables::row::Values;

/// The way through a scope.
pub struct Course {
    direction: Direction,
    way: Way,
}

enum Way {
    All {
        after: Option<i64>,
        up_to: Option<i64>,
        passed: Option<i64>,
        /// Statements go no farther for now.
        part_end: Option<i64>,
    },
    Stream(StreamWay),
    Positions {
        positions: Vec<Position>,
        next: usize,
    },
}

struct StreamWay {
    id: Vec<u8>,
    from: Option<Version>,
    to: Option<Version>,
    /// How the database spells the id, once that was looked up.
    rows: Option<StreamRows>,
    /// The version, as stored, and the position of the last row that was read.
    passed: Option<(Value, i64)>,
}

/// SQL without its limit, and its parameters.
pub struct Statement {
    pub sql: String,
    pub parameters: Vec<Value>,
}

impl Course {
    pub fn new(query: &ReadQuery) -> Course {
        let way = match &query.scope {
            Scope::All { after, up_to } => Way::All {
                after: after.map(|at| at.0),
                up_to: up_to.map(|at| at.0),
                passed: None,
                part_end: None,
            },
            Scope::Stream { id, from, to } => Way::Stream(StreamWay {
                id: id.clone(),
                from: *from,
                to: *to,
                rows: None,
                passed: None,
            }),
            Scope::Positions(positions) => Way::Positions {
                positions: positions.clone(),
                next: 0,
            },
        };
        Course {
            direction: query.direction,
            way,
        }
    }

    /// Whether each statement yields one row, so that the next one must be asked for.
    pub fn is_by_single_rows(&self) -> bool {
        matches!(self.way, Way::Positions { .. })
    }

    /// The statement for all that comes next, or `None` at the end of the way.
    pub fn statement(
        &mut self,
        connection: &Connection,
        plan: &Plan,
        shape: &Shape,
    ) -> rusqlite::Result<Option<Statement>> {
        let direction = self.direction;
        match &mut self.way {
            Way::All {
                after,
                up_to,
                passed,
                part_end,
            } => {
                let bounds = match direction {
                    Direction::Forward => (*after, part_end.or(*up_to)),
                    Direction::Backward => (part_end.map_or(*after, |end| end.checked_sub(1)), *up_to),
                };
                Ok(all(plan, shape, direction, bounds, *passed))
            }
            Way::Stream(way) => {
                way.find(connection, plan)?;
                Ok(way.rows.as_ref().map(|rows| stream(plan, shape, direction, way, rows)))
            }
            Way::Positions { positions, next } => Ok(positions.get(*next).map(|position| {
                let sql = plan.select(shape, &[format!("{} = ?1", plan.position)], &plan.position);
                Statement {
                    sql,
                    parameters: vec![Value::Integer(position.0)],
                }
            })),
        }
    }

    /// What comes next as a stretch of rows that may be read without a statement, if it is one.
    pub fn stretch(&mut self, connection: &Connection, plan: &Plan) -> rusqlite::Result<Option<Stretch>> {
        if self.direction == Direction::Backward {
            return Ok(None);
        }
        Ok(match &mut self.way {
            Way::All { .. } => self.ahead().map(|(from, up_to)| Stretch::Positions { from, up_to }),
            Way::Stream(way) => {
                way.find(connection, plan)?;
                way.stretch()
            }
            Way::Positions { .. } => None,
        })
    }

    /// The row was dealt with; the way goes on behind it. False when it stands where no row can: before the last one.
    pub fn pass(&mut self, row: &impl Values, position: i64, version_index: Option<usize>) -> bool {
        match &mut self.way {
            Way::All { passed, .. } => {
                let is_beyond = passed.is_none_or(|last| match self.direction {
                    Direction::Forward => position > last,
                    Direction::Backward => position < last,
                });
                *passed = Some(position);
                is_beyond
            }
            Way::Stream(way) => {
                let version = version_index.and_then(|index| row.value(index).try_into().ok());
                let version = version.unwrap_or(Value::Null);
                way.passed = Some((version, position));
                true
            }
            Way::Positions { .. } => true,
        }
    }

    /// All rows of a stretch up to this one were dealt with.
    pub fn pass_to(&mut self, position: Position, version: Version) {
        match &mut self.way {
            Way::All { passed, .. } => *passed = Some(position.0),
            Way::Stream(way) => way.passed = Some((Value::Integer(version.0), position.0)),
            Way::Positions { .. } => {}
        }
    }

    /// Goes on to the next of single rows.
    pub fn pass_single(&mut self) {
        if let Way::Positions { next, .. } = &mut self.way {
            *next += 1;
        }
    }

    /// The position that a single row was asked by.
    pub fn single(&self) -> Option<Position> {
        match &self.way {
            Way::Positions { positions, next } => positions.get(*next).copied(),
            Way::All { .. } | Way::Stream(_) => None,
        }
    }

    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The positions that are still ahead, first and last in the direction of the way, when it goes through all.
    pub fn ahead(&self) -> Option<(i64, i64)> {
        let Way::All { passed, .. } = &self.way else {
            return None;
        };
        let (lowest, highest) = self.asked()?;
        Some(match self.direction {
            Direction::Forward => (passed.map_or(Some(lowest), |last| last.checked_add(1))?, highest),
            Direction::Backward => (passed.map_or(Some(highest), |last| last.checked_sub(1))?, lowest),
        })
    }

    /// The lowest and the highest position that was asked for, when the way goes through all.
    pub fn asked(&self) -> Option<(i64, i64)> {
        let Way::All { after, up_to, .. } = &self.way else {
            return None;
        };
        let lowest = after.map_or(Some(i64::MIN), |after| after.checked_add(1))?;
        Some((lowest, up_to.unwrap_or(i64::MAX)))
    }

    /// As [`Course::ahead`], as far as statements go for now.
    pub fn ahead_in_part(&self) -> Option<(i64, i64)> {
        let (from, to) = self.ahead()?;
        match &self.way {
            Way::All {
                part_end: Some(end), ..
            } => Some((from, *end)),
            _ => Some((from, to)),
        }
    }

    /// Has statements go up to `end` and no farther, which lies ahead, or to the end of the way.
    pub fn stop_at(&mut self, end: Option<i64>) {
        if let Way::All { part_end, .. } = &mut self.way {
            *part_end = end;
        }
    }

    /// Goes on behind where statements were to stop. False where that is the end of the way.
    pub fn leave_part(&mut self) -> bool {
        let Way::All { part_end, passed, .. } = &mut self.way else {
            return false;
        };
        let Some(end) = part_end.take() else { return false };
        *passed = Some(end);
        self.ahead().is_some_and(|ahead| self.is_any(ahead))
    }

    /// Whether all rows were dealt with up to where statements are to stop.
    pub fn has_passed_part(&self) -> bool {
        let is_in_part = matches!(self.way, Way::All { part_end: Some(_), .. });
        is_in_part && !self.ahead_in_part().is_some_and(|ahead| self.is_any(ahead))
    }

    /// Whether no row of the part can stand at this position: it was passed already.
    pub fn is_astray(&self, position: i64) -> bool {
        let Way::All {
            passed: Some(passed),
            part_end: Some(_),
            ..
        } = self.way
        else {
            return false;
        };
        match self.direction {
            Direction::Forward => position <= passed,
            Direction::Backward => position >= passed,
        }
    }

    fn is_any(&self, (from, to): (i64, i64)) -> bool {
        match self.direction {
            Direction::Forward => from <= to,
            Direction::Backward => from >= to,
        }
    }

    /// Goes on from `position`, whatever lies before it on the way.
    pub fn jump(&mut self, position: i64) {
        if let Way::All { passed, .. } = &mut self.way {
            *passed = match self.direction {
                Direction::Forward => position.checked_sub(1),
                Direction::Backward => position.checked_add(1),
            };
        }
    }

    /// What is still ahead of a stream; `None` for other ways.
    pub fn rest_of_stream(&self) -> Option<Rest<'_>> {
        match &self.way {
            Way::Stream(way) => Some(Rest {
                id: &way.id,
                direction: self.direction,
                way,
            }),
            Way::All { .. } | Way::Positions { .. } => None,
        }
    }

    /// Goes on by these rows, one after the other.
    pub fn go_by_positions(&mut self, positions: Vec<Position>) {
        self.way = Way::Positions { positions, next: 0 };
    }
}

/// What is still ahead of a stream.
pub struct Rest<'c> {
    pub id: &'c [u8],
    direction: Direction,
    way: &'c StreamWay,
}

impl Rest<'_> {
    /// Whether an event of the stream is among it.
    pub fn holds(&self, version: Version, position: Position) -> bool {
        let (from, to) = (self.way.from, self.way.to);
        let is_missing = version == EventBatch::NO_VERSION;
        let is_within = from.is_none_or(|from| version >= from) && to.is_none_or(|to| version <= to);
        let is_ahead = match &self.way.passed {
            None => true,
            Some((passed, at)) => {
                let passed = match passed {
                    Value::Integer(passed) => Version(*passed),
                    _ => EventBatch::NO_VERSION,
                };
                match self.direction {
                    Direction::Forward => (version, position.0) > (passed, *at),
                    Direction::Backward => (version, position.0) < (passed, *at),
                }
            }
        };
        is_within && is_ahead && !(is_missing && (from.is_some() || to.is_some()))
    }
}

impl StreamWay {
    fn find(&mut self, connection: &Connection, plan: &Plan) -> rusqlite::Result<()> {
        if self.rows.is_none() {
            self.rows = key::find(connection, plan, &self.id)?;
        }
        Ok(())
    }

    fn stretch(&self) -> Option<Stretch> {
        let passed = match &self.passed {
            None => None,
            Some((Value::Integer(version), position)) => Some((*version, *position)),
            Some(_) => return None,
        };
        Some(Stretch::Stream {
            texts: self.rows.as_ref()?.texts.clone()?,
            from: self.from.map(|version| version.0),
            to: self.to.map(|version| version.0),
            passed,
        })
    }
}

fn all(
    plan: &Plan,
    shape: &Shape,
    direction: Direction,
    (after, up_to): (Option<i64>, Option<i64>),
    passed: Option<i64>,
) -> Option<Statement> {
    let position = &plan.position;
    let (mut conditions, mut parameters) = (Vec::new(), Vec::new());
    let lower = if direction == Direction::Forward {
        passed.or(after)
    } else {
        after
    };
    // "From the next one" and not "behind this one": the page that this one is on may be damaged.
    let from = match lower {
        Some(lower) => Some(lower.checked_add(1)?),
        None => None,
    };
    let before = match passed.filter(|_| direction == Direction::Backward) {
        Some(passed) => Some(passed.checked_sub(1)?),
        None => None,
    };
    let mut bound = |operator: &str, value: Option<i64>| {
        if let Some(value) = value {
            parameters.push(Value::Integer(value));
            conditions.push(format!("{position} {operator} ?{}", parameters.len()));
        }
    };
    let order = match direction {
        Direction::Forward => {
            bound(">=", from);
            bound("<=", up_to);
            position.clone()
        }
        Direction::Backward => {
            bound(">=", from);
            // As above, seen from the other side.
            bound("<=", before.or(up_to));
            format!("{position} DESC")
        }
    };
    Some(Statement {
        sql: plan.select(shape, &conditions, &order),
        parameters,
    })
}

/// Rows of one version stand in the order of their positions; rows without a version come before all others.
fn stream(plan: &Plan, shape: &Shape, direction: Direction, way: &StreamWay, rows: &StreamRows) -> Statement {
    let (mut conditions, mut parameters) = (rows.conditions.clone(), rows.parameters.clone());
    conditions.extend(plan.home_condition().cloned());
    let mut bind = |value: Value| {
        parameters.push(value);
        parameters.len()
    };
    let position = &plan.position;
    let (beyond, reaches, suffix) = match direction {
        Direction::Forward => (">", ">=", ""),
        Direction::Backward => ("<", "<=", " DESC"),
    };
    let Some(version) = &plan.version else {
        if let Some((_, at)) = way.passed {
            conditions.push(format!("{position} {beyond} ?{}", bind(Value::Integer(at))));
        }
        return Statement {
            sql: plan.select(shape, &conditions, &format!("{position}{suffix}")),
            parameters,
        };
    };
    for (operator, bound) in [(">=", way.from), ("<=", way.to)] {
        if let Some(bound) = bound {
            conditions.push(format!("{version} {operator} ?{}", bind(Value::Integer(bound.0))));
        }
    }
    let has_bound = way.from.is_some() || way.to.is_some();
    match (&way.passed, direction) {
        (None, _) => {}
        (Some((Value::Null, at)), Direction::Forward) => {
            conditions.push(format!(
                "({version} IS NOT NULL OR {position} > ?{})",
                bind(Value::Integer(*at))
            ));
        }
        (Some((Value::Null, at)), Direction::Backward) => {
            conditions.push(format!(
                "{version} IS NULL AND {position} < ?{}",
                bind(Value::Integer(*at))
            ));
        }
        (Some((last, at)), _) => {
            let (last, at) = (bind(last.clone()), bind(Value::Integer(*at)));
            // Backward, the rows without a version are still to come.
            let is_backward = direction == Direction::Backward;
            let or_null = if is_backward && !has_bound {
                format!(" OR {version} IS NULL")
            } else {
                String::new()
            };
            conditions.push(format!("({version} {reaches} ?{last}{or_null})"));
            conditions.push(format!("({version} <> ?{last} OR {position} {beyond} ?{at}{or_null})"));
        }
    }
    let order = format!("{version}{suffix}, {position}{suffix}");
    Statement {
        sql: plan.select(shape, &conditions, &order),
        parameters,
    }
}
