use refold_core::work::{CancelToken, Silent};

use super::*;
use crate::connections;
use crate::session::cache;

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

#[test]
fn what_other_connections_keep_is_said_to_be_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(folder.path());
    let save = |name: &str, line: &str| {
        let (mut connection, _) = connections::url::parse("postgres://reader@db.example.org/shop").unwrap();
        connection.name = name.to_owned();
        for (of, text) in [("environment", "local"), ("cache", line)] {
            connections::set(&mut connection, of, text).unwrap();
        }
        connections::save(&places, &connection, None).unwrap();
    };
    save("off", "off");
    let target = connections::Target::of("@off", &places).unwrap();
    let kept = cache::server_folder(&target, &places).unwrap();
    fs::create_dir_all(&kept).unwrap();
    assert_eq!(kept_by_others(&places, "off").unwrap(), None, "nobody keeps it");
    save("other", "disk");
    assert!(kept.is_dir());
    let said = kept_by_others(&places, "off").unwrap().unwrap();
    assert!(said.contains("@other keeps it on the disk"), "{said}");
    assert_eq!(kept_by_others(&places, "other").unwrap(), None, "it keeps it itself");
    let held = |byte_count: &str, removed: Option<&str>, kept_by: &[&str]| Held {
        cache: "off".to_owned(),
        folder: kept.display().to_string(),
        byte_count: byte_count.to_owned(),
        removed_bytes: removed.map(str::to_owned),
        is_readable: true,
        key: String::new(),
        as_of: None,
        position: None,
        events: None,
        has_payloads: false,
        kept_by: kept_by.iter().map(|&name| name.to_owned()).collect(),
    };
    let told = held("7", None, &["a", "b"]).told();
    assert!(told.contains("@a and @b keep it on the disk"), "{told}");
    let told = held("0", Some("7"), &["a"]).told();
    assert!(told.ends_with("were thrown away, which @a kept too"), "{told}");
    for (byte_count, removed) in [("0", None), ("0", Some("0"))] {
        let told = held(byte_count, removed, &["a"]).told();
        assert!(!told.contains("@a"), "there is nothing: {told}");
    }
}
