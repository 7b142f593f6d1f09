//! What is noteworthy of a stream before any of its events is folded: of its skeleton, and of a cursor in it.

use std::ops::Range;

use refold_core::cursor::Cursor;
use refold_core::event::Position;
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::track::{Moment, Numbering};
use refold_stores::index::{Checked, VERSION_GAP, check_stream, is_implausible, report_implausible};

use super::{Found, Stream};
use crate::clock;

impl Stream {
    /// Reports what the skeleton shows: missing and double versions, clocks that run backwards, times that cannot be.
    pub fn report_track(&self, numbering: Numbering, findings: &Findings) {
        check_stream(&self.id, self.checked(), numbering, findings);
        let now = clock::now();
        for event in self.checked().filter(|event| is_implausible(event.recorded_at, now)) {
            report_implausible(&self.id, event, now, findings);
        }
    }

    /// Reports the versions that are missing before events of a range of the track.
    pub fn report_gaps(&self, range: Range<usize>, findings: &Findings) {
        let own = Findings::keeping(usize::MAX);
        check_stream(&self.id, self.checked().take(range.end), self.numbering, &own);
        let shown = self.track.positions.get(range).unwrap_or_default();
        for (code, _, kept) in own.summary() {
            let is_here = |finding: &Finding| finding.position.is_some_and(|position| shown.contains(&position));
            if code == VERSION_GAP {
                kept.into_iter()
                    .filter(is_here)
                    .for_each(|finding| findings.report(finding));
            }
        }
    }

    fn checked(&self) -> impl Iterator<Item = Checked> {
        let track = &self.track;
        let columns = track.versions.iter().zip(&track.positions).zip(&track.recorded_at);
        columns.map(|((version, position), recorded_at)| Checked {
            version: version.0,
            recorded_at: recorded_at.0,
            position: position.0,
        })
    }

    /// That events between the last one before a cursor and the cursor are missing, or may be: whatever goes up to there
    /// lacks them.
    pub fn in_gap(&self, found: Found) -> Option<Finding> {
        let what = match (found.lies_in_gap(), self.missing_label()) {
            (false, _) => return None,
            (true, Some(missing)) => format!("v{missing} is missing there"),
            (true, None) => "an event cannot be read there".to_owned(),
        };
        let last = self.place_label(found.moment);
        let last = match last.as_str() {
            "" => "no event".to_owned(),
            last if last.starts_with('#') => last.to_owned(),
            last => format!("v{last}"),
        };
        Some(Finding {
            code: "in-gap",
            severity: Severity::Warning,
            stream: Some(self.id.as_slice().into()),
            version: None,
            position: None,
            detail: format!("{what}: the last event that is there is {last}"),
        })
    }

    /// A version that is not there yet, or a position beyond the last event of the store, means the head, like every floor;
    /// that it is not there is worth a word.
    ///
    /// `end`: the last position of the store.
    pub fn past_head(&self, cursor: &Cursor, moment: Moment, end: Option<Position>) -> Option<Finding> {
        let last = self.track.versions.last();
        let detail = match (cursor, last) {
            (Cursor::Version(asked), Some(last)) if last < asked => {
                format!("there is no v{} yet: this is the head, v{}", asked.0, last.0)
            }
            // Between two events of a stream others lie; behind the last one of all there is nothing.
            (Cursor::Position(asked), _) if end.is_some_and(|end| end < *asked) => {
                let label = self.place_label(moment);
                let head = if label.starts_with('#') {
                    label
                } else {
                    format!("v{label}")
                };
                format!(
                    "#{} is beyond the last event (#{}): this is the head, {head}",
                    asked.0, end?.0
                )
            }
            _ => return None,
        };
        (moment == self.track.head()).then(|| Finding {
            code: "past-head",
            severity: Severity::Notice,
            stream: Some(self.id.as_slice().into()),
            version: last.copied(),
            position: None,
            detail,
        })
    }
}
