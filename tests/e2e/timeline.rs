//! The timelines as people use them besides scrubbing: a time that is held, ends of ranges by keys, words instead of the
//! picture, and zooming over a whole store.

use crate::driver::{Shown, open};
use crate::flows::{no_violations, wait_for_version};
use crate::stores;
use crate::webdriver::key;

/// A stands at a time that was asked for, says how long before it its event was, and lets go with a step (16).
#[test]
fn a_time_is_held_and_let_go() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    web.press(&[], "g");
    web.type_text("2026-08-03 14:00");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=cursor-a]')?.dataset.fixed === 'true'");
    web.wait_for(
        "document.querySelector('[data-test=cursor-a-time]').innerText.startsWith('as of 2026-08-03 14:00:00Z')",
    );
    web.wait_for("document.querySelector('[data-test=cursor-a-time]').innerText.endsWith('earlier')");
    web.press(&[], key::RIGHT);
    web.wait_for("document.querySelector('[data-test=cursor-a]').dataset.fixed === undefined");
    web.press(&[key::ALT], key::LEFT);
    no_violations(&shown);
}

/// A time that is typed is of the zone that times are shown in, which the palette names before it goes there.
#[test]
fn a_typed_time_is_of_the_shown_zone() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    web.press(&[], "g");
    web.type_text("2026-08-03 14:00");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=cursor-a]')?.dataset.fixed === 'true'");
    let version = web.text("[data-test=cursor-a-label]");
    web.press(&[], key::END);
    wait_for_version(&shown, "15");

    web.run("document.querySelector('[data-test=rail-settings]').click()");
    web.wait_for("document.querySelector('[data-test=setting-timeZone] select')");
    web.run(
        "const zone = document.querySelector('[data-test=setting-timeZone] select');
         zone.value = 'Europe/Berlin';
         zone.dispatchEvent(new Event('change', { bubbles: true }))",
    );
    web.run("document.querySelector('[data-test=rail-history]').click()");
    // The same instant, two hours later by the clocks there.
    web.wait_for("document.querySelector('[data-test=axis-zone]')?.innerText.includes('Europe/Berlin')");
    web.press(&[], "g");
    web.type_text("2026-08-03 16:00");
    web.wait_for(
        "[...document.querySelectorAll('[data-test=omnibox-item]')].some(it => it.innerText.includes('2026-08-03 16:00:00+02:00 (Europe/Berlin)'))",
    );
    web.press(&[], key::ENTER);
    web.wait_for(
        "document.querySelector('[data-test=cursor-a-time]')?.innerText.startsWith('as of 2026-08-03 16:00:00+02:00')",
    );
    assert_eq!(web.text("[data-test=cursor-a-label]"), version);
    no_violations(&shown);
}

/// Both cursors are sliders of their own: B moves by its keys while it has the focus, and A stays (35).
#[test]
fn cursor_b_is_moved_by_the_keys_of_a_slider() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711", "--at", "v9"]);
    let web = &shown.web;
    wait_for_version(&shown, "9");
    web.press(&[], "b");
    web.wait_for("document.querySelector('[data-test=cursor-b]')");
    web.run("document.querySelector('[data-test=cursor-b]').focus()");
    for (pressed, moment) in [(key::LEFT, "8"), (key::HOME, "0"), (key::RIGHT, "1"), (key::END, "15")] {
        web.press(&[], pressed);
        web.wait_for(&format!(
            "document.querySelector('[data-test=cursor-b]').ariaValueNow === '{moment}'"
        ));
    }
    assert_eq!(attribute(&shown, "cursor-a", "aria-valuenow"), "9");
    // What lies between them is counted, and what can be done with it is a button away.
    web.wait_for("document.querySelector('[data-test=range-chip]').innerText.startsWith('6 events')");
    no_violations(&shown);
}

/// What the timeline shows is told in words, which take the focus and give it back.
#[test]
fn the_timeline_is_described_in_words() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    web.run("document.querySelector('[data-test=cursor-a]').focus()");
    web.press(&[key::CONTROL], "k");
    web.type_text(">Describe the timeline");
    web.press(&[], key::ENTER);
    web.wait_for("document.activeElement?.id === 'timeline-description'");
    let text = web.text("[data-test=timeline-description]");
    for said in ["Span", "Events", "15", "Longest gap", "Problems", "Event types"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    web.press(&[], key::ESCAPE);
    web.wait_for("!document.querySelector('[data-test=timeline-description]')");
    no_violations(&shown);
}

/// Zooming over a whole store: never a blank picture (12). How smooth it is, `figures.rs` says.
#[test]
fn zooming_over_a_store_shows_something_on_every_frame() {
    let store = stores::million();
    let shown = open(&[store.path()]);
    let web = &shown.web;
    web.wait_for("document.querySelector('[data-test=timeline] canvas.plot')");
    web.run(ZOOM);
    web.wait_for("window.__zoom.done");
    let zoom = web.run("return window.__zoom");
    assert_eq!(zoom["blank"].as_u64(), Some(0), "frames without a picture");
    no_violations(&shown);
}

/// Rolls the wheel in and out, a notch a frame, and looks at the lowest row of the plot on every tenth.
const ZOOM: &str = r#"
const plot = document.querySelector('[data-test=timeline] canvas.plot');
const box = plot.getBoundingClientRect();
const zoom = window.__zoom = { blank: 0, done: false };
const swatch = document.createElement('canvas').getContext('2d');
swatch.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--bg-1').trim();
swatch.fillRect(0, 0, 1, 1);
const ground = swatch.getImageData(0, 0, 1, 1).data;
const isBlank = () => {
  const { data } = plot.getContext('2d').getImageData(0, plot.height - 1, plot.width, 1);
  return data.every((byte, at) => byte === ground[at % 4]);
};
let frames = 0;
const frame = () => {
  if (frames > 10 && frames % 10 === 0 && isBlank()) zoom.blank++;
  const deltaY = Math.floor(frames / 12) % 2 === 0 ? -120 : 120;
  plot.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, clientX: box.x + box.width / 3, clientY: box.y + 9, deltaY }));
  frames++;
  if (frames < 240) requestAnimationFrame(frame); else zoom.done = true;
};
requestAnimationFrame(frame);
"#;

fn attribute(shown: &Shown, test: &str, name: &str) -> String {
    let value = shown.web.run(&format!(
        "return document.querySelector('[data-test={test}]').getAttribute('{name}')"
    ));
    value.as_str().unwrap_or_default().to_owned()
}
