use super::*;

fn places() -> (tempfile::TempDir, Places) {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(folder.path());
    (folder, places)
}

fn recent(location: &str) -> Recent {
    Recent {
        location: location.to_owned(),
        layout_title: "Emmett".to_owned(),
        events: None,
        opened_at: "2026-08-03T14:00:00Z".to_owned(),
    }
}

#[test]
fn comments_and_unknown_keys_survive_a_save() {
    let (_folder, places) = places();
    assert_eq!(load_settings(&places), Settings::default());
    fs::create_dir_all(&places.config).unwrap();
    let written = "# mine\ntheme = \"light\" # at noon\n\n[later]\nkey = [1, 2]\n";
    fs::write(settings_file(&places), written).unwrap();
    assert_eq!(load_settings(&places).theme, Theme::Light);
    save_settings(
        &places,
        &Settings {
            theme: Theme::Dark,
            density: Density::Compact,
            ..Settings::default()
        },
    )
    .unwrap();
    let text = fs::read_to_string(settings_file(&places)).unwrap();
    assert!(text.contains("# mine\ntheme = \"dark\" # at noon\n"), "{text}");
    assert!(text.contains("[later]\nkey = [1, 2]\n"), "{text}");
    assert_eq!(
        load_settings(&places),
        Settings {
            theme: Theme::Dark,
            density: Density::Compact,
            ..Settings::default()
        }
    );
    assert_eq!(
        fs::read_dir(&places.config).unwrap().count(),
        1,
        "nothing half-written is left"
    );
}

#[test]
fn a_damaged_file_is_not_overwritten() {
    let (_folder, places) = places();
    fs::create_dir_all(&places.config).unwrap();
    fs::write(settings_file(&places), "theme = \"dark").unwrap();
    assert_eq!(load_settings(&places), Settings::default());
    assert_eq!(check_settings(&places).unwrap_err().code, ErrorCode::InvalidInput);
    let error = save_settings(&places, &Settings::default()).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    assert_eq!(fs::read_to_string(settings_file(&places)).unwrap(), "theme = \"dark");
}

#[test]
fn keys_come_as_a_person_wrote_them_and_stay_so() {
    let (_folder, places) = places();
    assert!(check_settings(&places).is_ok(), "no file is no fault");
    fs::create_dir_all(&places.config).unwrap();
    let written = "\
[keys.history]
\"n\" = \"cursor.next\" # like a pager
\"v\" = false
\"F7\" = 12

[keys]
lone = \"go.back\"
";
    fs::write(settings_file(&places), written).unwrap();
    assert!(check_settings(&places).is_ok());
    let line = |context: &str, keys: &str, command: Option<&str>| KeyBinding {
        context: context.to_owned(),
        keys: keys.to_owned(),
        command: command.map(str::to_owned),
    };
    let keys = load_settings(&places).keys;
    let history = keys.iter().filter(|binding| binding.context == "history");
    assert_eq!(
        history.cloned().collect::<Vec<_>>(),
        [
            line("history", "n", Some("cursor.next")),
            line("history", "v", None),
            line("history", "F7", Some("12")),
        ]
    );
    assert!(keys.contains(&line("lone", "", Some("go.back"))), "{keys:?}");

    let settings = Settings {
        letter_keys: false,
        keys: Vec::new(),
        ..Settings::default()
    };
    save_settings(&places, &settings).unwrap();
    let loaded = load_settings(&places);
    assert!(!loaded.letter_keys);
    assert_eq!(loaded.keys, keys, "saving leaves the bindings alone");
    let text = fs::read_to_string(settings_file(&places)).unwrap();
    assert!(text.contains("\"n\" = \"cursor.next\" # like a pager"), "{text}");
}

#[test]
fn recents_are_latest_first_without_doubles() {
    let (_folder, places) = places();
    for location in ["/a.db", "/b.db", "/a.db"] {
        remember_recent(&places, recent(location)).unwrap();
    }
    let locations: Vec<String> = load_recents(&places)
        .into_iter()
        .map(|recent| recent.location)
        .collect();
    assert_eq!(locations, ["/a.db", "/b.db"]);
    forget_recent(&places, "/a.db").unwrap();
    assert_eq!(load_recents(&places).len(), 1);
    for number in 0..30 {
        remember_recent(&places, recent(&number.to_string())).unwrap();
    }
    assert_eq!(load_recents(&places).len(), RECENT_COUNT);
}

#[test]
fn the_limit_of_the_copy_is_read_or_refused() {
    #[track_caller]
    fn check(text: &str, expected: Result<Option<u64>, ErrorCode>) {
        let (_folder, places) = places();
        fs::create_dir_all(&places.config).unwrap();
        fs::write(settings_file(&places), text).unwrap();
        assert_eq!(most_copied_bytes(&places).map_err(|error| error.code), expected);
    }
    check("", Ok(None));
    check("theme = \"dark\"\n", Ok(None));
    check("max_copy_megabytes = 500\n", Ok(Some(500_000_000)));
    check("max_copy_megabytes = 0\n", Ok(Some(0)));
    check("max_copy_megabytes = -1\n", Err(ErrorCode::InvalidInput));
    check("max_copy_megabytes = \"500\"\n", Err(ErrorCode::InvalidInput));
    let (_folder, places) = places();
    assert_eq!(most_copied_bytes(&places), Ok(None));
}

#[test]
fn the_place_comes_back_and_can_be_forgotten() {
    let (_folder, places) = places();
    assert_eq!(load_place(&places), None);
    let place = Launch {
        store: "/srv/shop/orders.db".to_owned(),
        stream: Some("order \"4711\"\n".to_owned()),
        at: Some("v10".to_owned()),
        handler: None,
    };
    save_place(&places, Some(&place)).unwrap();
    assert_eq!(load_place(&places), Some(place));
    save_place(&places, None).unwrap();
    assert_eq!(load_place(&places), None);
}
