//! Names and ranges that a store does not have: an error that says so, and never an empty answer that looks clean.

use std::fs;

use crate::lab::Lab;

/// It must be refused as a wrong call, saying this.
fn is_refused(lab: &Lab, arguments: &[&str], said: &[&str]) {
    let answer = lab.run(arguments);
    assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{arguments:?}: {answer:?}");
    for said in said {
        assert!(answer.err.contains(said), "{arguments:?}: {said}: {answer:?}");
    }
}

#[test]
fn a_name_that_the_store_lacks_is_refused_with_those_it_has() {
    let lab = Lab::shared();
    let store = "orders.db";
    let type_lacks = ["there is no event type Nope", "ItemAdded, "];
    let category_lacks = ["there is no category ordr", "name one of order"];
    is_refused(lab, &["search", store, "SKU", "--type", "Nope"], &type_lacks);
    is_refused(lab, &["search", store, "SKU", "--category", "ordr"], &category_lacks);
    is_refused(
        lab,
        &["search", store, "SKU", "--stream", "nope"],
        &["the id of no stream holds nope"],
    );
    is_refused(lab, &["history", store, "order-4711", "--type", "Nope"], &type_lacks);
    is_refused(
        lab,
        &["history", store, "order-4711", "--story", "--type", "Nope"],
        &type_lacks,
    );
    is_refused(lab, &["streams", store, "--category", "ordr"], &category_lacks);
    is_refused(
        lab,
        &["check", store, "--category", "ordr", "--handler", "handlers/order"],
        &category_lacks,
    );
    is_refused(
        lab,
        &["new-handler", store, "--category", "ordr", "--out", "none"],
        &category_lacks,
    );
    is_refused(
        lab,
        &["report", store, "--category", "ordr", "--dry-run"],
        &category_lacks,
    );
    // The stream lacks this one, and the store has it.
    let absent = lab.run(&["history", store, "order-4711", "--type", "LoyaltyPointsGranted"]);
    assert_eq!((absent.code, absent.out.as_str()), (0, ""), "{absent:?}");

    let empty = Lab::new(500);
    let database = rusqlite::Connection::open(empty.store()).unwrap();
    database.execute_batch("DELETE FROM emt_messages").unwrap();
    drop(database);
    is_refused(
        &empty,
        &["streams", "orders.db", "--category", "order"],
        &["there is no category order", "the store holds no event yet"],
    );
}

/// A name that was found must be what is looked for, however it was given.
#[test]
fn a_name_of_odd_letters_is_found_as_shown_and_as_stored() {
    let odd = Lab::new(500);
    let database = rusqlite::Connection::open(odd.store()).unwrap();
    let named = "UPDATE emt_messages SET message_type = ?1 WHERE stream_id = 'order-4711' AND message_type = ?2";
    for (to, from) in [("App\u{1}Placed", "OrderPlaced"), ("App\\x{41}Added", "ItemAdded")] {
        assert!(database.execute(named, [to, from]).unwrap() > 0);
    }
    drop(database);
    let count = |arguments: &[&str]| odd.json_lines(arguments).len();
    let of_stream = odd.json_lines(&["history", "orders.db", "order-4711"]);
    for (stored, end) in [("App\u{1}Placed", "Placed"), ("App\\x{41}Added", "Added")] {
        let types = of_stream.iter().map(|line| line["type"].as_str().unwrap());
        let of_type: Vec<&str> = types.filter(|of| of.starts_with("App") && of.ends_with(end)).collect();
        assert!(!of_type.is_empty(), "{of_stream:?}");
        for name in [stored, of_type[0]] {
            let history = ["history", "orders.db", "order-4711", "--type", name];
            assert_eq!(count(&history), of_type.len(), "{name}");
            assert_eq!(count(&[&history[..], &["--story"]].concat()), of_type.len(), "{name}");
            assert_eq!(
                count(&["search", "orders.db", "", "--type", name]),
                of_type.len(),
                "{name}"
            );
        }
    }
}

#[test]
fn a_range_of_a_search_that_ends_before_it_begins_is_refused() {
    let lab = Lab::shared();
    let range = ["--from", "2026-09-01", "--to", "2026-08-01"];
    is_refused(
        lab,
        &[&["search", "orders.db", "SKU"], &range[..]].concat(),
        &["the range ends before it begins: 2026-09-01 to 2026-08-01"],
    );
    is_refused(
        lab,
        &["history", "orders.db", "order-4711", "--limit", "0"],
        &["--limit"],
    );
}

#[test]
fn a_start_after_the_last_event_is_named_as_what_is_wrong() {
    let lab = Lab::shared();
    is_refused(
        lab,
        &["distinguish", "orders.db", "--from", "-2h"],
        &["nothing lies at", "the last event is at 2026-", "give an earlier start"],
    );
    is_refused(
        lab,
        &["distinguish", "orders.db", "--to", "2020-01-01"],
        &["nothing lies at 2020-01-01T00:00:00Z or before it: the first event is at 2026-06-02"],
    );
}

#[test]
fn a_stream_of_which_two_invariants_cannot_be_asked_is_one_stream() {
    let lab = Lab::new(500);
    fs::write(
        lab.path().join("handlers/order/versions/1.1.0/invariants.yaml"),
        "refold: invariants/1\ninvariants:\n\
         \x20 - { id: first, title: A, expr: state.nope > 1 }\n\
         \x20 - { id: second, title: B, expr: state.neither > 1 }\n",
    )
    .unwrap();
    let handler = ["--handler", "handlers/order@1.1.0"];
    let told = lab.json(1, &[&["check", "orders.db", "order-4711"], &handler[..]].concat());
    assert_eq!(told["invariants"].as_array().unwrap().len(), 2, "{told}");
    assert_eq!(
        told["sentence"], "not exact: in 1 stream an invariant could not be asked of some state",
        "{told}"
    );
}

#[test]
fn what_the_system_says_of_a_file_is_said_in_words() {
    let lab = Lab::shared();
    let out = tempfile::tempdir().unwrap();
    let there = out.path().to_str().unwrap();
    let none = out.path().join("none");
    let none = none.to_str().unwrap();
    let (store, stream) = ("orders.db", "order-4711");
    let no_file = "there is no such file or folder";
    let deeper = out.path().join("none/of/these");
    let deeper = deeper.to_str().unwrap();
    let within = out.path().join("none/of/these.ndjson");
    let within = within.to_str().unwrap();
    let file = out.path().join("file");
    fs::write(&file, "").unwrap();
    let (file, below) = (file.to_str().unwrap(), file.join("below"));
    let below = below.to_str().unwrap();
    // The first of the folders that are not there.
    let no_folder = &*format!("(there is no folder {none})");
    let is_file = &*format!("({file} is no folder)");
    let is_folder = "it is a folder, and the name of a file is missing";
    let order = ["--handler", "handlers/order@1.1.0"];
    let case = ["case", "save", store, "--stream", stream, order[0], order[1], "--out"];
    let case = |to| [case.as_slice(), &[to]].concat();
    let minimize = [
        "minimize",
        store,
        stream,
        order[0],
        "handlers/order@1.0.0",
        "--invariant",
        "state.nothing == 1",
    ];
    let minimize = |to| [minimize.as_slice(), &["--out", to]].concat();
    let (case_within, minimize_within) = (case(within), minimize(within));
    let calls: &[(&[&str], &str)] = &[
        (&["state", store, stream, "--handler", "none.yaml"], no_file),
        (&["whatif", store, stream, "--edits", none], no_file),
        (
            &["drift", store, "--read-model", "read_model.db", "--map", none],
            no_file,
        ),
        (&["anchor", store, "--out", there, "--key", none], no_file),
        (&["anchors", store, "--in", none], no_file),
        (&["verify-bundle", none], no_file),
        (&["--mask", none, "info", store], no_file),
        (&["anchor", store, "--out", none], no_folder),
        (&["report", store, stream, "--out", none], no_folder),
        (&["anchor", store, "--out", deeper], no_folder),
        (&["anchor", store, "--out", file], is_file),
        (&["report", store, stream, "--out", below], is_file),
        (&["timeline", store, "--svg", within], no_folder),
        (&["timeline", store, "--svg", below], is_file),
        (&["timeline", store, "--svg", there], is_folder),
        (&["search", store, "Espresso", "--out", within], no_folder),
        (&["connections", "export", "--out", within], no_folder),
        (&["new-handler", store, "--category", "order", "--out", below], is_file),
        (&["timeline", store, stream, "--svg", within], no_folder),
        (&["timeline", store, stream, "--svg", there], is_folder),
        (&case_within, no_folder),
        (&minimize_within, no_folder),
    ];
    for (arguments, said) in calls {
        let answer = lab.run(arguments);
        assert_eq!(answer.code, 2, "{arguments:?}: {answer:?}");
        assert!(answer.err.contains(said), "{arguments:?}: {answer:?}");
        assert!(
            !answer.err.contains("os error") && !answer.err.contains(".refold-tmp-"),
            "{answer:?}"
        );
    }
    let rules = out.path().join("mask.toml");
    fs::write(&rules, "refold = \"mask/1\"\n[[hide]]\npats = 3\n").unwrap();
    is_refused(
        lab,
        &["--mask", rules.to_str().unwrap(), "info", store],
        &["the masking rules cannot be used: line 3: unknown field `pats`"],
    );
}

#[test]
fn what_is_not_there_is_said_to_be_not_there() {
    let lab = Lab::shared();
    let state = |handler| ["state", "orders.db", "order-4711", "--handler", handler];
    is_refused(lab, &["test", "nope"], &["there is no such folder: nope"]);
    is_refused(
        lab,
        &["test", "builtin:merge"],
        &["what is built in is no package: builtin:merge"],
    );
    is_refused(
        lab,
        &["test", "orders.db"],
        &["a file is no handler package", "orders.db"],
    );
    is_refused(
        lab,
        &state("builtin:nope"),
        &["builtin:merge is all that is built in: builtin:nope"],
    );
    is_refused(lab, &state("builtin:merge@1"), &["builtin:merge has no versions"]);
    let program = lab.home().join("order.py");
    fs::write(&program, "import json\n").unwrap();
    is_refused(
        lab,
        &state(program.to_str().unwrap()),
        &["a program is a handler in a package", "process.toml"],
    );
    is_refused(
        lab,
        &["--layout", "emmett:foo", "info", "orders.db"],
        &["there is no table foo"],
    );
    is_refused(
        lab,
        &["connections", "log", "@nope"],
        &["there is no connection called nope"],
    );
    is_refused(
        lab,
        &["connections", "list", "nope"],
        &["there is no connection called nope"],
    );
    is_refused(
        lab,
        &["connections", "remove", "nope"],
        &[
            "there is no connection called nope: ",
            "connections.toml",
            "refold connections add",
        ],
    );
    is_refused(
        lab,
        &["state", "orders.db", "order-4711", "--at", "2026-02-30"],
        &["there is no such day: 2026-02-30"],
    );
    let shouted = lab.json(0, &["state", "orders.db", "order-4711", "--at", "V9"]);
    assert_eq!(shouted["version"], "9");
    assert_eq!(
        lab.json(0, &["state", "orders.db", "order-4711", "--at", "NOW"])["version"],
        "15"
    );

    let late = Lab::empty();
    fs::write(
        late.path().join("late.jsonl"),
        "{\"stream\":\"a\",\"type\":\"T\",\"version\":1,\"recorded_at\":\"2999-01-03T10:00:00Z\",\"payload\":{}}\n",
    )
    .unwrap();
    let told = late.run(&["info", "late.jsonl"]).out;
    assert!(
        told.contains("its recorded time lies outside the years 1678 to 2261: 2999-01-03T10:00:00Z"),
        "{told}"
    );
    assert!(told.contains("one stream is read without the others"), "{told}");
    assert!(told.contains("1 event · 1 stream · 1 type"), "{told}");
}

#[test]
fn an_option_that_would_do_nothing_is_refused_or_said() {
    let lab = Lab::shared();
    let stream = ["orders.db", "order-4711"];
    for of_a_verification in ["--salt", "--anchor-key", "--authority", "--copy", "--explanations"] {
        is_refused(
            lab,
            &[&["report"], &stream[..], &["--dry-run", of_a_verification, "x"]].concat(),
            &[of_a_verification],
        );
    }
    for (option, value) in [
        ("--from", "#1"),
        ("--against", "handlers/order"),
        ("--verification", "x"),
    ] {
        is_refused(
            lab,
            &["report", "orders.db", "--dry-run", "--invariant", "true", option, value],
            &["--invariant", option],
        );
    }
    is_refused(
        lab,
        &[&["history"], &stream[..], &["--handler", "handlers/order"]].concat(),
        &["--story"],
    );
    is_refused(
        lab,
        &[&["--reason", "ticket 7", "state"], &stream[..]].concat(),
        &["--reveal"],
    );
    let rules = lab.home().join("mask.toml");
    fs::write(&rules, "refold = \"mask/1\"\n[[hide]]\npaths = [\"/customerId\"]\n").unwrap();
    let revealing = |path: &str| {
        let mask = [
            "--mask",
            rules.to_str().unwrap(),
            "--reveal",
            path,
            "--reason",
            "ticket 7",
        ];
        lab.run(&[&mask[..], &["state"], &stream].concat())
    };
    let nothing = revealing("/nope");
    assert!(
        nothing.err.contains("no masking rule hides anything at /nope"),
        "{nothing:?}"
    );
    assert_eq!(nothing.code, 0);
    for path in ["/customerId", "all"] {
        let shown = revealing(path);
        assert!(!shown.err.contains("no masking rule"), "{shown:?}");
    }
}
