use super::*;

fn no_layout() -> AppError {
    StoreError::UnknownLayout {
        location: "orders.db".to_owned(),
        name: "emmet".to_owned(),
        known: vec!["emmett".to_owned()],
    }
    .into()
}

#[test]
fn what_to_type_does_not_cross_to_the_window() {
    let error = no_layout();
    assert_eq!(error.typed, "--layout NAME or FILE");
    let wire = serde_json::to_string(&AppErrorWire::from(error)).unwrap();
    assert!(wire.contains("name a layout that there is"), "{wire}");
    assert!(!wire.contains("--layout"), "{wire}");
}

#[test]
fn other_advice_has_other_words_to_type() {
    let other = no_layout().advised("open another store");
    assert_eq!((&*other.hint, &*other.typed), ("open another store", ""));
    let typed = other.clone().typed("refold info STORE");
    assert_eq!(
        (&*typed.hint, &*typed.typed),
        ("open another store", "refold info STORE")
    );
    assert_eq!((typed.code, typed.choices), (other.code, other.choices));
}
