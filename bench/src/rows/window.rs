//! The window: frames, answers, the start and the border, as the driven tests measure them in the real window.

use std::collections::HashMap;
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::verdict_where;
use crate::Failure;
use crate::lab::Lab;
use crate::machine::free_cores;
use crate::table::Row;

/// What the store must hold for the target of zooming to be spoken of.
const ZOOMED_EVENTS: u64 = 10_000_000;
/// Six minutes at 2,000 events a second are as many as an hour at 200.
const TAIL_SECONDS: u32 = 360;

/// What milliseconds are held to; `None`: nothing is asked of them.
struct Limit {
    id: &'static str,
    at_least: &'static str,
    median: Option<f64>,
    p95: Option<f64>,
}

const LIMITS: &[Limit] = &[
    limit("scrub", "frames: median ≤ 17 ms, p95 ≤ 25 ms", Some(17.0), Some(25.0)),
    limit(
        "zoom",
        "≥ 50 frames a second over 10 M events: median ≤ 20 ms",
        Some(20.0),
        None,
    ),
    limit(
        "pan",
        "≥ 50 frames a second over 10 M events: median ≤ 20 ms",
        Some(20.0),
        None,
    ),
    limit("key", "p95 ≤ 50 ms", None, Some(50.0)),
    limit("click", "p95 ≤ 50 ms", None, Some(50.0)),
    limit("hover", "p95 ≤ 50 ms", None, Some(50.0)),
    limit("palette", "p95 ≤ 100 ms", None, Some(100.0)),
    limit("results", "p95 ≤ 150 ms", None, Some(150.0)),
    limit("paint", "median ≤ 300 ms", Some(300.0), None),
    limit("start", "median ≤ 1 s", Some(1000.0), None),
    limit("ipc-4", "", None, None),
    limit("ipc-32", "p95 ≤ 6 ms", None, Some(6.0)),
    limit("ipc-256", "", None, None),
    limit("ipc-state", "", None, None),
];

const fn limit(id: &'static str, at_least: &'static str, median: Option<f64>, p95: Option<f64>) -> Limit {
    Limit {
        id,
        at_least,
        median,
        p95,
    }
}

/// A figure as the driven tests hand it over.
struct Told {
    line: String,
    fields: Value,
}

impl Told {
    fn number(&self, name: &str) -> f64 {
        self.fields.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN)
    }

    /// Whether a quantile is within `target`. The busy loop beside it is as long as the figure itself, so that it says how
    /// disturbed the run was and never excuses a figure that is too long.
    fn is_within(&self, quantile: &str, target: Option<f64>) -> bool {
        target.is_none_or(|target| self.number(quantile) <= target)
    }
}

pub fn driven(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let free = free_cores();
    let told = drive(lab)?;
    let figure = |id: &str| {
        told.get(id)
            .ok_or_else(|| Failure::Call(format!("the driven tests told no figure of {id}")))
    };
    let row = |at_least: &str, told: &Told, verdict| Row {
        id: "window",
        what: told.line.split(':').next().unwrap_or_default().to_owned(),
        at_least: at_least.to_owned(),
        measured: told
            .line
            .split_once(": ")
            .map_or(&*told.line, |(_, said)| said)
            .to_owned(),
        verdict,
    };
    let mut rows = Vec::new();
    for limit in LIMITS {
        let told = figure(limit.id)?;
        let holds = told.is_within("p50", limit.median) && told.is_within("p95", limit.p95);
        let is_large = !matches!(limit.id, "zoom" | "pan") || lab.large.events >= ZOOMED_EVENTS;
        rows.push(row(limit.at_least, told, verdict_where(holds, is_large && free >= 1.8)));
    }
    let truth = figure("truth")?;
    let is_true = truth.number("mismatches") == 0.0 && truth.number("nodes") < 6000.0;
    rows.push(row(
        "no label of another version, under 6,000 nodes",
        truth,
        verdict_where(is_true, true),
    ));
    let live = figure("live")?;
    let is_level = live.number("growthPercent") < 10.0;
    rows.push(row(
        "the page grows by less than 10 %",
        live,
        verdict_where(is_level, true),
    ));
    Ok(rows)
}

/// Runs the driven tests that tell figures, in surroundings that `cargo xtask bench` has set.
fn drive(lab: &Lab) -> Result<HashMap<String, Told>, Failure> {
    if std::env::var_os("REFOLD_WINDOW").is_none() {
        return Err(Failure::Call(
            "the window is measured by `cargo xtask bench --rows window`, which sets up a screen".to_owned(),
        ));
    }
    let folder = lab.folder()?;
    let file = folder.path().join("figures.jsonl");
    let mut command = Command::new("cargo");
    // Chosen from the whole workspace, as `cargo xtask test` does: most libraries are compiled by then.
    command.args([
        "test",
        "--quiet",
        "--workspace",
        "--features",
        "refold-desktop/window,refold-tests/e2e",
        "--test",
        "e2e",
        "--",
    ]);
    command.args(["figures::", "border::", "scrub::", "live::a_tail", "--test-threads=1"]);
    command
        .env("REFOLD_FIGURES", &file)
        .env("REFOLD_LARGE_STORE", &lab.large.path);
    if lab.large.events >= ZOOMED_EVENTS {
        command.env("REFOLD_LIVE_SECONDS", TAIL_SECONDS.to_string());
    }
    // What the tests print is not part of the table.
    let output = command.output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        return Err(Failure::Call(format!("the driven tests failed:\n{said}")));
    }
    let mut told = HashMap::new();
    for line in fs::read_to_string(&file)?.lines() {
        let figure: Value = serde_json::from_str(line)?;
        let text = |name: &str| figure.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let fields = figure.get("fields").cloned().unwrap_or_default();
        told.insert(
            text("id"),
            Told {
                line: text("line"),
                fields,
            },
        );
    }
    Ok(told)
}
