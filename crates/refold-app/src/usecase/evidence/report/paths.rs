//! What a report would hold, and what masking rules would hide of it, before anything is written: every path of the
//! payloads and metadata, with how often it is there.

use std::collections::BTreeMap;
use std::ops::Range;

use refold_audit::report::model::Hidden;
use refold_core::event::{Columns, EventBatch, EventView};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::pointer::Segment;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::work::{Phase, Work};
use serde::Serialize;

use super::hidden::{HiddenPaths, generic};
use super::scope::Selection;
use super::subject::Subject;
use super::{ReportAsked, judged, redacted, subject, time_of};
use crate::error::AppError;
use crate::mask::{Cover, Fate, Mask, Part, Shown};
use crate::payload::scan::{Token, Tokens};
use crate::session::Session;
use crate::wire::FindingWire;
use crate::{clock, findings};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathsAnswer {
    pub events: u64,
    /// By part and path.
    pub paths: Vec<PathAnswer>,
    /// Values at further paths, which are too many to be listed.
    pub more: u64,
    /// Masking rules that would hide nothing.
    pub idle: Vec<String>,
    /// What would find nothing of a person: entries of the list, and keys.
    pub idle_list: Vec<String>,
    /// What says that events could not be read, of which nobody knows the paths.
    pub lacking: Vec<FindingWire>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathAnswer {
    /// `payload` or `metadata`; `state`: hidden in the states that a verdict tells.
    pub part: &'static str,
    /// A JSON pointer in which `*` stands for the elements of an array; empty: all of a part that is a single value, or that
    /// is no JSON.
    pub path: String,
    pub count: u64,
    /// So many of them would be hidden.
    pub hidden: u64,
    /// So many of them would stand by a pseudonym.
    pub pseudonyms: u64,
}

const READ_EVENTS: usize = 1_024;
const MOST_PATHS: usize = 10_000;

/// Reads the events that the report would hold, and writes nothing. `copy`: as for the report.
pub fn paths(
    work: &Work<'_>,
    session: &Session,
    asked: &ReportAsked,
    copy: Option<&Session>,
) -> Result<PathsAnswer, AppError> {
    let session = &redacted(session, asked)?;
    let now = asked.time.as_deref().map_or_else(|| Ok(clock::now()), time_of)?;
    let found = Findings::default();
    let mut hidden = HiddenPaths::of(session.mask(), asked.redact.as_deref());
    let judged = judged(work, session, asked, copy, &mut hidden)?;
    let mut subject = subject(work, session, asked, &found)?;
    let selection = match (judged, &subject) {
        (Some(judged), _) => Selection::of_positions(work, session, &judged.positions, &found)?,
        (None, Some(subject)) => Selection::of_subject(work, session, asked, subject, (now, &found))?,
        (None, None) => Selection::of(work, session, asked, now, &found)?,
    };
    let of_states = hidden.listed();
    let mut tally = Tally::default();
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let (mut events, total) = (0, selection.positions.len() as u64);
    for part in selection.positions.chunks(READ_EVENTS) {
        let mut reader = session.store().read(&ReadQuery {
            scope: Scope::Positions(part.to_vec()),
            direction: Direction::Forward,
            columns: Columns::ALL,
        })?;
        while reader.next_batch(work, READ_EVENTS, &mut batch, &mut names, &found)? {
            for row in 0..batch.len() {
                let event = batch.event(row);
                tally.add(&event, &names, session.mask(), subject.as_ref());
                hidden.try_idle(&event, &names);
                if let Some(subject) = &mut subject {
                    subject.try_idle(&event, &names, session.mask());
                }
            }
            events += batch.len() as u64;
            work.tick(Phase::LookingAtTheEvents, events, Some(total))?;
        }
    }
    let one = |((part, path), times): ((_, _), Times)| PathAnswer {
        part,
        path,
        count: times.count,
        hidden: times.hidden,
        pseudonyms: times.pseudonyms,
    };
    let of_state = |of: Hidden| PathAnswer {
        part: "state",
        path: of.path,
        count: of.count,
        hidden: of.count,
        pseudonyms: 0,
    };
    let mut lacking = findings::wire(&found);
    lacking.retain(FindingWire::leaves_out);
    Ok(PathsAnswer {
        events,
        paths: tally
            .paths
            .into_iter()
            .map(one)
            .chain(of_states.into_iter().map(of_state))
            .collect(),
        more: tally.more,
        idle: hidden.idle(),
        idle_list: subject.iter().flat_map(Subject::idle).collect(),
        lacking,
    })
}

#[derive(Default)]
struct Tally {
    paths: BTreeMap<(&'static str, String), Times>,
    more: u64,
}

/// How often a value is at a path of a part, and what would become of it.
#[derive(Default)]
struct Times {
    count: u64,
    hidden: u64,
    pseudonyms: u64,
}

impl Tally {
    fn add(&mut self, event: &EventView<'_>, names: &Names, mask: &Mask, subject: Option<&Subject>) {
        let [payload, metadata] = match subject {
            None => [None, None],
            Some(subject) => subject.shown_of(event, names, mask).map(Some),
        };
        for (part, name, bytes, listed) in [
            (Part::Payload, "payload", event.payload, payload),
            (Part::Metadata, "metadata", event.metadata, metadata),
        ] {
            let Some(bytes) = bytes else { continue };
            let cover = mask.of_event(event, names, part);
            let is_hidden = !cover.is_empty() || listed.is_some();
            let whole = if is_hidden { Fate::Hidden } else { Fate::Shown };
            let found = leaves(bytes, &cover, listed.as_ref());
            for (path, fate) in found.unwrap_or_else(|| vec![(String::new(), whole)]) {
                self.count(name, path, fate);
            }
        }
    }

    fn count(&mut self, part: &'static str, path: String, fate: Fate) {
        let key = (part, path);
        if self.paths.len() >= MOST_PATHS && !self.paths.contains_key(&key) {
            self.more += 1;
            return;
        }
        let times = self.paths.entry(key).or_default();
        times.count += 1;
        times.hidden += u64::from(fate == Fate::Hidden);
        times.pseudonyms += u64::from(fate == Fate::Pseudonym);
    }
}

/// The path of every single value of a JSON text, and what becomes of it. `None`: it is no JSON.
fn leaves(bytes: &[u8], cover: &Cover, listed: Option<&Shown>) -> Option<Vec<(String, Fate)>> {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    if !cover.is_empty() {
        cover.each_hidden(bytes, &mut |_, place| hidden.push(place))?;
    }
    let mut fates = match listed {
        Some(listed) => listed.left(bytes, &|_, _| String::new())?.fates,
        None => Vec::new(),
    }
    .into_iter();
    let mut tokens = Tokens::new(bytes).ok()?;
    let mut hidden = hidden.into_iter().peekable();
    let (mut found, mut path, mut next) = (Vec::new(), String::new(), None::<String>);
    // Of each open container: how long the path is outside of it, and what its elements are called.
    let mut open: Vec<(usize, bool)> = Vec::new();
    while let Some(token) = tokens.next().transpose().ok()? {
        let mut step = || match open.last() {
            Some((_, true)) => "/*".to_owned(),
            _ => next.take().unwrap_or_default(),
        };
        match token {
            Token::Key { start, .. } => next = Some(generic(&[Segment::from_key(&tokens.text(start))])),
            Token::Open { is_array, .. } => {
                let before = path.len();
                path.push_str(&step());
                open.push((before, is_array));
            }
            Token::Close { .. } => path.truncate(open.pop()?.0),
            Token::Leaf { start, .. } => {
                while hidden.next_if(|place| place.end <= start).is_some() {}
                let is_hidden = hidden.peek().is_some_and(|place| place.contains(&start));
                // Where there is no list everything is on it.
                let fate = fates.next().unwrap_or(Fate::Shown);
                found.push((path.clone() + &step(), if is_hidden { Fate::Hidden } else { fate }));
            }
        }
    }
    Some(found)
}
