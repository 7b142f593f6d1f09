use super::*;

#[test]
fn a_case_is_written_whole_and_over_nothing_and_never_beside_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("orders.db");
    std::fs::write(&store, "store").unwrap();
    let tests = folder.path().join("tests");
    std::fs::create_dir(&tests).unwrap();
    let store = store.to_string_lossy();
    let file = tests.join("found.case.yaml");
    save_case(&store, &file, "refold: case/1\n").unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "refold: case/1\n");
    assert_eq!(save_case(&store, &file, "other").unwrap_err().code, ErrorCode::Denied);
    let beside = folder.path().join("found.case.yaml");
    assert_eq!(
        save_case(&store, &beside, "case").unwrap_err().code,
        ErrorCode::InvalidInput
    );
    let around = tests.join("../found.case.yaml");
    assert_eq!(
        save_case(&store, &around, "case").unwrap_err().code,
        ErrorCode::InvalidInput
    );
    assert!(!beside.exists());
    let lost = folder.path().join("nowhere/found.case.yaml");
    assert_eq!(save_case(&store, &lost, "case").unwrap_err().code, ErrorCode::Denied);
    assert_eq!(std::fs::read_dir(&tests).unwrap().count(), 1);
}
