//! Fields that a rule file hides, on the command line.

use crate::lab::Lab;

const RULES: &str = "refold = \"mask/1\"\n[[hide]]\npaths = [\"/**/name\", \"/customerId\", \"/address\"]\n";

/// Every call that shows a payload or a state, as text and as JSON.
fn everything(lab: &Lab, more: &[&str]) -> String {
    let calls: [&[&str]; 7] = [
        &["history", "orders.db", "order-4711"],
        &[
            "history",
            "orders.db",
            "order-4711",
            "--story",
            "--handler",
            "handlers/order",
        ],
        &["state", "orders.db", "order-4711"],
        &["state", "orders.db", "order-4711", "--handler", "handlers/order"],
        &["diff", "orders.db", "order-4711", "--from", "start", "--to", "head"],
        &["blame", "orders.db", "order-4711"],
        &["search", "orders.db", "C-", "--limit", "3"],
    ];
    let mut told = String::new();
    for call in calls {
        for form in [&[][..], &["--json"]] {
            let answer = lab.run(&[form, call, more].concat());
            assert!(answer.code <= 1, "{call:?}: {answer:?}");
            told += &answer.out;
            told += &answer.err;
        }
    }
    told
}

#[test]
fn what_a_rule_hides_is_in_no_answer_until_it_is_revealed() {
    let lab = Lab::new(500);
    let secret = lab.json(0, &["state", "orders.db", "order-4711"])["customerId"].clone();
    assert!(secret.is_null(), "the state is one level down");
    let secret = lab.json(0, &["state", "orders.db", "order-4711"])["state"]["customerId"].clone();
    let secret = secret.as_str().expect("the order has a customer").to_owned();
    std::fs::create_dir_all(lab.path().join("rules")).unwrap();
    std::fs::write(lab.path().join("rules/mask.toml"), RULES).unwrap();
    let masked = everything(&lab, &["--mask", "rules/mask.toml"]);
    assert!(!masked.contains(&secret) && masked.contains("[redacted]"), "{masked}");
    assert!(masked.contains("\"redacted\""), "the finding says so");

    let unexplained = lab.run(&["state", "orders.db", "order-4711", "--reveal", "/customerId"]);
    assert_eq!(unexplained.code, 2, "{unexplained:?}");
    let revealing = [
        "--mask",
        "rules/mask.toml",
        "--reveal",
        "/customerId",
        "--reason",
        "ticket 12",
    ];
    let revealed = lab.run(&[&["state", "orders.db", "order-4711"], &revealing[..]].concat());
    assert!(revealed.out.contains(&secret), "{revealed:?}");
    let log = std::fs::read_to_string(lab.home().join("data/reveals.jsonl")).unwrap();
    assert!(
        log.contains("ticket 12")
            && log.contains("/customerId")
            && log.contains("\"everything\":false")
            && !log.contains(&secret),
        "{log}"
    );

    // Found beside the handler packages, without being named; and a slip of the pen shows nothing.
    std::fs::write(lab.path().join("handlers/mask.toml"), RULES).unwrap();
    assert!(!everything(&lab, &[]).contains(&secret));
    std::fs::write(lab.path().join("handlers/mask.toml"), "refold = \"mask/1\"\n[[hid]]\n").unwrap();
    let refused = lab.run(&["state", "orders.db", "order-4711"]);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{refused:?}");
}
