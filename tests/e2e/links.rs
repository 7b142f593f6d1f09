//! What ties events together, as a person walks it: the story, causes and effects, streams as lanes.

use crate::driver::open;
use crate::flows::{no_violations, wait_for_version};
use crate::stores;
use crate::webdriver::key;

#[test]
fn the_story_tells_a_stream_and_moves_along_it() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711", "--at", "v7"]);
    let web = &shown.web;
    wait_for_version(&shown, "7");
    web.press(&[], "1");
    web.wait_for("document.querySelector('[data-test=story-lines]')?.innerText.includes('Payment of 295.50 refused')");
    // What the event at A changed is told in words.
    web.wait_for("document.querySelector('[data-test=story-changes]').innerText.includes('failedPayments')");
    web.run("[...document.querySelectorAll('[data-test=story-lines] [role=row]')].find(it => it.dataset.version === '9').click()");
    wait_for_version(&shown, "9");
    web.press(&[key::ALT], key::LEFT);
    wait_for_version(&shown, "7");
    // In a lower window the rows that are put away are out of sight, not over the others.
    web.resize(1024, 640);
    web.wait_for("innerHeight === 640");
    web.wait_for("[...document.querySelectorAll('[data-test=story-lines] [role=row]')].some(it => it.hidden)");
    web.wait_for(
        "[...document.querySelectorAll('[role=row][hidden]')].every(it => getComputedStyle(it).display === 'none')",
    );
    no_violations(&shown);
}

#[test]
fn causes_are_walked_and_lanes_follow_one_instant() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711", "--at", "v7"]);
    let web = &shown.web;
    wait_for_version(&shown, "7");
    web.press(&[], "7");
    web.wait_for("document.querySelectorAll('[data-test=causation-rows] [data-role=effect]').length > 2");
    web.wait_for("document.querySelector('[data-test=causation-rows] [data-role=asked]').innerText.includes('v 7')");
    // To the cause and back to the effect; the tree is of the event that stands on its label.
    for (sign, version) in [("[", "6"), ("]", "7")] {
        web.press(&[], sign);
        web.wait_for(&format!(
            "document.querySelector('[data-test=state-header]').dataset.version === '{version}' && \
             document.querySelector('[data-test=causation]')?.dataset.moment === '{version}'"
        ));
    }
    no_violations(&shown);

    web.run("document.querySelector('[data-test=to-lanes]').click()");
    web.wait_for("document.querySelector('[data-test=lane]')?.dataset.moment === '7'");
    web.run("document.querySelector('[data-test=lanes-add]').focus()");
    web.type_text("order-4713");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelectorAll('[data-test=lane]').length === 2");
    web.wait_for("document.querySelectorAll('[data-test=lane]')[1].dataset.moment === '8'");
    no_violations(&shown);
}
