//! `refold compare` of two states.

use std::sync::Arc;

use refold_app::answer::ComparedAnswer;
use refold_app::usecase::comparison::Comparison;
use refold_app::wire::ComparisonSide;
use refold_app::{AppError, Session};

use super::{Context, cell, compare_stores, diff, handler_line, incomplete_line, place};
use crate::arguments::Compare;
use crate::print::{self, Ended, Table};

pub fn run(context: &Context<'_>, asked: &Compare) -> Result<u8, Ended> {
    if asked.streams.is_empty() {
        return compare_stores::run(context, asked);
    }
    let sides = sides_of(asked)?;
    let left = context.open(&asked.a)?;
    let right: Arc<Session> = match &asked.b {
        Some(store) if *store != asked.a => context.open(store)?,
        _ => Arc::clone(&left),
    };
    let comparison = Comparison::open(context.work, (&left, &sides[0]), (&right, &sides[1]))?;
    let answer = comparison.answer(context.work, asked.ignore_order)?;
    // Differences are what this command is asked to find: exit code 1. What could not be compared is no pass either.
    let code = u8::from(!answer.changes.is_empty() || answer.unclear.is_some());
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    for (name, side) in [("left ", &answer.left), ("right", &answer.right)] {
        let is_one_store = answer.left.store == answer.right.store;
        printer.line(&format!("{name}  {}", side_line(side, is_one_store)))?;
        if let Some(since) = &side.incomplete_since {
            printer.line(&incomplete_line(since))?;
        }
        if let Some(fault) = &side.fault {
            printer.line(fault)?;
        }
    }
    printer.line("")?;
    if let Some(why) = &answer.unclear {
        printer.line(&diff::unclear_line(why))?;
    }
    if answer.changes.is_empty() && answer.unclear.is_none() {
        let order = if answer.ignores_order {
            ", whatever the order in arrays"
        } else {
            ""
        };
        printer.line(&format!("no differences{order}"))?;
    } else if !answer.changes.is_empty() {
        let mut table = Table::new(&["", "path", "left", "right", "event on the right"]);
        for change in &answer.changes {
            table.row(diff::row(change));
        }
        table.print(&mut printer)?;
    }
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(code))
}

/// What is given once holds for both sides.
fn sides_of(asked: &Compare) -> Result<[ComparisonSide; 2], AppError> {
    let streams = both("--stream", &asked.streams)?;
    let ats = both("--at", &asked.at)?;
    let handlers = both("--handler", &asked.handlers)?;
    let side = |at: usize| ComparisonSide {
        stream: cell(streams[at]),
        at: ats[at].map_or_else(|| "head".to_owned(), String::clone),
        handler: handlers[at].cloned(),
    };
    Ok([side(0), side(1)])
}

pub(super) fn both<'a>(name: &str, given: &'a [String]) -> Result<[Option<&'a String>; 2], AppError> {
    match given {
        [] => Ok([None, None]),
        [one] => Ok([Some(one), Some(one)]),
        [left, right] => Ok([Some(left), Some(right)]),
        _ => Err(AppError::invalid(
            format!("{name} is given {} times, but there are two sides", given.len()),
            "give it once for both sides, or twice",
        )),
    }
}

/// The store stands there where there are two.
fn side_line(side: &ComparedAnswer, is_one_store: bool) -> String {
    let at = place(side.version.as_ref(), side.position.as_ref());
    let at = if at.is_empty() { "the start" } else { &at };
    let recorded = cell(side.recorded_at.as_ref());
    let store = if is_one_store {
        String::new()
    } else {
        format!("{}  ", side.store)
    };
    format!(
        "{} {at}  {recorded}  {store}{}",
        side.stream,
        handler_line(&side.handler)
    )
}
