//! Writing a case file, and what one says of itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::fold::Detail;
use refold_core::names::Names;
use refold_core::port::store::{Direction, OrderQuality, ReadQuery, Scope, StoreError};
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::{Phase, Work};
use refold_stores::case::{MAGIC, Origin, OriginUnsettled, seal_line};
use serde::Serialize;

use super::events::event_answer;
use super::replayed::Replayed;
use super::search::export::json_line;
pub use crate::case::CaseStream;
use crate::case::{Carried, Contents, is_of_files};
use crate::error::{AppError, ErrorCode};
use crate::mask::Part;
use crate::places::Places;
use crate::session::Session;
use crate::stream::Stream;
use crate::wire::{Axis, CaseAsked, DocumentPlace, FindingGroup, Note, NoteKind, Written};
use crate::written_file::{NewFile, Own};
use crate::{clock, findings, handler, notebook, payload, text};

/// Events read at a time.
const READ_EVENTS: usize = 1_024;

/// What happens to a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Kept,
    /// An earlier case file; nothing else ever is.
    Replaced,
}

/// A case file that was written, and the streams in it.
#[derive(Debug, Serialize)]
pub struct Saved {
    #[serde(flatten)]
    pub written: Written,
    pub streams: Vec<CaseStream>,
}

/// Writes the notebook of a store, the streams that it is about and those that are asked for, and the places of a
/// window into a case file. Whole streams go into it, as a person may see them.
pub fn save(
    work: &Work<'_>,
    session: &Session,
    places: &Places,
    asked: &CaseAsked,
    file: &Path,
    existing: Existing,
) -> Result<Saved, AppError> {
    if session.case().is_some() {
        return Err(AppError::invalid(
            "what is open is a case file, and not the store that it is from",
            "copy the file, or open the store and save a case there",
        ));
    }
    session.expect_reached("a case")?;
    if existing == Existing::Kept && file.symlink_metadata().is_ok() {
        return Err(AppError::invalid(
            format!(
                "the case is not written: a file of this name is there: {}",
                file.display()
            ),
            "choose another name, or say that it is to be replaced",
        )
        .typed("--replace"));
    }
    const CASE: Own = Own {
        noun: "case",
        begins_with: Some(MAGIC),
    };
    let mut out = NewFile::create(file, &[session.path()], &CASE)?;
    let mut notes = notebook::load(places, &session.noted_as())?.notes;
    let mut gathered = Gathered::default();
    for (stream, handler) in wanted(asked) {
        gathered.add(work, session, &stream, handler.as_deref())?;
    }
    gathered.add_noted(work, session, &notes)?;
    // Where somebody was last is nothing that he noted: it goes along where its stream does.
    notes.retain(|note| note.kind != NoteKind::Trail || gathered.holds(&note.stream));
    if gathered.streams.is_empty() {
        return Err(AppError::invalid(
            "there is nothing to put into a case: nothing is noted, and no stream is named",
            "bookmark a moment or open a stream first, or name one",
        )
        .typed("--stream STREAM"));
    }
    let handlers = carried(&asked.places)?;
    let streams: Vec<CaseStream> = gathered.streams.iter().map(described).collect();
    let contents = Contents {
        refold_case: Contents::FORM,
        written_by: env!("CARGO_PKG_VERSION").to_owned(),
        written_at: text::time_label(second_of(clock::now()), 0),
        store: origin(work, session, &gathered)?,
        streams: streams.clone(),
        left_out: left_out(session, &gathered, &handlers, asked),
        places: placed(&asked.places, &handlers),
        notes,
        shown: asked.shown,
        handlers: handlers.into_values().collect(),
        masks: session.mask().texts()?,
        findings: findings::groups(&gathered.findings),
    };
    out.write(contents.line()?.as_bytes())?;
    let events = write_events(work, session, &gathered.positions(), &mut out)?;
    out.write(seal_line(events, &out.digest()).as_bytes())?;
    // Who cancels in the last moment gets no file either.
    work.check()?;
    // First: what is revealed leaves no trace otherwise of where it went.
    let ids = gathered.streams.iter().map(|stream| &*stream.id);
    session.mask().log_written("case", ids, file)?;
    session.log_export(CASE.noun, file, &out.digest())?;
    Ok(Saved {
        written: out.keep()?.told(file, events, &gathered.findings),
        streams,
    })
}

/// A stream as the window would show it: A and B at cursors, under a handler; `None`: `builtin:merge`.
pub fn place(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    at: &str,
    base: Option<&str>,
    handler: Option<&str>,
) -> Result<DocumentPlace, AppError> {
    let replayed = Replayed::open(work, session, stream, handler, Detail::State, at)?;
    let (a, _) = replayed.resolve(at)?;
    let b = base.map(|base| replayed.resolve(base)).transpose()?;
    Ok(DocumentPlace {
        view: "history".to_owned(),
        store: None,
        layout: None,
        stream: Some(text::shown(&replayed.stream.id)),
        category: Some(text::shown(&replayed.stream.category)),
        handler: Some(handler.unwrap_or(handler::DEFAULT).to_owned()),
        a: a.moment.0,
        b: b.map(|(b, _)| b.moment.0),
        lens: if b.is_some() { "diff" } else { "state" }.to_owned(),
        axis: Axis::Version,
        from: None,
        to: None,
        focus: None,
        types: Vec::new(),
        as_of: None,
        asked: a.lies_in_gap().then(|| at.to_owned()),
        lanes: None,
        streams: None,
        compared: None,
        sandbox: None,
        look: None,
    })
}

/// What a case file says of itself.
#[derive(Debug, Serialize)]
pub struct CaseAnswer {
    pub file: String,
    pub written_at: String,
    pub written_by: String,
    pub store: Origin,
    pub streams: Vec<CaseStream>,
    pub handlers: Vec<CaseHandler>,
    pub notes: Vec<CaseNote>,
    pub left_out: Vec<String>,
    pub findings: Vec<FindingGroup>,
}

#[derive(Debug, Serialize)]
pub struct CaseHandler {
    pub name: String,
    pub version: String,
    pub hash: String,
    /// What `--handler` takes; `null`: its files are not in the case.
    pub handler: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct CaseNote {
    pub stream: String,
    pub at: String,
    pub until: Option<String>,
    pub path: Option<String>,
    pub text: String,
    pub changed_at: String,
}

/// What the case file that is open says of itself.
pub fn show(session: &Session) -> Result<CaseAnswer, AppError> {
    let Some(case) = session.case() else {
        return Err(AppError::invalid(
            format!("it is a store, and no case file: {}", session.location()),
            "write a case file from it",
        )
        .typed("refold case save STORE --stream STREAM --out FILE"));
    };
    let contents = case.contents().clone();
    let handlers = case.wire(session.location()).handlers;
    Ok(CaseAnswer {
        file: session.location().to_owned(),
        written_at: contents.written_at,
        written_by: contents.written_by,
        store: contents.store,
        streams: contents.streams,
        handlers: handlers
            .into_iter()
            .map(|of| CaseHandler {
                name: of.name,
                version: of.version,
                hash: of.hash,
                handler: of.reference,
            })
            .collect(),
        notes: contents
            .notes
            .into_iter()
            .map(|note| CaseNote {
                stream: note.stream,
                at: note.at,
                until: note.until,
                path: note.path,
                text: note.text,
                changed_at: note.changed_at,
            })
            .collect(),
        left_out: contents.left_out,
        findings: contents.findings,
    })
}

/// The streams of a case.
#[derive(Default)]
struct Gathered {
    streams: Vec<Stream>,
    findings: Arc<Findings>,
    /// Streams of notes that the store does not hold.
    missing: Vec<String>,
}

impl Gathered {
    /// Adds a stream once, with what is noteworthy of it under a handler.
    fn add(&mut self, work: &Work<'_>, session: &Session, id: &str, handler: Option<&str>) -> Result<(), AppError> {
        let own = Arc::<Findings>::default();
        let stream = match handler {
            Some(_) => {
                let mut replayed = Replayed::open(work, session, id, handler, Detail::State, "head")?;
                replayed.state_at(work, replayed.stream.end())?;
                for (code, count, kept) in replayed.findings.summary() {
                    own.report_many(code, count, kept);
                }
                replayed.stream
            }
            None => {
                let of_skeleton = Findings::default();
                let stream = Stream::load(work, session, id, &of_skeleton)?;
                let (start, head) = (Moment::START, stream.track.head());
                stream.visit(work, session.store(), &own, start, head, &mut |_, event| {
                    payload::report_repeated(event, stream.names(), &own);
                    Ok(())
                })?;
                findings::add_again(&of_skeleton, &own);
                stream.report_track(session.description().numbering(), &own);
                session.mask().report(&stream.category, &own);
                stream
            }
        };
        if self.streams.iter().all(|known| known.id != stream.id) {
            for (code, count, kept) in own.summary() {
                self.findings.report_many(code, count, kept);
            }
            self.streams.push(stream);
        }
        Ok(())
    }

    /// `stream`: as it is shown.
    fn holds(&self, stream: &str) -> bool {
        self.streams.iter().any(|known| text::shown(&known.id) == stream)
    }

    /// Adds the streams that are noted. One that the store does not hold any more is no reason to write nothing.
    fn add_noted(&mut self, work: &Work<'_>, session: &Session, notes: &[Note]) -> Result<(), AppError> {
        for note in notes.iter().filter(|note| note.kind != NoteKind::Trail) {
            if self.holds(&note.stream) || self.missing.contains(&note.stream) {
                continue;
            }
            match self.add(work, session, &note.stream, None) {
                Err(error) if error.code == ErrorCode::NotFound => self.missing.push(note.stream.clone()),
                added => added?,
            }
        }
        Ok(())
    }

    /// Of all events, ascending.
    fn positions(&self) -> Vec<Position> {
        let mut positions: Vec<Position> = self
            .streams
            .iter()
            .flat_map(|stream| stream.track.positions.iter().copied())
            .collect();
        positions.sort_unstable();
        positions
    }
}

/// The streams that are asked for and those of places and their lanes, each with the handler of its first place.
fn wanted(asked: &CaseAsked) -> Vec<(String, Option<String>)> {
    let mut wanted: Vec<(String, Option<String>)> = Vec::new();
    let of_places = asked.places.iter().filter_map(|place| {
        let stream = place.stream.clone()?;
        Some((stream, place.handler.clone()))
    });
    let named = asked.streams.iter().map(|stream| (stream.clone(), None));
    let of_lanes = asked.places.iter().filter_map(|place| place.lanes.as_ref());
    let on_lanes = of_lanes.flat_map(|lanes| lanes.streams.iter().map(|stream| (stream.clone(), None)));
    for (stream, handler) in of_places.chain(on_lanes).chain(named) {
        if wanted.iter().all(|(known, _)| *known != stream) {
            wanted.push((stream, handler));
        }
    }
    wanted
}

fn second_of(time: Timestamp) -> Timestamp {
    Timestamp(time.0 - time.0.rem_euclid(1_000_000_000))
}

fn described(stream: &Stream) -> CaseStream {
    CaseStream {
        stream: text::shown(&stream.id),
        category: text::shown(&stream.category),
        events: stream.track.head().0,
    }
}

fn origin(work: &Work<'_>, session: &Session, gathered: &Gathered) -> Result<Origin, AppError> {
    let description = session.description();
    let fingerprint = session.store().fingerprint()?;
    let of_last = match fingerprint.last_position {
        Some(position) => recorded_at(work, session, position)?,
        None => Timestamp::NONE,
    };
    let times = gathered
        .streams
        .iter()
        .flat_map(|stream| stream.track.recorded_at.iter());
    let latest = times.filter(|time| !time.is_none()).max().copied();
    let digits = description.time_digits;
    Ok(Origin {
        location: session.location().to_owned(),
        kind: description.kind.clone(),
        layout: description.layout.clone(),
        layout_title: description.layout_title.clone(),
        identity: fingerprint.identity,
        change_token: fingerprint.change_token,
        last_position_recorded_at: text::filled(text::time_label(of_last, digits)),
        last_position: fingerprint.last_position.map(text::position_label),
        events_until: text::filled(text::time_label(latest.unwrap_or(Timestamp::NONE), digits)),
        order_is_total: description.order == OrderQuality::Total,
        version_base: description.version_base,
        skips_versions: description.skips_versions,
        time_digits: digits,
        time_zone: description.time_zone.clone(),
        unsettled: session.unsettled().map(|unsettled| OriginUnsettled {
            behind: unsettled.behind,
            last: unsettled.last,
            why: unsettled.why,
        }),
    })
}

/// When the event at a position was recorded; `NONE`: it cannot be read, or has no time.
fn recorded_at(work: &Work<'_>, session: &Session, position: Position) -> Result<Timestamp, AppError> {
    let mut reader = session.store().read(&ReadQuery {
        scope: Scope::Positions(vec![position]),
        direction: Direction::Forward,
        columns: Columns::SKELETON,
    })?;
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    match reader.next_batch(work, 1, &mut batch, &mut names, &Findings::default())? {
        true if !batch.is_empty() => Ok(batch.event(0).recorded_at),
        true | false => Ok(Timestamp::NONE),
    }
}

/// The handlers of places that are packages or files, by what the places call them.
fn carried(places: &[DocumentPlace]) -> Result<BTreeMap<String, Carried>, AppError> {
    let mut all: BTreeMap<String, Carried> = BTreeMap::new();
    for handler in places.iter().filter_map(|place| place.handler.as_deref()) {
        if is_of_files(handler) && !all.contains_key(handler) {
            let program = handler::open(Some(handler))?;
            let carried = Carried::of(handler, program.identity(), all.values());
            all.insert(handler.to_owned(), carried);
        }
    }
    Ok(all)
}

/// The places with the names that handlers have in the case, and without the path of the store.
fn placed(places: &[DocumentPlace], handlers: &BTreeMap<String, Carried>) -> Vec<DocumentPlace> {
    let name = |handler: &String| {
        handlers
            .get(handler)
            .map_or_else(|| handler.clone(), Carried::reference)
    };
    places
        .iter()
        .map(|place| DocumentPlace {
            store: None,
            layout: None,
            handler: place.handler.as_ref().map(name),
            // Its handlers are paths of this machine.
            compared: None,
            ..place.clone()
        })
        .collect()
}

fn left_out(
    session: &Session,
    gathered: &Gathered,
    handlers: &BTreeMap<String, Carried>,
    asked: &CaseAsked,
) -> Vec<String> {
    let mut sentences = Vec::new();
    let count = gathered.streams.len() as u64;
    let whole = session.index().map(|index| u64::from(index.stream_count()));
    if whole.is_none_or(|whole| whole > count) {
        let of = whole
            .map(|whole| format!(" of {}", text::grouped(whole)))
            .unwrap_or_default();
        sentences.push(format!(
            "streams in it: {}{of}; causes and effects in others are not here",
            text::grouped(count)
        ));
    }
    let mask = session.mask();
    let is_hidden = |stream: &Stream, part: &Part| !mask.cover(&stream.id, &stream.category, None, *part).is_empty();
    if gathered
        .streams
        .iter()
        .any(|stream| Part::ALL.iter().any(|part| is_hidden(stream, part)))
    {
        sentences.push(
            "what masking rules hide stands here as [redacted], and states are folded from that: they may differ from those of \
             the store"
                .to_owned(),
        );
    }
    for reveal in mask.reveals() {
        let path = if reveal.path.is_root() {
            "all".to_owned()
        } else {
            reveal.path.to_string()
        };
        sentences.push(format!(
            "what was revealed when the case was written is here in full: {path}"
        ));
    }
    for carried in handlers.values().filter(|carried| carried.files.is_empty()) {
        sentences.push(format!(
            "the files of the handler {} are not here, they are too large or no text: {}",
            carried.name, carried.hash
        ));
    }
    if mask.has_rules() && asked.places.iter().any(|place| place.sandbox.is_some()) {
        sentences.push(
            "edits of the sandbox are here as they were typed: no masking rule hides anything of them".to_owned(),
        );
    }
    for it in &asked.elsewhere {
        sentences.push(format!("of what stood open, not here: {it}"));
    }
    for stream in &gathered.missing {
        sentences.push(format!("a stream that is noted is not in the store: {stream}"));
    }
    if gathered
        .streams
        .iter()
        .any(|stream| std::str::from_utf8(&stream.id).is_err())
    {
        sentences.push("ids that are no UTF-8 stand here as they are shown".to_owned());
    }
    sentences
}

/// Writes the events at these positions, and says how many there are.
fn write_events(
    work: &Work<'_>,
    session: &Session,
    positions: &[Position],
    out: &mut NewFile<'_>,
) -> Result<u32, AppError> {
    let digits = session.description().time_digits;
    let known = Findings::default();
    let mut written = 0_u32;
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    for part in positions.chunks(READ_EVENTS) {
        work.tick(Phase::WritingTheCase, u64::from(written), Some(positions.len() as u64))?;
        let before = written;
        let mut reader = session.store().read(&ReadQuery {
            scope: Scope::Positions(part.to_vec()),
            direction: Direction::Forward,
            columns: Columns::ALL,
        })?;
        while reader.next_batch(work, READ_EVENTS, &mut batch, &mut names, &known)? {
            for row in 0..batch.len() {
                let event = event_answer(&batch.event(row), &names, digits, session.mask());
                out.write(json_line(event)?.as_bytes())?;
                written += 1;
            }
        }
        if (written - before) as usize != part.len() {
            return Err(StoreError::Changed {
                location: session.location().to_owned(),
                detail: "events are gone from it that were there before".to_owned(),
            }
            .into());
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests;
