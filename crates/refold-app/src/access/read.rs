//! Reading an access log back: its lines as they stand, and where its chain is broken.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::file;
use crate::error::AppError;
use crate::guarded;
use crate::text;

/// A log as it stands.
#[derive(Debug, Default)]
pub struct Reading {
    pub lines: Vec<Line>,
    pub flaws: Vec<Flaw>,
}

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Exactly as it stands in the file.
    pub text: String,
    /// What it says, for people; `None`: it is no line of a log.
    pub told: Option<String>,
}

/// Where somebody changed the log, or a disk was full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// From 1.
    pub line: u64,
    /// One sentence.
    pub what: &'static str,
}

/// What the chain needs of a line.
#[derive(Deserialize)]
struct Link {
    seq: u64,
    prev: String,
}

/// `2026-11-21T20:34:00.000000Z  ada  sent events.page  SELECT …`
fn told(members: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| members.get(name).and_then(Value::as_u64).unwrap_or_default();
    let what = match text("act") {
        "opened" => {
            let environment = members.get("environment").and_then(Value::as_str);
            format!(
                "opened {} ({})",
                text("store"),
                environment.unwrap_or("nobody said what it is")
            )
        }
        "stream" => match text("kept_as_of") {
            "" => format!("read the stream {}", text("stream")),
            as_of => format!(
                "read the stream {} as it is kept of {as_of}; nothing was sent",
                text("stream")
            ),
        },
        "revealed" => {
            let path = Some(text("path"))
                .filter(|path| !path.is_empty())
                .unwrap_or("everything");
            format!("revealed {path}: {}", text("reason"))
        }
        "exported" => {
            format!(
                "wrote {} into {} (SHA-256 {})",
                with_article(text("what")),
                text("file"),
                text("sha256")
            )
        }
        "asked" => format!("asked {} for {}", text("url"), with_article(text("what"))),
        "sent" => format!("sent {}  {}", text("statement"), text("text")),
        "answered" => {
            let millis = number("micros") / 1000;
            let failure = members.get("failure").and_then(Value::as_str);
            let outcome = failure.map_or_else(String::new, |failure| format!(", failed with {failure}"));
            format!(
                "line {} brought {} in {millis} ms{outcome}",
                number("of"),
                text::counted(number("rows"), "row")
            )
        }
        _ => return None, // of a later version
    };
    Some(format!("{}  {}  {what}", text("at"), text("who")))
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// The log of a connection; empty where nothing was logged yet.
pub fn read(data: &Path, name: &str) -> Result<Reading, AppError> {
    let text = guarded::read(&file(data, name))?.unwrap_or_default();
    Ok(of_text(&text))
}

/// Names each line that does not follow from the one before it.
pub fn of_text(text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut before = String::new();
    for (number, line) in (1_u64..).zip(text.lines().filter(|line| !line.is_empty())) {
        let mut flaw = |what| reading.flaws.push(Flaw { line: number, what });
        match serde_json::from_str::<Link>(line) {
            Err(_) => flaw("it is cut off or no line of a log"),
            Ok(link) if link.prev != before => flaw("it does not follow from the line before it"),
            Ok(link) if link.seq != number => flaw("its number is another one"),
            Ok(_) => {}
        }
        before = text::hex(&Sha256::digest(line.as_bytes()));
        reading.lines.push(Line {
            told: serde_json::from_str(line).ok().and_then(|members| told(&members)),
            text: line.to_owned(),
        });
    }
    reading
}
