//! How much a second is asked of a server.

use std::time::{Duration, Instant};

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventStore, ReadQuery, Scope, StoreError};
use refold_core::work::{CancelToken, Silent, Work};

use super::traces::reads_only;
use super::{Real, open, opened, over_each, read_all};

over_each! {
    no_more_is_asked_for_than_the_rate_that_is_set
    a_large_table_is_not_searched_through_for_each_page_unless_the_address_allows_it
}

fn no_more_is_asked_for_than_the_rate_that_is_set<R: Real>() {
    // One of its own: where writers are seen, those of the whole server are, and this one takes its time.
    let server = R::alone();
    let address = server.store("gentle_rate", 80_000);
    let all = read_all(&*opened(&address), None, 100_000, || {});
    let store = opened(&format!("{address}?megabytes_per_second=1"));
    let told = store.describe().read_only.join("\n");
    assert!(told.contains("no more than 1 MB of events a second"), "{told}");
    let started = Instant::now();
    assert_eq!(
        read_all(&*store, None, 100_000, || {}),
        all,
        "all of it is read all the same"
    );
    // Payloads are less than what is asked for; a second's worth comes at once, and behind the last page nobody waits.
    let bytes: usize = all.iter().map(|(_, payload)| payload.len()).sum();
    let last_page: usize = all
        .iter()
        .rev()
        .take(5_000)
        .map(|(_, payload)| payload.len() + 200)
        .sum();
    let least = Duration::from_micros((bytes - last_page) as u64).saturating_sub(Duration::from_secs(1));
    assert!(least > Duration::from_millis(100), "{bytes} bytes are enough to tell");
    assert!(started.elapsed() >= least, "{:?} of {least:?}", started.elapsed());
}

/// How many events of a stream are read.
fn of_stream(store: &dyn EventStore, id: &[u8]) -> Result<usize, StoreError> {
    let query = ReadQuery {
        scope: Scope::Stream {
            id: id.to_vec(),
            from: None,
            to: None,
        },
        ..ReadQuery::all(Columns::SKELETON)
    };
    let (token, findings) = (CancelToken::default(), Findings::default());
    let work = Work::new(&token, &Silent);
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let (mut reader, mut count) = (store.read(&query)?, 0);
    while reader.next_batch(&work, 1_000, &mut batch, &mut names, &findings)? {
        count += batch.len();
        batch.clear();
    }
    Ok(count)
}

fn a_large_table_is_not_searched_through_for_each_page_unless_the_address_allows_it<R: Real>() {
    let server = R::alone();
    let database = "gentle_plans";
    let address = server.store(database, 70_000);
    let read = |address: &str| open(address).and_then(|store| of_stream(&*store, b"account-7"));
    server.sql(database, R::FATTEN);
    assert_eq!(
        read(&address).unwrap_or_else(|error| panic!("{error}")),
        3_500,
        "an index leads there"
    );
    assert_eq!(read_all(&*opened(&address), None, 5_000, || {}).len(), 70_000);
    server.sql(database, &R::blind(database));
    let error = read(&address).expect_err("it is not searched through");
    assert!(matches!(error, StoreError::Costly { .. }), "{error}");
    assert!(error.to_string().contains("large table"), "{error}");
    let allowed = format!("{address}?allow_scans=yes");
    assert_eq!(read(&allowed).unwrap_or_else(|error| panic!("{error}")), 3_500);
    // Who may do everything looks at plans first too, and the server writes down what it was told.
    let [owner, ..] = R::OWNER;
    let address = format!("{}?allow_elevated={owner}", server.address(owner, database));
    let events = open(&address).map(|store| read_all(&*store, None, 5_000, || {}).len());
    assert!(events.is_ok_and(|events| events == 70_000));
    let statements = server.statements();
    assert!(
        statements.iter().any(|said| said.starts_with("EXPLAIN")),
        "{statements:?}"
    );
    statements.iter().for_each(|said| reads_only(said));
}
