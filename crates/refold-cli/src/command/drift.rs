//! `refold drift`.

use std::collections::BTreeMap;

use refold_app::Session;
use refold_app::text::{SAME_NUMBER, counted, grouped, shown};
use refold_app::usecase::evidence::drift::answer::{DriftAnswer, Fault, FaultKind, PositionFrom};
use refold_app::usecase::evidence::drift::guess::guess;
use refold_app::usecase::evidence::drift::{DriftAsked, MappingFrom, drift};

use super::{Context, cell, handler_line};
use crate::arguments::Drift;
use crate::print::{self, Ended, Printer, Table};

/// Faults that are shown without `--json`.
const MOST_SHOWN: usize = 20;

pub fn run(context: &Context<'_>, asked: &Drift) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    if asked.guess {
        return run_guess(context, &session, asked);
    }
    let how = DriftAsked {
        read_model: asked.read_model.clone(),
        table: asked.table.clone(),
        handler: asked.handler.clone(),
        mapping: asked.map.clone().map_or(MappingFrom::Beside, MappingFrom::File),
        position: asked.position.clone(),
        most_faults: asked.limit,
    };
    let answer = drift(context.work, &session, &how)?;
    context.heed(&answer.findings);
    // What is only behind is not wrong; what cannot be told is no pass.
    let code = u8::from(answer.missing + answer.extra + answer.different + answer.unplaced + answer.unclear > 0);
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    print_head(&mut printer, &answer)?;
    if !answer.columns.is_empty() {
        printer.line("")?;
        let mut table = Table::new(&["column", "in the state", "#rows that differ"]);
        for column in &answer.columns {
            let cells = [
                shown(column.column.as_bytes()),
                shown(column.path.as_bytes()),
                grouped(column.rows.into()),
            ];
            table.row(cells.into());
        }
        table.print(&mut printer)?;
    }
    if !answer.distinguishing.is_empty() {
        printer.line("")?;
        let mut table = Table::new(&["what distinguishes them", "", "#of wrong rows", "#of right rows"]);
        for it in &answer.distinguishing {
            table.row(vec![
                it.attribute.to_owned(),
                it.value.to_string(),
                format!("{} of {}", grouped(it.wrong.into()), grouped(it.wrong_of.into())),
                format!("{} of {}", grouped(it.right.into()), grouped(it.right_of.into())),
            ]);
        }
        table.print(&mut printer)?;
    }
    if !answer.faults.is_empty() {
        printer.line("")?;
        print_faults(&mut printer, &answer)?;
    }
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(code))
}

/// The mapping alone goes to standard output, so that it can be saved from there.
fn run_guess(context: &Context<'_>, session: &Session, asked: &Drift) -> Result<u8, Ended> {
    let (table, handler) = (asked.table.as_deref(), asked.handler.as_deref());
    let answer = guess(context.work, session, &asked.read_model, table, handler)?;
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
    } else {
        answer.mapping.lines().try_for_each(|line| printer.line(line))?;
        let place = shown(answer.save_as.as_bytes());
        print::aside(&format!(
            "look at it, then save it as {place}, where it is found, or name it with --map"
        ));
    }
    printer.finish(Ok(0))
}

fn print_head(printer: &mut Printer, answer: &DriftAnswer) -> Result<(), Ended> {
    let table = answer
        .table
        .as_deref()
        .map(|table| format!(" · {table}"))
        .unwrap_or_default();
    printer.line(&format!("{}{table}", shown(answer.read_model.as_bytes())))?;
    printer.line(&format!("handler {}", handler_line(&answer.handler)))?;
    printer.line(&format!("mapping {}", shown(answer.mapping.as_bytes())))?;
    let position = answer.position.as_deref().unwrap_or_default();
    let place = if position.bytes().all(|byte| byte.is_ascii_digit()) {
        "#"
    } else {
        ""
    };
    let lag = counted(answer.lag_events.unwrap_or_default(), "event");
    printer.line(&match answer.position_from {
        PositionFrom::Given => format!("compared at {place}{position}, as asked: {lag} of the store are later"),
        PositionFrom::Checkpoint => format!("compared at {place}{position}, its checkpoint: {lag} behind the store"),
        PositionFrom::Rows if position.is_empty() => "compared where each row is; none is right there".to_owned(),
        PositionFrom::Rows => {
            format!("compared where each row is; the last event that one reflects is {place}{position}")
        }
        PositionFrom::Nobody => {
            "nobody says how far the read model is: each row is compared with all of its stream".to_owned()
        }
    })?;
    printer.line("")?;
    let mut counts = vec![format!("{} equal", grouped(answer.equal.into()))];
    for (count, word) in [
        (answer.missing, "missing"),
        (answer.extra, "extra"),
        (answer.different, "different"),
        (answer.unplaced, "unplaced"),
        (answer.behind, "behind"),
        (answer.unclear, "unclear"),
        (answer.older, "older than the latest, not compared"),
    ] {
        if count > 0 || word == "different" {
            counts.push(format!("{} {word}", grouped(count.into())));
        }
        if word == "different" && answer.lost_updates > 0 {
            let lost = counted(answer.lost_updates.into(), "lost update");
            counts.push(format!("of these {lost}"));
        }
        if word == "behind" && answer.to_come > 0 {
            let streams = counted(answer.to_come.into(), "stream");
            counts.push(format!("of these {streams} without a row yet"));
        }
    }
    printer.line(&format!(
        "{}: {}",
        counted(answer.rows.into(), "row"),
        counts.join(", ")
    ))
}

fn print_faults(printer: &mut Printer, answer: &DriftAnswer) -> Result<(), Ended> {
    let mut table = Table::new(&["key", "", "at", "column", "expected", "found", "since"]);
    let shown_faults = first_of_each_kind(&answer.faults);
    let rows = shown_faults.len();
    for fault in shown_faults {
        let value = |value: &Option<refold_app::answer::Literal>| value.as_ref().map(|value| value.row());
        let (expected, found) = match fault.kind {
            FaultKind::Different => (
                value(&fault.expected).unwrap_or_else(|| "nothing".to_owned()),
                found_cell(value(&fault.found), fault.why.as_deref()),
            ),
            _ => (String::new(), said(fault)),
        };
        table.row(vec![
            fault.key.to_string(),
            kind(fault),
            fault.at.as_ref().map(|at| place(at)).unwrap_or_default(),
            fault
                .column
                .as_ref()
                .map(|column| shown(column.as_bytes()))
                .unwrap_or_default(),
            expected,
            found,
            since(fault),
        ]);
    }
    table.print(printer)?;
    if answer.fault_count > rows as u64 {
        let all = grouped(answer.fault_count);
        printer.line(&format!(
            "{rows} of {all}, of each kind the first; --json and --limit show more"
        ))?;
    }
    Ok(())
}

/// As many as are shown: of each kind as many as of the others, so that a frequent one hides none.
fn first_of_each_kind(faults: &[Fault]) -> Vec<&Fault> {
    let mut of_kind: BTreeMap<FaultKind, usize> = BTreeMap::new();
    faults
        .iter()
        .for_each(|fault| *of_kind.entry(fault.kind).or_default() += 1);
    let shown = |most: usize| of_kind.values().map(|of| most.min(*of)).sum::<usize>();
    let most = (1..=MOST_SHOWN).rev().find(|most| shown(*most) <= MOST_SHOWN);
    let mut left: BTreeMap<FaultKind, usize> = of_kind.keys().map(|kind| (*kind, most.unwrap_or(1))).collect();
    let is_shown = |fault: &&Fault| match left.get_mut(&fault.kind) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    };
    faults.iter().filter(is_shown).collect()
}

/// What a row holds in a column that is different, and what is said of it.
fn found_cell(found: Option<String>, why: Option<&str>) -> String {
    let found = found.unwrap_or_else(|| "nothing".to_owned());
    match why.filter(|why| *why == SAME_NUMBER) {
        Some(why) => format!("{found} ({why})"),
        None => found,
    }
}

/// What the row is, and what it holds where that is the state of another moment than it says.
fn kind(fault: &Fault) -> String {
    let name = match fault.lost_update {
        true => "lost update",
        false => fault.kind.name(),
    };
    match &fault.holds {
        Some(holds) => format!("{name}, holds {}", place(holds)),
        None => name.to_owned(),
    }
}

/// What stands for the values, where there are none.
fn said(fault: &Fault) -> String {
    match &fault.why {
        Some(why) => why.clone(),
        None if fault.behind_by > 0 => format!("{} behind", counted(fault.behind_by.into(), "event")),
        None => String::new(),
    }
}

fn since(fault: &Fault) -> String {
    let at = super::place(fault.version.as_ref(), fault.position.as_ref());
    let of = cell(fault.event_type.as_ref());
    let event = format!("{at} {of}").trim().to_owned();
    if fault.last_change && !event.is_empty() {
        return format!("changed at {event}");
    }
    event
}

/// A version as it is named, or a position, which has its sign already.
fn place(at: &str) -> String {
    if at.starts_with('#') {
        at.to_owned()
    } else {
        format!("v{at}")
    }
}
