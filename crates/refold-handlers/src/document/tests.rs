use super::*;

fn yaml(text: &str) -> Result<Document, PackageError> {
    Document::from_yaml(&Arc::from("a.yaml"), text.as_bytes())
}

fn toml(text: &str) -> Result<Document, PackageError> {
    Document::from_toml(&Arc::from("a.toml"), text.as_bytes())
}

#[test]
fn data_keeps_its_literals() {
    let document = yaml("a: 0.10\nb: '0.10'\nc: [~, true, no, 1e400, 0x10, .5, 9007199254740993]\nd:\n  e: |\n    f\n");
    let json = String::from_utf8(document.unwrap().root.to_value().to_canonical()).unwrap();
    assert_eq!(
        json,
        r#"{"a":0.10,"b":"0.10","c":[null,true,"no",1e400,"0x10",".5",9007199254740993],"d":{"e":"f\n"}}"#
    );
    let document = toml("a = 0.10\nb = '1'\nc = 0x10\n[d]\ne = 2026-08-03T14:00:00Z\n").unwrap();
    let json = String::from_utf8(document.root.to_value().to_canonical()).unwrap();
    assert_eq!(json, r#"{"a":0.10,"b":"1","c":16,"d":{"e":"2026-08-03T14:00:00Z"}}"#);
}

/// Where each character of the scalar under `a` stands, in each style of YAML.
#[test]
fn characters_of_a_scalar_are_found_in_the_file() {
    let mark = |text: &str, index: usize| {
        let document = yaml(text).unwrap();
        let Body::Map(members) = document.root.body else {
            panic!("{text}")
        };
        let Body::Scalar(scalar) = &members[0].1.body else {
            panic!("{text}")
        };
        let mark = scalar.source.mark(&scalar.text, index);
        (mark.line, mark.column)
    };
    assert_eq!(mark("a: xyz\n", 2), (1, 6));
    assert_eq!(mark("a: 'x''z'\n", 2), (1, 8));
    assert_eq!(mark("a: \"\\u00e9\\tz\"\n", 2), (1, 13));
    assert_eq!(mark("\n\na: |\n   x\n   yz\n", 3), (5, 5));
    assert_eq!(mark("a: |-\n\n  x\n", 1), (3, 3));
    assert_eq!(mark("a: |\n  x ||\n   y\n", 6), (3, 4));
    assert_eq!(
        mark("a: x\n  y\n", 2),
        (1, 4),
        "over a line break only the start is known"
    );
    assert_eq!(mark("é: 'é1'\n", 1), (1, 6), "columns count characters");
}

#[test]
fn what_is_not_taken() {
    let error = |result: Result<Document, PackageError>| result.unwrap_err().to_string();
    assert_eq!(
        error(yaml("a: &x 1\nb: *x\n")),
        "RF-PKG-SYNTAX: anchors are not supported; write the value out (a.yaml:1:4)"
    );
    assert_eq!(
        error(yaml("a: !!str 1\n")),
        "RF-PKG-SYNTAX: tags are not supported; remove the `!…` (a.yaml:1:4)"
    );
    assert_eq!(
        error(yaml("a: 1\n---\nb: 2\n")),
        "RF-PKG-SYNTAX: a second document begins here; keep one document to a file (a.yaml:3:1)"
    );
    assert_eq!(
        error(yaml("? [a]\n: 1\n")),
        "RF-PKG-SYNTAX: a key must be text (a.yaml:1:3)"
    );
    let deep = format!("a: {}1{}\n", "[".repeat(100), "]".repeat(100));
    assert!(error(yaml(&deep)).starts_with("RF-PKG-SYNTAX: the file nests deeper than 64 levels"));
    let broken = Document::from_yaml(&Arc::from("a.yaml"), b"a: 1\nb: \xff\n");
    assert_eq!(
        error(broken),
        "RF-PKG-SYNTAX: the file is not UTF-8 here; save it as UTF-8 (a.yaml:2:4)"
    );
    let json = |text: &str| Document::from_yaml(&Arc::from("edits.json"), text.as_bytes());
    assert_eq!(
        error(json("{\"a\": 1,\n \"b\": {\"c\": 2}\n")),
        "RF-PKG-SYNTAX: this is not JSON: the text ends inside an object (edits.json:3:1)"
    );
    assert_eq!(
        error(json("{\"a\": [1 2}\n")),
        "RF-PKG-SYNTAX: this is not JSON: expected a comma or the end of the array (edits.json:1:10)"
    );
    let strict = |text: &str| Document::from_json(&Arc::from("edits.json"), text.as_bytes());
    for (text, message) in [
        ("{\"a\": 012.5}", "this is not JSON: "),
        ("{\"a\": }", "this is not JSON: "),
        ("{'a': yes,}", "this is not JSON: "),
        ("{\"a\": 1,\n\"b\": 012.5}", "this is not JSON: "),
        ("{\"a\": 1, \"a\": 2}", "the key `a` occurs twice"),
    ] {
        let found = error(strict(text));
        assert!(
            found.starts_with(&format!("RF-PKG-SYNTAX: {message}")),
            "{text}: {found}"
        );
    }
    let read = strict("{\"a\": 12.50, \"b\": [null, true, \"012.5\"]}").unwrap();
    assert_eq!(
        read.root.to_value().display_json().to_string(),
        "{\"a\":12.50,\"b\":[null,true,\"012.5\"]}"
    );
    assert_eq!(
        error(toml("a = 1\na = 2\n")),
        "RF-PKG-SYNTAX: this is not TOML: duplicate key (a.toml:2:1)"
    );
}
