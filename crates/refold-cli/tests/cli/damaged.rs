//! What is said of a store of which a part cannot be read.

use std::fs;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::lab::Lab;

/// The sample store with one page of its events overwritten.
fn damaged() -> Lab {
    damaged_at(|pages| vec![pages[pages.len() / 2]])
}

/// The sample store with a page of its events overwritten behind which there are others, and the last one.
fn damaged_twice() -> Lab {
    damaged_at(|pages| vec![pages[pages.len() / 2], pages[pages.len() - 1]])
}

fn damaged_at(chosen: impl Fn(&[usize]) -> Vec<usize>) -> Lab {
    let lab = Lab::new(3_000);
    let mut bytes = fs::read(lab.store()).unwrap();
    let page_bytes = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    let is_of_events = |page: &[u8]| page[0] == 0x0d && page.windows(9).any(|some| some == b"ItemAdded");
    let pages: Vec<usize> = (page_bytes..bytes.len())
        .step_by(page_bytes)
        .filter(|at| is_of_events(&bytes[*at..*at + page_bytes]))
        .collect();
    for page in chosen(&pages) {
        bytes[page..page + page_bytes].fill(0xff);
    }
    fs::write(lab.store(), bytes).unwrap();
    let store = fs::File::options().write(true).open(lab.store()).unwrap();
    store.set_modified(std::time::UNIX_EPOCH).unwrap();
    lab
}

/// Nothing that can be read differs: that is no difference, and no pass.
#[test]
fn what_a_damaged_copy_lacks_is_not_said_to_differ() {
    let (whole, lab) = (Lab::shared(), damaged());
    let [left, right] = [whole.store(), lab.store()].map(|store| store.display().to_string());
    let found = lab.json(1, &["compare", &left, &right]);
    assert_eq!(
        (&found["outcome"], &found["right"]["incomplete"]),
        (&json!("unclear"), &json!(true))
    );
    let events = &found["events"];
    assert_eq!((&events["different"], &events["only_right"]), (&json!(0), &json!(0)));
    assert!(events["only_left"].as_u64().is_some_and(|lost| lost > 0), "{events}");
    let sentence = found["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("NOT CLEAR whether"), "{sentence}");
}

#[test]
fn every_answer_of_the_index_says_what_it_lacks() {
    let lab = damaged();
    let store = lab.store().display().to_string();
    for call in [
        &["streams", &store] as &[&str],
        &["--json", "streams", &store],
        &["timeline", &store],
        &["distinguish", &store, "--from", "#100", "--to", "#200"],
        &["replay", &store, "--all"],
        &["check", &store, "--all", "--invariant", "true"],
    ] {
        let ended = lab.run(call);
        assert!(ended.err.contains("damaged"), "{call:?}: {ended:?}");
        assert!(ended.err.contains("cannot be read"), "{call:?}: {ended:?}");
    }
    let info = lab.run(&["info", &store]);
    assert!(info.out.contains("what lies from position"), "{}", info.out);
    let ended = lab.run(&["state", &store, "order-nobody"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("parts of the store are damaged"), "{}", ended.err);
}

/// Of a stream that lost events both the stream and the index say so.
#[test]
fn causes_say_once_what_is_damaged() {
    let lab = damaged_twice();
    let store = lab.store().display().to_string();
    let lost = losers(&lab).first().expect("a stream that lost events").0.clone();
    for stream in [lost.as_str(), "order-4711"] {
        for index in [&["--index"] as &[&str], &[]] {
            let call = [&["causes", &store, stream, "--at", "head"], index].concat();
            let ended = lab.run(&call);
            assert_eq!(ended.code, 1, "{call:?}: {ended:?}");
            let told = format!("{}{}", ended.out, ended.err);
            assert_eq!(told.matches("error damaged").count(), 1, "{call:?}: {told}");
            let json = lab.json(1, &call);
            let codes = json["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|finding| &finding["code"]);
            assert_eq!(codes.filter(|code| *code == "damaged").count(), 1, "{call:?}: {json}");
        }
    }
}

/// The streams of a damaged store that lost events, with whether any stood behind them.
fn losers(lab: &Lab) -> Vec<(String, bool)> {
    let all = |lab: &Lab, code: i32| -> BTreeMap<String, (u64, Value)> {
        let store = lab.store().display().to_string();
        let lines = lab.json_lines_of(code, &["search", &store, "", "--limit", "100000"]);
        let mut streams: BTreeMap<String, (u64, Value)> = BTreeMap::new();
        for event in lines.iter().filter(|line| line.get("position").is_some()) {
            let of = streams
                .entry(event["stream"].as_str().expect("a stream").to_owned())
                .or_default();
            of.0 += 1;
            of.1 = event["version"].clone();
        }
        streams
    };
    let (whole, left) = (all(Lab::shared(), 0), all(lab, 1));
    let lost = left.iter().filter_map(|(stream, (events, last))| {
        let (were, was_last) = &whole[stream];
        (events < were).then(|| (stream.clone(), last == was_last))
    });
    lost.collect()
}

/// The index knows nothing of what is lost, and is there or not by chance.
#[test]
fn what_is_said_of_a_stream_that_lost_events_does_not_hang_on_the_cache() {
    let lab = damaged_twice();
    let store = lab.store().display().to_string();
    let losers = losers(&lab);
    let behind = losers.iter().find(|(_, is_behind)| *is_behind);
    let at_end = losers.iter().find(|(_, is_behind)| !is_behind);
    let (behind, at_end) = (&behind.expect("a gap").0, &at_end.expect("a lost head").0);
    let whole = lab.json_lines_of(1, &["streams", &store, "--limit", "1000"]);
    let whole = whole.iter().filter_map(|line| line["stream"].as_str());
    let untouched = whole
        .map(str::to_owned)
        .find(|stream| losers.iter().all(|(lost, _)| lost != stream))
        .expect("a stream that lost nothing");
    let calls = |stream: &str| {
        [
            vec!["state", &store, stream],
            vec!["history", &store, stream],
            vec!["blame", &store, stream],
            vec!["diff", &store, stream, "--from", "start", "--to", "head"],
            vec!["field", &store, stream, "/status"],
            vec!["why", &store, stream, "/status"],
            vec!["known", &store, stream, "--about", "2030-01-01T00:00:00Z"],
            vec!["check", &store, stream],
        ]
        .map(|call| {
            let mut call: Vec<String> = call.into_iter().map(str::to_owned).collect();
            if call[0] != "history" {
                call.extend(["--handler".to_owned(), "handlers/order@1.1.0".to_owned()]);
            }
            call
        })
    };
    let said = |stream: &str| -> Vec<String> {
        let run = |call: &Vec<String>| {
            let call: Vec<&str> = call.iter().map(String::as_str).collect();
            format!("{call:?}: {:?}", lab.run(&[&call[..], &["--json"]].concat()))
        };
        calls(stream).iter().map(run).collect()
    };
    let forget = || {
        fs::remove_dir_all(lab.home())
            .and_then(|()| fs::create_dir(lab.home()))
            .unwrap()
    };
    for stream in [behind, at_end, &untouched] {
        forget();
        let without = said(stream);
        lab.run(&["info", &store]);
        let with = said(stream);
        assert_eq!(with, without);
        let is_told = |answer: &String| answer.contains("damaged");
        assert_eq!(
            with.iter().filter(|answer| is_told(answer)).count(),
            if *stream == untouched { 0 } else { with.len() },
            "{with:#?}"
        );
    }
    let state = lab.json(1, &["state", &store, behind, "--handler", "handlers/order@1.1.0"]);
    assert!(state["incomplete_since"].is_string(), "{state}");
}

/// What might be otherwise with the events that are lost is neither a pass nor a violation.
#[test]
fn nothing_is_judged_that_hangs_on_lost_events() {
    let lab = damaged_twice();
    let store = lab.store().display().to_string();
    let losers = losers(&lab);
    let pair = ["--handler", "handlers/order@1.1.0", "--against", "handlers/order@1.1.0"];
    let (_, stream) = losers
        .iter()
        .map(|(stream, is_behind)| (is_behind, stream))
        .min()
        .expect("a lost head");
    for scope in [stream.as_str(), "--all"] {
        let checked = lab.json(1, &["check", &store, scope, "--invariant", "true"]);
        assert_eq!(
            (&checked["exact"], &checked["outcome"]),
            (&json!(false), &json!("unclear"))
        );
        let compared = lab.json(1, &[&["replay", &store, scope], &pair[..]].concat());
        assert_eq!(compared["outcome"], json!("unclear"), "{compared}");
    }
    let replayed = lab.json_lines_of(1, &["replay", &store, "--all", "--handler", "handlers/order@1.1.0"]);
    let is_incomplete = |line: &&Value| line["incomplete"] == json!(true);
    let incomplete: Vec<&str> = replayed
        .iter()
        .filter(is_incomplete)
        .filter_map(|line| line["stream"].as_str())
        .collect();
    for (stream, is_behind) in &losers {
        assert_eq!(incomplete.contains(&stream.as_str()), *is_behind, "{stream}");
    }
}

/// Every command whose answer hangs on the rows of a store, on one stream of it.
fn calls_of(store: &str, stream: &str, out: &str) -> Vec<Vec<String>> {
    let file = |name: &str| format!("{out}/{name}");
    let (found, case, package) = (file("found.ndjson"), file("one.refold-case"), file("order.handler"));
    let (at, of) = ("2030-01-01T00:00:00Z", "handlers/order@1.1.0");
    let calls: &[&[&str]] = &[
        &["info", store],
        &["streams", store],
        &["history", store, stream],
        &["history", store, stream, "--story", "--handler", of],
        &["history", store, stream, "--upcast", "--handler", of],
        &["search", store, "SKU-00417"],
        &["search", store, "SKU-00417", "--out", &found],
        &["distinguish", store, "--from", "#100", "--to", "#200"],
        &["state", store, stream],
        &["blame", store, stream],
        &["field", store, stream, "/status", "--handler", of],
        &["field", store, stream, "/status", "--csv", "--handler", of],
        &["known", store, stream, "--about", at, "--order", "recorded"],
        &["why", store, stream, "/status", "--handler", of],
        &["minimize", store, stream, "--error"],
        &["causes", store, stream],
        &["lanes", store, stream],
        &["replay", store, stream],
        &["replay", store, "--all"],
        &["timeline", store],
        &["case", "save", store, "--stream", stream, "--out", &case, "--replace"],
        &["report", store, "--format", "json", "--out", out],
        &["report", store, "--dry-run"],
        &["new-handler", store, "--category", "order", "--out", &package],
    ];
    let call = |call: &&[&str]| call.iter().map(|&word| word.to_owned()).collect();
    calls.iter().map(call).collect()
}

/// What cannot be read may be there.
#[test]
fn nothing_that_cannot_be_read_is_said_to_be_removed() {
    let (whole, lab) = (Lab::shared(), damaged_twice());
    let out = tempfile::tempdir().unwrap();
    let [before, now] = [whole.store(), lab.store()].map(|store| store.display().to_string());
    let made = lab.json(0, &["anchor", &before, "--out", out.path().to_str().unwrap()]);
    let found = lab.json(1, &["verify", &now, "--anchor", made["dir"].as_str().unwrap()]);
    assert_eq!(found["outcome"], json!("unverifiable"));
    let findings = found["findings"].as_array().unwrap();
    let unread = findings
        .iter()
        .filter(|of| of["kind"] == "UNREADABLE" && of["position"].is_string());
    assert!(unread.count() > 1, "{findings:#?}");
    assert!(
        findings.iter().all(|of| of["kind"] == "UNREADABLE"),
        "no event was removed, and no version is missing for that: {findings:#?}"
    );
}

/// Who reads nothing but the exit code must not take what is left of a store for all of it.
#[test]
fn no_command_ends_well_over_what_could_not_be_read() {
    let (whole, lab) = (Lab::shared(), damaged_twice());
    let losers = losers(&lab);
    let stream = &losers.iter().find(|(_, is_behind)| *is_behind).expect("a gap").0;
    for (lab, expected) in [(whole, 0), (&lab, 1)] {
        let store = lab.store().display().to_string();
        for json in [&["--json"] as &[&str], &[]] {
            let out = tempfile::tempdir().unwrap();
            for call in calls_of(&store, stream, &out.path().display().to_string()) {
                let call: Vec<&str> = call.iter().map(String::as_str).collect();
                let ended = lab.run(&[json, &call].concat());
                assert_eq!(ended.code, expected, "{json:?} {call:?}: {ended:?}");
                let said = format!("{}{}", ended.out, ended.err);
                assert!(
                    expected == 0 || said.contains("damaged"),
                    "{json:?} {call:?}: {ended:?}"
                );
            }
        }
    }
}

#[test]
fn no_command_ends_well_over_records_that_are_no_events() {
    let lab = Lab::empty();
    let line = |version: u32| {
        format!("{{\"stream\":\"order-1\",\"type\":\"T\",\"version\":{version},\"payload\":{{\"n\":1}}}}\n")
    };
    fs::write(lab.path().join("whole.jsonl"), line(1) + &line(2)).unwrap();
    fs::write(lab.path().join("broken.jsonl"), line(1) + "{\"stream\":\n" + &line(2)).unwrap();
    fs::write(lab.path().join("torn.jsonl"), line(1) + &line(2) + "{\"stream\":\"ord").unwrap();
    let out = tempfile::tempdir().unwrap();
    let found = out.path().join("found.ndjson").display().to_string();
    for (store, expected) in [("whole.jsonl", 0), ("broken.jsonl", 1), ("torn.jsonl", 1)] {
        for call in [
            &["info", store] as &[&str],
            &["streams", store],
            &["search", store, "n"],
            &["search", store, "n", "--out", &found],
            &["replay", store, "--all"],
            &["timeline", store],
        ] {
            for json in [&["--json"] as &[&str], &[]] {
                let ended = lab.run(&[json, call].concat());
                assert_eq!(ended.code, expected, "{json:?} {call:?}: {ended:?}");
            }
        }
    }
}

/// A page of the file is no row: nobody knows how many it held.
#[test]
fn a_report_counts_no_rows_that_nobody_can_count() {
    let lab = damaged();
    let store = lab.store().display().to_string();
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().display().to_string();
    let made = lab.json(1, &["report", &store, "--format", "json,html", "--out", &folder]);
    let dir = std::path::PathBuf::from(made["dir"].as_str().unwrap());
    for name in ["report.html", "manifest.json"] {
        let text = fs::read_to_string(dir.join(name)).unwrap();
        assert!(text.contains("how many rows were there"), "{name}");
        assert!(!text.contains("could not be read as events"), "{name}");
        assert!(!text.contains("Rows that are no events"), "{name}");
    }
}

#[test]
fn a_search_names_the_events_that_its_condition_could_not_read() {
    let lab = Lab::shared();
    let condition = ["--stream", "order-4713", "--where", "!(event.data.nope == 1)"];
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("found.ndjson").display().to_string();
    for into in [&[] as &[&str], &["--out", &file]] {
        let ended = lab.run(&[&["search", "orders.db", ""], &condition[..], into].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains("RF-EVENT-MALFORMED × 1"), "{said}");
    }
}

/// Nothing of it is a database.
#[test]
fn a_compressed_file_that_is_cut_off_is_to_be_got_again() {
    let lab = Lab::shared();
    let kept = tempfile::tempdir().unwrap();
    let file = kept.path().join("events.jsonl.gz");
    std::fs::write(&file, b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x05\0\xfa\xffhe").unwrap();
    let answer = lab.run(&["info", file.to_str().unwrap()]);
    assert_eq!(answer.code, 3, "{answer:?}");
    assert!(answer.err.contains("its compression is damaged"), "{answer:?}");
    assert!(
        answer.err.contains("from where it came") && !answer.err.contains(".recover"),
        "{answer:?}"
    );
}

const WITHOUT_VERSIONS: &str = "\
version = 1
name    = \"plain\"
title   = \"Plain events\"
dialect = \"sqlite\"

[[source]]
table = \"events\"

[map]
global_position = { column = \"id\" }
stream_id       = { column = \"stream\" }
event_type      = { column = \"type\" }

[map.payload]
column = \"body\"
decode = [\"json\"]
";

/// No number of its events tells that one is missing: the store's own way to them does.
#[test]
fn a_stream_without_versions_is_incomplete_where_its_events_are_lost() {
    let lab = Lab::empty();
    let (store, layout) = (lab.path().join("plain.db"), lab.path().join("plain.toml"));
    fs::write(&layout, WITHOUT_VERSIONS).unwrap();
    let connection = rusqlite::Connection::open(&store).unwrap();
    connection
        .execute_batch(
            "PRAGMA page_size = 1024;
             CREATE TABLE events (id INTEGER PRIMARY KEY, stream TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL);
             CREATE INDEX by_stream ON events (stream);
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
             INSERT INTO events SELECT i, 'order-' || (i % 300), 'Placed', '{\"n\":' || i || ',\"pad\":\"' || hex(zeroblob(30)) || '\"}' FROM n;",
        )
        .unwrap();
    drop(connection);
    let mut bytes = fs::read(&store).unwrap();
    let is_of_events =
        |at: &usize| bytes[*at] == 0x0d && bytes[*at..*at + 1024].windows(5).any(|some| some == b"\"pad\"");
    let pages: Vec<usize> = (1024..bytes.len()).step_by(1024).filter(is_of_events).collect();
    // Of streams around order-150 the first of two events is lost, of those around order-75 the last.
    for page in [pages[pages.len() / 4], pages[pages.len() * 5 / 8]] {
        bytes[page..page + 1024].fill(0xff);
    }
    fs::write(&store, bytes).unwrap();
    let call = |command: &str, stream: &str| {
        let call = [
            "--layout",
            layout.to_str().unwrap(),
            "--json",
            command,
            store.to_str().unwrap(),
            stream,
        ];
        let ended = lab.run(&call);
        let answer: Value = serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
        (ended.code, answer)
    };
    let (mut first_lost, mut last_lost, mut whole) = (0, 0, 0);
    let mut lost = Vec::new();
    for stream in (50..105).chain(130..175) {
        let (code, state) = call("state", &format!("order-{stream}"));
        let (since, number) = (&state["incomplete_since"], state["state"]["n"].as_u64().unwrap());
        if code == 1 {
            lost.push(format!("order-{stream}"));
        }
        let other = if number > 300 { number - 300 } else { number + 300 };
        match (code, number > 300) {
            // The first of two is lost: every state behind it lacks it.
            (1, true) => {
                assert_eq!(since, &json!(format!("#{number}")), "{state}");
                first_lost += 1;
            }
            // The last one is: so the head lacks it.
            (1, false) => {
                assert_eq!(since, &json!(format!("#{other}")), "{state}");
                last_lost += 1;
            }
            _ => {
                assert_eq!((code, since, number > 300), (0, &json!(null), true), "{state}");
                whole += 1;
            }
        }
    }
    // Of all streams at once it is the same, with an index and without.
    let layout = ["--layout", layout.to_str().unwrap()];
    let store = store.to_str().unwrap();
    for is_indexed in [false, true] {
        if is_indexed {
            lab.run(&[&layout[..], &["info", store]].concat());
        }
        let replayed = lab.json_lines_of(1, &[&layout[..], &["replay", store, "--all"]].concat());
        let incomplete = replayed.iter().filter(|line| line["incomplete"] == json!(true));
        let incomplete: Vec<&str> = incomplete.filter_map(|line| line["stream"].as_str()).collect();
        assert!(
            lost.iter().all(|stream| incomplete.contains(&stream.as_str())),
            "{lost:?}: {incomplete:?}"
        );
        assert!(incomplete.len() < 30, "and no others: {incomplete:?}");
    }
    assert!(
        first_lost > 2 && last_lost > 2 && whole > 50,
        "{first_lost} {last_lost} {whole}"
    );
}
