//! Why one row is not what its stream makes of it: the stream is folded again, event by event, beside the row.
//!
//! The event that explains what is expected of a column is the last one that changed what the handler has for it, also
//! where that is an expression over many places of the state.

use refold_core::cursor::Cursor;
use refold_core::fold::FoldError;
use refold_core::port::handler::HandlerProgram;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::{Silent, Work};

use super::mapping::{Mapping, Row};
use crate::clock;
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;
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
        /// Where the row says less of itself than it holds: what it holds the stream came to first here.
        later: Option<Moment>,
    },
    /// The handler says that the stream has no row.
    Unwanted { moment: Moment },
    /// It cannot be told, in a sentence.
    Unclear { moment: Moment, why: String },
}

/// A column that is not what it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its place in [`Mapping::columns`].
    pub column: usize,
    pub expected: Option<Value>,
    /// The event that last changed what is expected; the start where none did.
    pub changed: Moment,
}

/// What a row is compared with.
pub struct Asked<'a> {
    pub session: &'a Session,
    pub program: &'a dyn HandlerProgram,
    pub mapping: &'a Mapping,
    pub is_csv: bool,
    /// How far the read model is as a whole; `None`: nobody says.
    pub until: Option<Cursor>,
}

impl Asked<'_> {
    /// How many events of the stream the read model as a whole has come past.
    pub fn due(&self, stream: &Stream) -> Result<Moment, AppError> {
        match &self.until {
            Some(until) => Ok(stream.track.resolve(until, clock::now())?),
            None => Ok(stream.track.head()),
        }
    }

    /// `own`: how far the row says that it is.
    pub fn judge(
        &self,
        work: &Work<'_>,
        stream: &Stream,
        row: &Row<'_>,
        own: Option<Cursor>,
    ) -> Result<Judged, AppError> {
        let due = self.due(stream)?;
        let says = own;
        let own = says.map(|own| stream.track.resolve(&own, clock::now())).transpose()?;
        if let (Some(says), Some(own)) = (&says, own)
            && let Some(why) = lacking(stream, says, own)
        {
            return Ok(Judged::Unclear { moment: own, why });
        }
        let mut beside = Beside::new(self.mapping, row, self.is_csv, own, due);
        beside.is_exact = own.is_some() && !is_time(says.as_ref());
        let quiet = Work::new(work.cancel_token(), &Silent);
        let folded = whole_fold(&quiet, self.session, stream, self.program, "explaining", &mut |fold| {
            let folded = fold.folded()?;
            if folded.fault.is_none() {
                beside.look(folded.moment, &folded.state);
            }
            Ok::<(), FoldError>(())
        })?;
        let judged = beside.judged();
        let moment = match &judged {
            Judged::Different { moment, .. } | Judged::Unwanted { moment } => *moment,
            // It is what the stream made of it: nothing that could not be read stands against that.
            Judged::Equal { .. } | Judged::Behind { .. } | Judged::Unclear { .. } => return Ok(judged),
        };
        let fault = folded.fault.filter(|(at, _)| *at <= due);
        if let Some((at, fault)) = fault {
            let place = named(stream, at);
            return Ok(Judged::Unclear {
                moment,
                why: format!("the handler fails at {place}: {fault}"),
            });
        }
        if let Some(since) = folded.incomplete_since.filter(|since| *since <= moment) {
            let place = named(stream, since);
            return Ok(Judged::Unclear {
                moment,
                why: format!("the event at {place} cannot be read, so what should be here is not known"),
            });
        }
        Ok(judged)
    }
}

/// The event that led to `moment`, in a sentence: `v12`, or `#4711` where the store keeps no versions.
pub fn named(stream: &Stream, moment: Moment) -> String {
    match stream.place_label(moment) {
        place if place.starts_with('#') => place,
        version => format!("v{version}"),
    }
}

/// Why nothing can be said of a row that is at an event which its stream does not have; `None`: it has it.
fn lacking(stream: &Stream, says: &Cursor, own: Moment) -> Option<String> {
    if let Some(finding) = stream.past_head(says, own) {
        let why = "is the store that was opened older than the read model?";
        return Some(format!("{}: {why}", finding.detail));
    }
    let version = own.event_index().and_then(|index| stream.track.versions.get(index));
    match says {
        Cursor::Version(says) if version != Some(says) => Some(format!(
            "the row says that it is at v{}, and its stream has no such event",
            says.0
        )),
        _ if own == Moment::START && !is_time(Some(says)) => Some(format!(
            "the row says that it is at {says}, which is before the first event of its stream"
        )),
        _ => None,
    }
}

/// Times are often written less exactly than the store has them, and then lie before their event.
fn is_time(says: Option<&Cursor>) -> bool {
    matches!(says, Some(Cursor::At(_)))
}

/// A row beside the states of its stream, one after the other.
struct Beside<'a> {
    mapping: &'a Mapping,
    is_csv: bool,
    /// The form of each column of the row.
    found: Vec<Vec<u8>>,
    own: Option<Moment>,
    /// Whether the row names the very event that it is at.
    is_exact: bool,
    due: Moment,
    columns: Vec<Tracked>,
    /// The last moment at or before the row's place at which it is right, and the first one after.
    right_before: Option<Moment>,
    right_after: Option<Moment>,
    /// What the row is compared with: its own moment, or the one where it differs least, the latest of these.
    compared: Option<(Moment, Result<Vec<Field>, String>)>,
    is_wanted: bool,
}

/// What a state has for one column.
#[derive(Default)]
struct Tracked {
    value: Option<Value>,
    form: Vec<u8>,
    changed: Moment,
}

impl<'a> Beside<'a> {
    fn new(mapping: &'a Mapping, row: &Row<'_>, is_csv: bool, own: Option<Moment>, due: Moment) -> Beside<'a> {
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
            is_exact: own.is_some(),
            due,
            columns: mapping.columns.iter().map(|_| Tracked::default()).collect(),
            right_before: None,
            right_after: None,
            compared: None,
            is_wanted: true,
        }
    }

    /// Where the row should be, as far as anybody says.
    fn place(&self) -> Moment {
        self.own.unwrap_or(self.due)
    }

    fn look(&mut self, moment: Moment, state: &Value) {
        let mut failed = None;
        for (column, tracked) in self.mapping.columns.iter().zip(&mut self.columns) {
            let value = column.source.of(state).unwrap_or_else(|why| {
                failed.get_or_insert(format!("{}: {why}", column.name));
                None
            });
            let mut form = Vec::with_capacity(tracked.form.len());
            column.alike.write_value(value.as_ref(), self.is_csv, &mut form);
            if form != tracked.form {
                *tracked = Tracked {
                    value,
                    form,
                    changed: moment,
                };
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
            changed: tracked.changed,
        });
        let fields: Vec<Field> = fields.collect();
        if fields.is_empty() && failed.is_none() && is_wanted {
            if moment <= self.place() {
                self.right_before = Some(moment);
            } else {
                self.right_after.get_or_insert(moment);
            }
        }
        let is_compared = match (self.own, &self.compared) {
            (Some(own), _) => moment == own,
            (None, Some((_, Ok(least)))) => moment <= self.due && fields.len() <= least.len(),
            // The first one at least: the row is there, so it was made of something.
            (None, _) => moment <= self.due || self.compared.is_none(),
        };
        if is_compared {
            self.is_wanted = is_wanted;
            self.compared = Some((moment, failed.map_or(Ok(fields), Err)));
        }
    }

    fn judged(self) -> Judged {
        // One that says where it is and holds what came later is not right there: it would take these events twice.
        let ahead = self.right_after.filter(|_| !self.is_exact);
        if let Some(moment) = self.right_before.or(ahead) {
            let by = self.due.0.saturating_sub(moment.0);
            return match by {
                0 => Judged::Equal { moment },
                by => Judged::Behind { moment, by },
            };
        }
        match self.compared {
            Some((moment, _)) if !self.is_wanted => Judged::Unwanted { moment },
            Some((moment, Ok(fields))) => Judged::Different {
                moment,
                fields,
                later: self.right_after,
            },
            Some((moment, Err(why))) => Judged::Unclear { moment, why },
            None => Judged::Unclear {
                moment: Moment::START,
                why: "no event of its stream could be folded".to_owned(),
            },
        }
    }
}
