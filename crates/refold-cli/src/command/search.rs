//! `refold search`.

use refold_app::answer::json_line;
use refold_app::text::grouped;
use refold_app::usecase::search::{Search, search};

use super::Context;
use super::history::print_event;
use crate::arguments::Search as Asked;
use crate::print::{self, Ended};

pub fn run(context: &Context<'_>, asked: &Asked) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let query = Search {
        text: asked.text.clone(),
        types: asked.types.clone(),
        condition: asked.condition.clone(),
        limit: asked.limit,
        copies_first: asked.copy,
    };
    let mut printer = context.printer();
    let mut found: u64 = 0;
    let outcome = search(context.work, &session, &query, &mut |event| {
        found += 1;
        context.progress.clear();
        if context.json {
            printer.line_of_stream(&json_line(&event)?)
        } else {
            print_event(&mut printer, &event)
        }
    });
    context.progress.clear();
    let findings = printer.finish(outcome)?;
    if !context.json {
        let noun = if found == 1 { "event" } else { "events" };
        let end = match asked.limit {
            Some(limit) if found >= limit => "shown; there may be more",
            _ => "found",
        };
        printer.line(&format!("{} {noun} {end}", grouped(found)))?;
        print::findings(&mut printer, &findings)?;
    }
    let ended = printer.finish(Ok(0));
    if context.json {
        // Standard output holds events and nothing else.
        print::findings_aside(&findings);
    }
    ended
}
