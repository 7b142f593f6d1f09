//! What the streams of wrong rows have in common and those of right rows have not.

use std::collections::{BTreeMap, BTreeSet};

use refold_core::names::Names;
use refold_core::work::{Phase, Work};

use super::answer::Distinguishing;
use crate::error::AppError;
use crate::session::Session;
use crate::text;
use crate::usecase::distinguish::{LEAST_DEVIATIONS, LEAST_DIFFERENCE, deviations, difference};

/// Properties that are listed.
const MOST: usize = 5;
/// Streams of right rows, and of wrong ones, that are looked at.
const MOST_STREAMS: usize = 20_000;
/// Streams looked at between two looks at the cancel token.
const STRIDE: usize = 1_024;

type Property = (&'static str, Vec<u8>);

/// Some streams: the first by id, in whatever order threads finish them.
#[derive(Debug, Default)]
pub struct FirstStreams {
    ids: Vec<Vec<u8>>,
}

impl FirstStreams {
    pub fn add(&mut self, id: &[u8]) {
        self.ids.push(id.to_vec());
        if self.ids.len() >= 2 * MOST_STREAMS {
            self.shorten();
        }
    }

    /// The first of these and of others.
    pub fn and(mut self, others: FirstStreams) -> FirstStreams {
        self.ids.extend(others.ids);
        self.shorten();
        self
    }

    /// In the order of their ids.
    pub fn into_ids(mut self) -> Vec<Vec<u8>> {
        self.shorten();
        self.ids
    }

    fn shorten(&mut self) {
        self.ids.sort_unstable();
        self.ids.truncate(MOST_STREAMS);
    }
}

/// Only properties whose difference is neither small nor chance.
pub fn of_streams(
    work: &Work<'_>,
    session: &Session,
    wrong: FirstStreams,
    right: FirstStreams,
) -> Result<Vec<Distinguishing>, AppError> {
    let (wrong, right) = (wrong.into_ids(), right.into_ids());
    if wrong.is_empty() || right.is_empty() {
        return Ok(Vec::new());
    }
    let index = session.build_index(work)?;
    let mut counts: BTreeMap<Property, (u32, u32)> = BTreeMap::new();
    let mut names = Names::default();
    let mut of = (0_u32, 0_u32);
    let sides = wrong
        .iter()
        .map(|id| (true, id))
        .chain(right.iter().map(|id| (false, id)));
    let total = (wrong.len() + right.len()) as u64;
    for (done, (is_wrong, id)) in sides.enumerate() {
        if done.is_multiple_of(STRIDE) {
            work.tick(Phase::ComparingStreams, done as u64, Some(total))?;
        }
        let Some(stream) = index.find_stream(id)? else { continue };
        let track = index.track(work, stream, &mut names)?;
        let mut properties: BTreeSet<Property> = BTreeSet::new();
        for event_type in &track.types {
            properties.insert(("event type", names.type_name(*event_type).to_vec()));
        }
        if let Some(last) = track.types.last() {
            properties.insert(("last event type", names.type_name(*last).to_vec()));
        }
        if let Some(last) = track.recorded_at.last() {
            let label = text::time_label(*last, 0);
            // The year and the month; of no time, nothing.
            properties.extend(label.get(..7).map(|month| ("month of the last event", month.into())));
        }
        let (wrong_of, right_of) = &mut of;
        *(if is_wrong { wrong_of } else { right_of }) += 1;
        for property in properties {
            let (wrong, right) = counts.entry(property).or_default();
            *(if is_wrong { wrong } else { right }) += 1;
        }
    }
    let telling =
        |count: &(u32, u32)| difference(*count, of) >= LEAST_DIFFERENCE && deviations(*count, of) >= LEAST_DEVIATIONS;
    let mut found: Vec<(Property, (u32, u32))> = counts.into_iter().filter(|(_, count)| telling(count)).collect();
    found.sort_by(|a, b| difference(b.1, of).total_cmp(&difference(a.1, of)));
    found.truncate(MOST);
    let answer = |((attribute, value), (wrong, right)): (Property, (u32, u32))| Distinguishing {
        attribute,
        value: text::exact(&value),
        wrong,
        wrong_of: of.0,
        right,
        right_of: of.1,
    };
    Ok(found.into_iter().map(answer).collect())
}
