//! The copy of rows that a server sent: a private file of cells, one behind the other, read from its start as often as is
//! asked. It goes when it is dropped. It must not know servers or mappings.
//!
//! A cell is a tag, and behind the tag of a text, JSON or bytes their length in four bytes, then they themselves.
//! Lengths are little-endian. The file never leaves the process that wrote it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use refold_core::port::store::StoreError;
use refold_core::value::{Text, Value};
use refold_core::work::{Phase, Work};
use refold_scratch::Scratch;

use super::{Cell, RowsError};

/// Of the folders that copies lie in.
const PREFIX: &str = "refold-rows-";
const BUFFER_BYTES: usize = 1 << 18;
/// Rows read between two looks at the cancel token.
const STRIDE: u64 = 4_096;

const ABSENT: u8 = 0;
const EMPTY: u8 = 1;
const REAL: u8 = 2;
const TEXT: u8 = 3;
/// Any other value, with its literals.
const JSON: u8 = 4;
const BYTES: u8 = 5;

/// The rows of one table.
pub struct Copied {
    columns: Vec<String>,
    row_count: u64,
    file: PathBuf,
    _folder: Scratch,
}

/// A copy that is being made.
pub struct Copying {
    copied: Copied,
    out: BufWriter<File>,
}

impl Copying {
    /// `columns`: what each row holds, in this order.
    pub fn begin(scratch: &Path, columns: Vec<String>) -> Result<Copying, RowsError> {
        let failed = |error| unwritten(scratch, &error);
        std::fs::create_dir_all(scratch).map_err(failed)?;
        let folder = Scratch::private(scratch, PREFIX).map_err(failed)?;
        let file = folder.path().join("rows");
        let out = OpenOptions::new().write(true).create_new(true).open(&file);
        Ok(Copying {
            out: BufWriter::with_capacity(BUFFER_BYTES, out.map_err(failed)?),
            copied: Copied {
                columns,
                row_count: 0,
                file,
                _folder: folder,
            },
        })
    }

    pub fn add(&mut self, cells: &[Cell]) -> Result<(), RowsError> {
        self.copied.row_count += 1;
        let written = cells.iter().try_for_each(|cell| write_cell(cell, &mut self.out));
        written.map_err(|error| unwritten(&self.copied.file, &error))
    }

    pub fn end(mut self) -> Result<Copied, RowsError> {
        let written = self.out.flush();
        written.map_err(|error| unwritten(&self.copied.file, &error))?;
        Ok(self.copied)
    }
}

impl Copied {
    /// Whether it holds all of these.
    pub fn has(&self, columns: &[&str]) -> bool {
        columns.iter().all(|wanted| self.place(wanted).is_some())
    }

    /// Calls `take` with the cells of each row, in the order of `wanted`, all of which it has.
    pub fn scan<E: From<RowsError>>(
        &self,
        work: &Work<'_>,
        wanted: &[&str],
        take: &mut dyn FnMut(&[Cell]) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: io::Error| RowsError::from(crate::file::file_error(&self.file, &error));
        let places: Vec<Option<usize>> = wanted.iter().map(|wanted| self.place(wanted)).collect();
        let mut input = BufReader::with_capacity(BUFFER_BYTES, File::open(&self.file).map_err(failed)?);
        let mut row = vec![Cell::Absent; self.columns.len()];
        let mut cells = Vec::with_capacity(wanted.len());
        for done in 1..=self.row_count {
            for cell in &mut row {
                *cell = read_cell(&mut input).map_err(failed)?;
            }
            cells.clear();
            let cell = |place: &Option<usize>| place.and_then(|place| row.get(place)).cloned();
            cells.extend(places.iter().map(|place| cell(place).unwrap_or(Cell::Absent)));
            take(&cells)?;
            if done.is_multiple_of(STRIDE) {
                work.tick(Phase::ReadingTheReadModel, done, Some(self.row_count))
                    .map_err(RowsError::from)?;
            }
        }
        Ok(())
    }

    fn place(&self, wanted: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == wanted)
    }
}

fn unwritten(place: &Path, error: &io::Error) -> RowsError {
    RowsError::Store(StoreError::Scratch {
        location: place.display().to_string(),
        detail: format!("the rows of the read model cannot be kept there: {error}"),
    })
}

fn write_cell(cell: &Cell, out: &mut impl io::Write) -> io::Result<()> {
    match cell {
        Cell::Absent => out.write_all(&[ABSENT]),
        Cell::Empty => out.write_all(&[EMPTY]),
        Cell::Value(Value::Text(text)) => write_long(TEXT, text.as_wtf8(), out),
        Cell::Value(value) => {
            let mut json = Vec::new();
            value.write_json(&mut json);
            write_long(JSON, &json, out)
        }
        Cell::Real(real) => {
            out.write_all(&[REAL])?;
            out.write_all(&real.to_bits().to_le_bytes())
        }
        Cell::Bytes(bytes) => write_long(BYTES, bytes, out),
    }
}

fn write_long(tag: u8, bytes: &[u8], out: &mut impl io::Write) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| io::Error::other("a value of more than 4 GiB"))?;
    out.write_all(&[tag])?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)
}

fn read_cell(input: &mut impl io::Read) -> io::Result<Cell> {
    let [tag] = read_array(input)?;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it was changed since it was written");
    Ok(match tag {
        ABSENT => Cell::Absent,
        EMPTY => Cell::Empty,
        REAL => Cell::Real(f64::from_bits(u64::from_le_bytes(read_array(input)?))),
        TEXT => Cell::Value(Value::Text(Text::from_wtf8(&read_long(input)?))),
        JSON => Cell::Value(Value::from_json(&read_long(input)?, Value::MAX_DEPTH).map_err(|_| damaged())?),
        BYTES => Cell::Bytes(read_long(input)?),
        _ => return Err(damaged()),
    })
}

fn read_array<const N: usize>(input: &mut impl io::Read) -> io::Result<[u8; N]> {
    let mut array = [0; N];
    input.read_exact(&mut array)?;
    Ok(array)
}

fn read_long(input: &mut impl io::Read) -> io::Result<Vec<u8>> {
    let length = u32::from_le_bytes(read_array(input)?);
    let mut bytes = Vec::new();
    input.take(length.into()).read_to_end(&mut bytes)?;
    // What is cut short is an error of the next cell, or here.
    match bytes.len() == length as usize {
        true => Ok(bytes),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
