use proptest::prelude::*;

use super::*;

fn lines(text: &str) -> Result<Option<Vec<(String, String)>>, String> {
    section(text, "orders")
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn sections_mean_what_the_manual_says() {
    let text = "# services\n[other]\nhost=elsewhere\nno key\n\n  [orders]\r\n# a comment\n  host=pg-1  \nport=5433\nhost=pg-2\n\
        dbname=a=b\n[orders]\nuser=late\n";
    // What is wrong in another section is nobody's business, the first line of a key counts, and the first section.
    let expected = vec![pair("host", "pg-1"), pair("port", "5433"), pair("dbname", "a=b")];
    assert_eq!(lines(text), Ok(Some(expected)));
    assert_eq!(lines("[orders]"), Ok(Some(Vec::new())));
    assert_eq!(lines("[orders2]\nhost=a\n"), Ok(None));
    assert_eq!(lines(""), Ok(None));
    // Nothing around = is taken away: such a key is none that libpq knows.
    assert_eq!(lines("[orders]\nhost = a\n"), Ok(Some(vec![pair("host ", " a")])));
}

#[test]
fn what_is_wrong_is_told_by_its_line_and_never_by_its_text() {
    for (text, expected) in [
        ("[orders]\nhunter2\n", "line 2 is no key=value"),
        (
            "\n[orders]\nservice=hunter2\n",
            "line 3 names another service, which a service cannot",
        ),
    ] {
        assert_eq!(lines(text), Err(expected.to_owned()));
    }
    let long = format!("[orders]\npassword={}\n", "hunter2".repeat(200));
    assert_eq!(lines(&long), Err("line 2 is too long".to_owned()));
}

proptest! {
    #[test]
    fn what_is_written_is_read(pairs in proptest::collection::btree_map("[a-z_]{1,10}", "[a-zA-Z0-9=/. :-]{0,20}", 0..6)) {
        prop_assume!(!pairs.contains_key("service") && !pairs.contains_key("servicefile"));
        let text: String = pairs.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
        let expected: Vec<(String, String)> =
            pairs.iter().map(|(key, value)| pair(key, value.trim_end_matches([' ', '\t']))).collect();
        prop_assert_eq!(lines(&format!("[x]\na=b\n[orders]\n{text}[y]\nz=1\n")), Ok(Some(expected)));
    }

    #[test]
    fn no_text_breaks_it(text in "(\\[orders\\]\\n)?\\PC{0,80}") {
        let _ = lines(&text);
    }
}
