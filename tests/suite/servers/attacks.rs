//! A store whose owner wants to run code as whoever reads it, and accounts that could do more than read.

use refold_app::AppError;
use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{ReadQuery, Scope, StoreError};
use refold_core::work::{CancelToken, Silent, Work};

use super::{Real, count, open, opened, over_each, read_all, refused};

over_each! {
    a_view_in_the_place_of_the_table_is_not_read
    names_that_are_sql_are_only_names
    what_is_in_part_elsewhere_is_not_read
    an_account_that_could_write_is_turned_down_with_the_script_for_one_that_cannot
}

fn is_no_store(error: &StoreError) -> bool {
    matches!(error, StoreError::NoLayout { .. } | StoreError::NotAnEventStore { .. })
}

fn a_view_in_the_place_of_the_table_is_not_read<R: Real>() {
    let server = R::shared();
    let database = "attack_view";
    let address = server.store(database, 40);
    server.set_traps(database, R::VIEW);
    let error = refused(&address);
    assert!(is_no_store(&error), "{error}");
    assert!(!server.is_sprung(database));
}

fn names_that_are_sql_are_only_names<R: Real>() {
    let server = R::shared();
    let database = "attack_quotes";
    let address = server.store(database, 40);
    server.set_traps(database, R::ODD_NAMES);
    let store = opened(&address);
    assert_eq!(read_all(&*store, None, 7, || {}).len(), 40);
    let raw = store.raw(Position(7)).expect("it can be asked").expect("it is there");
    for name in R::ODD_COLUMNS {
        assert!(raw.iter().any(|it| it.name == *name && it.bytes == b"7"), "{raw:?}");
    }
    // And so are ids of streams.
    for id in [
        b"a' OR 1 = 1 -- \\".as_slice(),
        b"\" OR 1 = 1 -- ",
        b"$1",
        b"?",
        b"\0",
        b"\xff",
    ] {
        let query = ReadQuery {
            scope: Scope::Stream {
                id: id.to_vec(),
                from: None,
                to: None,
            },
            ..ReadQuery::all(Columns::ALL)
        };
        let (token, findings) = (CancelToken::default(), Findings::default());
        let (mut batch, mut names) = (EventBatch::default(), Names::default());
        let mut reader = store.read(&query).expect("a read starts");
        let read = reader.next_batch(&Work::new(&token, &Silent), 9, &mut batch, &mut names, &findings);
        assert!(!read.unwrap_or_else(|error| panic!("{error}")), "{id:?}");
    }
    assert!(!server.is_sprung(database));
}

fn what_is_in_part_elsewhere_is_not_read<R: Real>() {
    let error = refused(&R::shared().scattered("attack_elsewhere"));
    assert!(is_no_store(&error), "{error}");
}

fn an_account_that_could_write_is_turned_down_with_the_script_for_one_that_cannot<R: Real>() {
    let server = R::shared();
    let database = "attack_roles";
    server.store(database, 40);
    server.sql(database, R::WRITER);
    let elevated = |account: &str| match refused(&server.address(account, database)) {
        StoreError::Elevated {
            role, powers, script, ..
        } => (role, powers.join("; "), script),
        other => panic!("{other}"),
    };
    let (role, powers, _) = elevated("refold_writer");
    let [name, could] = R::WRITER_COULD;
    assert!(role == name && powers.contains(could), "{role}: {powers}");
    let [owner, allowed, could] = R::OWNER;
    let (_, powers, script) = elevated(owner);
    assert!(powers.contains(could), "{powers}");
    // Allowed by another name it is refused all the same.
    let insisting = |allowed: &str| open(&format!("{}?allow_elevated={allowed}", server.address(owner, database)));
    assert!(insisting("refold_writer").is_err());
    let store = insisting(owner).unwrap_or_else(|error| panic!("{error}"));
    let told = store.describe().read_only.join("\n");
    assert!(told.contains("could do more than read"), "{told}");
    // As the hint writes the name, whatever is in it.
    let hint = AppError::from(refused(&server.address(owner, database))).hint;
    assert!(hint.contains(&format!(" allow_elevated={allowed} ")), "{hint}");
    assert!(insisting(allowed).is_ok());
    // The script does what it says.
    let scripted = script
        .replace("refold_reader", "refold_scripted")
        .replace('…', "geheim");
    server.sql(database, &format!("{}; {scripted}", R::NOBODY_SCRIPTED));
    assert_eq!(count(&server.address("refold_scripted", database)), 40);
}
