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

/// Every short pattern and path, against every place that there can be.
#[test]
fn a_pattern_and_a_path_meet_where_there_is_a_place_at_or_below_both() {
    /// All words of at most so many of these letters.
    fn words(letters: &[&'static str], most: usize) -> Vec<Vec<&'static str>> {
        let mut all = vec![Vec::new()];
        let mut last = all.clone();
        for _ in 0..most {
            let longer = |word: &Vec<&'static str>| {
                let word = word.clone();
                letters.iter().map(move |letter| [&word[..], &[*letter]].concat())
            };
            last = last.iter().flat_map(longer).collect();
            all.extend(last.clone());
        }
        all
    }
    /// The same pattern with every `**` as so many `*` as a place has room for.
    fn plain(pattern: &[&'static str]) -> Vec<Vec<&'static str>> {
        pattern.iter().fold(vec![Vec::new()], |all, step| {
            let any = (0..=5).map(|count| vec!["*"; count]).collect();
            let steps: Vec<Vec<&str>> = if *step == "**" { any } else { vec![vec![*step]] };
            all.iter()
                .flat_map(|one| steps.iter().map(move |more| [&one[..], more].concat()))
                .collect()
        })
    }
    let places = words(&["a", "b"], 5);
    for pattern in words(&["a", "b", "*", "**"], 3) {
        let plain = plain(&pattern);
        for path in words(&["a", "b"], 2) {
            let hides = |place: &Vec<&str>| {
                plain.iter().any(|steps| {
                    let mut both = steps.iter().zip(place);
                    steps.len() <= place.len() && both.all(|(step, name)| *step == "*" || step == name)
                })
            };
            let expected = places.iter().any(|place| place.starts_with(&path) && hides(place));
            let written = |names: &[&str]| names.iter().map(|name| format!("/{name}")).collect::<String>();
            let path = Pointer::parse(&written(&path)).unwrap();
            let found = meet(
                &steps(&written(&pattern)).unwrap(),
                &super::super::cover::segments(&path),
            );
            assert_eq!(found, expected, "{pattern:?} {path}");
        }
    }
}

/// Nothing of a store is shown before its rules are read, so whoever waits for them shows nothing at all.
#[cfg(unix)]
#[test]
fn rules_that_have_no_end_are_refused_at_once() {
    let refused = read(Path::new("/dev/zero")).unwrap_err();
    assert!(refused.message.contains("no plain file"), "{refused:?}");
}
