//! The lines of the table, each with what it must reach.

mod blame;
mod density;
mod engines;
mod evidence;
mod giant;
mod lab;
mod lists;
pub mod memory;
mod opening;
mod rebuild;
mod search;
mod streams;
mod window;

use std::time::{Duration, Instant};

use crate::Failure;
use crate::lab::Lab;
use crate::machine::{Spin, percentile};
use crate::pairs::seconds;
use crate::table::{Row, Verdict};

type Measure = fn(&Lab) -> Result<Vec<Row>, Failure>;

/// The rows that each measurement makes, in the order of the table.
pub const ALL: &[(&[&str], Measure)] = &[
    (&["1a"], opening::first_screen),
    (&["1b"], opening::index_built),
    (&["1c"], opening::second_opening),
    (&["2a", "2b"], lists::pages_and_ids),
    (&["2c"], search::literal),
    (&["3"], giant::head),
    (&["4a"], giant::random_versions),
    (&["5"], rebuild::every_stream),
    (&["6"], density::any_window),
    (&["engines"], engines::side_by_side),
    (&["blame"], blame::every_leaf),
    (&["compare"], lab::compared),
    (&["check"], lab::checked),
    (&["minimise"], lab::minimised),
    (&["memory"], memory::every_operation),
    (&["anchor", "verify"], evidence::anchored),
    (&["report"], evidence::reported),
    (&["drift"], evidence::drifted),
    (&["streams"], streams::ten_million),
    (&["window"], window::driven),
];

/// Rows that a run of minutes leaves out: they are measured with `--full` and when they are named.
pub const ON_REQUEST: &[&str] = &["streams", "window"];

/// Many short runs of one thing, and beside them a busy loop of the same length.
struct Samples {
    median: Duration,
    p99: Duration,
    control_p99: Duration,
}

impl Samples {
    /// `work` is given the number of the run and returns how long the part of it took that counts. Each run is followed
    /// by one of the control, so that what disturbs the one disturbs the other.
    fn take(times: usize, mut work: impl FnMut(usize) -> Result<Duration, Failure>) -> Result<Samples, Failure> {
        let mut first = (0..times.min(50)).map(&mut work).collect::<Result<Vec<_>, _>>()?;
        let spin = Spin::of(percentile(&mut first, 50));
        let (mut samples, mut controls) = (Vec::with_capacity(times), Vec::with_capacity(times));
        for index in first.len()..first.len() + times {
            samples.push(work(index)?);
            controls.push(spin.run());
        }
        Ok(Samples {
            median: percentile(&mut samples, 50),
            p99: percentile(&mut samples, 99),
            control_p99: percentile(&mut controls, 99),
        })
    }

    /// Whether the 99th percentile is within `target`; the control beside it says what the machine added.
    fn is_within(&self, target: Duration) -> bool {
        self.p99 <= target
    }

    fn shown(&self) -> String {
        format!(
            "p50 {}, p99 {} (spin control p99 {})",
            seconds(self.median.as_secs_f64()),
            seconds(self.p99.as_secs_f64()),
            seconds(self.control_p99.as_secs_f64())
        )
    }
}

fn timed<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<(T, Duration), Failure> {
    let start = Instant::now();
    let value = work()?;
    Ok((value, start.elapsed()))
}

/// A verdict that only counts on a machine that is free enough for it, and on a store of the size that the target names.
fn verdict_where(holds: bool, counts: bool) -> Verdict {
    match (holds, counts) {
        (true, _) => Verdict::Holds,
        (false, true) => Verdict::Misses,
        (false, false) => Verdict::Open,
    }
}
