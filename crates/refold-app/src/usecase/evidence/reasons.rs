//! What explains differences before anybody guesses: columns that are gone, numbers of a file that do not ascend, and places
//! that cannot be read, of which nobody may say that an event was removed there.

use std::collections::HashMap;

use refold_audit::anchor::check::{Difference, Finding, Outcome};
use refold_audit::anchor::segment::WIDTH;
use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::work::Work;

use super::verify::{MOST_NAMED, VerifyFinding};
use crate::error::AppError;
use crate::findings;
use crate::session::Session;
use crate::text::{counted, grouped};

const DAMAGED: &str = "damaged";
const POSITION_REPLACED: &str = "position-replaced";

/// What a pass over the store came upon that explains what differs.
#[derive(Default)]
pub(super) struct Reasons {
    /// Columns that the anchor covers and no row has any more.
    pub gone_columns: Vec<String>,
    /// Where the numbers of a file do not ascend, in a sentence.
    replaced: Option<String>,
    is_damaged: bool,
    /// Records that are no events, which have no place.
    unread_records: u64,
}

impl Reasons {
    pub fn of(gone_columns: Vec<String>, found: &Findings) -> Reasons {
        let mut reasons = Reasons {
            gone_columns,
            ..Reasons::default()
        };
        for (code, count, kept) in found.summary() {
            match code {
                DAMAGED => reasons.is_damaged = true,
                POSITION_REPLACED => {
                    reasons.replaced = kept.first().map(|first| {
                        format!(
                            "the numbers that the events of the file give themselves do not ascend from there on: {}; {} \
                             another position than the line says ({POSITION_REPLACED})",
                            first.detail,
                            match count {
                                1 => "1 event has".to_owned(),
                                count => format!("{} events have", grouped(count)),
                            }
                        )
                    });
                }
                code if findings::leaves_out(code) => reasons.unread_records += count,
                _ => {}
            }
        }
        reasons
    }

    /// What is known to make a store differ as a whole.
    pub fn told(&self) -> Vec<VerifyFinding> {
        let columns = (!self.gone_columns.is_empty()).then(|| {
            let detail = format!(
                "the anchor covers {} of every row, which the store has no more: by that alone each event is another",
                column_words(&self.gone_columns)
            );
            VerifyFinding::of_store("COLUMN-GONE", "manipulation", detail)
        });
        let replaced = self.replaced.iter();
        let replaced =
            replaced.map(|detail| VerifyFinding::of_store("POSITION-REPLACED", "manipulation", detail.clone()));
        columns.into_iter().chain(replaced).collect()
    }

    /// What is said where most of a store differs: that it is another one is a guess, and only made where nothing is known.
    pub fn rewritten(&self, outcome: &Outcome) -> String {
        let (differing, all, what) = if outcome.is_named {
            (outcome.finding_count, outcome.anchored_size, "events".to_owned())
        } else {
            (
                outcome.differing_segments,
                outcome.segments,
                format!("ranges of {WIDTH} positions"),
            )
        };
        let why = if !self.gone_columns.is_empty() {
            "the rows have not all columns that the anchor covers"
        } else if self.replaced.is_some() {
            "positions are counted on from where the numbers of the file do not ascend"
        } else if self.is_damaged || self.unread_records > 0 {
            "not all of the store can be read"
        } else {
            "the store was restored or migrated, or is another one"
        };
        format!("{} differences in {} {what}: {why}", grouped(differing), grouped(all))
    }

    /// Of the places at which an event is gone those that cannot be read, with why.
    pub fn unread_places(
        &self,
        work: &Work<'_>,
        session: &Session,
        found: &[Finding],
    ) -> Result<HashMap<u64, String>, AppError> {
        let gone = found.iter().filter(|finding| finding.difference == Difference::Removed);
        let gone: Vec<u64> = gone.map(|finding| finding.position).collect();
        let all = |detail: &str| gone.iter().map(|place| (*place, detail.to_owned())).collect();
        if gone.is_empty() {
            return Ok(HashMap::new());
        }
        if self.unread_records > 0 {
            return Ok(all(&format!(
                "no event can be read there: it is gone, or {} that cannot be read has it",
                match self.unread_records {
                    1 => "the 1 record".to_owned(),
                    _ => format!("one of the {}", counted(self.unread_records, "record")),
                }
            )));
        }
        if !self.is_damaged {
            return Ok(HashMap::new());
        }
        // Positions came from the store, where they are `i64`.
        let asked = gone.iter().take(MOST_NAMED).map(|place| Position(*place as i64));
        let mut reader = session.store().read(&ReadQuery {
            scope: Scope::Positions(asked.collect()),
            direction: Direction::Forward,
            columns: Columns::SKELETON,
        })?;
        let (mut batch, mut names, met) = (EventBatch::default(), Names::default(), Findings::keeping(MOST_NAMED));
        while reader.next_batch(work, MOST_NAMED, &mut batch, &mut names, &met)? {}
        let mut unread: HashMap<u64, String> = gone
            .iter()
            .skip(MOST_NAMED)
            .map(|place| {
                (
                    *place,
                    "the file is damaged, and whether it is there was not looked at".to_owned(),
                )
            })
            .collect();
        for (_, _, kept) in met.summary().into_iter().filter(|(code, ..)| *code == DAMAGED) {
            for one in kept {
                if let Some(place) = one.position.and_then(|Position(place)| u64::try_from(place).ok()) {
                    unread.insert(place, one.detail.clone());
                }
            }
        }
        Ok(unread)
    }
}

/// `the column a`, `the columns a, b`.
pub(super) fn column_words(columns: &[String]) -> String {
    match columns {
        [column] => format!("the column {column}"),
        columns => format!("the columns {}", columns.join(", ")),
    }
}
