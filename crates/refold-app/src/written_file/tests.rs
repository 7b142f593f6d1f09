use super::*;
use crate::error::ErrorCode;

const NOTE: Own = Own {
    noun: "note",
    begins_with: Some(b"note:"),
};

#[test]
fn replaces_its_like_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = Path::new("/nowhere/store.db");
    let write = |file: &Path, bytes: &[u8], kind: &Own| super::write(file, store, bytes, kind);
    let file = folder.path().join("a.txt");
    write(&file, b"note: one", &NOTE).unwrap();
    write(&file, b"note: two", &NOTE).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"note: two");
    std::fs::write(&file, "SQLite format 3\0").unwrap();
    assert!(write(&file, b"note: three", &NOTE).is_err());
    assert_eq!(std::fs::read(&file).unwrap(), b"SQLite format 3\0");
    for name in ["a.db-wal", "a.db-shm", "a.db-journal", "none/a.txt"] {
        assert!(write(&folder.path().join(name), b"note:", &NOTE).is_err(), "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn nothing_is_written_into_the_folder_of_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let (file_store, folder_store) = (folder.path().join("store.db"), folder.path().join("events"));
    std::fs::write(&file_store, "store").unwrap();
    std::fs::create_dir(&folder_store).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    for kind in [&NOTE, &UNMARKED] {
        for (store, file) in [
            (&file_store, folder.path().join("a.txt")),
            (&file_store, folder.path().join("events/../a.txt")),
            (&folder_store, folder_store.join("a.txt")),
        ] {
            let error = write(&file, store, b"note:", kind).unwrap_err();
            assert!(error.message.contains("the folder of the store"), "{}", error.message);
            // Of two stores, the folder of either.
            for stores in [[store.as_path(), Path::new("/nowhere")], [Path::new("/nowhere"), store]] {
                let refused = NewFile::create(&file, &stores, kind).err().unwrap();
                assert_eq!(refused.code, ErrorCode::InvalidInput);
            }
        }
        write(&elsewhere.path().join(kind.noun), &file_store, b"note:", kind).unwrap();
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    assert_eq!(std::fs::read_dir(&folder_store).unwrap().count(), 0);
}

const UNMARKED: Own = Own {
    noun: "payload",
    begins_with: None,
};

#[test]
fn what_has_no_mark_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.txt");
    let store = Path::new("/nowhere/store.db");
    write(&file, store, b"one", &UNMARKED).unwrap();
    let error = write(&file, store, b"two", &UNMARKED).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    assert_eq!(std::fs::read(&file).unwrap(), b"one");
}

#[test]
fn a_place_that_cannot_be_written_to_is_wrong_input_and_a_full_disk_is_not() {
    use std::io::{Error, ErrorKind};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/c.txt");
    let said = |kind| unwritten(&path, folder_of(&path), "note", &Error::from(kind));
    let cases = [
        (ErrorKind::NotFound, 2, folder.path().join("a").display().to_string()),
        (
            ErrorKind::PermissionDenied,
            2,
            folder.path().join("a/b").display().to_string(),
        ),
        (ErrorKind::ReadOnlyFilesystem, 2, "you may not write into".to_owned()),
        (ErrorKind::IsADirectory, 2, "it is a folder".to_owned()),
        (
            ErrorKind::AlreadyExists,
            2,
            "there is one of this name already".to_owned(),
        ),
        (ErrorKind::InvalidFilename, 2, "it cannot be called so there".to_owned()),
        (ErrorKind::StorageFull, 3, "no room is left on the disk".to_owned()),
        (ErrorKind::QuotaExceeded, 3, "no room is left on the disk".to_owned()),
        (ErrorKind::TimedOut, 3, "timed out".to_owned()),
    ];
    for (kind, exit_code, reason) in cases {
        let error = said(kind);
        assert_eq!(error.exit_code(), exit_code, "{kind:?}: {error:?}");
        assert!(error.message.contains(&reason), "{kind:?}: {error:?}");
        assert!(error.message.ends_with(&path.display().to_string()), "{error:?}");
        assert!(!error.hint.is_empty());
    }
    std::fs::write(folder.path().join("a"), "").unwrap();
    let file = folder.path().join("a").display().to_string();
    assert!(
        said(ErrorKind::NotADirectory)
            .message
            .contains(&format!("({file} is no folder)"))
    );
    let store = Path::new("/nowhere/store.db");
    for (to, reason) in [(path.as_path(), "is no folder"), (folder.path(), "it is a folder")] {
        let error = write(to, store, b"note:", &NOTE).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidInput, "{error:?}");
        assert!(error.message.contains(reason), "{error:?}");
    }
}
