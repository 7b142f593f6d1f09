//! `refold test`.

use refold_app::text::shown;
use refold_app::usecase::test::test;

use super::Context;
use crate::print::Ended;

pub fn run(context: &Context<'_>, package: &str) -> Result<u8, Ended> {
    let answer = test(context.work, package)?;
    let code = u8::from(answer.failed > 0);
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    for case in &answer.cases {
        let title = case
            .title
            .as_ref()
            .map(|title| format!("  {}", shown(title.as_bytes())))
            .unwrap_or_default();
        let outcome = if case.passed { "ok  " } else { "FAIL" };
        printer.line(&format!("{outcome}  {}@{}{title}", case.case, case.version))?;
        for failure in &case.failures {
            printer.line(&format!("      {} {}", failure.expectation, failure.path))?;
            printer.line(&format!("        expected {}", shown(failure.expected.as_bytes())))?;
            printer.line(&format!("        found    {}", shown(failure.found.as_bytes())))?;
        }
    }
    if answer.cases.is_empty() {
        printer.line("the package has no cases: put some into its folder tests/, named *.case.yaml")?;
    }
    printer.line(&format!("{} passed, {} failed", answer.passed, answer.failed))?;
    printer.finish(Ok(code))
}
