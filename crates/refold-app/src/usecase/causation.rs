//! What caused an event, and what it caused, across streams.
//!
//! An event names its cause by the id that the cause has. Stores hold what their writers wrote: ids that no event has,
//! ids that several events have, circles, effects recorded before their cause. Each is shown and said, and none stops
//! the walk or makes it endless.

use std::collections::{BTreeMap, HashMap, HashSet};

use refold_core::event::Position;
use refold_core::finding::Findings;
use refold_core::track::Moment;
use refold_core::work::Work;
use refold_stores::index::IdKind;

use crate::answer::{CauseRowAnswer, CausesAnswer};
use crate::clock;
use crate::error::AppError;
use crate::linked::{Linked, Links};
use crate::session::Session;
use crate::stream::Stream;
use crate::usecase::overview::lacking;
use crate::wire::{Causation, CausationNote, CausationRole, CausationRow, FindingWire};
use crate::{findings, text};

/// So many causes in a row are shown.
pub const MOST_CAUSES: usize = 200;
/// So many effects are shown, at whatever distance.
pub const MOST_EFFECTS: usize = 1_000;
/// Events that have one id, when there should be one.
const MOST_SHARED: usize = 20;

/// Causes and effects of the event at a cursor. `indexes_first`: make the index of ids where it is not there; without
/// it only the events nearby are looked at, and the answer says so.
pub fn causation(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    at: &str,
    indexes_first: bool,
) -> Result<Causes, AppError> {
    if indexes_first {
        session.build_ids(work)?;
    }
    let findings = Findings::default();
    let stream = Stream::load(work, session, stream, &findings)?;
    let cursor = session.cursor(at)?;
    let found = stream.resolve(&cursor, clock::now())?;
    let moment = found.moment;
    let noted = [stream.past_head(&cursor, moment, session.end()), stream.in_gap(found)];
    noted.into_iter().flatten().for_each(|finding| findings.report(finding));
    let causes = of_moment(work, session, &stream, moment)?;
    Ok(Causes {
        findings: with_index(findings::wire(&findings), lacking(session)),
        ..causes
    })
}

/// Causes and effects are looked for in all of the store: what the index lacks, the answer lacks. Reading the stream may
/// have come upon some of the same, which is told once, by whoever saw more of it.
fn with_index(mut found: Vec<FindingWire>, of_index: Vec<FindingWire>) -> Vec<FindingWire> {
    for lacking in of_index {
        match found.iter_mut().find(|known| known.code == lacking.code) {
            Some(known) if known.count >= lacking.count => {}
            Some(known) => *known = lacking,
            None => found.push(lacking),
        }
    }
    found
}

/// The same of the event that led to a moment of a stream.
pub fn of_moment(work: &Work<'_>, session: &Session, stream: &Stream, moment: Moment) -> Result<Causes, AppError> {
    let position = moment.event_index().and_then(|index| stream.track.positions.get(index));
    let Some(position) = position.copied() else {
        return Err(AppError::invalid(
            "there is no event before the first",
            "choose an event",
        ));
    };
    let asked = Links::at(work, session.store().as_ref(), &[position])?
        .into_iter()
        .next();
    let asked = asked.ok_or_else(|| {
        AppError::not_found(
            "the event is not in the store any more",
            "open the store again: it has changed",
        )
    })?;
    let links = Links::of(work, session, position)?;
    let walk = Walk { work, links: &links };
    let (mut rows, causes_are_cut) = walk.causes(&asked)?;
    let asked_row = rows.len().saturating_sub(1);
    let effects_are_cut = walk.effects(&asked, &mut rows)?;
    Ok(Causes {
        rows,
        asked_row,
        asked,
        looked_at: links.looked_at(),
        causes_are_cut,
        effects_are_cut,
        digits: session.description().time_digits,
        findings: Vec::new(),
    })
}

/// The causes above an event and its effects below.
#[derive(Debug)]
pub struct Causes {
    rows: Vec<Row>,
    asked_row: usize,
    asked: Linked,
    looked_at: Option<usize>,
    causes_are_cut: bool,
    effects_are_cut: bool,
    digits: u8,
    /// Of reading the stream and the cursor, and what the index lacks.
    findings: Vec<FindingWire>,
}

#[derive(Debug)]
struct Row {
    role: CausationRole,
    steps: usize,
    indent: u32,
    event: Option<Linked>,
    /// Its id, or the one that was looked for.
    id: Option<Vec<u8>>,
    notes: Vec<CausationNote>,
}

impl Causes {
    /// As the window shows it.
    pub fn wire(&self) -> Causation {
        let shown = |id: &Option<Vec<u8>>| id.as_deref().map(text::shown);
        let rows = self.rows.iter().map(|row| CausationRow {
            role: row.role,
            steps: narrow(row.steps),
            indent: row.indent,
            event: row.event.as_ref().map(|event| event.row(self.digits)),
            id: shown(&row.id).unwrap_or_default(),
            notes: row.notes.clone(),
        });
        Causation {
            rows: rows.collect(),
            asked: narrow(self.asked_row),
            event_id: shown(&self.asked.event_id),
            causation_id: shown(&self.asked.causation_id),
            correlation_id: shown(&self.asked.correlation_id),
            looked_at: self.looked_at.map(narrow),
            causes_are_cut: self.causes_are_cut,
            effects_are_cut: self.effects_are_cut,
        }
    }

    /// As the command line prints it.
    pub fn answer(&self) -> CausesAnswer {
        let exact = |id: &Option<Vec<u8>>| id.as_deref().map(text::exact);
        let rows = self.rows.iter().map(|row| {
            let event = row.event.as_ref();
            CauseRowAnswer {
                role: match row.role {
                    CausationRole::Cause => "cause",
                    CausationRole::Asked => "asked",
                    CausationRole::Effect => "effect",
                },
                steps: narrow(row.steps),
                indent: row.indent,
                stream: event.map(|event| text::exact(&event.stream)),
                version: event.and_then(|event| text::filled(text::version_label(event.version))),
                position: event.map(|event| text::position_label(event.position)),
                event_type: event.map(|event| text::exact(&event.event_type)),
                recorded_at: event.and_then(|event| text::filled(text::time_label(event.recorded_at, self.digits))),
                id: exact(&row.id),
                notes: row.notes.iter().map(|note| note_text(*note)).collect(),
            }
        });
        CausesAnswer {
            event_id: exact(&self.asked.event_id),
            causation_id: exact(&self.asked.causation_id),
            correlation_id: exact(&self.asked.correlation_id),
            looked_at: self.looked_at.map(narrow),
            causes_are_cut: self.causes_are_cut,
            effects_are_cut: self.effects_are_cut,
            rows: rows.collect(),
            findings: self.findings.clone(),
        }
    }
}

impl Row {
    fn of(role: CausationRole, steps: usize, event: &Linked) -> Row {
        Row {
            role,
            steps,
            indent: 0,
            id: event.event_id.clone(),
            event: Some(event.clone()),
            notes: Vec::new(),
        }
    }
}

/// What a row says of itself, for a face without words of its own.
fn note_text(note: CausationNote) -> &'static str {
    match note {
        CausationNote::NotInStore => "not in this store",
        CausationNote::NotNearby => "not among the events nearby",
        CausationNote::IsCorrelation => "its correlation id: no event has it",
        CausationNote::Circle => "a circle: it stands in this tree already",
        CausationNote::Repeated => "stands above already",
        CausationNote::SharedId => "several events have this id",
        CausationNote::BeforeItsCause => "recorded before its cause",
    }
}

struct Walk<'a> {
    work: &'a Work<'a>,
    links: &'a Links,
}

impl Walk<'_> {
    /// The causes of an event, the farthest first, then the event itself; and whether there are more.
    fn causes(&self, asked: &Linked) -> Result<(Vec<Row>, bool), AppError> {
        let mut rows = vec![Row::of(CausationRole::Asked, 0, asked)];
        let mut effect_row = 0;
        let mut seen = HashSet::from([asked.position]);
        let mut at = asked.clone();
        let mut is_cut = false;
        let mut distance = 0;
        while let Some(id) = at.causation_id.clone() {
            let steps = distance + 1;
            if rows.len() > MOST_CAUSES {
                is_cut = true;
                break;
            }
            let found = self.links.find(self.work, IdKind::Event, &[&id], MOST_SHARED)?;
            // Of several the last before the effect is the likely one; all of them are named.
            let before = found.events.iter().rfind(|event| event.position < at.position);
            let Some(cause) = before.or(found.events.first()).cloned() else {
                rows.push(self.missing(steps, &id, &at));
                break;
            };
            let mut row = Row::of(CausationRole::Cause, steps, &cause);
            if at.position < cause.position
                && let Some(effect) = rows.get_mut(effect_row)
            {
                effect.notes.push(CausationNote::BeforeItsCause);
            }
            for other in found.events.iter().filter(|event| event.position != cause.position) {
                let mut row = Row::of(CausationRole::Cause, steps, other);
                row.notes.push(CausationNote::SharedId);
                rows.push(row);
            }
            if found.events.len() > 1 {
                row.notes.push(CausationNote::SharedId);
            }
            let is_new = seen.insert(cause.position);
            if !is_new {
                row.notes.push(CausationNote::Circle);
            }
            effect_row = rows.len();
            rows.push(row);
            if !is_new {
                break;
            }
            at = cause;
            distance = steps;
        }
        rows.reverse();
        Ok((rows, is_cut))
    }

    /// Appends the effects of an event as a tree, and says whether there are more.
    fn effects(&self, asked: &Linked, rows: &mut Vec<Row>) -> Result<bool, AppError> {
        let mut found: BTreeMap<Position, Linked> = BTreeMap::new();
        let mut of_id: HashMap<Vec<u8>, Vec<Position>> = HashMap::new();
        let mut asked_ids: HashSet<Vec<u8>> = HashSet::new();
        let mut frontier: Vec<Vec<u8>> = asked.event_id.iter().cloned().collect();
        let mut is_cut = false;
        // A level at a time: one read for all events of the same distance.
        while !frontier.is_empty() && !is_cut {
            frontier.retain(|id| asked_ids.insert(id.clone()));
            let ids: Vec<&[u8]> = frontier.iter().map(Vec::as_slice).collect();
            let level = self
                .links
                .find(self.work, IdKind::Causation, &ids, MOST_EFFECTS - found.len())?;
            is_cut = level.is_cut;
            let mut next = Vec::new();
            for effect in level.events {
                of_id
                    .entry(effect.causation_id.clone().unwrap_or_default())
                    .or_default()
                    .push(effect.position);
                next.extend(effect.event_id.clone());
                found.insert(effect.position, effect);
            }
            frontier = next;
        }
        let tree = Tree {
            found: &found,
            of_id: &of_id,
        };
        self.write_effects(asked, &tree, rows);
        Ok(is_cut)
    }

    /// Writes effects below their causes, each once.
    fn write_effects(&self, asked: &Linked, tree: &Tree<'_>, rows: &mut Vec<Row>) {
        let mut shown = HashSet::from([asked.position]);
        // A stack of its own: a chain of causes is as long as its writer made it.
        let mut stack = tree.branches(asked, 0, 0);
        while let Some(branch) = stack.pop() {
            let position = branch.event.position;
            let mut row = Row::of(CausationRole::Effect, branch.steps, branch.event);
            row.indent = branch.indent;
            if position < branch.cause {
                row.notes.push(CausationNote::BeforeItsCause);
            }
            let is_new = shown.insert(position);
            if position == asked.position {
                row.notes.push(CausationNote::Circle);
            } else if !is_new {
                row.notes.push(CausationNote::Repeated);
            }
            rows.push(row);
            if is_new {
                stack.extend(tree.branches(branch.event, branch.steps, branch.indent));
            }
        }
    }

    fn missing(&self, steps: usize, id: &[u8], effect: &Linked) -> Row {
        let note = if effect.correlation_id.as_deref() == Some(id) {
            CausationNote::IsCorrelation
        } else if self.links.looked_at().is_some() {
            CausationNote::NotNearby
        } else {
            CausationNote::NotInStore
        };
        Row {
            role: CausationRole::Cause,
            steps,
            indent: 0,
            event: None,
            id: Some(id.to_vec()),
            notes: vec![note],
        }
    }
}

/// Effects by the id of their cause.
struct Tree<'a> {
    found: &'a BTreeMap<Position, Linked>,
    of_id: &'a HashMap<Vec<u8>, Vec<Position>>,
}

impl<'a> Tree<'a> {
    /// The effects of an event, the last on top of a stack first.
    fn branches(&self, cause: &Linked, steps: usize, indent: u32) -> Vec<Branch<'a>> {
        let of_cause = cause.event_id.as_ref().and_then(|id| self.of_id.get(id));
        let positions = of_cause.map_or(&[][..], Vec::as_slice);
        let further = u32::from(positions.len() > 1 || steps == 0);
        let effects = positions.iter().rev().filter_map(|position| self.found.get(position));
        effects
            .map(|event| Branch {
                event,
                cause: cause.position,
                steps: steps + 1,
                indent: indent + further,
            })
            .collect()
    }
}

struct Branch<'a> {
    event: &'a Linked,
    cause: Position,
    steps: usize,
    indent: u32,
}

/// Rows are few.
fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
