use super::*;

#[track_caller]
fn check(text: &str, stored: &str, expected: bool) {
    let needles = forms(text);
    let found = needles
        .iter()
        .any(|needle| memchr::memmem::find(stored.as_bytes(), needle).is_some());
    assert_eq!(found, expected, "{text:?} in {stored}");
}

#[test]
fn a_text_is_found_in_each_form_that_json_gives_it() {
    check("P-1", r#"{"sku":"P-1"}"#, true);
    check("say \"no\"", r#"{"note":"say \"no\""}"#, true);
    check("Müller", r#"{"name":"Müller"}"#, true);
    check("Müller", r#"{"name":"M\u00fcller"}"#, true);
    check("\u{1f600}", r#"{"mood":"\ud83d\ude00"}"#, true);
    check("line\nbreak", r#"{"note":"line\nbreak"}"#, true);
    check("\"sku\":\"P-1\"", r#"{"sku":"P-1"}"#, true);
    check("P-2", r#"{"sku":"P-1"}"#, false);
    assert!(forms("").is_empty());
}
