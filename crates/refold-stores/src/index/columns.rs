//! Several packed columns side by side: for each block of rows the codes of one column after the other.
//!
//! It knows numbers and where they lie in a file, not what they mean.

use super::checked::{CheckedFile, CheckedWriter, SectionTag};
use super::error::IndexError;
use super::packed::{self, BLOCK_ROWS, BlockHead, HEAD_BYTES, SLACK_BYTES};

/// Gathers rows into blocks. The codes go straight to the section that was begun; the heads are kept for
/// [`ColumnsWriter::finish`].
#[derive(Debug)]
pub(super) struct ColumnsWriter<const N: usize> {
    waiting: [Vec<i64>; N],
    heads: Vec<u8>,
    codes: Vec<u8>,
}

impl<const N: usize> ColumnsWriter<N> {
    pub(super) fn new() -> ColumnsWriter<N> {
        ColumnsWriter {
            waiting: std::array::from_fn(|_| Vec::new()),
            heads: Vec::new(),
            codes: Vec::new(),
        }
    }

    /// Appends rows, given column by column.
    pub(super) fn push(&mut self, writer: &mut CheckedWriter, columns: [&[i64]; N]) -> Result<(), IndexError> {
        let rows = columns.first().map_or(0, |column| column.len());
        let mut done = 0;
        while done < rows {
            let now = (BLOCK_ROWS - self.waiting_rows()).min(rows - done);
            for (waiting, column) in self.waiting.iter_mut().zip(columns) {
                waiting.extend_from_slice(&column[done..done + now]);
            }
            done += now;
            if self.waiting_rows() == BLOCK_ROWS {
                self.write_block(writer)?;
            }
        }
        Ok(())
    }

    /// Writes the last block and, as a section of their own, the heads.
    pub(super) fn finish(mut self, writer: &mut CheckedWriter, heads_tag: SectionTag) -> Result<(), IndexError> {
        if self.waiting_rows() > 0 {
            self.write_block(writer)?;
        }
        writer.write(&[0; SLACK_BYTES])?;
        writer.begin(heads_tag)?;
        writer.write(&self.heads)
    }

    fn waiting_rows(&self) -> usize {
        self.waiting.first().map_or(0, Vec::len)
    }

    fn write_block(&mut self, writer: &mut CheckedWriter) -> Result<(), IndexError> {
        self.codes.clear();
        for column in &mut self.waiting {
            let head = packed::encode(column, &mut self.codes);
            self.heads.extend_from_slice(&head.to_bytes());
            column.clear();
        }
        writer.write(&self.codes)
    }
}

/// Columns opened for reading. The file that they lie in is passed in by whoever owns it.
#[derive(Debug)]
pub(super) struct Columns<const N: usize> {
    codes_start: usize,
    heads: Vec<[BlockHead; N]>,
    rows: usize,
}

impl<const N: usize> Columns<N> {
    pub(super) fn open(
        file: &CheckedFile,
        codes_tag: SectionTag,
        heads_tag: SectionTag,
        rows: usize,
    ) -> Result<Columns<N>, IndexError> {
        let codes = file.section(codes_tag)?;
        let mut start = 0;
        let mut heads = Vec::new();
        for (block, bytes) in file
            .bytes(file.section(heads_tag)?)?
            .chunks_exact(HEAD_BYTES * N)
            .enumerate()
        {
            let block_rows = rows.saturating_sub(block * BLOCK_ROWS).min(BLOCK_ROWS);
            let mut bytes = bytes.chunks_exact(HEAD_BYTES);
            let mut next = || {
                let head = BlockHead::from_bytes(bytes.next().unwrap_or_default(), start)?;
                start += head.code_bytes(block_rows);
                Some(head)
            };
            let mut block_heads = [BlockHead::EMPTY; N];
            for head in &mut block_heads {
                *head = next().ok_or_else(|| file.damaged("a block head cannot be read"))?;
            }
            heads.push(block_heads);
        }
        if heads.len() != rows.div_ceil(BLOCK_ROWS) || start + SLACK_BYTES > codes.len() {
            return Err(file.damaged("its blocks do not fit its rows"));
        }
        Ok(Columns {
            codes_start: codes.start,
            heads,
            rows,
        })
    }

    pub(super) fn block_count(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn block_rows(&self, block: usize) -> usize {
        self.rows.saturating_sub(block * BLOCK_ROWS).min(BLOCK_ROWS)
    }

    /// How many blocks, of a column whose values ascend, start before `value`.
    pub(super) fn blocks_before(&self, column: usize, value: i64) -> usize {
        self.heads.partition_point(|heads| heads[column].base() < value)
    }

    #[inline]
    pub(super) fn value(&self, file: &CheckedFile, column: usize, row: usize) -> Result<i64, IndexError> {
        self.row(file, [column], row).map(|[value]| value)
    }

    /// The values of one row in some of the columns.
    #[inline]
    pub(super) fn row<const M: usize>(
        &self,
        file: &CheckedFile,
        columns: [usize; M],
        row: usize,
    ) -> Result<[i64; M], IndexError> {
        let (Some(heads), true) = (self.heads.get(row / BLOCK_ROWS), row < self.rows) else {
            return Err(file.damaged("it points behind its last row"));
        };
        let mut values = [0; M];
        for (value, column) in values.iter_mut().zip(columns) {
            let head = &heads[column];
            *value = head.value(file.word(self.codes_start + head.code_at(row % BLOCK_ROWS))?);
        }
        Ok(values)
    }

    /// Replaces `values` by those of a block.
    pub(super) fn read_block(
        &self,
        file: &CheckedFile,
        column: usize,
        block: usize,
        values: &mut Vec<i64>,
    ) -> Result<(), IndexError> {
        values.clear();
        let Some(heads) = self.heads.get(block) else {
            return Err(file.damaged("it points behind its last row"));
        };
        let rows = self.block_rows(block);
        let range = heads[column].code_range(rows);
        let codes = file.bytes(self.codes_start + range.start..self.codes_start + range.end)?;
        heads[column].decode(codes, rows, values);
        Ok(())
    }

    /// How many values of a block, of a column whose values ascend, are below `value`.
    pub(super) fn rows_before(
        &self,
        file: &CheckedFile,
        column: usize,
        block: usize,
        value: i64,
    ) -> Result<usize, IndexError> {
        let Some(heads) = self.heads.get(block) else {
            return Ok(0);
        };
        let rows = self.block_rows(block);
        let range = heads[column].code_range(rows);
        let codes = file.bytes(self.codes_start + range.start..self.codes_start + range.end)?;
        Ok(heads[column].rows_before(codes, rows, value))
    }
}
