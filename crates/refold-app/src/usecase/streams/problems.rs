//! What was found in the streams of a page. Of each code the index keeps the first findings whole and counts the rest:
//! where there are more, the streams in view are looked at again for what skeletons show.

use std::collections::{BTreeSet, HashMap};

use refold_core::event::StreamOrdinal;
use refold_core::finding::Findings;
use refold_core::time::Timestamp;
use refold_core::track::Numbering;
use refold_stores::index::{Checked, Index, check_stream, is_implausible, report_implausible};

use crate::clock;
use crate::error::AppError;

/// So many events are looked at again for one page: a list that is scrolled does not wait for its marks.
pub(in crate::usecase) const MOST_EVENTS: u32 = 65_536;

/// What was found in the streams of one page.
pub(super) struct Problems<'a> {
    index: &'a Index,
    numbering: Numbering,
    now: Timestamp,
    /// Codes of what is kept whole, by stream.
    kept: HashMap<Vec<u8>, BTreeSet<&'static str>>,
    /// Codes of which more was found than is kept.
    more: BTreeSet<&'static str>,
    /// Events that may be looked at yet.
    left: u32,
}

impl<'a> Problems<'a> {
    pub fn of(index: &'a Index, numbering: Numbering) -> Problems<'a> {
        let findings = Findings::default();
        index.report_findings(&findings);
        let mut problems = Problems {
            index,
            numbering,
            now: clock::now(),
            kept: HashMap::new(),
            more: BTreeSet::new(),
            left: MOST_EVENTS,
        };
        for (code, count, kept) in findings.summary() {
            if count > kept.len() as u64 {
                problems.more.insert(code);
            }
            for stream in kept.iter().filter_map(|finding| finding.stream.as_deref()) {
                problems.kept.entry(stream.to_vec()).or_default().insert(code);
            }
        }
        problems
    }

    /// Codes of what was found in a stream, in order.
    pub fn in_stream(&mut self, stream: StreamOrdinal) -> Result<Vec<String>, AppError> {
        let entry = self.index.stream(stream)?;
        let mut codes = self.kept.get(entry.id).cloned().unwrap_or_default();
        if !self.more.is_empty() && entry.events <= self.left {
            self.left -= entry.events;
            for (code, ..) in self.look_again(entry.id, stream)?.summary() {
                if self.more.contains(code) {
                    codes.insert(code);
                }
            }
        }
        Ok(codes.into_iter().map(str::to_owned).collect())
    }

    fn look_again(&self, id: &[u8], stream: StreamOrdinal) -> Result<Findings, AppError> {
        let found = Findings::keeping(1);
        report_of_skeletons(self.index, (stream, id), self.numbering, self.now, &found)?;
        Ok(found)
    }
}

/// Reports what the skeletons of one stream show, as it was found when the index was made.
pub(in crate::usecase) fn report_of_skeletons(
    index: &Index,
    (stream, id): (StreamOrdinal, &[u8]),
    numbering: Numbering,
    now: Timestamp,
    found: &Findings,
) -> Result<(), AppError> {
    let mut events = Vec::new();
    for event in index.events_of(stream)? {
        let event = index.event(event)?;
        events.push(Checked {
            version: event.version.0,
            recorded_at: event.recorded_at.0,
            position: event.position.0,
        });
    }
    check_stream(id, events.iter().copied(), numbering, found);
    for event in events
        .into_iter()
        .filter(|event| is_implausible(event.recorded_at, now))
    {
        report_implausible(id, event, now, found);
    }
    Ok(())
}
