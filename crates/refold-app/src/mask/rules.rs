//! Rule files: which fields of which events and states are sensitive. The format is written down in `docs/masking.md`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use refold_core::event::EventView;
use refold_core::names::Names;
use refold_core::pointer::{Pointer, Segment};
use refold_core::port::system::in_words;
use refold_core::value::Text;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use serde::Deserialize;

use super::{Cover, Part};
use crate::error::AppError;
use crate::text;

/// The name of a rule file in the config folder and beside handler packages.
pub const FILE: &str = "mask.toml";

/// One field to hide, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its path as it is written.
    pub text: String,
    pub path: Vec<Step>,
    /// `*` stands for any letters.
    category: Option<String>,
    event_type: Option<String>,
    parts: Vec<Part>,
}

/// One step of a pattern of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Name(Segment),
    /// `*`: any one member or element.
    Any,
    /// `**`: any number of steps, also none.
    Deep,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    refold: String,
    #[serde(default)]
    hide: Vec<Fields>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields {
    pub paths: Vec<String>,
    pub category: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    #[serde(rename = "in")]
    pub parts: Option<Vec<Part>>,
}

impl Fields {
    pub fn rules(self) -> Result<Vec<Rule>, String> {
        let rule = |path: &String| {
            Ok(Rule {
                text: path.clone(),
                path: steps(path)?,
                category: self.category.clone(),
                event_type: self.event_type.clone(),
                parts: self.parts.clone().unwrap_or_else(|| Part::ALL.to_vec()),
            })
        };
        self.paths.iter().map(rule).collect()
    }
}

const FORMAT: &str = "mask/1";

/// The rules of a file. One that is there and cannot be understood is an error: what was meant to be hidden must not be
/// shown for a slip of the pen.
pub fn read(file: &Path) -> Result<Vec<Rule>, AppError> {
    parse(&text(file)?).map_err(|reason| refused(file, &reason))
}

/// What a rule file says.
pub fn text(file: &Path) -> Result<String, AppError> {
    plain_file::read_text(file, MOST_TEXT_BYTES)
        .map_err(|error| refused(file, &format!("it cannot be read: {}", in_words(&error))))
}

/// The rule files that hold for a store without being named, those that are there: in the config folder, in the folder
/// `handlers` beside the store, and in each package there. A folder that cannot be looked into is an error: it may hold
/// rules.
pub fn at_hand(config: &Path, store: &Path) -> Result<Vec<PathBuf>, AppError> {
    let handlers = store.parent().map(|folder| folder.join("handlers")).unwrap_or_default();
    let unlisted =
        |error: std::io::Error| refused(&handlers, &format!("the folder cannot be read: {}", in_words(&error)));
    let mut packages = Vec::new();
    match std::fs::read_dir(&handlers) {
        Ok(entries) => {
            for entry in entries {
                packages.push(entry.map_err(unlisted)?.path());
            }
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
        Err(error) => return Err(unlisted(error)),
    }
    packages.sort();
    let mut files = Vec::new();
    for folder in [config.to_owned(), handlers.clone()].into_iter().chain(packages) {
        let file = folder.join(FILE);
        match file.metadata() {
            Ok(found) if found.is_file() => files.push(file),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(refused(&file, &format!("it cannot be read: {}", in_words(&error)))),
        }
    }
    Ok(files)
}

fn refused(file: &Path, reason: &str) -> AppError {
    AppError::invalid(
        format!("the masking rules cannot be used: {reason}: {}", file.display()),
        "correct the file, or take it away; docs/masking.md says what it may hold",
    )
}

fn parse(text: &str) -> Result<Vec<Rule>, String> {
    let document: Document = toml::from_str(text).map_err(|error| text::toml_fault(text, &error))?;
    if document.refold != FORMAT {
        return Err(format!("its first line must be `refold = \"{FORMAT}\"`"));
    }
    let mut rules = Vec::new();
    for hide in document.hide {
        rules.extend(hide.rules()?);
    }
    Ok(rules)
}

pub(super) fn steps(path: &str) -> Result<Vec<Step>, String> {
    let pointer = Pointer::parse(path).map_err(|error| error.to_string())?;
    let wild = |name: &str| Segment::from_key(&Text::from(name));
    let step = |segment: &Segment| match segment {
        segment if *segment == wild("*") => Step::Any,
        segment if *segment == wild("**") => Step::Deep,
        segment => Step::Name(segment.clone()),
    };
    Ok(pointer.segments().into_iter().map(step).collect())
}

impl Rule {
    /// Whether it speaks of this part of this event or state. A state is of no type: a rule of one type holds for it too,
    /// because a handler may have put the field there.
    pub fn speaks_of(&self, part: Part, category: &[u8], event_type: Option<&[u8]>) -> bool {
        let fits = |pattern: &Option<String>, name: &[u8]| {
            pattern.as_ref().is_none_or(|pattern| is_like(pattern.as_bytes(), name))
        };
        self.parts.contains(&part)
            && fits(&self.category, category)
            && event_type.is_none_or(|event_type| fits(&self.event_type, event_type))
    }

    /// What it hides by itself.
    pub fn alone(&self) -> Cover {
        Cover::new(vec![self.path.clone()], Vec::new())
    }

    /// Whether it hides anything in an event. What is no JSON is hidden whole.
    pub fn hides_in(&self, event: &EventView<'_>, names: &Names) -> bool {
        self.looks_into(event, names, true)
    }

    /// Whether there is anything of which it speaks in an event.
    pub fn is_in(&self, event: &EventView<'_>, names: &Names) -> bool {
        self.looks_into(event, names, false)
    }

    /// `of_no_json`: what to say of a part that is none.
    fn looks_into(&self, event: &EventView<'_>, names: &Names, of_no_json: bool) -> bool {
        let (category, event_type) = (names.category(event.stream), names.type_name(event.event_type));
        let parts = [(Part::Payload, event.payload), (Part::Metadata, event.metadata)];
        parts.into_iter().any(|(part, bytes)| {
            let Some(bytes) = bytes.filter(|_| self.speaks_of(part, category, Some(event_type))) else {
                return false;
            };
            let mut is_there = false;
            let is_json = self.alone().each_hidden(bytes, &mut |_, _| is_there = true);
            is_there || is_json.is_none() && of_no_json
        })
    }
}

/// Whether there is a place at or below both the path and one that the pattern stands for.
pub fn meet(pattern: &[Step], path: &[Segment]) -> bool {
    match (pattern, path) {
        ([], _) | (_, []) => true,
        ([Step::Deep, rest @ ..], [_, below @ ..]) => meet(rest, path) || meet(pattern, below),
        ([Step::Any, rest @ ..], [_, below @ ..]) => meet(rest, below),
        ([Step::Name(name), rest @ ..], [segment, below @ ..]) => name == segment && meet(rest, below),
    }
}

/// Whether `name` is `pattern`, in which `*` stands for any bytes.
fn is_like(pattern: &[u8], name: &[u8]) -> bool {
    let mut pieces = pattern.split(|byte| *byte == b'*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut pieces: Vec<&[u8]> = pieces.collect();
    let Some(last) = pieces.pop() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match memchr::memmem::find(rest, piece) {
            Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests;
