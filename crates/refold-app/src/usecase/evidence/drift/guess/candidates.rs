//! What a column may hold: the single values of the states, and what is counted or summed up over their containers.

use std::collections::BTreeMap;

use refold_core::pointer::Pointer;
use refold_core::value::{Text, Value};
use refold_handlers::computed::Computed;
use refold_stores::rows::{Cell, RowColumn};

use super::GuessedColumn;
use crate::usecase::evidence::drift::alike::Alike;
use crate::usecase::evidence::drift::mapping::Source;

/// Places of a state that are looked at.
const MOST_PLACES: usize = 400;
/// Containers in containers that are looked into.
const MOST_DEPTH: usize = 4;
/// Of a hundred states so many must have a place: keys that are data are in few.
const LEAST_PRESENT_PERCENT: usize = 10;

/// How columns are compared, by name, the most telling first.
const KINDS: [(&str, Alike); 7] = [
    ("boolean", Alike::Boolean),
    ("number", Alike::Number),
    ("real", Alike::Real),
    ("time", Alike::Time { unit_nanos: 1 }),
    ("json", Alike::Json),
    ("text", Alike::Text),
    ("exact", Alike::Exact),
];

/// See the module.
pub struct Candidates {
    sources: Vec<Source>,
}

impl Candidates {
    pub fn of<'a>(states: impl Iterator<Item = &'a Value> + Clone) -> Candidates {
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut expressions: BTreeMap<String, usize> = BTreeMap::new();
        for state in states.clone() {
            walk(state, &Pointer::ROOT, "state", 0, &mut places, &mut expressions);
        }
        let total = states.count();
        let is_usual = |count: &usize| *count * 100 >= total * LEAST_PRESENT_PERCENT;
        let mut usual: Vec<(usize, String)> = places
            .into_iter()
            .filter(|(_, count)| is_usual(count))
            .map(|(place, count)| (count, place))
            .collect();
        usual.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        usual.truncate(MOST_PLACES);
        let pointers = usual.into_iter().filter_map(|(_, place)| Pointer::parse(&place).ok());
        let mut sources: Vec<Source> = pointers.map(Source::Path).collect();
        let usual = expressions
            .into_iter()
            .filter(|(_, count)| is_usual(count))
            .take(MOST_PLACES);
        sources.extend(usual.filter_map(|(text, _)| {
            let computed = Box::new(Computed::compile(&text).ok()?);
            Some(Source::Computed { text, computed })
        }));
        Candidates { sources }
    }

    /// What agrees in most rows; among equals what is named like the column, then what is shorter.
    pub fn best(&self, column: &RowColumn, cells: &[&Cell], states: &[&Value], is_csv: bool) -> GuessedColumn {
        let mut best: Option<(Rank, GuessedColumn)> = None;
        let mut second: Option<String> = None;
        let kinds = kinds_for(column, cells);
        for source in &self.sources {
            let values: Vec<Option<Value>> = states.iter().map(|state| source.of(state).ok().flatten()).collect();
            for (name, alike) in &kinds {
                if is_beside_the_point(*alike, &values) {
                    continue;
                }
                let (agrees, of) = agreement(*alike, cells, &values, is_csv);
                let rank = Rank {
                    agrees,
                    is_named_alike: is_named_alike(&column.name, source),
                    is_path: matches!(source, Source::Path(_)),
                    shortness: usize::MAX - source.text().len(),
                };
                let is_better = best.as_ref().is_none_or(|(most, _)| rank > *most);
                if !is_better {
                    // The same place by another kind says nothing new.
                    if best
                        .as_ref()
                        .is_some_and(|(most, of)| most.agrees == agrees && agrees > 0 && text_of(of) != source.text())
                    {
                        second.get_or_insert_with(|| source.text());
                    }
                    continue;
                }
                if let Some((most, earlier)) = &best {
                    second = (most.agrees == agrees && agrees > 0 && text_of(earlier) != source.text())
                        .then(|| text_of(earlier));
                }
                let (path, value) = match source {
                    Source::Path(path) => (Some(path.to_string()), None),
                    Source::Computed { text, .. } => (None, Some(text.clone())),
                };
                let guessed = GuessedColumn {
                    column: column.name.clone(),
                    path,
                    value,
                    alike: name,
                    agrees,
                    of,
                    note: None,
                };
                best = Some((rank, guessed));
            }
        }
        let nothing = || GuessedColumn {
            column: column.name.clone(),
            path: None,
            value: None,
            alike: "ignored",
            agrees: 0,
            of: 0,
            note: None,
        };
        let mut guessed = best.map_or_else(nothing, |(_, guessed)| guessed);
        guessed.note = second.map(|text| format!("{text} agrees as often"));
        guessed
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    agrees: u32,
    is_named_alike: bool,
    is_path: bool,
    shortness: usize,
}

fn text_of(guessed: &GuessedColumn) -> String {
    guessed
        .path
        .clone()
        .or_else(|| guessed.value.clone())
        .unwrap_or_default()
}

/// Rows that agree, of those in which either side has a value.
fn agreement(alike: Alike, cells: &[&Cell], values: &[Option<Value>], is_csv: bool) -> (u32, u32) {
    let (mut agrees, mut of) = (0, 0);
    let (mut found, mut made) = (Vec::new(), Vec::new());
    for (cell, value) in cells.iter().zip(values) {
        let is_nothing = cell.to_value().is_null() && value.as_ref().is_none_or(Value::is_null);
        if is_nothing {
            continue;
        }
        of += 1;
        found.clear();
        made.clear();
        alike.write_cell(cell, &mut found);
        alike.write_value(value.as_ref(), is_csv, &mut made);
        agrees += u32::from(found == made);
    }
    (agrees, of)
}

/// The kinds that a column of these cells may be compared by.
fn kinds_for(column: &RowColumn, cells: &[&Cell]) -> Vec<(&'static str, Alike)> {
    let present = || cells.iter().filter(|cell| !cell.to_value().is_null());
    let are_all = |is: &dyn Fn(&Cell) -> bool| present().next().is_some() && present().all(|cell| is(cell));
    let declared = column.declared_type.to_ascii_uppercase();
    let is_real = ["REAL", "FLOA", "DOUB"].iter().any(|word| declared.contains(word));
    let has = |alike: Alike| match alike {
        Alike::Real => is_real,
        Alike::Number => !is_real,
        Alike::Json => are_all(&|cell| matches!(cell.json(), Some(Value::Object(_) | Value::Array(_)))),
        Alike::Boolean | Alike::Time { .. } | Alike::Text | Alike::Exact => true,
    };
    KINDS.into_iter().filter(|(_, alike)| has(*alike)).collect()
}

/// Whether the states hold nothing of the kind: text is no number because some of it is digits.
fn is_beside_the_point(alike: Alike, values: &[Option<Value>]) -> bool {
    let mut present = values.iter().flatten().filter(|value| !value.is_null()).peekable();
    if present.peek().is_none() {
        return true;
    }
    !present.all(|value| match (alike, value) {
        (Alike::Boolean, Value::Bool(_)) | (Alike::Number | Alike::Real, Value::Number(_)) => true,
        (Alike::Json, Value::Object(_) | Value::Array(_)) => true,
        (Alike::Time { .. }, Value::Text(text)) => text
            .as_str()
            .is_some_and(|text| refold_core::time::Timestamp::parse(text).is_some()),
        (Alike::Text, Value::Text(_) | Value::Number(_)) => true,
        // Offered for what nothing else is for.
        (Alike::Exact, _) => false,
        _ => false,
    })
}

/// `order_id` and `/orderId`.
fn is_named_alike(column: &str, source: &Source) -> bool {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let Source::Path(path) = source else { return false };
    let last = path.last().map(|segment| segment.to_key().to_display().into_owned());
    last.is_some_and(|last| plain(&last) == plain(column)) || plain(&path.to_string()) == plain(column)
}

fn walk(
    value: &Value,
    path: &Pointer,
    expression: &str,
    depth: usize,
    places: &mut BTreeMap<String, usize>,
    expressions: &mut BTreeMap<String, usize>,
) {
    if !path.is_root() {
        *places.entry(path.to_string()).or_default() += 1;
    }
    if depth > MOST_DEPTH || places.len() > 16 * MOST_PLACES {
        return;
    }
    let mut count = |text: String| *expressions.entry(text).or_default() += 1;
    match value.resolved() {
        Value::Object(members) => {
            if depth > 0 {
                count(format!("size({expression})"));
            }
            // Members that are all objects are things of a kind, by their keys.
            let first = members.iter().next().map(|(_, member)| member);
            for name in numbers_of(first) {
                count(format!("sum({expression}.map(k, {expression}[k]{name}))"));
            }
            for (key, member) in members.iter() {
                let deeper = format!("{expression}{}", step(key));
                walk(member, &path.push_key(key), &deeper, depth + 1, places, expressions);
            }
        }
        Value::Array(elements) => {
            count(format!("size({expression})"));
            for name in numbers_of(elements.get(0)) {
                count(format!("sum({expression}.map(it, it{name}))"));
            }
        }
        _ => {}
    }
}

/// The steps to the members of an object that are numbers.
fn numbers_of(value: Option<&Value>) -> Vec<String> {
    let Some(Value::Object(members)) = value else {
        return Vec::new();
    };
    let numbers = members.iter().filter(|(_, member)| matches!(member, Value::Number(_)));
    numbers.map(|(key, _)| step(key)).collect()
}

/// `.total`, `['a b']`
fn step(key: &Text) -> String {
    let key = key.to_display();
    let is_name = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if is_name {
        format!(".{key}")
    } else {
        format!("['{}']", key.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}
