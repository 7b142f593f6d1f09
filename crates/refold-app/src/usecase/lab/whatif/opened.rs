//! A branch of a stream of an opened store, and how its events are named.

use std::sync::Arc;

use refold_core::event::{Columns, Encoding, EventBatch};
use refold_core::finding::Findings;
use refold_core::fold::FoldError;
use refold_core::history::EventSource as _;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::Work;
use refold_handlers::error::PackageError;
use refold_handlers::lab::sandbox::{Branch, BranchError, BranchSource, Edits, Item, Row};

use super::SandboxEvent;
use crate::error::AppError;
use crate::session::Session;
use crate::stream::{Stream, StreamEvents};
use crate::text;
use crate::usecase::lab::EventName;

/// See the module.
pub(in crate::usecase::lab) struct Opened {
    pub stream: Stream,
    pub branch: Arc<Branch>,
}

impl Opened {
    pub fn open(
        work: &Work<'_>,
        session: &Session,
        stream: &str,
        edits: &Edits,
        wrong: &dyn Fn(PackageError) -> AppError,
        findings: &Findings,
    ) -> Result<Opened, AppError> {
        let stream = Stream::load(work, session, stream, findings)?;
        let mut events = stream.events(session.store(), Columns::ALL);
        let mut read = EventBatch::default();
        let mut fetch = |index: u32, batch: &mut EventBatch| {
            read.clear();
            events.read(work, Moment(index), Moment(index.saturating_add(1)), &mut read)?;
            if read.is_empty() {
                return Err(AppError::from(FoldError::StreamChanged));
            }
            batch.push(&read.event(0), Columns::ALL);
            Ok(())
        };
        let branch = Branch::of(edits, &stream.track, stream.names(), &mut fetch);
        let branch = branch.map_err(|error| match error {
            BranchError::Edits(error) => wrong(error),
            BranchError::Read(error) => error,
        })?;
        Ok(Opened {
            stream,
            branch: Arc::new(branch),
        })
    }

    /// The events of the record, reported to `findings`.
    pub fn record(&self, session: &Session, columns: Columns, findings: &Arc<Findings>) -> StreamEvents {
        let events = self.stream.events(session.store(), columns);
        events.reporting(Arc::clone(findings))
    }

    /// The events of the branch.
    pub fn source(&self, session: &Session, columns: Columns) -> BranchSource<StreamEvents> {
        let record = self.stream.events(session.store(), columns);
        BranchSource::new(Arc::clone(&self.branch), record, columns)
    }

    pub fn event(&self, row: &Row) -> SandboxEvent {
        let (event, inserted) = match row.item {
            Item::Record(index) | Item::Edited { record: index, .. } => {
                let moment = Moment(index.saturating_add(1));
                let event = EventName {
                    version: text::filled(self.stream.version_label(moment)),
                    position: text::filled(self.stream.position_label(moment)),
                    event_type: text::exact(self.type_name(index)),
                };
                (event, None)
            }
            Item::Inserted { number, .. } => {
                let own = self.branch.own_event(&row.item);
                let event = EventName {
                    version: None,
                    position: None,
                    event_type: text::exact(own.map_or(&[], |own| self.branch.names().type_name(own.event_type))),
                };
                (event, Some(number))
            }
        };
        SandboxEvent {
            event,
            inserted,
            mark: row.mark.id(),
        }
    }

    /// The payload of a row's event; `None` where it is no JSON.
    pub fn payload(&self, work: &Work<'_>, session: &Session, row: &Row) -> Result<Option<Value>, AppError> {
        let mut batch = EventBatch::default();
        match (row.item.record(), self.branch.own_event(&row.item)) {
            (_, Some(own)) => batch.push(&own, Columns::PAYLOAD),
            (index, None) => {
                let from = Moment(index.unwrap_or_default());
                let mut events = self.stream.events(session.store(), Columns::PAYLOAD);
                events.read(work, from, Moment(from.0.saturating_add(1)), &mut batch)?;
            }
        }
        if batch.is_empty() {
            return Err(FoldError::StreamChanged.into());
        }
        let event = batch.event(0);
        let json = event.payload.filter(|_| event.encoding == Encoding::Json);
        Ok(json.and_then(|bytes| Value::from_json(bytes, Value::MAX_DEPTH).ok()))
    }

    fn type_name(&self, index: u32) -> &[u8] {
        let event_type = self.stream.track.types.get(index as usize);
        event_type.map_or(&[], |event_type| self.stream.names().type_name(*event_type))
    }
}
