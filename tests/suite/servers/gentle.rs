//! How much a second is asked of a server.

use std::time::{Duration, Instant};

use super::{Real, opened, over_each, read_all};

over_each! { no_more_is_asked_for_than_the_rate_that_is_set }

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
