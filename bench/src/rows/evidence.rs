//! Rows "anchor", "verify", "report" and "drift": what evidence costs, each in a process of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use refold_app::usecase::evidence::anchor::{AnchorAsked, anchor};
use refold_app::usecase::evidence::drift::answer::{Fault, FaultKind};
use refold_app::usecase::evidence::drift::{DriftAsked, MappingFrom, drift};
use refold_app::usecase::evidence::report::{ReportAsked, ReportFormat, report};
use refold_app::usecase::evidence::verify::{VerifyAsked, verify};
use refold_core::count::grouped;
use rusqlite::Connection;

use super::{timed, verdict_where};
use crate::Failure;
use crate::lab::{GIANT, Lab, OrderStore, open, quietly};
use crate::machine::{free_cores, percentile};
use crate::memory::{Case, Spent, spent_on};
use crate::pairs::seconds;
use crate::table::{Row, verdict};

const MIB: u64 = 1 << 20;
/// The folder of anchors in a home.
const ANCHORS: &str = "anchors";
/// Events of the report of the giant.
const REPORTED: u64 = 100_000;
/// Wrong rows of the read model: half of them differ, a quarter is missing, a quarter is extra.
const PLANTED: u64 = 120;

fn shown(spent: &Spent) -> String {
    format!(
        "{} ({} CPU), {} MiB",
        seconds(spent.seconds),
        seconds(spent.cpu_seconds),
        spent.peak / MIB
    )
}

/// An anchor of the whole store, and the whole store against it.
pub fn anchored(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let store = &lab.large;
    let home = lab.folder()?;
    let made = spent_on(Case::Anchor, &store.path, Some(home.path()))?;
    let verified = spent_on(Case::Verify, &store.path, Some(home.path()))?;
    let bytes = fs::metadata(&store.path)?.len() / store.events;
    Ok([
        ("anchor", "an anchor of", made),
        ("verify", "a full verification of", verified),
    ]
    .map(|(id, what, spent)| {
        let speed = store.events as f64 / spent.cpu_seconds / 1e6;
        Row {
            id,
            what: format!(
                "{what} {} events, {bytes} bytes of the store each",
                grouped(store.events)
            ),
            at_least: "0.5 M events/s a core; under 100 MB".to_owned(),
            measured: format!("{}: {speed:.2} M events/s a core", shown(&spent)),
            verdict: verdict(speed >= 0.5 && spent.peak < 100_000_000),
        }
    })
    .into())
}

/// The report of one order and that of a hundred thousand events, in all formats.
pub fn reported(lab: &Lab) -> Result<Vec<Row>, Failure> {
    const ORDER: u64 = 36;
    let store = lab.own("order", (200, 20, ORDER))?;
    let session = open(&store.path, lab.folder()?.path())?;
    let mut times = Vec::new();
    for _ in 0..lab.pairs {
        let folder = lab.folder()?;
        let asked = ReportAsked {
            streams: vec![GIANT.to_owned()],
            ..whole_report(folder.path())
        };
        let (made, elapsed) = timed(|| Ok(quietly(|work| report(work, &session, &asked, None))?))?;
        if made.events != ORDER {
            return Err(differ("the events of the report", "those of the order"));
        }
        times.push(elapsed);
    }
    let one = percentile(&mut times, 50);
    let home = lab.folder()?;
    let many = spent_on(Case::ReportGiant, &lab.middle.path, Some(home.path()))?;
    let formats = "PDF, HTML, CSV, JSON and XLSX";
    Ok(vec![
        Row {
            id: "report",
            what: format!("report of one order ({ORDER} events), {formats}"),
            at_least: "under 1 s".to_owned(),
            measured: seconds(one.as_secs_f64()),
            verdict: verdict(one < Duration::from_secs(1)),
        },
        Row {
            id: "report",
            what: format!(
                "report of {} events, {formats}, from the closed store",
                grouped(REPORTED)
            ),
            at_least: "under 30 s, under 400 MB".to_owned(),
            measured: shown(&many),
            verdict: verdict(many.seconds < 30.0 && many.peak < 400_000_000),
        },
    ])
}

/// A read model that lags, with faults among its rows: what is found must be what was planted.
pub fn drifted(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let is_full = lab.large != lab.middle;
    let (events, streams) = if is_full {
        (6_000_000, 1_000_001)
    } else {
        (600_000, 100_001)
    };
    let store = lab.own("drift", (events, streams, 10_000))?;
    let rows = plant(&store)?;
    let free = free_cores();
    let spent = spent_on(Case::Drift, &store.path, None)?;
    Ok(vec![Row {
        id: "drift",
        what: format!(
            "{} rows beside {} events from the closed store, {PLANTED} of them wrong, others behind",
            grouped(rows),
            grouped(events)
        ),
        at_least: "1 M rows: every fault found, no false alarm, under 20 s, under 400 MB".to_owned(),
        measured: format!("{}; {free:.2} free cores", shown(&spent)),
        verdict: verdict_where(
            spent.seconds < 20.0 && spent.peak < 400_000_000 && is_full,
            is_full && free >= 1.8,
        ),
    }])
}

pub fn anchor_into(store: &Path, home: &Path) -> Result<(), Failure> {
    let session = open(store, home)?;
    let out = home.join(ANCHORS);
    fs::create_dir_all(&out)?;
    let asked = AnchorAsked {
        out,
        ..AnchorAsked::default()
    };
    quietly(|work| anchor(work, &session, &asked))?;
    Ok(())
}

pub fn verify_again(store: &Path, home: &Path) -> Result<(), Failure> {
    let session = open(store, home)?;
    let anchor = fs::read_dir(home.join(ANCHORS))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.is_dir());
    let asked = VerifyAsked {
        anchor: anchor.ok_or_else(|| Failure::Call("there is no anchor to verify against".to_owned()))?,
        ..VerifyAsked::default()
    };
    let answer = quietly(|work| verify(work, &session, &asked, None))?;
    match answer.finding_count {
        0 => Ok(()),
        _ => Err(differ("the store", "its anchor")),
    }
}

pub fn report_of_giant(store: &Path, home: &Path) -> Result<(), Failure> {
    let session = open(store, home)?;
    let asked = ReportAsked {
        streams: vec![GIANT.to_owned()],
        to: Some(format!("v{REPORTED}")),
        ..whole_report(home)
    };
    match quietly(|work| report(work, &session, &asked, None))?.events {
        REPORTED => Ok(()),
        _ => Err(differ("the events of the report", "those that were asked for")),
    }
}

fn whole_report(folder: &Path) -> ReportAsked {
    ReportAsked {
        out: folder.to_owned(),
        formats: ReportFormat::ALL.into(),
        ..ReportAsked::default()
    }
}

pub fn find_planted(store: &Path, home: &Path) -> Result<(), Failure> {
    let session = open(store, home)?;
    let handler = store.with_file_name("handlers").join("order");
    let asked = DriftAsked {
        read_model: planted(store).display().to_string(),
        handler: Some(format!("{}@1.0.0", handler.display())),
        mapping: MappingFrom::File(store.with_file_name("read_model.order_summary.toml")),
        most_faults: 1_000,
        ..DriftAsked::default()
    };
    let answer = quietly(|work| drift(work, &session, &asked))?;
    let found = (answer.different, answer.missing, answer.extra);
    let of_each = u32::try_from(PLANTED / 4).unwrap_or_default();
    let others = answer.unclear + answer.unplaced + u32::from(answer.behind == 0);
    let unexplained = |fault: &&Fault| fault.kind != FaultKind::Extra && fault.version.is_none();
    let unexplained = answer.faults.iter().filter(unexplained).count();
    if found != (2 * of_each, of_each, of_each) || others > 0 || unexplained > 0 {
        return Err(differ(
            &format!(
                "what was found ({found:?}, {unexplained} unexplained, {} behind)",
                answer.behind
            ),
            "what was planted",
        ));
    }
    Ok(())
}

fn planted(store: &Path) -> PathBuf {
    store.with_file_name("planted.db")
}

/// Makes a copy of the store's read model wrong here and there, and lets the store grow by an event in some other
/// streams. Returns how many rows it has.
fn plant(store: &OrderStore) -> Result<u64, Failure> {
    let model = planted(&store.path);
    if !model.exists() {
        let new = model.with_extension("new");
        fs::copy(store.path.with_file_name("read_model.db"), &new)?;
        let connection = Connection::open(&new)?;
        connection.execute("ATTACH ? AS store", [store.path.to_string_lossy()])?;
        let rows = row_count(&connection)?;
        let step = rows / (PLANTED + 1);
        let lagging = (rows / 1_000 / PLANTED).max(1);
        connection.execute_batch(&format!(
            "BEGIN;
             INSERT OR IGNORE INTO store.emt_messages(stream_id, stream_position, message_data, message_metadata,
                message_schema_version, message_type, message_id, created)
             SELECT order_id, version + 1, '{{}}', '{{}}', '1', 'OrderCancelled', 'later-' || order_id, '2026-10-01 00:00:00'
                FROM order_summary WHERE rowid % {step} BETWEEN 1 AND {lagging};
             CREATE TEMP TABLE wrong AS SELECT rowid AS row, rowid / {step} AS nth FROM order_summary
                WHERE rowid % {step} = 0 AND rowid / {step} <= {PLANTED};
             UPDATE order_summary SET status = 'lost' WHERE rowid IN (SELECT row FROM wrong WHERE nth % 4 = 0);
             UPDATE order_summary SET total = '99999.99' WHERE rowid IN (SELECT row FROM wrong WHERE nth % 4 = 1);
             INSERT INTO order_summary SELECT 'stray-' || rowid, customer_id, status, item_count, total, discount, paid,
                refunded, version, position, updated_at
                FROM order_summary WHERE rowid IN (SELECT row FROM wrong WHERE nth % 4 = 2);
             DELETE FROM order_summary WHERE rowid IN (SELECT row FROM wrong WHERE nth % 4 = 3);
             COMMIT;"
        ))?;
        connection.close().map_err(|(_, error)| error)?;
        fs::rename(new, &model)?;
    }
    row_count(&Connection::open(model)?)
}

fn row_count(read_model: &Connection) -> Result<u64, Failure> {
    let rows: i64 = read_model.query_row("SELECT count(*) FROM order_summary", [], |row| row.get(0))?;
    Ok(rows.unsigned_abs())
}

fn differ(one: &str, other: &str) -> Failure {
    Failure::Differ {
        one: one.to_owned(),
        other: other.to_owned(),
    }
}
