//! `refold streams`.

use refold_app::text::grouped;
use refold_app::usecase::streams::{Streams, StreamsTold, streams};
use refold_app::wire::StreamSort;

use super::{Context, cell};
use crate::arguments::{Sort, Streams as Asked};
use crate::print::{Ended, Table, aside};

pub fn run(context: &Context<'_>, asked: &Asked) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let query = Streams {
        category: asked.category.clone(),
        matching: asked.matching.clone(),
        sort: match asked.sort {
            Sort::Id => StreamSort::Id,
            Sort::Events => StreamSort::Events,
            Sort::Last => StreamSort::Last,
            Sort::First => StreamSort::First,
            Sort::Category => StreamSort::Category,
        },
        limit: asked.limit,
        after: asked.after.clone(),
    };
    session.build_index(context.work)?;
    let mut printer = context.printer();
    if context.json {
        let mut shown = 0;
        let outcome = streams(context.work, &session, &query, &mut |stream| {
            shown += 1;
            printer.json_of_stream(&stream)
        });
        let told = printer.finish(outcome)?;
        if let Some(rest) = rest(shown, &told) {
            aside(&rest);
        }
        return Ok(0);
    }
    let mut table = Table::new(&[
        "stream",
        "category",
        "#events",
        "first recorded",
        "last recorded",
        "last type",
    ]);
    let mut shown = 0;
    let told = streams(context.work, &session, &query, &mut |stream| {
        shown += 1;
        table.row(vec![
            stream.stream.to_string(),
            stream.category.to_string(),
            grouped(stream.events.into()),
            cell(stream.first_recorded_at.as_ref()),
            cell(stream.last_recorded_at.as_ref()),
            stream.last_type.to_string(),
        ]);
        Ok(())
    })?;
    if table.is_empty() {
        printer.line("no stream matches")?;
    } else {
        table.print(&mut printer)?;
    }
    if let Some(rest) = rest(shown, &told) {
        printer.line(&rest)?;
    }
    printer.finish(Ok(0))
}

/// That there are more, of a page which may not be the first.
fn rest(shown: u32, told: &StreamsTold) -> Option<String> {
    told.has_more.then(|| {
        format!(
            "{} of {} streams; more with --limit N, or on the next page with --after and the last id",
            grouped(shown.into()),
            grouped(told.matching.into())
        )
    })
}
