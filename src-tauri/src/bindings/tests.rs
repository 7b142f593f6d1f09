use std::path::Path;

use specta_typescript::Typescript;

/// `UPDATE_BINDINGS=1 cargo test -p refold-desktop --features window` rewrites the file.
#[test]
fn bindings_are_fresh() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/backend/bindings.ts");
    let generated = Path::new(env!("OUT_DIR")).join("bindings.ts");
    let header = "// Generated from the commands of src-tauri; never edited. Its test says how to renew it.\n";
    super::builder()
        .export(Typescript::default().header(header), &generated)
        .expect("every type has a TypeScript form");
    let fresh = std::fs::read_to_string(&generated).expect("it was just written");
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        std::fs::write(&committed, &fresh).expect("the checkout can be written to");
    }
    let stored = std::fs::read_to_string(&committed).expect("bindings.ts is part of the checkout");
    assert!(
        stored == fresh,
        "ui/src/backend/bindings.ts is stale: run this test with UPDATE_BINDINGS=1"
    );
}
