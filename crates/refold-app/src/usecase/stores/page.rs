//! What a person looks at of a comparison, as much as is on a screen: the streams that differ, the events of one of them
//! that are not the same, and one of these on both sides. It must not know how any of it is drawn.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError};

use refold_core::diff::Change;
use refold_core::value::Value;
use refold_core::work::Work;

use super::align::{First, Outcome, Place, StreamKind};
use super::judging::Differing;
use super::measure::{By, EventPart};
use super::shown::{self, Shown};
use super::twin::Twin;
use super::{StoresComparison, side_of};
use crate::answer::{EventAnswer, Stored};
use crate::error::{AppError, ErrorCode};
use crate::frame::StateFrame;
use crate::rows::{self, Beside, Changes, Folding, RowWindow};
use crate::text;
use crate::usecase::upcast;
use crate::wire::{
    StoresBody, StoresDocument, StoresEvent, StoresFrameQuery, StoresKind, StoresPage, StoresPart, StoresPlace,
    StoresPlacePage, StoresRow, StoresStates,
};

/// So many events of one stream can be looked at one by one.
const MOST_PLACES: usize = 10_000;

/// Of a document that is no JSON so many characters are shown.
const MOST_TEXT: usize = 2_000;

/// Which streams are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selected {
    All,
    Kind(StreamKind),
    /// Those whose events the other store has under another id.
    Renamed,
}

/// So many streams are kept: a person who goes on to the next one may still ask for something of the one before.
const STREAMS_KEPT: usize = 2;

/// What was looked at last, so that the next page of it need not be read again.
#[derive(Default)]
pub(super) struct Looked {
    /// The last one at the end.
    streams: Vec<(u32, Arc<Outcome>)>,
    event: Option<(EventKey, Arc<BothEvents>)>,
}

/// Which event, under which masks.
type EventKey = ((u32, u32), (u64, u64));

/// An event on both sides, under what is hidden of it.
struct BothEvents {
    first: First,
    left: Option<Shown>,
    right: Option<Shown>,
}

impl StoresComparison {
    /// A page of the streams that differ.
    pub fn rows(&self, selected: Selected, offset: u32, limit: u32) -> StoresPage {
        let (offset, limit) = (offset as usize, limit as usize);
        let all = || (0_u32..).zip(&self.differing);
        let (matching, rows): (usize, Vec<StoresRow>) = match selected {
            Selected::All => {
                let rows = all().skip(offset).take(limit).map(|(row, of)| self.row(row, of));
                (self.differing.len(), rows.collect())
            }
            Selected::Kind(kind) => {
                // They are in the order of their kinds.
                let first = self.differing.partition_point(|of| of.kind < kind);
                let end = self.differing.partition_point(|of| of.kind <= kind);
                let of_kind = all().take(end).skip(first);
                let rows = of_kind.skip(offset).take(limit).map(|(row, of)| self.row(row, of));
                (end - first, rows.collect())
            }
            Selected::Renamed => {
                let renamed = || all().filter(|(_, of)| of.renamed.is_some());
                let rows = renamed().skip(offset).take(limit).map(|(row, of)| self.row(row, of));
                (renamed().count(), rows.collect())
            }
        };
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        StoresPage {
            total: narrow(self.differing.len()),
            matching: narrow(matching),
            rows,
        }
    }

    /// The events of a stream that are not the same, from the first on.
    pub fn places(&self, work: &Work<'_>, row: u32, offset: u32, limit: u32) -> Result<StoresPlacePage, AppError> {
        let of = self.differing_at(row)?;
        if of.renamed.is_some() {
            return Ok(StoresPlacePage {
                total: 0,
                matching: 0,
                rows: Vec::new(),
            });
        }
        let outcome = self.outcome_of(work, row, of)?;
        let rows = outcome.kept.iter().skip(offset as usize).take(limit as usize);
        Ok(StoresPlacePage {
            total: outcome.unequal,
            matching: u32::try_from(outcome.kept.len()).unwrap_or(u32::MAX),
            rows: rows.map(place_wire).collect(),
        })
    }

    /// One of these events, on both sides. Cancelled where its stream is not looked at any more: reading that is long work,
    /// and [`StoresComparison::places`] does it.
    pub fn event(&self, work: &Work<'_>, row: u32, place: u32) -> Result<StoresEvent, AppError> {
        let both = self.both(work, row, place)?;
        Ok(StoresEvent {
            parts: both.parts(),
            payload: both.body(StoresDocument::Payload, self.asked.by),
            metadata: both.body(StoresDocument::Metadata, self.asked.by),
        })
    }

    /// Rows of one document of both, with what differs. Cancelled as [`StoresComparison::event`] is.
    pub fn frame(
        &self,
        work: &Work<'_>,
        (row, place): (u32, u32),
        query: &StoresFrameQuery,
    ) -> Result<StateFrame, AppError> {
        let both = self.both(work, row, place)?;
        let (before, after) = both.values(query.document);
        let changes = shown::changes(&before, &after, self.asked.by);
        let changes = Changes::of(&changes);
        let beside = Beside {
            blame: None,
            changes: Some(&changes),
        };
        let window = RowWindow {
            first_row: query.first_row,
            row_count: query.row_count,
        };
        let toggled = rows::toggled(&query.toggled);
        let open_depth = rows::open_depth(&after, OPEN_DEPTH);
        let found = if query.only_changes {
            rows::differences(&after, &changes, beside, window)
        } else {
            let folding = Folding {
                open_depth,
                toggled: &toggled,
                only_changes: false,
            };
            rows::tree(&after, beside, folding, window)
        };
        Ok(StateFrame {
            seq: query.seq,
            base: Some(0),
            added: changes.added_count,
            changed: changes.changed_count,
            removed: changes.removed_count,
            total_rows: found.total,
            first_row: query.first_row,
            open_depth,
            changed_rows: found.changed.into_iter().collect(),
            rows: found.rows,
            ..StateFrame::default()
        })
    }

    /// What the handlers that were asked for make of a stream on both sides.
    pub fn states(&self, work: &Work<'_>, row: u32) -> Result<StoresStates, AppError> {
        let of = self.differing_at(row)?;
        let handlers = self
            .asked
            .handlers
            .as_ref()
            .filter(|_| of.left_events > 0 && of.right_events > 0);
        let Some(handlers) = handlers else {
            return Err(AppError::invalid(
                "there are no two states to compare",
                "choose a handler, and a stream that both stores have",
            ));
        };
        let id = text::shown(self.names.stream(of.stream));
        let states = shown::states(work, (&self.left, &self.right), &id, handlers)?;
        Ok(StoresStates {
            changes: states.changes,
            fault: states.fault.unwrap_or_default(),
        })
    }

    fn differing_at(&self, row: u32) -> Result<&Differing, AppError> {
        let found = self.differing.get(row as usize);
        found.ok_or_else(|| AppError::not_found("no stream of this number differs", "compare once more"))
    }

    fn row(&self, row: u32, of: &Differing) -> StoresRow {
        StoresRow {
            row,
            stream: text::shown(self.names.stream(of.stream)),
            category: text::shown(self.names.category(of.stream)),
            kind: of.kind.wire(),
            left_events: of.left_events,
            right_events: of.right_events,
            different: of.different,
            moved: of.moved,
            only_left: of.only_left,
            only_right: of.only_right,
            unclear: of.unclear_left.max(of.unclear_right),
            is_by_place: of.is_by_place,
            renamed: of
                .renamed
                .map(|stream| text::shown(self.names.stream(stream)))
                .unwrap_or_default(),
            first: of.first.as_ref().map(place_wire),
        }
    }

    /// What its events come to, read once more.
    fn outcome_of(&self, work: &Work<'_>, row: u32, of: &Differing) -> Result<Arc<Outcome>, AppError> {
        if let Some(outcome) = self.looked().outcome(row) {
            return Ok(outcome);
        }
        let [on_left, on_right] = [(&self.left, "left"), (&self.right, "right")]
            .map(|(session, name)| side_of(session, &self.asked, self.digits, name));
        let [left_doubts, right_doubts] = &self.doubts;
        let twin = Twin {
            id: self.names.stream(of.stream),
            events: [of.left_events, of.right_events],
            doubts: [left_doubts, right_doubts],
            hashing: &self.hashing,
        };
        let outcome = twin.looked_at(work, [&on_left, &on_right], MOST_PLACES, self.events_at_once)?;
        let outcome = Arc::new(outcome);
        self.looked().keep(row, &outcome);
        Ok(outcome)
    }

    fn both(&self, work: &Work<'_>, row: u32, place: u32) -> Result<Arc<BothEvents>, AppError> {
        let masks = (self.left.mask().revision(), self.right.mask().revision());
        let key = ((row, place), masks);
        if let Some((known, both)) = &self.looked().event
            && *known == key
        {
            return Ok(Arc::clone(both));
        }
        let of = self.differing_at(row)?;
        let outcome = self.looked().outcome(row).ok_or_else(not_looked_at)?;
        let first = *outcome.kept.get(place as usize).ok_or_else(|| {
            AppError::not_found(
                "the stream has no such difference",
                "choose one of those that are listed",
            )
        })?;
        let (left, right) = shown::both(
            work,
            (&self.left, &self.right),
            self.names.stream(of.stream),
            &first,
            None,
        )?;
        let both = Arc::new(BothEvents { first, left, right });
        self.looked().event = Some((key, Arc::clone(&both)));
        Ok(both)
    }

    /// A panic in the middle leaves what was looked at before, which is whole.
    fn looked(&self) -> std::sync::MutexGuard<'_, Looked> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Looked {
    /// What the events of a stream come to, where that is kept. It is kept for longer then.
    fn outcome(&mut self, row: u32) -> Option<Arc<Outcome>> {
        let at = self.streams.iter().position(|(known, _)| *known == row)?;
        let found = self.streams.remove(at);
        let outcome = Arc::clone(&found.1);
        self.streams.push(found);
        Some(outcome)
    }

    fn keep(&mut self, row: u32, outcome: &Arc<Outcome>) {
        self.streams.retain(|(known, _)| *known != row);
        if self.streams.len() >= STREAMS_KEPT {
            self.streams.remove(0);
        }
        self.streams.push((row, Arc::clone(outcome)));
    }
}

fn not_looked_at() -> AppError {
    AppError::new(
        ErrorCode::Cancelled,
        "the stream is not looked at any more",
        "look at it once more",
    )
}

/// Documents of events are small mostly, and open all the way.
const OPEN_DEPTH: u32 = 6;

impl BothEvents {
    fn parts(&self) -> Vec<StoresPart> {
        let [left, right] = [&self.left, &self.right].map(|side| side.as_ref().map(|shown| &shown.answer));
        let told = EventPart::CARRIED.into_iter().chain([EventPart::Position]);
        let part = |part: EventPart| {
            let [on_left, on_right] = [left, right].map(|event| event.and_then(|event| plain(event, part)));
            let is_different =
                self.first.parts.holds(part) || part == EventPart::Position && self.first.parts.holds(EventPart::Order);
            (on_left.is_some() || on_right.is_some() || is_different).then(|| StoresPart {
                part: part.word().to_owned(),
                left: on_left.unwrap_or_default(),
                right: on_right.unwrap_or_default(),
                is_different,
            })
        };
        let is_body = |part: &EventPart| matches!(part, EventPart::Payload | EventPart::Metadata);
        told.filter(|part| !is_body(part)).filter_map(part).collect()
    }

    fn body(&self, document: StoresDocument, by: By) -> StoresBody {
        let part = match document {
            StoresDocument::Payload => EventPart::Payload,
            StoresDocument::Metadata => EventPart::Metadata,
        };
        let is_lone = self.left.is_none() || self.right.is_none();
        let is_different = self.first.parts.holds(part);
        let [left, right] = [&self.left, &self.right].map(|side| stored(side.as_ref(), document));
        let is_tree = left.is_document() && right.is_document() && (left.has_value() || right.has_value());
        let changes: Vec<Change> = match (left.value, right.value) {
            (Some(left), Some(right)) => shown::changes(left, right, by),
            _ => Vec::new(),
        };
        let told: Vec<_> = changes.into_iter().map(upcast::change_answer).collect();
        let hides = [&self.left, &self.right]
            .into_iter()
            .flatten()
            .any(|shown| shown.hides(document));
        StoresBody {
            is_different,
            is_tree,
            left: left.text(),
            right: right.text(),
            is_hidden: is_different && !is_lone && hides && shown::is_hidden(&told),
            is_form_only: is_different
                && is_tree
                && !is_lone
                && !hides
                && told.is_empty()
                && left.has_value()
                && right.has_value(),
        }
    }

    /// What stands on both sides; nothing is an empty document.
    fn values(&self, document: StoresDocument) -> (Cow<'_, Value>, Cow<'_, Value>) {
        let [left, right] = [&self.left, &self.right].map(|side| stored(side.as_ref(), document).value);
        let nothing_beside = |other: Option<&Value>| match other {
            Some(Value::Object(_)) => Cow::Owned(Value::Object(Default::default())),
            Some(Value::Array(_)) => Cow::Owned(Value::Array(Default::default())),
            _ => Cow::Owned(Value::Null),
        };
        (
            left.map_or_else(|| nothing_beside(right), Cow::Borrowed),
            right.map_or_else(|| nothing_beside(left), Cow::Borrowed),
        )
    }
}

/// A document of one side.
struct Document<'a> {
    value: Option<&'a Value>,
    stored: Option<&'a Stored>,
}

fn stored(shown: Option<&Shown>, document: StoresDocument) -> Document<'_> {
    let (value, stored) = match document {
        StoresDocument::Payload => (
            shown.and_then(|shown| shown.payload.as_ref()),
            shown.map(|shown| &shown.answer.payload),
        ),
        StoresDocument::Metadata => (
            shown.and_then(|shown| shown.metadata.as_ref()),
            shown.map(|shown| &shown.answer.metadata),
        ),
    };
    Document { value, stored }
}

impl Document<'_> {
    fn has_value(&self) -> bool {
        self.value.is_some()
    }

    /// Whether rows say all of it: it is JSON, or there is none.
    fn is_document(&self) -> bool {
        self.has_value() || matches!(self.stored, None | Some(Stored::Absent))
    }

    fn text(&self) -> String {
        let shown = self.stored.map(Stored::shown).unwrap_or_default();
        match shown.char_indices().nth(MOST_TEXT) {
            Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
            None => shown,
        }
    }
}

/// A part that is one text.
fn plain(event: &EventAnswer, part: EventPart) -> Option<String> {
    match part {
        EventPart::Type => Some(event.event_type.to_string()),
        EventPart::Recorded => event.recorded_at.clone(),
        EventPart::Occurred => event.occurred_at.clone(),
        EventPart::Version => event.version.clone(),
        EventPart::Id => event.event_id.as_ref().map(ToString::to_string),
        EventPart::Schema => event.schema_version.as_ref().map(ToString::to_string),
        EventPart::Correlation => event.correlation_id.as_ref().map(ToString::to_string),
        EventPart::Causation => event.causation_id.as_ref().map(ToString::to_string),
        EventPart::Position => Some(format!("#{}", event.position)),
        EventPart::Payload | EventPart::Metadata | EventPart::Order => None,
    }
}

fn place_wire(of: &First) -> StoresPlace {
    let version = |place: &Option<Place>| place.map(|of| text::version_label(of.version)).unwrap_or_default();
    let position = |place: &Option<Place>| place.map(|of| text::position_label(of.position)).unwrap_or_default();
    StoresPlace {
        left_version: version(&of.left),
        left_position: position(&of.left),
        right_version: version(&of.right),
        right_position: position(&of.right),
        parts: of.parts.iter().map(|part| part.word().to_owned()).collect(),
        is_unclear: of.is_unclear,
    }
}

impl StreamKind {
    /// What is equal is not listed, and unclear is the nearest to it that is.
    pub fn wire(self) -> StoresKind {
        match self {
            StreamKind::Changed => StoresKind::Changed,
            StreamKind::Missing => StoresKind::Missing,
            StreamKind::Order => StoresKind::Order,
            StreamKind::LeftBehind => StoresKind::LeftBehind,
            StreamKind::RightBehind => StoresKind::RightBehind,
            StreamKind::OnlyLeft => StoresKind::OnlyLeft,
            StreamKind::OnlyRight => StoresKind::OnlyRight,
            StreamKind::Unclear | StreamKind::Equal => StoresKind::Unclear,
        }
    }

    pub fn of_wire(kind: StoresKind) -> StreamKind {
        match kind {
            StoresKind::Changed => StreamKind::Changed,
            StoresKind::Missing => StreamKind::Missing,
            StoresKind::Order => StreamKind::Order,
            StoresKind::LeftBehind => StreamKind::LeftBehind,
            StoresKind::RightBehind => StreamKind::RightBehind,
            StoresKind::OnlyLeft => StreamKind::OnlyLeft,
            StoresKind::OnlyRight => StreamKind::OnlyRight,
            StoresKind::Unclear => StreamKind::Unclear,
        }
    }
}
