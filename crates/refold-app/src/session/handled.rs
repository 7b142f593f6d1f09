//! Handlers as a session opens them: under its masks, and at what was deployed.

use std::sync::Arc;

use refold_core::cursor::Cursor;
use refold_core::port::handler::HandlerProgram;
use refold_core::time::Timestamp;
use refold_handlers::package::{Deployed, Package, environment_of, split_version};

use super::Session;
use crate::clock;
use crate::drafts;
use crate::error::AppError;
use crate::handler;
use crate::mask;

impl Session {
    /// A handler by its name, under the masking rules of the session and those that come with the handler.
    pub fn adopted(&self, handler: Option<&str>) -> Result<Arc<dyn HandlerProgram>, AppError> {
        self.adopt_rules(handler)?;
        Ok(mask::masked(handler::open(handler)?, self.mask()))
    }

    /// Adds the masking rules in the package of a handler that is named, or beside its reducer file, where there are some.
    /// A draft is under those of the package that it was made of too, whatever became of its copy of them.
    pub fn adopt_rules(&self, handler: Option<&str>) -> Result<(), AppError> {
        let origin = handler.and_then(drafts::origin_of);
        for named in handler.into_iter().chain(origin.as_deref()) {
            let file = handler::folder(named).map(|folder| folder.join(mask::FILE));
            if let Some(file) = file.filter(|file| file.is_file()) {
                self.mask().add(&file)?;
            }
        }
        Ok(())
    }

    /// The version that answers what was believed at a cursor, as it is opened: that of a time is the one that was live
    /// then, also where no event came since it was deployed. What names no deployment is itself.
    pub fn believed(&self, handler: Option<&str>, cursor: &str) -> Result<Option<String>, AppError> {
        let Some(named) = handler else {
            return Ok(None);
        };
        let (path, version) = split_version(named);
        let Some(environment) = version.as_deref().and_then(environment_of) else {
            return Ok(Some(named.to_owned()));
        };
        let now = clock::now();
        let time = match self.cursor(cursor)? {
            Cursor::At(time) => Some(time),
            Cursor::Ago { nanos } => now.0.checked_sub(nanos).map(Timestamp),
            Cursor::Head => Some(now),
            // After the event there: the version that was live at it.
            Cursor::Start | Cursor::Version(_) | Cursor::Position(_) => None,
        };
        let deployed = Deployed::open(&Package::open(&path)?, environment)?;
        let live = time.and_then(|time| deployed.believed_at(time));
        Ok(Some(match live {
            Some(version) => format!("{}@{version}", path.display()),
            None => named.to_owned(),
        }))
    }
}
