//! What is settled while a prepared transaction holds a number.

use refold_tests::postgres::Postgres;

use crate::servers::{opened, positions, read_all};

#[test]
fn what_an_open_or_prepared_transaction_may_still_fill_is_not_shown() {
    let server = Postgres::shared();
    let database = "settling_prepared";
    server.accounts(database, 100);
    let insert = |n: u32| {
        format!(
            "INSERT INTO message_store.messages(position, stream_name, type, data) VALUES ({n}, 'late-1', 'T', '{{}}');"
        )
    };
    server.sql(database, &format!("BEGIN; {} PREPARE TRANSACTION 'late'", insert(0)));
    server.sql(database, &insert(1));
    let address = server.address("refold_reader", database);
    let store = opened(&address);
    assert_eq!(
        read_all(&*store, None, 50, || {}).len(),
        100,
        "102 is there, and 101 may still come"
    );
    let unsettled = store.describe().unsettled.clone().expect("not all is settled");
    let span = [unsettled.behind, unsettled.last].map(|it| it.map(|position| position.0));
    assert_eq!(span, [Some(100), Some(102)]);
    assert!(unsettled.why.contains("1 transactions that write"), "{}", unsettled.why);
    assert!(store.is_current().expect("it can be asked"));
    server.sql(database, "COMMIT PREPARED 'late'");
    assert!(
        !store.is_current().expect("it can be asked"),
        "there is more to see now"
    );
    assert_eq!(positions(&address, 99), [100, 101, 102]);
}
