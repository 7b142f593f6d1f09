use std::process::{Command, Stdio};

use super::*;

fn note(kind: NoteKind, at: &str, text: &str) -> Note {
    Note {
        id: String::new(),
        kind,
        stream: "order-4711".to_owned(),
        category: "order".to_owned(),
        at: at.to_owned(),
        until: None,
        path: None,
        position: "355".to_owned(),
        event_type: "ItemAdded".to_owned(),
        recorded_at: "2026-08-01T09:16:40Z".to_owned(),
        text: text.to_owned(),
        made_at: String::new(),
        changed_at: String::new(),
    }
}

fn lab() -> (tempfile::TempDir, Places, String) {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(&folder.path().join("home"));
    let store = folder.path().join("orders.db");
    std::fs::write(&store, "a store").unwrap();
    (folder, places, store.display().to_string())
}

#[test]
fn notes_are_added_changed_removed_and_put_back() {
    let (_folder, places, store) = lab();
    assert_eq!(load(&places, &store).unwrap().notes, []);
    let text = "refused \"twice\"\n\tsee C:\\orders \u{202e} ü";
    let first = put(&places, &store, &note(NoteKind::Note, "v3", text))
        .unwrap()
        .notes
        .remove(0);
    assert_eq!((first.id.as_str(), first.text.as_str()), ("1", text));
    let second = put(&places, &store, &note(NoteKind::Bookmark, "v5", ""))
        .unwrap()
        .notes
        .remove(1);
    let changed = Note {
        text: "refused once".to_owned(),
        ..first.clone()
    };
    assert_eq!(
        put(&places, &store, &changed).unwrap().notes,
        [changed.clone(), second.clone()]
    );
    assert_eq!(
        remove(&places, &store, "1").unwrap().notes,
        std::slice::from_ref(&second)
    );
    // Undone: it is where and what it was.
    assert_eq!(put(&places, &store, &changed).unwrap().notes, [changed, second]);
    assert_eq!(load(&places, &store).unwrap().notes.len(), 2);
}

#[test]
fn the_trail_is_one_note_until_somebody_keeps_it() {
    let (_folder, places, store) = lab();
    put(&places, &store, &note(NoteKind::Trail, "v3", "")).unwrap();
    let trail = put(&places, &store, &note(NoteKind::Trail, "v4", "")).unwrap().notes;
    assert_eq!(trail.iter().map(|note| note.at.as_str()).collect::<Vec<_>>(), ["v4"]);
    let kept = Note {
        kind: NoteKind::Bookmark,
        ..trail[0].clone()
    };
    put(&places, &store, &kept).unwrap();
    let notes = put(&places, &store, &note(NoteKind::Trail, "v5", "")).unwrap().notes;
    assert_eq!(
        notes.iter().map(|note| note.at.as_str()).collect::<Vec<_>>(),
        ["v4", "v5"]
    );
}

#[test]
fn each_store_has_a_notebook_of_its_own_and_nothing_stands_beside_it() {
    let (folder, places, store) = lab();
    let other = folder.path().join("other").join("orders.db");
    std::fs::create_dir_all(other.parent().unwrap()).unwrap();
    std::fs::write(&other, "another").unwrap();
    let other = other.display().to_string();
    put(&places, &store, &note(NoteKind::Note, "v3", "one")).unwrap();
    put(&places, &other, &note(NoteKind::Note, "v3", "two")).unwrap();
    let around_the_corner = folder
        .path()
        .join("other")
        .join("..")
        .join("orders.db")
        .display()
        .to_string();
    assert_eq!(load(&places, &around_the_corner).unwrap().notes[0].text, "one");
    assert_eq!(load(&places, &other).unwrap().notes[0].text, "two");
    let beside: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(beside.len(), 3, "{beside:?}");
}

#[test]
fn a_notebook_that_cannot_be_read_is_never_written_over() {
    let (_folder, places, store) = lab();
    put(&places, &store, &note(NoteKind::Note, "v3", "one")).unwrap();
    let file = super::file(&places, &store);
    for broken in [
        "[[note",
        "form = 2\nstore = \"x\"\n",
        "form = 1\nstore = \"x\"\n[[note]]\nid = \"1\"\n",
    ] {
        std::fs::write(&file, broken).unwrap();
        assert!(load(&places, &store).is_err());
        assert!(put(&places, &store, &note(NoteKind::Note, "v4", "two")).is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), broken);
    }
}

/// The other process of [`nothing_is_lost_when_the_process_is_killed`]: notes as fast as it can, and says each.
#[test]
fn a_process_that_notes() {
    let Some(home) = std::env::var_os("REFOLD_TEST_NOTES") else {
        return;
    };
    let home = PathBuf::from(home);
    let (places, store) = (Places::below(&home), home.join("orders.db").display().to_string());
    for n in 0.. {
        put(
            &places,
            &store,
            &note(NoteKind::Note, "v3", &format!("note {n} {}", "x".repeat(500))),
        )
        .unwrap();
        // Whole or not at all, whenever it is killed.
        std::fs::write(home.join("next"), format!("{n}")).unwrap();
        std::fs::rename(home.join("next"), home.join("acknowledged")).unwrap();
    }
}

#[test]
fn nothing_is_lost_when_the_process_is_killed() {
    for round in 0..8_u64 {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "notebook::tests::a_process_that_notes"])
            .env("REFOLD_TEST_NOTES", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let acknowledged = || {
            std::fs::read_to_string(folder.path().join("acknowledged"))
                .ok()?
                .parse::<u64>()
                .ok()
        };
        // Killed somewhere in the middle of a later write.
        while acknowledged().is_none_or(|last| last < 3 + round) {
            std::thread::yield_now();
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        let places = Places::below(folder.path());
        let store = folder.path().join("orders.db").display().to_string();
        let notes = load(&places, &store).unwrap().notes;
        let last = acknowledged().unwrap();
        assert!(
            notes.len() as u64 > last,
            "{} notes, and note {last} was acknowledged",
            notes.len()
        );
        // Whoever comes next is kept out by nobody.
        put(&places, &store, &note(NoteKind::Note, "v4", "afterwards")).unwrap();
    }
}
