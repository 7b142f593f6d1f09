use super::*;

fn parsed(words: &[&str]) -> Result<Asked, String> {
    parse(words.iter().map(|word| (*word).to_owned()))
}

#[track_caller]
fn check(words: &[&str], store: &str, stream: Option<&str>, at: Option<&str>, handler: Option<&str>) {
    let Ok(Asked::Window(Some(launch))) = parsed(words) else {
        panic!("{words:?} opens nothing")
    };
    let got = (
        launch.store.as_str(),
        launch.stream.as_deref(),
        launch.at.as_deref(),
        launch.handler.as_deref(),
    );
    assert_eq!(got, (store, stream, at, handler), "{words:?}");
}

/// What opens a store on the command line opens it here, or it is said what to do instead.
#[test]
fn options_of_the_command_line_are_taken_or_refused_in_words() {
    for words in [
        ["orders.jsonl", "--layout", "own.toml"].as_slice(),
        &["--layout=own.toml", "orders.jsonl"],
    ] {
        let Ok(Asked::Window(Some(launch))) = parsed(words) else {
            panic!("{words:?} opens nothing")
        };
        assert_eq!(launch.layout.as_deref(), Some("own.toml"));
    }
    assert_eq!(
        parsed(&["--layout", "own.toml"]).unwrap_err(),
        "--at, --handler and --layout need a store"
    );
    for option in ["--zone", "--mask", "--reveal", "--reason", "--trust-programs", "--json"] {
        let told = parsed(&["orders.db", option, "x"]).unwrap_err();
        assert!(
            told.starts_with(&format!("the window does not take {option}: ")),
            "{told}"
        );
    }
    assert_eq!(parsed(&["orders.db", "--odd"]).unwrap_err(), "there is no option --odd");
}

/// The window itself reads it: only there is known which stores were opened before.
#[test]
fn a_link_arrives_as_it_is() {
    let link = "refold://orders.db/Order/order-4711@12?b=3&tab=diff";
    check(&[link], link, None, None, None);
}

#[test]
fn places_and_options_come_in_any_order() {
    check(&["orders.db"], "orders.db", None, None, None);
    check(
        &["orders.db", "order-4711"],
        "orders.db",
        Some("order-4711"),
        None,
        None,
    );
    check(
        &["--at", "v12", "orders.db", "s", "--handler=h@1"],
        "orders.db",
        Some("s"),
        Some("v12"),
        Some("h@1"),
    );
    check(
        &["orders.db", "s", "--at", "-2h"],
        "orders.db",
        Some("s"),
        Some("-2h"),
        None,
    );
    check(&["orders.db", "--", "--odd"], "orders.db", Some("--odd"), None, None);
    check(&["orders.db", "a=b"], "orders.db", Some("a=b"), None, None);
}

#[test]
fn no_argument_is_the_welcome_page() {
    assert!(matches!(parsed(&[]), Ok(Asked::Window(None))));
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_sentence() {
    for words in [
        &["a", "b", "c"][..],
        &["--at", "v1"],
        &["orders.db", "--at"],
        &["--write"],
        &["--handler", "h"],
    ] {
        assert!(parsed(words).is_err_and(|sentence| !sentence.is_empty()), "{words:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text_is_refused_with_a_sentence() {
    use std::os::unix::ffi::OsStringExt as _;

    let given = |last: &[u8]| words([OsString::from("orders.db"), OsString::from_vec(last.to_vec())].into_iter());
    assert_eq!(
        given(b"order-1"),
        Ok(vec!["orders.db".to_owned(), "order-1".to_owned()])
    );
    let refused = given(b"gr\xfcn").unwrap_err();
    assert!(refused.contains("no text in UTF-8"), "{refused}");
}
