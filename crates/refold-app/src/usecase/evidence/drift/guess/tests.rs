//! The guess for the sample's read model is the mapping that is known to be right, also out of an export with other names.

use std::ops::ControlFlow;
use std::path::Path;

use refold_core::work::CancelToken;
use refold_fixtures::orders::{self, Options};
use tempfile::TempDir;

use super::*;
use crate::places::Places;
use crate::usecase::evidence::drift::{DriftAsked, MappingFrom, drift};

fn shop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        events: 3_000,
        ..Options::default()
    };
    orders::write(folder.path(), &options, |_, _| ControlFlow::Continue(())).unwrap();
    folder
}

fn with<T>(shop: &Path, ask: impl FnOnce(&Work<'_>, &Session, &str) -> Result<T, AppError>) -> T {
    let home = tempfile::tempdir().unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let store = shop.join("orders.db");
    let session = Session::open(&work, &store.to_string_lossy(), None, &Places::below(home.path())).unwrap();
    let handler = format!("{}@1.0.0", shop.join("handlers/order").display());
    ask(&work, &session, &handler).unwrap_or_else(|error| panic!("{error}"))
}

fn column<'a>(guess: &'a GuessAnswer, name: &str) -> &'a GuessedColumn {
    guess.columns.iter().find(|column| column.column == name).unwrap()
}

/// Faults under the mapping that was guessed.
fn faults(shop: &Path, guess: &GuessAnswer, model: &Path) -> (u32, u64) {
    let file = shop.join("guessed.toml");
    std::fs::write(&file, &guess.mapping).unwrap();
    let asked = |handler: &str| DriftAsked {
        read_model: model.display().to_string(),
        handler: Some(handler.to_owned()),
        mapping: MappingFrom::File(file.clone()),
        most_faults: 100,
        ..DriftAsked::default()
    };
    let answer = with(shop, |work, session, handler| drift(work, session, &asked(handler)));
    (answer.equal, answer.fault_count)
}

#[test]
fn the_guess_for_the_sample_is_right_and_finds_nothing_wrong() {
    let shop = shop();
    let model = shop.path().join("read_model.db");
    let guess = with(shop.path(), |work, session, handler| {
        guess(
            work,
            session,
            &model.to_string_lossy(),
            Some("order_summary"),
            Some(handler),
        )
    });
    assert_eq!((guess.sampled, guess.matched), (200, 200));
    assert_eq!(guess.key.stream, "{order_id}");
    let own = guess.own.as_ref().unwrap();
    assert_eq!((own.kind, own.column.as_str(), own.agrees), ("version", "version", 200));
    for (name, path, alike) in [
        ("customer_id", "/customerId", "text"),
        ("status", "/status", "text"),
        ("total", "/total", "number"),
        ("discount", "/discount", "number"),
        ("paid", "/paid", "number"),
        ("refunded", "/refunded", "number"),
    ] {
        let column = column(&guess, name);
        assert_eq!(
            (column.path.as_deref(), column.alike, column.agrees),
            (Some(path), alike, column.of),
            "{name}"
        );
    }
    let count = column(&guess, "item_count").value.as_deref();
    assert_eq!(count, Some("sum(state.items.map(k, state.items[k].qty))"));
    for name in ["position", "updated_at"] {
        assert_eq!(column(&guess, name).alike, "ignored", "{name}");
    }
    assert_eq!(faults(shop.path(), &guess, &model), (251, 0));
}

#[test]
fn a_key_that_is_part_of_the_id_becomes_a_template() {
    let shop = shop();
    let model = shop.path().join("model.jsonl");
    let states = with(shop.path(), |work, session, handler| {
        let mut lines = Vec::new();
        let scope = crate::usecase::lab::Scope::All;
        crate::usecase::lab::states::states(work, session, scope, Some(handler), &mut |head| {
            let number = head.stream.to_string().replace("order-", "");
            let state = String::from_utf8(head.state.json()).unwrap();
            lines.push(format!(
                "{{\"number\":{number},\"doc\":{state},\"what {{}}\":\"nothing\"}}"
            ));
            Ok(())
        })?;
        Ok(lines)
    });
    std::fs::write(&model, states.join("\n")).unwrap();
    let guess = with(shop.path(), |work, session, handler| {
        guess(work, session, &model.to_string_lossy(), None, Some(handler))
    });
    assert_eq!(guess.key.stream, "order-{number}");
    assert!(guess.own.is_none(), "{:?}", guess.own);
    // The state as a whole is no place in it.
    assert_eq!(column(&guess, "what {}").alike, "ignored");
}

#[test]
fn a_table_of_something_else_is_refused() {
    let shop = shop();
    let model = shop.path().join("model.csv");
    std::fs::write(&model, "word,number\nblue,17.5\nred,18.5\n").unwrap();
    with(shop.path(), |work, session, handler| {
        let refused = guess(work, session, &model.to_string_lossy(), None, Some(handler)).unwrap_err();
        assert!(refused.message.contains("no column of this table"), "{refused}");
        Ok(())
    });
}
