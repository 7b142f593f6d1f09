//! The rows of a read model that was exported as text: CSV with a header, JSON Lines, or an array of JSON objects.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use refold_core::value::{Text, Value};
use refold_core::work::{Phase, Work};

use super::source::FileSource;
use crate::OpenOptions;
use crate::file::file_error;
use crate::rows::{Cell, RowColumn, RowsError};

/// Members of so many of the first rows of JSON are the columns that are known.
const KNOWN_ROWS: usize = 1_000;
/// Rows read between two looks at the cancel token.
const STRIDE: u64 = 4_096;
/// So much of CSV is read at a time.
const PIECE_BYTES: usize = 64 << 10;
/// A row that is longer is no row of a table.
const LONGEST_ROW_BYTES: usize = if cfg!(test) { 1 << 20 } else { 64 << 20 };

pub struct TextRows {
    source: FileSource,
    form: Form,
    columns: Vec<RowColumn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv { delimiter: u8 },
    Lines,
    Array,
}

impl TextRows {
    pub fn open(work: &Work<'_>, path: &Path, options: &OpenOptions) -> Result<TextRows, RowsError> {
        let source = FileSource::open(work, path, &options.scratch)?;
        let form = match source.first_record().first() {
            Some(b'{') => Form::Lines,
            Some(b'[') => Form::Array,
            _ => Form::Csv {
                delimiter: delimiter_of(source.first_record()),
            },
        };
        let mut rows = TextRows {
            source,
            form,
            columns: Vec::new(),
        };
        rows.columns = rows.find_columns(work)?;
        Ok(rows)
    }

    pub fn kind(&self) -> &'static str {
        match self.form {
            Form::Csv { .. } => "CSV",
            Form::Lines => "JSON Lines",
            Form::Array => "JSON",
        }
    }

    pub fn columns(&self) -> &[RowColumn] {
        &self.columns
    }

    pub fn location(&self) -> String {
        self.source.path().display().to_string()
    }

    /// Calls `take` with the cells of each row, in the order of `wanted`. What it did is void where this fails.
    pub fn scan<E: From<RowsError>>(
        &self,
        work: &Work<'_>,
        wanted: &[&str],
        take: &mut dyn FnMut(&[Cell]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut cells = Vec::with_capacity(wanted.len());
        let Form::Csv { delimiter } = self.form else {
            let keys: Vec<Text> = wanted.iter().map(|name| Text::from(*name)).collect();
            return self.each_object(work, &mut |row| {
                cells.clear();
                cells.extend(keys.iter().map(|key| {
                    match row {
                        Value::Object(members) => members
                            .find(key)
                            .map_or(Cell::Absent, |value| Cell::Value(value.resolved().clone())),
                        _ => Cell::Absent,
                    }
                }));
                take(&cells).map(|()| true)
            });
        };
        let at: Vec<usize> = wanted
            .iter()
            .map(|wanted| self.column(wanted))
            .collect::<Result<_, _>>()?;
        self.each_record(work, delimiter, &mut |record| {
            cells.clear();
            cells.extend(at.iter().map(|at| cell_of(record.get(*at).unwrap_or_default())));
            take(&cells)
        })
    }

    fn find_columns(&self, work: &Work<'_>) -> Result<Vec<RowColumn>, RowsError> {
        let column = |name: String| RowColumn {
            name,
            declared_type: String::new(),
        };
        if let Form::Csv { delimiter } = self.form {
            let header = split(self.source.first_record(), delimiter);
            let names = header
                .iter()
                .map(|name| String::from_utf8_lossy(name).trim().to_owned());
            return Ok(names.map(column).collect());
        }
        let (mut names, mut known, mut rows) = (Vec::new(), HashSet::new(), 0);
        self.each_object::<RowsError>(work, &mut |row| {
            if let Value::Object(members) = row {
                for (key, _) in members.iter() {
                    let name = key.to_display().into_owned();
                    if known.insert(name.clone()) {
                        names.push(column(name));
                    }
                }
            }
            rows += 1;
            Ok(rows < KNOWN_ROWS)
        })?;
        Ok(names)
    }

    fn column(&self, wanted: &str) -> Result<usize, RowsError> {
        let found = self.columns.iter().position(|column| column.name == wanted);
        found.ok_or_else(|| RowsError::NoColumn {
            wanted: wanted.to_owned(),
            columns: self.columns.iter().map(|column| column.name.clone()).collect(),
        })
    }

    fn each_record<E: From<RowsError>>(
        &self,
        work: &Work<'_>,
        delimiter: u8,
        visit: &mut dyn FnMut(&csv::ByteRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        let content = Bounded {
            inner: self.content()?,
            left: 0,
        };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .buffer_capacity(PIECE_BYTES)
            .from_reader(content);
        let (mut record, mut done) = (csv::ByteRecord::new(), 0_u64);
        loop {
            // The last piece of a row holds rows behind it too.
            reader.get_mut().left = LONGEST_ROW_BYTES + PIECE_BYTES;
            let more = reader.read_byte_record(&mut record);
            if !more.map_err(|error| self.malformed(done + 1, &error.to_string()))? {
                break;
            }
            visit(&record)?;
            done += 1;
            self.tick(work, done)?;
        }
        self.check_unchanged()
    }

    /// Until `visit` says that it has enough.
    fn each_object<E: From<RowsError>>(
        &self,
        work: &Work<'_>,
        visit: &mut dyn FnMut(&Value) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut content = Documents {
            reader: BufReader::with_capacity(1 << 16, self.content()?),
            is_array: self.form == Form::Array,
            is_first: true,
            is_over: false,
        };
        let (mut document, mut done) = (Vec::new(), 0_u64);
        loop {
            let more = content.next(&mut document);
            if !more.map_err(|error| self.malformed(done + 1, &error.to_string()))? {
                break;
            }
            let row = Value::from_json(&document, Value::MAX_DEPTH);
            let row = row.map_err(|error| self.malformed(done + 1, &error.to_string()))?;
            if !matches!(row, Value::Object(_)) {
                return Err(self.malformed(done + 1, "it is no object").into());
            }
            if !visit(&row)? {
                break;
            }
            done += 1;
            self.tick(work, done)?;
        }
        self.check_unchanged()
    }

    fn content(&self) -> Result<impl io::Read, RowsError> {
        let all = 0..self.source.content_byte_count();
        let mut content = BufReader::new(self.source.content(all)?);
        // A byte order mark is no part of the first name.
        let failed = |error: io::Error| RowsError::from(file_error(self.source.path(), &error));
        if content.fill_buf().map_err(failed)?.starts_with(b"\xef\xbb\xbf") {
            content.consume(3);
        }
        Ok(content)
    }

    fn check_unchanged<E: From<RowsError>>(&self) -> Result<(), E> {
        self.source.check_unchanged().map_err(|error| E::from(error.into()))
    }

    fn tick<E: From<RowsError>>(&self, work: &Work<'_>, done: u64) -> Result<(), E> {
        if done.is_multiple_of(STRIDE) {
            work.tick(Phase::ReadingTheReadModel, done, None)
                .map_err(RowsError::from)?;
        }
        Ok(())
    }

    fn malformed(&self, row: u64, detail: &str) -> RowsError {
        RowsError::Malformed {
            location: self.location(),
            row,
            detail: detail.to_owned(),
        }
    }
}

/// Lets so many bytes through until it is told to let more: a quote that nobody closes makes one row of a whole file.
struct Bounded<R> {
    inner: R,
    left: usize,
}

impl<R: io::Read> io::Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count).ok_or_else(too_long)?;
        Ok(count)
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is too long for a row")
}

/// The documents of a file: a line each, or an element each of the array that the file is.
struct Documents<R> {
    reader: BufReader<R>,
    is_array: bool,
    is_first: bool,
    /// The end of the array was read.
    is_over: bool,
}

impl<R: io::Read> Documents<R> {
    /// Replaces `document` by the next one; `false` at the end.
    fn next(&mut self, document: &mut Vec<u8>) -> io::Result<bool> {
        document.clear();
        if !self.is_array {
            while document.trim_ascii().is_empty() {
                document.clear();
                let mut line = self.reader.by_ref().take(LONGEST_ROW_BYTES as u64 + 1);
                if line.read_until(b'\n', document)? == 0 {
                    return Ok(false);
                }
                if document.len() > LONGEST_ROW_BYTES {
                    return Err(too_long());
                }
            }
            return Ok(true);
        }
        if self.is_over {
            return self.end();
        }
        if self.is_first {
            self.is_first = false;
            self.skip_blanks(b'[')?;
        }
        let (mut depth, mut is_text, mut is_escaped) = (0_u32, false, false);
        loop {
            let Some(byte) = self.byte()? else {
                let detail = "the array has no end: the file was cut short";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, detail));
            };
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_text => is_escaped = true,
                b'"' => is_text = !is_text,
                _ if is_text => {}
                b'{' | b'[' => depth += 1,
                b']' if depth == 0 => {
                    self.is_over = true;
                    return match document.trim_ascii().is_empty() {
                        true => self.end(),
                        false => Ok(true),
                    };
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => return Ok(true),
                _ => {}
            }
            document.push(byte);
            if document.len() > LONGEST_ROW_BYTES {
                return Err(too_long());
            }
        }
    }

    /// Behind the array nothing may stand: it would be rows that nobody reads.
    fn end(&mut self) -> io::Result<bool> {
        while let Some(byte) = self.byte()? {
            if !byte.is_ascii_whitespace() {
                let detail = "something stands behind the end of the array: the rows must be in one array";
                return Err(io::Error::new(io::ErrorKind::InvalidData, detail));
            }
        }
        Ok(false)
    }

    fn skip_blanks(&mut self, until: u8) -> io::Result<()> {
        while let Some(byte) = self.byte()? {
            if byte == until {
                break;
            }
        }
        Ok(())
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.reader.fill_buf()?.first().copied();
        self.reader.consume(usize::from(byte.is_some()));
        Ok(byte)
    }
}

fn cell_of(field: &[u8]) -> Cell {
    if field.is_empty() {
        Cell::Empty
    } else if std::str::from_utf8(field).is_ok() {
        Cell::Value(Value::Text(Text::from_wtf8(field)))
    } else {
        Cell::Bytes(field.to_owned())
    }
}

/// What stands between the names of the header most often.
fn delimiter_of(header: &[u8]) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    let most = [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|delimiter| count(*delimiter));
    most.unwrap_or(b',')
}

fn split(header: &[u8], delimiter: u8) -> csv::ByteRecord {
    let builder = &mut csv::ReaderBuilder::new();
    let mut reader = builder.has_headers(false).delimiter(delimiter).from_reader(header);
    let mut names = csv::ByteRecord::new();
    // A header that is none names nothing: then no column is found, and that is said.
    let _ = reader.read_byte_record(&mut names);
    names
}
