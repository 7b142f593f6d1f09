use refold_core::work::{CancelToken, Silent};

use super::*;

const WINDOW: RowWindow = RowWindow {
    first_row: 0,
    row_count: 50,
};

fn held(bytes: &[u8], encoding: Encoding) -> Held {
    Held::new(Some(bytes), encoding, Cover::default())
}

#[test]
fn a_huge_payload_shows_its_beginning_and_all_of_it_when_asked() {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let text = format!("[{}]", vec!["\"0123456789\""; 100_000].join(","));
    let mut payload = held(text.as_bytes(), Encoding::Json);
    let view = payload.view();
    assert_eq!(
        (view.kind, view.size.as_str(), view.beginning.as_deref()),
        (PayloadKind::Tree, "1.3 MB", Some("65.5 kB"))
    );
    let total = |payload: &mut Held, is_whole| payload.rows(&work, is_whole, &HashSet::new(), WINDOW).unwrap().total;
    let beginning = total(&mut payload, false);
    assert!((5_000..6_000).contains(&beginning), "{beginning}");
    assert_eq!(total(&mut payload, true), 100_001);
    let hit = payload
        .find(&work, "0123456789", 99_999, true, &HashSet::new())
        .unwrap()
        .unwrap();
    assert_eq!((hit.row, hit.place, hit.total), (100_000, 100_000, 100_000));
    let again = payload
        .find(&work, "0123456789", 100_000, true, &HashSet::new())
        .unwrap()
        .unwrap();
    assert_eq!((again.row, again.place), (1, 1));
    assert_eq!(payload.find(&work, "absent", 0, true, &HashSet::new()).unwrap(), None);
    // Cancelled, it gives nothing and keeps nothing.
    cancel.cancel();
    let mut fresh = held(text.as_bytes(), Encoding::Json);
    assert!(fresh.rows(&work, true, &HashSet::new(), WINDOW).is_err());
}

#[test]
fn bytes_are_typed_hashed_and_shown_in_hex() {
    let png = held(b"\x89PNG\r\n\x1a\n<script>\xff", Encoding::Opaque);
    let view = png.view();
    assert_eq!(
        (view.kind, view.looks_like.as_str(), view.byte_count),
        (PayloadKind::Undecodable, "PNG image", 17)
    );
    assert_eq!(view.sha256.len(), 64);
    let page = png.hex(0, 10);
    assert_eq!((page.total, page.rows.len()), (2, 2));
    assert_eq!(page.rows[0].text, ".PNG....<script>");
    assert_eq!(
        (page.rows[1].offset.as_str(), page.rows[1].hex.as_str()),
        ("00000010", "ff")
    );
    let fault = held(b"{\"a\":1,}", Encoding::Json).view().fault.unwrap();
    assert_eq!((fault.codec.as_str(), fault.offset.as_deref()), ("JSON", Some("7")));
    // It is the place that a finding of a fold tells.
    for text in [
        r#"{"a":"\q"}"#,
        r#""abc"#,
        r#"{"a":tru}"#,
        r#"{"a" 1}"#,
        "[1.]",
        r#""\u12""#,
        "[1,2",
        "{\"a\":\"\n\"}",
        "-",
    ] {
        let fault = held(text.as_bytes(), Encoding::Json).view().fault.unwrap();
        let read = Value::from_json(text.as_bytes(), Value::MAX_DEPTH).unwrap_err();
        assert_eq!(
            (fault.offset, fault.reason.as_str()),
            (Some(read.offset.to_string()), read.message),
            "{text}"
        );
    }
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert_eq!(held(&deep, Encoding::Json).view().kind, PayloadKind::Tree);
    assert_eq!(
        Held::new(None, Encoding::Json, Cover::default()).view().kind,
        PayloadKind::Absent
    );
}

#[test]
fn it_is_saved_anywhere_but_beside_the_store() {
    let (store, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let database = store.path().join("orders.db");
    std::fs::write(&database, "store").unwrap();
    let payload = held(b"{\"a\":0.10}", Encoding::Json);
    let file = elsewhere.path().join("payload.json");
    payload.save(&file, &database).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"{\"a\":0.10}");
    std::fs::create_dir(store.path().join("in")).unwrap();
    for beside in ["payload.json", "orders.db", "in/../payload.json"] {
        let error = payload.save(&store.path().join(beside), &database).unwrap_err();
        assert!(
            error.message.contains("it is the folder of the store"),
            "{}",
            error.message
        );
    }
    assert_eq!(std::fs::read_dir(store.path()).unwrap().count(), 2);
}
