//! A guess as the file that it would be, with what speaks for each line.

use toml::Value;

use super::{GuessAnswer, GuessedColumn};
use crate::text;
use crate::usecase::evidence::drift::mapping::FORMAT;

pub fn mapping(guess: &GuessAnswer, category: Option<&str>) -> String {
    let mut text = String::new();
    let mut line = |of: String| {
        text.push_str(&of);
        text.push('\n');
    };
    line(format!(
        "# Guessed from {} of {} rows that were looked at. Look at each line before you rely on it.",
        guess.matched, guess.sampled
    ));
    line(format!("format = {}", quoted(FORMAT)));
    if let Some(table) = &guess.table {
        line(format!("table = {}", quoted(table)));
    }
    if let Some(category) = category {
        line(format!("category = {}", quoted(category)));
    }
    line("\n[key]".to_owned());
    line(format!(
        "# names a stream in {} of {} rows\nstream = {}",
        guess.matched,
        guess.sampled,
        quoted(&guess.key.stream)
    ));
    line("\n[position]".to_owned());
    match &guess.own {
        Some(own) => line(format!(
            "# is that of an event of the stream in {} of {} rows\n{} = {}",
            own.agrees,
            own.of,
            own.kind,
            quoted(&own.column)
        )),
        None => line("# no column says how far its row is".to_owned()),
    }
    if guess.takes_latest {
        line("# streams have several rows: of each the latest is compared\nlatest = true".to_owned());
    }
    line("\n[columns]".to_owned());
    for column in &guess.columns {
        line(said(column));
    }
    text
}

fn said(column: &GuessedColumn) -> String {
    // A name in it may hold a line's end, which would end the comment.
    let shown = column.note.as_ref().map(|note| text::shown(note.as_bytes()));
    let note = shown.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
    let name = key(&column.column);
    let source = match (&column.path, &column.value) {
        (Some(path), _) => format!("path = {}", quoted(path)),
        (None, Some(value)) => format!("value = {}", quoted(value)),
        (None, None) => {
            let why = shown.unwrap_or_default();
            return format!("# {why}\n{name} = {{ as = \"ignored\" }}");
        }
    };
    format!(
        "# agrees in {} of {} rows{note}\n{name} = {{ {source}, as = \"{}\" }}",
        column.agrees, column.of, column.alike
    )
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// Bare where TOML takes it so.
fn key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
    if is_bare { name.to_owned() } else { quoted(name) }
}
