//! The report about a person: which streams hold one, what of their events is shown, and the pseudonyms of everybody else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use refold_audit::report::model::{Pseudonymised, Pseudonyms};
use refold_audit::report::pseudonym::{CaseKey, SCHEME};
use refold_core::event::{Columns, EventBatch, EventView};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::value::Redacted;
use refold_core::work::Work;

use super::super::folder::{new_key, read_key};
use super::hidden::{HiddenPaths, generic};
use super::record::READ_EVENTS;
use crate::answer::{EventAnswer, Stored};
use crate::error::AppError;
use crate::mask::{Column, Excerpt, Fate, Part, PersonKey, Shown};
use crate::payload;
use crate::session::Session;
use crate::text::{self, counted, grouped};

/// The domain of what names events: an event and the one that it caused are still seen to belong together.
const EVENT: &str = "event";
/// That of the ids of streams.
const STREAM: &str = "stream";

/// By what a person is known, and what of the events is shown.
#[derive(Debug, Clone, Default)]
pub struct SubjectAsked {
    /// `/customerId=C-7`, one or more.
    pub keys: Vec<String>,
    /// The list of what is shown; `None`: only what the keys name.
    pub allow: Option<PathBuf>,
    /// The key that pseudonyms are made with; `None`: a new one, which comes to lie beside the report.
    pub case_key: Option<PathBuf>,
}

pub struct Subject {
    keys: Vec<PersonKey>,
    excerpt: Excerpt,
    list: Option<String>,
    case_key: CaseKey,
    is_new_key: bool,
    /// The streams that hold the person, as they are named, and those that the caller named.
    pub streams: Vec<String>,
    named: BTreeSet<Vec<u8>>,
    /// Events that hold each key.
    held: Vec<u64>,
    looked_at: u64,
    unreadable: u64,
    /// By part, path and domain: how many values stand there by a pseudonym.
    counts: BTreeMap<(&'static str, String, String), u64>,
}

impl Subject {
    pub fn open(asked: &SubjectAsked) -> Result<Subject, AppError> {
        let keys: Vec<PersonKey> = asked
            .keys
            .iter()
            .map(|key| PersonKey::parse(key))
            .collect::<Result<_, _>>()?;
        let case_key = match &asked.case_key {
            Some(file) => read_key(
                file,
                "the case",
                "name the file that was made beside an earlier report of the case, or leave it away for a new one",
            )?,
            None => new_key()?,
        };
        Ok(Subject {
            held: vec![0; keys.len()],
            keys,
            excerpt: asked
                .allow
                .as_deref()
                .map(Excerpt::read)
                .transpose()?
                .unwrap_or_default(),
            list: asked.allow.as_deref().map(crate::mask::text).transpose()?,
            case_key: CaseKey(case_key),
            is_new_key: asked.case_key.is_none(),
            streams: Vec::new(),
            named: BTreeSet::new(),
            looked_at: 0,
            unreadable: 0,
            counts: BTreeMap::new(),
        })
    }

    /// Looks for the person in every event. What rules hide is not looked into: whether it is there would tell what it is.
    /// `named`: streams that belong to it too.
    pub fn find(
        &mut self,
        work: &Work<'_>,
        session: &Session,
        named: &[String],
        found: &Findings,
    ) -> Result<(), AppError> {
        session.mask().report_search(found);
        self.named = named.iter().map(|name| text::id_from_shown(name)).collect();
        let mut streams = self.named.clone();
        let mut reader = session.store().read(&ReadQuery {
            scope: Scope::All {
                after: None,
                up_to: None,
            },
            direction: Direction::Forward,
            columns: Columns::ALL,
        })?;
        let (mut batch, mut names) = (EventBatch::default(), Names::default());
        let total = session.description().event_count;
        work.tick("looking for the person", 0, total)?;
        // What cannot be read is told by whatever takes the events afterwards.
        let told = Findings::default();
        while reader.next_batch(work, READ_EVENTS, &mut batch, &mut names, &told)? {
            for row in 0..batch.len() {
                let event = batch.event(row);
                let is_held = payload::covered(&event, session.mask(), &names, |event| self.is_held(event));
                if is_held {
                    streams.insert(names.stream(event.stream).to_vec());
                }
            }
            self.looked_at += batch.len() as u64;
            work.tick("looking for the person", self.looked_at, total)?;
            names = Names::default();
        }
        self.streams = streams.iter().map(|id| text::shown(id)).collect();
        match self.streams.is_empty() {
            false => Ok(()),
            true => Err(AppError::not_found(
                "no event holds this person",
                "look at the path and the value: `refold search` finds where it stands",
            )),
        }
    }

    /// Counts the keys that an event holds, as it is shown.
    fn is_held(&mut self, event: &EventView<'_>) -> bool {
        let (mut is_held, mut is_unreadable) = (false, false);
        for (key, held) in self.keys.iter().zip(&mut self.held) {
            let mut holds = false;
            for bytes in [event.payload, event.metadata].into_iter().flatten() {
                match key.is_in(bytes) {
                    Some(is_in) => holds |= is_in,
                    None => is_unreadable = true,
                }
            }
            *held += u64::from(holds);
            is_held |= holds;
        }
        self.unreadable += u64::from(is_unreadable);
        is_held
    }

    /// Leaves in an event what is shown of it, as the rules that hide left it.
    pub fn shorten(
        &mut self,
        answer: &mut EventAnswer,
        event: &EventView<'_>,
        names: &Names,
        hidden: &mut HiddenPaths,
    ) {
        let stream = names.stream(event.stream);
        for (part, name, stored) in [
            (Part::Payload, "payload", &mut answer.payload),
            (Part::Metadata, "metadata", &mut answer.metadata),
        ] {
            let shown = self.shown_of(event, names, part);
            let bytes = match stored {
                Stored::Absent => continue,
                Stored::Json(bytes) => Some(bytes),
                Stored::Bytes { .. } => None,
            };
            let (key, counts) = (&self.case_key, &mut self.counts);
            let left = bytes.and_then(|bytes| {
                shown.json(bytes, &mut |path, _, fate| match fate {
                    Fate::Hidden => {
                        hidden.add(name, generic(path));
                        Redacted::SHOWN.to_owned()
                    }
                    Fate::Pseudonym { domain, value } => {
                        *counts.entry((name, generic(path), (*domain).to_owned())).or_default() += 1;
                        written(&key.pseudonym(domain, value))
                    }
                })
            });
            *stored = Stored::Json(left.unwrap_or_else(|| {
                hidden.add(name, String::new());
                format!("\"{}\"", Redacted::SHOWN).into_bytes()
            }));
        }
        if !self.is_stream_shown(stream) {
            answer.stream = text::exact(self.stream(stream).as_bytes());
            // Where nothing in an id says where its category ends, it is all of it.
            if names.category(event.stream) == stream {
                answer.category = answer.stream.clone();
            }
            self.count_column("stream", STREAM);
        }
        for (column, name, of) in [
            (Column::EventId, "event_id", &mut answer.event_id),
            (Column::CorrelationId, "correlation_id", &mut answer.correlation_id),
            (Column::CausationId, "causation_id", &mut answer.causation_id),
        ] {
            if let Some(id) = of.as_mut().filter(|_| !self.excerpt.shows(column)) {
                *id = text::exact(written(&self.case_key.pseudonym(EVENT, id.text().as_bytes())).as_bytes());
                self.count_column(name, EVENT);
            }
        }
    }

    fn count_column(&mut self, name: &str, domain: &str) {
        *self
            .counts
            .entry(("column", name.to_owned(), domain.to_owned()))
            .or_default() += 1;
    }

    fn is_stream_shown(&self, id: &[u8]) -> bool {
        self.excerpt.shows(Column::Stream) || self.named.contains(id)
    }

    /// What the report calls a stream.
    pub fn stream(&self, id: &[u8]) -> String {
        match self.is_stream_shown(id) {
            true => text::shown(id),
            false => written(&self.case_key.pseudonym(STREAM, id)),
        }
    }

    /// The text of the list.
    pub fn list(&self) -> Option<&str> {
        self.list.as_deref()
    }

    /// The key, where it is a new one, which must not be lost.
    pub fn new_key(&self) -> Option<&CaseKey> {
        Some(&self.case_key).filter(|_| self.is_new_key)
    }

    /// What is shown of a part of an event.
    pub fn shown_of(&self, event: &EventView<'_>, names: &Names, part: Part) -> Shown {
        let (category, event_type) = (names.category(event.stream), names.type_name(event.event_type));
        self.excerpt.of(category, event_type, part, &self.keys)
    }

    /// `operator`: who holds the key, as far as anybody was named.
    pub fn pseudonyms(&self, operator: Option<&str>) -> Pseudonyms {
        let one = |((part, path, domain), count): (&(&'static str, String, String), &u64)| Pseudonymised {
            part: (*part).to_owned(),
            path: path.clone(),
            domain: domain.clone(),
            count: *count,
        };
        Pseudonyms {
            scheme: SCHEME.to_owned(),
            key_id: self.case_key.id(),
            held_by: match operator {
                Some(operator) => format!("{operator}, who made this report; it is in no file of it"),
                None => "whoever made this report, and nobody was named; it is in no file of it".to_owned(),
            },
            of: self.counts.iter().map(one).collect(),
        }
    }

    /// How the person was found.
    pub fn steps(&self) -> Vec<String> {
        let keys = self
            .keys
            .iter()
            .zip(&self.held)
            .map(|(key, held)| format!("{}={} in {}", key.path, key.value, counted(*held, "event")));
        let mut steps = vec![format!(
            "The person was looked for in {}, in payloads and metadata: {}. Every event of a stream that holds one of these \
             belongs to the report.",
            counted(self.looked_at, "event"),
            keys.collect::<Vec<_>>().join(", ")
        )];
        if !self.named.is_empty() {
            steps.push(format!(
                "{} named by the caller belongs to it too.",
                counted(self.named.len() as u64, "stream")
            ));
        }
        steps.push(
            "Of these events only fields on the list are shown, and the keys above. What names others stands by a pseudonym, \
             [pseudonym …]: the first 16 letters of base32(HMAC-SHA-256(case key, domain, 0, value)), so that the same \
             value has the same one in every report of the case. Everything else reads [redacted]."
                .to_owned(),
        );
        steps
    }

    /// What cannot be found, and what what is shown may still tell.
    pub fn limits(&self) -> Vec<String> {
        let unreadable = (self.unreadable > 0).then(|| {
            format!(
                "{} of {} hold what is no JSON, and were not looked into there.",
                counted(self.unreadable, "event"),
                grouped(self.looked_at)
            )
        });
        let sentences = [
            Some(
                "The person was found by these keys alone: not under other keys, in running text, in another way of \
                 writing, in what is encrypted, hidden by rules or no JSON, nor in the ids of streams."
                    .to_owned(),
            ),
            unreadable,
            Some(
                "What is on the list is shown as it is, whoever it is about; names of fields, types, categories, positions, \
                 versions and times are shown of every event."
                    .to_owned(),
            ),
            Some(
                "A pseudonym says which values are the same. Who knows more of these people may guess who they are, and who \
                 has the case key can try."
                    .to_owned(),
            ),
        ];
        sentences.into_iter().flatten().collect()
    }
}

/// A pseudonym as it stands in the place of a value, so that nobody takes it for one.
fn written(pseudonym: &str) -> String {
    format!("[pseudonym {pseudonym}]")
}

/// Where a new case key comes to lie: beside the report, and not in it.
pub fn key_beside(report: &Path) -> PathBuf {
    report.with_extension("case-key")
}
