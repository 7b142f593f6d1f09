//! `refold tail`.

use std::cell::RefCell;

use refold_app::text::shown;
use refold_app::usecase::tail::{Awaited, Tail, Told, tail};

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
    let awaited = Awaited::of(context.work, &session, &query)?;
    if let Some(stream) = &awaited.stream {
        print::aside(&format!(
            "no stream has this id yet; waiting for its first event: {stream}"
        ));
    }
    for event_type in &awaited.types {
        print::aside(&format!(
            "no event has this type yet; waiting for the first one: {}",
            shown(event_type.as_bytes())
        ));
    }
    let printer = RefCell::new(context.printer());
    let outcome = tail(
        context.work,
        &session,
        &query,
        &mut Told {
            event: &mut |event| {
                let mut printer = printer.borrow_mut();
                if context.json {
                    printer.json_of_stream(&event)
                } else {
                    print_event(&mut printer, &event)
                }
            },
            findings: &mut |findings| {
                // Below the events that were read with them.
                printer.borrow_mut().flush_stream()?;
                context.heed(findings);
                print::findings_aside(findings);
                Ok(())
            },
            held: &mut print::aside,
            flush: &mut || printer.borrow_mut().flush_stream(),
        },
    );
    printer.into_inner().finish(outcome)?;
    Ok(0)
}
