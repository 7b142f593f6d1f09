//! `refold new-handler`.

use std::path::PathBuf;

use refold_app::text::{NO_NAME, grouped};
use refold_app::usecase::new_handler::{NAME_WITHOUT_CATEGORY, new_handler};

use super::Context;
use crate::arguments::NewHandler;
use crate::print::{self, Ended};

pub fn run(context: &Context<'_>, asked: &NewHandler) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let name = match asked.category.as_str() {
        "" | NO_NAME => NAME_WITHOUT_CATEGORY,
        category => category,
    };
    let folder = asked
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{name}.handler")));
    let answer = new_handler(context.work, &session, &asked.category, &folder)?;
    context.heed(&answer.findings);
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    let (events, types) = (grouped(answer.events), answer.types);
    printer.line(&format!(
        "wrote {} from {events} events of {types} types",
        answer.folder
    ))?;
    for file in &answer.files {
        printer.line(&format!("  {file}"))?;
    }
    printer.line(&format!(
        "try it: refold state {} STREAM --handler {}",
        asked.store.display(),
        answer.folder
    ))?;
    print::findings(&mut printer, &answer.findings)?;
    printer.finish(Ok(0))
}
