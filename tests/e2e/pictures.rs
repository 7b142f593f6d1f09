//! Pictures of every view, in both themes and two sizes, to be looked at: `target/pictures/`.
//!
//! Taken from the X server: with WebKit's compositing off, as without a GPU, a picture through WebDriver never comes.

use std::path::PathBuf;
use std::process::Command;

use crate::drafts::{INSIDE, find_and_write, try_it, write_draft};
use crate::driver::{Shown, open, open_in};
use crate::evidence::Bench;
use crate::fits::show;
use crate::flows::{no_violations, wait_for_overview, wait_for_version};
use crate::gate::send_all;
use crate::handlers::{PARTS, package, test_all};
use crate::kept::{save_case, show_notebook, temporary, write_note};
use crate::lab::choose;
use crate::opening::{answer_dialog, palette};
use crate::stores;
use crate::two_stores::{compare_with, damaged_copy};
use crate::webdriver::key;
use crate::why::ask_why_not;

const SIZES: [(u32, u32); 2] = [(1440, 900), (1024, 640)];

#[test]
fn welcome() {
    let shown = open(&[]);
    shown.web.wait_for("document.querySelector('[data-test=omnibox]')");
    take(&shown, "welcome");
}

#[test]
fn overview() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    shown
        .web
        .wait_for("document.querySelectorAll('[data-test=list] [role=row]').length > 5");
    shown
        .web
        .wait_for("document.querySelector('[data-test=timeline] canvas')");
    take(&shown, "overview");
}

#[test]
fn history() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711", "--at", "2026-08-03 14:00"]);
    shown
        .web
        .wait_for("document.querySelector('[data-test=state-header]')?.dataset.version > ''");
    take(&shown, "history");
    let tabs = [
        ("1", "story", "history-story"),
        ("3", "diff", "history-diff"),
        ("4", "blame", "history-blame"),
        ("5", "event", "history-event"),
        ("6", "raw", "history-raw"),
        ("7", "causation", "history-causation"),
    ];
    for (tab, name, picture) in tabs {
        shown.web.press(&[], tab);
        shown.web.wait_for(&format!(
            "document.querySelector('[data-test=tab-{name}]').ariaSelected === 'true'"
        ));
        if name == "causation" {
            shown
                .web
                .wait_for("document.querySelector('[data-test=causation-rows]')");
        }
        take(&shown, picture);
    }
}

#[test]
fn why() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4712", "--at", "v4"]);
    let web = &shown.web;
    wait_for_version(&shown, "4");
    let row = "[data-test=state-rows] [data-path='/total'] .key";
    web.wait_for(&format!("document.querySelector(\"{row}\")"));
    web.click(row);
    web.press(&[], "y");
    web.wait_for("document.querySelector('[data-test=why-step]')");
    take(&shown, "why");
    ask_why_not(&shown, "/items/SKU-01191/name");
    take(&shown, "why-not");
}

#[test]
fn gate() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    wait_for_overview(&shown);
    send_all(&shown);
    take(&shown, "gate");
}

#[test]
fn handlers() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    wait_for_overview(&shown);
    test_all(&shown);
    take(&shown, "handlers-cases");
    for (pressed, name) in [
        ("1", "handlers"),
        ("2", "handlers-coverage"),
        ("3", "handlers-declares"),
    ] {
        shown.web.press(&[], pressed);
        let content = PARTS
            .iter()
            .find(|(part, _)| *part == pressed)
            .map_or("", |(_, content)| content);
        shown.web.wait_for(&format!("document.querySelector('{content}')"));
        take(&shown, name);
    }
}

#[test]
fn handler_draft() {
    let store = stores::sample();
    // The draft lies in the home of the window: what is beside the store stays as it is.
    let handler = format!("{}/handlers/order@1.0.0", store.folder().display());
    let shown = open(&[store.path(), "order-4711", "--at", "v7", "--handler", &handler]);
    wait_for_version(&shown, "7");
    write_draft(&shown);
    find_and_write(&shown, "inc: failedPayments", "add: { failedPayments: 2 }");
    try_it(&shown);
    shown.web.click("[data-test=draft-changes]");
    shown
        .web
        .wait_for(&format!("{INSIDE}.querySelector('.cm-deletedChunk')"));
    take(&shown, "handler-draft");
    find_and_write(&shown, "failedPayments: 2 }", "failedPayments: 2 +}");
    shown
        .web
        .wait_for("document.querySelector('[data-test=draft-problem]')");
    take(&shown, "handler-draft-problem");
}

#[test]
fn broken_handler() {
    let store = stores::sample();
    let work = temporary();
    let handler = format!("{}@1.1.0", package(work.path()));
    let shown = open(&[store.path(), "order-4711", "--at", "v11", "--handler", &handler]);
    wait_for_version(&shown, "11");
    let rules = work.path().join("order/versions/1.1.0/reducer.yaml");
    let text = std::fs::read_to_string(&rules).expect("the rules");
    std::fs::write(&rules, text.replace("\"'shipped'\"", "\"'shipped' +\"")).expect("it is saved");
    shown
        .web
        .wait_for("document.querySelector('[data-test=handler-broken]')");
    take(&shown, "handler-broken");
    shown.web.click("[data-test=handler-show]");
    shown
        .web
        .wait_for("document.querySelector('[data-test=handler-source] [data-bad]')");
    take(&shown, "handlers-problem");
}

#[test]
fn problem() {
    let store = stores::sample();
    let shown = open(&[store.path(), stores::DAMAGED_STREAM, "--at", "v4"]);
    wait_for_version(&shown, "4");
    take(&shown, "problem");
}

#[test]
fn search() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    wait_for_overview(&shown);
    shown.web.press(&[key::CONTROL, key::SHIFT], "f");
    shown.web.wait_for("document.querySelector('[data-test=search-text]')");
    shown
        .web
        .run("document.querySelector('[data-test=search-text]').focus()");
    shown.web.type_text("Espresso");
    shown.web.press(&[], key::ENTER);
    shown
        .web
        .wait_for("document.querySelector('[data-test=search-status]').dataset.phase === 'whole'");
    take(&shown, "search");
}

#[test]
fn notebook_and_case() {
    let store = stores::sample();
    let kept = temporary();
    let case = kept.path().join("order-4711.refold-case");
    {
        let shown = open(&[store.path(), "order-4711", "--at", "v7"]);
        wait_for_version(&shown, "7");
        write_note(&shown, "Refused once, then paid by wallet");
        let written = save_case(&shown, &case);
        assert_eq!(written["events"], 15, "{written}");
        take(&shown, "notebook");
    }
    let shown = open(&[&case.to_string_lossy()]);
    shown
        .web
        .wait_for("document.querySelector('[data-test=tab-diff]')?.ariaSelected === 'true'");
    take(&shown, "case");
    show_notebook(&shown);
    take(&shown, "case-notebook");
}

#[test]
fn masked() {
    let folder = temporary();
    let store = folder.path().join("orders.db");
    std::fs::copy(stores::sample().path(), &store).expect("the sample can be copied");
    let handlers = folder.path().join("handlers");
    std::fs::create_dir(&handlers).expect("a folder can be made");
    let rules = "refold = \"mask/1\"\n[[hide]]\npaths = [\"/address/name\", \"/address/street\"]\n";
    std::fs::write(handlers.join("mask.toml"), rules).expect("rules can be written");
    let shown = open(&[&store.to_string_lossy(), "order-4711", "--at", "v8"]);
    wait_for_version(&shown, "8");
    take(&shown, "masked");
}

#[test]
fn settings() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    wait_for_overview(&shown);
    shown.web.press(&[key::CONTROL], ",");
    shown
        .web
        .wait_for("document.querySelector('.page')?.dataset.view === 'settings'");
    take(&shown, "settings");
}

/// Two versions of a handler over one order, at the first event after which they differ.
#[test]
fn replay() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4712"]);
    let web = &shown.web;
    web.wait_for("document.querySelector('[data-test=state-header]')");
    web.press(&[key::CONTROL], "4");
    web.wait_for("document.querySelector('[data-test=lab-stream]')?.value === 'order-4712'");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for("document.querySelector('[data-test=pair-row]')");
    take(&shown, "replay");
}

/// An invariant that broke, the version that breaks it, and the smallest history that shows it.
#[test]
fn invariants() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    let web = &shown.web;
    wait_for_overview(&shown);
    web.press(&[key::CONTROL], "6");
    web.wait_for("document.querySelector('[data-test=invariants-handler]')");
    choose(&shown, "invariants-handler", "order@1.0.0");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for(
        "document.querySelector('[data-test=invariant][data-id=balanced-once-paid]')?.dataset.state === 'broken'",
    );
    web.click("[data-test=invariant][data-id=balanced-once-paid]");
    web.wait_for("document.querySelector('[data-test=break] h3')?.innerText === 'order-4712'");
    web.press(&[], "v");
    web.wait_for("document.querySelector('[data-test=version-outcomes]')");
    web.press(&[], "m");
    web.wait_for("document.querySelector('[data-test=case-text]')");
    take(&shown, "invariants");
}

/// What if the payment had never been authorised?
#[test]
fn sandbox() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711", "--at", "v9"]);
    wait_for_version(&shown, "9");
    palette(&shown, ">Branch here without");
    shown
        .web
        .wait_for("document.querySelector('[data-test=sandbox-summary]')");
    take(&shown, "sandbox");
}

#[test]
fn read_model() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    wait_for_overview(&shown);
    show_read_model(&shown);
    take(&shown, "read-model");
}

/// A store that is not what its anchor says.
#[test]
fn integrity() {
    let bench = Bench::new();
    bench.anchor();
    bench.tamper();
    take(&bench.verify(), "integrity");
}

/// A report of what an anchor came to.
#[test]
fn report_of_a_verification() {
    let bench = Bench::new();
    bench.anchor();
    bench.tamper();
    take(&bench.report(), "report-verification");
}

/// The form of a report about invariants.
#[test]
fn report_of_invariants() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    wait_for_overview(&shown);
    show(&shown, "reports");
    shown.web.click("[data-test=segment-invariants]");
    shown
        .web
        .wait_for("document.querySelector('[data-test=report-condition]')");
    take(&shown, "report-invariants");
}

/// What a report about a person would hide, before it is made.
#[test]
fn report_about_a_person() {
    let store = stores::sample();
    let kept = temporary();
    let list = kept.path().join("person.toml");
    let text = "refold = \"excerpt/1\"\n\n[[show]]\npaths = [\"/address\", \"/lines/*/sku\", \"/sku\", \"/qty\"]\n";
    std::fs::write(&list, text).expect("a list can be written");
    let shown = open(&[store.path()]);
    wait_for_overview(&shown);
    show(&shown, "reports");
    shown.web.click("[data-test=segment-subject]");
    shown.web.wait_for("document.querySelector('[data-test=report-keys]')");
    shown.web.click("[data-test=report-keys]");
    shown.web.type_text("/customerId=C-104711");
    answer_dialog(&shown, "open", &list.to_string_lossy());
    shown.web.click("[data-test=report-allow-choose]");
    shown
        .web
        .wait_for("document.querySelector('[data-test=report-allow]').textContent.endsWith('person.toml')");
    shown.web.click("[data-test=report-paths]");
    shown
        .web
        .wait_for("document.querySelector('[data-test=report-path-rows]')");
    take(&shown, "report-person");
}

/// A report of an order, once it was made.
#[test]
fn report() {
    let store = stores::sample();
    let kept = temporary();
    let shown = open(&[store.path(), "order-4711", "--at", "v15"]);
    wait_for_version(&shown, "15");
    answer_dialog(&shown, "open", &kept.path().to_string_lossy());
    shown.web.press(&[key::CONTROL], "e");
    shown
        .web
        .wait_for("document.activeElement?.dataset.test === 'report-run'");
    shown.web.press(&[], key::ENTER);
    shown.web.wait_for("document.querySelector('[data-test=report-made]')");
    take(&shown, "report");
}

#[test]
fn connections() {
    let home = temporary();
    let folder = home.path().join("config/refold");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    // Where it lies is seen.
    let store = std::env::temp_dir().join("shop/orders.db");
    std::fs::create_dir_all(store.parent().unwrap_or(&store)).expect("a folder can be made");
    std::fs::copy(stores::sample().path(), &store).expect("the sample can be copied");
    let saved = format!(
        "refold = \"connections/1\"\n\
         [[connection]]\nname = \"orders-eu\"\nenvironment = \"production\"\nstore = {0:?}\n\
         [[connection]]\nname = \"orders-staging\"\nenvironment = \"staging\"\nhost = \"pg-stag-1:5432\"\ndatabase = \"orders\"\n\
         [[connection]]\nname = \"branch-10\"\nhost = \"10.2.4.9:5432\"\ndatabase = \"orders\"\n",
        store.display().to_string()
    );
    std::fs::write(folder.join("connections.toml"), saved).expect("the file can be written");
    let shown = open_in(home.path(), &[]);
    shown
        .web
        .wait_for("document.querySelectorAll('[data-test=connection-row]').length === 3");
    take(&shown, "connections");
    shown.web.run("[...document.querySelectorAll('[data-test=connection-row]')].find(it => it.innerText.includes('orders-eu')).focus()");
    shown.web.press(&[], "\u{E032}");
    shown
        .web
        .wait_for("document.querySelector('[data-test=connection-test]')");
    shown.web.click("[data-test=connection-test]");
    shown
        .web
        .wait_for("document.querySelectorAll('[data-test=connect-steps] .said').length === 5");
    shoot(&shown, "connection-editor", "Dark");
}

/// Holds the read model of the sample against what the newer handler makes of the history. The system's dialog cannot be
/// driven, so the story answers in its place.
pub fn show_read_model(shown: &Shown) {
    let web = &shown.web;
    show(shown, "compare");
    web.run("document.querySelector('[data-test=segment-readModel]').click()");
    web.wait_for("document.querySelector('[data-test=drift-choose]')");
    // What was found before still stands.
    if web.run("return document.querySelector('[data-test=drift-summary]') !== null") == true {
        return;
    }
    let file = stores::sample().folder().join("read_model.db");
    answer_dialog(shown, "open", &file.to_string_lossy());
    web.run("document.querySelector('[data-test=drift-choose]').click()");
    web.wait_for("document.querySelector('[data-test=drift-mapping-text]')?.value.includes('order_summary')");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for("document.querySelector('[data-test=drift-summary]')");
}

/// The sample beside a copy of it that was changed and lost events.
#[test]
fn two_stores() {
    let store = stores::sample();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shown = open(&[store.path(), "order-4711"]);
    wait_for_version(&shown, "15");
    compare_with(&shown, &damaged_copy(folder.path()));
    shown
        .web
        .wait_for("document.querySelector('[data-test=stores-tree] [role=row]')");
    take(&shown, "two-stores");
}

#[test]
fn lanes() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711", "--at", "v10"]);
    wait_for_version(&shown, "10");
    shown.web.press(&[], "7");
    shown.web.wait_for("document.querySelector('[data-test=to-lanes]')");
    shown.web.run("document.querySelector('[data-test=to-lanes]').click()");
    for (count, stream) in [(2, "order-4713"), (3, "order-4712"), (4, "order-4714")] {
        shown.web.wait_for("document.querySelector('[data-test=lanes-add]')");
        shown.web.run("document.querySelector('[data-test=lanes-add]').focus()");
        shown.web.type_text(stream);
        shown.web.press(&[], crate::webdriver::key::ENTER);
        shown.web.wait_for(&format!(
            "[...document.querySelectorAll('[data-test=lane]')].filter(it => it.dataset.moment).length === {count}"
        ));
        // Then the field is empty again.
        shown
            .web
            .wait_for("document.querySelector('[data-test=lanes-add]').value === ''");
    }
    take(&shown, "lanes");
}

#[test]
fn giant() {
    let store = stores::giant();
    let shown = open(&[store.path(), stores::GIANT_STREAM]);
    wait_for_version(&shown, "200000");
    take(&shown, "giant");
}

/// One picture a theme and size. In each the page fits its window.
fn take(shown: &Shown, name: &str) {
    // Nobody points at anything: no row stands out, and no title is up.
    shown.web.hover(0.0, 0.0);
    for theme in ["Light", "Dark"] {
        choose_theme(shown, theme);
        shoot(shown, name, theme);
    }
    no_violations(shown);
}

/// One picture a size.
fn shoot(shown: &Shown, name: &str, theme: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
    std::fs::create_dir_all(&folder).expect("target can be written to");
    for (width, height) in SIZES {
        shown.web.resize(width, height);
        shown
            .web
            .wait_for(&format!("innerWidth === {width} && innerHeight === {height}"));
        settle(shown);
        let overflow = shown
            .web
            .run("return document.documentElement.scrollWidth - innerWidth");
        assert_eq!(overflow, 0, "{name} scrolls sideways at {width}x{height}");
        let file = folder.join(format!("{name}-{}-{width}x{height}.png", theme.to_lowercase()));
        let crop = format!("{width}x{height}+0+0");
        let taken = Command::new("import")
            .args(["-window", "root", "-crop", &crop, "+repage"])
            .arg(&file)
            .status();
        assert!(
            taken.is_ok_and(|status| status.success()),
            "import took no picture: {}",
            file.display()
        );
    }
}

pub fn choose_theme(shown: &Shown, theme: &str) {
    shown.web.press(&[key::CONTROL], "k");
    shown.web.type_text(&format!(">{theme} theme"));
    shown.web.wait_for("document.querySelector('[data-test=omnibox-item]')");
    shown.web.press(&[], key::ENTER);
    shown.web.wait_for(&format!(
        "document.documentElement.dataset.theme === '{}'",
        theme.to_lowercase()
    ));
}

/// Waits until what was asked for has come and two frames have been painted since.
fn settle(shown: &Shown) {
    shown
        .web
        .run("window.__still = 0; const f = () => { if (++window.__still < 30) requestAnimationFrame(f); }; f()");
    shown.web.wait_for("window.__still >= 30");
}
