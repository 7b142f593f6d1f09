//! What if: a branch of one stream beside the record. Whatever it says bears the word that it is not the record.

mod opened;
mod seeing;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use refold_core::finding::Findings;
use refold_core::port::handler::HandlerProgram;
use refold_core::port::system::in_words;
use refold_core::work::Work;
use refold_handlers::error::PackageError;
use refold_handlers::lab::Rules;
pub use refold_handlers::lab::sandbox::Edits;
use refold_handlers::lab::sandbox::{Row, RowMark, WATERMARK, walk};
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use serde::Serialize;

use super::EventName;
use crate::answer::Literal;
use crate::error::AppError;
use crate::mask::Part;
use crate::session::Session;
use crate::text::Exact;
use crate::wire::{FindingWire, HandlerWire, SeverityWire};
use crate::{findings, handler, text};
use opened::Opened;
pub(super) use seeing::Noted;
use seeing::Seeing;

#[derive(Debug, Clone, Serialize)]
pub struct WhatIfAnswer {
    /// That nothing of this is the record.
    pub sandbox: String,
    /// The name of the branch; `null` where its file gives none.
    pub name: Option<String>,
    pub stream: Exact,
    pub handler: HandlerWire,
    /// The edits in words, in their order.
    pub edits: Vec<String>,
    /// The first event that is otherwise; `null` where none is.
    pub branched_at: Option<SandboxEvent>,
    /// How many events each line has.
    pub record_events: u32,
    pub sandbox_events: u32,
    /// Where the states differ for the first time; `null`: they never do.
    pub first_divergence: Option<DivergenceAnswer>,
    /// Rows after which the states differ, from the first to the one after which they are equal again.
    pub intervals: Vec<IntervalAnswer>,
    /// Where the states at the head differ.
    pub at_head: Vec<SandboxPlace>,
    /// Events that come to something else in the sandbox, though they are the same there.
    pub otherwise: Vec<OtherwiseAnswer>,
    pub otherwise_count: u32,
    /// What the handler's package says must hold, on both lines.
    pub invariants: Vec<LinesInvariant>,
    /// Both lines side by side, from the first event that is otherwise; the first ones of many.
    pub rows: Vec<RowAnswer>,
    pub row_count: u32,
    /// The first event of the record behind events that are missing, as a person names it: both lines lack what these did.
    pub incomplete_since: Option<String>,
    pub findings: Vec<FindingWire>,
}

/// An event of either line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SandboxEvent {
    #[serde(flatten)]
    pub event: EventName,
    /// Which of those it is that were inserted, from 1; `null`: it is one of the record.
    pub inserted: Option<u32>,
    /// `kept`, `edited`, `skipped`, `inserted`, `moved-from` or `moved-to`.
    pub mark: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub struct DivergenceAnswer {
    #[serde(flatten)]
    pub event: SandboxEvent,
    pub places: Vec<SandboxPlace>,
    pub place_count: u32,
}

#[derive(Debug, Clone, Serialize)]
pub struct IntervalAnswer {
    pub from: SandboxEvent,
    /// `null`: they differ at the head.
    pub until: Option<SandboxEvent>,
}

/// A place at which the states differ. A side is left out where there is nothing.
#[derive(Debug, Clone, Serialize)]
pub struct SandboxPlace {
    /// RFC 6901.
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<Literal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Literal>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OtherwiseAnswer {
    #[serde(flatten)]
    pub event: SandboxEvent,
    pub record: String,
    pub sandbox: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinesInvariant {
    pub id: String,
    pub severity: SeverityWire,
    pub record: LineCourse,
    pub sandbox: LineCourse,
}

/// How an invariant goes on one line.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct LineCourse {
    /// The event that broke it first; `null`: no state that could be made breaks it.
    pub first_broken: Option<SandboxEvent>,
    /// In the last state that was asked.
    pub is_broken_at_head: bool,
    /// The first event of which no state could be made, or the first one behind events that are missing: nobody knows what
    /// holds from there on, and nobody is asked. `null`: there is none.
    pub unclear_since: Option<SandboxEvent>,
}

#[derive(Debug, Clone, Serialize)]
pub struct RowAnswer {
    #[serde(flatten)]
    pub event: SandboxEvent,
    /// What the event came to; `null`: it is not there on that line.
    pub record: Option<String>,
    pub sandbox: Option<String>,
    /// Places at which the states differ then.
    pub differing: u32,
    pub places: Vec<SandboxPlace>,
}

/// Folds the record and the branch that the edits make of it, and says what came of it.
pub fn whatif(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    handler: Option<&str>,
    edits: &Edits,
) -> Result<WhatIfAnswer, AppError> {
    fold_both(work, session, stream, handler, edits, &AppError::from).map(|both| both.answer)
}

/// Both lines, folded.
pub(super) struct WhatIf {
    pub answer: WhatIfAnswer,
    pub program: Arc<dyn HandlerProgram>,
    pub opened: Opened,
    pub rows: Vec<Row>,
    /// What came of each row.
    pub course: Vec<Noted>,
    /// Why a line failed: record, sandbox.
    pub stops: [Option<String>; 2],
}

/// `wrong`: tells what is wrong with an edit.
pub(super) fn fold_both(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    handler: Option<&str>,
    edits: &Edits,
    wrong: &dyn Fn(PackageError) -> AppError,
) -> Result<WhatIf, AppError> {
    let program = session.adopted(handler)?;
    let noted = Arc::<Findings>::default();
    let opened = Opened::open(work, session, stream, edits, wrong, &noted)?;
    opened.stream.report_track(session.description().numbering(), &noted);
    let rules = match handler::opened(handler)? {
        Some(opened) if !opened.invariants().is_empty() => Some(Rules::OfPackage(opened)),
        _ => None,
    };
    let rows = opened.branch.rows();
    let cover = session
        .mask()
        .cover(&opened.stream.id, &opened.stream.category, None, Part::State);
    let mut seeing = Seeing::of(&opened, program.as_ref(), &cover, rules.as_ref());
    let mut record = opened.record(session, program.columns(), &noted);
    let mut branch = opened.source(session, program.columns());
    walk(
        work,
        program.as_ref(),
        &rows,
        [&mut record, &mut branch],
        &mut |row, seen| {
            seeing.see(row, seen);
            Ok::<_, AppError>(())
        },
    )?;
    let at_head = seeing.at_head();
    let branched_at = rows
        .iter()
        .find(|row| row.mark != RowMark::Kept)
        .map(|row| opened.event(row));
    let answer = WhatIfAnswer {
        sandbox: format!("{WATERMARK}: not the record"),
        name: edits.name.clone(),
        stream: text::exact(&opened.stream.id),
        handler: handler::wire(program.identity()),
        edits: edits.edits.iter().map(|edit| edit.change.to_string()).collect(),
        branched_at,
        record_events: opened.stream.track.head().0,
        sandbox_events: opened.branch.track().head().0,
        first_divergence: seeing.first,
        intervals: seeing.intervals,
        at_head,
        otherwise: seeing.otherwise,
        otherwise_count: seeing.otherwise_count,
        invariants: seeing.invariants,
        rows: seeing.rows,
        row_count: seeing.row_count,
        incomplete_since: opened.stream.lacks_label(),
        findings: findings::wire(&noted),
    };
    let (course, stops) = (seeing.course, seeing.stops);
    Ok(WhatIf {
        answer,
        program,
        opened,
        rows,
        course,
        stops,
    })
}

/// Reads a file of edits.
pub fn read_edits(file: &Path) -> Result<Edits, AppError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let source = plain_file::read(file, MOST_TEXT_BYTES).map_err(|error| {
        let message = format!("cannot read the edits: {}: {}", in_words(&error), file.display());
        AppError::invalid(message, "look whether the path of the file is right")
    })?;
    Ok(Edits::read(&name, &source)?)
}
