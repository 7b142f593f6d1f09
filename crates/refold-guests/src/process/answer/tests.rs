use super::*;

/// The place of a failure, of which the program says that it was there.
fn place_of(said: &str) -> Option<String> {
    let line = format!("{{\"ok\":false,\"at\":0,\"error\":{{\"message\":\"no\",\"place\":{said}}}}}");
    match Answer::read(line.as_bytes(), &GuestLimits::DEFAULT) {
        Ok(Answer::Failed { fault, .. }) => fault.place,
        Ok(Answer::Done(_)) => panic!("{line} is a failure"),
        Err(fault) => panic!("{line}: {fault}"),
    }
}

#[test]
fn a_place_is_a_file_with_a_line() {
    for place in ["handler.py:12", "src/Main-2.cs:7:31", "größe_1.rb:1"] {
        assert_eq!(place_of(&format!("\"{place}\"")).as_deref(), Some(place));
    }
}

#[test]
fn what_may_quote_the_event_is_no_place() {
    for said in [
        "\"ada@example.org\"",
        "\"ada@example.org:12\"",
        "\"handler.py\"",
        "\"handler.py:\"",
        "\":12\"",
        "\"handler.py:12:\"",
        "\"handler.py:12:3:4\"",
        "\"handler.py:12 Ada Lovelace\"",
        "\"Ada Lovelace.py:12\"",
        "\"handler.py:-1\"",
        "\"handler.py:4242424242424242\"",
        "\"handler.py:\\u0661\"",
        "\"\"",
        "12",
    ] {
        assert_eq!(place_of(said), None, "{said}");
    }
    let long = format!("\"{}:1\"", "a".repeat(201));
    assert_eq!(place_of(&long), None);
}
