//! The story of an opened history, a page at a time.
//!
//! A line with a template needs the event alone. Only for one without, the states beside it are folded.

use std::sync::Arc;

use refold_core::diff::diff;
use refold_core::event::{Columns, EventBatch, EventView};
use refold_core::history::EventSource as _;
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::Work;
use refold_handlers::story::Story;

use super::OpenedHistory;
use crate::error::AppError;
use crate::handler;
use crate::marks::Marks;
use crate::mask::Part;
use crate::payload;
use crate::text;
use crate::usecase::event_page;
use crate::usecase::story::{failed_at, sentence};
use crate::wire::{StoryLine, StoryPage};

/// A page has at most so many lines.
const MOST_LINES: u32 = 256;
/// Of the paths that an event changed so many are named.
const NAMED_PATHS: usize = 8;

/// What an event changed: the first of the paths, and how many. With a fault nobody knows.
#[derive(Default)]
struct Changed {
    paths: Vec<String>,
    count: u32,
    fault: Option<String>,
}

impl OpenedHistory {
    /// The lines of the events after `first`, at most `count`.
    pub fn story(&self, first: u32, count: u32) -> Result<StoryPage, AppError> {
        let cancel = self.lock_latest().story.clone();
        let progress = self.news.of_fold();
        let work = Work::new(&cancel, &progress);
        let templates = self.templates()?;
        let marks = self.marks();
        let head = self.stream.track.head().0;
        let end = first.saturating_add(count.min(MOST_LINES)).min(head);
        let mut lines = Vec::new();
        let mut events = self.stream.events(self.session.store(), Columns::ALL);
        let mut batch = EventBatch::default();
        let mut at = first.min(head);
        while at < end {
            events.read(&work, Moment(at), Moment(end), &mut batch)?;
            for row in 0..batch.len() {
                at += 1;
                lines.push(self.line(&work, &templates, &marks, Moment(at), &batch.event(row))?);
            }
            work.check()?;
        }
        Ok(StoryPage {
            total: head,
            lines,
            has_templates: !templates.is_empty(),
        })
    }

    fn line(
        &self,
        work: &Work<'_>,
        templates: &Story,
        marks: &Marks,
        moment: Moment,
        event: &EventView<'_>,
    ) -> Result<StoryLine, AppError> {
        let type_name = self.stream.names().type_name(event.event_type);
        let cover = self.session.mask().of_event(event, self.stream.names(), Part::Payload);
        let story = sentence(templates, type_name, event, &cover);
        let Changed { paths, count, fault } = match story {
            Some(_) => Changed::default(),
            None => self.changed(work, moment)?,
        };
        let row = event_page::row(&self.stream, marks, moment, self.digits());
        Ok(StoryLine {
            moment: row.moment,
            version: row.version,
            position: row.position,
            event_type: row.event_type,
            recorded_at: row.recorded_at,
            story,
            changed: paths,
            changed_count: count,
            fault,
            late: self.lateness(moment, event),
            undecodable: payload::undecodable(event),
            problems: row.problems,
        })
    }

    /// What the event before `moment` changed in the handler's state.
    fn changed(&self, work: &Work<'_>, moment: Moment) -> Result<Changed, AppError> {
        let Some(before) = moment.0.checked_sub(1).map(Moment) else {
            return Ok(Changed::default());
        };
        // Whoever asks for a state waits for one line, not for a page.
        let mut replay = self.lock_replay()?;
        let before = self.folded(work, &mut replay, before.into())?;
        let after = self.folded(work, &mut replay, moment.into())?;
        drop(replay);
        let stream = &self.stream;
        let cover = self
            .session
            .mask()
            .cover(&stream.id, &stream.category, None, Part::State);
        let changes = diff(
            &cover.value(&before.state),
            &cover.value(&after.state),
            &self.array_keys,
        );
        let named = changes
            .iter()
            .take(NAMED_PATHS)
            .map(|change| text::shown(change.path.to_string().as_bytes()));
        Ok(Changed {
            paths: named.collect(),
            count: u32::try_from(changes.len()).unwrap_or(u32::MAX),
            fault: failed_at(&self.stream, &after),
        })
    }

    fn lateness(&self, moment: Moment, event: &EventView<'_>) -> Option<String> {
        let above = moment.event_index()?.checked_sub(1)?;
        let above = self.stream.track.recorded_at.get(above).copied()?;
        let (occurred, recorded): (Timestamp, Timestamp) = (event.occurred_at, event.recorded_at);
        let is_late =
            !above.is_none() && !occurred.is_none() && !recorded.is_none() && occurred < above && above <= recorded;
        is_late.then(|| text::span_label(recorded.0.abs_diff(occurred.0)))
    }

    fn templates(&self) -> Result<Arc<Story>, AppError> {
        if let Some(templates) = self.templates.get() {
            return Ok(Arc::clone(templates));
        }
        let read = Arc::new(handler::story(self.handler.as_deref())?);
        Ok(Arc::clone(self.templates.get_or_init(|| read)))
    }
}

#[cfg(test)]
mod tests;
