//! Numbers of one amount in two spellings: other values, and said to be the same number.

use std::fs;

use crate::lab::Lab;

const SAME: &str = "the same number, written differently";

#[test]
fn a_number_that_is_only_written_differently_is_said_to_be_the_same() {
    let lab = Lab::shared();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let store = write(
        "a.jsonl",
        "{\"stream\":\"a-1\",\"type\":\"T\",\"payload\":{\"id\":\"a-1\"}}\n",
    );
    let rules = |total: &str, other: &str| {
        format!("refold: reducer/1\non:\n  T:\n    - set: {{ total: \"{total}\", other: \"{other}\" }}\n")
    };
    let (left, right) = (write("l.yaml", &rules("0", "1")), write("r.yaml", &rules("0.00", "2")));

    let replayed = lab.run(&["replay", &store, "a-1", "--handler", &left, "--against", &right]);
    assert_eq!(replayed.code, 1, "the literal counts: {replayed:?}");
    let compared = lab.run(&[
        "compare",
        &store,
        "--stream",
        "a-1",
        "--handler",
        &left,
        "--handler",
        &right,
    ]);
    assert_eq!(compared.code, 1, "{compared:?}");
    for told in [&replayed.out, &compared.out] {
        let line = |path: &str| told.lines().find(|line| line.contains(path)).unwrap();
        assert!(line("/total").contains(&format!("0.00 ({SAME})")), "{told}");
        assert!(!line("/other").contains(SAME), "{told}");
    }

    // A row of a read model is held against the state in the same way, as its column is compared.
    for (held, compared, is_wrong) in [
        ("0.00", "exact", true),
        ("\"0.00\"", "text", true),
        ("0.00", "number", false),
    ] {
        let rows = write("rows.jsonl", &format!("{{\"id\":\"a-1\",\"total\":{held}}}\n"));
        let map = format!(
            "format = \"refold-read-model/1\"\n[key]\nstream = \"{{id}}\"\n[columns]\n\
             total = {{ path = \"/total\", as = \"{compared}\" }}\n"
        );
        let map = write("rows.toml", &map);
        let drifted = lab.run(&[
            "drift",
            &store,
            "--read-model",
            &rows,
            "--map",
            &map,
            "--handler",
            &left,
        ]);
        assert_eq!(drifted.code, i32::from(is_wrong), "{compared}: {drifted:?}");
        assert_eq!(drifted.out.contains(SAME), is_wrong, "{compared}: {drifted:?}");
    }
}
