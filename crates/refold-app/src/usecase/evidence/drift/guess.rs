//! A first mapping for a table that has none, with what speaks for each line of it: how many of some rows agree with what
//! the handler makes of their streams. It is offered as a text; a person looks at it and saves it.

mod candidates;
mod sample;
#[cfg(test)]
mod tests;
mod write;

use refold_core::count::{counted, grouped};
use refold_core::event::EventBatch;
use refold_core::finding::Findings;
use refold_core::port::handler::HandlerProgram;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::{Phase, Silent, Work};
use refold_stores::index::{Index, StreamOrder, StreamQuery};
use refold_stores::rows::{Cell, instant};
use serde::Serialize;

use self::candidates::Candidates;
use self::sample::{SAMPLE_ROWS, Sample};
use super::alike::whole;
use super::mapping::value_text;
use super::reaching::{Reached, mapping_file};
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;
use crate::text;
use crate::usecase::whole_fold::whole_fold;
use crate::{handler, wire::HandlerWire};

/// Rows whose values are looked for in the ids of streams.
const KEY_ROWS: usize = 5;
/// Ids that hold a value, looked at for each of these rows.
const KEY_IDS: u32 = 50;
/// Of a hundred rows so many must agree: a column that agrees less is offered as ignored.
const LEAST_PERCENT: usize = 50;
/// Of a hundred rows so many must have keys of their own: streams may have several rows.
const LEAST_KEYS_PERCENT: usize = 20;
/// And so many for a column in which rows say how far they are.
const LEAST_OWN_PERCENT: usize = 95;

/// A mapping that was guessed.
#[derive(Debug, Clone, Serialize)]
pub struct GuessAnswer {
    pub read_model: String,
    pub table: Option<String>,
    pub handler: HandlerWire,
    /// The file, as it would be saved.
    pub mapping: String,
    /// Where it would be found without being named.
    pub save_as: String,
    /// Rows that were looked at.
    pub sampled: u32,
    /// Of these, rows whose stream was found.
    pub matched: u32,
    pub key: GuessedKey,
    /// In which column a row says how far it is; `null` where none seems to.
    pub own: Option<GuessedOwn>,
    /// Streams have several rows, as snapshots are kept: the latest of each would be compared.
    pub takes_latest: bool,
    pub columns: Vec<GuessedColumn>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuessedKey {
    pub column: String,
    /// `order-{order_id}`
    pub stream: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuessedOwn {
    /// `version`, `position` or `recorded_at`.
    pub kind: &'static str,
    pub column: String,
    pub agrees: u32,
    pub of: u32,
}

/// What a column seems to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuessedColumn {
    pub column: String,
    /// A place of the state.
    pub path: Option<String>,
    /// An expression over it.
    pub value: Option<String>,
    /// How it would be compared; `ignored` where nothing agrees.
    #[serde(rename = "as")]
    pub alike: &'static str,
    /// Rows that agree, of those in which either side has a value.
    pub agrees: u32,
    pub of: u32,
    /// Why it is ignored; another place that agrees as well.
    pub note: Option<String>,
}

/// A row of the sample whose stream was found.
struct Sampled {
    cells: Vec<Cell>,
    stream: Stream,
    /// What the handler makes of the stream where the row is.
    state: Value,
}

/// See the module.
pub fn guess(
    work: &Work<'_>,
    session: &Session,
    read_model: &str,
    table: Option<&str>,
    handler: Option<&str>,
) -> Result<GuessAnswer, AppError> {
    let program = session.adopted(handler)?;
    let reached = Reached::of(work, session, read_model)?;
    let rows = reached.model.rows(work, table)?;
    let index = session.build_index(work)?;
    let sample = Sample::of(work, &rows)?;
    let names: Vec<&str> = sample.columns.iter().map(|column| column.name.as_str()).collect();
    let key = key_of(&index, &names, &sample.rows)?.ok_or_else(|| {
        AppError::not_found(
            "no column of this table names the streams of this store, alone or within their ids",
            "look whether it is the right table; a mapping can name a path of the state instead ([key] column, path)",
        )
    })?;
    let mut sampled = streams_of(work, session, &key, &names, &sample.rows)?;
    let own = own_of(&names, &sampled);
    for (done, row) in sampled.iter_mut().enumerate() {
        work.tick(Phase::FoldingTheSample, done as u64, Some(SAMPLE_ROWS as u64))?;
        let moment = own_moment(own.as_ref(), &names, row);
        row.state = state_at(work, session, program.as_ref(), &row.stream, moment)?;
    }
    let candidates = Candidates::of(sampled.iter().map(|row| &row.state));
    let is_csv = rows.kind() == "CSV";
    let mut columns = Vec::new();
    for (at, column) in sample.columns.iter().enumerate() {
        let says_own = own.as_ref().is_some_and(|own| own.column == column.name);
        if column.name == key.column || says_own {
            continue;
        }
        let cells: Vec<&Cell> = sampled.iter().filter_map(|row| row.cells.get(at)).collect();
        let states: Vec<&Value> = sampled.iter().map(|row| &row.state).collect();
        work.check()?;
        let mut guessed = candidates.best(column, &cells, &states, is_csv);
        if usize::try_from(guessed.agrees).unwrap_or(0) * 100 < guessed.of as usize * LEAST_PERCENT
            || guessed.agrees == 0
        {
            guessed = ignored(&guessed, &names, &sampled);
        }
        columns.push(guessed);
    }
    let count = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
    let mut answer = GuessAnswer {
        read_model: read_model.to_owned(),
        table: rows.table().map(str::to_owned),
        handler: handler::wire(program.identity()),
        mapping: String::new(),
        save_as: mapping_file(session, read_model, rows.table())?.display().to_string(),
        sampled: count(sample.rows.len()),
        matched: count(sampled.len()),
        key,
        takes_latest: own.is_some() && has_doubles(&sampled),
        own,
        columns,
    };
    answer.mapping = write::mapping(&answer, category_of(&sampled).as_deref());
    Ok(answer)
}

/// The column whose values name most streams, and what stands around them in the ids.
fn key_of(index: &Index, names: &[&str], sample: &[Vec<Cell>]) -> Result<Option<GuessedKey>, AppError> {
    let mut best: Option<(usize, GuessedKey)> = None;
    for (at, name) in names.iter().enumerate() {
        let texts: Vec<Vec<u8>> = sample
            .iter()
            .filter_map(|row| value_text(&row.get(at)?.to_value()))
            .collect();
        let distinct = texts.iter().collect::<std::collections::BTreeSet<_>>().len();
        let mut around: Vec<(String, String)> = Vec::new();
        for text in texts.iter().filter(|text| !text.is_empty()).take(KEY_ROWS) {
            if index.find_stream(text)?.is_some() {
                around.push(Default::default());
            }
            let page = index.streams(&StreamQuery {
                matching: text,
                order: StreamOrder::Id,
                limit: KEY_IDS,
                ..StreamQuery::default()
            })?;
            for row in page.rows {
                let id = index.stream(row)?.id;
                let parts = memchr::memmem::find(id, text).map(|at| (&id[..at], &id[at + text.len()..]));
                if let Some((before, behind)) = parts
                    && let (Ok(before), Ok(behind)) = (std::str::from_utf8(before), std::str::from_utf8(behind))
                {
                    around.push((before.to_owned(), behind.to_owned()));
                }
            }
        }
        around.sort();
        around.dedup();
        for (before, behind) in around {
            let mut found = std::collections::BTreeSet::new();
            for text in &texts {
                let id = [before.as_bytes(), text, behind.as_bytes()].concat();
                if let Some(stream) = index.find_stream(&id)? {
                    found.insert(stream);
                }
            }
            // Distinct streams: a column whose few values name a few of them is no key.
            let count = found.len();
            let is_enough =
                count * 100 >= distinct * LEAST_PERCENT && distinct * 100 >= sample.len() * LEAST_KEYS_PERCENT;
            if is_enough && count > 0 && best.as_ref().is_none_or(|(most, _)| count > *most) {
                let escaped = |text: &str| text.replace('{', "{{").replace('}', "}}");
                let stream = format!("{}{{{name}}}{}", escaped(&before), escaped(&behind));
                let column = (*name).to_owned();
                best = Some((count, GuessedKey { column, stream }));
            }
        }
    }
    Ok(best.map(|(_, key)| key))
}

/// The rows whose streams there are.
fn streams_of(
    work: &Work<'_>,
    session: &Session,
    key: &GuessedKey,
    names: &[&str],
    sample: &[Vec<Cell>],
) -> Result<Vec<Sampled>, AppError> {
    let at = names.iter().position(|name| *name == key.column);
    let (before, behind) = key
        .stream
        .split_once(&format!("{{{}}}", key.column))
        .unwrap_or_default();
    let unescaped = |text: &str| text.replace("{{", "{").replace("}}", "}");
    let mut found = Vec::new();
    for cells in sample {
        let text = at.and_then(|at| value_text(&cells.get(at)?.to_value()));
        let Some(text) = text else { continue };
        let id = [unescaped(before).as_bytes(), &text, unescaped(behind).as_bytes()].concat();
        let stream = match Stream::load(work, session, &text::shown(&id), &Findings::default()) {
            Ok(stream) => stream,
            Err(error) if error.code == crate::ErrorCode::NotFound => continue,
            Err(error) => return Err(error),
        };
        found.push(Sampled {
            cells: cells.clone(),
            stream,
            state: Value::Null,
        });
    }
    Ok(found)
}

/// The column in which rows name an event of their own stream.
fn own_of(names: &[&str], sampled: &[Sampled]) -> Option<GuessedOwn> {
    let mut best: Option<(usize, GuessedOwn)> = None;
    for (at, name) in names.iter().enumerate() {
        for kind in ["position", "recorded_at", "version"] {
            let named = sampled
                .iter()
                .filter(|row| named_event(kind, row, at).is_some())
                .count();
            let at_head = sampled
                .iter()
                .filter(|row| named_event(kind, row, at) == Some(row.stream.track.head()))
                .count();
            if sampled.is_empty() || named * 100 < sampled.len() * LEAST_OWN_PERCENT {
                continue;
            }
            // A small number is a version of most streams: its name must say so, or nearly all must be the last.
            let says = ["version", "revision", "seq"]
                .iter()
                .any(|word| name.to_ascii_lowercase().contains(word));
            if kind == "version" && !says && at_head * 100 < sampled.len() * LEAST_OWN_PERCENT {
                continue;
            }
            // A version is most direct, a time may be another's.
            let preference = match kind {
                "version" => 2,
                "position" => 1,
                _ => 0,
            };
            let rank = named * 4 + preference;
            if best.as_ref().is_none_or(|(most, _)| rank > *most) {
                let count = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
                let own = GuessedOwn {
                    kind,
                    column: (*name).to_owned(),
                    agrees: count(named),
                    of: count(sampled.len()),
                };
                best = Some((rank, own));
            }
        }
    }
    best.map(|(_, own)| own)
}

/// The event of the row's stream that a cell names.
fn named_event(kind: &str, row: &Sampled, at: usize) -> Option<Moment> {
    let cell = row.cells.get(at)?;
    let track = &row.stream.track;
    let index = match kind {
        "version" => {
            let version = whole(cell)?;
            let is_it = |of: &refold_core::event::Version| *of != EventBatch::NO_VERSION && of.0 == version;
            track.versions.iter().rposition(is_it)?
        }
        "position" => {
            let position = whole(cell)?;
            track.positions.iter().rposition(|of| of.0 == position)?
        }
        _ => {
            // A number is a time only where its text says so: small ones are counts.
            let time = instant(&cell.to_value()).filter(|time| time.0 > 0)?;
            track.recorded_at.iter().rposition(|of| *of == time)?
        }
    };
    u32::try_from(index + 1).ok().map(Moment)
}

fn own_moment(own: Option<&GuessedOwn>, names: &[&str], row: &Sampled) -> Moment {
    let moment = own.and_then(|own| {
        let at = names.iter().position(|name| *name == own.column)?;
        named_event(own.kind, row, at)
    });
    moment.unwrap_or_else(|| row.stream.track.head())
}

fn state_at(
    work: &Work<'_>,
    session: &Session,
    program: &dyn HandlerProgram,
    stream: &Stream,
    moment: Moment,
) -> Result<Value, AppError> {
    let quiet = Work::new(work.cancel_token(), &Silent);
    let mut state = Value::Null;
    whole_fold(
        &quiet,
        session,
        stream,
        program,
        (Phase::FoldingTheSample, None),
        &mut |fold| {
            if fold.moment() == moment {
                state = fold.folded()?.state;
            }
            Ok(())
        },
    )?;
    Ok(state)
}

/// Offered as ignored, with what it seems to be instead.
fn ignored(guessed: &GuessedColumn, names: &[&str], sampled: &[Sampled]) -> GuessedColumn {
    let at = names.iter().position(|name| *name == guessed.column);
    let names_events = |kind: &str| {
        let named = sampled
            .iter()
            .filter(|row| at.is_some_and(|at| named_event(kind, row, at).is_some()));
        !sampled.is_empty() && named.count() * 100 >= sampled.len() * LEAST_OWN_PERCENT
    };
    let note = if names_events("position") {
        "it is the position of an event of the stream".to_owned()
    } else if names_events("recorded_at") {
        "it is the recorded time of an event of the stream".to_owned()
    } else if guessed.agrees > 0 {
        let place = guessed.path.as_ref().or(guessed.value.as_ref());
        let place = place.cloned().unwrap_or_default();
        format!(
            "{place} agrees most, in {} of {}",
            grouped(guessed.agrees.into()),
            counted(guessed.of.into(), "row")
        )
    } else {
        "nothing in the state agrees".to_owned()
    };
    GuessedColumn {
        path: None,
        value: None,
        alike: "ignored",
        note: Some(note),
        ..guessed.clone()
    }
}

/// Whether two rows of the sample are of one stream.
fn has_doubles(sampled: &[Sampled]) -> bool {
    let mut ids: Vec<&[u8]> = sampled.iter().map(|row| row.stream.id.as_slice()).collect();
    ids.sort_unstable();
    ids.windows(2).any(|pair| pair.first() == pair.last())
}

/// Where all streams of the sample are of one.
fn category_of(sampled: &[Sampled]) -> Option<String> {
    let first = &sampled.first()?.stream.category;
    let is_same = !first.is_empty() && sampled.iter().all(|row| row.stream.category == *first);
    is_same.then(|| String::from_utf8(first.clone()).ok()).flatten()
}
