//! One line of JSON of a shape of somebody's own as an event, by a layout: its columns are the members of the line.

use std::borrow::Cow;

use super::Parsed;
use super::line::Line;
use super::mapped::{self, Row};
use crate::json;
use crate::layout::{BodySource, ColumnName, Layout, Origin, TextSource};

pub struct Shaped {
    pub layout: Layout,
    /// Members whose values are documents of their own.
    bodies: Vec<String>,
    /// Members that a part of an event is read from.
    members: Vec<String>,
}

impl Shaped {
    pub fn new(layout: Layout) -> Shaped {
        let map = &layout.map;
        let bodies = [Some(&map.payload), map.metadata.as_ref()].into_iter().flatten();
        let bodies: Vec<&ColumnName> = bodies.map(|body| &body.column).collect();
        let texts = [Some(&map.stream_id), map.category.as_ref(), Some(&map.event_type)];
        let ids = [
            &map.event_id,
            &map.correlation_id,
            &map.causation_id,
            &map.schema_version,
        ];
        let texts = texts.into_iter().flatten().chain(ids.into_iter().flatten());
        let times = [&map.recorded_at, &map.occurred_at].into_iter().flatten();
        let origins = texts.map(|text| &text.from).chain(times.map(|time| &time.from));
        let mut columns: Vec<&ColumnName> = origins.flat_map(columns_of).collect();
        columns.push(&map.position);
        columns.extend(map.version.as_ref());
        columns.extend(&bodies);
        let mut members: Vec<String> = columns.into_iter().flat_map(tops_of).collect();
        members.sort_unstable();
        members.dedup();
        Shaped {
            // What a member inside of one is read from must be JSON for the line to be an event.
            bodies: bodies
                .iter()
                .flat_map(|column| column.spellings.iter().filter(|name| !name.contains('#')))
                .cloned()
                .collect(),
            members,
            layout,
        }
    }

    /// Whether a line has what every event needs. The fault names what it lacks.
    pub fn check_first(&self, line: &[u8]) -> Result<(), String> {
        let Some(found) = json::Members::of(line) else {
            return Err("its first line is no JSON object".to_owned());
        };
        let found: Vec<_> = found
            .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
            .collect();
        // Of a line that is broken nobody knows what stands behind that.
        let Ok(parsed) = self.parse(line) else { return Ok(()) };
        let map = &self.layout.map;
        let lacking = match (&parsed.stream, &parsed.event_type) {
            (None, _) => ("stream_id", &map.stream_id),
            (_, None) => ("event_type", &map.event_type),
            (Some(_), Some(_)) => return Ok(()),
        };
        let (part, source): (&str, &TextSource) = lacking;
        let wanted: Vec<String> = columns_of(&source.from)
            .iter()
            .map(|column| column.spellings.join(" or "))
            .collect();
        Err(format!(
            "its first line has nothing for {part} ({}); its members are {}",
            wanted.join(", "),
            found.join(", ")
        ))
    }

    pub fn parse<'a>(&self, record: &'a [u8]) -> Result<Parsed<'a>, String> {
        Ok(self.event(&Line::read(record, &self.bodies(), None)?))
    }

    /// The same of the head of a record that is too long.
    pub fn parse_head<'a>(&self, head: &'a [u8]) -> Result<Parsed<'a>, String> {
        Ok(self.event(&Line::of_head(head, &self.bodies(), None)?))
    }

    /// What a broken line says of its stream, where one member alone says it.
    pub fn stream_of_broken<'a>(&self, record: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match &self.layout.map.stream_id.from {
            Origin::Column(column) => match column.spellings.as_slice() {
                [name] if !name.contains('#') => Line::text_of_broken(record, &self.bodies(), name),
                _ => None,
            },
            _ => None,
        }
    }

    fn event<'a>(&self, line: &Line<'a, '_>) -> Parsed<'a> {
        let parsed = mapped::event(&self.layout, &Members(line));
        let names: Vec<&str> = self.members.iter().map(String::as_str).collect();
        Parsed {
            repeated: line.repeated(&names),
            ..parsed
        }
    }

    fn bodies(&self) -> Vec<&str> {
        self.bodies.iter().map(String::as_str).collect()
    }
}

fn columns_of(from: &Origin) -> Vec<&ColumnName> {
    match from {
        Origin::Column(column) | Origin::Json { column, .. } => vec![column],
        Origin::Concat { columns, .. } => columns.iter().collect(),
        Origin::StreamId | Origin::EventType | Origin::Const(_) => Vec::new(),
    }
}

/// The members of the line that a column may be read from.
fn tops_of(column: &ColumnName) -> impl Iterator<Item = String> {
    let top = |name: &String| name.split_once('#').map_or(name.as_str(), |(top, _)| top).to_owned();
    column.spellings.iter().map(top)
}

struct Members<'m, 'a, 'z>(&'m Line<'a, 'z>);

impl<'a> Members<'_, 'a, '_> {
    /// The member itself, or one inside of it (`head#/stream/id`).
    fn literal(&self, column: &ColumnName) -> Option<&'a [u8]> {
        column.spellings.iter().find_map(|name| {
            self.0.literal(name).or_else(|| {
                let (top, path) = name.split_once('#')?;
                let path: Vec<String> = path
                    .split('/')
                    .skip(1)
                    .map(|step| step.replace("~1", "/").replace("~0", "~"))
                    .collect();
                json::member(self.0.literal(top)?, &path)
            })
        })
    }
}

impl<'a> Row<'a> for Members<'_, 'a, '_> {
    fn field(&self, column: &ColumnName) -> Option<Cow<'a, [u8]>> {
        json::text(self.literal(column)?)
    }

    fn stored(&self, body: &BodySource) -> Option<Cow<'a, [u8]>> {
        let literal = self.literal(&body.column).filter(|literal| *literal != b"null")?;
        match body.decode.is_empty() {
            true => Some(Cow::Borrowed(literal)),
            // Steps are of the text in a string.
            false => json::text(literal),
        }
    }
}
