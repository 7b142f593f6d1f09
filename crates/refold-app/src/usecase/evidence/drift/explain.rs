//! Why one row is not what its stream makes of it: the stream is folded again, event by event, beside the row.
//!
//! The event that explains a column that differs is the first one since it does: the one behind the state that last had
//! for it what the row has, also where that is an expression over many places of the state. Where no state had that, it is
//! the last one that changed what the handler has for the column.

use refold_core::cursor::{Cursor, CursorError};
use refold_core::event::Position;
use refold_core::fold::FoldError;
use refold_core::port::handler::HandlerProgram;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::{Phase, Silent, Work};

use super::mapping::{Mapping, Row};
use super::place::{Place, Says, Unit, is_past_end, label, nowhere};
use crate::clock;
use crate::error::AppError;
use crate::session::Session;
use crate::stream::{Found, Stream};
use crate::usecase::whole_fold::whole_fold;

/// What one row is, beside its stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// What the stream makes of it.
    Equal { moment: Moment },
    /// What the stream made of it so many events ago.
    Behind { moment: Moment, by: u32 },
    /// What the stream did not make of it by then; compared with the state at `moment`.
    Different {
        moment: Moment,
        fields: Vec<Field>,
        /// What the row holds, the stream came to at another moment than the row says.
        holds: Option<Moment>,
        /// In a sentence, where the rest does not say it.
        why: Option<String>,
    },
    /// The handler says that the stream has no row.
    Unwanted { moment: Moment },
    /// It says that it is at an event that its stream does not have, in a sentence.
    Unplaced {
        why: String,
        /// As it names that event, where it would lie behind all that there are.
        past_end: Option<String>,
    },
    /// It cannot be told, in a sentence.
    Unclear { moment: Moment, why: String },
}

impl Judged {
    /// What the row was compared at; `None`: at nothing.
    pub fn moment(&self) -> Option<Moment> {
        match self {
            Judged::Unplaced { .. } => None,
            Judged::Equal { moment }
            | Judged::Behind { moment, .. }
            | Judged::Different { moment, .. }
            | Judged::Unwanted { moment }
            | Judged::Unclear { moment, .. } => Some(*moment),
        }
    }
}

/// A column that is not what it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its place in [`Mapping::columns`].
    pub column: usize,
    pub expected: Option<Value>,
    /// The first event since which the row holds something else; where it holds what no state before had, the last one that
    /// changed what is expected, or the start where none did.
    pub since: Moment,
    /// The latter.
    pub is_last_change: bool,
}

/// What a row is compared with.
pub struct Asked<'a> {
    pub session: &'a Session,
    pub program: &'a dyn HandlerProgram,
    pub mapping: &'a Mapping,
    /// In which rows say a time.
    pub unit: Unit,
    pub is_csv: bool,
    /// How far the read model is as a whole; `None`: nobody says.
    pub until: Option<Cursor>,
    /// The last position of the store.
    pub end: Option<Position>,
}

impl Asked<'_> {
    /// How many events of the stream the read model as a whole has come past.
    pub fn due(&self, stream: &Stream) -> Result<Found, CursorError> {
        match &self.until {
            Some(until) => stream.resolve(until, clock::now()),
            None => Ok(stream.end()),
        }
    }

    /// `says`: how far the row says that it is.
    pub fn judge(&self, work: &Work<'_>, stream: &Stream, row: &Row<'_>, says: Says) -> Result<Judged, AppError> {
        let own = match &says {
            Says::Nothing | Says::Unreadable => None,
            Says::At(says) => match Place::of(self.session, stream, says, self.unit) {
                Ok(Some(place)) => Some(place),
                Ok(None) => {
                    return Ok(Judged::Unplaced {
                        why: nowhere(work, self.session, stream, says)?,
                        past_end: is_past_end(says, stream.track.versions.iter().max().copied(), self.end)
                            .then(|| label(self.session, says)),
                    });
                }
                Err(error) => return untold(error),
            },
        };
        let due = match (self.due(stream), &own) {
            (Ok(due), _) => due,
            // It says itself what it is compared with; how late it is, nobody knows.
            (Err(_), Some(_)) => Moment::START.into(),
            (Err(error), None) => return untold(error),
        };
        // The last event that tells what should be here; a row that is there was made of the first one at least.
        let asked = [Some(due), own.as_ref().map(|own| own.found)];
        let due = due.moment;
        let last = own.as_ref().map_or(Moment(1), |own| own.found.moment).max(due);
        let mut beside = Beside::new(self.mapping, row, self.is_csv, own, due);
        beside.is_told = self.until.is_some() && says != Says::Unreadable;
        let quiet = Work::new(work.cancel_token(), &Silent);
        // That of the last of them: a state that cannot be told there may be told later on.
        let mut failed = None;
        let folded = whole_fold(
            &quiet,
            self.session,
            stream,
            self.program,
            (Phase::Explaining, None),
            &mut |fold| {
                let folded = fold.folded()?;
                if folded.fault.is_none() {
                    beside.look(folded.moment, &folded.state);
                }
                if folded.moment <= last {
                    failed = folded.fault;
                }
                Ok::<(), FoldError>(())
            },
        )?;
        let fault = failed.map(|(at, fault)| format!("the handler fails at {}: {fault}", named(stream, at)));
        let Some(mut judged) = beside.judged(stream) else {
            return Ok(Judged::Unclear {
                moment: Moment::START,
                why: fault.unwrap_or_else(|| "no event of its stream could be folded".to_owned()),
            });
        };
        if says == Says::Unreadable {
            judged = without_own(stream, judged);
        }
        let moment = match &judged {
            Judged::Different { moment, .. } | Judged::Unwanted { moment } => *moment,
            // It is what the stream made of it: nothing that could not be read stands against that.
            Judged::Equal { .. } | Judged::Behind { .. } | Judged::Unclear { .. } | Judged::Unplaced { .. } => {
                return Ok(judged);
            }
        };
        if let Some(why) = fault {
            return Ok(Judged::Unclear { moment, why });
        }
        let mut asked = asked.into_iter().flatten();
        if let Some(found) = asked.find(|found| found.moment == moment && found.lies_in_gap()) {
            let after = match found.moment {
                Moment::START => "at its beginning".to_owned(),
                moment => format!("behind {}", named(stream, moment)),
            };
            return Ok(Judged::Unclear {
                moment,
                why: format!("an event {after} is missing, so what should be here is not known"),
            });
        }
        if let Some(since) = folded.incomplete_since.filter(|since| *since <= moment) {
            let place = named(stream, since);
            let what = match folded.missing.is_some_and(|gap| gap.since == since) {
                true => format!("an event before {place} is missing"),
                false => format!("the event at {place} cannot be read"),
            };
            return Ok(Judged::Unclear {
                moment,
                why: format!("{what}, so what should be here is not known"),
            });
        }
        Ok(judged)
    }
}

/// What a row is in whose stream a cursor means nothing: one stream among many, and no fault of who asked.
fn untold(error: CursorError) -> Result<Judged, AppError> {
    let why = match error {
        CursorError::NoTimes => "its stream has no recorded times",
        CursorError::NoVersions => "its stream has no versions",
        // Of a cursor that cannot be read, and this one was.
        error => return Err(error.into()),
    };
    Ok(Judged::Unclear {
        moment: Moment::START,
        why: why.to_owned(),
    })
}

/// The event that led to `moment`, in a sentence: `v12`, or `#4711` where the store keeps no versions.
pub fn named(stream: &Stream, moment: Moment) -> String {
    match stream.place_label(moment) {
        place if place.starts_with('#') => place,
        version => format!("v{version}"),
    }
}

/// What a row is that was judged as if it said nothing of how far it is, though it says something that cannot be read.
fn without_own(stream: &Stream, judged: Judged) -> Judged {
    const UNREAD: &str = "how far the row says that it is cannot be read";
    match judged {
        Judged::Behind { moment, .. } => Judged::Unclear {
            moment,
            why: format!(
                "{UNREAD}, and it holds what its stream came to at {}: it is late, or an update was lost",
                named(stream, moment)
            ),
        },
        Judged::Different { moment, fields, .. } => Judged::Different {
            moment,
            fields,
            holds: None,
            why: Some(format!(
                "{UNREAD}: it is compared at {}, where it differs least",
                named(stream, moment)
            )),
        },
        judged => judged,
    }
}

/// What is to be said of a row that says that it is at a moment and holds what its stream came to at another one.
fn held_otherwise(stream: &Stream, own: &Place, earlier: Option<Moment>, later: Option<Moment>) -> Option<String> {
    let mut at = named(stream, own.found.moment);
    // A time is no event, and a position is not what the others are called by.
    if own.said != at {
        at = format!("{}, which is {at}", own.said);
    }
    match (earlier, later) {
        (Some(earlier), _) => {
            let lost = Moment(earlier.0 + 1);
            let of = named(stream, earlier);
            let (missing, event_type) = (named(stream, lost), stream.type_name(lost));
            Some(format!(
                "a lost update: the row says that it is at {at}, and holds what its stream came to at {of}; {missing} \
                 {event_type} is the first event that it lacks"
            ))
        }
        (None, Some(later)) => {
            let later = named(stream, later);
            Some(format!(
                "the row says that it is at {at}, and holds what its stream came to at {later}"
            ))
        }
        (None, None) => None,
    }
}

/// What is to be said of a row that lacks what the read model as a whole has come past.
fn passed_by(stream: &Stream, held: Moment) -> String {
    let lost = Moment(held.0 + 1);
    format!(
        "a lost update: the read model as a whole has come past {} {}, and the row holds what its stream came to at {}",
        named(stream, lost),
        stream.type_name(lost),
        named(stream, held)
    )
}

/// A row beside the states of its stream, one after the other.
struct Beside<'a> {
    mapping: &'a Mapping,
    is_csv: bool,
    /// The form of each column of the row.
    found: Vec<Vec<u8>>,
    /// Where the row says that it is.
    own: Option<Place>,
    due: Moment,
    /// Somebody says how far the read model is as a whole.
    is_told: bool,
    columns: Vec<Tracked>,
    /// The last of the moments that the row can mean at which it is right.
    right_there: Option<Moment>,
    /// Of the others the last one at or before the row's place at which it is right, and the first one after.
    right_before: Option<Moment>,
    right_after: Option<Moment>,
    /// What the row is compared with: its own moment, or the one where it differs least, the latest of these.
    compared: Option<Compared>,
    /// The same where the read model as a whole is.
    at_due: Option<Compared>,
}

/// A row beside one state.
#[derive(Clone)]
struct Compared {
    moment: Moment,
    fields: Result<Vec<Field>, String>,
    is_wanted: bool,
}

/// What a state has for one column.
#[derive(Default)]
struct Tracked {
    value: Option<Value>,
    form: Vec<u8>,
    changed: Moment,
    /// Whether the last state has what the row has.
    is_alike: bool,
    /// The first event since which none has; `None`: one has, or none ever had.
    parted: Option<Moment>,
}

impl<'a> Beside<'a> {
    fn new(mapping: &'a Mapping, row: &Row<'_>, is_csv: bool, own: Option<Place>, due: Moment) -> Beside<'a> {
        let columns = mapping.columns.iter().zip(row.columns);
        let found = columns.map(|(column, cell)| {
            let mut form = Vec::new();
            column.alike.write_cell(cell, &mut form);
            form
        });
        Beside {
            mapping,
            is_csv,
            found: found.collect(),
            own,
            due,
            is_told: false,
            columns: mapping.columns.iter().map(|_| Tracked::default()).collect(),
            right_there: None,
            right_before: None,
            right_after: None,
            compared: None,
            at_due: None,
        }
    }

    /// Where the row should be, as far as anybody says.
    fn place(&self) -> Moment {
        self.own.as_ref().map_or(self.due, |own| own.found.moment)
    }

    fn look(&mut self, moment: Moment, state: &Value) {
        let mut failed = None;
        let columns = self.mapping.columns.iter().zip(&mut self.columns);
        for ((column, tracked), found) in columns.zip(&self.found) {
            let mut is_told = true;
            let value = column.source.of(state).unwrap_or_else(|why| {
                failed.get_or_insert(format!("{}: {why}", column.name));
                is_told = false;
                None
            });
            let mut form = Vec::with_capacity(tracked.form.len());
            column.alike.write_value(value.as_ref(), self.is_csv, &mut form);
            let is_alike = is_told && form == *found;
            if is_alike {
                tracked.parted = None;
            } else if tracked.is_alike {
                tracked.parted = Some(moment);
            }
            tracked.is_alike = is_alike;
            if form != tracked.form {
                tracked.value = value;
                tracked.form = form;
                tracked.changed = moment;
            }
        }
        if moment == Moment::START {
            return;
        }
        let is_wanted = self.mapping.when.as_ref().is_none_or(|when| {
            let wanted = when.value(state);
            wanted.is_ok_and(|wanted| matches!(wanted, Value::Bool(true)))
        });
        let differing = self.columns.iter().zip(&self.found);
        let differing = differing
            .enumerate()
            .filter(|(_, (tracked, found))| tracked.form != **found);
        let fields = differing.map(|(column, (tracked, _))| Field {
            column,
            expected: tracked.value.clone(),
            since: tracked.parted.unwrap_or(tracked.changed),
            is_last_change: tracked.parted.is_none(),
        });
        let fields: Vec<Field> = fields.collect();
        if fields.is_empty() && failed.is_none() && is_wanted {
            if self.own.as_ref().is_some_and(|own| own.named.contains(&moment)) {
                self.right_there = Some(moment);
            } else if moment <= self.place() {
                self.right_before = Some(moment);
            } else {
                self.right_after.get_or_insert(moment);
            }
        }
        let is_compared = match (&self.own, &self.compared) {
            (Some(own), _) => moment == own.found.moment,
            (None, Some(Compared { fields: Ok(least), .. })) => moment <= self.due && fields.len() <= least.len(),
            // The first one at least: the row is there, so it was made of something.
            (None, _) => moment <= self.due || self.compared.is_none(),
        };
        let compared = Compared {
            moment,
            fields: failed.map_or(Ok(fields), Err),
            is_wanted,
        };
        if self.is_told && moment <= self.due {
            self.at_due = Some(compared.clone());
        }
        if is_compared {
            self.compared = Some(compared);
        }
    }

    /// `None`: nothing that it could be compared with was looked at.
    fn judged(self, stream: &Stream) -> Option<Judged> {
        // One that says where it is, is right there or nowhere: at an earlier place an update was lost, and at a later one
        // it would take events twice.
        let own = self.own.as_ref();
        let right = match own {
            Some(_) => self.right_there,
            None => self.right_before.or(self.right_after),
        };
        if let Some(moment) = right {
            let by = self.due.0.saturating_sub(moment.0);
            return Some(match (by, self.at_due) {
                (0, _) => Judged::Equal { moment },
                // The read model has come past what the row lacks, and nothing brings it that any more.
                (_, Some(due)) => due.judged(Some(moment), Some(passed_by(stream, moment))),
                (by, None) => Judged::Behind { moment, by },
            });
        }
        let why = own.and_then(|own| held_otherwise(stream, own, self.right_before, self.right_after));
        Some(self.compared?.judged(self.right_before.or(self.right_after), why))
    }
}

impl Compared {
    /// `holds`: the moment whose state the row has as a whole.
    fn judged(self, holds: Option<Moment>, why: Option<String>) -> Judged {
        let moment = self.moment;
        match self.fields {
            _ if !self.is_wanted => Judged::Unwanted { moment },
            // What came since then changed nothing that the row has.
            Ok(fields) if fields.is_empty() => Judged::Equal { moment },
            Ok(fields) => Judged::Different {
                moment,
                fields,
                holds,
                why,
            },
            Err(why) => Judged::Unclear { moment, why },
        }
    }
}
