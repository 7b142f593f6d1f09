//! The planted bug of `order@1.0.0`, found as a person would: which streams two versions differ in, where an invariant
//! breaks first, which version breaks it, and the smallest history that shows it.

use refold_tests::Fingerprint;

use crate::driver::{Shown, open};
use crate::flows::{no_violations, wait_for_overview, wait_for_version};
use crate::stores;
use crate::webdriver::key;

/// Another version of the handler, both states side by side, step by step.
#[test]
fn f4_a_bug_under_another_version_of_the_handler() {
    let store = stores::sample();
    let before = Fingerprint::of(store.folder());
    let shown = open(&[store.path(), "order-4712"]);
    let web = &shown.web;
    web.wait_for("document.querySelector('[data-test=state-header]')");
    web.press(&[key::CONTROL], "4");
    // Scope and handlers are those of what was looked at, and the version beside it.
    web.wait_for("document.querySelector('[data-test=lab-stream]')?.value === 'order-4712'");
    web.wait_for("document.querySelector('[data-test=replay-right]').selectedOptions[0].text === 'order@1.0.0'");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for("document.querySelector('[data-test=replay-summary]')?.dataset.differing === '1'");
    // The cursor stands on the first divergence: the price of one article was taken off for several.
    web.wait_for("document.querySelector('[data-test=pair-label]')?.innerText.includes('v 4 ItemRemoved')");
    let row = web.text("[data-test=pair-row][data-path='/total']");
    assert!(row.contains("202.35") && row.contains("325.25"), "{row}");
    web.press(&[], key::LEFT);
    web.wait_for("document.querySelector('[data-test=pair-count]').innerText.startsWith('0 of')");
    web.press(&[], key::RIGHT);
    web.wait_for("!document.querySelector('[data-test=pair-count]').innerText.startsWith('0 of')");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for("document.querySelector('[data-test=replay-cached]')");
    web.wait_for("document.querySelector('[data-test=pair-label]')?.innerText.includes('v 4 ItemRemoved')");
    web.press(&[], "o");
    wait_for_version(&shown, "4");
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(store.folder());
}

/// A condition of one's own, in five actions to the event that breaks it first.
#[test]
fn f5_where_a_new_invariant_breaks_first() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    let web = &shown.web;
    wait_for_overview(&shown);
    let start = web.actions();
    web.press(&[key::CONTROL], "6");
    web.wait_for("document.querySelector('[data-test=invariant-list]')");
    web.press(&[], "n");
    web.wait_for("document.activeElement?.dataset.test === 'invariant-condition'");
    web.type_text("state.failedPayments < 1");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for("document.activeElement?.dataset.test === 'violation-list'");
    web.wait_for("document.querySelector('[data-test=last-good]')?.innerText.includes('v ')");
    let broken = web.text("[data-test=first-break]");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=state-header]')");
    wait_for_version(&shown, &broken.replace("v ", "").replace(',', ""));
    assert_eq!(web.actions() - start, 5, "F5 takes five actions");
    // What changed since the last good moment is what broke it.
    web.wait_for("document.querySelector('#inspector-panel').innerText.includes('failedPayments')");
    no_violations(&shown);
}

/// The invariant of the package that the bug breaks, as a test case in the package.
#[test]
fn the_planted_bug_becomes_a_smallest_history() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    let web = &shown.web;
    wait_for_overview(&shown);
    web.press(&[key::CONTROL], "6");
    web.wait_for("document.querySelector('[data-test=invariants-handler]')");
    choose(&shown, "invariants-handler", "order@1.0.0");
    web.press(&[key::CONTROL], key::ENTER);
    let balanced = "document.querySelector('[data-test=invariant][data-id=balanced-once-paid]')";
    web.wait_for(&format!("{balanced}?.dataset.state === 'broken'"));
    web.click("[data-test=invariant][data-id=balanced-once-paid]");
    web.wait_for("document.querySelector('[data-test=break] h3')?.innerText === 'order-4712'");
    assert!(
        web.text("[data-test=guarantee]")
            .contains("1 stream an event is missing, or could not be read")
    );
    web.press(&[], "v");
    web.wait_for(
        "document.querySelector('[data-test=version-outcomes]')?.innerText.includes('order@1.0.0 is the first version')",
    );
    web.press(&[], "m");
    web.wait_for("Number(document.querySelector('[data-test=minimal]')?.dataset.kept) > 1");
    let case = web.run("return document.querySelector('[data-test=case-text]').textContent");
    let case = case.as_str().unwrap_or_default().to_owned();
    assert!(
        case.starts_with("refold: case/1") && case.contains("ItemRemoved") && case.contains("PaymentCaptured"),
        "{case}"
    );
    no_violations(&shown);
}

/// Chooses an option of a select by its text.
pub fn choose(shown: &Shown, test: &str, text: &str) {
    shown.web.run(&format!(
        "const select = document.querySelector('[data-test={test}]');
         select.focus();
         select.value = [...select.options].find(it => it.text === '{text}').value;
         select.dispatchEvent(new Event('change', {{ bubbles: true }}));"
    ));
}
