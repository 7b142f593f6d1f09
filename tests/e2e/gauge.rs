//! Figures: what was measured in the window, said in a line, and handed to the benchmark where it asks for it.
//!
//! Nothing is judged here, for a busy machine must fail no test. `REFOLD_FIGURES` names the file that gets a line of
//! JSON for each figure; `bench/` holds them against what must be reached.

use std::fs::OpenOptions;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::driver::Shown;
use crate::processes::{self, PAGE};

/// Milliseconds of one thing, measured many times, and of a busy loop of the same length that ran by turns with it.
pub struct Figure {
    pub id: &'static str,
    /// What was measured, in words, with how much of it.
    pub what: String,
    pub millis: Vec<f64>,
    pub control_millis: Vec<f64>,
    /// CPU time of one, in the page and in the host, where it can be told.
    pub cpu_millis: Option<(f64, f64)>,
}

impl Figure {
    pub fn tell(mut self) {
        self.millis.sort_by(f64::total_cmp);
        self.control_millis.sort_by(f64::total_cmp);
        let (middle, most, longest) = (
            quantile(&self.millis, 0.5),
            quantile(&self.millis, 0.95),
            quantile(&self.millis, 1.0),
        );
        let (control_middle, control_most) = (
            quantile(&self.control_millis, 0.5),
            quantile(&self.control_millis, 0.95),
        );
        let cpu = self
            .cpu_millis
            .map(|(page, host)| format!(", {page:.1} + {host:.1} ms of CPU in page and host"));
        tell(
            self.id,
            &format!(
                "{}: p50 {middle:.0} ms, p95 {most:.0} ms, longest {longest:.0} ms (spin control p50 {control_middle:.0} ms, \
                 p95 {control_most:.0} ms){}",
                self.what,
                cpu.unwrap_or_default()
            ),
            json!({
                "count": self.millis.len(), "p50": middle, "p95": most, "longest": longest,
                "controlP50": control_middle, "controlP95": control_most, "cpu": self.cpu_millis,
            }),
        );
    }
}

/// Says a figure. `fields`: its numbers, for the benchmark.
pub fn tell(id: &str, line: &str, fields: Value) {
    println!("{line}");
    let Some(file) = std::env::var_os("REFOLD_FIGURES") else {
        return;
    };
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .expect("REFOLD_FIGURES can be written");
    let told = json!({ "id": id, "line": line, "fields": fields });
    writeln!(file, "{told}").expect("REFOLD_FIGURES can be written");
}

/// The frames that the page makes while `act` runs, and as many of the same page that only spin, each for as long as one
/// of the former kept the page's processor busy.
pub fn frames(shown: &Shown, id: &'static str, what: impl FnOnce(usize) -> String, act: impl FnOnce()) -> Figure {
    let web = &shown.web;
    web.run(FRAMES);
    let before = cpu(shown);
    act();
    let after = cpu(shown);
    let millis = numbers(&web.run("window.__frames.on = false; return window.__frames.gaps"));
    let each = |of: fn((u64, u64)) -> u64| of(after).saturating_sub(of(before)) as f64 / millis.len().max(1) as f64;
    let (page, host) = (each(|it| it.0), each(|it| it.1));
    let control_millis = numbers(&web.run_async(&spun_frames(), &[page.into(), millis.len().into()]));
    Figure {
        id,
        what: what(millis.len()),
        millis,
        control_millis,
        cpu_millis: Some((page, host)),
    }
}

/// How the page is asked for an answer.
pub struct Asked<'a> {
    /// The event that an input comes as; of several the last before the answer counts.
    pub event: &'a str,
    /// An expression in the page, which has another value once it answered.
    pub value: &'a str,
    pub times: usize,
}

/// How long after an input the page shows its answer on a frame, and busy loops of the same length. `ready` and `act` are
/// given the number of the round.
pub fn answers(shown: &Shown, asked: &Asked<'_>, ready: impl Fn(usize), act: impl Fn(usize)) -> (Vec<f64>, Vec<f64>) {
    const WARM: usize = 5;
    let web = &shown.web;
    let (mut millis, mut controls) = (Vec::new(), Vec::new());
    for round in 0..WARM + asked.times {
        ready(round);
        web.run(&ANSWER.replace("KIND", asked.event).replace("VALUE", asked.value));
        act(round);
        web.wait_for("window.__answer !== null");
        millis.push(web.run("return window.__answer").as_f64().unwrap_or(f64::NAN));
        if round + 1 < WARM {
            continue;
        }
        let mut so_far = millis.clone();
        so_far.sort_by(f64::total_cmp);
        if round + 1 == WARM {
            millis.clear();
        }
        let typical = quantile(&so_far, 0.5).max(1.0);
        controls.extend(numbers(&web.run_async(&spun(), &[typical.into(), 1.into()])));
    }
    (millis, controls)
}

/// Of sorted numbers.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len() as f64 * share) as usize;
    let last = sorted.len().saturating_sub(1);
    sorted.get(at.min(last)).copied().unwrap_or(f64::NAN)
}

pub fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

/// CPU milliseconds so far, of the page and of the host.
fn cpu(shown: &Shown) -> (u64, u64) {
    let sum = |name: &str| {
        processes::ours(name)
            .into_iter()
            .filter_map(processes::cpu_millis)
            .sum()
    };
    (sum(PAGE), sum(shown.host()))
}

/// Only counts frames, so that it costs nothing of what it measures.
const FRAMES: &str = r#"
const probe = window.__frames = { on: true, gaps: [] };
let last = 0;
const frame = now => { if (last) probe.gaps.push(now - last); last = now; if (probe.on) requestAnimationFrame(frame); };
requestAnimationFrame(frame);
"#;

/// Defines `timed`: a busy loop of so many milliseconds, as long as it takes on a core of its own.
pub const SPIN: &str = r#"
const rounds = count => { let state = 1; for (let k = 0; k < count; k++) state = Math.imul(state, 0x9E3779B1) ^ (state >>> 7); return state; };
const took = count => { const started = performance.now(); window.__spun = rounds(count); return performance.now() - started; };
window.__pace ??= 2e7 / Math.max(1, Math.min(...Array.from({ length: 9 }, () => took(2e7))));
const timed = millis => took(millis * window.__pace);
"#;

/// Spins `arguments[1]` times.
fn spun() -> String {
    format!(
        "const [millis, times, done] = arguments; {SPIN} done(Array.from({{ length: times }}, () => timed(millis)));"
    )
}

/// Spins once a frame, for `arguments[1]` frames.
fn spun_frames() -> String {
    format!(
        "const [millis, times, done] = arguments; {SPIN} const gaps = []; let last = 0; \
         const frame = now => {{ if (last) gaps.push(now - last); last = now; timed(millis); \
           if (gaps.length < times) requestAnimationFrame(frame); else done(gaps); }}; \
         requestAnimationFrame(frame);"
    )
}

/// From an event to the first frame that shows another value.
const ANSWER: &str = r#"
window.__forget?.();
window.__answer = null;
const value = () => VALUE;
const before = value();
let heardAt = null, isLooking = false;
const look = () => {
  if (value() === before) return void requestAnimationFrame(look);
  window.__answer = performance.now() - heardAt;
};
const heard = event => {
  heardAt = event.timeStamp;
  if (!isLooking) requestAnimationFrame(look);
  isLooking = true;
};
addEventListener('KIND', heard, { capture: true });
window.__forget = () => removeEventListener('KIND', heard, { capture: true });
"#;
