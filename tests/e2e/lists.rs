//! Lists of a million rows: few of them are in the page, all of them are reached, also enlarged (10, 11).

use crate::driver::{Shown, open};
use crate::fits::enlarge;
use crate::flows::wait_for_version;
use crate::stores;
use crate::webdriver::key;

const LIST: &str = "document.querySelector('[data-test=event-list]')";

#[test]
fn every_row_of_a_million_is_reached_and_few_are_in_the_page() {
    let store = stores::million();
    let shown = open(&[store.path(), stores::GIANT_STREAM]);
    wait_for_version(&shown, "1000000");
    let mut counts = Vec::new();
    for percent in [100, 150] {
        if percent > 100 {
            enlarge(&shown, percent);
            shown.web.wait_for("innerWidth < 1000");
        }
        shown.web.press(&[], key::HOME);
        wait_for_version(&shown, "");
        counts.push(nodes(&shown));
        for (cursor, row) in [
            ("v500000", "500,000"),
            ("v999999", "999,999"),
            ("v1000000", "1,000,000"),
            ("v1", "1"),
        ] {
            shown.web.press(&[], "g");
            shown.web.type_text(cursor);
            shown.web.press(&[], key::ENTER);
            wait_for_version(&shown, cursor.trim_start_matches('v'));
            wait_for_row(&shown, row);
            counts.push(nodes(&shown));
        }
        // By the bar, from end to end.
        for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
            shown.web.run(&format!(
                "const it = {LIST}; it.scrollTop = (it.scrollHeight - it.clientHeight) * {share}"
            ));
            shown.web.wait_for(&format!(
                "[...{LIST}.querySelectorAll('[role=row]:not([hidden])')].some(it => it.innerText.trim() !== '' \
                 && Math.abs(it.ariaRowIndex - {share} * 1e6) < 5000)"
            ));
            counts.push(nodes(&shown));
        }
        wait_for_row(&shown, "1,000,000");
        assert_eq!(
            shown.web.run(&format!("return {LIST}.ariaRowCount")),
            "1000000",
            "the list says how long it is"
        );
        let (least, most) = (counts.iter().min().copied(), counts.iter().max().copied());
        let (least, most) = (least.unwrap_or_default(), most.unwrap_or_default());
        println!("{least} to {most} nodes in the page at {percent} %");
        assert!(most < 6_000, "{most} nodes in the page");
        assert!((most - least) * 10 <= most, "from {least} to {most} nodes: it grows");
        counts.clear();
    }
}

/// The nodes of the page. No list has more than three screens of rows.
#[track_caller]
fn nodes(shown: &Shown) -> u64 {
    let crowded = shown.web.run(
        "return [...document.querySelectorAll('[role=grid], [role=treegrid]')].filter(grid => {
           const row = grid.querySelector('[role=row]:not([hidden])');
           return row && grid.querySelectorAll('[role=row]').length > 3 * grid.clientHeight / row.offsetHeight + 3;
         }).map(grid => `${grid.dataset.test}: ${grid.querySelectorAll('[role=row]').length} rows`)",
    );
    assert_eq!(crowded, serde_json::json!([]), "more than three screens of rows");
    let count = shown.web.run("return document.getElementsByTagName('*').length");
    count.as_u64().expect("a number")
}

/// Waits until the row that begins with a version is in sight.
#[track_caller]
fn wait_for_row(shown: &Shown, version: &str) {
    shown.web.wait_for(&format!(
        "(() => {{ const box = {LIST}.getBoundingClientRect();
           return [...{LIST}.querySelectorAll('[role=row]:not([hidden])')].some(row => {{
             const own = row.getBoundingClientRect();
             return row.innerText.split(/\\s+/).includes('{version}') && own.top >= box.top - 1 && own.bottom <= box.bottom + 1;
           }}); }})()"
    ));
}
