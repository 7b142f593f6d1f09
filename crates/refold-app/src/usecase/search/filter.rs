//! Whether an event is one that is looked for. The cheap questions come first.

use std::ops::RangeInclusive;
use std::sync::Arc;

use memchr::memmem::Finder;
use refold_core::cursor::Cursor;
use refold_core::event::{EventBatch, EventView};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::time::Timestamp;
use refold_core::work::Work;
use refold_handlers::filter::EventFilter;
use refold_stores::index::Needle;

use super::Search;
use crate::clock;
use crate::error::AppError;
use crate::mask::Mask;
use crate::session::Session;
use crate::usecase::named;
use crate::{payload, text};

/// A search that is ready to be asked of events, by any thread.
pub(super) struct Filter {
    types: Vec<Vec<u8>>,
    categories: Vec<Vec<u8>>,
    stream: Option<Finder<'static>>,
    /// `None`: events without a time are let through too.
    recorded_at: Option<RangeInclusive<Timestamp>>,
    needle: Option<Needle>,
    condition: Option<EventFilter>,
    mask: Arc<Mask>,
}

impl Filter {
    /// An event is found by what the mask of the session shows of it alone: else a search would tell what is hidden.
    pub fn new(work: &Work<'_>, session: &Session, asked: &Search) -> Result<Filter, AppError> {
        let condition = asked.condition.as_deref().filter(|text| !text.trim().is_empty());
        let condition = condition.map(EventFilter::compile).transpose()?;
        let recorded_at = time_range(session, asked.from.as_deref(), asked.to.as_deref())?;
        let named = named::find_all(work, session, &asked.types, &asked.categories, &asked.stream)?;
        let stream = text::id_from_shown(&asked.stream);
        Ok(Filter {
            types: named.types,
            categories: named.categories,
            stream: (!stream.is_empty()).then(|| Finder::new(&stream).into_owned()),
            recorded_at,
            needle: Needle::new(asked.text.as_bytes()),
            condition,
            mask: Arc::clone(session.mask()),
        })
    }

    pub fn needle(&self) -> Option<&Needle> {
        self.needle.as_ref()
    }

    pub fn types(&self) -> impl Iterator<Item = &[u8]> {
        self.types.iter().map(Vec::as_slice)
    }

    /// All columns of the event must be filled. A condition that cannot be evaluated on it is a finding.
    pub fn lets_through(&self, event: &EventView<'_>, names: &Names, findings: &Findings) -> bool {
        self.lets_through_if(event, names, findings, |shown| {
            (self.needle.as_ref()).is_none_or(|needle| needle.place_in(shown).is_some())
        })
    }

    /// The same with another question in the place of that for the text: of what may be shown of the event.
    pub fn lets_through_if(
        &self,
        event: &EventView<'_>,
        names: &Names,
        findings: &Findings,
        holds: impl FnOnce(&EventView<'_>) -> bool,
    ) -> bool {
        let is_any_of = |wanted: &[Vec<u8>], name: &[u8]| wanted.is_empty() || wanted.iter().any(|one| one == name);
        is_any_of(&self.types, names.type_name(event.event_type))
            && is_any_of(&self.categories, names.category(event.stream))
            && (self.stream.as_ref()).is_none_or(|part| part.find(names.stream(event.stream)).is_some())
            && (self.recorded_at.as_ref()).is_none_or(|range| range.contains(&event.recorded_at))
            && payload::covered(event, &self.mask, names, |shown| {
                holds(shown)
                    && (self.condition.as_ref()).is_none_or(|condition| meets(shown, names, condition, findings))
            })
    }
}

fn meets(event: &EventView<'_>, names: &Names, condition: &EventFilter, findings: &Findings) -> bool {
    condition.matches(event, names).unwrap_or_else(|fault| {
        findings.report_with(fault.code, Some(event.position), || Finding {
            code: fault.code,
            severity: Severity::Warning,
            stream: Some(names.stream(event.stream).into()),
            version: (event.version != EventBatch::NO_VERSION).then_some(event.version),
            position: Some(event.position),
            detail: format!(
                "the condition cannot be evaluated on this event, which is left out: {}",
                fault.said()
            ),
        });
        false
    })
}

/// `None`: neither end is given.
fn time_range(
    session: &Session,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<Option<RangeInclusive<Timestamp>>, AppError> {
    let given = |text: Option<&str>| {
        let text = text.filter(|text| !text.trim().is_empty());
        text.map(|text| instant_of(session, text)).transpose()
    };
    Ok(match (given(from)?, given(to)?) {
        (None, None) => None,
        (Some(first), Some(last)) if first > last => {
            let [from, to] = [from, to].map(|text| text::shown(text.unwrap_or_default().as_bytes()));
            return Err(AppError::invalid(
                format!("the range ends before it begins: {from} to {to}"),
                "give the earlier one first",
            ));
        }
        // No event without a time is within any time.
        (from, to) => Some(from.unwrap_or(Timestamp(i64::MIN + 1))..=to.unwrap_or(Timestamp(i64::MAX))),
    })
}

fn instant_of(session: &Session, text: &str) -> Result<Timestamp, AppError> {
    match session.cursor(text)? {
        Cursor::At(time) => Ok(time),
        Cursor::Ago { nanos } => Ok(Timestamp(clock::now().0.saturating_sub(nanos))),
        Cursor::Start | Cursor::Head | Cursor::Version(_) | Cursor::Position(_) => Err(AppError::invalid(
            format!("not a time: {}", text::shown(text.as_bytes())),
            "write a time such as \"2026-08-03 14:00\", or -2h for two hours ago",
        )),
    }
}
