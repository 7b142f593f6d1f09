//! `refold verify-bundle`.

use refold_app::text::visible;
use refold_app::usecase::evidence::bundle::verify_bundle;

use super::Context;
use crate::arguments::VerifyBundle;
use crate::print::{Ended, Table};

pub fn run(context: &Context<'_>, asked: &VerifyBundle) -> Result<u8, Ended> {
    let answer = verify_bundle(context.work, &asked.bundle, asked.key.as_deref())?;
    let code = u8::from(answer.files.iter().any(|file| !file.ok));
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    printer.line(&visible(&answer.sentence))?;
    if code == 0 {
        match (answer.is_signed, answer.limits.is_empty()) {
            (Some(_), _) => printer.line("signed by the key that you named")?,
            (None, true) => printer.line(
                "no key was named: compare the root with one that you have from elsewhere, or name the key with --key",
            )?,
            // They say so, and more.
            (None, false) => {}
        }
        for limit in &answer.limits {
            printer.line(&format!("not proved: {}", visible(limit)))?;
        }
    }
    printer.line("")?;
    let mut table = Table::new(&["file", "", ""]);
    for file in &answer.files {
        let state = if file.ok { "ok" } else { "BROKEN" };
        let reason = file.reason.clone().unwrap_or_default();
        table.row(vec![visible(&file.name).into_owned(), state.to_owned(), reason]);
    }
    table.print(&mut printer)?;
    printer.finish(Ok(code))
}
