//! A place of a state as JSON, for a clipboard.

use refold_core::pointer::Pointer;
use refold_core::work::Work;

use super::OpenedHistory;
use crate::answer::Literal;
use crate::error::AppError;
use crate::text;

/// A clipboard gets no more than that.
const MOST_BYTES: usize = 32 << 20;

impl OpenedHistory {
    /// What stands at `path` of the state at `moment`, with its literals as they are, as a person may see it.
    pub fn state_json(&self, moment: u32, path: &str) -> Result<String, AppError> {
        let place = Pointer::parse(path)
            .map_err(|error| AppError::invalid(error.to_string(), "give the path of a row of the state"))?;
        let moment = self.known_moment_or_start(moment)?;
        let cancel = self.begin_search();
        let progress = self.news.of_fold();
        let work = Work::new(&cancel, &progress);
        let folded = self.folded(&work, &mut *self.lock_replay()?, moment.into())?;
        let found = place.find(&folded.state).cloned().ok_or_else(|| {
            let message = format!("the state has nothing at this path at this moment: {place}");
            AppError::not_found(message, "choose a row that is there")
        })?;
        let json = Literal(found).json();
        if json.len() > MOST_BYTES {
            let size = text::size_label(json.len() as u64);
            return Err(AppError::invalid(
                format!("the value is too long for the clipboard: {size}"),
                "copy a part of it; the command line prints all of it",
            ));
        }
        // Text that is no Unicode is written with escapes.
        Ok(String::from_utf8_lossy(&json).into_owned())
    }
}
