//! Members are found as the exact JSON reader of core finds them, and their literals stay as they are.

use proptest::prelude::*;

use super::*;

fn find(document: &str, path: &[&str]) -> Option<String> {
    let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
    member(document.as_bytes(), &path).map(|literal| String::from_utf8(literal.to_vec()).unwrap())
}

#[test]
fn literals_stay_as_they_are() {
    let document = r#" { "a" : 1.50 , "b":{"c":[1,{"d":"}"}], "e":null}, "\u0066":"\"", "a":-0 } "#;
    for (path, expected) in [
        (&["a"][..], Some("-0")),
        (&["b"], Some("{\"c\":[1,{\"d\":\"}\"}], \"e\":null}")),
        (&["b", "c"], Some("[1,{\"d\":\"}\"}]")),
        (&["b", "e"], Some("null")),
        (&["f"], Some("\"\\\"\"")),
        (&["g"], None),
        (&["a", "x"], None),
    ] {
        assert_eq!(find(document, path).as_deref(), expected, "{path:?}");
    }
    assert_eq!(only_member(b"{\"Added\":{\"n\":1}}", "Added"), Some(&b"{\"n\":1}"[..]));
    assert_eq!(only_member(b"{\"Added\":1,\"x\":2}", "Added"), None);
}

#[test]
fn texts_lose_quotes_and_escapes_only() {
    let shown = |literal: &str| text(literal.as_bytes()).map(|text| String::from_utf8(text.into_owned()).unwrap());
    assert_eq!(
        shown(r#""a\"\\\/\n\u00e4\ud83e\udd80\ud800""#).as_deref(),
        Some("a\"\\/\nä🦀\u{fffd}")
    );
    assert_eq!(shown("9007199254740993").as_deref(), Some("9007199254740993"));
    assert_eq!(shown("null"), None);
}

#[test]
fn nesting_costs_no_stack() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert!(is_closed(deep.as_bytes()));
    assert_eq!(find(&deep, &["a"]).map(|literal| literal.len()), Some(2_000_000));
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[1-9][0-9]{0,20}(\\.[0-9]{1,5})?(e[0-9]{1,3})?",
        "[ -~&&[^\"\\\\]]{0,8}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(" , "))),
            proptest::collection::vec(("[a-c]{1,2}", inner), 0..5).prop_map(|members| {
                let members = members.into_iter().map(|(name, value)| format!("\"{name}\": {value}"));
                format!("{{ {} }}", members.collect::<Vec<_>>().join(",\n"))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn a_member_is_a_value_of_the_document(document in json()) {
        prop_assert!(is_closed(document.as_bytes()));
        if let Some(members) = Members::of(document.as_bytes()) {
            for (name, literal) in members {
                prop_assert!(refold_core::value::Value::from_json(literal, 64).is_ok(), "{:?}", literal);
                let name = String::from_utf8(name.to_vec()).unwrap();
                prop_assert!(member(document.as_bytes(), &[name]).is_some());
            }
        }
        let torn = format!("{document} x");
        prop_assert!(!is_closed(torn.as_bytes()));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'{'), Just(b'\\'), Just(b':')], 0..60)) {
        let _ = is_closed(&bytes);
        let _ = member(&bytes, &["a".to_owned(), "b".to_owned()]);
        let _ = text(&bytes);
        let _ = only_member(&bytes, "a");
    }
}
