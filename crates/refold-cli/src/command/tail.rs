//! `refold tail`.

use std::cell::RefCell;

use refold_app::answer::json_line;
use refold_app::usecase::tail::{Tail, is_there, tail};

use super::Context;
use super::history::print_event;
use crate::arguments::Tail as Asked;
use crate::print::{self, Ended};

pub fn run(context: &Context<'_>, asked: &Asked) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let query = Tail {
        stream: asked.stream.clone(),
        types: asked.types.clone(),
    };
    if let (Some(stream), false) = (&query.stream, is_there(context.work, &session, &query)?) {
        context.progress.clear();
        print::aside(&format!(
            "no stream has this id yet; waiting for its first event: {stream}"
        ));
    }
    let printer = RefCell::new(context.printer());
    let outcome = tail(
        context.work,
        &session,
        &query,
        &mut |event| {
            let mut printer = printer.borrow_mut();
            if context.json {
                printer.line_of_stream(&json_line(&event)?)
            } else {
                print_event(&mut printer, &event)
            }
        },
        &mut || printer.borrow_mut().flush_stream(),
    );
    printer.into_inner().finish(outcome)?;
    Ok(0)
}
