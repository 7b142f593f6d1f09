//! What a reply costs on its way into the window: raw replies of about 4, 32 and 256 KB, and states
//! as a person who drags asks for them, one after the other. The figures are printed; `docs/decisions` says what follows from them.

use crate::driver::open;
use crate::flows::wait_for_version;
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
  const millis = [];
  let bytes = 0;
  for (let k = 0; k < times + 20; k++) {
    const started = performance.now();
    const reply = await (columns === 0 ? state(history, window.__seq++, 100000 + k * 3) : density(history));
    // The first ones warm the way.
    if (k >= 20) { millis.push(performance.now() - started); bytes = Math.max(bytes, reply.byteLength); }
  }
  done({ millis, bytes });
})().catch(reason => done({ failed: JSON.stringify(reason) }));
"#;

#[test]
fn replies_of_all_sizes_cross_the_border() {
    let store = stores::giant();
    let shown = open(&[store.path(), stores::GIANT_STREAM]);
    wait_for_version(&shown, "200000");
    for (columns, what) in [(0, "a whole state"), (77, "4 KB"), (618, "32 KB"), (4_946, "256 KB")] {
        let answer = shown.web.run_async(ROUND_TRIPS, &[columns.into(), 200.into()]);
        assert_eq!(answer["failed"], serde_json::Value::Null, "{answer}");
        let mut millis: Vec<f64> = answer["millis"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_f64)
            .collect();
        millis.sort_by(f64::total_cmp);
        assert_eq!(millis.len(), 200);
        let quantile = |share: f64| {
            millis
                .get((millis.len() as f64 * share) as usize)
                .copied()
                .unwrap_or(f64::NAN)
        };
        println!(
            "round trip of {what} ({} bytes): p50 {:.0} ms, p95 {:.0} ms",
            answer["bytes"],
            quantile(0.5),
            quantile(0.95)
        );
    }
}
