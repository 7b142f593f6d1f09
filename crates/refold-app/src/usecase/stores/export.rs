//! A comparison as a file: the line that `refold --json compare A B` prints.

use std::path::Path;

use refold_core::work::Work;

use super::StoresComparison;
use super::answer::StoresAnswer;
use crate::answer::json_line;
use crate::error::AppError;
use crate::written_file::{NewFile, Own};

/// So many of the streams that differ are in a file: of each, events are read.
pub const MOST_EXPORTED: usize = 100_000;

const COMPARISON: Own = Own {
    noun: "comparison",
    begins_with: Some(b"{\"outcome\":"),
};

/// Where the streams that differ stand in a line without any. In a text each quotation mark has a backslash before it, so
/// that it stands there once.
const NO_STREAMS: &str = "\"differing\":[]";

impl StoresComparison {
    /// Writes what the command line prints, with the first `most` of the streams that differ, one after the other: each may
    /// have large documents, and all of them together would not be held.
    pub fn export(&self, work: &Work<'_>, file: &Path, most: usize) -> Result<(), AppError> {
        let noun = COMPARISON.noun;
        let mut out = NewFile::create(file, &[self.left.path(), self.right.path()], &COMPARISON)?;
        let mut answer = self.answer(work, 0)?;
        let (head, _) = around(&answer)?;
        out.write(head.as_bytes())?;
        out.write(b"\"differing\":[")?;
        let (mut is_first, mut is_form_only) = (true, true);
        self.each_differing(work, most, self.asked.handlers.as_ref(), |of| {
            if !std::mem::take(&mut is_first) {
                out.write(b",")?;
            }
            is_form_only &= of.is_form_only;
            out.write(json_line(&of)?.as_bytes())
        })?;
        // Only now it is known of what kind all of them are.
        answer.form_only = !is_first && is_form_only;
        let (_, tail) = around(&answer)?;
        out.write(b"]")?;
        out.write(tail.as_bytes())?;
        out.write(b"\n")?;
        // Who cancels in the last moment gets no file either.
        work.check()?;
        for session in [&self.left, &self.right] {
            session.log_export(noun, file, &out.digest())?;
        }
        out.keep().map(drop)
    }
}

/// What stands before the streams that differ, and behind them.
fn around(answer: &StoresAnswer) -> Result<(String, String), AppError> {
    let line = json_line(answer)?;
    let (head, tail) = line
        .split_once(NO_STREAMS)
        .ok_or_else(|| AppError::internal("a comparison without its streams has some"))?;
    Ok((head.to_owned(), tail.to_owned()))
}
