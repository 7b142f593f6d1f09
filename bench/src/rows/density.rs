//! Row 6: the density of any window.

use std::hint::black_box;
use std::ops::Range;
use std::time::Duration;

use refold_core::count::grouped;
use refold_stores::index::{DensityAxis, Index};

use super::{Samples, timed};
use crate::Failure;
use crate::lab::{Lab, OrderStore};
use crate::table::{Row, verdict};

const COLUMNS: u32 = 1000;
const WINDOWS: usize = 2000;

pub fn any_window(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let large = measure(lab, &lab.large)?;
    let peer = measure(lab, &lab.peer)?;
    Ok(vec![Row {
        id: "6",
        what: format!("density of any window, {COLUMNS} columns × all types, over time or position; sums exact"),
        at_least: "p99 ≤ 1 ms, independent of n".to_owned(),
        measured: format!(
            "{} events: {}; {} events: {}",
            grouped(lab.large.events),
            large.shown(),
            grouped(lab.peer.events),
            peer.shown()
        ),
        verdict: verdict(large.is_within(Duration::from_millis(1))),
    }])
}

fn measure(lab: &Lab, store: &OrderStore) -> Result<Samples, Failure> {
    let session = lab.indexed(store)?;
    let index = session.ready_index()?;
    let (from, to) = index.time_span().map_or((0, 1), |(from, to)| (from.0, to.0 + 1));
    check(&index, DensityAxis::RecordedAt, from..to)?;
    check(&index, DensityAxis::Position, 0..i64::MAX)?;
    Samples::take(WINDOWS, |n| {
        let place =
            |salt: u64| ((n as u64 + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11) as f64 / (1_u64 << 53) as f64;
        let (axis, start, end) = if n % 2 == 0 {
            (DensityAxis::RecordedAt, from, to)
        } else {
            (DensityAxis::Position, 0, i64::from(index.event_count()))
        };
        // From the whole down to a thousandth of it.
        let width = ((end - start) as f64 / 1000_f64.powf(place(7))) as i64;
        let begin = start + ((end - start - width) as f64 * place(0)) as i64;
        let (_, elapsed) = timed(|| {
            black_box(index.density(axis, begin..begin + width, COLUMNS)?);
            Ok(())
        })?;
        Ok(elapsed)
    })
}

/// All events are in the columns, each once.
fn check(index: &Index, axis: DensityAxis, window: Range<i64>) -> Result<(), Failure> {
    let density = index.density(axis, window, COLUMNS)?;
    let sum: u64 = density.counts.iter().map(|count| u64::from(*count)).sum();
    if sum == u64::from(index.event_count()) {
        return Ok(());
    }
    Err(Failure::Differ {
        one: format!("density of {sum} events"),
        other: index.event_count().to_string(),
    })
}
