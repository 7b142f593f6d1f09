//! The processes that a test started, as the kernel counts them: the window's own and those of its web engine.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// What shows the page.
pub const PAGE: &str = "WebKitWebProcess";
const MILLIS_PER_TICK: u64 = 10;
/// The kernel keeps so much of a name.
const NAME_BYTES: usize = 15;

/// Those of this name that this test started, directly or not.
pub fn ours(name: &str) -> Vec<u32> {
    let own = std::process::id();
    let name = name.get(..NAME_BYTES).unwrap_or(name);
    let processes = fs::read_dir("/proc").expect("there is /proc");
    let numbers = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let called = numbers.filter(|number| field(*number, "Name").as_deref() == Some(name));
    let of_ours = called.filter(|number| {
        let mut at = Some(*number);
        while let Some(process) = at.filter(|process| *process > 1) {
            if process == own {
                return true;
            }
            at = field(process, "PPid").and_then(|parent| parent.parse().ok());
        }
        false
    });
    of_ours.collect()
}

/// Kilobytes of memory that are its own.
pub fn anonymous_kilobytes(process: u32) -> Option<u64> {
    field(process, "RssAnon")?.trim_end_matches(" kB").parse().ok()
}

/// CPU time of all its threads so far, in milliseconds; the kernel counts in steps of ten.
pub fn cpu_millis(process: u32) -> Option<u64> {
    let facts = facts(process)?;
    let ticks = |at: usize| facts.get(at)?.parse::<u64>().ok();
    Some((ticks(11)? + ticks(12)?) * MILLIS_PER_TICK)
}

/// When it was started, in milliseconds since 1970, to a hundredth of a second.
pub fn started_at_millis(process: u32) -> Option<f64> {
    let ticks: u64 = facts(process)?.get(19)?.parse().ok()?;
    let up = fs::read_to_string("/proc/uptime").ok()?;
    let up_seconds: f64 = up.split_whitespace().next()?.parse().ok()?;
    Some(now_millis() - up_seconds * 1e3 + (ticks * MILLIS_PER_TICK) as f64)
}

/// Milliseconds since 1970.
pub fn now_millis() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("it is after 1970").as_secs_f64() * 1e3
}

/// A line of what the kernel says of a process.
fn field(process: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}

/// What `/proc/…/stat` says after the name, which may hold blanks.
fn facts(process: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after) = stat.rsplit_once(") ")?;
    Some(after.split_whitespace().map(str::to_owned).collect())
}
