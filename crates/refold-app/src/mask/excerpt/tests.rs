//! Lists of what is shown, held against the plain reading of them on texts and lists made at random.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn shown(list: &str, keys: &[&str], text: &str) -> Option<String> {
    let excerpt = Excerpt::parse(&format!("refold = \"excerpt/1\"\n{list}")).expect("a list");
    let keys: Vec<PersonKey> = keys.iter().map(|key| PersonKey::parse(key).expect("a key")).collect();
    let left = excerpt.of(b"order", b"OrderPlaced", Part::Payload, &keys);
    let bytes = left.json(text.as_bytes(), &mut |_, _, fate| match fate {
        Fate::Hidden => "[redacted]".to_owned(),
        Fate::Pseudonym { domain, value } => format!("[{domain} {}]", String::from_utf8_lossy(value)),
    })?;
    Some(String::from_utf8(bytes).expect("text"))
}

#[test]
fn what_is_on_no_list_is_hidden_whole() {
    let text = r#"{"a": 1, "b": {"secret key": [true, null]}}"#;
    assert_eq!(shown("", &[], text).expect("JSON"), "\"[redacted]\"");
    assert_eq!(
        shown("[[show]]\npaths = [\"/a\"]", &[], text).expect("JSON"),
        r#"{"a": 1, "b": "[redacted]"}"#
    );
    assert_eq!(shown("", &[], "no JSON"), None);
}

#[test]
fn what_is_shown_keeps_its_bytes() {
    let text = r#"{ "n" : 9007199254740993 , "p":0.10,"n":1e400, "t":"\u00e9" }"#;
    let list = "[[show]]\npaths = [\"/n\", \"/p\", \"/t\"]";
    assert_eq!(shown(list, &[], text).expect("JSON"), text);
}

#[test]
fn others_have_pseudonyms_where_the_person_is_shown() {
    let key = ["/customer=C-7"];
    let list = "[[pseudonym]]\ndomain = \"seller\"\npaths = [\"/seller\", \"/by/*\"]";
    for (text, expected) in [
        // The person is shown by the key alone, and is nobody at another path.
        (r#"{"customer":"C-7"}"#, r#"{"customer":"C-7"}"#),
        (r#"{"customer":"\u0043-7"}"#, r#"{"customer":"\u0043-7"}"#),
        (r#"{"customer":"C-8"}"#, r#"{"customer":"[/customer C-8]"}"#),
        (r#"{"seller":"C-7"}"#, r#"{"seller":"[seller C-7]"}"#),
        // One value has one name in a domain, as a text and as a number.
        (
            r#"{"seller":7,"by":["7",{"x":7}]}"#,
            r#"{"seller":"[seller 7]","by":["[seller 7]",{"x":"[seller 7]"}]}"#,
        ),
        // Nothing is nobody, and what is hidden stays that.
        (
            r#"{"seller":null,"by":["[redacted]"]}"#,
            r#"{"seller":null,"by":["[redacted]"]}"#,
        ),
    ] {
        assert_eq!(shown(list, &key, text).expect("JSON"), expected, "{text}");
    }
    // Also where the list would show everything.
    let all = "[[show]]\npaths = [\"\"]";
    assert_eq!(
        shown(all, &key, r#"{"customer":"C-8","x":{"y":1}}"#).expect("JSON"),
        r#"{"customer":"[/customer C-8]","x":{"y":1}}"#
    );
}

#[test]
fn a_list_speaks_of_what_it_names_alone() {
    let of = |limits: &str| shown(&format!("[[show]]\npaths = [\"/a\"]\n{limits}"), &[], "{\"a\":1}").expect("JSON");
    for fits in [
        "",
        "category = \"ord*\"",
        "type = \"OrderPlaced\"",
        "in = [\"payload\"]",
    ] {
        assert_eq!(of(fits), "{\"a\":1}", "{fits}");
    }
    for other in ["category = \"cart\"", "type = \"Paid\"", "in = [\"metadata\"]"] {
        assert_eq!(of(other), "\"[redacted]\"", "{other}");
    }
}

#[test]
fn a_slip_of_the_pen_in_a_list_is_an_error() {
    for wrong in [
        "",
        "refold = \"mask/1\"",
        "refold = \"excerpt/1\"\n[[hide]]\npaths = [\"/a\"]",
        "refold = \"excerpt/1\"\n[[show]]\npaths = [\"a\"]",
        "refold = \"excerpt/1\"\n[[pseudonym]]\npaths = [\"/a\"]",
        "refold = \"excerpt/1\"\n[[pseudonym]]\ndomain = \"d\"\npaths = [\"/a\"]\ncategry = \"x\"",
        "refold = \"excerpt/1\"\ncolumns = [\"payload\"]",
    ] {
        assert!(Excerpt::parse(wrong).is_err(), "{wrong}");
    }
    for wrong in ["C-7", "=C-7", "/a=", "a=b"] {
        assert!(PersonKey::parse(wrong).is_err(), "{wrong}");
    }
    // Of more than one '=' the value has the others.
    assert_eq!(PersonKey::parse("/a=b=c").expect("a key").value, "b=c");
}

#[test]
fn a_person_is_found_by_the_value_and_not_by_its_writing() {
    let key = PersonKey::parse("/**/id=7").expect("a key");
    for holds in [
        r#"{"id":7}"#,
        r#"{"x":[{"id":"7"}]}"#,
        r#"{"id":"\u0037"}"#,
        r#"{"id":8,"id":7}"#,
    ] {
        assert_eq!(key.is_in(holds.as_bytes()), Some(true), "{holds}");
    }
    for lacks in [r#"{"id":77}"#, r#"{"id":7.0}"#, r#"{"other":7}"#, r#"{"id":{"7":8}}"#] {
        assert_eq!(key.is_in(lacks.as_bytes()), Some(false), "{lacks}");
    }
    assert_eq!(key.is_in(b"id=7"), None);
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u8>().prop_map(|number| json!(number)),
        Just(json!(null)),
        "[x-z]{0,2}".prop_map(|text| json!(text))
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(prop::sample::select(&NAMES[..]), inner, 0..4).prop_map(|members| members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

fn pattern() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(
        prop::sample::select(vec!["a", "b", "c", "d", "*", "**", "0", "1"]),
        0..4,
    )
}

/// Whether a pattern leads to a path.
fn leads(pattern: &[&str], path: &[String]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => leads(rest, path) || path.split_first().is_some_and(|(_, on)| leads(pattern, on)),
        ([first, rest @ ..], [name, on @ ..]) => (*first == "*" || first == name) && leads(rest, on),
        _ => false,
    }
}

/// Whether it leads to a path or to something that it is in.
fn holds(patterns: &[Vec<&str>], path: &[String]) -> bool {
    (0..=path.len()).any(|end| patterns.iter().any(|pattern| leads(pattern, &path[..end])))
}

/// The leaves of a text that are shown, with what stands for those that are named.
fn leaves(value: &Value, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &Value)) {
    let mut inside = |name: String, value: &Value, visit: &mut dyn FnMut(&[String], &Value)| {
        path.push(name);
        leaves(value, path, visit);
        path.pop();
    };
    match value {
        Value::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                inside(at.to_string(), element, visit);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                inside(key.clone(), member, visit);
            }
        }
        leaf => visit(path, leaf),
    }
}

proptest! {
    #[test]
    fn nothing_is_shown_but_what_the_lists_name(
        document in document(),
        show in prop::collection::vec(pattern(), 0..3),
        named in prop::collection::vec(pattern(), 0..2),
    ) {
        let written = |patterns: &[Vec<&str>]| -> String {
            let paths: Vec<String> = patterns.iter().map(|steps| steps.iter().map(|step| format!("/{step}")).collect()).collect();
            format!("{paths:?}")
        };
        let list = format!(
            "[[show]]\npaths = {}\n[[pseudonym]]\ndomain = \"d\"\npaths = {}",
            written(&show),
            written(&named)
        );
        let left = shown(&list, &[], &document.to_string()).expect("it is JSON");
        let left: Value = serde_json::from_str(&left).expect("it stays JSON");
        // What is left stands where it stood, and is what it was.
        let mut kept = 0;
        let mut fault = None;
        leaves(&left, &mut Vec::new(), &mut |path, value| {
            let place = format!("/{}", path.join("/"));
            let was = match path.is_empty() {
                true => Some(&document),
                false => document.pointer(&place),
            };
            let expected = match was {
                _ if *value == json!("[redacted]") => return,
                Some(was @ Value::String(text)) if holds(&named, path) => {
                    let _ = was;
                    json!(format!("[d {text}]"))
                }
                Some(Value::Null) if holds(&named, path) => json!(null),
                Some(was) if holds(&named, path) => json!(format!("[d {was}]")),
                Some(was) if holds(&show, path) => was.clone(),
                _ => json!("nothing should be here"),
            };
            kept += 1;
            if *value != expected {
                fault = Some((place, value.clone(), expected));
            }
        });
        prop_assert!(fault.is_none(), "{list} {document} {fault:?}");
        // And nothing that is named is missing.
        let mut wanted = 0;
        leaves(&document, &mut Vec::new(), &mut |path, _| wanted += usize::from(holds(&show, path) || holds(&named, path)));
        prop_assert_eq!(kept, wanted, "{} {} {}", list, document, left);
    }
}
