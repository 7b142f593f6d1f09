//! What a few events tell of a store that is being opened.

use std::sync::Arc;

use refold_core::event::{Columns, Encoding, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventReader as _, ReadQuery, StoreDescription, StoreError};
use refold_core::work::{CancelToken, Work};

use super::Server;
use super::bound::Bound;
use super::link::{Asked, Blame, Fault, Link as _, one};
use super::reached::Reached;
use super::reader::ServerReader;
use crate::tables::row::RowReader;
use crate::time::ZONE_UNKNOWN;
use crate::value::{SampledZones, zone_label};

const SAMPLED_ROWS: usize = 200;
const FIRST_PAYLOADS: i64 = 20;

/// Whether the first payloads decode as the layout says; `None` where there are none, or where looking at them would be a
/// search through the table.
///
/// # Errors
/// The account may read the table and not what its payloads are in. Looked at are the newest ones too, where that may be so.
pub fn first_payloads_decode<S: Server>(
    link: &mut S::Link,
    bound: &Bound<S>,
    cancel: &CancelToken,
) -> Result<Option<bool>, Fault> {
    if !bound.plan.has_position_index {
        return Ok(None);
    }
    let position = &bound.plan.position;
    let decode = payloads_decode(link, bound, position, cancel)?;
    if decode.is_some() && !bound.bodies_elsewhere().is_empty() {
        payloads_decode(link, bound, &format!("{position} DESC"), cancel)?;
    }
    Ok(decode)
}

fn payloads_decode<S: Server>(
    link: &mut S::Link,
    bound: &Bound<S>,
    order: &str,
    cancel: &CancelToken,
) -> Result<Option<bool>, Fault> {
    let shape = bound.shape(Columns::PAYLOAD);
    let sql = S::page(&bound.plan, &shape.shape, &bound.plan.beginning(), order, 1);
    let parameters = || vec![S::number(FIRST_PAYLOADS)];
    // How large the table is nobody knows yet.
    let plan = link
        .ask(vec![Asked::new(S::explained(&sql), parameters())], cancel)
        .map(one);
    match plan {
        Ok(plan) if !S::searched(&plan.rows).is_empty() => return Ok(None),
        // Something that only speaks like such a server may show no plans.
        Ok(_)
        | Err(Fault::Said {
            blame: Blame::Statement,
            ..
        }) => {}
        Err(_) => return Ok(None),
    }
    let asked = Asked {
        most_bytes: 1 << 20,
        ..Asked::new(sql, parameters())
    };
    let answer = match link.ask(vec![asked], cancel) {
        Ok(answers) => one(answers),
        Err(
            fault @ Fault::Said {
                blame: Blame::Ungranted,
                ..
            },
        ) => return Err(fault),
        // Whatever else it is, whoever reads the store next meets it.
        Err(_) => return Ok(None),
    };
    let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
    let mut reader = RowReader::new(shape.shape);
    for row in &answer.rows {
        let held = S::held(row);
        reader.append(&bound.plan, &held, Position(0), &mut batch, &mut names, &findings);
    }
    let encodings = batch.payload_encodings.iter();
    let readable = encodings.filter(|encoding| **encoding != Encoding::Opaque).count();
    Ok((!batch.is_empty()).then_some(readable * 2 > batch.len()))
}

/// What the first and the newest events tell.
pub struct Probed {
    version_base: Option<i64>,
    time_digits: u8,
    zones: SampledZones,
    /// The first and the last position.
    pub span: Option<(Position, Position)>,
}

impl Probed {
    pub fn of<S: Server>(
        work: &Work<'_>,
        reached: &Arc<Reached<S>>,
        settled: Option<i64>,
    ) -> Result<Probed, StoreError> {
        let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
        let query = ReadQuery::all(Columns::SKELETON);
        let mut ends = Vec::new();
        for direction in [Direction::Forward, Direction::Backward] {
            let query = ReadQuery {
                direction,
                ..query.clone()
            };
            let mut reader = ServerReader::new(Arc::clone(reached), &query, settled);
            let mut few = EventBatch::default();
            reader.next_batch(work, SAMPLED_ROWS, &mut few, &mut names, &findings)?;
            ends.extend(few.positions.first().copied());
            batch.versions.append(&mut few.versions);
            batch.recorded_at.append(&mut few.recorded_at);
        }
        let zoneless = findings.summary().into_iter().find(|(code, ..)| *code == ZONE_UNKNOWN);
        let times = || batch.recorded_at.iter().filter(|time| !time.is_none());
        let versions = batch
            .versions
            .iter()
            .filter(|version| **version != EventBatch::NO_VERSION);
        Ok(Probed {
            version_base: versions
                .map(|version| version.0)
                .min()
                .filter(|least| matches!(least, 0 | 1)),
            time_digits: times().map(|time| time.fraction_digits()).max().unwrap_or(0),
            zones: SampledZones {
                times: times().count() as u64,
                zoneless_times: zoneless.map_or(0, |(_, count, _)| count),
            },
            span: match ends.as_slice() {
                [first, last] => Some((*first, *last)),
                _ => None,
            },
        })
    }

    /// Puts what was found into a description, as far as its layout leaves it open.
    pub fn tell<S: Server>(self, bound: &Bound<S>, is_zone_asked: bool, description: &mut StoreDescription) {
        let (plan, map) = (&bound.plan, &bound.plan.layout.map);
        if let Some(base) = self.version_base {
            let told = format!("versions begin at {base} among the first and the newest events");
            description.evidence.push(told);
        }
        description.version_base = plan.version.as_ref().and(map.version_base.or(self.version_base));
        description.time_digits = self.time_digits;
        description.time_zone = map.recorded_at.as_ref().map_or_else(
            || "no recorded time".to_owned(),
            |source| zone_label(source.zone.as_ref(), is_zone_asked, self.zones),
        );
    }
}
