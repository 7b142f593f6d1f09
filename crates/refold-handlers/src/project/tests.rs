use proptest::prelude::*;
use refold_core::value::{Text, Value};

use super::*;

const DEPTH: usize = 8;

/// The definition: parse everything, then look up.
fn looked_up(payload: &[u8], paths: &[Vec<Text>]) -> Option<Vec<Option<Value>>> {
    let value = Value::from_json(payload, DEPTH).ok()?;
    let find = |path: &Vec<Text>| {
        let mut at = &value;
        for key in path {
            let Value::Object(members) = at.resolved() else {
                return None;
            };
            at = members.get(key.as_wtf8())?;
        }
        Some(at.resolved().clone())
    };
    Some(paths.iter().map(find).collect())
}

fn projected(payload: &[u8], paths: &[Vec<Text>]) -> Option<Vec<Option<Value>>> {
    let mut slots = Vec::new();
    Projection::new(paths).project(payload, DEPTH, &mut slots).ok()?;
    // A slot that holds the whole of a repeated key is read as its last value.
    Some(
        slots
            .into_iter()
            .map(|slot| slot.map(|value| value.resolved().clone()))
            .collect(),
    )
}

/// One after the other with the same layouts.
fn projected_in_turn(payloads: &[Vec<u8>], paths: &[Vec<Text>]) -> Vec<Option<Vec<Option<Value>>>> {
    let projection = Projection::new(paths);
    let (mut layouts, mut slots) = (Layouts::default(), Vec::new());
    let mut projected = |payload: &Vec<u8>| {
        let expected = projection.project(payload, DEPTH, &mut Vec::new());
        let outcome = layouts.project(&projection, payload, DEPTH, &mut slots);
        assert_eq!(outcome, expected, "the same refusal with and without layouts");
        let resolved = |slot: &Option<Value>| slot.as_ref().map(|value| value.resolved().clone());
        outcome.ok().map(|()| slots.iter().map(resolved).collect())
    };
    payloads.iter().map(&mut projected).collect()
}

/// JSON text as people and machines write it: blanks, escapes, repeated keys, odd numbers.
fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        prop::sample::select(vec![
            "0",
            "-0",
            "1e400",
            "0.10",
            "-1.50E+2",
            "123456789012345678901234567890",
            "12.50"
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            r#""""#,
            r#""plain""#,
            r#""a\"b""#,
            r#""\ud800""#,
            r#""\ud83d\ude00""#,
            r#""\u0041""#,
            "\"é\"",
            r#""\\""#,
            r#""0123456789abcdef""#,
            r#""01234567\n9abcdef""#,
        ])
        .prop_map(str::to_owned),
    ];
    let blank = || prop::sample::select(vec!["", "", "", " ", "\n\t"]);
    scalar.prop_recursive(4, 40, 6, move |inner| {
        let key = prop::sample::select(vec![r#""a""#, r#""b""#, r#""c""#, r#""\u0061""#, r#""ab""#, r#""""#]);
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..4), blank())
                .prop_map(|(values, blank)| format!("[{blank}{}{blank}]", values.join(&format!("{blank},")))),
            (prop::collection::vec((key, inner), 0..6), blank()).prop_map(|(members, blank)| {
                let members = members
                    .iter()
                    .map(|(key, value)| format!("{blank}{key}{blank}:{blank}{value}"));
                format!("{{{}{blank}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

fn paths() -> impl Strategy<Value = Vec<Vec<Text>>> {
    let key = prop::sample::select(vec!["a", "b", "c", "ab", ""]).prop_map(Text::from);
    let path = prop::collection::vec(key, 0..4);
    prop::collection::btree_set(path, 0..6).prop_map(|paths| paths.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn it_is_parsing_and_looking_up(payload in json(), paths in paths()) {
        prop_assert_eq!(projected(payload.as_bytes(), &paths), looked_up(payload.as_bytes(), &paths));
    }

    #[test]
    fn it_refuses_what_parsing_refuses(
        payload in json(), paths in paths(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut payload = payload.into_bytes();
        let at = at.index(payload.len());
        if cut { payload.truncate(at) } else { payload[at] = byte }
        prop_assert_eq!(projected(&payload, &paths), looked_up(&payload, &paths));
    }

    /// Payloads of one writer, of several, and some with a byte that nobody expects.
    #[test]
    fn layouts_change_nothing(
        kinds in prop::collection::vec(json(), 1..7),
        course in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..6_u8, any::<u8>()), 1..60),
        paths in paths(),
    ) {
        let mut payloads = Vec::new();
        for (kind, at, change, byte) in course {
            let mut payload = kind.get(&kinds).clone().into_bytes();
            let at = at.index(payload.len());
            match change {
                0 => payload[at] = byte,
                1 => payload[at] = b"0123456789\"{}[],:ntf\\ab -.e"[usize::from(byte) % 27],
                2 => payload.truncate(at),
                3 => payload.insert(at, b"0a\"}\\"[usize::from(byte) % 5]),
                _ => {}
            }
            payloads.push(payload);
        }
        let expected: Vec<_> = payloads.iter().map(|payload| looked_up(payload, &paths)).collect();
        prop_assert_eq!(projected_in_turn(&payloads, &paths), expected);
    }

    #[test]
    fn a_value_projects_as_its_text_does(payload in json(), paths in paths()) {
        let value = Value::from_json(payload.as_bytes(), DEPTH).unwrap();
        let mut slots = Vec::new();
        Projection::new(&paths).project_value(&value, &mut slots);
        prop_assert_eq!(Some(slots), looked_up(payload.as_bytes(), &paths));
    }
}

/// That a layout is taken at all, and where it must not be: what it skips is checked to be JSON all the same.
#[test]
fn a_layout_reads_what_it_was_learned_from() {
    let paths = [vec!["a"], vec!["o", "b"], vec!["late"]].map(|path| path.into_iter().map(Text::from).collect());
    let projection = Projection::new(&paths);
    let mut layouts = Layouts::default();
    let mut read = |payload: &str| {
        let mut slots = Vec::new();
        layouts
            .project(&projection, payload.as_bytes(), DEPTH, &mut slots)
            .ok()?;
        Some(
            slots
                .iter()
                .map(|slot| {
                    slot.as_ref()
                        .map(|value| String::from_utf8(value.to_canonical()).unwrap())
                })
                .collect(),
        )
    };
    let slots = |a: &str, b: &str| Some(vec![Some(a.to_owned()), Some(b.to_owned()), None]);
    let first =
        r#"{"a": 1, "a key of more than sixteen bytes": [1, 2], "o": {"x": null, "b": "t"}, "z": {"node": "n"}}"#;
    assert_eq!(read(first), slots("1", "\"t\""));
    for (from, to) in [("1, 2", "{\"c\": []}"), ("\"n\"", "1e9"), ("null", "\"\\u0041\"")] {
        assert_eq!(read(&first.replace(from, to)), slots("1", "\"t\""), "{to}");
    }
    assert_eq!(
        read(&first.replace("\"t\"", "{\"deep\": [7]}")),
        slots("1", "{\"deep\":[7]}")
    );
    for (from, to) in [
        ("1, 2", "1, 02"),
        ("\"n\"", "\"\n\""),
        ("null", "nul"),
        ("[1, 2]", "[[[[[[[[1]]]]]]]]"),
    ] {
        assert_eq!(read(&first.replace(from, to)), None, "{to}");
    }
    assert_eq!(read(&format!("{first} ")), slots("1", "\"t\""));
    assert_eq!(read(&format!("{first}}}")), None);
    assert_eq!(
        read(r#"{"a": 2, "a": 3}"#),
        Some(vec![Some("3".to_owned()), None, None])
    );
}

#[test]
fn faults_say_where_they_are() {
    let reason = |payload: &[u8]| {
        let malformed = Projection::new(&[])
            .project(payload, DEPTH, &mut Vec::new())
            .unwrap_err();
        (malformed.offset, malformed.reason)
    };
    assert_eq!(reason(b""), (0, Reason::Value));
    assert_eq!(reason(b"{\"a\":1"), (6, Reason::Structure));
    assert_eq!(reason(b"{\"a\":01}"), (6, Reason::Structure));
    assert_eq!(reason(b"[1,]"), (3, Reason::Value));
    assert_eq!(reason(b"[\"a\nb\"]"), (1, Reason::Text));
    assert_eq!(reason(b"[\"\\q\"]"), (2, Reason::Escape));
    assert_eq!(reason(b"[-]"), (1, Reason::Number));
    assert_eq!(reason(b"1 2"), (2, Reason::Trailing));
    assert_eq!(reason(b"[\"\xff\"]"), (2, Reason::Encoding));
    assert_eq!(reason(b"[[[[[[[[[1]]]]]]]]]"), (8, Reason::Depth));
}

#[test]
fn a_payload_nested_100_000_deep_is_refused_and_takes_no_stack() {
    let deep = "[".repeat(100_000);
    let malformed = Projection::new(&[])
        .project(deep.as_bytes(), 64, &mut Vec::new())
        .unwrap_err();
    assert_eq!(
        malformed,
        Malformed {
            offset: 64,
            reason: Reason::Depth
        }
    );
}
