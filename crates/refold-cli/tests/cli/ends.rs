//! How commands end: exit codes, messages, cancelling, closed outputs, and that nothing is written beside a store.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::lab::Lab;

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let lab = Lab::shared();
    let other = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = other.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let text = file("notes.txt", b"this is no database");
    let empty = file("empty.db", b"");
    let whole = std::fs::read(lab.store()).unwrap();
    let cut = file("cut.db", &whole[..whole.len() / 2]);
    let plain = other.path().join("plain.db").display().to_string();
    rusqlite::Connection::open(&plain)
        .unwrap()
        .execute_batch("CREATE TABLE people (name TEXT)")
        .unwrap();
    let folder = other.path().display().to_string();
    let calls: Vec<(i32, Vec<&str>)> = vec![
        (2, vec!["info", &text]),
        (2, vec!["info", &empty]),
        (3, vec!["info", &cut]),
        (2, vec!["info", &plain]),
        (2, vec!["info", &folder]),
        (3, vec!["info", "missing.db"]),
        (2, vec!["info", "@orders-eu"]),
        (2, vec!["info", "kafka://localhost/orders"]),
        (2, vec!["--layout", "nothing-like-it", "info", "orders.db"]),
        (2, vec!["state", "orders.db", "order-0"]),
        (2, vec!["state", "orders.db", "order-4711", "--at", "soon"]),
        (2, vec!["state", "orders.db", "order-4711", "--at", "1500-01-01"]),
        (
            2,
            vec!["state", "orders.db", "order-4711", "--handler", "handlers/nobody"],
        ),
        (
            2,
            vec!["state", "orders.db", "order-4711", "--handler", "handlers/order@9"],
        ),
        (2, vec!["blame", "orders.db", "order-4711", "--path", "no/slash"]),
        (2, vec!["search", "orders.db", "x", "--where", "event.data.("]),
        (
            2,
            vec![
                "new-handler",
                "orders.db",
                "--category",
                "cart",
                "--out",
                "cart.handler",
            ],
        ),
        (2, vec!["test", "handlers/nobody"]),
        (2, vec!["streams", "orders.db", "--after", "order-0"]),
        (2, vec!["timeline", "orders.db", "--svg", "/nowhere/at/all.svg"]),
    ];
    for (code, arguments) in calls {
        let answer = lab.run(&arguments);
        assert_eq!(answer.code, code, "{arguments:?}: {answer:?}");
        assert_eq!(answer.out, "", "{arguments:?}");
        let lines: Vec<&str> = answer.err.lines().collect();
        assert!(
            lines[0].starts_with("refold: ") && lines.len() >= 2,
            "{arguments:?}: {}",
            answer.err
        );
        assert!(!lines[0].ends_with('.'), "{arguments:?}: {}", answer.err);
        let json = lab.run(&[&["--json"], arguments.as_slice()].concat());
        assert_eq!((json.code, json.out.as_str()), (code, ""));
        let error: serde_json::Value = serde_json::from_str(&json.err).unwrap();
        let [hint, typed] = ["hint", "typed"].map(|part| error[part].as_str().unwrap());
        assert!(error["message"].is_string() && !hint.is_empty(), "{error}");
        let typed = if typed.is_empty() {
            String::new()
        } else {
            format!(" ({typed})")
        };
        assert_eq!(lines.last(), Some(&&*format!("  {hint}{typed}")), "{arguments:?}");
    }
    for arguments in [
        vec!["bogus"],
        vec!["diff", "orders.db", "order-4711"],
        vec!["streams", "orders.db", "--sort", "x"],
    ] {
        assert_eq!(lab.run(&arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn whoever_closes_the_output_is_no_failure() {
    let lab = Lab::shared();
    for arguments in [["history", "orders.db", "order-4712"], ["search", "orders.db", "SKU"]] {
        let mut child = lab
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.as_slice()),
            (Some(0), b"".as_slice()),
            "{arguments:?}"
        );
    }
}

/// The pipe holds far less than the answer, so that the command still runs when the signal comes.
#[test]
fn interrupting_ends_with_130() {
    let lab = Lab::shared();
    let mut child = lab
        .command(&["--json", "search", "orders.db", ""])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(rest.is_empty() || rest.ends_with(b"\n"), "the last line is whole");
}

#[test]
fn nothing_is_written_beside_the_store() {
    let lab = Lab::new(500);
    let before = lab.fingerprint();
    for arguments in [
        vec!["info", "orders.db"],
        vec!["streams", "orders.db"],
        vec!["history", "orders.db", "order-4711"],
        vec!["search", "orders.db", "SKU"],
        vec!["state", "orders.db", "order-4711"],
        vec!["diff", "orders.db", "order-4711", "--from", "start", "--to", "head"],
        vec!["blame", "orders.db", "order-4711"],
        vec!["timeline", "orders.db"],
        vec!["test", "handlers/order"],
        vec!["state", "orders.db", "nobody"],
    ] {
        let answer = lab.run(&arguments);
        assert!((0..=2).contains(&answer.code), "{arguments:?}: {answer:?}");
    }
    assert_eq!(lab.fingerprint(), before);
}

/// What needs one stream only must not read the whole store first.
#[test]
fn one_stream_needs_no_local_index() {
    let lab = Lab::new(500);
    for command in ["state", "history", "blame"] {
        assert_eq!(lab.run(&[command, "orders.db", "order-4711"]).code, 0);
    }
    let home = lab
        .command(&[])
        .get_envs()
        .find_map(|(key, value)| (key == "REFOLD_HOME").then_some(value))
        .flatten()
        .unwrap()
        .to_owned();
    let cache = std::path::Path::new(&home).join("cache");
    let kept: Vec<_> = std::fs::read_dir(&cache)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(kept, ["scratch"]);
}

#[test]
fn a_store_without_events_is_a_store() {
    let lab = Lab::new(500);
    let database = rusqlite::Connection::open(lab.store()).unwrap();
    database
        .execute_batch("DELETE FROM emt_messages; DELETE FROM emt_streams")
        .unwrap();
    drop(database);
    let told = lab.json(0, &["info", "orders.db"]);
    assert_eq!((told["events"].as_u64(), told["streams"].as_u64()), (Some(0), Some(0)));
    assert_eq!(lab.run(&["streams", "orders.db"]).out, "no stream matches\n");
    assert_eq!(lab.run(&["search", "orders.db", "x"]).out, "0 events found\n");
    assert_eq!(lab.run(&["timeline", "orders.db"]).out, "orders.db  0 events\n");
    let timeline = lab.json(0, &["timeline", "orders.db"]);
    assert!(timeline["from"].is_null() && timeline["to"].is_null());
    assert_eq!(lab.run(&["state", "orders.db", "order-4711"]).code, 2);
}

/// The one option that names a file to write must not be able to hurt a store.
#[test]
fn a_drawing_replaces_nothing_but_a_drawing() {
    let lab = Lab::new(300);
    let before = lab.fingerprint();
    let beside = |name: &str| lab.path().join(name).display().to_string();
    for target in [
        "orders.db",
        "./orders.db",
        "orders.db-wal",
        "orders.db-journal",
        "read_model.db",
        "handlers",
    ] {
        let ended = lab.run(&["timeline", "orders.db", "--svg", target]);
        assert_eq!(ended.code, 2, "{target}: {}", ended.err);
        assert!(ended.err.contains("the drawing is not written"), "{}", ended.err);
        assert_eq!(lab.fingerprint(), before, "{target}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("drawing.svg");
    std::os::unix::fs::symlink(beside("orders.db"), &link).unwrap();
    assert_eq!(
        lab.run(&["timeline", "orders.db", "--svg", link.to_str().unwrap()])
            .code,
        2
    );
    assert_eq!(lab.fingerprint(), before);
    let drawing = elsewhere.path().join("again.svg").display().to_string();
    for _ in 0..2 {
        assert_eq!(lab.run(&["timeline", "orders.db", "--svg", &drawing]).code, 0);
    }
}

#[test]
fn a_case_is_never_written_over_nor_beside_the_store() {
    let lab = Lab::shared();
    let elsewhere = tempfile::tempdir().unwrap();
    let kept = elsewhere.path().join("case.yaml");
    std::fs::write(&kept, "mine").unwrap();
    let handler = format!("{}@1.0.0", lab.path().join("handlers/order").display());
    for (out, reason) in [
        (kept.clone(), "there is a file of this name already"),
        (lab.path().join("case.yaml"), "it is the folder of the store"),
    ] {
        let out = out.display().to_string();
        let (store, stream) = (lab.store().display().to_string(), "order-4711");
        let ended = lab.run(&[
            "minimize",
            &store,
            stream,
            "--handler",
            &handler,
            "--invariant",
            "state.nothing == 1",
            "--out",
            &out,
        ]);
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.err.contains(reason), "{}", ended.err);
    }
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "mine");
}

#[test]
fn a_page_of_no_streams_is_a_wrong_call() {
    let lab = Lab::shared();
    let ended = lab.run(&["streams", &lab.store().display().to_string(), "--limit", "0"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.err.contains("--limit"), "{}", ended.err);
}
