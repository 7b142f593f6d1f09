use proptest::prelude::*;
use refold_core::work::{CancelToken, Silent};

use super::*;
use crate::rows::{self, Beside, Folding};

fn outline(text: &[u8], cover: &Cover, toggled: &[&str], until: usize) -> (Outline, Vec<FrameRow>) {
    let cancel = CancelToken::default();
    let toggled: HashSet<Pointer> = toggled.iter().map(|path| Pointer::parse(path).unwrap()).collect();
    let asked = Asked {
        bytes: text,
        cover,
        toggled: &toggled,
        until,
    };
    let outline = Outline::of(&Work::new(&cancel, &Silent), &asked).unwrap().unwrap();
    let rows = outline.rows(text, ALL);
    (outline, rows)
}

const ALL: RowWindow = RowWindow {
    first_row: 0,
    row_count: u32::MAX,
};

#[track_caller]
fn check(text: &str, toggled: &[&str], until: usize, expected: &[&str]) {
    let (_, rows) = outline(text.as_bytes(), &Cover::default(), toggled, until);
    let shown = rows.iter().map(|row| {
        let fold = match (row.is_expandable, row.is_open) {
            (true, true) => "v ",
            (true, false) => "> ",
            (false, _) => "",
        };
        let repeated = if row.is_repeated {
            format!(" ({})", row.before)
        } else {
            String::new()
        };
        format!(
            "{}{fold}{} {}{repeated}",
            " ".repeat(row.depth.into()),
            row.pointer,
            row.value
        )
    });
    assert_eq!(shown.collect::<Vec<String>>(), expected);
}

#[test]
fn rows_are_in_the_order_of_the_text_with_every_value_of_a_repeated_key() {
    check(
        r#" {"b":1e400, "a":{"x":1,"x":[]} ,"b":0.10,"e":{}}"#,
        &[],
        usize::MAX,
        &[
            "v  {4}",
            " /b 1e400 (1 of 2)",
            " v /a {2}",
            "  /a/x 1 (1 of 2)",
            "  /a/x [0] (2 of 2)",
            " /b 0.10 (2 of 2)",
            " /e {0}",
        ],
    );
    // The same keys by different escapes are the same keys.
    check(
        r#"{"a":1,"\u0061":2}"#,
        &[],
        usize::MAX,
        &["v  {2}", " /a 1 (1 of 2)", " /a 2 (2 of 2)"],
    );
    check("null", &[], usize::MAX, &[" null"]);
    // What hides is shown by its escape, and the literal stays JSON.
    check(
        "[\"\u{202e}\u{9b}\\u0007\"]",
        &[],
        usize::MAX,
        &["v  [1]", r#" /0 "\u202e\u009b\u0007""#],
    );
}

#[test]
fn what_is_folded_is_counted_and_what_is_cut_says_so() {
    check(
        "[[[[1,2,{}]]]]",
        &[],
        usize::MAX,
        &["v  [1]", " v /0 [1]", "  v /0/0 [1]", "   > /0/0/0 [3]"],
    );
    check(
        "[[[[1,2,[]]]]]",
        &["/0/0/0"],
        usize::MAX,
        &[
            "v  [1]",
            " v /0 [1]",
            "  v /0/0 [1]",
            "   v /0/0/0 [3]",
            "    /0/0/0/0 1",
            "    /0/0/0/1 2",
            "    /0/0/0/2 [0]",
        ],
    );
    check(
        "[1,[2,3],4]",
        &["/1"],
        usize::MAX,
        &["v  [3]", " /0 1", " > /1 [2]", " /2 4"],
    );
    let rest = "  … the rest, from byte 6 on, is not shown";
    check(
        "[1,[2,3],4]",
        &[],
        5,
        &["v  […]", " /0 1", " v /1 […]", "  /1/0 2", rest],
    );
}

#[test]
fn depth_and_size_are_no_obstacle() {
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let (_, rows) = outline(&deep, &Cover::default(), &[], usize::MAX);
    assert_eq!(rows.len(), 4);
    let wide = format!(
        "{{{}}}",
        (0..300_000)
            .map(|key| format!("\"k{key}\":{key}"))
            .collect::<Vec<_>>()
            .join(",")
    );
    let (outline, _) = outline(wide.as_bytes(), &Cover::default(), &[], usize::MAX);
    assert_eq!(outline.len(), 300_001);
    let window = RowWindow {
        first_row: 299_999,
        row_count: 10,
    };
    let last: Vec<String> = outline
        .rows(wide.as_bytes(), window)
        .into_iter()
        .map(|row| row.value)
        .collect();
    assert_eq!(last, ["299998", "299999"]);
    assert_eq!(outline.row_at(wide.find("\"k777\"").unwrap()), 778);
}

proptest! {
    /// Without repeated keys and with members in order, it shows what the tree of the value shows.
    #[test]
    fn it_shows_what_the_value_shows(
        text in r#"(\{("a":[0-9]|"a":\[1,\{"x":[0-9]\}\])(,"b":(true|"t"|\{"y":\[\[2\]\]\}))?\}|\[\]|[0-9])"#,
        toggled in proptest::sample::subsequence(vec!["", "/a", "/b", "/a/1", "/b/y", "/b/y/0"], 0..4),
    ) {
        let value = Value::from_json(text.as_bytes(), 64).unwrap();
        let folded: HashSet<Pointer> = toggled.iter().map(|path| Pointer::parse(path).unwrap()).collect();
        let folding = Folding { open_depth: OPEN_DEPTH, toggled: &folded, only_changes: false };
        let expected = rows::tree(&value, Beside::default(), folding, ALL).rows;
        let (_, rows) = outline(text.as_bytes(), &Cover::default(), &toggled, usize::MAX);
        prop_assert_eq!(rows, expected);
    }
}
