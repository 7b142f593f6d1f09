use super::*;

#[test]
fn a_file_is_read_whole_or_refused_with_a_reason() {
    let rules = parse(
        "refold = \"mask/1\"\n[[hide]]\npaths = [\"/customer/email\", \"/items/*/note\", \"/**/iban\"]\ncategory = \"order*\"\n\
         [[hide]]\npaths = [\"/actor\"]\nin = [\"metadata\"]\ntype = \"Order*ed\"\n",
    )
    .unwrap();
    assert_eq!(rules.len(), 4);
    let speaks = |rule: usize, part, category: &str, event_type: Option<&str>| {
        rules[rule].speaks_of(part, category.as_bytes(), event_type.map(str::as_bytes))
    };
    assert!(speaks(0, Part::Payload, "order", Some("Any")) && speaks(0, Part::State, "orders-eu", None));
    assert!(!speaks(0, Part::Payload, "customer", Some("Any")));
    assert!(speaks(3, Part::Metadata, "x", Some("OrderPlaced")) && !speaks(3, Part::Metadata, "x", Some("OrderPlace")));
    assert!(!speaks(3, Part::Payload, "x", Some("OrderPlaced")));
    for (text, reason) in [
        ("[[hide]]\npaths = [\"/a\"]", "refold"),
        ("refold = \"mask/2\"", "mask/1"),
        ("refold = \"mask/1\"\n[[hide]]\npaths = [\"a\"]", "slash"),
        ("refold = \"mask/1\"\n[[hide]]\npath = \"/a\"", "path"),
        (
            "refold = \"mask/1\"\n[[hide]]\npaths = [\"/a\"]\nin = [\"body\"]",
            "body",
        ),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn stars_stand_for_any_letters() {
    for (pattern, name, expected) in [
        ("order", "order", true),
        ("order", "orders", false),
        ("*", "", true),
        ("a*c*e", "abcde", true),
        ("a*c*e", "ace", true),
        ("a*c*e", "aec", false),
        ("ab*ba", "aba", false),
    ] {
        assert_eq!(
            is_like(pattern.as_bytes(), name.as_bytes()),
            expected,
            "{pattern} {name}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_looked_into_is_no_folder_without_rules() {
    let folder = tempfile::tempdir().unwrap();
    let (config, store) = (folder.path().join("config"), folder.path().join("store.db"));
    assert_eq!(at_hand(&config, &store).unwrap(), [""; 0].map(PathBuf::from));
    let handlers = folder.path().join("handlers");
    std::os::unix::fs::symlink(&handlers, &handlers).unwrap();
    let error = at_hand(&config, &store).unwrap_err();
    assert!(error.message.contains("cannot be read"), "{}", error.message);
}
