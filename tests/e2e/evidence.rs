//! Was the past rewritten? An anchor of a store, the store changed behind its back, and the event named that is not what it
//! was, with what that did.

use std::path::PathBuf;

use rusqlite::Connection;

use crate::driver::{Shown, open_in};
use crate::flows::{no_violations, wait_for_overview, wait_for_version};
use crate::opening::answer_dialog;
use crate::stores;
use crate::webdriver::key;

#[test]
fn an_anchor_names_what_was_changed() {
    let bench = Bench::new();
    bench.anchor();
    bench.tamper();
    let shown = bench.verify();
    let web = &shown.web;
    let said = web.text("[data-test=verdict]");
    assert!(said.contains("Broken at #") && !said.contains("L1"), "{said}");
    let finding = web.text("[data-test=verify-finding]");
    for part in ["CHANGED", "order-4711", "payload"] {
        assert!(finding.contains(part), "{finding}");
    }
    web.press(&[], "o");
    web.wait_for("document.querySelector('.page').dataset.view === 'history'");
    wait_for_version(&shown, "9");
    no_violations(&shown);
}

/// A report of it, asked for where it was verified, and checked where it was made.
#[test]
fn a_report_keeps_what_an_anchor_came_to() {
    let bench = Bench::new();
    bench.anchor();
    bench.tamper();
    let shown = bench.report();
    let web = &shown.web;
    let said = web.text("[data-test=report-made]");
    for part in [
        "Broken",
        "NOT what the anchor",
        "findings.ndjson",
        "before the anchor was made",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    web.press(&[], "v");
    web.wait_for("document.querySelector('[data-test=bundle-result]')?.dataset.outcome === 'verified'");
    no_violations(&shown);
}

/// A copy of the sample, a folder for its anchors, and a home in which the window remembers both.
pub struct Bench(tempfile::TempDir);

impl Bench {
    pub fn new() -> Bench {
        let bench = Bench(tempfile::tempdir().expect("a temporary folder"));
        for name in ["home", "shop", "anchors", "reports"] {
            std::fs::create_dir(bench.path(name)).expect("an empty folder");
        }
        std::fs::copy(stores::sample().path(), bench.store()).expect("the sample can be copied");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.path("shop").join("orders.db")
    }

    /// Makes an anchor in the window, against which the store verifies.
    pub fn anchor(&self) {
        let shown = self.show();
        let web = &shown.web;
        answer_dialog(&shown, "open", &self.path("anchors").to_string_lossy());
        web.wait_for("document.querySelector('[data-test=anchors-empty]')");
        web.press(&[], "n");
        web.wait_for("document.querySelector('[data-test=anchor-made]')");
        web.press(&[key::CONTROL], key::ENTER);
        web.wait_for("document.querySelector('[data-test=verdict]')?.dataset.outcome === 'verified'");
        let said = web.text("[data-test=verdict]");
        assert!(said.contains("L1") && said.contains("Verified"), "{said}");
        no_violations(&shown);
    }

    /// Changes one payment, as nobody should.
    pub fn tamper(&self) {
        let connection = Connection::open(self.store()).expect("the store can be opened");
        let changed = connection
            .execute(
                "UPDATE emt_messages SET message_data = '{\"approvedBy\":\"nobody\",' || substr(message_data, 2) \
                 WHERE stream_id = 'order-4711' AND stream_position = 9",
                [],
            )
            .expect("the store can be changed");
        assert_eq!(changed, 1);
    }

    /// The window on the store that was changed, once it was held against the anchor.
    pub fn verify(&self) -> Shown {
        let shown = self.show();
        let web = &shown.web;
        // The folder is known from before.
        web.wait_for("document.querySelectorAll('[data-test=anchor]').length === 1");
        web.press(&[key::CONTROL], key::ENTER);
        web.wait_for("document.querySelector('[data-test=verdict]')?.dataset.outcome === 'broken'");
        shown
    }

    /// The window with a report of that.
    pub fn report(&self) -> Shown {
        let shown = self.verify();
        let web = &shown.web;
        answer_dialog(&shown, "open", &self.path("reports").to_string_lossy());
        web.press(&[key::CONTROL], "e");
        web.wait_for("document.activeElement?.dataset.test === 'report-run'");
        web.press(&[], key::ENTER);
        web.wait_for("document.querySelector('[data-test=report-made]')");
        shown
    }

    fn show(&self) -> Shown {
        let store = self.store();
        let shown = open_in(&self.path("home"), &[&store.to_string_lossy()]);
        wait_for_overview(&shown);
        shown.web.press(&[key::CONTROL], "8");
        shown
            .web
            .wait_for("document.querySelector('[data-test=anchor-folder]')");
        shown
    }
}
