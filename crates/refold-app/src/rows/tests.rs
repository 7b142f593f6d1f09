use proptest::prelude::*;
use refold_core::diff::{ArrayKeys, diff};

use super::*;
use crate::text;

/// As a tree is folded that nobody folded.
fn folding(toggled: &HashSet<Pointer>) -> Folding<'_> {
    Folding {
        open_depth: OPEN_DEPTH,
        toggled,
        only_changes: false,
    }
}

const ALL: RowWindow = RowWindow {
    first_row: 0,
    row_count: u32::MAX,
};

fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes(), Value::MAX_DEPTH).unwrap()
}

/// Rows as a person would draw them: indentation, mark, key, before, value.
fn drawn(rows: &Rows) -> Vec<String> {
    let mark = |change| match change {
        RowChange::None => ' ',
        RowChange::Added => '+',
        RowChange::Changed => '~',
        RowChange::Removed => '-',
        RowChange::Moved => '>',
    };
    let line = |row: &FrameRow| {
        let before = if row.before.is_empty() {
            String::new()
        } else {
            format!("{} -> ", row.before)
        };
        let indent = "  ".repeat(usize::from(row.depth));
        let from = if row.moved_from.is_empty() {
            String::new()
        } else {
            format!("  from {}", row.moved_from)
        };
        format!("{}{indent}{}: {before}{}{from}", mark(row.change), row.key, row.value)
            .trim_end()
            .to_owned()
    };
    rows.rows.iter().map(line).collect()
}

fn tree_between(before: &str, after: &str, keys: &ArrayKeys) -> Vec<String> {
    let (before, after) = (json(before), json(after));
    let changed = diff(&before, &after, keys);
    let changes = Changes::of(&changed);
    let beside = Beside {
        blame: None,
        changes: Some(&changes),
    };
    drawn(&tree(&after, beside, folding(&HashSet::new()), ALL))
}

#[test]
fn a_tree_shows_what_changed_where_it_is_and_what_went_where_it_was() {
    let rows = tree_between(
        r#"{"a":1,"b":{"x":0.10,"y":null},"gone":[1,2]}"#,
        r#"{"a":1,"b":{"x":0.1},"new":{"k":9007199254740993}}"#,
        &ArrayKeys::default(),
    );
    let expected = [
        " : {3}",
        "   a: 1",
        "   b: {2} -> {1}",
        "~    x: 0.10 -> 0.1",
        "-    y: null -> null",
        "-  gone: [1,2] -> [2]",
        "+  new: {1}",
        "+    k: 9007199254740993",
    ];
    assert_eq!(rows, expected);
}

fn changed_rows(before: &str, after: &str, toggled: &[&str]) -> Vec<String> {
    let (before, after) = (json(before), json(after));
    let changed = diff(&before, &after, &ArrayKeys::default());
    let changes = Changes::of(&changed);
    let beside = Beside {
        blame: None,
        changes: Some(&changes),
    };
    let toggled = toggled.iter().map(|path| Pointer::parse(path).unwrap()).collect();
    let rows = tree(&after, beside, folding(&toggled), ALL);
    let all: Vec<&FrameRow> = rows.rows.iter().collect();
    let paths = rows.changed.iter().map(|row| all[*row as usize].pointer.clone());
    paths.collect()
}

#[test]
fn rows_that_changed_or_hide_a_change_are_told_wherever_they_are() {
    let before = r#"{"a":1,"deep":{"er":{"list":[{"x":1},{"x":2},{"x":3}],"m":{"k":{"v":1}}}},"gone":1}"#;
    let after = r#"{"a":2,"deep":{"er":{"list":[{"x":1},{"x":9},{"x":3}],"m":{"k":{"v":1}}}},"new":{"n":1}}"#;
    let shown = changed_rows(before, after, &[]);
    assert_eq!(shown, ["/a", "/deep/er/list", "/gone", "/new"]);
    // Unfolded, the member that holds it; and below it the value itself.
    let shown = changed_rows(before, after, &["/deep/er/list"]);
    assert_eq!(shown, ["/a", "/deep/er/list/1", "/gone", "/new"]);
    let shown = changed_rows(before, after, &["/deep/er/list", "/deep/er/list/1"]);
    assert_eq!(shown, ["/a", "/deep/er/list/1/x", "/gone", "/new"]);
    assert_eq!(changed_rows(before, after, &[""]), [""]);
    assert_eq!(changed_rows(after, after, &[]), Vec::<String>::new());
}

#[test]
fn what_takes_the_place_of_a_scalar_is_new_in_all_its_members() {
    let rows = tree_between("null", r#"{"a":{"b":1}}"#, &ArrayKeys::default());
    assert_eq!(rows, ["~: null -> {1}", "+  a: {1}", "+    b: 1"]);
}

#[test]
fn moved_elements_are_shown_as_moved() {
    let keys = ArrayKeys::new(&[("/items".to_owned(), "sku".to_owned())]);
    let rows = tree_between(
        r#"{"items":[{"sku":"a","qty":1},{"sku":"b","qty":2},{"sku":"c","qty":3}]}"#,
        r#"{"items":[{"sku":"c","qty":3},{"sku":"a","qty":1},{"sku":"b","qty":5}]}"#,
        &keys,
    );
    assert!(rows.contains(&">    0: {2}  from /items/2".to_owned()), "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains("qty: 2 -> 5")), "{rows:#?}");
    assert!(
        !rows.iter().any(|row| row.starts_with('+') || row.starts_with('-')),
        "{rows:#?}"
    );
}

#[test]
fn a_removed_element_stands_before_the_one_that_has_its_place() {
    let keys = ArrayKeys::new(&[("".to_owned(), "k".to_owned())]);
    let rows = tree_between(r#"[{"k":1},{"k":2},{"k":3}]"#, r#"[{"k":1},{"k":3}]"#, &keys);
    let marks: String = rows
        .iter()
        .filter(|row| !row.contains("k:"))
        .filter_map(|row| row.chars().next())
        .collect();
    assert!(
        rows.iter()
            .any(|row| row.starts_with('-') && row.contains(r#"{"k":2}"#)),
        "{rows:#?}"
    );
    assert!(marks.starts_with("  "), "{rows:#?}");
}

#[test]
fn folding_and_long_literals() {
    let state = json(&format!(
        r#"{{"deep":{{"er":{{"and":{{"deepest":1}}}}}},"long":"{}","twice":1,"twice":2,"esc\u001b":"\u202e"}}"#,
        "ü".repeat(LITERAL_LETTERS)
    ));
    let rows = tree(&state, Beside::default(), folding(&HashSet::new()), ALL);
    let keys: Vec<&str> = rows.rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["", "deep", "er", "and", "esc\\u{1b}", "long", "twice"]);
    let by_key = |key: &str| rows.rows.iter().find(|row| row.key == key).unwrap();
    assert!(by_key("and").is_expandable && !by_key("and").is_open);
    assert!(
        by_key("long")
            .value
            .ends_with(&format!("… ({} in all)", text::size_label(10_002)))
    );
    assert_eq!(by_key("twice").value, "2 times this key: 1 · 2");
    assert_eq!(by_key("esc\\u{1b}").value, r#""\u202e""#);
    let toggled = HashSet::from(["/deep", "/long"].map(|path| Pointer::parse(path).unwrap()));
    assert_eq!(tree(&state, Beside::default(), folding(&toggled), ALL).total, 5);
}

const LITERAL_LETTERS: usize = 5_000;

#[test]
fn leaves_are_scalars_and_empty_containers() {
    let rows = leaves(
        &json(r#"{"a":[],"b":{"c":[1,{"d":null}]},"e":{}}"#),
        Beside::default(),
        ALL,
    );
    let pointers: Vec<&str> = rows.rows.iter().map(|row| row.pointer.as_str()).collect();
    assert_eq!(pointers, ["/a", "/b/c/0", "/b/c/1/d", "/e"]);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i32>().prop_map(|number| number.to_string())
    ];
    let text = leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(|all| format!("[{}]", all.join(","))),
            proptest::collection::btree_map("[a-e]", inner, 0..5).prop_map(|all| {
                let members: Vec<String> = all.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    text.prop_map(|text| json(&text))
}

/// All containers of a value, from which some are toggled.
fn containers(path: &Pointer, value: &Value, out: &mut Vec<Pointer>) {
    match value {
        Value::Object(object) => {
            out.push(path.clone());
            object
                .iter()
                .for_each(|(key, member)| containers(&path.push_key(key), member, out));
        }
        Value::Array(array) => {
            out.push(path.clone());
            array
                .iter()
                .enumerate()
                .for_each(|(index, element)| containers(&path.push_index(index), element, out));
        }
        _ => {}
    }
}

/// The pointers of all rows, without any shortcut.
fn naive(path: &Pointer, value: &Value, toggled: &HashSet<Pointer>, out: &mut Vec<String>) {
    out.push(path.to_string());
    if (path.depth() <= OPEN_DEPTH as usize) == toggled.contains(path) {
        return;
    }
    match value {
        Value::Object(object) => {
            object
                .iter()
                .for_each(|(key, member)| naive(&path.push_key(key), member, toggled, out));
        }
        Value::Array(array) => {
            array
                .iter()
                .enumerate()
                .for_each(|(index, element)| naive(&path.push_index(index), element, toggled, out));
        }
        _ => {}
    }
}

#[test]
fn a_container_says_how_many_it_had() {
    let rows = tree_between(
        r#"{"list":[1,2,3],"same":[1],"was":{"a":1}}"#,
        r#"{"list":[1,3,4,5],"same":[2],"was":{}}"#,
        &ArrayKeys::default(),
    );
    let of = |key: &str| {
        rows.iter()
            .find(|row| row.contains(&format!(" {key}:")))
            .unwrap()
            .clone()
    };
    assert_eq!(of("list"), "   list: [3] -> [4]");
    assert_eq!(of("same"), "   same: [1]");
    assert_eq!(of("was"), "   was: {1} -> {0}");
}

#[test]
fn what_moved_stands_on_both_sides() {
    let (before, after) = (json("[1,2,{\"a\":3}]"), json("[{\"a\":3},1,2]"));
    let changed = diff(&before, &after, &ArrayKeys::default());
    let changes = Changes::of(&changed);
    let rows = differences(&after, &changes, Beside::default(), ALL).rows;
    let row = rows.first().unwrap();
    assert_eq!(
        (
            rows.len(),
            row.pointer.as_str(),
            row.moved_from.as_str(),
            row.value.as_str()
        ),
        (1, "/0", "/2", "{1}")
    );
}

#[test]
fn opening_everything_ends_before_there_are_too_many_rows() {
    let small = json(r#"{"a":{"b":{"c":{"d":{"e":1}}}}}"#);
    assert_eq!(open_depth(&small, 64), 64);
    assert_eq!(open_depth(&small, 0), 0);
    let wide = json(&format!("[{}]", vec!["[[[[1,2]]]]"; 6_000].join(",")));
    let depth = open_depth(&wide, 64);
    assert_eq!(depth, OPEN_DEPTH);
    let deeper = json(&format!("[{}]", vec!["[[[[1,2]]]]"; 4_500].join(",")));
    let depth = open_depth(&deeper, 64);
    let folding = Folding {
        open_depth: depth,
        ..folding(&NONE)
    };
    assert!(depth > OPEN_DEPTH && depth < 64, "{depth}");
    assert!(tree(&deeper, Beside::default(), folding, ALL).total as usize <= MOST_OPEN_ROWS);
}

static NONE: std::sync::LazyLock<HashSet<Pointer>> = std::sync::LazyLock::new(HashSet::new);

proptest! {
    /// By an oracle: of all rows those that changed, and the containers around them.
    #[test]
    fn only_what_changed_is_a_part_of_all_rows(before in any_value(), after in any_value()) {
        let changed = diff(&before, &after, &ArrayKeys::default());
        let changes = Changes::of(&changed);
        let beside = Beside { blame: None, changes: Some(&changes) };
        let open = Folding { open_depth: 64, ..folding(&NONE) };
        let whole = tree(&after, beside, open, ALL).rows;
        let is_around = |at: usize| {
            let inside = whole[at + 1..].iter().take_while(|row| row.depth > whole[at].depth);
            inside.into_iter().any(|row| row.change != RowChange::None)
        };
        let kept = |(at, row): &(usize, &FrameRow)| *at == 0 || row.change != RowChange::None || is_around(*at);
        // What stands in a container that only moved did not change.
        let expected: Vec<&FrameRow> = whole.iter().enumerate().filter(kept).map(|(_, row)| row).collect();
        let found = tree(&after, beside, Folding { only_changes: true, ..open }, ALL).rows;
        prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_window_is_the_part_of_all_rows(
        value in any_value(), toggles in proptest::collection::vec(any::<bool>(), 64),
        first_row in 0..40_u32, row_count in 0..20_u32,
    ) {
        let mut places = Vec::new();
        containers(&Pointer::ROOT, &value, &mut places);
        let toggled: HashSet<Pointer> =
            places.into_iter().zip(toggles).filter(|(_, is_toggled)| *is_toggled).map(|(place, _)| place).collect();
        let mut expected = Vec::new();
        naive(&Pointer::ROOT, &value, &toggled, &mut expected);
        let rows = tree(&value, Beside::default(), folding(&toggled), RowWindow { first_row, row_count });
        prop_assert_eq!(rows.total as usize, expected.len());
        let part: Vec<String> =
            expected.into_iter().skip(first_row as usize).take(row_count as usize).collect();
        prop_assert_eq!(rows.rows.into_iter().map(|row| row.pointer).collect::<Vec<_>>(), part);
    }

    #[test]
    fn every_change_has_its_row(before in any_value(), after in any_value(), window in 1..30_u32) {
        let changed = diff(&before, &after, &ArrayKeys::default());
        let changes = Changes::of(&changed);
        let beside = Beside { blame: None, changes: Some(&changes) };
        let rows = differences(&after, &changes, beside, ALL);
        let total = changes.added_count + changes.changed_count + changes.removed_count;
        prop_assert_eq!(rows.total, total);
        prop_assert!(rows.rows.iter().all(|row| row.change != RowChange::None));
        let mut open = Vec::new();
        containers(&Pointer::ROOT, &after, &mut open);
        let deep: HashSet<Pointer> = open.into_iter().filter(|place| place.depth() > OPEN_DEPTH as usize).collect();
        let whole = tree(&after, beside, folding(&deep), ALL);
        let marked = whole.rows.iter().filter(|row| row.change == RowChange::Removed).count();
        prop_assert_eq!(marked as u32, changes.removed_count);
        let mut parts = Vec::new();
        for first_row in (0..whole.total).step_by(window as usize) {
            parts.extend(tree(&after, beside, folding(&deep), RowWindow { first_row, row_count: window }).rows);
        }
        prop_assert_eq!(parts, whole.rows);
    }
}
