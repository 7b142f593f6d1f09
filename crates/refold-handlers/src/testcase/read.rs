//! Reads a case file.

use std::path::Path;
use std::sync::Arc;

use refold_core::event::{Encoding, EventBatch, Position, Span, Version};
use refold_core::names::Names;
use refold_core::time::Timestamp;
use refold_core::value::{Object, Text, Value};

use crate::document::{Body, Document, Members, Node, ScalarKind, find};
use crate::error::{Mark, PackageError, code};
use crate::package::{Package, read_file};
use crate::reducer::Emitted;

/// The value of `refold` in a case file.
pub(super) const FORMAT: &str = "case/1";

const KNOWN: [&str; 5] = ["refold", "title", "versions", "given", "expect"];
const GIVEN_KNOWN: [&str; 3] = ["stream", "events", "file"];
const EXPECT_KNOWN: [&str; 6] = ["state", "match", "hash", "error", "invariants", "emitted"];
/// The names of an event are those of the command line's JSON.
const EVENT_KNOWN: [&str; 14] = [
    "type",
    "payload",
    "payload_text",
    "metadata",
    "version",
    "position",
    "recorded_at",
    "schema_version",
    "event_id",
    "stream",
    "category",
    "occurred_at",
    "correlation_id",
    "causation_id",
];

pub struct Case {
    /// From the package folder.
    pub file: String,
    pub place: Arc<str>,
    pub title: Option<String>,
    /// The versions that the case is for; empty for all.
    pub versions: Vec<String>,
    pub given: Given,
    pub expected: Expected,
}

pub struct Given {
    pub names: Names,
    pub batch: EventBatch,
}

#[derive(Default)]
pub struct Expected {
    pub state: Option<Value>,
    pub is_exact: bool,
    pub hash: Option<String>,
    pub error: Option<ExpectedError>,
    /// Id, where it stands, and whether it should hold.
    pub invariants: Vec<(String, Mark, bool)>,
    pub emitted: Option<Vec<Emitted>>,
}

pub struct ExpectedError {
    pub code: String,
    pub version: Option<i64>,
}

pub fn read(package: &Package, path: &Path) -> Result<Case, PackageError> {
    let file = format!("tests/{}", path.file_name().unwrap_or_default().to_string_lossy());
    let place: Arc<str> = Arc::from(file.as_str());
    let document = Document::from_yaml(&place, &read_file(path)?)?;
    let reader = Reader {
        document: &document,
        package,
    };
    let members = reader.known(&document.root, "a case", &KNOWN)?;
    if reader.text(members, "refold")?.as_deref() != Some(FORMAT) {
        return Err(reader.error(document.root.mark, format!("the first line must be `refold: {FORMAT}`")));
    }
    let versions = match find(members, "versions") {
        None => Vec::new(),
        Some(list) => {
            let nodes = document.list(code::PKG_CASE, list, "`versions`")?;
            let ids = nodes
                .iter()
                .map(|node| document.text(code::PKG_CASE, node, "a version").map(str::to_owned));
            ids.collect::<Result<_, _>>()?
        }
    };
    let Some(given) = find(members, "given") else {
        return Err(reader.error(document.root.mark, "a case needs `given`, the events"));
    };
    let Some(expect) = find(members, "expect") else {
        return Err(reader.error(document.root.mark, "a case needs `expect`, what should come out"));
    };
    let title = reader.text(members, "title")?;
    Ok(Case {
        file,
        title,
        versions,
        given: reader.given(given)?,
        expected: reader.expected(expect)?,
        place,
    })
}

struct Reader<'r> {
    document: &'r Document,
    package: &'r Package,
}

impl Reader<'_> {
    fn given(&self, node: &Node) -> Result<Given, PackageError> {
        let members = self.known(node, "`given`", &GIVEN_KNOWN)?;
        let stream = self.text(members, "stream")?.unwrap_or_else(|| "case-1".to_owned());
        let mut given = Given {
            names: Names::default(),
            batch: EventBatch::default(),
        };
        match (find(members, "events"), find(members, "file")) {
            (Some(list), None) => {
                for node in self.document.list(code::PKG_CASE, list, "`events`")? {
                    let members = self.known(node, "an event", &EVENT_KNOWN)?;
                    let event = members
                        .iter()
                        .map(|(key, node)| (Text::from(key.text.as_str()), node.to_value()));
                    self.add(&mut given, &event.collect(), &stream, node.mark)?;
                }
            }
            (None, Some(file)) => self.add_lines(&mut given, file, &stream)?,
            _ => return Err(self.error(node.mark, "`given` needs either `events` or a `file`")),
        }
        Ok(given)
    }

    /// JSON Lines in the names of the command line: what `refold history --json` prints.
    fn add_lines(&self, given: &mut Given, file: &Node, stream: &str) -> Result<(), PackageError> {
        let name = self.document.text(code::PKG_CASE, file, "`file`")?;
        if name.contains(['/', '\\', ':']) {
            return Err(self.error(file.mark, "`file` names a file beside the case"));
        }
        let lines = read_file(&self.package.folder.join("tests").join(name))?;
        let place: Arc<str> = Arc::from(format!("tests/{name}"));
        for (line, number) in lines.split(|byte| *byte == b'\n').zip(1_u32..) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let mark = Mark {
                line: number,
                column: 1,
            };
            let event = Value::from_json(line, Value::MAX_DEPTH).map_err(|error| {
                PackageError::at(code::PKG_CASE, &place, mark, format!("the line is no JSON: {error}"))
            })?;
            let Value::Object(event) = event else {
                let message = format!("the line must be an object, but it is {}", event.kind());
                return Err(PackageError::at(code::PKG_CASE, &place, mark, message));
            };
            self.add(given, &event, stream, mark)?;
        }
        Ok(())
    }

    fn add(&self, given: &mut Given, event: &Object, stream: &str, mark: Mark) -> Result<(), PackageError> {
        let Given { names, batch } = given;
        let get = |name: &str| {
            event
                .get(name.as_bytes())
                .map(Value::resolved)
                .filter(|value| !value.is_null())
        };
        let text = |name: &str| match get(name) {
            Some(Value::Text(text)) => Some(text.to_display().into_owned()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let Some(event_type) = text("type") else {
            return Err(self.error(mark, "an event needs a `type`"));
        };
        let row = i64::try_from(batch.len()).unwrap_or(i64::MAX - 1) + 1;
        let whole = |name: &str| -> Result<i64, PackageError> {
            match text(name) {
                None => Ok(row),
                Some(text) => text
                    .parse()
                    .map_err(|_| self.error(mark, format!("`{name}` must be a whole number of 64 bits"))),
            }
        };
        let (version, position) = (whole("version")?, whole("position")?);
        let recorded_at = match text("recorded_at") {
            None => Timestamp::NONE,
            Some(text) => Timestamp::parse(&text)
                .ok_or_else(|| self.error(mark, "`recorded_at` must be a time such as 2026-08-03T14:00:00Z"))?,
        };
        let (payload, encoding) = payload_of(get("payload"), text("payload_text"));
        let size: usize = payload.as_ref().map_or(0, Vec::len) + 4096;
        if !batch.has_room_for(size) {
            return Err(self.error(mark, "the events of a case hold less than 4 GiB"));
        }
        batch.versions.push(Version(version));
        batch.positions.push(Position(position));
        batch.recorded_at.push(recorded_at);
        batch
            .streams
            .push(names.intern_stream(stream.as_bytes(), || category_of(stream).as_bytes()));
        batch.types.push(names.intern_type(event_type.as_bytes()));
        batch.payload_encodings.push(encoding);
        let span = payload.map_or(Span::NULL, |payload| batch.store(&payload));
        batch.payloads.push(span);
        let span = get("metadata").map_or(Span::NULL, |metadata| batch.store(&metadata.to_canonical()));
        batch.metadata.push(span);
        let span = text("schema_version").map_or(Span::NULL, |version| batch.store(version.as_bytes()));
        batch.schema_versions.push(span);
        let span = text("event_id").map_or(Span::NULL, |id| batch.store(id.as_bytes()));
        batch.event_ids.push(span);
        Ok(())
    }

    fn expected(&self, node: &Node) -> Result<Expected, PackageError> {
        let members = self.known(node, "`expect`", &EXPECT_KNOWN)?;
        if members.is_empty() {
            return Err(self.error(
                node.mark,
                format!("`expect` is empty; known: {}", EXPECT_KNOWN.join(", ")),
            ));
        }
        let is_exact = match self.text(members, "match")?.as_deref() {
            None | Some("subset") => false,
            Some("exact") => true,
            Some(other) => {
                let message = format!("`match` is `subset` or `exact`, not `{other}`");
                return Err(self.error(node.mark, message));
            }
        };
        let error = find(members, "error")
            .map(|node| self.expected_error(node))
            .transpose()?;
        let mut invariants = Vec::new();
        if let Some(node) = find(members, "invariants") {
            for (key, node) in self.document.map(code::PKG_CASE, node, "`invariants`")? {
                let holds = match self.document.text(code::PKG_CASE, node, "an expectation")? {
                    "holds" => true,
                    "broken" => false,
                    other => {
                        let message = format!("an invariant is expected to be `holds` or `broken`, not `{other}`");
                        return Err(self.error(node.mark, message));
                    }
                };
                invariants.push((key.text.clone(), key.mark, holds));
            }
        }
        let emitted = match find(members, "emitted") {
            None => None,
            Some(list) => {
                let mut emitted = Vec::new();
                for node in self.document.list(code::PKG_CASE, list, "`emitted`")? {
                    let members = self.known(node, "an emitted event", &["type", "data"])?;
                    let event_type = self.text(members, "type")?.unwrap_or_default();
                    let data = find(members, "data").map(Node::to_value).unwrap_or_default();
                    emitted.push(Emitted {
                        event_type: Text::from(event_type.as_str()),
                        data,
                    });
                }
                Some(emitted)
            }
        };
        let state = find(members, "state").map(Node::to_value);
        Ok(Expected {
            state,
            is_exact,
            hash: self.text(members, "hash")?,
            error,
            invariants,
            emitted,
        })
    }

    /// `RF-…`, or `{ code: RF-…, version: 3 }`.
    fn expected_error(&self, node: &Node) -> Result<ExpectedError, PackageError> {
        match &node.body {
            Body::Map(_) => {
                let members = self.known(node, "`error`", &["code", "version"])?;
                let Some(code) = self.text(members, "code")? else {
                    return Err(self.error(node.mark, "`error` needs a `code`"));
                };
                let version = self.text(members, "version")?.map(|version| version.parse());
                let version = version
                    .transpose()
                    .map_err(|_| self.error(node.mark, "`version` must be a number"))?;
                Ok(ExpectedError { code, version })
            }
            Body::Scalar(scalar) if scalar.kind() == ScalarKind::Text => Ok(ExpectedError {
                code: scalar.text.clone(),
                version: None,
            }),
            Body::Scalar(_) | Body::List(_) => Err(self.error(node.mark, "`error` is a code, such as RF-HANDLER-TYPE")),
        }
    }

    fn known<'n>(&self, node: &'n Node, what: &str, known: &[&str]) -> Result<Members<'n>, PackageError> {
        self.document.members(code::PKG_CASE, node, what, known)
    }

    fn text(&self, members: Members<'_>, name: &str) -> Result<Option<String>, PackageError> {
        self.document.text_member(code::PKG_CASE, members, name)
    }

    fn error(&self, mark: Mark, message: impl Into<String>) -> PackageError {
        self.document.error(code::PKG_CASE, mark, message)
    }
}

/// The bytes of a payload, and what they are. A payload that the command line printed as base64 was no JSON.
fn payload_of(payload: Option<&Value>, text: Option<String>) -> (Option<Vec<u8>>, Encoding) {
    match (payload, text) {
        (_, Some(text)) => (Some(text.into_bytes()), Encoding::Json),
        (Some(Value::Object(members)), None)
            if members.len() == 2 && members.get(b"base64").is_some() && members.get(b"content_type").is_some() =>
        {
            (None, Encoding::Opaque)
        }
        (Some(value), None) => (Some(value.to_canonical()), Encoding::Json),
        (None, None) => (None, Encoding::Json),
    }
}

fn category_of(stream: &str) -> &str {
    stream.split_once('-').map_or(stream, |(category, _)| category)
}
