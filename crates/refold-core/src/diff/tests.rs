//! `apply(diff(a, b), a) == b` on random pairs, and what a person expects to read.

use proptest::prelude::*;

use super::*;
use crate::value::{Number, Object};

fn text(text: &str) -> Value {
    Value::Text(Text::from(text))
}

fn int(int: i64) -> Value {
    Value::Number(Number::Int(int))
}

fn object(members: &[(&str, Value)]) -> Value {
    Value::Object(
        members
            .iter()
            .map(|(key, value)| (Text::from(*key), value.clone()))
            .collect::<Object>(),
    )
}

fn array(elements: &[Value]) -> Value {
    Value::Array(elements.iter().cloned().collect())
}

/// Small alphabets, so that random pairs share keys, elements and whole subtrees.
pub(super) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (0_i64..4).prop_map(int),
        Just(Value::Number(Number::Decimal { mantissa: 10, scale: 2 })),
        Just(Value::Number(Number::Decimal { mantissa: 1, scale: 1 })),
        "[ab]{0,1}".prop_map(|letters| text(&letters)),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|elements| array(&elements)),
            prop::collection::vec(("[a-d0-2~/]{1,2}", inner.clone()), 0..6).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(key, value)| (Text::from(key.as_str()), value))
                        .collect(),
                )
            }),
            prop::collection::vec((0_i64..8, inner.clone()), 0..6).prop_map(|lines| {
                let line = |(sku, value): (i64, Value)| object(&[("sku", int(sku)), ("x", value)]);
                array(&lines.into_iter().map(line).collect::<Vec<_>>())
            }),
            prop::collection::vec(inner, 2..4)
                .prop_map(|twice| { object(&[("a", Value::Repeated(twice.into_iter().collect()))]) }),
        ]
    })
}

/// A later state made of an earlier one, so that much is shared: what real neighbours look like.
fn any_pair() -> impl Strategy<Value = (Value, Value)> {
    (any_value(), any_value(), any_value(), any::<prop::sample::Index>()).prop_map(|(base, one, other, at)| {
        let wide: Vec<Value> = (0..40).map(int).chain([one.clone(), base.clone()]).collect();
        let mut turned = wide.clone();
        turned.rotate_left(at.index(wide.len()));
        turned.insert(at.index(turned.len()), other.clone());
        let before = object(&[("base", base.clone()), ("one", one.clone()), ("wide", array(&wide))]);
        let after = object(&[("base", base), ("one", other), ("wide", array(&turned))]);
        (before, after)
    })
}

fn keys() -> ArrayKeys {
    let rule = |place: &str| (place.to_owned(), "sku".to_owned());
    ArrayKeys::new(&[rule(""), rule("/*"), rule("/*/*"), rule("/lines")])
}

proptest! {
    #[test]
    fn applying_a_difference_gives_the_later_state((before, after) in prop_oneof![
        (any_value(), any_value()),
        any_pair(),
    ]) {
        for keys in [ArrayKeys::default(), keys()] {
            let changes = diff(&before, &after, &keys);
            prop_assert_eq!(&apply(&changes, &before), &after, "{:?}", changes);
            prop_assert_eq!(changes.is_empty(), before == after);
        }
    }

    #[test]
    fn equal_states_have_no_difference(value in any_value()) {
        prop_assert!(diff(&value, &value.clone(), &keys()).is_empty());
    }

    #[test]
    fn a_long_array_is_aligned_within_its_bound(at in 0_usize..1_000, dropped in 1_usize..20) {
        let before: Vec<Value> = (0..1_000).map(|number| int(number % 700)).collect();
        let mut after = before.clone();
        after.rotate_right(at);
        after.truncate(1_000 - dropped);
        let (before, after) = (array(&before), array(&after));
        prop_assert_eq!(&apply(&diff(&before, &after, &ArrayKeys::default()), &before), &after);
    }
}

/// One line a change, as a person would note it.
#[track_caller]
fn check(before: &Value, after: &Value, keys: &ArrayKeys, expected: &[&str]) {
    let changes = diff(before, after, keys);
    let lines: Vec<String> = changes
        .iter()
        .map(|change| match &change.op {
            ChangeOp::Added { .. } => format!("+ {}", change.path),
            ChangeOp::Removed { .. } => format!("- {}", change.path),
            ChangeOp::Changed { .. } => format!("~ {}", change.path),
            ChangeOp::Moved { from } => format!("> {} from {from}", change.path),
        })
        .collect();
    assert_eq!(lines, expected);
    assert_eq!(&apply(&changes, before), after);
}

#[test]
fn members_are_added_removed_and_changed() {
    let before = object(&[("gone", int(1)), ("same", int(2)), ("status", text("placed"))]);
    let after = object(&[
        ("failure", object(&[("code", int(5))])),
        ("same", int(2)),
        ("status", text("failed")),
    ]);
    check(
        &before,
        &after,
        &ArrayKeys::default(),
        &["+ /failure", "- /gone", "~ /status"],
    );
}

#[test]
fn a_literal_that_differs_is_a_change() {
    let before = Value::Number(Number::Decimal { mantissa: 10, scale: 2 });
    let after = Value::Number(Number::Decimal { mantissa: 1, scale: 1 });
    check(&before, &after, &ArrayKeys::default(), &["~ "]);
}

#[test]
fn lines_with_a_key_keep_their_identity() {
    let line = |sku: &str, qty: i64| object(&[("sku", text(sku)), ("qty", int(qty))]);
    let before = object(&[("lines", array(&[line("A", 1), line("B", 2), line("C", 3)]))]);
    let after = object(&[(
        "lines",
        array(&[line("C", 3), line("A", 1), line("D", 9), line("B", 7)]),
    )]);
    let expected = ["> /lines/0 from /lines/2", "+ /lines/2", "~ /lines/3/qty"];
    check(&before, &after, &keys(), &expected);
    let fewer = object(&[("lines", array(&[line("C", 4)]))]);
    check(
        &before,
        &fewer,
        &keys(),
        &["- /lines/0", "- /lines/1", "~ /lines/0/qty"],
    );
}

#[test]
fn a_key_that_two_lines_share_falls_back_to_equality() {
    let line = |sku: &str, qty: i64| object(&[("sku", text(sku)), ("qty", int(qty))]);
    let before = object(&[("lines", array(&[line("A", 1), line("A", 2)]))]);
    let after = object(&[("lines", array(&[line("A", 2)]))]);
    check(&before, &after, &keys(), &["- /lines/0"]);
}

#[test]
fn elements_without_a_key_change_in_place() {
    let before = array(&[int(1), int(2), int(3)]);
    check(
        &before,
        &array(&[int(1), int(5), int(3)]),
        &ArrayKeys::default(),
        &["~ /1"],
    );
    check(&before, &array(&[int(2), int(3)]), &ArrayKeys::default(), &["- /0"]);
    check(
        &before,
        &array(&[int(3), int(1), int(2)]),
        &ArrayKeys::default(),
        &["> /0 from /2"],
    );
    check(
        &before,
        &array(&[int(1), int(2), int(3), int(4)]),
        &ArrayKeys::default(),
        &["+ /3"],
    );
}
