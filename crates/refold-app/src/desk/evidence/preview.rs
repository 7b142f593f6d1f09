//! The pages of a report before it is made, as the window shows them.

use std::time::Instant;

use refold_audit::report::model::Fact;
use refold_audit::report::pages::{Block, Column, Table, in_words};
use refold_audit::report::{html, visible};

use super::report_asked;
use crate::desk::Desk;
use crate::desk::lab::{narrow, took};
use crate::error::AppError;
use crate::jobs::ProgressSink;
use crate::usecase::evidence::report::preview::preview;
use crate::wire::{PreviewBlock, PreviewColumn, PreviewFact, ReportAskedWire, ReportPreview};

/// Rows of a table that cross to the window.
const MOST_ROWS: usize = 200;

impl Desk {
    /// What the pages of a report would say. Nothing is written where it would go.
    pub fn report_preview(
        &self,
        session: u32,
        asked: &ReportAskedWire,
        progress: ProgressSink<'_>,
    ) -> Result<ReportPreview, AppError> {
        let opened = self.session(session)?;
        let started = Instant::now();
        let how = report_asked(asked);
        let found = self.jobs.run("preview", session, progress, |work| {
            let copy = self.copy_for(work, asked)?;
            preview(work, &opened, &how, copy.as_ref())
        })?;
        let blocks: Result<_, _> = found.pages.blocks.iter().filter_map(block).collect();
        Ok(ReportPreview {
            title: visible(&found.pages.title),
            classification: visible(&found.pages.classification),
            events: narrow(found.events),
            sheets: found.sheets.map(|sheets| u32::try_from(sheets).unwrap_or(u32::MAX)),
            blocks: blocks?,
            has_own_pseudonyms: found.has_own_pseudonyms,
            took: took(started),
        })
    }
}

/// `None`: nothing of it is on the pages either.
fn block(of: &Block) -> Option<Result<PreviewBlock, AppError>> {
    Some(Ok(match of {
        Block::Heading(text) => PreviewBlock::Heading { text: visible(text) },
        Block::Text(text) => PreviewBlock::Text { text: visible(text) },
        Block::Facts(facts) => PreviewBlock::Facts {
            facts: facts.iter().map(fact).collect(),
        },
        Block::List(lines) if lines.is_empty() => return None,
        Block::List(lines) => PreviewBlock::List {
            lines: lines.iter().map(|line| visible(line)).collect(),
        },
        Block::Table(of) | Block::Events(of) => table(of),
        Block::Figure(over_time) => match html::picture(over_time) {
            Ok(picture) => PreviewBlock::Figure {
                words: visible(&in_words(over_time)),
                picture,
            },
            Err(error) => return Some(Err(AppError::internal(error.to_string()))),
        },
    }))
}

fn fact(of: &Fact) -> PreviewFact {
    PreviewFact {
        name: visible(&of.name),
        value: lines(&of.value),
        is_code: of.is_code,
    }
}

fn table(of: &Table) -> PreviewBlock {
    let column = |column: &Column| PreviewColumn {
        name: visible(&column.name),
        share: column.share,
        is_code: column.is_code,
    };
    PreviewBlock::Table {
        caption: visible(&of.caption),
        columns: of.columns.iter().map(column).collect(),
        rows: of
            .rows
            .iter()
            .take(MOST_ROWS)
            .map(|row| row.iter().map(|cell| lines(cell)).collect())
            .collect(),
        row_count: narrow(of.rows.len() as u64),
    }
}

/// Our own lines are lines, as on the pages.
fn lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}
