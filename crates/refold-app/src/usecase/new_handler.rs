//! Writes a starter of a handler package from the events of a category.

use std::path::Path;

use refold_core::event::{Columns, Encoding, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::ReadQuery;
use refold_core::port::system::in_words;
use refold_core::work::{Phase, Work};
use refold_handlers::starter::Starter;
use serde::Serialize;

use super::named;
use crate::error::AppError;
use crate::findings;
use crate::payload;
use crate::session::Session;
use crate::text;
use crate::wire::FindingWire;
use crate::written_file::{folder_of, unwritten};

/// What was written and from what.
#[derive(Debug, Clone, Serialize)]
pub struct NewHandlerAnswer {
    pub folder: String,
    pub category: String,
    pub events: u64,
    pub types: u32,
    pub files: Vec<String>,
    pub findings: Vec<FindingWire>,
}

/// A starter of events without a category is called so, and its folder, unless somebody names one.
pub const NAME_WITHOUT_CATEGORY: &str = "events";

const BATCH_EVENTS: usize = 8_192;

/// `folder` must be empty or not be there yet.
pub fn new_handler(
    work: &Work<'_>,
    session: &Session,
    category: &str,
    folder: &Path,
) -> Result<NewHandlerAnswer, AppError> {
    let wanted = named::category(&*session.build_index(work)?, category)?;
    let mut reader = session.store().read(&ReadQuery::all(Columns::PAYLOAD))?;
    let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
    let (mut starter, mut events, mut read) = (Starter::default(), 0, 0);
    while reader.next_batch(work, BATCH_EVENTS, &mut batch, &mut names, &findings)? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            if names.category(event.stream) == wanted {
                events += 1;
                // Examples of values go into the file.
                payload::covered(&event, session.mask(), &names, |shown| {
                    let payload = shown.payload.filter(|_| shown.encoding == Encoding::Json);
                    starter.observe(names.type_name(event.event_type), payload);
                });
            }
        }
        read += batch.len() as u64;
        work.tick(Phase::ReadingEvents, read, session.description().event_count)?;
    }
    // What the package and its state are called.
    let name = match wanted.as_slice() {
        b"" => NAME_WITHOUT_CATEGORY,
        _ => category,
    };
    starter.write_new(folder, name).map_err(|error| {
        let refused = match error.kind() {
            std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::InvalidInput => AppError::invalid(
                format!("cannot write the package ({}): {}", in_words(&error), folder.display()),
                "name a folder that is empty or not there yet",
            ),
            // Whatever else a disk can say.
            _ => unwritten(folder, folder_of(folder), "package", &error),
        };
        refused.typed("--out DIR")
    })?;
    Ok(NewHandlerAnswer {
        folder: folder.display().to_string(),
        category: text::named(&wanted),
        events,
        types: u32::try_from(starter.types().len()).unwrap_or(u32::MAX),
        files: starter.files(name).iter().map(|file| file.path.to_owned()).collect(),
        findings: findings::wire(&findings),
    })
}
