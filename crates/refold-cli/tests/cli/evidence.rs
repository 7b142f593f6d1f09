//! Anchors on the command line: a store that was tampered with ends with 1, and each event is named.

use crate::lab::Lab;

#[test]
fn tampering_with_a_store_is_named_event_by_event() {
    let lab = Lab::new(3_000);
    let out = tempfile::tempdir().unwrap();
    let out = out.path().to_str().unwrap();
    let made = lab.run(&["--json", "anchor", "orders.db", "--out", out]);
    assert_eq!(made.code, 0, "{made:?}");
    let made: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    assert_eq!(
        (made["size"].as_u64(), made["signed_by"].is_null()),
        (Some(3_000), true)
    );
    let verify = || {
        lab.run(&[
            "--json",
            "verify",
            "orders.db",
            "--anchor",
            made["dir"].as_str().unwrap(),
        ])
    };
    let whole = verify();
    assert_eq!(whole.code, 0, "{whole:?}");
    let whole: serde_json::Value = serde_json::from_str(&whole.out).unwrap();
    assert_eq!(
        (whole["level"].as_str(), &whole["findings"]),
        (Some("L1"), &serde_json::json!([]))
    );

    let store = rusqlite::Connection::open(lab.store()).unwrap();
    store
        .execute_batch(
            "UPDATE emt_messages SET message_metadata = '{}' WHERE global_position = 1500;
             DELETE FROM emt_messages WHERE global_position IN (700, 3000);
             UPDATE emt_messages SET global_position = 4000 WHERE global_position = 100;
             UPDATE emt_messages SET global_position = -5 WHERE global_position = 200;",
        )
        .unwrap();
    drop(store);
    let found = verify();
    assert_eq!(found.code, 1, "{found:?}");
    let found: serde_json::Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(found["level"], "L0");
    let kinds: Vec<(&str, &str)> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["kind"].as_str().unwrap(), it["position"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("INSERTED", "-5"),
            ("MOVED", "100"),
            ("REMOVED", "200"),
            ("VERSION-GAP", "202"),
            ("REMOVED", "700"),
            ("VERSION-GAP", "701"),
            ("CHANGED", "1500"),
            ("REMOVED", "3000")
        ]
    );
}

#[test]
fn every_column_of_the_table_is_covered_and_how_a_payload_is_stored() {
    let lab = Lab::new(300);
    let out = tempfile::tempdir().unwrap();
    let made = lab.json(0, &["anchor", "orders.db", "--out", out.path().to_str().unwrap()]);
    let columns: Vec<&str> = made["columns"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it.as_str())
        .collect();
    for column in ["is_archived", "partition", "message_schema_version", "created"] {
        assert!(columns.contains(&column), "{columns:?}");
    }
    let advice = std::fs::read_to_string(format!("{}/VERIFY.txt", made["dir"].as_str().unwrap())).unwrap();
    assert!(advice.contains("is_archived"), "{advice}");
    rusqlite::Connection::open(lab.store())
        .unwrap()
        .execute_batch(
            "UPDATE emt_messages SET is_archived = NOT is_archived WHERE global_position = 10;
             UPDATE emt_messages SET partition = 'other' WHERE global_position = 20;
             UPDATE emt_messages SET message_schema_version = 'x' WHERE global_position = 30;
             UPDATE emt_messages SET message_data = CAST(message_data AS BLOB) WHERE global_position = 40;
             ALTER TABLE emt_messages ADD COLUMN note TEXT;",
        )
        .unwrap();
    let answer = lab.json(1, &["verify", "orders.db", "--anchor", made["dir"].as_str().unwrap()]);
    let found: Vec<_> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["kind"], &it["position"], &it["part"]))
        .collect();
    let changed = |position: &str| {
        (
            serde_json::json!("CHANGED"),
            serde_json::json!(position),
            serde_json::json!(["header"]),
        )
    };
    let expected = ["10", "20", "30", "40"].map(changed);
    assert_eq!(
        found,
        expected
            .iter()
            .map(|(kind, position, part)| (kind, position, part))
            .collect::<Vec<_>>()
    );
    assert_eq!(answer["uncovered_columns"], serde_json::json!(["note"]));
}

#[test]
fn a_verification_that_found_something_says_what_still_holds_and_which_columns_it_was() {
    let lab = Lab::new(300);
    let out = tempfile::tempdir().unwrap();
    let made = lab.json(0, &["anchor", "orders.db", "--out", out.path().to_str().unwrap()]);
    let (dir, older) = (made["dir"].as_str().unwrap(), out.path().join("older.db"));
    std::fs::copy(lab.store(), &older).unwrap();
    rusqlite::Connection::open(lab.store())
        .unwrap()
        .execute_batch(
            "UPDATE emt_messages SET partition = 'other', is_archived = 1 WHERE global_position = 20;
             CREATE TEMP TABLE new AS SELECT * FROM emt_messages WHERE global_position = 300;
             UPDATE new SET global_position = 301, stream_position = stream_position + 1, message_id = 'new-event';
             INSERT INTO emt_messages SELECT * FROM new;",
        )
        .unwrap();
    let verify = ["verify", "orders.db", "--anchor", dir];
    let plain = lab.run(&verify);
    assert_eq!(plain.code, 1, "{plain:?}");
    for said in ["level L0", "1 event came since", "older copy"] {
        assert!(plain.out.contains(said), "{said}: {plain:?}");
    }
    let copy = lab.run(&[&verify[..], &["--copy", older.to_str().unwrap()]].concat());
    assert!(
        copy.out.contains("the columns is_archived, partition of its row"),
        "{copy:?}"
    );
}

#[test]
fn what_cannot_be_asked_is_no_pass() {
    let lab = Lab::shared();
    let call = ["check", "orders.db", "order-4711", "--handler", "handlers/order@1.1.0"];
    let holds = lab.json(0, &call);
    assert_eq!(holds["outcome"], "holds");
    let slip = lab.json(1, &[&call[..], &["--invariant", "state.nope > 1"]].concat());
    assert_eq!(slip["outcome"], "unclear");
}

#[test]
fn a_verification_is_reported_alike_in_every_time_zone() {
    let lab = Lab::new(300);
    let out = tempfile::tempdir().unwrap();
    let folder = |name: &str| {
        let folder = out.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder.to_str().unwrap().to_owned()
    };
    let made = lab.json(0, &["anchor", "orders.db", "--out", &folder("anchors")]);
    let dir = made["dir"].as_str().unwrap();
    let older = std::path::PathBuf::from(folder("older")).join("orders.db");
    std::fs::copy(lab.store(), &older).unwrap();
    rusqlite::Connection::open(lab.store())
        .unwrap()
        .execute_batch(
            "UPDATE emt_messages SET message_data = '{\"paid\":1}' WHERE global_position = 150;
             DELETE FROM emt_messages WHERE global_position = 70;",
        )
        .unwrap();
    let report = |out: &str, zone: &str| {
        let output = lab
            .command(&[
                "--json",
                "report",
                "orders.db",
                "--verification",
                dir,
                "--copy",
                older.to_str().unwrap(),
                "--format",
                "pdf,html,csv,json,xlsx",
                "--time",
                "2026-11-21T14:30:00Z",
                "--out",
                out,
            ])
            .env("TZ", zone)
            .output()
            .unwrap();
        // It found something.
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let (first, second) = (folder("first"), folder("second"));
    let here = report(&first, "UTC");
    let there = report(&second, "Pacific/Auckland");
    assert_eq!(here["verdict"]["outcome"], "broken");
    let files = |answer: &serde_json::Value| {
        let entries = std::fs::read_dir(answer["dir"].as_str().unwrap()).unwrap();
        let named = entries.map(|entry| entry.unwrap().path());
        let read = |path: std::path::PathBuf| (path.file_name().unwrap().to_owned(), std::fs::read(path).unwrap());
        named.map(read).collect::<std::collections::BTreeMap<_, _>>()
    };
    let (here, there) = (files(&here), files(&there));
    assert_eq!(here.len(), 13, "{:?}", here.keys());
    assert_eq!(here, there);

    let found = lab.json(1, &["verify", "orders.db", "--anchor", dir]);
    let lines = String::from_utf8(here[std::ffi::OsStr::new("findings.ndjson")].clone()).unwrap();
    let named = |of: &serde_json::Value| (of["kind"].clone(), of["position"].clone(), of["part"].clone());
    let told: Vec<_> = lines
        .lines()
        .map(|line| named(&serde_json::from_str(line).unwrap()))
        .collect();
    let verified: Vec<_> = found["findings"].as_array().unwrap().iter().map(named).collect();
    assert_eq!(told, verified);
}

#[test]
fn a_report_beside_the_copy_is_refused_for_the_copy() {
    let lab = Lab::new(300);
    let out = tempfile::tempdir().unwrap();
    let (anchors, copies) = (out.path().join("anchors"), out.path().join("copies"));
    std::fs::create_dir(&anchors).unwrap();
    std::fs::create_dir(&copies).unwrap();
    let made = lab.json(0, &["anchor", "orders.db", "--out", anchors.to_str().unwrap()]);
    let (dir, older) = (made["dir"].as_str().unwrap(), copies.join("older.db"));
    std::fs::copy(lab.store(), &older).unwrap();
    let call = [
        "report",
        "orders.db",
        "--verification",
        dir,
        "--copy",
        older.to_str().unwrap(),
    ];
    let beside = |folder: &std::path::Path| lab.run(&[&call[..], &["--out", folder.to_str().unwrap()]].concat());
    for (folder, whose) in [(copies.as_path(), "copy"), (lab.path(), "store")] {
        let answer = beside(folder);
        assert_eq!(answer.code, 2, "{answer:?}");
        assert!(
            answer
                .err
                .contains(&format!("it is the folder of the {whose} or lies in it")),
            "{answer:?}"
        );
    }
}

#[test]
fn a_report_of_a_verification_has_no_scope_of_its_own() {
    let lab = Lab::shared();
    for more in [&["order-1"][..], &["--category", "order"], &["--from", "#1"]] {
        let call = [&["report", "orders.db", "--verification", "somewhere"], more].concat();
        let answer = lab.run(&call);
        assert_eq!(answer.code, 2, "{answer:?}");
        // What is refused is not what is advised.
        assert!(answer.err.contains("<STORE> --verification <DIR>"), "{answer:?}");
    }
    let answer = lab.run(&["report", "orders.db", "--copy", "orders.db", "--out", "somewhere"]);
    assert_eq!(answer.code, 2, "{answer:?}");
}

#[test]
fn an_invariant_run_is_reported_as_check_finds_it() {
    let lab = Lab::new(3_000);
    let out = tempfile::tempdir().unwrap();
    let out = out.path().to_str().unwrap();
    let handler = ["--handler", "handlers/order@1.0.0"];
    let rows = |answer: &serde_json::Value, name: &str| -> Vec<serde_json::Value> {
        let file = std::path::Path::new(answer["dir"].as_str().unwrap()).join(name);
        let text = std::fs::read_to_string(file).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let whole = lab.json(1, &[&["check", "orders.db", "--all"][..], &handler].concat());
    let stream = whole["violations"][0]["stream"].as_str().unwrap();
    for (at, (of_check, of_report)) in [
        (&["--all"][..], &[][..]),
        (&["--category", "order"], &["--category", "order"]),
        (&[stream], &[stream]),
    ]
    .into_iter()
    .enumerate()
    {
        let checked = lab.json(1, &[&["check", "orders.db"], of_check, &handler[..]].concat());
        let time = format!("@{at}");
        let how = ["--invariants", "--format", "json,html", "--time", &time, "--out", out];
        let made = lab.json(1, &[&["report", "orders.db"], of_report, &how, &handler[..]].concat());
        let named = |of: &serde_json::Value, kind: &str| {
            let names = ["stream", "version", "position", "type"].map(|name| of[name].clone());
            (of[kind].clone(), names)
        };
        let found = rows(&made, "findings.ndjson");
        let violations = checked["violations"].as_array().unwrap();
        let beside = checked["findings"].as_array().unwrap().iter();
        let beside: Vec<_> = beside.filter(|it| it["severity"] != "notice").collect();
        let expected = violations.iter().map(|it| named(it, "invariant"));
        assert_eq!(
            found.iter().map(|it| named(it, "kind")).collect::<Vec<_>>(),
            expected
                .chain(beside.iter().map(|it| named(it, "code")))
                .collect::<Vec<_>>()
        );
        let sentence = made["verdict"]["sentence"].as_str().unwrap();
        for of in &beside {
            assert!(sentence.contains(of["code"].as_str().unwrap()), "{sentence}");
        }
        let flips = violations
            .iter()
            .flat_map(|it| it["flips"].as_array().unwrap().iter().take(16));
        let places: std::collections::BTreeSet<u64> = flips
            .map(|flip| &flip["position"])
            .chain(beside.iter().map(|of| &of["position"]))
            .filter_map(|position| Some(position.as_str()?.parse().unwrap()))
            .collect();
        let events = rows(&made, "events.ndjson");
        let there: Vec<u64> = events
            .iter()
            .map(|it| it["position"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(there, places.into_iter().collect::<Vec<_>>());
        let checked = lab.run(&["verify-bundle", made["dir"].as_str().unwrap()]);
        assert_eq!(checked.code, 0, "{checked:?}");
    }
    // Those that hold, and a handler without any.
    let holds = [
        stream,
        "--invariants",
        "--handler",
        "handlers/order@1.1.0",
        "--out",
        out,
        "--format",
        "json",
    ];
    let made = lab.json(0, &[&["report", "orders.db"], &holds[..]].concat());
    assert_eq!(
        (made["verdict"]["outcome"].as_str(), made["events"].as_u64()),
        (Some("holds"), Some(0))
    );
    // One that cannot be asked of any state does not hold.
    let slip = ["--invariant", "state.nope > 1"];
    let made = lab.json(1, &[&["report", "orders.db"], &holds[..], &slip].concat());
    assert_eq!(
        (
            made["verdict"]["outcome"].as_str(),
            made["verdict"]["finding_count"].as_u64()
        ),
        (Some("unclear"), Some(0))
    );
    let none = lab.run(&["report", "orders.db", "--invariants", "--out", out]);
    assert_eq!(none.code, 2, "{none:?}");
}

/// Nobody who opens the files of findings may believe that there was nothing.
#[test]
fn what_folding_came_upon_stands_among_the_findings_of_an_invariant_run() {
    let lab = Lab::new(3_000);
    let database = rusqlite::Connection::open(lab.store()).unwrap();
    database
        .execute_batch(
            "UPDATE emt_messages SET message_data = '{\"cut' WHERE global_position = 70;
             UPDATE emt_messages SET message_type = 'OrderForged' WHERE global_position = 90;",
        )
        .unwrap();
    drop(database);
    let out = tempfile::tempdir().unwrap();
    let call = [
        "--invariants",
        "--handler",
        "handlers/order@1.1.0",
        "--out",
        out.path().to_str().unwrap(),
    ];
    let made = lab.run(&[&["--json", "report", "orders.db"][..], &call].concat());
    let made: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    let dir = std::path::Path::new(made["dir"].as_str().unwrap());
    let sentence = made["verdict"]["sentence"].as_str().unwrap();
    let files = ["findings.csv", "findings.ndjson", "findings.excel.csv", "report.html"];
    for file in files.map(|file| std::fs::read_to_string(dir.join(file)).unwrap()) {
        assert!(file.contains("RF-EVENT-MALFORMED"), "{file}");
    }
    for said in ["RF-EVENT-MALFORMED", "not exact"] {
        assert!(sentence.contains(said), "{sentence}");
    }
    let checked = lab.run(&["verify-bundle", dir.to_str().unwrap()]);
    assert_eq!(checked.code, 0, "{checked:?}");
}

#[test]
fn what_a_report_redacts_no_violation_tells() {
    let lab = Lab::new(3_000);
    let out = tempfile::tempdir().unwrap();
    let rules = out.path().join("redact.toml");
    std::fs::write(&rules, "refold = \"mask/1\"\n[[hide]]\npaths = [\"/total\"]\n").unwrap();
    let (out, rules) = (out.path().to_str().unwrap(), rules.to_str().unwrap());
    let made = |more: &[&str]| {
        let call = [
            "report",
            "orders.db",
            "--invariants",
            "--handler",
            "handlers/order@1.0.0",
            "--out",
            out,
        ];
        let made = lab.json(1, &[&call[..], more].concat());
        let findings = std::path::Path::new(made["dir"].as_str().unwrap()).join("findings.ndjson");
        std::fs::read_to_string(findings).unwrap()
    };
    let plain = made(&["--time", "@1"]);
    assert!(plain.contains("/total ") && !plain.contains("[redacted]"), "{plain}");
    let hidden = made(&["--time", "@2", "--redact", rules]);
    assert!(
        hidden.contains("/total \\\"[redacted]\\\"") || hidden.contains("/total [redacted]"),
        "{hidden}"
    );
    // A condition of one's own could tell bit by bit what they hide.
    let call = [
        "report",
        "orders.db",
        "--invariants",
        "--invariant",
        "state.total > 1",
        "--redact",
        rules,
        "--out",
        out,
    ];
    assert_eq!(lab.run(&call).code, 3);
}

#[test]
fn a_report_about_a_person_keeps_its_key_apart() {
    let lab = Lab::shared();
    let out = tempfile::tempdir().unwrap();
    let out = out.path().to_str().unwrap();
    let person = ["report", "orders.db", "--subject", "/customerId=C-104711", "--out", out];
    let made = lab.json(0, &[&person[..], &["--time", "@1"]].concat());
    let (dir, key) = (made["dir"].as_str().unwrap(), made["case_key"].as_str().unwrap());
    assert!(made["events"].as_u64().unwrap() >= 15, "all of order-4711: {made}");
    assert!(
        std::path::Path::new(key).is_file() && !key.starts_with(&format!("{dir}/")),
        "{key}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "its owner alone reads it");
    }
    let record = std::fs::read_to_string(std::path::Path::new(dir).join("events.ndjson")).unwrap();
    for secret in ["Ada Keller", "ada.keller", "Lindenweg", "order-4711"] {
        assert!(!record.contains(secret), "{secret} is on no list");
    }
    assert!(record.contains("\"customerId\":\"C-104711\""));
    // Another report of the case has the same names.
    let again = lab.json(0, &[&person[..], &["--time", "@2", "--case-key", key]].concat());
    assert!(again["case_key"].is_null());
    let same = std::fs::read_to_string(std::path::Path::new(again["dir"].as_str().unwrap()).join("events.ndjson"));
    assert_eq!(same.unwrap(), record);
    for more in [&["--category", "order"][..], &["--invariants"], &["--case-key", "none"]] {
        let answer = lab.run(&[&person[..], more].concat());
        assert_eq!(answer.code, 2, "{answer:?}");
    }
    assert_eq!(
        lab.run(&["report", "orders.db", "--allow", "list.toml", "--out", out])
            .code,
        2
    );
}

#[test]
fn the_command_in_a_report_makes_it_again() {
    let lab = Lab::new(500);
    let rules = lab.path().join("rules.toml");
    std::fs::write(&rules, "refold = \"mask/1\"\n[[hide]]\npaths = [\"/customerId\"]\n").unwrap();
    let out = tempfile::tempdir().unwrap();
    let how = [
        &["--layout", "emmett", "--zone", "+03:00"][..],
        &["--reveal", "/customerId", "--reason", "ticket 12"],
        &[
            "report",
            "orders.db",
            "order-4711",
            "--from",
            "2026-08-01 09:12",
            "--time",
            "@1",
        ],
        &["--redact", rules.to_str().unwrap()],
        &["--format", "json", "--out", out.path().to_str().unwrap()],
    ]
    .concat();
    let made = lab.run(&how);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(!made.err.contains("nothing more is shown"), "{made:?}");
    let dir = made.out.lines().next().unwrap();
    let read = |name: &str| std::fs::read_to_string(std::path::Path::new(dir).join(name)).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&read("manifest.json")).unwrap();
    let record = read("events.ndjson");
    assert!(record.contains("C-104711"), "{record}");
    let command = manifest["report"]["method"]["command"].as_str().unwrap();
    // Of files it says that there was one.
    let words = command
        .replace("--redact FILE", &format!("--redact {}", rules.display()))
        .replace("--reason REASON", "--reason again");
    let (words, _) = words.rsplit_once(" --out DIR").unwrap();
    let again = tempfile::tempdir().unwrap();
    let words = words.replace("'2026-08-01 09:12'", "2026-08-01T09:12:00+03:00");
    let mut words: Vec<&str> = words.split(' ').skip(1).collect();
    words.extend(["--out", again.path().to_str().unwrap()]);
    let made = lab.run(&words);
    assert_eq!(made.code, 0, "{words:?} {made:?}");
    let dir = made.out.lines().next().unwrap();
    let same = std::fs::read_to_string(std::path::Path::new(dir).join("events.ndjson")).unwrap();
    assert_eq!(same, record, "{command}");
    for word in ["--layout emmett", "--zone +03:00", "--reveal /customerId"] {
        assert!(command.contains(word), "{word} is not in {command}");
    }
}

/// Only of the first differences it is looked at what they did to states; of the others that is said.
#[test]
fn a_difference_that_was_not_looked_at_is_not_one_that_touches_nothing() {
    let lab = Lab::new(300);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("anchors");
    std::fs::create_dir(&out).unwrap();
    let made = lab.json(0, &["anchor", "orders.db", "--out", out.to_str().unwrap()]);
    let older = folder.path().join("orders.db");
    std::fs::copy(lab.store(), &older).unwrap();
    rusqlite::Connection::open(lab.store())
        .unwrap()
        .execute_batch("DELETE FROM emt_messages WHERE global_position BETWEEN 100 AND 129;")
        .unwrap();
    let verify = [
        "verify",
        "orders.db",
        "--anchor",
        made["dir"].as_str().unwrap(),
        "--copy",
        older.to_str().unwrap(),
    ];
    let answer = lab.json(1, &verify);
    let removed = answer["findings"].as_array().unwrap().iter();
    let removed: Vec<_> = removed.filter(|it| it["kind"] == "REMOVED").collect();
    let beyond = removed.len().checked_sub(20).filter(|beyond| *beyond > 1).unwrap();
    let is_left = |it: &&serde_json::Value| it["kind"] == "VERSION-GAP" && it["impacts_asked"] == false;
    let beyond = beyond + answer["findings"].as_array().unwrap().iter().filter(is_left).count();
    for (at, finding) in removed.iter().enumerate() {
        assert_eq!(finding["impacts_asked"], at < 20, "{finding}");
        assert!(finding["stream"].is_string(), "the copy has it: {finding}");
    }
    let text = lab.run(&verify);
    let said = format!("what {beyond} differences did to states was not looked at");
    assert!(text.out.contains(&said), "{text:?}");
}
