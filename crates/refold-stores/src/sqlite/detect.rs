//! Which layouts fit a database, with the evidence for each.

use std::path::Path;

use refold_core::port::store::StoreError;
use rusqlite::Connection;

use super::catalogue::{Catalogue, Table};
use super::plan::Plan;
use crate::layout::{Dialect, Layout, TablePattern, built_in, built_in_layouts};
use crate::{Candidate, LayoutChoice};

/// Two candidates whose scores differ by no more than this are not told apart without asking.
const CLOSE: u32 = 10;

/// The first payloads are looked at up to this size.
const SAMPLE_BYTES: usize = 1 << 20;

/// A layout that fits, bound to a table.
pub struct Bound {
    pub candidate: Candidate,
    pub plan: Plan,
}

/// All built-in layouts that fit, best first.
pub fn candidates(connection: &Connection, catalogue: &Catalogue) -> Vec<Bound> {
    let layouts = built_in_layouts();
    let sqlite = layouts.iter().filter(|layout| layout.dialect == Dialect::Sqlite);
    let mut found: Vec<Bound> = sqlite.flat_map(|layout| fits(connection, catalogue, layout)).collect();
    found.sort_by(|a, b| (b.candidate.score, &a.candidate.layout).cmp(&(a.candidate.score, &b.candidate.layout)));
    found
}

/// The layout to read with: the one that was named, or the only one that fits well.
pub fn choose(
    connection: &Connection,
    catalogue: &Catalogue,
    path: &Path,
    choice: Option<&LayoutChoice>,
) -> Result<Bound, StoreError> {
    let location = path.display().to_string();
    let (name, table) = match choice {
        None => return choose_alone(connection, catalogue, location),
        Some(LayoutChoice::Document(layout)) => (layout.as_ref().clone(), None),
        Some(LayoutChoice::Named { name, table }) => match built_in(name) {
            Some(layout) => (layout, table.as_deref()),
            None => {
                let known = built_in_layouts().into_iter().map(|layout| layout.name).collect();
                let name = name.clone();
                return Err(StoreError::UnknownLayout { location, name, known });
            }
        },
    };
    let mut fitting = fits(connection, catalogue, &name);
    fitting.retain(|bound| table.is_none_or(|table| bound.plan.table == table));
    if fitting.len() > 1 {
        let candidates = fitting.into_iter().map(|bound| bound.candidate.layout).collect();
        return Err(StoreError::Ambiguous { location, candidates });
    }
    fitting.pop().ok_or_else(|| {
        let detail = format!("layout {} does not fit: {}", name.name, misfit(catalogue, &name));
        StoreError::NoLayout { location, detail }
    })
}

fn choose_alone(connection: &Connection, catalogue: &Catalogue, location: String) -> Result<Bound, StoreError> {
    let mut found = candidates(connection, catalogue);
    let Some(best) = found.first().map(|bound| bound.candidate.score) else {
        return Err(nothing_fits(catalogue, location));
    };
    let close = found.iter().filter(|bound| bound.candidate.score + CLOSE >= best);
    let close: Vec<String> = close.map(|bound| bound.candidate.layout.clone()).collect();
    if close.len() > 1 {
        return Err(StoreError::Ambiguous {
            location,
            candidates: close,
        });
    }
    Ok(found.remove(0))
}

fn fits(connection: &Connection, catalogue: &Catalogue, layout: &Layout) -> Vec<Bound> {
    let tables = catalogue.tables.iter().filter(|table| !is_excepted(layout, table));
    let bound = tables.filter_map(|table| {
        let starred = layout.table.matches(&table.name)?;
        let plan = Plan::bind(layout, catalogue, table, &starred).ok()?;
        Some(weigh(connection, catalogue, layout, table, plan))
    });
    let mut bound: Vec<Bound> = bound.collect();
    // A layout whose table the library names is one store; one whose table the user names may be several.
    if bound.len() > 1 || !layout.table.is_exact() {
        for one in &mut bound {
            one.candidate.layout = format!("{}:{}", layout.name, one.plan.table);
        }
    }
    bound
}

fn is_excepted(layout: &Layout, table: &Table) -> bool {
    layout
        .detect
        .except
        .iter()
        .any(|except| TablePattern { text: except.clone() }.matches(&table.name).is_some())
}

/// Sums up what speaks for a layout that can be bound. At most 100.
fn weigh(connection: &Connection, catalogue: &Catalogue, layout: &Layout, table: &Table, plan: Plan) -> Bound {
    let mut score = 50;
    let mut evidence = vec![format!("table {} has all columns of the layout", table.name)];
    if layout.table.is_exact() {
        score += 20;
        evidence.push(format!("the table is called {}, as the layout says", table.name));
    }
    let companions = layout.detect.companions.iter();
    let present: Vec<&str> = companions
        .clone()
        .filter(|name| catalogue.find(name).is_some())
        .map(String::as_str)
        .collect();
    if !present.is_empty() && present.len() == companions.len() {
        score += 10;
        evidence.push(format!(
            "the library's other tables are there too: {}",
            present.join(", ")
        ));
    }
    if plan.has_stream_index {
        score += 10;
        evidence.push("an index leads to the events of one stream".to_owned());
    }
    match first_payload_fits(connection, &plan) {
        Some(true) => {
            score += 10;
            evidence.push("the first events decode as the layout says".to_owned());
        }
        Some(false) => evidence.push("the first events do not decode as the layout says".to_owned()),
        None => evidence.push("the table is empty".to_owned()),
    }
    let candidate = Candidate {
        layout: layout.name.clone(),
        title: layout.title.clone(),
        score,
        evidence,
    };
    Bound { candidate, plan }
}

/// Why a layout fits no table.
fn misfit(catalogue: &Catalogue, layout: &Layout) -> String {
    let mut reasons = Vec::new();
    for table in &catalogue.tables {
        if let Some(starred) = layout.table.matches(&table.name)
            && let Err(misfit) = Plan::bind(layout, catalogue, table, &starred)
        {
            reasons.push(misfit);
        }
    }
    if let Some(view) = catalogue
        .passed_over
        .iter()
        .find(|name| layout.table.matches(name).is_some())
    {
        reasons.push(format!(
            "{view} is a view or a virtual table, and only ordinary tables are read"
        ));
    }
    if reasons.is_empty() {
        reasons.push(format!("there is no table {}", layout.table.text));
    }
    reasons.join("; ")
}

fn nothing_fits(catalogue: &Catalogue, location: String) -> StoreError {
    const SHOWN: usize = 12;
    if catalogue.tables.is_empty() {
        return StoreError::NotAnEventStore {
            location,
            detail: "the database has no tables".to_owned(),
            advice: "look whether the program that writes it uses another file, or open a backup",
        };
    }
    let names: Vec<&str> = catalogue
        .tables
        .iter()
        .take(SHOWN)
        .map(|table| table.name.as_str())
        .collect();
    let more = if catalogue.tables.len() > SHOWN { ", …" } else { "" };
    let detail = format!("no layout fits its tables ({}{more})", names.join(", "));
    StoreError::NoLayout { location, detail }
}

fn first_payload_fits(connection: &Connection, plan: &Plan) -> Option<bool> {
    use refold_core::event::{Columns, Encoding, EventBatch, Position};
    let mut batch = EventBatch::default();
    let shape = plan.shape(Columns::PAYLOAD);
    let mut reader = super::row::RowReader::new(shape.clone());
    let sql = format!("{} LIMIT 20", plan.select(&shape, &[], &plan.position));
    let mut statement = connection.prepare(&sql).ok()?;
    let mut rows = statement.query([]).ok()?;
    while let Ok(Some(row)) = rows.next()
        && batch.arena.len() < SAMPLE_BYTES
    {
        reader.append(
            plan,
            row,
            Position(0),
            &mut batch,
            &mut Default::default(),
            &Default::default(),
        );
    }
    let readable = batch
        .payload_encodings
        .iter()
        .filter(|encoding| **encoding != Encoding::Opaque)
        .count();
    (!batch.is_empty()).then_some(readable * 2 > batch.len())
}
