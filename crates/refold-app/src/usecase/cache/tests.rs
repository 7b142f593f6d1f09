use refold_core::work::{CancelToken, Silent};

use super::*;

#[test]
fn clearing_leaves_only_copies_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(folder.path());
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    assert_eq!(
        size(&work, &places).unwrap().size,
        text::size_label(0),
        "no folder is no bytes"
    );
    for (name, bytes) in [
        ("index-1/columns", 700),
        ("index-2/columns", 300),
        ("scratch/copy.db", 40),
    ] {
        let file = places.cache.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, vec![0; bytes]).unwrap();
    }
    assert_eq!(size(&work, &places).unwrap().size, text::size_label(1040));
    assert_eq!(clear(&work, &places).unwrap().size, text::size_label(40));
    assert!(places.scratch().join("copy.db").exists());
}
