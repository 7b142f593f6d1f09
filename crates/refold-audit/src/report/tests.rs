//! What must hold of every report, whatever the events hold.

use proptest::prelude::*;

use super::model::{Fact, OverTime};
use super::pages::{Block, Column, Pages, Table};
use super::rows::{COLUMNS, EventRow, csv, csv_for_spreadsheets, csv_head, cut};
use super::*;

/// Reads CSV as RFC 4180 says; a field that is not in quotes and is empty is `None`.
fn records(text: &str) -> Vec<Vec<Option<String>>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), None::<String>);
    let mut letters = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.get_or_insert_default().push('"');
            }
            '"' => {
                is_quoted = !is_quoted;
                field.get_or_insert_default();
            }
            ',' if !is_quoted => record.push(field.take()),
            '\r' if !is_quoted && letters.peek() == Some(&'\n') => {
                letters.next();
                record.push(field.take());
                records.push(std::mem::take(&mut record));
            }
            letter => field.get_or_insert_default().push(letter),
        }
    }
    records
}

fn row(fill: impl Fn(usize) -> Option<String>) -> EventRow {
    EventRow(std::array::from_fn(fill))
}

proptest! {
    #[test]
    fn a_record_comes_back_as_it_was(fields in proptest::collection::vec(proptest::option::of(".*"), COLUMNS.len())) {
        let row = row(|at| fields[at].clone());
        prop_assert_eq!(rows::read_csv(&csv(&row.0)), Some(fields.clone()));
        prop_assert_eq!(records(&csv(&row.0)), vec![fields]);
    }

    /// Whatever the store holds, no cell of the view begins with what a spreadsheet runs, hides or rounds.
    #[test]
    fn no_cell_of_the_view_is_a_formula(text in "[=+@\\-\t\r\n ＝'\u{202e}0-9a]{0,20}") {
        let text = csv_for_spreadsheets(&row(|_| Some(text.clone())).0);
        for cell in records(&text).remove(0).into_iter().flatten() {
            prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '＝']), "{}", cell);
            prop_assert!(!cell.contains(is_hidden), "{}", cell);
            prop_assert!(cell.len() <= 15 || !cell.bytes().all(|byte| byte.is_ascii_digit()), "{}", cell);
        }
    }

    #[test]
    fn what_is_cut_fits_and_says_so(text in ".{0,300}", most in 120_usize..200) {
        let shown = cut(&text, &text, most);
        prop_assert!(shown.encode_utf16().count() <= most);
        prop_assert!(shown == text || shown.contains("SHA-256"));
    }

    #[test]
    fn nothing_hidden_stays_hidden(text in "\\PC{0,20}[\u{0}-\u{1f}\u{202a}-\u{202e}\u{200b}]{0,9}") {
        prop_assert!(!visible(&text).contains(is_hidden));
    }
}

#[test]
fn what_spreadsheets_run_or_round_gets_an_apostrophe_in_the_view_alone() {
    for (stored, shown) in [
        ("=1+1", "'=1+1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("9007199254740993", "'9007199254740993"),
        ("a\u{202e}b", "a⟦U+202E⟧b"),
        ("4711", "4711"),
    ] {
        let row = row(|at| (at == 0).then(|| stored.to_owned()));
        assert_eq!(records(&csv_for_spreadsheets(&row.0))[0][0].as_deref(), Some(shown));
        assert_eq!(records(&csv(&row.0))[0][0].as_deref(), Some(stored));
    }
    let long = csv_for_spreadsheets(&row(|_| Some("x".repeat(40_000))).0);
    assert!(
        records(&long)[0]
            .iter()
            .flatten()
            .all(|cell| cell.encode_utf16().count() <= rows::CELL_LETTERS)
    );
    assert_eq!(csv_head(&COLUMNS).trim_end().split(',').count(), COLUMNS.len());
}

/// Pages with everything that is unpleasant to show.
fn pages() -> Pages {
    let long = "a very-long/word ".repeat(300);
    let nasty = "\u{4e2d}\u{202e}\u{0}<script>=1+1 \u{1f600} \u{e000} \u{5d0} ffi";
    let rows = (0..120).map(|at| {
        let payload = if at == 60 { long.repeat(4) } else { nasty.to_owned() };
        vec![at.to_string(), payload]
    });
    let column = |name: &str, share| Column {
        name: name.to_owned(),
        share,
        is_code: share > 50,
    };
    Pages {
        title: format!("Audit report {nasty}"),
        id: "8715c273-86c5-8649-9702-b681bf303c58".to_owned(),
        classification: "confidential".to_owned(),
        made_at: "2026-11-21T14:30:00Z".to_owned(),
        blocks: vec![
            Block::Text(long.clone()),
            Block::Heading("A heading".to_owned()),
            Block::List(vec!["one".to_owned(), nasty.to_owned(), String::new()]),
            Block::Facts(vec![Fact {
                name: "Name".to_owned(),
                value: String::new(),
                is_code: true,
            }]),
            Block::Figure(OverTime {
                types: (0..12).map(|at| format!("Type{at}{nasty}")).collect(),
                columns: (0..30)
                    .map(|at| (format!("2026-08-{:02}T00:00:00Z", at % 28 + 1), vec![at; 12]))
                    .collect(),
                without_time: 1,
            }),
            Block::Table(Table {
                caption: "Events".to_owned(),
                columns: vec![column("position", 20), column("payload", 80)],
                rows: rows.collect(),
            }),
        ],
    }
}

#[test]
fn the_pdf_is_what_both_standards_ask_for_and_comes_out_alike() {
    // The writer refuses what is no PDF/A-2a or no PDF/UA-1.
    let pdf = pdf::write(&pages()).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));
    assert_eq!(pdf, pdf::write(&pages()).unwrap());
    let holds = |text: &str| pdf.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(holds("pdfaid:part") && holds("pdfuaid:part") && holds("StructTreeRoot") && holds("OutputIntent"));
}

#[test]
fn what_is_drawn_keeps_its_lines_and_shows_what_fonts_lack() {
    let drawn = pdf::drawn("a\nb \u{4e2d} ⟦U+202E⟧").unwrap();
    assert_eq!(drawn, "a\nb [U+4E2D] [U+202E]");
}

fn workbook<W: std::io::Write>(out: W, rows: usize) -> std::io::Result<W> {
    let mut workbook = xlsx::Spreadsheet::new(out, "2026-11-21T14:30:00Z")?;
    for text in [
        "=1+1",
        "9007199254740993",
        "a\u{202e}b\u{0}<&_x0041_\n",
        &"x".repeat(40_000),
    ] {
        workbook.push(&row(|_| Some(text.to_owned())))?;
    }
    for at in 0..rows {
        workbook.push(&row(|column| Some((at * 7_919 + column * 104_729).to_string())))?;
    }
    workbook.finish(&pages())
}

#[test]
fn a_workbook_comes_out_alike_and_holds_texts_alone() {
    let made = workbook(Vec::new(), 0).unwrap();
    assert_eq!(made, workbook(Vec::new(), 0).unwrap());
    let mut parts = zip::ZipArchive::new(std::io::Cursor::new(made)).unwrap();
    let mut part = |name: &str| std::io::read_to_string(parts.by_name(name).unwrap()).unwrap();
    let events = part("xl/worksheets/sheet2.xml");
    assert_eq!(events.matches("<row ").count(), 5);
    assert_eq!(events.matches("<c ").count(), events.matches("t=\"inlineStr\"").count());
    assert!(events.contains(">=1+1<") && events.contains(">9007199254740993<"));
    assert!(
        events.contains("a⟦U+202E⟧b⟦U+0000⟧&lt;&amp;_x005F_x0041_⟦U+000A⟧")
            || events.contains("a⟦U+202E⟧b⟦U+0000⟧&lt;&amp;_x005F_x0041_\n")
    );
    assert!(events.contains("⟦cut: 40000 bytes"));
    for name in ["[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"] {
        assert!(part(name).starts_with("<?xml"), "{name}");
    }
}

/// Takes so many bytes, as a disk does that is full then.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.0.checked_sub(bytes.len()) {
            Some(room) => self.0 = room,
            None => return Err(std::io::ErrorKind::StorageFull.into()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_workbook_for_which_there_is_no_room_is_an_error_wherever_it_ends() {
    let whole = workbook(Vec::new(), 200).unwrap().len();
    // In steps that no part of a workbook is a multiple of.
    for room in (0..whole).step_by(97).chain([whole - 1]) {
        let error = workbook(Full(room), 200).map(drop).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{room} of {whole}");
    }
    workbook(Full(whole), 200).unwrap();
}

/// Reports of earlier versions do not say it, and must be the same bytes when their tables are made again.
#[test]
fn whether_an_impact_was_asked_is_a_column_where_findings_say_it() {
    let earlier = r#"{"kind":"REMOVED","severity":"manipulation","position":"7","to":null,"stream":null,"version":null,"type":null,"part":[],"detail":null,"explanation":null,"impacts":[]}"#;
    let old: model::Finding = serde_json::from_str(earlier).unwrap();
    assert_eq!(old.line().unwrap(), format!("{earlier}\n"));
    let new = model::Finding {
        impacts_asked: Some(false),
        ..old.clone()
    };
    assert_eq!(
        new.line().unwrap(),
        format!("{},\"impacts_asked\":false}}\n", earlier.strip_suffix('}').unwrap())
    );
    for (finding, last) in [(&old, "impacts"), (&new, "impacts_asked")] {
        let columns = rows::finding_columns(std::slice::from_ref(finding));
        assert_eq!(columns.last(), Some(&last));
        assert_eq!(finding.fields().unwrap().len(), columns.len());
    }
    assert_eq!(new.fields().unwrap().last(), Some(&Some("false".to_owned())));
    assert_eq!(rows::finding_columns(&[]).last(), Some(&"impacts"));
}
