//! The story of one stream: a line an event, in the words of the handler's package.

use std::sync::Arc;

use refold_core::diff::{ArrayKeys, diff};
use refold_core::event::{Encoding, EventView};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold, Folded};
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::Work;
use refold_handlers::story::Story;

use super::events::Events;
use crate::answer::StoryAnswer;
use crate::error::AppError;
use crate::mask::{Cover, Part};
use crate::session::Session;
use crate::stream::Stream;
use crate::wire::FindingWire;
use crate::{findings, handler, text};

/// Calls `visit` for each event that was asked for, in the order of the stream.
///
/// An event whose type has no template, or whose payload lacks what the template quotes, is told by the paths that it
/// changed in the handler's state; once the handler has failed, by that failure.
pub fn story(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    asked: &Events,
    handler: Option<&str>,
    visit: &mut dyn FnMut(StoryAnswer) -> Result<(), AppError>,
) -> Result<Vec<FindingWire>, AppError> {
    let program = session.adopted(handler)?;
    let templates = handler::story(handler)?;
    let findings = Arc::<Findings>::default();
    let stream = Stream::load(work, session, stream, &findings)?;
    stream.report_track(session.description().numbering(), &findings);
    let wanted = asked.wanted(work, session, &stream)?;
    let (from, to) = asked.range(session, &stream, &findings)?;
    let keys = ArrayKeys::new(program.array_keys());
    let digits = session.description().time_digits;
    let mut fold = Fold::new(program.as_ref(), Detail::State)?;
    let folded = |fold: &mut Fold| {
        let folded = fold.folded();
        fold.report_untold(Some(&findings));
        folded
    };
    let mut before = folded(&mut fold)?;
    let mut left = asked.limit.unwrap_or(u64::MAX);
    let mut tell = |moment: Moment, event: &EventView<'_>| -> Result<bool, AppError> {
        fold.step(event, stream.names(), Some(&*findings))?;
        let after = folded(&mut fold)?;
        if moment > from && left > 0 && wanted.hold(event, stream.names()) {
            left -= 1;
            let cover = session.mask().of_event(event, stream.names(), Part::Payload);
            let of_state = session.mask().cover(&stream.id, &stream.category, None, Part::State);
            let line = sentence(&templates, stream.names().type_name(event.event_type), event, &cover);
            let changed = match &line {
                Some(_) => Vec::new(),
                None => diff(&of_state.value(&before.state), &of_state.value(&after.state), &keys)
                    .iter()
                    .map(|change| change.path.to_string())
                    .collect(),
            };
            let fault = failed_at(&stream, &after).filter(|_| line.is_none());
            visit(StoryAnswer {
                stream: text::exact(&stream.id),
                version: text::filled(stream.version_label(moment)),
                position: text::filled(stream.position_label(moment)),
                event_type: stream.type_name(moment),
                recorded_at: text::filled(stream.time_label(moment, digits)),
                story: line,
                changed,
                fault,
                readable: event.payload.is_none() || payload(event, &cover).is_some(),
            })?;
        }
        before = after;
        Ok(left > 0)
    };
    stream.visit_while(work, session.store(), &findings, Moment::START, to, &mut tell)?;
    Ok(findings::wire(&findings))
}

/// Where and why the handler failed, where it did: what later events change nobody knows.
pub fn failed_at(stream: &Stream, folded: &Folded) -> Option<String> {
    let (moment, fault) = folded.fault.as_ref()?;
    Some(format!(
        "the handler failed at event {}: {fault}",
        stream.place_label(*moment)
    ))
}

/// An event in the words of a template, as a person may see it; `None` where no template has all that it quotes.
pub fn sentence(templates: &Story, type_name: &[u8], event: &EventView<'_>, cover: &Cover) -> Option<String> {
    let line = templates.line(type_name, &payload(event, cover)?)?;
    Some(text::shown(line.as_bytes()))
}

/// As a person may see it; `None` where there is none, or none that can be read.
fn payload(event: &EventView<'_>, cover: &Cover) -> Option<Value> {
    let payload = event.payload.filter(|_| event.encoding == Encoding::Json)?;
    let value = Value::from_json(payload, Value::MAX_DEPTH).ok()?;
    Some(cover.value(&value))
}
