//! What the window is held to, measured as a person meets it: frames of a gesture, answers to a key, a click, a word,
//! and the start. Every test says its figures and asks of itself only that the work was done.

use std::hint::black_box;
use std::time::Instant;

use crate::driver::open;
use crate::flows::{wait_for_overview, wait_for_version};
use crate::gauge::{Asked, Figure, answers, frames, numbers};
use crate::processes::{self, started_at_millis};
use crate::screen::Screen;
use crate::stores;
use crate::webdriver::key;

const ANSWERS: usize = 40;
const STARTS: usize = 7;

/// Rolls the wheel over the whole of the largest store, a notch a frame: in and out, and deep inside from side to side.
#[test]
fn zooming_and_panning_over_a_store() {
    let store = stores::large();
    let shown = open(&[store.path()]);
    let web = &shown.web;
    web.wait_for("document.querySelector('[data-test=timeline] canvas.plot')");
    let events = web.text("[data-test=scope-header] .facts");
    let events = events.split(" · ").next().unwrap_or_default().to_owned();
    for (id, gesture) in [("zoom", ZOOM), ("pan", PAN)] {
        let rolled = ROLL.replace("GESTURE", gesture);
        frames(
            &shown,
            id,
            |count| format!("{id} over {events}, {count} frames"),
            || {
                web.run(&rolled);
                web.wait_for("window.__rolled === 240");
            },
        )
        .tell();
        // The window moved: there is a way back to the whole.
        web.wait_for("document.body.innerText.includes('Fit all')");
    }
}

/// An arrow key, a click on an event, the pointer over the plot: until what they ask for is shown.
#[test]
fn keys_clicks_and_the_pointer_are_answered() {
    let store = stores::million();
    let shown = open(&[store.path(), stores::GIANT_STREAM]);
    let web = &shown.web;
    wait_for_version(&shown, "1000000");
    let state = "(header => header === document.querySelector('[data-test=state-rows]').dataset.version ? header : null)\
                 (document.querySelector('[data-test=state-header]').dataset.version)";

    let measured = answers(&shown, &asked("keydown", state), |_| (), |_| web.press(&[], key::LEFT));
    told("key", "an arrow key, until the state before is shown", measured);

    let click = |_| {
        let version = web.run(ANOTHER_ROW);
        let version = version.as_str().expect("there is another row");
        web.click(&format!("[data-test=list] [role=row][data-version='{version}']"));
    };
    let measured = answers(&shown, &asked("pointerdown", state), |_| (), click);
    told("click", "a click on an event, until its state is shown", measured);

    let plot = web.place("[data-test=timeline] canvas.plot");
    let readout = "document.querySelector('[data-test=timeline] .readout').textContent";
    let hover = |round| web.hover(plot.x + 200.0 + 20.0 * round as f64, plot.y + plot.height / 2.0);
    let measured = answers(&shown, &asked("pointermove", readout), |_| (), hover);
    told(
        "hover",
        "the pointer over the plot, until it is said what is there",
        measured,
    );
}

/// The palette, and in it a stream among all of a large store.
#[test]
fn the_palette_opens_and_finds() {
    let store = stores::million();
    let shown = open(&[store.path()]);
    let web = &shown.web;
    wait_for_overview(&shown);
    let is_open = "(document.querySelector('[data-test=palette]') !== null)";
    let open = || web.press(&[key::CONTROL], "k");
    let close = |_| {
        if web.run(&format!("return {is_open}")) == true {
            web.press(&[], key::ESCAPE);
            web.wait_for(&format!("!{is_open}"));
        }
    };
    let measured = answers(&shown, &asked("keydown", is_open), close, |_| open());
    told("palette", "the palette, until it is open", measured);

    let wanted = |round: usize| format!("order-{}", 4700 + round);
    // Every list of results says another id: what is waited for is one that holds what was typed.
    let is_found = "[...document.querySelectorAll('[data-test=omnibox-item]')]\
        .some(it => it.innerText.includes(document.querySelector('[data-test=omnibox-input]').value) && it.innerText.includes('order-47'))";
    let ready = |round| {
        close(round);
        open();
        web.wait_for(&format!("{is_open} && !({is_found})"));
    };
    let type_id = |round| web.type_text(&wanted(round));
    let measured = answers(&shown, &asked("keydown", is_found), ready, type_id);
    told("results", "the id of a stream, until it is found", measured);
}

/// Opens the sample store in a home where nothing was ever opened, so without an index.
#[test]
fn the_window_starts_with_something_useful() {
    let store = stores::sample();
    let (mut paints, mut contents, mut paint_controls, mut content_controls) = (vec![], vec![], vec![], vec![]);
    for _ in 0..STARTS {
        let screen = Screen::listen();
        let shown = open(&[store.path()]);
        let web = &shown.web;
        web.wait_for("performance.getEntriesByName('first-rows').length > 0");
        let at = numbers(&web.run(
            "return ['first-contentful-paint', 'first-rows'].map(it => performance.timeOrigin + performance.getEntriesByName(it)[0].startTime)",
        ));
        let [painted_at, useful_at] = at[..] else {
            panic!("two instants: {at:?}");
        };
        let shown_at = screen.first_shown_at_millis().expect("the screen showed a window");
        let host = processes::ours(shown.host());
        let started_at = host
            .first()
            .and_then(|host| started_at_millis(*host))
            .expect("the window runs");
        paints.push(painted_at - shown_at);
        contents.push(useful_at - started_at);
        drop(shown);
        paint_controls.push(spun_millis(painted_at - shown_at));
        content_controls.push(spun_millis(useful_at - started_at));
    }
    told(
        "paint",
        "the window, until something is painted in it",
        (paints, paint_controls),
    );
    told(
        "start",
        "the start, until the newest events of the sample store are shown",
        (contents, content_controls),
    );
}

fn asked<'a>(event: &'a str, value: &'a str) -> Asked<'a> {
    let times = ANSWERS;
    Asked { event, value, times }
}

fn told(id: &'static str, what: &str, (millis, control_millis): (Vec<f64>, Vec<f64>)) {
    let figure = Figure {
        id,
        what: format!("{what}, {} times", millis.len()),
        millis,
        control_millis,
        cpu_millis: None,
    };
    figure.tell();
}

/// How long a busy loop takes that takes `millis` on a core of its own.
fn spun_millis(millis: f64) -> f64 {
    const ROUNDS: u64 = 20_000_000;
    let timed = |rounds: u64| {
        let started = Instant::now();
        let mut state = 1_u64;
        for _ in 0..rounds {
            state = black_box(state.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (state >> 7));
        }
        started.elapsed().as_secs_f64() * 1e3
    };
    let least = (0..5).map(|_| timed(ROUNDS)).fold(f64::INFINITY, f64::min);
    timed((millis / least * ROUNDS as f64) as u64)
}

/// The version of an event in the middle of the list that is not the current one.
const ANOTHER_ROW: &str = r#"
const list = document.querySelector('[data-test=list] [role=grid]').getBoundingClientRect();
const isInside = row => { const b = row.getBoundingClientRect(); return b.top > list.top + 60 && b.bottom < list.bottom - 60; };
return [...document.querySelectorAll('[data-test=list] [role=row]:not([hidden])')]
  .find(row => row.ariaSelected !== 'true' && isInside(row))?.dataset.version;
"#;

/// 240 frames of a gesture, at a third of the plot.
const ROLL: &str = r#"
const plot = document.querySelector('[data-test=timeline] canvas.plot');
const box = plot.getBoundingClientRect();
const roll = more => plot.dispatchEvent(new WheelEvent('wheel', {
  bubbles: true, cancelable: true, clientX: box.x + box.width / 3, clientY: box.y + 9, ...more }));
window.__rolled = 0;
const frame = () => {
  const at = window.__rolled;
  GESTURE
  window.__rolled += 1;
  if (window.__rolled < 240) requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
"#;
/// Twelve notches in, twelve out: every few of them ask for another width of the columns.
const ZOOM: &str = "roll({ deltaY: Math.floor(at / 12) % 2 === 0 ? -120 : 120 });";
/// Deep inside, over several windows to the right and back.
const PAN: &str = "if (at === 0) for (let k = 0; k < 16; k++) roll({ deltaY: -120 }); \
    roll({ shiftKey: true, deltaY: Math.floor(at / 120) % 2 === 0 ? 60 : -60 });";
