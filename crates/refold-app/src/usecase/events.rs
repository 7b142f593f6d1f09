//! The events of one stream, in full.

use std::sync::Arc;

use refold_core::cursor::Cursor;
use refold_core::event::{Encoding, EventView, Position, Version};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::Work;

use super::named;
use crate::answer::{EventAnswer, Stored};
use crate::clock;
use crate::error::AppError;
use crate::mask::Mask;
use crate::payload;
use crate::session::Session;
use crate::stream::Stream;
use crate::wire::FindingWire;
use crate::{findings, text};

/// Which events of a stream.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// The first one at or after this cursor.
    pub from: Option<String>,
    /// The last one at or before this cursor.
    pub to: Option<String>,
    pub types: Vec<String>,
    pub limit: Option<u64>,
}

/// Calls `visit` for each event, in the order of the stream, and returns what was noteworthy on the way.
pub fn events(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    asked: &Events,
    visit: &mut dyn FnMut(EventAnswer) -> Result<(), AppError>,
) -> Result<Vec<FindingWire>, AppError> {
    // The events are read once more than their skeletons, and what is noteworthy of these is met again.
    let (of_skeleton, findings) = (Findings::default(), Arc::<Findings>::default());
    let stream = Stream::load(work, session, stream, &of_skeleton)?;
    session.mask().report(&stream.category, &findings);
    let digits = session.description().time_digits;
    asked.visit(work, session, &stream, &findings, &mut |event| {
        payload::report_repeated(event, stream.names(), &findings);
        visit(event_answer(event, stream.names(), digits, session.mask()))
    })?;
    findings::add_again(&of_skeleton, &findings);
    Ok(findings::wire(&findings))
}

impl Events {
    /// The types as they are stored, which the stream or the store must have.
    pub(super) fn wanted(&self, work: &Work<'_>, session: &Session, stream: &Stream) -> Result<WantedTypes, AppError> {
        let types: Vec<Vec<u8>> = self.types.iter().map(|name| text::id_from_shown(name)).collect();
        let is_known = |name: &Vec<u8>| {
            let known = &stream.track.types;
            known.iter().any(|of| stream.names().type_name(*of) == name)
        };
        Ok(WantedTypes(match types.iter().all(is_known) {
            true => types,
            false => named::find_all(work, session, &self.types, &[], "")?.types,
        }))
    }

    /// The moments before the first and after the last event that the cursors let through. That there is none between
    /// them is a finding.
    pub(super) fn range(
        &self,
        session: &Session,
        stream: &Stream,
        findings: &Findings,
    ) -> Result<(Moment, Moment), AppError> {
        let from = match &self.from {
            Some(cursor) => moment_before(session, stream, cursor)?,
            None => Moment::START,
        };
        let to = match &self.to {
            Some(cursor) => stream.resolve(&session.cursor(cursor)?, clock::now())?,
            None => stream.end(),
        };
        if let Some(finding) = stream.in_gap(to) {
            findings.report(finding);
        }
        let to = to.moment;
        if let (Some(first), Some(last)) = (&self.from, &self.to)
            && is_reversed(session, stream, first, last)?
        {
            return Err(AppError::invalid(
                format!("the range ends before it begins: {first} to {last}"),
                "give the earlier one first",
            ));
        }
        if from >= to {
            let bound = |cursor: &Option<String>, else_at: &str| cursor.clone().unwrap_or_else(|| else_at.to_owned());
            findings.report(Finding {
                code: "empty-range",
                severity: Severity::Notice,
                stream: Some(stream.id.as_slice().into()),
                version: None,
                position: None,
                detail: format!(
                    "no event lies between {} and {}",
                    bound(&self.from, "start"),
                    bound(&self.to, "head")
                ),
            });
        }
        Ok((from, to))
    }

    /// Calls `visit` for each event that is asked for, in the order of the stream.
    pub(super) fn visit(
        &self,
        work: &Work<'_>,
        session: &Session,
        stream: &Stream,
        findings: &Arc<Findings>,
        visit: &mut dyn FnMut(&EventView<'_>) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        let wanted = self.wanted(work, session, stream)?;
        let (from, to) = self.range(session, stream, findings)?;
        stream.report_gaps(from.0 as usize..to.0.max(from.0) as usize, findings);
        let mut left = self.limit.unwrap_or(u64::MAX);
        stream.visit_while(work, session.store(), findings, from, to, &mut |_, event| {
            if left > 0 && wanted.hold(event, stream.names()) {
                left -= 1;
                visit(event)?;
            }
            Ok(left > 0)
        })
    }
}

/// Event types as they are stored; none: all.
pub(super) struct WantedTypes(Vec<Vec<u8>>);

impl WantedTypes {
    pub fn hold(&self, event: &EventView<'_>, names: &Names) -> bool {
        self.0.is_empty() || self.0.iter().any(|of| of == names.type_name(event.event_type))
    }
}

/// An event in full, as a person may see it. `digits`: the precision of the store's times.
pub(super) fn event_answer(event: &EventView<'_>, names: &Names, digits: u8, mask: &Mask) -> EventAnswer {
    payload::covered(event, mask, names, |event| answer(event, names, digits))
}

/// An event that is covered already.
pub(super) fn answer(event: &EventView<'_>, names: &Names, digits: u8) -> EventAnswer {
    let claims_json = event.encoding == Encoding::Json;
    EventAnswer {
        position: text::position_label(event.position),
        stream: text::exact(names.stream(event.stream)),
        category: text::exact(names.category(event.stream)),
        version: text::filled(text::version_label(event.version)),
        event_type: text::exact(names.type_name(event.event_type)),
        schema_version: event.schema_version.map(text::exact),
        recorded_at: text::filled(text::time_label(event.recorded_at, digits)),
        occurred_at: text::filled(text::time_label(event.occurred_at, 0)),
        event_id: event.event_id.map(text::exact),
        correlation_id: event.correlation_id.map(text::exact),
        causation_id: event.causation_id.map(text::exact),
        payload: Stored::of(event.payload, claims_json),
        metadata: Stored::of(event.metadata, true),
    }
}

fn is_reversed(session: &Session, stream: &Stream, first: &str, last: &str) -> Result<bool, AppError> {
    let (first, last) = (session.cursor(first)?, session.cursor(last)?);
    Ok(match (first, last) {
        (Cursor::At(first), Cursor::At(last)) => first > last,
        (Cursor::Ago { nanos: first }, Cursor::Ago { nanos: last }) => first < last,
        (Cursor::Version(first), Cursor::Version(last)) => first > last,
        (Cursor::Position(first), Cursor::Position(last)) => first > last,
        (Cursor::Head, Cursor::Head) => false,
        // Of different kinds: by the events that they mean.
        (first, last) => {
            let now = clock::now();
            stream.track.resolve(&first, now)? > stream.track.resolve(&last, now)?
        }
    })
}

/// The first event that a `from` bound lets through: the first at or after it.
fn moment_before(session: &Session, stream: &Stream, cursor: &str) -> Result<Moment, AppError> {
    let before = |it: i64| it.checked_sub(1);
    let just_before = match session.cursor(cursor)? {
        Cursor::Version(version) => before(version.0).map_or(Cursor::Start, |it| Cursor::Version(Version(it))),
        Cursor::Position(position) => before(position.0).map_or(Cursor::Start, |it| Cursor::Position(Position(it))),
        Cursor::At(time) => before(time.0).map_or(Cursor::Start, |it| Cursor::At(Timestamp(it))),
        Cursor::Ago { nanos } => Cursor::Ago {
            nanos: nanos.saturating_add(1),
        },
        cursor @ (Cursor::Start | Cursor::Head) => cursor,
    };
    Ok(stream.track.resolve(&just_before, clock::now())?)
}
