//! What must hold of every report, whatever the events hold.

use proptest::prelude::*;

use super::rows::{COLUMNS, EventRow, csv_head, cut};
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
        prop_assert_eq!(records(&row.csv()), vec![fields]);
    }

    /// Whatever the store holds, no cell of the view begins with what a spreadsheet runs, hides or rounds.
    #[test]
    fn no_cell_of_the_view_is_a_formula(text in "[=+@\\-\t\r\n ＝'\u{202e}0-9a]{0,20}") {
        let text = row(|_| Some(text.clone())).csv_for_spreadsheets();
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
        assert_eq!(records(&row.csv_for_spreadsheets())[0][0].as_deref(), Some(shown));
        assert_eq!(records(&row.csv())[0][0].as_deref(), Some(stored));
    }
    let long = row(|_| Some("x".repeat(40_000))).csv_for_spreadsheets();
    assert!(
        records(&long)[0]
            .iter()
            .flatten()
            .all(|cell| cell.encode_utf16().count() <= rows::CELL_LETTERS)
    );
    assert_eq!(csv_head().trim_end().split(',').count(), COLUMNS.len());
}
