//! What is told beside an answer, and arguments as a shell gives them.

use crate::lab::Lab;

const STRICT: &str =
    "refold: reducer/1\nunhandled: error\non:\n  OrderPlaced:\n    - set: { id: event.data.orderId }\n";

/// What an event changed is not known once the handler has failed: that is not "nothing".
#[test]
fn a_story_says_where_its_handler_failed() {
    let lab = Lab::shared();
    let folder = tempfile::tempdir().unwrap();
    let strict = folder.path().join("strict.yaml");
    std::fs::write(&strict, STRICT).unwrap();
    let call = [
        "history",
        "orders.db",
        "order-4711",
        "--story",
        "--handler",
        strict.to_str().unwrap(),
    ];
    let told = lab.run(&call);
    assert_eq!(told.code, 0, "{told:?}");
    let lines: Vec<&str> = told.out.lines().collect();
    assert!(lines[0].contains("OrderPlaced: changes "), "{told:?}");
    assert!(lines.len() > 5);
    for line in &lines[1..] {
        assert!(line.contains(": not folded, the handler failed at event 2: "), "{line}");
    }
    assert!(told.err.contains("RF-HANDLER-THROW"), "{told:?}");
    let told = lab.json_lines(&call);
    assert!(told[0]["fault"].is_null(), "{}", told[0]);
    assert!(told[1..].iter().all(|line| line["fault"].is_string()), "{told:?}");
}

#[test]
fn a_span_back_from_now_is_a_cursor_everywhere() {
    let lab = Lab::shared();
    let stream = ["replay", "orders.db", "order-4711", "--until"];
    let back = lab.run(&[&stream[..], &["-2h"]].concat());
    assert_eq!((back.code, back.err.as_str()), (0, ""), "{back:?}");
    let now = lab.run(&[&stream[..], &["now"]].concat());
    let state = |answer: &str| answer.split_once("\n\n").map(|(_, state)| state.to_owned());
    assert_eq!(state(&back.out), state(&now.out));
}

#[test]
fn an_address_that_is_given_to_an_edit_is_taken_whole() {
    let lab = Lab::empty();
    let run = |arguments: &[&str]| {
        let answer = lab.run(arguments);
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
    };
    let add = [
        "connections",
        "add",
        "shop",
        "postgres://ada@db-1/shop?sslmode=verify-ca",
    ];
    run(&[&add[..], &["--environment", "test"]].concat());
    let address = "postgres://db/orders?target_session_attrs=standby&sslrootcert=/ca.pem";
    run(&["connections", "edit", "shop", address]);
    let listed = lab.run(&["connections", "list", "shop"]).out;
    for line in [
        "host = db\n",
        "database = orders\n",
        "target_session_attrs = standby\n",
        "sslrootcert = /ca.pem\n",
        "user = ada\n",
        "sslmode = verify-ca\n",
    ] {
        assert!(listed.contains(line), "{line}: {listed}");
    }
}

/// Names of files are bytes.
#[cfg(target_os = "linux")]
#[test]
fn a_store_whose_name_is_no_text_is_opened() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let lab = Lab::new(500);
    let folder = lab.path().join(OsStr::from_bytes(b"gr\xfcn"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::rename(lab.store(), folder.join("orders.db")).unwrap();
    let expected = "500 events";
    let by_folder = lab
        .command(&["info", "orders.db"])
        .current_dir(&folder)
        .output()
        .unwrap();
    let by_path = lab.command(&["info"]).arg(folder.join("orders.db")).output().unwrap();
    for output in [by_folder, by_path] {
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains(expected));
    }
}
