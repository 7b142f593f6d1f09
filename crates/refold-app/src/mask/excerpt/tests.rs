//! Lists of what is shown, held against the plain reading of them on texts and lists made at random.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn shown(list: &str, keys: &[&str], text: &str) -> Option<String> {
    let excerpt = Excerpt::parse(&format!("refold = \"excerpt/1\"\n{list}")).expect("a list");
    let keys: Vec<PersonKey> = keys.iter().map(|key| PersonKey::parse(key).expect("a key")).collect();
    let left = excerpt.of(b"order", b"OrderPlaced", Part::Payload, &keys);
    let name = |domain: &str, value: &[u8]| format!("[{domain} {}]", String::from_utf8_lossy(value));
    let left = left.left(text.as_bytes(), &name)?;
    let mut counted: Vec<_> = left
        .instead
        .into_iter()
        .map(|it| (it.path, it.domain.map(str::to_owned)))
        .collect();
    let mut written = written_in(&left.text);
    counted.sort();
    written.sort();
    assert_eq!(counted, written, "what is counted is what is written");
    Some(String::from_utf8(left.text).expect("text"))
}

#[test]
fn what_is_on_no_list_is_hidden_whole() {
    let text = r#"{"a": 1, "b": {"secret key": [true, null]}}"#;
    assert_eq!(shown("", &[], text).expect("JSON"), "\"[redacted]\"");
    assert_eq!(
        shown("[[show]]\npaths = [\"/a\"]", &[], text).expect("JSON"),
        r#"{"a":1,"[redacted]":"[redacted]"}"#
    );
    assert_eq!(shown("", &[], "no JSON"), None);
}

#[test]
fn what_is_shown_keeps_its_bytes() {
    let text = r#"{ "n" : 9007199254740993 , "p":0.10,"n":1e300, "t":"\u00e9" }"#;
    let list = "[[show]]\npaths = [\"/n\", \"/p\", \"/t\"]";
    let expected = r#"{"n":9007199254740993,"p":0.10,"n":1e300,"t":"\u00e9"}"#;
    assert_eq!(shown(list, &[], text).expect("JSON"), expected);
}

#[test]
fn no_key_is_shown_for_what_lies_beside_it_or_in_it() {
    let people = r#"{"alice":{"total":1},"bob":{"x":2},"carl":["dora"],"emil":{"total":3,"of":"fay","and":"gil"}}"#;
    for (list, text, expected) in [
        // A key that any step stands for may be a name; what is hidden stands once, and does not say how much it was.
        (
            "\"/*/total\"",
            people,
            r#"{"[redacted]":{"total":1},"[redacted 2]":"[redacted]","[redacted 3]":{"total":3,"[redacted]":"[redacted]"}}"#,
        ),
        // What may lie anywhere opens nothing that it is not in.
        ("\"/**/sku\"", people, r#""[redacted]""#),
        (
            "\"/**/sku\"",
            r#"{"people":{"bob":{"x":2}},"items":[{"sku":"A","for":"bob"},"carl","dora"]}"#,
            r#"{"[redacted]":"[redacted]","[redacted 2]":[{"sku":"A","[redacted]":"[redacted]"},"[redacted]"]}"#,
        ),
        ("\"/items/*/sku\"", r#"{"items":[{"for":"bob"},[]]}"#, r#""[redacted]""#),
        // Whoever lists an object lists all that is in it.
        ("\"/bob\"", people, r#"{"[redacted]":"[redacted]","bob":{"x":2}}"#),
        (
            "\"/bob/x\", \"/carl/total\"",
            people,
            r#"{"[redacted]":"[redacted]","bob":{"x":2},"carl":"[redacted]"}"#,
        ),
        ("\"\"", r#"{"bob":{}}"#, r#"{"bob":{}}"#),
        ("\"/a\"", r#"{"bob":[{}],"carl":{}}"#, r#""[redacted]""#),
    ] {
        let list = format!("[[show]]\npaths = [{list}]");
        assert_eq!(shown(&list, &[], text).expect("JSON"), expected, "{list} {text}");
    }
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
        (
            r#"{"customer":["C-7",{"vip":"C-7"}]}"#,
            r#"{"customer":["C-7",{"[redacted]":"[/customer C-7]"}]}"#,
        ),
        // One value has one name in a domain, as a text and as a number.
        (
            r#"{"seller":7,"by":["7",{"x":7}]}"#,
            r#"{"seller":"[seller 7]","by":["[seller 7]",{"[redacted]":"[seller 7]"}]}"#,
        ),
        // Nothing is nobody, and what is hidden stays that.
        (
            r#"{"seller":null,"by":["[redacted]"]}"#,
            r#"{"seller":null,"by":"[redacted]"}"#,
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
    for wrong in ["C-7", "=C-7", "/a=", "a=b", "/**=b", "/a/**=b"] {
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
        r#"{"id":[8,[7]]}"#,
        r#"{"id":{"id":7}}"#,
        r#"{"id":[{"id":7}]}"#,
    ] {
        assert_eq!(key.holder(holds.as_bytes()), Holder::Person, "{holds}");
    }
    for others in [
        r#"{"id":77}"#,
        r#"{"id":7.0}"#,
        r#"{"id":{"7":8}}"#,
        // A member of an object is not the field.
        r#"{"id":{"vip":7,"of":9}}"#,
        r#"{"id":[{"vip":7}]}"#,
        r#"{"id":"[redacted]"}"#,
        // What nobody can look into may be about anybody.
        r#""[redacted]""#,
        r#"[1,"[redacted]"]"#,
        "id=7",
        r#"{"id":7"#,
        "",
    ] {
        assert_eq!(key.holder(others.as_bytes()), Holder::Others, "{others}");
    }
    for nobody in [r#"{"other":7}"#, r#"{"id":null}"#, r#"{"id":[{}]}"#, r#""text""#] {
        assert_eq!(key.holder(nobody.as_bytes()), Holder::Nobody, "{nobody}");
    }
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

/// Whether a pattern names the member of an object at a path, and does not mean any.
fn names(patterns: &[Vec<&str>], path: &[String]) -> bool {
    let Some((key, object)) = path.split_last() else {
        return false;
    };
    let is_named =
        |pattern: &Vec<&str>| (0..pattern.len()).any(|at| pattern[at] == key && leads(&pattern[..at], object));
    patterns.iter().any(is_named)
}

/// What is left of a value, read plainly from what the guide says; `None`: it is hidden.
fn left_of(value: &Value, path: &mut Vec<String>, show: &[Vec<&str>], named: &[Vec<&str>]) -> Option<String> {
    let is_listed = holds(show, path);
    let mut inside = |name: String, value: &Value| {
        path.push(name);
        let is_named = is_listed || names(show, path) || names(named, path);
        let left = left_of(value, path, show, named);
        path.pop();
        (is_named, left)
    };
    match value {
        Value::Array(elements) => {
            let (mut out, mut is_kept, mut is_hiding) = (Vec::new(), is_listed, false);
            for (at, element) in elements.iter().enumerate() {
                match inside(at.to_string(), element).1 {
                    Some(left) => (is_kept, _) = (true, out.push(left)),
                    None if !is_hiding => (is_hiding, _) = (true, out.push("\"[redacted]\"".to_owned())),
                    None => {}
                }
            }
            is_kept.then(|| format!("[{}]", out.join(",")))
        }
        Value::Object(members) => {
            let (mut out, mut is_kept, mut is_hiding, mut hidden_keys) = (Vec::new(), is_listed, false, 0);
            for (key, member) in members {
                let (is_named, left) = inside(key.clone(), member);
                is_kept |= left.is_some();
                let key = match (is_named, &left) {
                    (true, _) => format!("\"{key}\""),
                    (false, None) if is_hiding => continue,
                    (false, _) => {
                        is_hiding |= left.is_none();
                        hidden_keys += 1;
                        match hidden_keys {
                            1 => "\"[redacted]\"".to_owned(),
                            number => format!("\"[redacted {number}]\""),
                        }
                    }
                };
                out.push(format!("{key}:{}", left.unwrap_or_else(|| "\"[redacted]\"".to_owned())));
            }
            is_kept.then(|| format!("{{{}}}", out.join(",")))
        }
        Value::Null if holds(named, path) => Some("null".to_owned()),
        Value::String(text) if holds(named, path) => Some(format!("\"[d {text}]\"")),
        leaf if holds(named, path) => Some(format!("\"[d {leaf}]\"")),
        leaf => is_listed.then(|| leaf.to_string()),
    }
}

/// What stands in a text in the place of values, in its order.
fn written_in(text: &[u8]) -> Vec<(String, Option<String>)> {
    fn visit(value: &Value, path: &str, found: &mut Vec<(String, Option<String>)>) {
        match value {
            Value::Array(elements) => elements.iter().for_each(|of| visit(of, &format!("{path}/*"), found)),
            Value::Object(members) => {
                for (key, of) in members {
                    let step = if key.starts_with("[redacted") { "*" } else { key };
                    visit(of, &format!("{path}/{step}"), found);
                }
            }
            Value::String(text) if text == "[redacted]" => found.push((path.to_owned(), None)),
            Value::String(text) if text.starts_with('[') => {
                let domain = text.trim_start_matches('[').split(' ').next().expect("a word");
                // As a pointer stands in a domain, so does it in a path.
                found.push((path.to_owned(), Some(domain.to_owned())));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    visit(&serde_json::from_slice(text).expect("it stays JSON"), "", &mut found);
    found
}

proptest! {
    #[test]
    fn nothing_is_left_but_what_the_lists_name(
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
        let expected = left_of(&document, &mut Vec::new(), &show, &named).unwrap_or_else(|| "\"[redacted]\"".to_owned());
        prop_assert_eq!(left, expected, "{} {}", list, document);
    }
}
