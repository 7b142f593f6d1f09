//! Finds how a database spells a stream id: as text, bytes or a number, in one column or two.
//!
//! A read of one stream must compare with exactly one stored value, or SQLite sorts the stream anew for every page.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::NO_STREAM;
use crate::layout::TextForm;
use crate::tables::halves;
use crate::tables::plan::{Plan, StreamKey};

/// The condition that the rows of one stream fulfil.
pub struct StreamRows {
    pub conditions: Vec<String>,
    pub parameters: Vec<Value>,
    /// The parts of the id, when all of its rows spell it as texts.
    pub texts: Option<Vec<Vec<u8>>>,
}

/// `None` when the database has no such stream.
pub fn find(connection: &Connection, plan: &Plan, id: &[u8]) -> rusqlite::Result<Option<StreamRows>> {
    let mut conditions = Vec::new();
    let mut parameters = Vec::new();
    let mut texts = None;
    for spelling in spellings(&plan.stream, id) {
        let sql = format!("{} LIMIT 1", plan.select_one("1", &[spelling.condition(0)]));
        if connection
            .prepare_cached(&sql)?
            .exists(params_from_iter(&spelling.values))?
        {
            texts = spelling.texts().filter(|_| conditions.is_empty());
            conditions.push(spelling.condition(parameters.len()));
            parameters.extend(spelling.values);
        }
    }
    if conditions.is_empty() {
        return Ok(None);
    }
    let condition = if conditions.len() == 1 {
        conditions.remove(0)
    } else {
        format!("({})", conditions.join(" OR "))
    };
    Ok(Some(StreamRows {
        conditions: vec![condition],
        parameters,
        texts,
    }))
}

const AS_TEXT: &str = " AS TEXT)";

/// One way in which an id may be stored.
struct Spelling {
    /// What stands before and after each parameter, all to be true.
    terms: Vec<(String, &'static str)>,
    values: Vec<Value>,
    /// For rows without an id: the whole condition.
    is_null: Option<String>,
}

impl Spelling {
    /// The condition with its parameters numbered from `start` + 1.
    fn condition(&self, start: usize) -> String {
        let numbered = self.terms.iter().zip(start + 1..);
        let terms = numbered.map(|((before, after), number)| format!("{before}?{number}{after}"));
        let all: Vec<String> = terms.chain(self.is_null.clone()).collect();
        format!("({})", all.join(" AND "))
    }

    /// The values, when each is compared as a text.
    fn texts(&self) -> Option<Vec<Vec<u8>>> {
        let texts = self
            .terms
            .iter()
            .zip(&self.values)
            .map(|((_, after), value)| match value {
                Value::Blob(text) if *after == AS_TEXT => Some(text.clone()),
                _ => None,
            });
        texts.collect::<Option<Vec<_>>>().filter(|texts| !texts.is_empty())
    }
}

fn spellings(key: &StreamKey, id: &[u8]) -> Vec<Spelling> {
    // A text that is not UTF-8 cannot be bound as one, so all texts are bound as bytes and cast.
    let text = |sql: &str| (format!("{sql} = CAST("), AS_TEXT);
    let plain = |sql: &str| (format!("{sql} = "), "");
    let bytes = |id: &[u8]| Value::Blob(id.to_owned());
    let mut found = Vec::new();
    let mut push = |terms, values| {
        found.push(Spelling {
            terms,
            values,
            is_null: None,
        })
    };
    let is_null = match key {
        StreamKey::Column { sql, form } => {
            push(vec![text(sql)], vec![bytes(id)]);
            push(vec![plain(sql)], vec![bytes(id)]);
            if let Some(number) = std::str::from_utf8(id).ok().and_then(|id| id.parse::<i64>().ok()) {
                // With the unary plus a text column is not compared as a number: "007" is not 7.
                push(vec![(format!("+{sql} = "), "")], vec![Value::Integer(number)]);
            }
            if let (TextForm::Uuid, Some(uuid)) = (*form, uuid_bytes(id)) {
                push(vec![plain(sql)], vec![Value::Blob(uuid)]);
            }
            format!("{sql} IS NULL")
        }
        StreamKey::Pair {
            first,
            second,
            separator,
        } => {
            for (head, tail) in halves(id, separator) {
                push(vec![text(first), text(second)], vec![bytes(head), bytes(tail)]);
            }
            format!("({first} IS NULL OR {second} IS NULL)")
        }
    };
    if id == NO_STREAM {
        found.push(Spelling {
            terms: Vec::new(),
            values: Vec::new(),
            is_null: Some(is_null),
        });
    }
    found
}

fn uuid_bytes(id: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = id.iter().copied().filter(|byte| *byte != b'-').collect();
    if id.len() != 36 || digits.len() != 32 {
        return None;
    }
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
