//! A store that another process writes to while it is followed: what comes is shown, a cursor that was placed stays, and
//! the page does not grow with it.
//!
//! `REFOLD_LIVE_SECONDS` says how long the tail is looked at; without it, so long as every run can bear. Six minutes are
//! as many events as an hour at 200 a second.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;

use crate::driver::{Shown, open};
use crate::gauge::tell;
use crate::processes;
use crate::stores;
use crate::webdriver::key;

const SECONDS: u64 = 20;
const EVENTS_PER_SECOND: u32 = 2_000;
/// Transactions in a second.
const WRITES_PER_SECOND: u32 = 20;
/// The page has made what it keeps once this part of the time is over.
const WARM_SHARE: f64 = 0.2;
/// In so long a time all garbage was collected at least once, seen on a busy machine.
const COLLECTED_WITHIN: Duration = Duration::from_secs(90);

/// The application that writes, until it is dropped.
struct Writer {
    appended: Arc<AtomicU32>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn on(store: &Path) -> Writer {
        let connection = Connection::open(store).expect("the application opens its store");
        connection
            .query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
            .expect("the log is switched on");
        connection
            .execute_batch("PRAGMA synchronous = OFF")
            .expect("a setting is taken");
        let (appended, is_over) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
        let (count, ends) = (Arc::clone(&appended), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            let (started, mut writes) = (Instant::now(), 0);
            while !ends.load(Ordering::Relaxed) {
                append(&connection, EVENTS_PER_SECOND / WRITES_PER_SECOND);
                writes += 1;
                count.fetch_add(EVENTS_PER_SECOND / WRITES_PER_SECOND, Ordering::Relaxed);
                let due = Duration::from_secs(1) * writes / WRITES_PER_SECOND;
                thread::park_timeout(due.saturating_sub(started.elapsed()));
            }
        });
        Writer {
            appended,
            is_over,
            thread: Some(thread),
        }
    }

    fn appended(&self) -> u32 {
        self.appended.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Changes of address to a stream, in one transaction.
pub fn append(connection: &Connection, count: u32) {
    let insert = "INSERT INTO emt_messages
        SELECT stream_id, stream_position + 1, partition, message_kind, '{\"address\":{\"street\":\"Marktplatz 1\"}}',
            '{}', stream_position, 'AddressChanged', stream_id || '-new-' || (stream_position + 1), 0, NULL,
            '2026-09-01 00:00:00'
        FROM emt_messages WHERE stream_id = 'order-4711' ORDER BY stream_position DESC LIMIT 1";
    connection.execute_batch("BEGIN").expect("a transaction begins");
    for _ in 0..count {
        assert_eq!(connection.execute(insert, []).expect("an event is appended"), 1);
    }
    connection.execute_batch("COMMIT").expect("it is committed");
}

/// The least kilobytes of memory that are the page's own, of the web process that this test started, in so long a time or
/// until there are no more than these.
///
/// The engine collects garbage every half a minute or so, and between two such times memory goes up and down by a fifth:
/// what counts is where it comes down to. What leaks never does.
fn least_kilobytes(time: Duration, enough: u64) -> u64 {
    let (started, mut least) = (Instant::now(), u64::MAX);
    while started.elapsed() < time && least > enough {
        thread::park_timeout(Duration::from_millis(250));
        let pages = processes::ours(processes::PAGE).into_iter();
        least = least.min(pages.filter_map(processes::anonymous_kilobytes).sum());
    }
    least
}

pub fn copied(folder: &Path) -> PathBuf {
    let store = folder.join("orders.db");
    std::fs::copy(stores::sample().path(), &store).expect("the sample is copied");
    store
}

/// The number at the start of what an element says.
fn count(shown: &Shown, selector: &str) -> u32 {
    let text = shown.web.text(selector);
    let digits = text.split_whitespace().next().unwrap_or_default().replace(',', "");
    digits.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

#[test]
fn a_tail_that_is_followed_costs_the_page_no_memory() {
    let seconds = std::env::var("REFOLD_LIVE_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SECONDS);
    let folder = tempfile::tempdir().expect("a folder for the store");
    let store = copied(folder.path());
    let shown = open(&[&store.to_string_lossy()]);
    let web = &shown.web;
    web.wait_for("document.querySelector('[data-test=follow]')");
    let facts = "[data-test=scope-header] .facts";
    let before = count(&shown, facts);
    web.press(&[key::CONTROL], "l");
    web.wait_for("document.querySelector('[data-test=follow]').getAttribute('aria-pressed') === 'true'");

    let writer = Writer::on(&store);
    let length = Duration::from_secs(seconds);
    thread::park_timeout(length.mul_f64(WARM_SHARE));
    let warm = least_kilobytes(length.mul_f64(0.3), 0);
    assert!(warm > 0, "the web process was not found");
    thread::park_timeout(length.mul_f64(0.7 - WARM_SHARE));
    let last = least_kilobytes(COLLECTED_WITHIN, warm + warm / 10);
    let appended = writer.appended();
    drop(writer);
    let all = u64::from(before) + u64::from(appended);
    web.wait_for(&format!(
        "Number.parseInt(document.querySelector('{facts}').textContent.replaceAll(',', '')) >= {all}"
    ));
    let growth_percent = (last as f64 / warm as f64 - 1.0) * 100.0;
    tell(
        "live",
        &format!(
            "live tail of {appended} events in {seconds} s: the page held {warm} kB once warm, {last} kB at the end \
             ({growth_percent:+.1} %)"
        ),
        json!({ "events": appended, "growthPercent": growth_percent }),
    );
    assert!(last <= warm + warm / 10, "the page grew by more than a tenth");
}

#[test]
fn a_cursor_that_was_placed_stays_and_one_at_the_head_goes_along() {
    let folder = tempfile::tempdir().expect("a folder for the store");
    let store = copied(folder.path());
    let shown = open(&[&store.to_string_lossy(), "order-4711", "--at", "v3"]);
    let web = &shown.web;
    crate::flows::wait_for_version(&shown, "3");
    web.wait_for("document.querySelector('[data-test=follow]')");
    let writer = Writer::on(&store);
    web.wait_for("document.querySelector('[data-test=new-events]')");
    web.press(&[key::CONTROL], "l");
    web.wait_for("!document.querySelector('[data-test=new-events]')");
    assert_eq!(
        web.run("return document.querySelector('[data-test=state-header]').dataset.version"),
        "3"
    );
    web.press(&[], key::END);
    web.wait_for("Number.parseInt(document.querySelector('[data-test=state-header]').dataset.version) > 100");
    drop(writer);
}
