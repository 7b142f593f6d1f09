//! A stream with the times at which its events happened, and folds of some of its events in some order.

use std::collections::BTreeSet;
use std::sync::Arc;

use refold_core::diff::{ArrayKeys, Change, diff};
use refold_core::event::{Columns, EventBatch, EventView};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold, Folded};
use refold_core::pointer::Pointer;
use refold_core::port::handler::HandlerProgram;
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::value::{Redacted, Text, Value};
use refold_core::work::{Phase, Work};
use refold_handlers::error::code;

use super::{LateEvent, Order, narrow};
use crate::error::{AppError, ErrorCode};
use crate::findings;
use crate::mask::{Cover, Part};
use crate::session::Session;
use crate::stream::{Found, Stream};
use crate::text;
use crate::usecase::field_history::path_of;
use crate::usecase::lab::{shown_at, why};

/// A stream with the times at which its events happened. Its rows are numbers below the length of both columns.
pub(super) struct DatedStream {
    pub stream: Stream,
    batch: EventBatch,
    /// By row; the recorded time where an event does not say when it happened.
    pub occurred: Vec<Timestamp>,
    /// How many do not say it.
    unsaid: usize,
    pub findings: Arc<Findings>,
    pub digits: u8,
}

/// Some of its events, folded.
pub(super) struct RowsFolded {
    pub folded: Folded,
    /// The row of the first event that could not be read or folded.
    pub lacking: Option<usize>,
}

/// What folding the events that count came to.
pub(super) struct ChosenFolded {
    pub answer: Option<RowsFolded>,
    pub order: &'static str,
    pub differences: Vec<Change>,
}

/// Says what is found in an event once, however often it is folded.
pub(super) struct FoundOnce {
    findings: Arc<Findings>,
    said: BTreeSet<(usize, &'static str)>,
}

impl FoundOnce {
    fn note(&mut self, row: usize, found: &Findings) {
        for (code, count, kept) in found.summary() {
            if self.said.insert((row, code)) {
                self.findings.report_many(code, count, kept);
            }
        }
    }
}

impl DatedStream {
    /// Reads a whole stream into memory, which a fold in another order needs.
    pub fn read(
        work: &Work<'_>,
        session: &Session,
        stream: &str,
        occurred: Option<&str>,
    ) -> Result<DatedStream, AppError> {
        let path = occurred.map(path_of).transpose()?;
        let findings = Arc::<Findings>::default();
        let of_skeleton = Findings::default();
        let stream = Stream::load(work, session, stream, &of_skeleton)?;
        // What is found in its events is reported when they are read whole.
        findings::add_lacking(&of_skeleton, &findings);
        if let Some(path) = &path {
            refuse_hidden(session, &stream, path)?;
        }
        stream.report_track(session.description().numbering(), &findings);
        session.mask().report(&stream.category, &findings);
        let mut dated = DatedStream {
            batch: EventBatch::default(),
            occurred: Vec::new(),
            unsaid: 0,
            findings: Arc::clone(&findings),
            digits: session.description().time_digits,
            stream: stream.clone(),
        };
        let head = stream.track.head();
        stream.visit(
            work,
            session.store(),
            &findings,
            Moment::START,
            head,
            &mut |_, event| {
                if !dated.batch.has_room_for(event.byte_count()) {
                    let message = "the stream is too large to be folded in another order";
                    return Err(AppError::invalid(
                        message,
                        "ask of a stream with less than 4 GB of payloads",
                    ));
                }
                dated.batch.push(event, Columns::ALL);
                let said = happened_at(event, path.as_ref());
                dated.unsaid += usize::from(said.is_none());
                dated
                    .occurred
                    .push(if said.is_none() { event.recorded_at } else { said });
                Ok(())
            },
        )?;
        Ok(dated)
    }

    pub fn found(&self) -> FoundOnce {
        FoundOnce {
            findings: Arc::clone(&self.findings),
            said: BTreeSet::new(),
        }
    }

    /// The events up to `until` that happened by then, as they were recorded. What has no time at all never happened by
    /// any.
    pub fn happened_by(&self, about: Timestamp, until: Moment) -> Vec<usize> {
        let rows = 0..(until.0 as usize).min(self.occurred.len());
        rows.filter(|row| !self.occurred[*row].is_none() && self.occurred[*row] <= about)
            .collect()
    }

    /// Only what is found by the fold that is the answer goes to `found`.
    pub fn fold_chosen(
        &self,
        work: &Work<'_>,
        program: &dyn HandlerProgram,
        cover: &Cover,
        chosen: &[usize],
        order: Order,
        found: &mut FoundOnce,
    ) -> Result<ChosenFolded, AppError> {
        let mut by_occurred = chosen.to_vec();
        by_occurred.sort_by_key(|row| self.occurred[*row]); // what happened at one time stays as it was recorded
        let (of_recorded, of_occurred) = match order {
            Order::Either | Order::Recorded => (Some(found), None),
            Order::Occurred => (None, Some(found)),
        };
        let recorded = self.fold(work, program, chosen, of_recorded)?;
        let occurred = self.fold(work, program, &by_occurred, of_occurred)?;
        let keys = ArrayKeys::new(program.array_keys());
        let (left, right) = (&recorded.folded, &occurred.folded);
        let differences = diff(&cover.value(&left.state), &cover.value(&right.state), &keys);
        let is_same = left.state == right.state && left.fault.is_some() == right.fault.is_some();
        if !is_same && self.fold(work, program, chosen, None)?.folded.state != left.state {
            return Err(AppError::invalid(
                format!(
                    "{}: folded again in the same order, the same events give another state, so that nothing can be told \
                     of their order",
                    code::NONDETERMINISTIC
                ),
                "a handler must make the same of the same events; checking it says where it does not",
            ).typed("refold check STORE"));
        }
        let (answer, order) = match order {
            Order::Occurred if is_same => (Some(occurred), "either"),
            Order::Either | Order::Recorded if is_same => (Some(recorded), "either"),
            Order::Either => (None, "differ"),
            Order::Recorded => (Some(recorded), "recorded"),
            Order::Occurred => (Some(occurred), "occurred"),
        };
        Ok(ChosenFolded {
            answer,
            order,
            differences,
        })
    }

    pub fn fold(
        &self,
        work: &Work<'_>,
        program: &dyn HandlerProgram,
        rows: &[usize],
        mut found: Option<&mut FoundOnce>,
    ) -> Result<RowsFolded, AppError> {
        let mut fold = Fold::new(program, Detail::State)?;
        for (done, row) in rows.iter().enumerate() {
            let of_event = Findings::default();
            fold.step(&self.batch.event(*row), self.stream.names(), Some(&of_event))?;
            if let Some(found) = &mut found {
                found.note(*row, &of_event);
            }
            if done % 1_024 == 0 {
                work.tick(Phase::FoldingWhatIsKnown, done as u64, Some(rows.len() as u64))?;
            }
        }
        let folded = fold.folded()?;
        let unread = folded.incomplete_since.and_then(Moment::event_index);
        let first_behind = self.stream.lacks().and_then(|gap| gap.since.event_index());
        let behind = first_behind.and_then(|first| rows.iter().position(|row| *row >= first));
        Ok(RowsFolded {
            lacking: unread
                .into_iter()
                .chain(behind)
                .min()
                .and_then(|index| rows.get(index))
                .copied(),
            folded,
        })
    }

    /// The first event that is missing, where it may be one of those that are known at the cursor and happened by a time:
    /// though none behind it counts. When it happened nobody knows, but that it is not looked for before the event that it
    /// follows.
    pub fn missing_by(&self, about: Timestamp, known_at: Found) -> Option<String> {
        let gap = self.stream.lacks()?;
        let is_known = known_at.lies_in_gap() || gap.since <= known_at.moment;
        let before = Moment(gap.since.0.saturating_sub(1)).event_index();
        let is_after = before
            .and_then(|row| self.occurred.get(row))
            .is_none_or(|last| last.is_none() || *last <= about);
        self.stream.lost_label().filter(|_| is_known && is_after)
    }

    /// What nobody can know from the store alone.
    pub fn missing(&self, until: Moment) -> Vec<String> {
        let mut missing = Vec::new();
        let all = self.occurred.len();
        if self.unsaid > 0 {
            missing.push(format!(
                "when {} of {} happened: they do not say it, and the time they were recorded stands for it",
                text::grouped(self.unsaid as u64),
                text::counted(all as u64, "event"),
            ));
        }
        if self.occurred.iter().any(|time| time.is_none()) {
            missing.push("when events without any time happened: they are left out".to_owned());
        }
        if let Some(first) = self.stream.track.versions.first()
            && *first != EventBatch::NO_VERSION
            && first.0 > 1
        {
            missing.push(format!(
                "what happened before v{}: the stream begins there, so what was believed before is unknown",
                first.0
            ));
        }
        if until < self.stream.track.head() {
            missing.push("what was recorded since: it was not asked for".to_owned());
        }
        missing.push(
            "what handlers were told beside events: reference data, feature flags, clocks of other writers".to_owned(),
        );
        missing
    }

    pub fn place_of(&self, row: usize) -> String {
        self.stream.place_label(Moment(narrow(row + 1)))
    }

    pub fn late_event(&self, session: &Session, row: usize) -> LateEvent {
        let moment = Moment(narrow(row + 1));
        let event = self.batch.event(row);
        let cover = session.mask().of_event(&event, self.stream.names(), Part::Metadata);
        LateEvent {
            event: self.stream.cause(moment, self.digits).unwrap_or_else(why::unnamed),
            occurred_at: text::time_label(self.occurred[row], self.digits),
            corrects: corrects(&event, &cover),
        }
    }

    pub fn cover(&self, session: &Session) -> Cover {
        session
            .mask()
            .cover(&self.stream.id, &self.stream.category, None, Part::State)
    }
}

/// Events are told apart by the times at `path`: where rules hide it of events of this stream, no answer can be given that
/// does not tell of them, neither by what it prints nor by which events it counts. It goes by the rules alone, so that the
/// refusal does not say whether anything is there.
fn refuse_hidden(session: &Session, stream: &Stream, path: &Pointer) -> Result<(), AppError> {
    let ordinals = stream.track.types.iter();
    let types: BTreeSet<&[u8]> = ordinals.map(|of| stream.names().type_name(*of)).collect();
    for of in types {
        let cover = session
            .mask()
            .cover(&stream.id, &stream.category, Some(of), Part::Payload);
        if matches!(
            shown_at(&cover, &path.to_string(), &Value::Bool(true)),
            Value::Redacted(_)
        ) {
            return Err(AppError::new(
                ErrorCode::Denied,
                format!(
                    "masking rules hide {path} of events of the type {}, and when they happened would tell it",
                    text::shown(of)
                ),
                "reveal it with a reason (docs/masking.md), or leave to the layout when they happened",
            )
            .typed("without --occurred"));
        }
    }
    Ok(())
}

/// When an event says it happened.
fn happened_at(event: &EventView<'_>, path: Option<&Pointer>) -> Timestamp {
    let Some(path) = path else {
        return event.occurred_at;
    };
    let payload = event
        .payload
        .and_then(|bytes| Value::from_json(bytes, Value::MAX_DEPTH).ok());
    match payload.as_ref().and_then(|payload| path.find(payload)) {
        Some(Value::Text(text)) => Timestamp::parse(&text.to_display()).unwrap_or(Timestamp::NONE),
        _ => Timestamp::NONE,
    }
}

/// The id that an event names in its metadata, under `corrects`. `cover`: of the metadata.
fn corrects(event: &EventView<'_>, cover: &Cover) -> Option<String> {
    let metadata = Value::from_json(event.metadata?, Value::MAX_DEPTH).ok()?;
    let place = Pointer::ROOT.push_key(&Text::from("corrects"));
    match shown_at(cover, &place.to_string(), place.find(&metadata)?) {
        Value::Text(id) => Some(id.to_display().into_owned()),
        Value::Redacted(_) => Some(Redacted::SHOWN.to_owned()),
        _ => None,
    }
}
