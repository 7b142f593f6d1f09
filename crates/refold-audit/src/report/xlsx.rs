//! A workbook: the report on one sheet, its events on others. Every cell is a text, so that nothing is run or rounded. It is
//! a view, and no evidence.

use std::path::Path;

pub use rust_xlsxwriter::XlsxError;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet};

use super::pages::{Block, Pages};
use super::rows::{CELL_LETTERS, COLUMNS, EventRow, cut};
use super::visible;

/// A workbook on its way. Events go to a file as they come, not into memory.
pub struct Spreadsheet {
    workbook: Workbook,
    /// Rows on the last sheet.
    rows: u32,
    sheets: usize,
}

/// What a sheet can hold, with its heading.
const MOST_ROWS: u32 = 1_048_576;
const REPORT: &str = "report";

impl Spreadsheet {
    /// `scratch`: a folder for what is not yet written. `made_at`: RFC 3339.
    pub fn new(scratch: &Path, made_at: &str) -> Result<Spreadsheet, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(scratch)?;
        let made_at = made_at.trim_end_matches('Z');
        let properties = DocProperties::new()
            .set_author("Refold")
            .set_creation_datetime(&ExcelDateTime::parse_from_str(made_at)?);
        workbook.set_properties(&properties);
        workbook.add_worksheet().set_name(REPORT)?;
        let mut spreadsheet = Spreadsheet {
            workbook,
            rows: 0,
            sheets: 1,
        };
        spreadsheet.next_sheet()?;
        Ok(spreadsheet)
    }

    pub fn push(&mut self, event: &EventRow) -> Result<(), XlsxError> {
        if self.rows == MOST_ROWS {
            self.next_sheet()?;
        }
        let row = self.rows;
        let sheet = self.workbook.worksheet_from_index(self.sheets - 1)?;
        for (column, field) in (0_u16..).zip(&event.0) {
            if let Some(text) = field {
                sheet.write_string(row, column, cell(text))?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// The bytes of the file.
    pub fn finish(mut self, pages: &Pages) -> Result<Vec<u8>, XlsxError> {
        let sheet = self.workbook.worksheet_from_name(REPORT)?;
        write_pages(sheet, pages)?;
        self.workbook.save_to_buffer()
    }

    fn next_sheet(&mut self) -> Result<(), XlsxError> {
        let name = match self.sheets {
            1 => "events".to_owned(),
            several => format!("events {several}"),
        };
        let bold = Format::new().set_bold();
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        for (column, name) in (0_u16..).zip(COLUMNS) {
            sheet.write_string_with_format(0, column, name, &bold)?;
        }
        self.sheets += 1;
        self.rows = 1;
        Ok(())
    }
}

/// Everything of the pages but the events, which have sheets of their own.
fn write_pages(sheet: &mut Worksheet, pages: &Pages) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    sheet.set_column_width(0, 34)?.set_column_width(1, 80)?;
    sheet.write_string_with_format(0, 0, cell(&pages.title), &bold)?;
    sheet.write_string(1, 0, format!("report {}", pages.id))?;
    let mut row = 2;
    for block in &pages.blocks {
        match block {
            Block::Heading(text) => {
                sheet.write_string_with_format(row + 1, 0, cell(text), &bold)?;
                row += 2;
            }
            Block::Text(text) => {
                sheet.write_string(row, 0, cell(text))?;
                row += 1;
            }
            Block::Facts(facts) => {
                for fact in facts {
                    sheet.write_string(row, 0, cell(&fact.name))?;
                    sheet.write_string(row, 1, cell(&fact.value))?;
                    row += 1;
                }
            }
            Block::List(lines) => {
                for line in lines {
                    sheet.write_string(row, 1, cell(line))?;
                    row += 1;
                }
            }
            Block::Table(table) => {
                sheet.write_string(row, 0, cell(&table.caption))?;
                row += 1;
                // The first column stands with the facts.
                for (column, of) in (0_u16..).zip(&table.columns) {
                    sheet.write_string_with_format(row, column, cell(&of.name), &bold)?;
                }
                row += 1;
                for cells in &table.rows {
                    for (column, text) in (0_u16..).zip(cells) {
                        sheet.write_string(row, column, cell(text))?;
                    }
                    row += 1;
                }
            }
            // Its numbers are in the table after it, and events have sheets of their own.
            Block::Figure(_) | Block::Events(_) => {}
        }
    }
    Ok(())
}

/// What a cell can hold of a text, with everything made visible that does not print; our own lines stay lines.
fn cell(text: &str) -> String {
    let shown = text.split('\n').map(visible).collect::<Vec<_>>().join("\n");
    cut(&shown, text, CELL_LETTERS)
}
