//! A line of events that is not the record: made by edits of one stream, and laid beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use refold_core::event::{Columns, Encoding, EventBatch, EventView, Position, StreamOrdinal, Version};
use refold_core::names::Names;
use refold_core::pointer::{Pointer, Segment};
use refold_core::time::Timestamp;
use refold_core::track::StreamTrack;
use refold_core::value::Value;

use super::edits::{Change, Edit, Edits, EventRef, NewEvent, PayloadEdit, Revision, Spot};
use crate::error::PackageError;

/// See the module.
#[derive(Debug)]
pub struct Branch {
    /// In fold order.
    line: Vec<Item>,
    /// Those that are not as the record has them.
    own: EventBatch,
    names: Names,
    track: Arc<StreamTrack>,
    /// Events of the record that stand elsewhere in the branch.
    moved: BTreeSet<u32>,
    record_events: u32,
}

/// One event of a branch. `record`: its index in the stream, `own`: in the events that the branch holds itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    Record(u32),
    Edited {
        record: u32,
        own: u32,
    },
    /// `number` counts those that were inserted, from 1, in the order of the edits.
    Inserted {
        number: u32,
        own: u32,
    },
}

impl Item {
    /// Its index in the stream; `None` for one that was inserted.
    pub fn record(self) -> Option<u32> {
        match self {
            Item::Record(record) | Item::Edited { record, .. } => Some(record),
            Item::Inserted { .. } => None,
        }
    }
}

/// One row of record and branch side by side: an event that is in either or in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub item: Item,
    pub mark: Mark,
    /// How many events of each line are folded after it: of the record, of the branch.
    pub moments: [u32; 2],
}

/// What a branch makes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Kept,
    Edited,
    /// Only in the record.
    Skipped,
    /// Only in the branch.
    Inserted,
    /// Where it stands in the record, and where in the branch.
    MovedFrom,
    MovedTo,
}

impl Mark {
    /// Whether the event stands here in the record, and in the branch.
    pub fn sides(self) -> [bool; 2] {
        match self {
            Mark::Kept | Mark::Edited => [true, true],
            Mark::Skipped | Mark::MovedFrom => [true, false],
            Mark::Inserted | Mark::MovedTo => [false, true],
        }
    }

    pub fn id(self) -> &'static str {
        match self {
            Mark::Kept => "kept",
            Mark::Edited => "edited",
            Mark::Skipped => "skipped",
            Mark::Inserted => "inserted",
            Mark::MovedFrom => "moved-from",
            Mark::MovedTo => "moved-to",
        }
    }
}

/// Why a branch cannot be made.
#[derive(Debug)]
pub enum BranchError<E> {
    Edits(PackageError),
    /// An event of the record could not be read.
    Read(E),
}

impl<E> From<PackageError> for BranchError<E> {
    fn from(error: PackageError) -> BranchError<E> {
        BranchError::Edits(error)
    }
}

impl Branch {
    /// `record` and `names`: the stream, whose only ordinal in `names` is 0. `fetch` appends its event of this index,
    /// with all columns; it is called for those alone whose payload is edited.
    pub fn of<E>(
        edits: &Edits,
        record: &StreamTrack,
        names: &Names,
        fetch: &mut dyn FnMut(u32, &mut EventBatch) -> Result<(), E>,
    ) -> Result<Branch, BranchError<E>> {
        let record_events = record.head().0;
        let mut making = Making {
            edits,
            record,
            inserted: 0,
            branch: Branch {
                line: (0..record_events).map(Item::Record).collect(),
                own: EventBatch::default(),
                names: names.clone(),
                track: Arc::default(),
                moved: BTreeSet::new(),
                record_events,
            },
        };
        for edit in &edits.edits {
            making.edit(edit, fetch)?;
        }
        let mut branch = making.branch;
        branch.track = Arc::new(branch.track_of(record));
        Ok(branch)
    }

    /// In fold order.
    pub fn line(&self) -> &[Item] {
        &self.line
    }

    /// What the ordinals of its events mean: those of the record's names go on.
    pub fn names(&self) -> &Names {
        &self.names
    }

    pub fn track(&self) -> &Arc<StreamTrack> {
        &self.track
    }

    /// An event that is not as the record has it; `None` for one that is.
    pub fn own_event(&self, item: &Item) -> Option<EventView<'_>> {
        match item {
            Item::Record(_) => None,
            Item::Edited { own, .. } | Item::Inserted { own, .. } => {
                let row = *own as usize;
                (row < self.own.len()).then(|| self.own.event(row))
            }
        }
    }

    /// Record and branch side by side: every event that is in either, once; one that moved, where it was and where it is.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Rows {
            branch: self,
            moments: [0; 2],
            rows: Vec::with_capacity(self.line.len()),
        };
        for item in &self.line {
            match item.record() {
                Some(index) if !self.moved.contains(&index) => {
                    rows.only_in_record(index);
                    let is_edited = matches!(item, Item::Edited { .. });
                    rows.push(*item, if is_edited { Mark::Edited } else { Mark::Kept });
                }
                Some(_) => rows.push(*item, Mark::MovedTo),
                None => rows.push(*item, Mark::Inserted),
            }
        }
        rows.only_in_record(self.record_events);
        rows.rows
    }

    fn track_of(&self, record: &StreamTrack) -> StreamTrack {
        let mut track = StreamTrack::default();
        for item in &self.line {
            let (version, position, event_type, recorded_at) = match (item, self.own_event(item)) {
                (_, Some(own)) => (own.version, own.position, own.event_type, own.recorded_at),
                (item, None) => {
                    let index = item.record().unwrap_or_default() as usize;
                    // The line was made of the indices of this track.
                    (
                        record.versions[index],
                        record.positions[index],
                        record.types[index],
                        record.recorded_at[index],
                    )
                }
            };
            track.versions.push(version);
            track.positions.push(position);
            track.types.push(event_type);
            track.recorded_at.push(recorded_at);
        }
        track
    }
}

struct Rows<'b> {
    branch: &'b Branch,
    moments: [u32; 2],
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn push(&mut self, item: Item, mark: Mark) {
        for (moment, is_there) in self.moments.iter_mut().zip(mark.sides()) {
            *moment += u32::from(is_there);
        }
        self.rows.push(Row {
            item,
            mark,
            moments: self.moments,
        });
    }

    /// The events of the record before this index that the branch has elsewhere or not at all.
    fn only_in_record(&mut self, end: u32) {
        for index in self.moments[0]..end {
            let has_moved = self.branch.moved.contains(&index);
            self.push(
                Item::Record(index),
                if has_moved { Mark::MovedFrom } else { Mark::Skipped },
            );
        }
    }
}

struct Making<'e> {
    edits: &'e Edits,
    record: &'e StreamTrack,
    inserted: u32,
    branch: Branch,
}

impl Making<'_> {
    fn edit<E>(
        &mut self,
        edit: &Edit,
        fetch: &mut dyn FnMut(u32, &mut EventBatch) -> Result<(), E>,
    ) -> Result<(), BranchError<E>> {
        match &edit.change {
            Change::Skip(event) => {
                let at = self.place_of(edit, event)?;
                if let Some(index) = self.branch.line.remove(at).record() {
                    self.branch.moved.remove(&index);
                }
            }
            Change::Move(event, spot) => self.move_event(edit, event, spot)?,
            Change::Insert(spot, event) => self.insert(edit, spot, event)?,
            Change::Revise(event, revision) => self.revise(edit, event, revision, fetch)?,
        }
        Ok(())
    }

    fn move_event(&mut self, edit: &Edit, event: &EventRef, spot: &Spot) -> Result<(), PackageError> {
        let (Spot::Before(other) | Spot::After(other)) = spot;
        let from = self.place_of(edit, event)?;
        if self.place_of(edit, other)? == from {
            return Err(self
                .edits
                .error(edit.mark, format!("{event} cannot come {spot}: that is itself")));
        }
        let item = self.branch.line.remove(from);
        let to = self.place_at(edit, spot)?;
        self.branch.line.insert(to, item);
        if let Some(index) = item.record().filter(|_| to != from) {
            self.branch.moved.insert(index);
        }
        Ok(())
    }

    fn insert(&mut self, edit: &Edit, spot: &Spot, event: &NewEvent) -> Result<(), PackageError> {
        let at = self.place_at(edit, spot)?;
        let beside = self.branch.line.get(at.saturating_sub(1)).copied();
        let (position, recorded_at) = beside.map_or((Position(0), Timestamp::NONE), |item| self.facts_of(item));
        let (payload, metadata) = (json(&event.payload), event.metadata.as_ref().map(json));
        let event_type = self.branch.names.intern_type(event.event_type.as_bytes());
        let view = EventView {
            position,
            stream: StreamOrdinal(0),
            version: EventBatch::NO_VERSION,
            event_type,
            recorded_at: event.recorded_at.unwrap_or(recorded_at),
            payload: Some(&payload),
            encoding: Encoding::Json,
            metadata: metadata.as_deref(),
            event_id: None,
            correlation_id: None,
            causation_id: None,
            schema_version: event.schema_version.as_ref().map(String::as_bytes),
            occurred_at: event.occurred_at.unwrap_or(Timestamp::NONE),
            row: None,
        };
        let own = self.keep(edit, &view)?;
        self.inserted += 1;
        let number = self.inserted;
        self.branch.line.insert(at, Item::Inserted { number, own });
        Ok(())
    }

    fn revise<E>(
        &mut self,
        edit: &Edit,
        event: &EventRef,
        revision: &Revision,
        fetch: &mut dyn FnMut(u32, &mut EventBatch) -> Result<(), E>,
    ) -> Result<(), BranchError<E>> {
        let at = self.place_of(edit, event)?;
        let item = self.branch.line.get(at).copied().unwrap_or(Item::Record(0));
        let own = match item {
            Item::Edited { own, .. } | Item::Inserted { own, .. } => own,
            Item::Record(record) => {
                let own = crate::error::count(self.branch.own.len());
                fetch(record, &mut self.branch.own).map_err(BranchError::Read)?;
                if let Some(edited) = self.branch.line.get_mut(at) {
                    *edited = Item::Edited { record, own };
                }
                own
            }
        };
        let row = own as usize;
        if !revision.payload.is_empty() {
            let payload = self.revised(edit, event, row, &revision.payload)?;
            let bytes = json(&payload);
            let batch = &mut self.branch.own;
            if !batch.has_room_for(bytes.len()) {
                return Err(self.too_much(edit).into());
            }
            let span = batch.store(&bytes);
            if let (Some(payload), Some(encoding)) = (batch.payloads.get_mut(row), batch.payload_encodings.get_mut(row))
            {
                (*payload, *encoding) = (span, Encoding::Json);
            }
        }
        let batch = &mut self.branch.own;
        if let (Some(time), Some(of)) = (revision.recorded_at, batch.recorded_at.get_mut(row)) {
            *of = time;
        }
        if let (Some(time), Some(of)) = (revision.occurred_at, batch.occurred_at.get_mut(row)) {
            *of = time;
        }
        Ok(())
    }

    fn revised(&self, edit: &Edit, event: &EventRef, row: usize, edits: &[PayloadEdit]) -> Result<Value, PackageError> {
        let error = |message: String| self.edits.error(edit.mark, message);
        let view = self.branch.own.event(row);
        let is_whole = matches!(edits.first(), Some(PayloadEdit::Whole(_)));
        let mut payload = match view.payload {
            // What is replaced whole need not be readable.
            _ if is_whole => Value::Null,
            None => Value::Null,
            Some(bytes) if view.encoding == Encoding::Json => Value::from_json(bytes, Value::MAX_DEPTH)
                .map_err(|found| {
                    error(format!(
                        "the payload of {event} is no JSON ({found}): give all of it as `payload`"
                    ))
                })?
                .with_last_of_repeated(),
            Some(_) => {
                return Err(error(format!(
                    "the payload of {event} is no JSON: give all of it as `payload`"
                )));
            }
        };
        for change in edits {
            let done = match change {
                PayloadEdit::Whole(value) => {
                    payload = value.clone();
                    true
                }
                PayloadEdit::Set(path, value) => set(&mut payload, &path.segments(), value),
                PayloadEdit::Remove(path) => remove(&mut payload, &path.segments()),
            };
            if !done {
                let path = match change {
                    PayloadEdit::Set(path, _) => path.parent().cloned().unwrap_or_default(),
                    PayloadEdit::Remove(path) => path.clone(),
                    PayloadEdit::Whole(_) => Pointer::ROOT,
                };
                let place = if path.is_root() {
                    "its root".to_owned()
                } else {
                    path.to_string()
                };
                return Err(error(format!(
                    "the payload of {event} has nothing at {place} that this could be done to"
                )));
            }
        }
        Ok(payload)
    }

    fn keep(&mut self, edit: &Edit, event: &EventView<'_>) -> Result<u32, PackageError> {
        if !self.branch.own.has_room_for(event.byte_count()) {
            return Err(self.too_much(edit));
        }
        let own = crate::error::count(self.branch.own.len());
        self.branch.own.push(event, Columns::ALL);
        Ok(own)
    }

    fn too_much(&self, edit: &Edit) -> PackageError {
        self.edits.error(
            edit.mark,
            "the events of a branch that are not as recorded hold less than 4 GiB",
        )
    }

    fn facts_of(&self, item: Item) -> (Position, Timestamp) {
        if let Some(own) = self.branch.own_event(&item) {
            return (own.position, own.recorded_at);
        }
        let index = item.record().unwrap_or_default() as usize;
        let position = self.record.positions.get(index).copied().unwrap_or(Position(0));
        (
            position,
            self.record.recorded_at.get(index).copied().unwrap_or(Timestamp::NONE),
        )
    }

    /// Where in the line an event would stand.
    fn place_at(&self, edit: &Edit, spot: &Spot) -> Result<usize, PackageError> {
        match spot {
            Spot::Before(event) => self.place_of(edit, event),
            Spot::After(event) => Ok(self.place_of(edit, event)? + 1),
        }
    }

    fn place_of(&self, edit: &Edit, event: &EventRef) -> Result<usize, PackageError> {
        let error = |message: String| self.edits.error(edit.mark, message);
        let index = match event {
            EventRef::Version(version) => self.record.versions.iter().position(|of| *of == Version(*version)),
            EventRef::Position(position) => self.record.positions.iter().position(|of| *of == Position(*position)),
            EventRef::Inserted(number) => {
                let is_it = |item: &Item| matches!(item, Item::Inserted { number: of, .. } if of == number);
                let place = self.branch.line.iter().position(is_it);
                let many = self.inserted;
                let missing = || error(format!("there is no {event} at this edit: {many} inserted before it"));
                return place.ok_or_else(missing);
            }
        };
        let Some(index) = index else {
            let (first, last) = (self.record.versions.first(), self.record.versions.last());
            let span = match (first, last) {
                (Some(first), Some(last)) if *first != EventBatch::NO_VERSION => {
                    format!("its versions are v{} to v{}", first.0, last.0)
                }
                _ => "it keeps no versions: name events by position, as #4711".to_owned(),
            };
            return Err(error(format!("the stream has no event {event}; {span}")));
        };
        let index = crate::error::count(index);
        let place = self.branch.line.iter().position(|item| item.record() == Some(index));
        place.ok_or_else(|| error(format!("{event} was left out by an edit before this one")))
    }
}

fn json(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.write_json(&mut bytes);
    bytes
}

/// Sets a member or element, which may be new, at the end of an array too. `false`: there is nothing to set it in.
fn set(into: &mut Value, path: &[&Segment], value: &Value) -> bool {
    let Some((segment, below)) = path.split_first() else {
        *into = value.clone();
        return true;
    };
    match into {
        Value::Object(object) => {
            let key = segment.to_key();
            if below.is_empty() {
                object.insert(key, value.clone());
                return true;
            }
            object
                .get_mut(key.as_wtf8())
                .is_some_and(|inside| set(inside, below, value))
        }
        Value::Array(array) => {
            let is_end = segment.to_key().as_wtf8() == b"-" || **segment == Segment::from_index(array.len());
            if below.is_empty() && is_end {
                array.push(value.clone());
                return true;
            }
            let Segment::Index(index) = segment else { return false };
            array
                .get_mut(*index as usize)
                .is_some_and(|inside| set(inside, below, value))
        }
        _ => false,
    }
}

/// Takes a member or element away. `false`: there is none.
fn remove(from: &mut Value, path: &[&Segment]) -> bool {
    let Some((segment, below)) = path.split_first() else {
        return false;
    };
    match (from, segment) {
        (Value::Object(object), segment) => {
            let key = segment.to_key();
            if below.is_empty() {
                return object.remove(key.as_wtf8()).is_some();
            }
            object
                .get_mut(key.as_wtf8())
                .is_some_and(|inside| remove(inside, below))
        }
        (Value::Array(array), Segment::Index(index)) => {
            let index = *index as usize;
            if index >= array.len() {
                return false;
            }
            if below.is_empty() {
                array.remove(index);
                return true;
            }
            array.get_mut(index).is_some_and(|inside| remove(inside, below))
        }
        _ => false,
    }
}
