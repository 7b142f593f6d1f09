//! Hits in one stream, as the moments that its events lead to.
//!
//! A person finds here what a row shows, too: a type, an id, a version, a position, and not only what payloads hold.

use std::sync::Arc;

use refold_core::event::EventView;
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::track::Moment;
use refold_core::work::Work;
use refold_stores::index::Needle;

use super::Search;
use super::filter::Filter;
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;
use crate::wire::HistoryHits;
use crate::{findings, text};

const IN_PAYLOAD: u8 = 1;
const IN_METADATA: u8 = 2;
const IN_TYPE: u8 = 4;
const IN_ID: u8 = 8;
const IN_PLACE: u8 = 16;

/// The moments after the events of a stream that are looked for, and what could not be read or asked on the way.
pub fn hits_in_stream(
    work: &Work<'_>,
    session: &Session,
    stream: &Stream,
    asked: &Search,
) -> Result<HistoryHits, AppError> {
    let filter = Filter::new(work, session, asked)?;
    let found = Arc::<Findings>::default();
    session.mask().report_search(&found);
    let (mut moments, mut all) = (Vec::new(), Vec::new());
    let place = typed_place(&asked.text);
    let head = stream.track.head();
    stream.visit(
        work,
        session.store(),
        &found,
        Moment::START,
        head,
        &mut |moment, event| {
            let mut parts = 0;
            let is_hit = filter.lets_through_if(event, stream.names(), &found, |shown| {
                filter.needle().is_none_or(|needle| {
                    parts = parts_of(needle, &place, shown, stream.names());
                    parts != 0
                })
            });
            if is_hit {
                moments.push(moment.0);
                all.push(parts);
            }
            Ok(())
        },
    )?;
    Ok(HistoryHits {
        moments,
        parts: all,
        findings: findings::wire(&found),
    })
}

/// `shown`: what a person may see of the event.
fn parts_of(needle: &Needle, place: &str, shown: &EventView<'_>, names: &Names) -> u8 {
    let is_in = |bytes: Option<&[u8]>| bytes.is_some_and(|bytes| needle.is_in(bytes));
    let is_place = match place.strip_prefix('#') {
        Some(position) => text::position_label(shown.position) == position,
        None => !place.is_empty() && text::version_label(shown.version) == place,
    };
    let at = |is_there: bool, part: u8| if is_there { part } else { 0 };
    at(is_in(shown.payload), IN_PAYLOAD)
        + at(is_in(shown.metadata), IN_METADATA)
        + at(is_in(Some(names.type_name(shown.event_type))), IN_TYPE)
        + at(is_in(shown.event_id), IN_ID)
        + at(is_place, IN_PLACE)
}

/// A version or a position as lists and messages show it (`v 10,000`, `v12`, `#40,866`), without what is said around its
/// digits; empty: it is neither. A part of a number is none: every other event would have it.
fn typed_place(text: &str) -> String {
    let text = text.trim();
    let (sign, number) = match text.strip_prefix('#') {
        Some(position) => ("#", position),
        None => ("", text.strip_prefix(['v', 'V']).unwrap_or(text).trim_start()),
    };
    let digits = number.replace(',', "");
    match digits.is_empty() || digits.bytes().any(|byte| !byte.is_ascii_digit()) {
        true => String::new(),
        false => format!("{sign}{digits}"),
    }
}
