//! A report laid out for people: headings, facts, lists and tables in the order in which an auditor asks. Every format for
//! people writes these blocks, so that they all say the same.
//!
//! It must not know a format.

mod events;
mod verdict;

use refold_core::count::{counted, grouped};

use super::model::{Counts, Custody, DAMAGED, Fact, Found, OverTime, Report};
use super::rows::EventRow;
use super::visible;
use crate::anchor::hex;

pub use events::{in_words, short_labels};

/// A report on its way to a format. Its texts are as the store has them: whoever writes them makes visible what does not
/// print.
pub struct Pages {
    pub title: String,
    /// On every page.
    pub id: String,
    /// Who may read it; empty where nobody said.
    pub classification: String,
    pub made_at: String,
    pub blocks: Vec<Block>,
}

pub enum Block {
    Heading(String),
    Text(String),
    Facts(Vec<Fact>),
    List(Vec<String>),
    Table(Table),
    /// The events, which some formats have elsewhere.
    Events(Table),
    Figure(OverTime),
}

pub struct Table {
    /// What it is a table of.
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
}

pub struct Column {
    pub name: String,
    /// Its share of the width of the page, in percent.
    pub share: u8,
    pub is_code: bool,
}

impl Pages {
    /// `rows`: the events that the pages show. `files`: the names of the files that hold all of them, and all findings.
    pub fn of(report: &Report, rows: &[EventRow], files: &[&str], signed_by: Option<&str>) -> Pages {
        let blocks = [
            cover(report),
            verdict::blocks(report, files),
            completeness(report),
            findings(report),
            source(report),
            state(report),
            events::blocks(report, rows, files),
            redaction(report),
            method(report),
            custody(report),
            verification(report, signed_by),
            limits(report),
        ];
        Pages {
            title: report.cover.title.clone(),
            id: report.id.clone(),
            classification: report.cover.classification.clone().unwrap_or_default(),
            made_at: report.cover.made_at.clone(),
            blocks: blocks.into_iter().flatten().collect(),
        }
    }
}

const NOT_GIVEN: &str = "not given";

fn fact(name: &str, value: impl Into<String>) -> Fact {
    Fact {
        name: name.to_owned(),
        value: value.into(),
        is_code: false,
    }
}

fn code(name: &str, value: impl Into<String>) -> Fact {
    Fact {
        is_code: true,
        ..fact(name, value)
    }
}

fn given(name: &str, value: &Option<String>) -> Fact {
    fact(name, value.as_deref().unwrap_or(NOT_GIVEN))
}

fn heading(text: &str) -> Block {
    Block::Heading(text.to_owned())
}

fn column(name: &str, share: u8) -> Column {
    Column {
        name: name.to_owned(),
        share,
        is_code: false,
    }
}

fn code_column(name: &str, share: u8) -> Column {
    Column {
        is_code: true,
        ..column(name, share)
    }
}

fn cover(report: &Report) -> Vec<Block> {
    let cover = &report.cover;
    vec![
        Block::Text(cover.about.clone()),
        Block::Facts(vec![
            fact("Finding", &*cover.headline),
            fact("Level", format!("{}: {}", cover.level, cover.claim)),
            fact("Report time", format!("{} ({})", cover.made_at, cover.made_at_is)),
            code("Report id", &*report.id),
            code("Report digest", hex(&report.sha256())),
            given("Operator", &cover.operator),
            given("Organisation", &cover.organisation),
            given("Case", &cover.case_number),
            given("Classification", &cover.classification),
            fact("Reviewed by", "name, date, signature: ______________________________"),
        ]),
    ]
}

fn completeness(report: &Report) -> Vec<Block> {
    let (scope, counts) = (&report.scope, &report.scope.counts);
    let is_damaged = report.noticed.iter().any(|of| of.code == DAMAGED);
    let bound = |bound: &Option<String>, open: &str| bound.clone().unwrap_or_else(|| open.to_owned());
    let what = match scope.what.as_str() {
        "streams" => format!("the streams named: {}", scope.streams.join(", ")),
        "category" => format!("the category {}", scope.category.as_deref().unwrap_or_default()),
        // They may be many, and none is known by the name that it has here.
        "subject" => counted(scope.streams.len() as u64, "stream") + " of a person",
        "findings" => "the events that the findings name, as they stand in the store".to_owned(),
        _ => "all of the store".to_owned(),
    };
    let span = |first: &Option<String>, last: &Option<String>| match (first, last) {
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "none".to_owned(),
    };
    let mut blocks = vec![
        heading("Completeness"),
        Block::Text(whether_complete(counts, is_damaged)),
        Block::Facts(vec![
            fact("Asked for", what),
            fact(
                "Bounds",
                format!(
                    "from {} to {}, both included",
                    bound(&scope.from, "the start"),
                    bound(&scope.to, "the head")
                ),
            ),
            fact(
                "Events of the store",
                counts.store.map_or("the store does not say".to_owned(), grouped),
            ),
            fact("Looked at", grouped(counts.examined)),
            fact("Outside of the bounds", grouped(counts.out_of_range)),
            fact("Of other categories", grouped(counts.of_other_categories)),
            fact("Asked for and found", grouped(counts.asked)),
            fact("In this report", grouped(counts.written)),
            fact("Payload is no readable JSON", grouped(counts.payload_not_json)),
            match is_damaged {
                true => fact(
                    "Damaged parts of the store",
                    grouped(counts.unreadable) + " (how many rows were there is not known)",
                ),
                false => fact("Rows that are no events", grouped(counts.unreadable)),
            },
            fact("Positions", span(&scope.first_position, &scope.last_position)),
            fact(
                "Recorded times",
                span(&scope.first_recorded_at, &scope.last_recorded_at)
                    + " (UTC; the order is by position, not by time)",
            ),
            fact(
                "Horizon",
                format!(
                    "position {}: {}",
                    scope.horizon.as_deref().unwrap_or("not known"),
                    scope.settled
                ),
            ),
            fact(
                "Gaps in positions",
                scope.gap_count.map_or_else(
                    || "not looked for: not all positions were read".to_owned(),
                    |count| {
                        counted(count, "range") + " (a rolled back write leaves one; nothing says which ones did not)"
                    },
                ),
            ),
        ]),
    ];
    if !scope.gaps.is_empty() {
        blocks.push(Block::Table(Table {
            caption: format!(
                "Positions that no event has ({} of {})",
                scope.gaps.len(),
                scope.gap_count.unwrap_or_default()
            ),
            columns: vec![code_column("first", 50), code_column("last", 50)],
            rows: scope
                .gaps
                .iter()
                .map(|(first, last)| vec![first.clone(), last.clone()])
                .collect(),
        }));
    }
    blocks
}

/// Whether all that was asked for is there, as far as that can be known.
fn whether_complete(counts: &Counts, is_damaged: bool) -> String {
    let missing = counts.asked.saturating_sub(counts.written);
    match (missing, counts.unreadable) {
        (0, parts @ 1..) if is_damaged => format!(
            "Every event that could be read and was asked for is in this report. {} of the store cannot be read, because \
             its file is damaged; how many rows were there, and whether they belong here, cannot be known.",
            counted(parts, "part")
        ),
        (0, 0) => "Every event that was asked for is in this report.".to_owned(),
        (0, rows) => format!(
            "Every event that could be read and was asked for is in this report. {} could not be read as events; whether \
             they belong here cannot be known.",
            counted(rows, "row")
        ),
        (missing, _) => format!("{} that were asked for are missing.", counted(missing, "event")),
    }
}

fn findings(report: &Report) -> Vec<Block> {
    // Those of a verdict stand with it.
    let mut blocks = vec![heading(match report.verdict {
        Some(_) => "Noteworthy while reading",
        None => "Findings",
    })];
    if report.noticed.is_empty() {
        blocks.push(Block::Text(
            "Reading these events came upon nothing noteworthy.".to_owned(),
        ));
        return blocks;
    }
    let rows = report
        .noticed
        .iter()
        .flat_map(|of| of.first.iter().map(move |one| (of, one)));
    let place = |of: &super::model::FoundOne| {
        let stream = of.stream.clone();
        let version = of.version.as_ref().map(|version| format!("v{version}"));
        let position = of.position.as_ref().map(|position| format!("#{position}"));
        let parts: Vec<String> = [stream, version, position].into_iter().flatten().collect();
        parts.join(" ")
    };
    blocks.push(Block::Table(Table {
        caption: report.noticed.iter().map(summary).collect::<Vec<_>>().join("; "),
        columns: vec![
            column("severity", 12),
            column("finding", 18),
            column("where", 25),
            column("what", 45),
        ],
        rows: rows
            .map(|(of, one)| vec![of.severity.clone(), of.code.clone(), place(one), one.detail.clone()])
            .collect(),
    }));
    let advice = report.noticed.iter().filter(|of| !of.advice.is_empty());
    blocks.push(Block::List(
        advice.map(|of| format!("{}: {}", of.code, of.advice)).collect(),
    ));
    blocks
}

fn summary(of: &Found) -> String {
    match of.first.len() as u64 {
        shown if shown < of.count => format!("{} of {} {}", shown, grouped(of.count), of.code),
        _ => format!("{} {}", grouped(of.count), of.code),
    }
}

fn source(report: &Report) -> Vec<Block> {
    let source = &report.source;
    let mut blocks = vec![
        heading("Source"),
        Block::Facts(vec![
            code("Location", &*source.location),
            fact("Kind", &*source.kind),
            fact("Layout", format!("{} ({})", source.layout_title, source.layout)),
            fact("Order", &*source.order),
            fact("Times without a zone", &*source.time_zone),
        ]),
        Block::Text("Why it was taken for that, and how it was kept from being written to:".to_owned()),
        Block::List(source.evidence.iter().chain(&source.read_only).cloned().collect()),
    ];
    for (when, files) in [("before", &source.before), ("after", &source.after)] {
        if files.is_empty() {
            continue;
        }
        blocks.push(Block::Table(Table {
            caption: format!("The files of the store {when} they were read"),
            columns: vec![column("file", 20), column("bytes", 20), code_column("SHA-256", 60)],
            rows: files
                .iter()
                .map(|file| vec![file.name.clone(), grouped(file.bytes), file.sha256.clone()])
                .collect(),
        }));
    }
    blocks
}

fn state(report: &Report) -> Vec<Block> {
    let Some(state) = &report.state else { return Vec::new() };
    let place = match (&state.version, &state.position) {
        (Some(version), _) => format!("version {version}"),
        (None, Some(position)) => format!("position {position}"),
        (None, None) => "its start".to_owned(),
    };
    let mut blocks = vec![
        heading("State at the end"),
        Block::Text(format!(
            "What the handler makes of {} up to {place}, and the event that last changed each value. A state is computed \
             and no record; the events are.",
            state.stream
        )),
    ];
    if let Some(since) = &state.incomplete_since {
        blocks.push(Block::Text(format!(
            "INCOMPLETE since {since}: an event is missing, or could not be read or folded, see the findings."
        )));
    }
    blocks.push(Block::Table(Table {
        caption: match state.leaves.len() as u64 {
            shown if shown < state.leaf_count => {
                format!("The first {} of {} values", grouped(shown), grouped(state.leaf_count))
            }
            shown => counted(shown, "value"),
        },
        columns: vec![
            code_column("path", 30),
            code_column("value", 40),
            column("last changed by", 30),
        ],
        rows: state
            .leaves
            .iter()
            .map(|leaf| {
                let changed = leaf.changed_by.as_deref().unwrap_or("so from the start");
                // A line of a cell is ours: what the store holds has none.
                [&*leaf.path, &*leaf.value, changed].map(visible).to_vec()
            })
            .collect(),
    }));
    blocks
}

fn redaction(report: &Report) -> Vec<Block> {
    let redaction = &report.redaction;
    let mut blocks = vec![heading("Redaction")];
    let only_listed = redaction.pseudonyms.is_some();
    if redaction.rules.is_empty() && !only_listed {
        blocks.push(Block::Text("No rules of redaction held: nothing is hidden.".to_owned()));
        return blocks;
    }
    let held = match only_listed {
        true => "Only what is on a list is shown".to_owned(),
        false => counted(redaction.rules.len() as u64, "file") + " of rules held",
    };
    blocks.push(Block::Text(format!(
        "{held}. What is hidden reads [redacted], whatever it was; it is in no file of this bundle. An empty value reads \
         \"\", and one that the store does not hold is left empty.",
    )));
    if redaction.hidden.is_empty() {
        blocks.push(Block::Text("Nothing was hidden in these events.".to_owned()));
    } else {
        blocks.push(Block::Table(Table {
            caption: "What was hidden".to_owned(),
            columns: vec![column("part", 20), code_column("path", 60), column("times", 20)],
            rows: redaction
                .hidden
                .iter()
                .map(|of| {
                    let path = if of.path.is_empty() { "(all of it)" } else { &of.path };
                    vec![of.part.clone(), visible(path), grouped(of.count)]
                })
                .collect(),
        }));
    }
    if let Some(pseudonyms) = &redaction.pseudonyms {
        blocks.push(Block::Facts(vec![
            fact("Pseudonyms by", &*pseudonyms.scheme),
            code("Digest of the case key", &*pseudonyms.key_id),
            fact("Who has the key", &*pseudonyms.held_by),
            code(
                "Files of rules, and the list",
                match redaction.rules.is_empty() {
                    true => "none".to_owned(),
                    false => redaction.rules.join(", "),
                },
            ),
        ]));
        blocks.push(Block::Table(Table {
            caption: "What stands by a pseudonym, [pseudonym …]".to_owned(),
            columns: vec![
                column("part", 15),
                code_column("path", 45),
                column("domain", 25),
                column("times", 15),
            ],
            rows: pseudonyms
                .of
                .iter()
                .map(|of| {
                    vec![
                        of.part.clone(),
                        visible(&of.path),
                        visible(&of.domain),
                        grouped(of.count),
                    ]
                })
                .collect(),
        }));
    }
    if !redaction.revealed.is_empty() {
        blocks.push(Block::Text(
            "Rules hide this too, and it is here in full because it was revealed:".to_owned(),
        ));
        blocks.push(Block::List(redaction.revealed.clone()));
    }
    blocks
}

fn method(report: &Report) -> Vec<Block> {
    let method = &report.method;
    let mut facts = vec![
        fact("Program", format!("{} on {}", method.program, method.system)),
        code("To make it again", &*method.command),
    ];
    if let Some(handler) = &method.handler {
        facts.push(fact(
            "Handler",
            format!("{} {} ({})", handler.name, handler.version, handler.engine),
        ));
        facts.push(code("Its hash", &*handler.hash));
    }
    vec![
        heading("Method"),
        Block::Facts(facts),
        Block::List(method.steps.clone()),
    ]
}

fn custody(report: &Report) -> Vec<Block> {
    let row = |of: &Custody| vec![of.step.clone(), of.by.clone(), of.digest.clone()];
    let to_fill_in = ["opened again", "handed over to", "kept until"].map(|step| {
        vec![
            step.to_owned(),
            "name, date, signature".to_owned(),
            "____________________".to_owned(),
        ]
    });
    vec![
        heading("Chain of custody"),
        Block::Table(Table {
            caption: "What happened to the evidence; the last lines are for those who have it next".to_owned(),
            columns: vec![column("step", 25), column("by", 30), code_column("digest", 45)],
            rows: report.custody.iter().map(row).chain(to_fill_in).collect(),
        }),
    ]
}

fn verification(report: &Report, signed_by: Option<&str>) -> Vec<Block> {
    let key = match signed_by {
        Some(key) => code("Signed by", key),
        None => fact("Signed by", "nobody: it is worth as much as the place where it is kept"),
    };
    let mut commands = vec!["sha256sum -c SHA256SUMS: whether every file is whole".to_owned()];
    if let Some(key) = signed_by {
        commands.push(format!(
            "minisign -Vm SHA256SUMS -P {key}: who signed the list; compare the key with one that you have from elsewhere"
        ));
    }
    commands.push("python3 verify.py .: the same with Python alone, and whether the files say the same".to_owned());
    commands.push("refold verify-bundle .: the same with Refold, which names the file that was changed".to_owned());
    vec![
        heading("How to verify this without Refold"),
        Block::Facts(vec![
            key,
            fact("Time stamp", "none: nobody but the operator says when this was made"),
            code("Report id", &*report.id),
        ]),
        Block::List(commands),
        Block::Text(
            "This shows that the files are those that were written and that they belong together. It does not show that the \
             events are true, that the store held no others before, or who wrote them."
                .to_owned(),
        ),
    ]
}

fn limits(report: &Report) -> Vec<Block> {
    vec![
        heading("Limits"),
        Block::Text("What this report rests upon, and what it does not know:".to_owned()),
        Block::List(report.limits.clone()),
    ]
}

/// Where all rows are of a table that the pages may cut: `start` is how the names of their files begin.
fn held_in(files: &[&str], start: &str) -> String {
    let files: Vec<&str> = files.iter().copied().filter(|name| name.starts_with(start)).collect();
    match files[..] {
        [] => "no file of this bundle holds them all; ask for one with --format".to_owned(),
        _ => format!("all of them are in {}", files.join(", ")),
    }
}
