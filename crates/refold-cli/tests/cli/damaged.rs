//! What is said of a store of which a part cannot be read.

use std::fs;

use serde_json::json;

use crate::lab::Lab;

/// The sample store with one page of its events overwritten.
fn damaged() -> Lab {
    let lab = Lab::new(3_000);
    let mut bytes = fs::read(lab.store()).unwrap();
    let page_bytes = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    let is_of_events = |page: &[u8]| page[0] == 0x0d && page.windows(9).any(|some| some == b"ItemAdded");
    let pages: Vec<usize> = (page_bytes..bytes.len())
        .step_by(page_bytes)
        .filter(|at| is_of_events(&bytes[*at..*at + page_bytes]))
        .collect();
    let page = pages[pages.len() / 2];
    bytes[page..page + page_bytes].fill(0xff);
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
