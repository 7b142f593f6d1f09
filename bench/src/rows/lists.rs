//! Rows 2a and 2b: any page of the stream list, and streams by part of their id.

use std::hint::black_box;
use std::time::Duration;

use refold_core::count::grouped;
use refold_stores::index::{StreamOrder, StreamQuery};

use super::{Samples, timed};
use crate::Failure;
use crate::lab::Lab;
use crate::table::{Row, verdict};

const PAGES: usize = 3000;
const NEEDLES: usize = 300;
/// In all ids of the store, or all but a few.
const EVERYWHERE: [&str; 6] = ["order-", "rder", "er-", "ord", "de", "r"];

pub fn pages_and_ids(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let session = lab.indexed(&lab.large)?;
    let index = session.ready_index()?;
    let streams = u64::from(index.stream_count());
    let orders = [StreamOrder::Id, StreamOrder::Events, StreamOrder::Last];
    let any = |n: usize| (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;

    let pages = Samples::take(PAGES, |n| {
        let query = StreamQuery {
            matching: b"",
            category: None,
            order: orders[n % 3],
            descending: n % 2 == 0,
            // Below the number of streams, which is 32 bits.
            offset: (any(n) % streams) as u32,
            limit: 100,
            ..StreamQuery::default()
        };
        let (_, elapsed) = timed(|| {
            for stream in index.streams(&query)?.rows {
                black_box(index.stream(stream)?);
            }
            Ok(())
        })?;
        Ok(elapsed)
    })?;
    let ids = Samples::take(NEEDLES, |n| {
        // No answer was kept, as that is done for the last few needles: from what all ids hold, over two digits, which
        // tens of thousands hold, to a whole id.
        let needle = match n % 4 {
            0 => EVERYWHERE[n / 4 % EVERYWHERE.len()].to_owned(),
            1 => format!("{:02}", 10 + n / 4 % 90),
            2 => format!("{}", 1000 + any(n) % 9000),
            _ => format!("order-{}", any(n) % streams),
        };
        let query = StreamQuery {
            matching: needle.as_bytes(),
            category: None,
            order: orders[n / 4 % 3],
            descending: false,
            offset: 0,
            limit: 100,
            ..StreamQuery::default()
        };
        let (_, elapsed) = timed(|| {
            for stream in index.streams(&query)?.rows {
                black_box(index.stream(stream)?);
            }
            Ok(())
        })?;
        Ok(elapsed)
    })?;
    Ok(vec![
        Row {
            id: "2a",
            what: format!(
                "any page of 100 of {} streams, any sort key, either way",
                grouped(streams)
            ),
            at_least: "p99 ≤ 5 ms".to_owned(),
            measured: pages.shown(),
            verdict: verdict(pages.is_within(Duration::from_millis(5))),
        },
        Row {
            id: "2b",
            what: format!("part of an id over {} streams", grouped(streams)),
            at_least: "p99 ≤ 20 ms".to_owned(),
            measured: ids.shown(),
            verdict: verdict(ids.is_within(Duration::from_millis(20))),
        },
    ])
}
