//! Findings: what is noteworthy in a store or a run and is no failure.
//!
//! A truncated payload, a version gap, a clock that runs backwards, an unknown event type, a handler that fails on one
//! event: the work goes on, and the finding is shown and exported. Nothing is skipped silently.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::event::{Position, Version};

/// How much a finding should worry the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Notice,
    Warning,
    Error,
}

/// One finding. `code` is stable and documented in `docs/findings.md`; `detail` is a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: &'static str,
    pub severity: Severity,
    pub stream: Option<Box<[u8]>>,
    pub version: Option<Version>,
    pub position: Option<Position>,
    pub detail: String,
}

/// Collects findings from any thread. Of each code the first [`Findings::KEPT_PER_CODE`] are kept whole and the rest
/// counted, so that a store with ten million faults does not fill the memory.
#[derive(Debug, Default)]
pub struct Findings {
    by_code: Mutex<BTreeMap<&'static str, Found>>,
}

#[derive(Debug, Default)]
struct Found {
    count: u64,
    kept: Vec<Finding>,
}

impl Findings {
    pub const KEPT_PER_CODE: usize = 100;

    pub fn report(&self, finding: Finding) {
        let mut by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let found = by_code.entry(finding.code).or_default();
        found.count += 1;
        if found.kept.len() < Findings::KEPT_PER_CODE {
            found.kept.push(finding);
        }
    }

    /// Reports a finding that is costly to write: `write` is called only while findings of this code are kept whole.
    pub fn report_with(&self, code: &'static str, write: impl FnOnce() -> Finding) {
        let mut by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let found = by_code.entry(code).or_default();
        found.count += 1;
        if found.kept.len() < Findings::KEPT_PER_CODE {
            found.kept.push(write());
        }
    }

    /// Adds findings of one code that were counted elsewhere: `count` of them, of which `kept` are the first.
    pub fn report_many(&self, code: &'static str, count: u64, kept: Vec<Finding>) {
        let mut by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let found = by_code.entry(code).or_default();
        found.count += count;
        let room = Findings::KEPT_PER_CODE.saturating_sub(found.kept.len());
        found.kept.extend(kept.into_iter().take(room));
    }

    /// Codes in alphabetical order, each with its full count and the findings that were kept.
    pub fn summary(&self) -> Vec<(&'static str, u64, Vec<Finding>)> {
        let by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        by_code
            .iter()
            .map(|(code, found)| (*code, found.count, found.kept.clone()))
            .collect()
    }

    pub fn is_empty(&self) -> bool {
        self.by_code
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .is_empty()
    }
}
