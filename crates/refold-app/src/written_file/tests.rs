use super::*;

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
