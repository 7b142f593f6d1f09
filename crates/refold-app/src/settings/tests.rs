use std::fs;

use super::*;
use crate::error::ErrorCode;
use crate::wire::{Density, Environment, Theme};

fn places() -> (tempfile::TempDir, Places) {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(folder.path());
    (folder, places)
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
    let mut left: Vec<_> = fs::read_dir(&places.config)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["settings.lock", "settings.toml"], "nothing half-written is left");
}

#[test]
fn a_damaged_file_is_not_overwritten() {
    let (_folder, places) = places();
    fs::create_dir_all(&places.config).unwrap();
    fs::write(settings_file(&places), "theme = \"dark").unwrap();
    assert_eq!(load_settings(&places), Settings::default());
    assert_eq!(load(&places).unwrap_err().code, ErrorCode::InvalidInput);
    let error = save_settings(&places, &Settings::default()).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    assert_eq!(fs::read_to_string(settings_file(&places)).unwrap(), "theme = \"dark");
}

/// A letter of another encoding, a folder in its place, a file of somebody else: whatever keeps it from being read, it is
/// not taken for one that is not there.
#[test]
fn a_file_that_cannot_be_read_is_not_overwritten() {
    let latin = |file: &Path| {
        fs::write(
            file,
            b"theme = \"light\" # \xfcblich\n[environments]\n\"/srv/a.db\" = \"production\"\n",
        )
    };
    let folder = |file: &Path| fs::create_dir(file);
    type Making<'a> = &'a dyn Fn(&Path) -> std::io::Result<()>;
    let unreadable: [Making<'_>; 2] = [&latin, &folder];
    for make in unreadable {
        let (_folder, places) = places();
        fs::create_dir_all(&places.config).unwrap();
        let file = settings_file(&places);
        make(&file).unwrap();
        let before = fs::read(&file).ok();
        assert!(load(&places).is_err());
        assert!(most_copied_bytes(&places).is_err());
        assert!(save_settings(&places, &Settings::default()).is_err());
        assert!(classify(&places, "/srv/b.db", Some(Environment::Test)).is_err());
        let binding = KeyBinding {
            context: "history".to_owned(),
            keys: "n".to_owned(),
            command: None,
        };
        assert!(bind_keys(&places, &binding).is_err());
        assert_eq!(fs::read(&file).ok(), before);
        assert_eq!(file.is_dir(), before.is_none());
    }
}

/// Two windows of one user.
#[test]
fn edits_of_several_at_once_are_all_kept() {
    let (_folder, places) = places();
    let said = |window: usize, store: usize| format!("/srv/{window}-{store}.db");
    std::thread::scope(|scope| {
        for window in 0..4 {
            let places = &places;
            scope.spawn(move || {
                for store in 0..8 {
                    classify(places, &said(window, store), Some(Environment::Production)).unwrap();
                }
            });
        }
    });
    let kept = load_settings(&places).environments;
    assert_eq!(kept.len(), 32, "{kept:?}");
}

#[test]
fn keys_come_as_a_person_wrote_them_and_stay_so() {
    let (_folder, places) = places();
    assert!(load(&places).is_ok(), "no file is no fault");
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
    assert!(load(&places).unwrap().problems.is_empty());
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
    check("max_copy_megabytes = 500\ntheme = \"dark", Err(ErrorCode::InvalidInput));
    let (_folder, places) = places();
    assert_eq!(most_copied_bytes(&places), Ok(None));
}

#[test]
fn what_cannot_be_used_is_told_with_its_line_and_the_rest_holds() {
    let (_folder, places) = places();
    fs::create_dir_all(&places.config).unwrap();
    let written = "\
theme = \"drak\"
density = \"compact\"
zoom_percent = 900
coulour = 3

[environments]
\"/srv/a.db\" = \"prod\"
\"/srv/b.db\" = \"production\"
";
    fs::write(settings_file(&places), written).unwrap();
    let Found { settings, problems } = load(&places).unwrap();
    assert_eq!(settings.theme, Theme::System);
    assert_eq!(settings.density, Density::Compact);
    assert_eq!(settings.zoom_percent, 100);
    assert_eq!(settings.environments.len(), 1);
    assert_eq!(
        problems,
        [
            "line 1: theme is \"drak\", and must be one of dark, light, system",
            "line 3: zoom_percent is 900, and must be a whole number from 80 to 200",
            "line 4: coulour is no setting that this version knows",
            "line 7: /srv/a.db is \"prod\", and must be one of production, staging, test, development, local",
        ]
    );
}

/// Every setting comes back from the file, and every line of a new file says what it may hold.
#[test]
fn a_new_file_has_a_comment_above_each_line() {
    let (_folder, places) = places();
    let settings = Settings {
        theme: Theme::Light,
        diff_colours: crate::wire::DiffColours::GreenRed,
        diff_layout: crate::wire::DiffLayout::SideBySide,
        diff_extent: crate::wire::DiffExtent::Whole,
        zoom_percent: 150,
        wheel: crate::wire::WheelUse::Pans,
        time_zone: "Europe/Berlin".to_owned(),
        time_format: crate::wire::TimeFormat::MonthFirst,
        first_tab: "blame".to_owned(),
        announce_moves: false,
        reduced_motion: true,
        rendering: crate::wire::Rendering::Software,
        trust_programs: true,
        role: Some(crate::wire::Role::OnCall),
        ..Settings::default()
    };
    save_settings(&places, &settings).unwrap();
    assert_eq!(load_settings(&places), settings);
    let text = fs::read_to_string(settings_file(&places)).unwrap();
    for entry in ENTRIES {
        let lines = format!("# {}\n{} = ", entry.comment, entry.key);
        assert!(text.contains(&lines), "{}:\n{text}", entry.key);
    }
    save_settings(&places, &settings).unwrap();
    assert_eq!(
        fs::read_to_string(settings_file(&places)).unwrap(),
        text,
        "saving again changes nothing"
    );
}

#[test]
fn keys_and_environments_are_written_one_by_one() {
    let (_folder, places) = places();
    let binding = KeyBinding {
        context: "history".to_owned(),
        keys: "n".to_owned(),
        command: Some("cursor.next".to_owned()),
    };
    bind_keys(&places, &binding).unwrap();
    let without = KeyBinding {
        keys: "v".to_owned(),
        command: None,
        ..binding.clone()
    };
    bind_keys(&places, &without).unwrap();
    classify(&places, "/srv/orders.db", Some(Environment::Production)).unwrap();
    let found = load_settings(&places);
    assert_eq!(found.keys, [binding, without]);
    assert_eq!(found.environments.len(), 1);
    unbind_keys(&places, "history", "n").unwrap();
    unbind_keys(&places, "nowhere", "n").unwrap();
    classify(&places, "/srv/orders.db", None).unwrap();
    let found = load_settings(&places);
    assert_eq!((found.keys.len(), found.environments.len()), (1, 0));
}
