//! What the catalogue cannot tell and a few rows can: the base of versions, the form of times, the span of positions.
//!
//! Every question reads at most a few hundred rows, whatever the size of the store.

use refold_core::event::{Columns, Encoding, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::layout::TimeForm;
use crate::tables::plan::{Plan, Slot};
use crate::tables::quoted;
use crate::tables::row::RowReader;
use crate::time::{self, ZONE_UNKNOWN};
use crate::value::SampledZones;

const SAMPLED_ROWS: usize = 200;
/// The first payloads are looked at up to this size.
const SAMPLE_BYTES: usize = 1 << 20;

/// What a few rows told.
#[derive(Debug, Default)]
pub struct Probed {
    pub version_base: Option<i64>,
    /// Fractional digits that hold all sampled times: 0, 3, 6, 7 or 9.
    pub time_digits: u8,
    pub position_span: Option<(Position, Position)>,
    /// No more events than this.
    pub event_bound: Option<u64>,
    pub zones: SampledZones,
    pub evidence: Vec<String>,
}

/// Whether the first payloads decode as the plan says; `None` where there are none.
pub fn first_payloads_decode(connection: &Connection, plan: &Plan) -> Option<bool> {
    let mut batch = EventBatch::default();
    let shape = plan.shape(Columns::PAYLOAD);
    let mut reader = RowReader::new(shape.clone());
    let sql = format!("{} LIMIT 20", plan.select(&shape, &[], &plan.position));
    let mut statement = connection.prepare(&sql).ok()?;
    let mut rows = statement.query([]).ok()?;
    while let Ok(Some(row)) = rows.next()
        && batch.arena.len() < SAMPLE_BYTES
    {
        reader.append(
            plan,
            row,
            Position(0),
            &mut batch,
            &mut Names::default(),
            &Findings::default(),
        );
    }
    let readable = batch
        .payload_encodings
        .iter()
        .filter(|encoding| **encoding != Encoding::Opaque)
        .count();
    (!batch.is_empty()).then_some(readable * 2 > batch.len())
}

/// Settles in `plan` what the layout leaves open, and answers the rest. What damage or the time limit leaves unanswered
/// stays open, and the evidence says so.
pub fn probe(connection: &Connection, plan: &mut Plan) -> Probed {
    let mut probed = Probed::default();
    let answered = span(connection, plan, &mut probed)
        .and_then(|()| settle_times(connection, plan, &mut probed))
        .and_then(|()| sample_events(connection, plan, &mut probed));
    if let Err(error) = answered {
        probed.evidence.push(format!(
            "the first and the newest events could not all be looked at: {error}"
        ));
    }
    probed
}

fn span(connection: &Connection, plan: &Plan, probed: &mut Probed) -> rusqlite::Result<()> {
    let (table, position) = (quoted(&plan.table), &plan.position);
    let end = |order: &str| -> rusqlite::Result<Option<i64>> {
        let sql = format!("SELECT {position} FROM {table} AS \"event\" ORDER BY {position} {order} LIMIT 1");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        rows.next()?.map(|row| row.get(0)).transpose()
    };
    let ends = end("ASC")?.zip(end("DESC")?);
    probed.position_span = ends.map(|(first, last)| (Position(first), Position(last)));
    probed.event_bound = match ends {
        Some((first, last)) => u64::try_from(i128::from(last) - i128::from(first) + 1).ok(),
        None => Some(0),
    };
    Ok(())
}

fn settle_times(connection: &Connection, plan: &mut Plan, probed: &mut Probed) -> rusqlite::Result<()> {
    if let Some(form) = number_form(connection, plan)? {
        probed
            .evidence
            .push(format!("recorded times are numbers: {}", describe(form)));
        if let Some(source) = &mut plan.layout.map.recorded_at {
            source.form = form;
        }
    }
    Ok(())
}

fn sample_events(connection: &Connection, plan: &Plan, probed: &mut Probed) -> rusqlite::Result<()> {
    let findings = Findings::default();
    let sample = sample(connection, plan, &findings)?;
    let zoneless = findings.summary().into_iter().find(|(code, ..)| *code == ZONE_UNKNOWN);
    probed.zones = SampledZones {
        times: sample.recorded_at.iter().filter(|time| !time.is_none()).count() as u64,
        zoneless_times: zoneless.map_or(0, |(_, count, _)| count),
    };
    let versions = sample
        .versions
        .iter()
        .filter(|version| **version != EventBatch::NO_VERSION);
    probed.version_base = versions
        .map(|version| version.0)
        .min()
        .filter(|least| matches!(least, 0 | 1));
    if let Some(base) = probed.version_base {
        probed.evidence.push(format!(
            "versions begin at {base} among the first and the newest events"
        ));
    }
    let digits = sample
        .recorded_at
        .iter()
        .filter(|time| !time.is_none())
        .map(|time| time.fraction_digits());
    probed.time_digits = digits.max().unwrap_or(0);
    Ok(())
}

/// The first and the newest events.
fn sample(connection: &Connection, plan: &Plan, findings: &Findings) -> rusqlite::Result<EventBatch> {
    let shape = plan.shape(Columns::SKELETON);
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let mut reader = RowReader::new(shape.clone());
    for order in ["ASC", "DESC"] {
        // No event twice.
        let seen = batch
            .positions
            .last()
            .map(|last| format!("{} > {}", plan.position, last.0));
        let conditions: Vec<String> = seen.into_iter().collect();
        let sql = format!(
            "{} LIMIT {SAMPLED_ROWS}",
            plan.select(&shape, &conditions, &format!("{} {order}", plan.position))
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            reader.append(plan, row, Position(0), &mut batch, &mut names, findings);
        }
    }
    Ok(batch)
}

/// The unit of recorded times, where they are numbers and the layout does not say which.
fn number_form(connection: &Connection, plan: &Plan) -> rusqlite::Result<Option<TimeForm>> {
    let is_open = plan
        .layout
        .map
        .recorded_at
        .as_ref()
        .is_some_and(|source| source.form == TimeForm::Auto);
    let shape = plan.shape(Columns::SKELETON);
    let (true, Some(Slot::Column(index))) = (is_open, shape.recorded_at) else {
        return Ok(None);
    };
    let mut counts: Vec<(TimeForm, usize)> = Vec::new();
    for order in ["ASC", "DESC"] {
        let sql = format!(
            "{} LIMIT {SAMPLED_ROWS}",
            plan.select(&shape, &[], &format!("{} {order}", plan.position))
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let ValueRef::Integer(number) = row.get_ref(index)? else {
                continue;
            };
            let form = time::form_of_number(number);
            match counts.iter_mut().find(|(known, _)| *known == form) {
                Some((_, count)) => *count += 1,
                None => counts.push((form, 1)),
            }
        }
    }
    Ok(counts.into_iter().max_by_key(|(_, count)| *count).map(|(form, _)| form))
}

fn describe(form: TimeForm) -> &'static str {
    match form {
        TimeForm::EpochSeconds => "seconds since 1970",
        TimeForm::EpochMillis => "milliseconds since 1970",
        TimeForm::EpochMicros => "microseconds since 1970",
        TimeForm::EpochNanos => "nanoseconds since 1970",
        TimeForm::DotnetTicks => ".NET ticks",
        TimeForm::Auto | TimeForm::Iso8601 => "ISO 8601",
    }
}
