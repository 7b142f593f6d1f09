//! A comparison as a file: the line that `refold --json compare A B` prints.

use std::path::Path;

use refold_core::work::Work;

use super::StoresComparison;
use crate::answer::json_line;
use crate::error::AppError;
use crate::written_file::{NewFile, Own, is_of_store};

/// So many of the streams that differ are in a file: its line is made in memory.
pub const MOST_EXPORTED: usize = 100_000;

const COMPARISON: Own = Own {
    noun: "comparison",
    begins_with: Some(b"{\"outcome\":"),
};

impl StoresComparison {
    /// Writes what the command line prints, with the first `most` of the streams that differ.
    pub fn export(&self, work: &Work<'_>, file: &Path, most: usize) -> Result<(), AppError> {
        let noun = COMPARISON.noun;
        let mut out = NewFile::create(file, self.left.path(), &COMPARISON)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        if is_of_store(folder.unwrap_or(Path::new(".")), self.right.path()).unwrap_or(true) {
            return Err(AppError::invalid(
                format!(
                    "the {noun} is not written: it is the folder of a store: {}",
                    file.display()
                ),
                format!("choose another folder or name for the {noun}"),
            ));
        }
        let answer = self.answer(work, most)?;
        out.write(json_line(&answer)?.as_bytes())?;
        out.write(b"\n")?;
        // Who cancels in the last moment gets no file either.
        work.check()?;
        for session in [&self.left, &self.right] {
            session.log_export(noun, file, &out.digest())?;
        }
        out.keep().map(drop)
    }
}
