//! Events whose payload or metadata holds a text.
//!
//! The text is looked for byte by byte in what the store holds. In JSON the same text may be written with escapes, so
//! the form that JSON writers give it most often (only quotes, backslashes and control characters escaped) is looked
//! for too, and the form with everything beyond ASCII escaped.

use memchr::memmem::Finder;
use refold_core::event::{Columns, EventBatch, EventView};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::work::Work;
use refold_handlers::filter::EventFilter;

use super::event_answer;
use crate::answer::EventAnswer;
use crate::error::AppError;
use crate::findings;
use crate::session::Session;
use crate::wire::FindingWire;

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Empty: every event.
    pub text: String,
    pub types: Vec<String>,
    /// A condition in the expression language of handlers.
    pub condition: Option<String>,
    pub limit: Option<u64>,
}

const BATCH_EVENTS: usize = 8_192;

/// Calls `visit` for each event found, in position order, and returns what was noteworthy on the way.
pub fn search(
    work: &Work<'_>,
    session: &Session,
    asked: &Search,
    visit: &mut dyn FnMut(EventAnswer) -> Result<(), AppError>,
) -> Result<Vec<FindingWire>, AppError> {
    let needles = forms(&asked.text);
    let finders: Vec<Finder<'_>> = needles.iter().map(Finder::new).collect();
    let filter = asked.condition.as_deref().map(compiled).transpose()?;
    let findings = Findings::default();
    let scope = Scope::All {
        after: None,
        up_to: None,
    };
    let query = ReadQuery {
        scope,
        direction: Direction::Forward,
        columns: Columns::ALL,
    };
    let mut reader = session.store().read(&query)?;
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let digits = session.description().time_digits;
    let total = session.description().event_count;
    let mut left = asked.limit.unwrap_or(u64::MAX);
    let mut read = 0;
    while left > 0 {
        batch.clear();
        if !reader.next_batch(work, BATCH_EVENTS, &mut batch, &mut names, &findings)? {
            break;
        }
        for row in 0..batch.len() {
            let event = batch.event(row);
            let is_hit = left > 0
                && is_of_types(&event, &names, &asked.types)
                && holds(&event, &finders)
                && meets(&event, &names, filter.as_ref(), &findings);
            if is_hit {
                left -= 1;
                visit(event_answer(&event, &names, digits))?;
            }
        }
        read += batch.len() as u64;
        work.tick("searching", read, total)?;
    }
    Ok(findings::wire(&findings))
}

fn compiled(condition: &str) -> Result<EventFilter, AppError> {
    EventFilter::compile(condition).map_err(|error| {
        AppError::invalid(
            error.to_string(),
            "correct the condition; docs/handlers.md describes the expressions",
        )
    })
}

fn is_of_types(event: &EventView<'_>, names: &Names, types: &[String]) -> bool {
    types.is_empty()
        || types
            .iter()
            .any(|name| name.as_bytes() == names.type_name(event.event_type))
}

fn holds(event: &EventView<'_>, finders: &[Finder<'_>]) -> bool {
    let mut bytes = [event.payload, event.metadata].into_iter().flatten();
    finders.is_empty() || bytes.any(|bytes| finders.iter().any(|finder| finder.find(bytes).is_some()))
}

fn meets(event: &EventView<'_>, names: &Names, filter: Option<&EventFilter>, findings: &Findings) -> bool {
    let Some(filter) = filter else { return true };
    filter.matches(event, names).unwrap_or_else(|fault| {
        findings.report(Finding {
            code: fault.code,
            severity: Severity::Warning,
            stream: Some(names.stream(event.stream).into()),
            version: Some(event.version),
            position: Some(event.position),
            detail: format!("the condition cannot be evaluated on this event, which is left out: {fault}"),
        });
        false
    })
}

/// The ways that JSON may hold a text; none for the empty text.
fn forms(text: &str) -> Vec<Vec<u8>> {
    if text.is_empty() {
        return Vec::new();
    }
    let (mut plain, mut ascii) = (String::new(), String::new());
    for letter in text.chars() {
        let short = match letter {
            '"' => Some("\\\""),
            '\\' => Some("\\\\"),
            '\n' => Some("\\n"),
            '\r' => Some("\\r"),
            '\t' => Some("\\t"),
            '\u{8}' => Some("\\b"),
            '\u{c}' => Some("\\f"),
            _ => None,
        };
        let unit_escapes = || {
            letter
                .encode_utf16(&mut [0; 2])
                .iter()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect::<String>()
        };
        match short {
            Some(escape) => {
                plain.push_str(escape);
                ascii.push_str(escape);
            }
            None if letter < ' ' => {
                plain.push_str(&unit_escapes());
                ascii.push_str(&unit_escapes());
            }
            None => {
                plain.push(letter);
                if letter.is_ascii() {
                    ascii.push(letter)
                } else {
                    ascii.push_str(&unit_escapes())
                }
            }
        }
    }
    let mut forms = vec![text.as_bytes().to_vec(), plain.into_bytes(), ascii.into_bytes()];
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests;
