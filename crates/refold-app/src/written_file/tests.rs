use super::*;

const NOTE: Own = Own {
    noun: "note",
    begins_with: b"note:",
};

#[test]
fn replaces_its_like_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
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
