use super::*;

fn query(folder: &str, name: &str, text: &str) -> SavedQuery {
    SavedQuery {
        name: name.to_owned(),
        folder: folder.to_owned(),
        asked: SearchAsked {
            text: text.to_owned(),
            types: vec!["PaymentFailed".to_owned(), "a \"quoted\" one".to_owned()],
            ..SearchAsked::default()
        },
    }
}

fn places() -> (tempfile::TempDir, Places) {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(folder.path());
    (folder, places)
}

#[test]
fn a_search_is_saved_renamed_moved_removed_and_put_back() {
    let (_folder, places) = places();
    assert_eq!(load(&places).unwrap().saved, []);
    let refused = query("Payments", "Refused", "do_not_honor");
    assert_eq!(
        save(&places, &refused, None).unwrap().saved,
        std::slice::from_ref(&refused)
    );
    assert!(save(&places, &refused, None).unwrap_err().message.contains("already"));
    // Saved again over itself.
    let changed = query("Payments", "Refused", "issuer_timeout");
    assert_eq!(
        save(&places, &changed, Some(("Payments", "Refused"))).unwrap().saved,
        std::slice::from_ref(&changed)
    );
    let moved = query("Payments/Late", "Refused late", "issuer_timeout");
    let book = save(
        &places,
        &SavedQuery {
            folder: " Payments / Late/ ".to_owned(),
            ..moved.clone()
        },
        Some(("Payments", "Refused")),
    );
    assert_eq!(book.unwrap().saved, std::slice::from_ref(&moved));
    assert_eq!(remove(&places, "Payments/Late", "Refused late").unwrap().saved, []);
    assert_eq!(save(&places, &moved, None).unwrap().saved, [moved]);
    for name in ["", "  ", "a/b"] {
        assert!(save(&places, &query("", name, "x"), None).is_err(), "{name:?}");
    }
}

#[test]
fn a_saved_search_is_found_by_its_name_or_by_its_folder_too() {
    let (_folder, places) = places();
    save(&places, &query("a", "one", "1"), None).unwrap();
    save(&places, &query("b", "one", "2"), None).unwrap();
    save(&places, &query("", "two", "3"), None).unwrap();
    assert_eq!(find(&places, "two").unwrap().asked.text, "3");
    assert_eq!(find(&places, "b/one").unwrap().asked.text, "2");
    assert!(find(&places, "one").unwrap_err().message.contains("a/one, b/one"));
    assert_eq!(find(&places, "three").unwrap_err().code, crate::ErrorCode::NotFound);
}

#[test]
fn what_a_person_wrote_into_the_file_stays() {
    let (_folder, places) = places();
    save(&places, &query("", "one", "1"), None).unwrap();
    let written = std::fs::read_to_string(file(&places)).unwrap();
    let edited = format!(
        "# mine\n{written}colour = \"red\" # why not\n\n[[query]]\nname = \"two\"\ncondition = \"event.data.price > 200\"\n"
    );
    std::fs::write(file(&places), edited).unwrap();
    let book = save(&places, &query("f", "one", "11"), Some(("", "one"))).unwrap();
    assert_eq!(
        book.saved.iter().map(|query| query.name.as_str()).collect::<Vec<_>>(),
        ["two", "one"]
    );
    assert_eq!(book.saved[0].asked.condition, "event.data.price > 200");
    let text = std::fs::read_to_string(file(&places)).unwrap();
    assert!(
        text.contains("# mine") && text.contains("colour = \"red\" # why not"),
        "{text}"
    );
}

#[test]
fn a_file_that_is_no_toml_is_never_written_over() {
    let (_folder, places) = places();
    save(&places, &query("", "one", "1"), None).unwrap();
    for broken in ["[[query", "query = 3\n"] {
        std::fs::write(file(&places), broken).unwrap();
        assert!(save(&places, &query("", "two", "2"), None).is_err(), "{broken}");
        assert_eq!(std::fs::read_to_string(file(&places)).unwrap(), broken);
    }
}

#[test]
fn the_latest_searches_are_remembered_once_each() {
    let (_folder, places) = places();
    for n in 0..30 {
        remember(&places, &query("", "", &format!("{}", n % 25)).asked).unwrap();
    }
    remember(&places, &SearchAsked::default()).unwrap();
    let recent: Vec<String> = load(&places)
        .unwrap()
        .recent
        .into_iter()
        .map(|asked| asked.text)
        .collect();
    assert_eq!(recent.len(), RECENT_COUNT);
    assert_eq!(&recent[..3], ["4", "3", "2"]);
}
