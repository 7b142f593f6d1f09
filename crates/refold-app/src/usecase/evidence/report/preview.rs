//! What the pages of a report say, before it is made: read, redacted and laid out as the report would be, and then thrown
//! away. What hangs on the moment of making is that of now: the report time, the id and the digests that are made of them,
//! and the pseudonyms where no case key is given.

use refold_audit::report::pages::Pages;
use refold_audit::report::pdf;
use refold_core::port::system::in_words;
use refold_core::work::Work;
use refold_scratch::Scratch;

use super::{ReportAsked, ReportFormat, gather};
use crate::error::{AppError, ErrorCode};
use crate::session::Session;

pub struct Preview {
    pub pages: Pages,
    /// Of the PDF; `None`: none is asked for.
    pub sheets: Option<usize>,
    /// In the files of the report.
    pub events: u64,
    /// Whether other pseudonyms will stand in the report: no case key is given.
    pub has_own_pseudonyms: bool,
}

/// `copy`: as for the report. Nothing is left where the report would go, nor anywhere else.
pub fn preview(
    work: &Work<'_>,
    session: &Session,
    asked: &ReportAsked,
    copy: Option<&Session>,
) -> Result<Preview, AppError> {
    let scratch = session.cache().scratch();
    let made = std::fs::create_dir_all(&scratch).and_then(|()| Scratch::private(&scratch, "preview-"));
    let out = made.map_err(|error| {
        AppError::new(
            ErrorCode::Denied,
            format!(
                "the preview has no folder ({}): {}",
                in_words(&error),
                scratch.display()
            ),
            "make room and rights there, or set REFOLD_HOME to another folder",
        )
    })?;
    gather(
        work,
        session,
        asked,
        (copy, out.path()),
        |gathered, mut folder, record| {
            let laid_out = gathered.lay_out(&mut folder, record)?;
            work.check()?;
            let has_pdf = asked.formats.contains(&ReportFormat::Pdf);
            let sheets = has_pdf.then(|| pdf::page_count(&laid_out.pages)).transpose();
            Ok(Preview {
                sheets: sheets.map_err(|error| AppError::internal(error.to_string()))?,
                events: laid_out.report.scope.counts.written,
                has_own_pseudonyms: gathered
                    .subject
                    .as_ref()
                    .is_some_and(|subject| subject.new_key().is_some()),
                pages: laid_out.pages,
            })
        },
    )
}
