//! The end of a store that is not shown, because events may still come in between: said wherever the store is looked at.

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope, Unsettled};
use refold_core::work::Work;
use refold_stores::index::{self, Opened};
use serde::Serialize;

use super::Session;
use crate::error::{AppError, ErrorCode};
use crate::text;

/// From where on a store is not shown, as `--json` says it of each document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnsettledAnswer {
    /// The last position that is shown; `null`: that is not told by a position.
    pub behind: Option<String>,
    /// The last one that was seen.
    pub last: Option<String>,
    pub why: String,
}

fn notice(unsettled: &Unsettled) -> Finding {
    let label = |position| text::position_label(position);
    let what = match (unsettled.behind, unsettled.last) {
        (Some(behind), Some(last)) => {
            format!("events behind position {}, up to {},", label(behind), label(last))
        }
        (None, Some(last)) => format!("all events up to position {}", label(last)),
        (_, None) => "the newest events".to_owned(),
    };
    Finding {
        code: "unsettled",
        severity: Severity::Warning,
        stream: None,
        version: None,
        position: None,
        detail: format!(
            "{what} are not in the answer: others may still come between them ({})",
            unsettled.why
        ),
    }
}

/// What is added to the word that an id is that of no stream.
pub(crate) fn beside(unsettled: &UnsettledAnswer) -> String {
    match &unsettled.behind {
        Some(behind) => format!("events behind position {behind} are not settled, and its own may be among them"),
        None => "the newest events are not settled, and its own may be among them".to_owned(),
    }
}

impl Session {
    /// The end of the store that is not shown; `None`: all of it is.
    pub fn unsettled(&self) -> Option<UnsettledAnswer> {
        let unsettled = self.description().unsettled.as_ref()?;
        let number = |position: Option<Position>| position.map(|position| position.0.to_string());
        Some(UnsettledAnswer {
            behind: number(unsettled.behind),
            last: number(unsettled.last),
            why: unsettled.why.clone(),
        })
    }

    /// The last event that this machine indexed of the store, which was settled then; `None`: nothing is indexed, or all of
    /// the store is settled.
    pub(super) fn indexed_end(&self) -> Option<Position> {
        self.description().unsettled.as_ref()?;
        let fingerprint = self.store.fingerprint().ok()?;
        match self.cache.with(|place| index::open(place, &fingerprint)).ok()? {
            Opened::Current(index) | Opened::Behind(index) => index.last_position(),
            Opened::Absent => None,
        }
    }

    /// Goes as far as it did when `end` was the last event that was settled, if that is still there: what is settled stays so,
    /// also where an old number that is missing could be that of a transaction which is open now.
    pub(super) fn go_up_to(&mut self, work: &Work<'_>, end: Option<Position>) -> Result<(), AppError> {
        let Some((end, store)) = end.and_then(|end| Some((end, self.store.settled_up_to(end)?))) else {
            return Ok(());
        };
        let mut reader = store.read(&ReadQuery {
            scope: Scope::Positions(vec![end]),
            direction: Direction::Forward,
            columns: Columns::SKELETON,
        })?;
        let (mut batch, mut names) = (EventBatch::default(), Names::default());
        // A store that was restored may hand out the same numbers once more.
        if reader.next_batch(work, 1, &mut batch, &mut names, &Findings::default())? {
            self.store = store;
            // Of a store on a server that was just opened there are no others.
            self.notices = Findings::default();
            self.report_unsettled(&self.notices);
        }
        Ok(())
    }

    /// Says that the end of the store is not in the answer, where it is not.
    pub fn report_unsettled(&self, findings: &Findings) {
        if let Some(unsettled) = &self.description().unsettled {
            findings.report(notice(unsettled));
        }
    }

    /// What keeps the events up to `horizon` from being read now although somebody read them: the last position of those that
    /// can be, and why not more. `None`: nothing.
    pub(crate) fn not_settled_now(&self, horizon: u64) -> Option<(Option<Position>, String)> {
        let of = self.description();
        let is_short = |position: Option<Position>| {
            position.is_none_or(|position| u64::try_from(position.0).is_ok_and(|position| position < horizon))
        };
        let told = |behind: Option<Position>, why: &str| {
            let what = behind.map_or_else(
                || "no position is settled now".to_owned(),
                |behind| format!("positions above #{} are not settled now", text::position_label(behind)),
            );
            (behind, format!("{what}: {why}; try again"))
        };
        match &of.unsettled {
            Some(unsettled) if is_short(unsettled.behind) => Some(told(unsettled.behind, &unsettled.why)),
            _ => (of.follows_another && is_short(self.end())).then(|| {
                told(
                    self.end(),
                    "the server follows another one, and has not got further than that",
                )
            }),
        }
    }

    /// Fails where not all up to `horizon` can be read now: that says nothing of what the store holds.
    pub(crate) fn expect_settled(&self, horizon: u64) -> Result<(), AppError> {
        match self.not_settled_now(horizon) {
            None => Ok(()),
            Some((_, why)) => Err(AppError::new(
                ErrorCode::Unreachable,
                format!("not all that was anchored can be read now: {why}"),
                "try again once these transactions are over, or read the server that they write to",
            )),
        }
    }
}
