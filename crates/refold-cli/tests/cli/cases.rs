//! Case files, as a person keeps and opens them.

use crate::lab::Lab;

#[test]
fn a_case_answers_what_the_store_answered_and_needs_it_no_more() {
    let lab = Lab::new(3_000);
    let kept = tempfile::tempdir().unwrap();
    let case = kept.path().join("one.refold-case").display().to_string();
    let busiest = lab.run(&["--json", "streams", "orders.db", "--sort", "events", "--limit", "3"]);
    let streams: Vec<String> = busiest
        .out
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            row["stream"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut save = vec!["case", "save", "orders.db", "--out", &case];
    streams.iter().for_each(|stream| save.extend(["--stream", stream]));
    assert_eq!(lab.run(&save).code, 0);
    let again = lab.run(&save);
    assert_eq!(again.code, 2, "{}", again.err);
    assert!(again.err.contains("a file of this name is there"), "{}", again.err);
    let ask = |store: &str| -> Vec<String> {
        let of_stream = |stream: &String| {
            ["history", "state", "blame"].map(|command| {
                let answer = lab.run(&["--json", command, store, stream]);
                assert_eq!(answer.code, 0, "{}", answer.err);
                answer.out
            })
        };
        streams.iter().flat_map(of_stream).collect()
    };
    let before = ask("orders.db");
    std::fs::remove_file(lab.store()).unwrap();
    assert_eq!(ask(&case), before);
}

#[test]
fn a_damaged_case_is_refused_with_what_to_do() {
    let lab = Lab::shared();
    let kept = tempfile::tempdir().unwrap();
    let case = kept.path().join("one.refold-case");
    let name = case.display().to_string();
    let saved = lab.run(&["case", "save", "orders.db", "--stream", "order-4712", "--out", &name]);
    assert_eq!(saved.code, 0, "{}", saved.err);
    let whole = std::fs::read(&case).unwrap();
    std::fs::write(&case, &whole[..whole.len() - 20]).unwrap();
    let answer = lab.run(&["info", &name]);
    assert_eq!(answer.code, 3);
    assert!(answer.err.contains("it is cut off"), "{}", answer.err);
    assert!(
        !answer.err.contains(".recover") && answer.err.contains("from whom it came"),
        "{}",
        answer.err
    );
}
