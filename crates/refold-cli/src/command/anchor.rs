//! `refold anchor`.

use refold_app::text::{counted, visible};
use refold_app::usecase::evidence::anchor::{AnchorAsked, anchor};

use super::Context;
use crate::arguments::Anchor;
use crate::print::{Ended, Printer};

pub fn run(context: &Context<'_>, asked: &Anchor) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let how = AnchorAsked {
        out: asked.out.clone(),
        key: asked.key.clone(),
        previous: asked.previous.clone(),
        salt: asked.salt.clone(),
        stamp: asked.stamp.clone(),
        is_plain: asked.plain,
        is_short: asked.short,
    };
    let answer = anchor(context.work, &session, &how)?;
    let code = u8::from(answer.unstamped.is_some());
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    printer.line(&answer.dir)?;
    printer.line(&format!(
        "{} up to position {}",
        counted(answer.size, "event"),
        answer.horizon
    ))?;
    printer.line(&format!("root {}", answer.root))?;
    printer.line(&match &answer.signed_by {
        Some(key) => format!("signed by {key}"),
        None => "not signed: it is worth as much as the place where it is kept".to_owned(),
    })?;
    if let Some(stamp) = &answer.stamp {
        printer.line(&stamp.sentence())?;
    }
    if let Some(reason) = &answer.unstamped {
        printer.line(&format!("NOT stamped: {reason}; the anchor is whole without it"))?;
    }
    if !answer.columns.is_empty() {
        printer.line(&visible(&format!(
            "covers every column of the events: {}",
            answer.columns.join(", ")
        )))?;
    }
    uncovered(&mut printer, &answer.uncovered_columns)?;
    if let Some(salt) = &answer.salt {
        let whose = match answer.is_new_salt {
            true => "",
            false => ", the key of the first anchor of its chain",
        };
        printer.line(&visible(&format!(
            "salted with {salt}{whose}: verifying needs it, and it tells nobody else"
        )))?;
    }
    printer.finish(Ok(code))
}

/// Columns that an anchor says nothing of.
pub fn uncovered(printer: &mut Printer, columns: &[String]) -> Result<(), Ended> {
    if columns.is_empty() {
        return Ok(());
    }
    let line = format!("says nothing of columns that came later: {}", columns.join(", "));
    printer.line(&visible(&line))
}
