//! `refold prove`.

use refold_app::usecase::evidence::prove::{ProveAsked, Proved, prove};

use super::Context;
use crate::arguments::Prove;
use crate::print::Ended;

pub fn run(context: &Context<'_>, asked: &Prove) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let what = match (&asked.event, &asked.since) {
        (_, Some(older)) => Proved::Since(older.clone()),
        (event, None) => Proved::Event(event.clone().unwrap_or_default()),
    };
    let how = ProveAsked {
        anchor: asked.anchor.clone(),
        salt: asked.salt.clone(),
        what,
        out: asked.out.clone(),
    };
    let answer = prove(context.work, &session, &how)?;
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    printer.line(&answer.dir)?;
    printer.line(&answer.sentence)?;
    printer.finish(Ok(0))
}
