//! Scrubbing a stream of 1,000,000 events as a person does: the pointer held down for five seconds, the frames counted,
//! and the label compared with the content on every one of them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::driver::open;
use crate::flows::{show_first_rows, wait_for_version};
use crate::gauge::{frames, tell};
use crate::stores;
use crate::webdriver::key;

const STEP: Duration = Duration::from_millis(16);
/// Five seconds of steps.
const STEPS: u32 = 312;

/// Records, for every frame: whether label and rows are of one version, what the rows
/// say, and where the regions of the page are.
const PROBE: &str = r#"
const at = name => document.querySelector(`[data-test=${name}]`);
const boxes = () => ['env-band', 'tabs', 'list', 'inspector-header', 'status-bar'].map(name => {
  const b = at(name)?.getBoundingClientRect(); return b ? [name, b.x, b.y, b.width, b.height].join(':') : name; }).join(' ');
const probe = window.__probe = { on: true, frames: 0, mismatches: 0, shifts: 0, contradictions: 0, nodes: 0, seen: {}, boxes: boxes() };
const frame = () => {
  probe.frames++;
  const label = at('state-header').dataset.version, rows = at('state-rows').dataset.version;
  if (label !== rows) probe.mismatches++;
  else {
    const text = at('state-rows').innerText;
    if (label in probe.seen && probe.seen[label] !== text) probe.contradictions++;
    probe.seen[label] = text;
  }
  if (boxes() !== probe.boxes) probe.shifts++;
  probe.nodes = Math.max(probe.nodes, document.getElementsByTagName('*').length);
  if (probe.on) requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
"#;

#[test]
fn label_and_content_are_of_one_version_on_every_frame() {
    let store = stores::million();
    let shown = open(&[store.path(), stores::GIANT_STREAM]);
    let web = &shown.web;
    wait_for_version(&shown, "1000000");

    // A field that a person chose stays where it is: the rows do not follow what changed.
    let root = "[data-test=state-rows] [role=row][data-path='']:not([hidden])";
    show_first_rows(&shown);
    web.click(root);

    // First without looking at the content: how smooth it is.
    let what = |count| format!("scrub of 1,000,000 events for 5 s, {count} frames");
    let smooth = frames(&shown, "scrub", what, || web.drag(&path(&shown), STEP));
    assert!(smooth.millis.len() > 50, "only {} frames came", smooth.millis.len());
    smooth.tell();

    // Then again, looking at everything.
    web.run(PROBE);
    web.drag(&path(&shown), STEP);
    let probe = web.run("window.__probe.on = false; return window.__probe");
    let count = |name: &str| probe[name].as_u64().unwrap_or(u64::MAX);
    let seen: BTreeMap<String, String> = serde_json::from_value(probe["seen"].clone()).expect("versions and texts");
    assert_eq!(
        count("mismatches"),
        0,
        "frames whose label was of another version than the rows"
    );
    assert_eq!(count("contradictions"), 0, "frames where one version had two contents");
    assert_eq!(count("shifts"), 0, "frames where a region of the page had moved");
    let (looked_at, versions, nodes) = (count("frames"), seen.len(), count("nodes"));
    tell(
        "truth",
        &format!("{looked_at} frames of {versions} versions looked at, no label of another, at most {nodes} nodes"),
        json!({ "frames": looked_at, "versions": versions, "mismatches": count("mismatches"), "nodes": nodes }),
    );
    assert!(count("nodes") < 6_000, "the page held {} nodes", count("nodes"));
    assert!(seen.len() > 20, "the drag passed only {} versions", seen.len());

    // What was shown in passing is what the version is, asked for at rest.
    let versions: Vec<&String> = seen.keys().filter(|version| !version.is_empty()).collect();
    for version in versions.iter().step_by((versions.len() / 12).max(1)) {
        web.press(&[], "g");
        web.type_text(&format!("v{version}"));
        web.press(&[], key::ENTER);
        wait_for_version(&shown, version);
        assert_eq!(
            &web.text("[data-test=state-rows]"),
            seen.get(*version).expect("it is a key"),
            "v{version}"
        );
    }
}

/// From the middle to the right, back to the left and to the middle again, along the plot.
fn path(shown: &crate::driver::Shown) -> Vec<(f64, f64)> {
    let plot = shown.web.place("[data-test=timeline] canvas.plot");
    let y = plot.y + plot.height / 2.0;
    (0..=STEPS)
        .map(|step| {
            let turn = f64::from(step) / f64::from(STEPS) * std::f64::consts::TAU;
            (plot.x + plot.width * (0.5 + 0.45 * turn.sin()), y)
        })
        .collect()
}
