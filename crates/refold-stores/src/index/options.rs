//! How an index is built: what its caller decides. It knows nothing of how that is done.

use refold_core::time::Timestamp;
use refold_core::track::Numbering;

use super::segment::SEGMENT_ROWS;

/// How to build.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// How many threads read the store.
    pub threads: usize,
    /// Recorded times after this are implausible: a finding.
    pub now: Timestamp,
    /// How the store numbers the events of a stream: what is left out may be a gap.
    pub numbering: Numbering,
    /// How many events make a segment: [`BuildOptions::SEGMENT_ROWS`], less only in tests.
    pub segment_rows: u32,
}

impl BuildOptions {
    pub const SEGMENT_ROWS: u32 = SEGMENT_ROWS;
}
