//! What a reply costs on its way into the window: raw replies of about 4, 32 and 256 KB, and states
//! as a person who drags asks for them, one after the other. The figures are printed; `docs/decisions` says what follows from them.

use crate::driver::open;
use crate::flows::wait_for_version;
use crate::gauge::{Figure, SPIN, numbers};
use crate::stores;

/// Asks through the same door as the page, and measures each round trip. `columns` 0: for states around the middle of the
/// stream, whole; else for density of so many columns, whose reply is 53 bytes a column in this stream.
const ROUND_TRIPS: &str = r#"
const [columns, times, done] = arguments;
(async () => {
  window.__seq = window.__seq ?? 1e9;
  const invoke = window.__TAURI_INTERNALS__.invoke;
  const state = (history, seq, moment) => invoke('state_frame', { history, query: {
    seq, lens: 'state', moment, base: null, openDepth: 2, toggled: [], onlyChanges: false, part: 0, isWhole: false, firstRow: 0, rowCount: 10000 } });
  const density = history => invoke('history_density', { history, query: {
    axis: 'version', from: '1', to: '200001', columns } });
  // Stores and histories share one row of numbers, and a history that was opened to look has one too.
  const find = number => state(number, 0, 0).then(
    () => number, ({ code }) => code === 'notFound' ? find(number + 1) : number);
  const history = await find(1);
  const millis = [], controlMillis = [];
  let bytes = 0, typical = 1;
  for (let k = 0; k < times + 20; k++) {
    const started = performance.now();
    const reply = await (columns === 0 ? state(history, window.__seq++, 100000 + k * 3) : density(history));
    millis.push(performance.now() - started);
    bytes = Math.max(bytes, reply.byteLength);
    // The first ones warm the way, and say how long the busy loop is to be.
    if (k === 19) typical = Math.max(1, millis.splice(0).sort((a, b) => a - b)[10]);
    if (k >= 20) controlMillis.push(timed(typical));
  }
  done({ millis, controlMillis, bytes });
})().catch(reason => done({ failed: JSON.stringify(reason) }));
"#;

#[test]
fn replies_of_all_sizes_cross_the_border() {
    let store = stores::giant();
    let shown = open(&[store.path(), stores::GIANT_STREAM]);
    wait_for_version(&shown, "200000");
    for (id, columns, what) in [
        ("ipc-state", 0, "a whole state"),
        ("ipc-4", 77, "4 KB"),
        ("ipc-32", 618, "32 KB"),
        ("ipc-256", 4_946, "256 KB"),
    ] {
        let answer = shown
            .web
            .run_async(&format!("{SPIN}{ROUND_TRIPS}"), &[columns.into(), 200.into()]);
        assert_eq!(answer["failed"], serde_json::Value::Null, "{answer}");
        let figure = Figure {
            id,
            what: format!("200 round trips of {what} ({} bytes)", answer["bytes"]),
            millis: numbers(&answer["millis"]),
            control_millis: numbers(&answer["controlMillis"]),
            cpu_millis: None,
        };
        assert_eq!(figure.millis.len(), 200);
        figure.tell();
    }
}
