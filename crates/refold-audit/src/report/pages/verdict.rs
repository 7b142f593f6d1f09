//! What the store was held against and what came of it: the answer, each finding with what it did, and what the answer
//! says nothing of. Whatever was asked, it is laid out alike.

use refold_core::count::{counted, grouped};

use super::{Block, Table, code_column, column, heading, held_in};
use crate::report::model::{Finding, Impact, Report, Verdict};
use crate::report::rows::cut;
use crate::report::visible;

/// UTF-16 units of one side of a change.
const MOST_LETTERS: usize = 2_000;

/// Nothing where nothing was asked.
pub(super) fn blocks(report: &Report, files: &[&str]) -> Vec<Block> {
    let Some(verdict) = &report.verdict else {
        return Vec::new();
    };
    let mut blocks = vec![
        heading("Verdict"),
        Block::Text(verdict.sentence.clone()),
        Block::Facts(verdict.facts.clone()),
    ];
    if !verdict.findings.is_empty() {
        blocks.push(Block::Table(findings(verdict, files)));
    }
    let impacts = verdict
        .findings
        .iter()
        .flat_map(|finding| finding.impacts.iter().map(move |impact| (finding, impact)));
    let changed = impacts.filter_map(|(finding, impact)| changes(finding, impact, verdict));
    blocks.extend(changed.map(Block::Table));
    blocks.push(Block::Text("What was not checked:".to_owned()));
    blocks.push(Block::List(verdict.not_checked.clone()));
    blocks
}

fn findings(verdict: &Verdict, files: &[&str]) -> Table {
    let held = held_in(files, "findings.");
    Table {
        caption: match verdict.findings.len() as u64 {
            shown if shown < verdict.finding_count => format!(
                "The first {} of {} findings; {}",
                grouped(shown),
                grouped(verdict.finding_count),
                match verdict.kept {
                    kept if kept < verdict.finding_count => format!("of the first {}, {held}", grouped(kept)),
                    _ => held,
                }
            ),
            shown => format!("{}; {held}", counted(shown, "finding")),
        },
        columns: vec![
            column("what", 17),
            code_column("position", 11),
            column("stream, event", 22),
            column("in words", 50),
        ],
        rows: verdict.findings.iter().map(row).collect(),
    }
}

fn row(finding: &Finding) -> Vec<String> {
    // A line of a cell is ours: what others wrote has none.
    let lines = |parts: Vec<Option<String>>| {
        let parts: Vec<String> = parts.iter().flatten().map(|part| visible(part)).collect();
        parts.join("\n")
    };
    let version = finding.version.as_ref().map(|version| format!("v{version}"));
    let event: Vec<String> = version.into_iter().chain(finding.event_type.clone()).collect();
    let said = [
        Some(finding.part.join(", ")).filter(|part| !part.is_empty()),
        finding.detail.clone(),
        finding.explanation.as_ref().map(|said| format!("explained: {said}")),
    ];
    let impacts = finding.impacts.iter().map(|impact| Some(impact.in_words()));
    vec![
        lines(vec![Some(finding.kind.clone()), Some(finding.severity.clone())]),
        lines(vec![
            finding.position.clone(),
            finding.to.as_ref().map(|to| format!("to {to}")),
        ]),
        lines(vec![
            finding.stream.clone(),
            Some(event.join(" ")).filter(|event| !event.is_empty()),
        ]),
        lines(said.into_iter().chain(impacts).collect()),
    ]
}

fn changes(finding: &Finding, impact: &Impact, verdict: &Verdict) -> Option<Table> {
    if impact.changes.is_empty() {
        return None;
    }
    let side = |value: &Option<String>| match value {
        Some(value) => cut(&visible(value), value, MOST_LETTERS),
        None => "(nothing)".to_owned(),
    };
    let place = finding.position.as_ref().map(|position| format!(" at {position}"));
    let [before, after] = &verdict.sides;
    Some(Table {
        caption: format!(
            "{}{}: the state of {}",
            finding.kind,
            place.unwrap_or_default(),
            impact.stream.as_deref().unwrap_or("its aggregate")
        ),
        columns: vec![code_column("path", 34), code_column(before, 33), code_column(after, 33)],
        rows: impact
            .changes
            .iter()
            .map(|change| vec![visible(&change.path), side(&change.before), side(&change.after)])
            .collect(),
    })
}
