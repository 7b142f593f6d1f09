//! A store on a server against an export of it: the same, whatever the server makes of the form of a payload.

use refold_tests::{Answer, Refold, answer_of};
use serde_json::Value;

use super::read_models::without_password;
use super::{Real, over_each};

over_each! {
    a_store_is_compared_with_what_was_exported_of_it
}

fn a_store_is_compared_with_what_was_exported_of_it<R: Real>() {
    // What a server counts of all that is written to it says nothing where others write too.
    let server = R::alone();
    let address = without_password(&server.store("compared", 200));
    server.tidy_up("compared");
    let folder = tempfile::tempdir().expect("a folder for the export");
    let refold = Refold::in_folder(folder.path());
    let run = |arguments: &[&str]| -> Answer {
        let mut command = refold.command(arguments);
        command.env("MYSQL_PWD", "geheim");
        answer_of(command)
    };
    let exported = run(&["--json", "search", &address, ""]);
    assert_eq!(exported.code, 0, "{}", exported.err);
    let file = folder.path().join("events.jsonl");
    let compared = |events: &str, code: i32, more: &[&str]| -> Value {
        std::fs::write(&file, events).expect("the export is written");
        let answer = run(&[&["--json", "compare", &address, "events.jsonl"], more].concat());
        assert_eq!(answer.code, code, "{}{}", answer.out, answer.err);
        serde_json::from_str(&answer.out).expect("it is JSON")
    };
    let before = server.fingerprint("compared");
    let events = exported.out.as_str();
    let same = compared(events, 0, &[]);
    assert_eq!(
        (&same["outcome"], &same["events"]["equal"]),
        (&"same".into(), &200.into())
    );
    assert_eq!(same["order"]["events"], 200);

    // As an application writes it, before a server gives it another form.
    let as_written = events.replace("\"payload\":{", "\"payload\":{ ");
    let other_form = compared(&as_written, 1, &[]);
    assert_eq!(
        other_form["parts"],
        serde_json::json!([{"part": "payload", "events": 200}])
    );
    assert_eq!(compared(&as_written, 0, &["--by", "meaning"])["outcome"], "same");

    let lines: Vec<&str> = events.lines().collect();
    let without_one = [&lines[..50], &lines[51..]].concat().join("\n") + "\n";
    let lost = compared(&without_one, 1, &[]);
    assert_eq!(
        (&lost["events"]["only_left"], &lost["streams"]["missing"]),
        (&1.into(), &1.into())
    );
    assert_eq!(server.fingerprint("compared"), before, "nothing was written");
}
