//! A test case of a draft, made of the stream that the draft is tried on.

use refold_core::work::Work;

use crate::drafts::Draft;
use crate::error::AppError;
use crate::session::Session;
use crate::text;
use crate::usecase::lab::minimize::case_until;
use crate::wire::DraftCaseMade;

/// `at`: a cursor of the stream. `name`: of the file, without what all test cases end in.
pub fn make_case(
    work: &Work<'_>,
    session: &Session,
    draft: &Draft,
    stream: &str,
    at: &str,
    name: &str,
) -> Result<DraftCaseMade, AppError> {
    let file = format!("tests/{name}.case.yaml");
    // A name that cannot be had is told before all of a stream is read.
    draft.expect_new(&file)?;
    let reference = draft.reference();
    let case = case_until(work, session, &reference, stream, at, &draft.id())?;
    session.log_export(
        "case",
        &draft.package().join(&file),
        &text::sha256(case.text.as_bytes()),
    )?;
    draft.add(&file, &case.text)?;
    Ok(DraftCaseMade {
        file,
        events: case.events,
        replaced: case.replaced,
        has_state: case.has_state,
        told: super::told(&reference),
    })
}
