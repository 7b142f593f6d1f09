//! Hashes that the SDK for Python (2.2.4) makes and verifies, and what still counts as the same data.

use std::borrow::Cow;

use super::super::rule::{GENESIS, Member, Rule, Sealed, Spelling, V1, V2, Verdict, judge};

const DATA: &str = r#"{"a":1.50,"b":"a \u003c ü"}"#;

fn sealed<'a>(data: &'a str, trace: &[(Member, &'a str)], hash: &'a str) -> Sealed<'a> {
    let mut sealed = Sealed {
        data: data.as_bytes(),
        hash: Some(Cow::Borrowed(hash.as_bytes())),
        ..Sealed::default()
    };
    let members = [
        (Member::SpecVersion, "1.0"),
        (Member::Id, "7"),
        (Member::Predecessor, std::str::from_utf8(GENESIS).expect("digits")),
        (Member::Time, "2026-03-04T05:06:07.080123456Z"),
        (Member::Source, "https://library.example"),
        (Member::Subject, "/books/42"),
        (Member::Type, "io.example.library.priced"),
        (Member::ContentType, "application/json"),
    ];
    for (member, text) in members.iter().chain(trace) {
        sealed.members[*member as usize] = Some(Cow::Borrowed(text.as_bytes()));
    }
    sealed
}

const PARENT: (Member, &str) = (
    Member::TraceParent,
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
);
const STATE: (Member, &str) = (Member::TraceState, "a=1");
const OF_DATA: &str = "d191edf0a6caef385b8a79aeea336b05d8e054b0f9fc26515acb68690c0b5903";

/// What it is, its members, and its hash or what is expected of it.
type Vector = (&'static str, &'static [(Member, &'static str)], &'static str);

#[test]
fn hashes_are_those_of_the_sdk() {
    let vectors: [Vector; 7] = [
        (DATA, &[], OF_DATA),
        (DATA, &[PARENT, STATE], OF_DATA),
        (
            "{}",
            &[],
            "89395467c296c207a32e32352f96e3631fe37bf221969c1fb68942f45a126fce",
        ),
        (
            DATA,
            &[],
            "esdb:hash:v2:4f98c1d90e2ddb73aaac308280a018141ffe1d0defed2e088c31495507d92a15",
        ),
        (
            DATA,
            &[PARENT, STATE],
            "esdb:hash:v2:41bc43d0b143100c5f16d68b0662d1e7766ee26e6b553ed52bba3de28012fbcb",
        ),
        (
            DATA,
            &[PARENT],
            "esdb:hash:v2:f5f2fa810e2cb4255dcb189fbf67944505a41cb0e10f1835dee90c589abc3c36",
        ),
        (
            "{}",
            &[PARENT, STATE],
            "esdb:hash:v2:134479dfed0b5d8a1fd5236dd3c303854c4fa0cbc0ff99f443d6c85f4309983d",
        ),
    ];
    for (data, trace, hash) in vectors {
        let rule = if hash.starts_with("esdb:") { &V2 } else { &V1 };
        let expected = Verdict::Holds {
            spelling: Spelling::AsWritten,
            rule,
        };
        assert_eq!(judge(&sealed(data, trace, hash)), expected, "{hash}");
        for member in 0..8 {
            let mut other = sealed(data, trace, hash);
            other.members[member] = Some(Cow::Borrowed(b"x"));
            assert!(matches!(judge(&other), Verdict::Differs { .. }), "{member} of {hash}");
        }
    }
}

#[test]
fn the_same_json_in_another_spelling_is_told_as_such_and_another_value_is_not() {
    let same = [
        (r#"{ "a" : 1.50,"b":"a \u003c ü" }"#, Spelling::Unspaced),
        ("{\n  \"a\": 1.50,\n  \"b\": \"a < ü\"\n}", Spelling::Html),
        (r#"{"a":1.50,"b":"a \u003c \u00fc"}"#, Spelling::Html),
    ];
    for (data, spelling) in same {
        assert_eq!(
            judge(&sealed(data, &[], OF_DATA)),
            Verdict::Holds { spelling, rule: &V1 },
            "{data}"
        );
    }
    // What JavaScript and Python would have had the server hash.
    let written = r#"{"a":"\u003c ü 😀 \u007f"}"#;
    for (spelling, data) in [
        (Spelling::Plain, "{\"a\":\"< ü 😀 \u{7f}\"}"),
        (Spelling::Ascii, r#"{"a":"< \u00fc \ud83d\ude00 \u007f"}"#),
    ] {
        let hash = V1.hash(&sealed(data, &[], ""), data.as_bytes());
        let hash = String::from_utf8(hash).expect("digits");
        assert_eq!(
            judge(&sealed(written, &[], &hash)),
            Verdict::Holds { spelling, rule: &V1 },
            "{data}"
        );
    }
    // Blanks inside what is no JSON are a change.
    let hash = V1.hash(&sealed("", &[], ""), br#"{"total":12}"#);
    let hash = String::from_utf8(hash).expect("digits");
    let judged = |data| matches!(judge(&sealed(data, &[], &hash)), Verdict::Holds { .. });
    assert!(judged(r#"{ "total" : 12 }"#));
    assert!(!judged(r#"{"total":1 2}"#) && !judged(r#"{"total":12} "}"#) && !judged(r#"{"to tal":12}"#));
    for data in [
        r#"{"a":1.5,"b":"a \u003c ü"}"#,
        r#"{"b":"a \u003c ü","a":1.50}"#,
        r#"{"a":1.50,"b":"a \u003c  ü"}"#,
        r#"{"a":1.50,"b":"a \u003c u"}"#,
        r#"{"a":1.50,"b":"a \u003c ü"#,
        "",
    ] {
        assert!(
            matches!(judge(&sealed(data, &[], OF_DATA)), Verdict::Differs { .. }),
            "{data}"
        );
    }
}

#[test]
fn a_hash_of_another_version_is_not_guessed_at() {
    for (hash, version) in [
        ("esdb:hash:v3:00", "v3"),
        ("esdb:hash:", ""),
        ("esdb:hash:v22:00", "v22"),
    ] {
        let version = version.to_owned();
        assert_eq!(judge(&sealed(DATA, &[], hash)), Verdict::Unknown { version });
    }
    assert_eq!(Rule::of(b"esdb:hash:v2:"), Ok(&V2));
    let mut bare = sealed(DATA, &[], "");
    bare.hash = None;
    assert_eq!(judge(&bare), Verdict::Bare);
}

#[test]
fn a_stroke_joins_what_the_first_version_covers_so_that_it_can_move() {
    // Known of the store, and said in the answer: the hash of both is the same.
    let (mut one, mut other) = (sealed("{}", &[], ""), sealed("{}", &[], ""));
    one.members[Member::Source as usize] = Some(Cow::Borrowed(b"a|b"));
    one.members[Member::Subject as usize] = Some(Cow::Borrowed(b"c"));
    other.members[Member::Source as usize] = Some(Cow::Borrowed(b"a"));
    other.members[Member::Subject as usize] = Some(Cow::Borrowed(b"b|c"));
    assert_eq!(V1.hash(&one, b"{}"), V1.hash(&other, b"{}"));
    assert_ne!(V2.hash(&one, b"{}"), V2.hash(&other, b"{}"));
}
