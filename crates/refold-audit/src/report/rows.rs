//! Rows of tables: events with the few columns that pages show, findings, and any row as CSV to the letter and as CSV for
//! spreadsheets.

use sha2::{Digest as _, Sha256};

use super::model::{Finding, Impact};
use super::visible;
use crate::anchor::hex;

/// `…_encoding` says what the field beside it holds: `json`, `text` or `base64`.
pub const COLUMNS: [&str; 15] = [
    "position",
    "stream",
    "category",
    "version",
    "type",
    "schema_version",
    "recorded_at",
    "occurred_at",
    "event_id",
    "correlation_id",
    "causation_id",
    "payload_encoding",
    "payload",
    "metadata_encoding",
    "metadata",
];

/// One event; a field a column. `None`: the store holds no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow(pub [Option<String>; COLUMNS.len()]);

/// `impact`: in words, of each stream that the finding touches; `impacts`: all of these, as JSON.
const FINDING_COLUMNS: [&str; 13] = [
    "position",
    "kind",
    "severity",
    "to",
    "stream",
    "version",
    "type",
    "part",
    "detail",
    "explanation",
    "impact",
    "impacts",
    "impacts_asked",
];

/// The columns of a table of these findings. The last one is there where findings say it: all of them do or none.
pub fn finding_columns(findings: &[Finding]) -> &'static [&'static str] {
    match findings.first() {
        Some(Finding {
            impacts_asked: Some(_), ..
        }) => &FINDING_COLUMNS,
        _ => FINDING_COLUMNS.split_last().map_or(&[], |(_, others)| others),
    }
}

/// What a cell of a spreadsheet can hold.
pub const CELL_LETTERS: usize = 32_767;

/// The first line of a CSV file.
pub fn csv_head(columns: &[&str]) -> String {
    columns.join(",") + "\r\n"
}

/// A record of RFC 4180. A value that is absent is an empty field, an empty text is `""`.
pub fn csv(fields: &[Option<String>]) -> String {
    record(fields.iter().map(|field| field.as_deref()))
}

/// Reads what [`csv`] wrote, with its line end; `None`: it is no such record.
pub fn read_csv(record: &str) -> Option<Vec<Option<String>>> {
    let mut rest = record.strip_suffix("\r\n")?;
    let mut fields = Vec::new();
    loop {
        let (field, behind) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let end = closing_quote(quoted)?;
                (Some(quoted.get(..end)?.replace("\"\"", "\"")), quoted.get(end + 1..)?)
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let plain = rest.get(..end)?;
                (
                    Some(plain.to_owned()).filter(|field| !field.is_empty()),
                    rest.get(end..)?,
                )
            }
        };
        fields.push(field);
        match behind.strip_prefix(',') {
            Some(more) => rest = more,
            None => return behind.is_empty().then_some(fields),
        }
    }
}

/// Where the quote stands that ends a field: the first that is not one of two.
fn closing_quote(quoted: &str) -> Option<usize> {
    let mut quotes = quoted.match_indices('"').map(|(at, _)| at).peekable();
    while let Some(at) = quotes.next() {
        if quotes.next_if_eq(&(at + 1)).is_none() {
            return Some(at);
        }
    }
    None
}

/// A record that a spreadsheet neither runs nor rounds: a view, and no evidence.
pub fn csv_for_spreadsheets(fields: &[Option<String>]) -> String {
    let cells: Vec<Option<String>> = fields.iter().map(|field| field.as_deref().map(harmless)).collect();
    record(cells.iter().map(|cell| cell.as_deref()))
}

impl Finding {
    /// The line of JSON that the record holds.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)? + "\n")
    }

    /// A field a column of [`finding_columns`].
    pub fn fields(&self) -> Result<Vec<Option<String>>, serde_json::Error> {
        let has_impact = !self.impacts.is_empty();
        let impacts = has_impact.then(|| serde_json::to_string(&self.impacts)).transpose()?;
        let in_words: Vec<String> = self.impacts.iter().map(Impact::in_words).collect();
        let mut fields = vec![
            self.position.clone(),
            Some(self.kind.clone()),
            Some(self.severity.clone()),
            self.to.clone(),
            self.stream.clone(),
            self.version.clone(),
            self.event_type.clone(),
            (!self.part.is_empty()).then(|| self.part.join(" ")),
            self.detail.clone(),
            self.explanation.clone(),
            has_impact.then(|| in_words.join(" · ")),
            impacts,
        ];
        fields.extend(self.impacts_asked.map(|is_asked| Some(is_asked.to_string())));
        Ok(fields)
    }
}

impl Impact {
    /// The sentence, with the stream whose state it is about.
    pub fn in_words(&self) -> String {
        match &self.stream {
            Some(stream) => format!("{stream}: {}", self.sentence),
            None => self.sentence.clone(),
        }
    }
}

impl EventRow {
    /// The value in a column of [`COLUMNS`]; empty where there is none.
    pub fn field(&self, column: &str) -> &str {
        let at = COLUMNS.iter().position(|name| *name == column);
        at.and_then(|at| self.0.get(at)?.as_deref()).unwrap_or_default()
    }

    /// With payload and metadata cut to `most_letters`; a cut one says how long it is, and its digest.
    pub fn cut(mut self, most_letters: usize) -> EventRow {
        for field in self.0.iter_mut().flatten() {
            *field = cut(field, field, most_letters);
        }
        self
    }
}

fn record<'a>(fields: impl Iterator<Item = Option<&'a str>>) -> String {
    let mut line = String::new();
    for (at, field) in fields.enumerate() {
        if at > 0 {
            line.push(',');
        }
        match field {
            None => {}
            Some(text) if text.is_empty() || text.contains([',', '"', '\r', '\n']) => {
                line.push('"');
                line.push_str(&text.replace('"', "\"\""));
                line.push('"');
            }
            Some(text) => line.push_str(text),
        }
    }
    line.push_str("\r\n");
    line
}

/// The text as a cell that is text to every spreadsheet: an apostrophe before what it would take for a formula or for a
/// number that it cannot hold, nothing hidden, no longer than a cell can be.
fn harmless(text: &str) -> String {
    let is_formula = text
        .trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%'])
        || text.starts_with(['\t', '\r', '\n', ' ']);
    // A float has 15 digits; more would be rounded in silence.
    let is_long_number = text.len() > 15 && text.bytes().all(|byte| byte.is_ascii_digit());
    let shown = visible(text);
    let apostrophe = if is_formula || is_long_number { "'" } else { "" };
    cut(&format!("{apostrophe}{shown}"), text, CELL_LETTERS)
}

/// What is shown of `text`, at most `most_letters` UTF-16 units of it. Where that is not all, it ends with how long the
/// text is, and with its digest.
pub fn cut(shown: &str, text: &str, most_letters: usize) -> String {
    if shown.len() <= most_letters || shown.encode_utf16().count() <= most_letters {
        return shown.to_owned();
    }
    let note = format!(
        " ⟦cut: {} bytes, SHA-256 {}⟧",
        text.len(),
        hex(&Sha256::digest(text.as_bytes()))
    );
    let room = most_letters.saturating_sub(note.encode_utf16().count());
    let mut units = 0;
    let end = shown
        .char_indices()
        .find(|(_, letter)| {
            units += letter.len_utf16();
            units > room
        })
        .map_or(shown.len(), |(at, _)| at);
    shown.get(..end).unwrap_or_default().to_owned() + &note
}
