//! One record of a CSV file as an event, by a layout.

use std::borrow::Cow;

use super::Parsed;
use super::mapped::{self, Row};
use crate::layout::{BodySource, ColumnName, Layout, Origin, normalised};

pub struct Csv {
    pub layout: Layout,
    /// The first record, once it was read.
    pub header: Vec<String>,
}

/// Where quoted fields begin and end: a quote opens a field only at its beginning, elsewhere it is a letter.
#[derive(Debug, Default)]
pub struct Quotes {
    /// Whether a quoted field goes on in the next line.
    pub is_open: bool,
    is_inside_field: bool,
    /// A second quote means one in the text.
    has_just_closed: bool,
}

impl Quotes {
    /// Takes the next part of the record.
    pub fn go_on(&mut self, part: &[u8]) {
        for byte in part {
            match byte {
                b'"' if self.is_open => (self.is_open, self.has_just_closed) = (false, true),
                _ if self.is_open => {}
                b'"' if self.has_just_closed || !self.is_inside_field => {
                    (self.is_open, self.is_inside_field, self.has_just_closed) = (true, true, false);
                }
                b',' | b'\n' => (self.is_inside_field, self.has_just_closed) = (false, false),
                _ => (self.is_inside_field, self.has_just_closed) = (true, false),
            }
        }
    }
}

/// The fields of one CSV record.
pub fn split(record: &[u8]) -> Option<csv::ByteRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(record);
    let mut fields = csv::ByteRecord::new();
    reader.read_byte_record(&mut fields).ok()?.then_some(fields)
}

impl Csv {
    /// Takes the first record as the names of the columns. The fault names a column that the layout needs and misses.
    pub fn take_header(&mut self, record: &[u8]) -> Result<(), String> {
        let fields = split(record).ok_or_else(|| "it has no header".to_owned())?;
        self.header = fields
            .iter()
            .map(|field| String::from_utf8_lossy(field).trim().to_owned())
            .collect();
        let map = &self.layout.map;
        let mut needed = vec![&map.payload.column];
        needed.extend(map.version.as_ref());
        for text in [Some(&map.stream_id), Some(&map.event_type), map.category.as_ref()]
            .into_iter()
            .flatten()
        {
            match &text.from {
                Origin::Column(column) | Origin::Json { column, .. } if !text.is_optional => needed.push(column),
                Origin::Concat { columns, .. } => needed.extend(columns),
                _ => {}
            }
        }
        match needed.into_iter().find(|column| self.index(column).is_none()) {
            None => Ok(()),
            Some(column) => {
                let has = |marks: &[char]| self.header.iter().any(|name| name.contains(marks));
                let advice = match record.trim_ascii_start().first() {
                    Some(b'{') => " (its lines look like JSON: of those the dialect is json-lines)",
                    _ if has(&[';', '\t', '|']) => " (columns are separated by commas)",
                    _ => "",
                };
                Err(format!(
                    "it has no column {}; its columns are {}{advice}",
                    column.spellings.join(" or "),
                    self.header.join(", ")
                ))
            }
        }
    }

    fn index(&self, column: &ColumnName) -> Option<usize> {
        column.spellings.iter().find_map(|spelling| {
            let wanted = normalised(spelling);
            self.header
                .iter()
                .position(|name| name == spelling || normalised(name) == wanted)
        })
    }

    pub fn parse<'a>(&self, record: &[u8]) -> Result<Parsed<'a>, String> {
        let mut quotes = Quotes::default();
        quotes.go_on(record);
        if quotes.is_open {
            return Err("it is cut off: a quoted field has no end".to_owned());
        }
        let fields = split(record).ok_or_else(|| "it is no CSV record".to_owned())?;
        if fields.len() != self.header.len() {
            return Err(format!(
                "it has {} fields, and the header has {}",
                fields.len(),
                self.header.len()
            ));
        }
        Ok(mapped::event(&self.layout, &CsvRow { csv: self, fields }))
    }
}

struct CsvRow<'c> {
    csv: &'c Csv,
    fields: csv::ByteRecord,
}

impl<'a> Row<'a> for CsvRow<'_> {
    /// An empty field is no value: CSV has no NULL.
    fn field(&self, column: &ColumnName) -> Option<Cow<'a, [u8]>> {
        let field = self.fields.get(self.csv.index(column)?);
        field
            .filter(|field| !field.is_empty())
            .map(|field| Cow::Owned(field.to_owned()))
    }

    fn stored(&self, body: &BodySource) -> Option<Cow<'a, [u8]>> {
        self.field(&body.column)
    }
}
