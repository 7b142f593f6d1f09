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
        shown(r#""a\"\\\/\n\u00e4\ud83e\udd80""#).as_deref(),
        Some("a\"\\/\nä🦀")
    );
    // Half a pair is the bytes that WTF-8 has for it: ids that differ in it stay two.
    for (literal, bytes) in [
        (&br#""a-\ud800""#[..], &b"a-\xed\xa0\x80"[..]),
        (br#""a-\ud801""#, b"a-\xed\xa0\x81"),
        (br#""\udfffx""#, b"\xed\xbf\xbfx"),
    ] {
        assert_eq!(text(literal).as_deref(), Some(bytes));
    }
    assert_eq!(shown("9007199254740993").as_deref(), Some("9007199254740993"));
    assert_eq!(shown("null"), None);
}

#[test]
fn nesting_costs_no_stack() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(check(deep.as_bytes(), &[]), Ok(()));
    assert_eq!(check(deep.as_bytes(), &["a"]), Ok(()));
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

/// An object, one of whose bytes may be another, or gone.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop_oneof![
        any::<u8>(),
        prop::sample::select(b"{}[]\",:\\0-.eu tn\x01\xff".to_vec())
    ];
    let change = (any::<prop::sample::Index>(), proptest::option::of(odd));
    (json(), proptest::option::of(change)).prop_map(|(value, change)| {
        let mut bytes = format!("{{\"a\":{value},\"\\u0062\":\"\\n\\ud800\"}}").into_bytes();
        if let Some((at, change)) = change {
            let at = at.index(bytes.len());
            bytes.splice(at..=at, change);
        }
        bytes
    })
}

proptest! {
    /// Against the exact reader of core, which builds values.
    #[test]
    fn an_object_is_json_where_core_reads_it(bytes in nearly_json()) {
        let read = refold_core::value::Value::from_json(&bytes, 64);
        let is_object = matches!(read, Ok(refold_core::value::Value::Object(_)));
        prop_assert_eq!(check(&bytes, &[]).is_ok(), is_object, "{:?}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_member_is_a_value_of_the_document(document in json()) {
        if let Some(members) = Members::of(document.as_bytes()) {
            for (name, literal) in members {
                prop_assert!(refold_core::value::Value::from_json(literal, 64).is_ok(), "{:?}", literal);
                let name = String::from_utf8(name.to_vec()).unwrap();
                prop_assert!(member(document.as_bytes(), &[name]).is_some());
            }
        }
        let of = format!("{{\"a\":{document}}}");
        prop_assert_eq!(check(of.as_bytes(), &[]), Ok(()));
        for torn in [format!("{of} x"), format!("{{\"a\":{document},}}"), format!("{{\"a\":{document}"), of.replacen(':', "", 1)] {
            prop_assert!(check(torn.as_bytes(), &[]).is_err(), "{}", torn);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'{'), Just(b'\\'), Just(b':')], 0..60)) {
        let _ = member(&bytes, &["a".to_owned(), "b".to_owned()]);
        let _ = text(&bytes);
        let _ = only_member(&bytes, "a");
    }
}
