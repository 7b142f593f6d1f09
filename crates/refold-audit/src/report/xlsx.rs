//! A workbook: the report on one sheet, its events on others. Every cell is a text, so that nothing is run or rounded. It is
//! a view, and no evidence.
//!
//! Its parts (ECMA-376) go out as they come, into whatever is written to; what that cannot take is an error, and never a
//! half workbook.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::rc::Rc;

use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{DateTime, ZipWriter};

use super::pages::{Block, Pages};
use super::rows::{CELL_LETTERS, COLUMNS, EventRow, cut};
use super::visible;

/// A workbook on its way to a writer. Events go out as they come, and not into memory.
pub struct Spreadsheet<W: Write> {
    zip: ZipWriter<StreamWriter<Remembering<W>>>,
    failure: Failure,
    made_at: String,
    /// Rows on the last sheet.
    rows: u32,
    sheets: usize,
    /// What is not yet written of the last sheet.
    text: String,
}

/// What a sheet can hold, with its heading.
const MOST_ROWS: u32 = 1_048_576;
const BOLD: bool = true;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const DOCUMENT: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

impl<W: Write> Spreadsheet<W> {
    /// `made_at`: RFC 3339 in UTC.
    pub fn new(out: W, made_at: &str) -> io::Result<Spreadsheet<W>> {
        let failure = Failure::default();
        let out = Remembering {
            out,
            failure: Rc::clone(&failure),
        };
        let mut spreadsheet = Spreadsheet {
            zip: ZipWriter::new_stream(out),
            failure,
            made_at: made_at.to_owned(),
            rows: 0,
            sheets: 1,
            text: String::new(),
        };
        spreadsheet.next_sheet()?;
        Ok(spreadsheet)
    }

    pub fn push(&mut self, event: &EventRow) -> io::Result<()> {
        if self.rows == MOST_ROWS {
            self.text.push_str(SHEET_END);
            self.flush()?;
            self.next_sheet()?;
        }
        self.rows += 1;
        let cells = event.0.iter().map(Option::as_deref);
        write_row(&mut self.text, self.rows, cells, !BOLD);
        self.flush()
    }

    /// Writes the rest, and gives back what was written to.
    pub fn finish(mut self, pages: &Pages) -> io::Result<W> {
        self.text.push_str(SHEET_END);
        self.flush()?;
        self.text.push_str(&sheet_head("<cols><col min=\"1\" max=\"1\" width=\"34\" customWidth=\"1\"/><col min=\"2\" max=\"2\" width=\"80\" customWidth=\"1\"/></cols>", ""));
        write_pages(&mut self.text, pages);
        self.text.push_str(SHEET_END);
        self.start("xl/worksheets/sheet1.xml")?;
        self.flush()?;
        for (name, text) in frame(self.sheets, &self.made_at) {
            self.text.push_str(&text);
            self.start(name)?;
            self.flush()?;
        }
        let Spreadsheet { zip, failure, .. } = self;
        let written = zip.finish().map_err(io::Error::other);
        told(&failure)?;
        Ok(written?.into_inner().out)
    }

    fn next_sheet(&mut self) -> io::Result<()> {
        self.sheets += 1;
        self.start(&format!("xl/worksheets/sheet{}.xml", self.sheets))?;
        let frozen = "<sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" \
                      activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews>";
        self.text.push_str(&sheet_head("", frozen));
        write_row(&mut self.text, 1, COLUMNS.into_iter().map(Some), BOLD);
        self.rows = 1;
        self.flush()
    }

    /// Begins a part. It has no time of its own, so that the same workbook is the same bytes.
    fn start(&mut self, name: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
        self.zip.start_file(name, options).map_err(io::Error::other)?;
        told(&self.failure)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.write_all(self.text.as_bytes())?;
        self.text.clear();
        told(&self.failure)
    }
}

type Failure = Rc<RefCell<Option<io::Error>>>;

/// A writer that keeps its failure for who asks: what compresses into it has bytes of its own that it would try to write
/// again and again, also when it is dropped.
struct Remembering<W> {
    out: W,
    failure: Failure,
}

impl<W: Write> Write for Remembering<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut failure = self.failure.borrow_mut();
        if failure.is_none()
            && let Err(error) = self.out.write_all(bytes)
        {
            *failure = Some(error);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The failure stays with who has it, for the next who asks.
fn told(failure: &Failure) -> io::Result<()> {
    let failure = failure.borrow();
    let again = failure
        .as_ref()
        .map(|error| io::Error::new(error.kind(), error.to_string()));
    again.map_or(Ok(()), Err)
}

const SHEET_END: &str = "</sheetData></worksheet>";

/// In the order that the format asks for.
fn sheet_head(columns: &str, views: &str) -> String {
    format!("{DECLARATION}<worksheet xmlns=\"{MAIN}\">{views}{columns}<sheetData>")
}

/// `number`: from 1.
fn write_row<'t>(out: &mut String, number: u32, cells: impl Iterator<Item = Option<&'t str>>, is_bold: bool) {
    // Writing to a string cannot fail, here and below.
    let _ = write!(out, "<row r=\"{number}\">");
    for (column, text) in ('A'..='Z').zip(cells) {
        let Some(text) = text else { continue };
        let style = if is_bold { " s=\"1\"" } else { "" };
        let _ = write!(
            out,
            "<c r=\"{column}{number}\" t=\"inlineStr\"{style}><is><t xml:space=\"preserve\">{}</t></is></c>",
            escaped(&cell(text))
        );
    }
    out.push_str("</row>");
}

/// Everything of the pages but the events, which have sheets of their own.
fn write_pages(out: &mut String, pages: &Pages) {
    let mut row = 0;
    let mut write = |cells: &[&str], is_bold| {
        row += 1;
        let cells = cells.iter().map(|text| Some(*text).filter(|text| !text.is_empty()));
        write_row(out, row, cells, is_bold);
    };
    write(&[&pages.title], BOLD);
    write(&[&format!("report {}", pages.id)], !BOLD);
    for block in &pages.blocks {
        match block {
            Block::Heading(text) => {
                write(&[], !BOLD);
                write(&[text], BOLD);
            }
            Block::Text(text) => write(&[text], !BOLD),
            Block::Facts(facts) => facts.iter().for_each(|fact| write(&[&fact.name, &fact.value], !BOLD)),
            Block::List(lines) => lines.iter().for_each(|line| write(&["", line], !BOLD)),
            Block::Table(table) => {
                write(&[&table.caption], !BOLD);
                // The first column stands with the facts.
                let names: Vec<&str> = table.columns.iter().map(|column| &*column.name).collect();
                write(&names, BOLD);
                for cells in &table.rows {
                    write(&cells.iter().map(String::as_str).collect::<Vec<_>>(), !BOLD);
                }
            }
            // Its numbers are in the table after it, and events have sheets of their own.
            Block::Figure(_) | Block::Events(_) => {}
        }
    }
}

/// The parts that say what the sheets are.
fn frame(sheets: usize, made_at: &str) -> [(&'static str, String); 6] {
    let (mut types, mut names, mut relations) = (String::new(), String::new(), String::new());
    for sheet in 1..=sheets {
        let name = match sheet {
            1 => "report".to_owned(),
            2 => "events".to_owned(),
            several => format!("events {}", several - 1),
        };
        let _ = write!(
            types,
            "<Override PartName=\"/xl/worksheets/sheet{sheet}.xml\" ContentType=\"{TYPE}.worksheet+xml\"/>"
        );
        let _ = write!(
            names,
            "<sheet name=\"{name}\" sheetId=\"{sheet}\" r:id=\"rId{sheet}\"/>"
        );
        let _ = write!(
            relations,
            "<Relationship Id=\"rId{sheet}\" Type=\"{DOCUMENT}/worksheet\" Target=\"worksheets/sheet{sheet}.xml\"/>"
        );
    }
    [
        (
            "xl/styles.xml",
            format!(
                "{DECLARATION}<styleSheet xmlns=\"{MAIN}\"><fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font>\
                 <font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts><fills count=\"2\"><fill><patternFill \
                 patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills><borders count=\"1\">\
                 <border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count=\"1\"><xf numFmtId=\"0\" \
                 fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs><cellXfs count=\"2\"><xf numFmtId=\"0\" fontId=\"0\" \
                 fillId=\"0\" borderId=\"0\" xfId=\"0\"/><xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" \
                 applyFont=\"1\"/></cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/>\
                 </cellStyles></styleSheet>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "{DECLARATION}<Relationships xmlns=\"{PACKAGE}/relationships\">{relations}<Relationship Id=\"rId{}\" \
                 Type=\"{DOCUMENT}/styles\" Target=\"styles.xml\"/></Relationships>",
                sheets + 1
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "{DECLARATION}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{DOCUMENT}\"><bookViews><workbookView/></bookViews>\
                 <sheets>{names}</sheets></workbook>"
            ),
        ),
        (
            "docProps/core.xml",
            format!(
                "{DECLARATION}<cp:coreProperties xmlns:cp=\"{PACKAGE}/metadata/core-properties\" \
                 xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
                 xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:creator>Refold</dc:creator><dcterms:created \
                 xsi:type=\"dcterms:W3CDTF\">{made_at}</dcterms:created></cp:coreProperties>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "{DECLARATION}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" \
                 Type=\"{DOCUMENT}/officeDocument\" Target=\"xl/workbook.xml\"/><Relationship Id=\"rId2\" \
                 Type=\"{PACKAGE}/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/></Relationships>"
            ),
        ),
        (
            "[Content_Types].xml",
            format!(
                "{DECLARATION}<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
                 ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
                 ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" \
                 ContentType=\"{TYPE}.sheet.main+xml\"/><Override PartName=\"/xl/styles.xml\" \
                 ContentType=\"{TYPE}.styles+xml\"/><Override PartName=\"/docProps/core.xml\" \
                 ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>{types}</Types>"
            ),
        ),
    ]
}

/// What a cell can hold of a text, with everything made visible that does not print; our own lines stay lines.
fn cell(text: &str) -> String {
    let shown = text.split('\n').map(visible).collect::<Vec<_>>().join("\n");
    cut(&shown, text, CELL_LETTERS)
}

/// As XML has it. A spreadsheet takes `_x0041_` for a letter by its number, so that its first letter is written so itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '_' if is_number_of_letter(text.as_bytes().get(at..).unwrap_or_default()) => out.push_str("_x005F_"),
            letter => out.push(letter),
        }
    }
    out
}

fn is_number_of_letter(text: &[u8]) -> bool {
    matches!(text, [b'_', b'x', digits @ .., ] if digits.get(4) == Some(&b'_')
        && digits.iter().take(4).all(u8::is_ascii_hexdigit))
}
