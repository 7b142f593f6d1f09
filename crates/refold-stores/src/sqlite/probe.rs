//! What the catalogue cannot tell and a few rows can: the base of versions, the form of times, the span of positions.
//!
//! Every question reads at most a few hundred rows, whatever the size of the store.

use refold_core::event::Position;
use rusqlite::Connection;
use rusqlite::types::{Value, ValueRef};

use super::plan::{Plan, Slot};
use refold_core::event::Columns;

const SAMPLED_ROWS: usize = 200;

#[derive(Debug, Default)]
pub struct Probed {
    pub version_base: Option<i64>,
    pub time_digits: u8,
    pub position_span: Option<(Position, Position)>,
    /// No more events than this.
    pub event_bound: Option<u64>,
    pub evidence: Vec<String>,
}

pub fn probe(connection: &Connection, plan: &Plan) -> rusqlite::Result<Probed> {
    let mut probed = Probed {
        position_span: span(connection, plan)?,
        ..Probed::default()
    };
    if let Some((first, last)) = probed.position_span {
        let bound = i128::from(last.0) - i128::from(first.0) + 1;
        probed.event_bound = u64::try_from(bound).ok();
    } else {
        probed.event_bound = Some(0);
    }
    sample(connection, plan, &mut probed)?;
    Ok(probed)
}

fn span(connection: &Connection, plan: &Plan) -> rusqlite::Result<Option<(Position, Position)>> {
    let end = |order: &str| -> rusqlite::Result<Option<i64>> {
        let sql = format!(
            "{} ORDER BY {} {order} LIMIT 1",
            plan.select_one(&plan.position, &[]),
            plan.position
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        rows.next()?.map(|row| row.get(0)).transpose()
    };
    Ok(end("ASC")?
        .zip(end("DESC")?)
        .map(|(first, last)| (Position(first), Position(last))))
}

/// Looks at the first and the newest rows.
fn sample(connection: &Connection, plan: &Plan, probed: &mut Probed) -> rusqlite::Result<()> {
    let shape = plan.shape(Columns::SKELETON);
    let mut least_version: Option<i64> = None;
    for order in ["ASC", "DESC"] {
        let sql = format!(
            "{} LIMIT {SAMPLED_ROWS}",
            plan.select(&shape, &[], &format!("{} {order}", plan.position))
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(Value::Integer(version)) = shape.version.map(|index| row.get(index)).transpose()? {
                least_version = Some(least_version.map_or(version, |least| least.min(version)));
            }
            if let Some(Slot::Column(index)) = shape.recorded_at
                && let ValueRef::Text(text) = row.get_ref(index)?
            {
                probed.time_digits = probed.time_digits.max(fraction_digits(text));
            }
        }
    }
    probed.version_base = least_version.filter(|version| matches!(version, 0 | 1));
    if let Some(base) = probed.version_base {
        probed
            .evidence
            .push(format!("versions begin at {base} in the first {SAMPLED_ROWS} events"));
    }
    Ok(())
}

/// How many digits of a second a time is shown with: 0, 3, 6 or 9.
fn fraction_digits(text: &[u8]) -> u8 {
    let fraction = text
        .iter()
        .position(|byte| matches!(byte, b'.' | b','))
        .map_or(&[][..], |at| &text[at + 1..]);
    match fraction.iter().take_while(|byte| byte.is_ascii_digit()).count() {
        0 => 0,
        1..=3 => 3,
        4..=6 => 6,
        7 => 7,
        _ => 9,
    }
}
