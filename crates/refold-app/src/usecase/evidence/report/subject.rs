//! The report about a person: which streams hold one, what of their events is shown, and the pseudonyms of everybody else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use refold_audit::report::model::{Pseudonymised, Pseudonyms};
use refold_audit::report::pseudonym::{CaseKey, SCHEME};
use refold_core::event::{Columns, EventBatch, EventView};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::value::Redacted;
use refold_core::work::{Phase, Work};
use refold_stores::NO_STREAM;

use super::super::folder::{new_key, read_key};
use super::hidden::HiddenPaths;
use super::record::READ_EVENTS;
use crate::answer::{EventAnswer, Stored};
use crate::error::AppError;
use crate::mask::{Column, Excerpt, Holder, Left, Mask, Part, PersonKey, Rule, Shown};
use crate::payload::{self, held};
use crate::session::Session;
use crate::stream::Stream;
use crate::text::{self, counted, grouped};

/// The domain of what names events: an event and the one that it caused are still seen to belong together.
const EVENT: &str = "event";
/// That of the ids of streams, and that of categories, which may be cut from them.
const STREAM: &str = "stream";
const CATEGORY: &str = "category";
/// That of the texts of rule files and of the list.
const RULES: &str = "rules";

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
    /// The text of the list.
    list: Option<String>,
    /// Entries of it that found nothing so far.
    idle: Vec<Rule>,
    case_key: CaseKey,
    is_new_key: bool,
    /// The ids of the streams that hold the person and of those that the caller named, as the store has them.
    pub streams: Vec<Vec<u8>>,
    named: usize,
    /// Events that hold each key.
    held: Vec<u64>,
    /// Events that hold one, and belong to no stream.
    without_stream: u64,
    looked_at: u64,
    not_json: u64,
    /// What reading came upon while the person was looked for, in the whole store.
    came_upon: Findings,
    /// By part, path and domain: how many values stand there by a pseudonym.
    counts: BTreeMap<(&'static str, String, String), u64>,
}

impl Subject {
    pub fn open(asked: &SubjectAsked) -> Result<Subject, AppError> {
        if asked.keys.is_empty() {
            return Err(AppError::invalid(
                "nobody says what the person is known by",
                "name a field and its value, as /customerId=C-7",
            ));
        }
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
        let excerpt = asked
            .allow
            .as_deref()
            .map(Excerpt::read)
            .transpose()?
            .unwrap_or_default();
        Ok(Subject {
            held: vec![0; keys.len()],
            without_stream: 0,
            keys,
            idle: excerpt.entries(),
            excerpt,
            list: asked.allow.as_deref().map(crate::mask::text).transpose()?,
            case_key: CaseKey(case_key),
            is_new_key: asked.case_key.is_none(),
            streams: Vec::new(),
            named: 0,
            looked_at: 0,
            not_json: 0,
            came_upon: Findings::default(),
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
        let mut streams = BTreeSet::new();
        for name in named {
            streams.insert(Stream::load(work, session, name, &Findings::default())?.id);
        }
        self.named = streams.len();
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
        work.tick(Phase::LookingForThePerson, 0, total)?;
        while reader.next_batch(work, READ_EVENTS, &mut batch, &mut names, &self.came_upon)? {
            for row in 0..batch.len() {
                let event = batch.event(row);
                // As the store has it: rules hide what is no JSON, as JSON.
                let is_no_json = |bytes: &[u8]| held::check(bytes).is_err();
                let mut parts = [event.payload, event.metadata].into_iter().flatten();
                self.not_json += u64::from(parts.any(is_no_json));
                let is_held = payload::covered(&event, session.mask(), &names, |event| self.is_held(event));
                match names.stream(event.stream) {
                    _ if !is_held => {}
                    // Events without a stream have nothing in common.
                    NO_STREAM => self.without_stream += 1,
                    stream => drop(streams.insert(stream.to_vec())),
                }
            }
            self.looked_at += batch.len() as u64;
            work.tick(Phase::LookingForThePerson, self.looked_at, total)?;
            names = Names::default();
        }
        self.streams = streams.into_iter().collect();
        match self.streams.is_empty() {
            false => Ok(()),
            true if self.without_stream > 0 => Err(AppError::not_found(
                format!(
                    "this person is only in events without a stream: {}",
                    grouped(self.without_stream)
                ),
                "name (no stream) as a stream to take all events without one",
            )),
            true => Err(AppError::not_found(
                "no event holds this person",
                "look at the path and the value; a search finds where it stands",
            )
            .typed("refold search STORE TEXT")),
        }
    }

    /// Counts the keys that an event holds, as it is shown.
    fn is_held(&mut self, event: &EventView<'_>) -> bool {
        let mut is_held = false;
        for (key, held) in self.keys.iter().zip(&mut self.held) {
            let mut parts = [event.payload, event.metadata].into_iter().flatten();
            let holds = parts.any(|bytes| key.holder(bytes) == Holder::Person);
            *held += u64::from(holds);
            is_held |= holds;
        }
        is_held
    }

    /// Leaves in an event what is shown of it, as the rules that hide left it.
    pub fn shorten(
        &mut self,
        answer: &mut EventAnswer,
        event: &EventView<'_>,
        (names, mask): (&Names, &Mask),
        hidden: &mut HiddenPaths,
    ) {
        self.try_idle(event, names, mask);
        let [payload, metadata] = self.shown_of(event, names, mask);
        for (shown, name, stored) in [
            (payload, "payload", &mut answer.payload),
            (metadata, "metadata", &mut answer.metadata),
        ] {
            let left = match stored {
                Stored::Absent => continue,
                Stored::Json(bytes) => shown.left(bytes, &|domain, value| self.pseudonym(domain, value)),
                Stored::Bytes { .. } => None,
            };
            let Some(Left { text, instead, .. }) = left else {
                hidden.add(name, String::new());
                *stored = Stored::Json(format!("\"{}\"", Redacted::SHOWN).into_bytes());
                continue;
            };
            for it in instead {
                match it.domain {
                    None => hidden.add(name, it.path),
                    Some(domain) => *self.counts.entry((name, it.path, domain.to_owned())).or_default() += 1,
                }
            }
            *stored = Stored::Json(text);
        }
        self.shorten_columns(answer, names.stream(event.stream), hidden);
    }

    /// Takes from the entries that found nothing those that find something of this event, as it is shown.
    pub fn try_idle(&mut self, event: &EventView<'_>, names: &Names, mask: &Mask) {
        let idle = &mut self.idle;
        if !idle.is_empty() {
            payload::covered(event, mask, names, |event| {
                idle.retain(|rule| !rule.is_in(event, names))
            });
        }
    }

    fn shorten_columns(&mut self, answer: &mut EventAnswer, stream: &[u8], hidden: &mut HiddenPaths) {
        let ids = [
            (Column::Stream, "stream", STREAM, Some(&mut answer.stream)),
            (Column::Category, "category", CATEGORY, Some(&mut answer.category)),
            (Column::EventId, "event_id", EVENT, answer.event_id.as_mut()),
            (
                Column::CorrelationId,
                "correlation_id",
                EVENT,
                answer.correlation_id.as_mut(),
            ),
            (Column::CausationId, "causation_id", EVENT, answer.causation_id.as_mut()),
        ];
        for (column, name, domain, id) in ids {
            if let Some(id) = id.filter(|_| !self.excerpt.shows(column)) {
                let pseudonym = match column {
                    // As the store has it, and not as it is written.
                    Column::Stream => self.stream(stream),
                    _ => self.pseudonym(domain, id.text().as_bytes()),
                };
                *id = text::exact(pseudonym.as_bytes());
                let of_column = ("column", name.to_owned(), domain.to_owned());
                *self.counts.entry(of_column).or_default() += 1;
            }
        }
        let redacted = || text::exact(Redacted::SHOWN.as_bytes());
        let texts = [
            (Column::Type, "type", Some(&mut answer.event_type)),
            (Column::SchemaVersion, "schema_version", answer.schema_version.as_mut()),
        ];
        for (column, name, text) in texts {
            if let Some(text) = text.filter(|_| !self.excerpt.shows(column)) {
                *text = redacted();
                hidden.add("column", name.to_owned());
            }
        }
        if let Some(time) = answer
            .occurred_at
            .as_mut()
            .filter(|_| !self.excerpt.shows(Column::OccurredAt))
        {
            *time = Redacted::SHOWN.to_owned();
            hidden.add("column", "occurred_at".to_owned());
        }
    }

    /// As it stands in the place of a value, so that nobody takes it for one.
    fn pseudonym(&self, domain: &str, value: &[u8]) -> String {
        format!("[pseudonym {}]", self.case_key.pseudonym(domain, value))
    }

    /// What the report calls a stream, also one that the caller named: its id may be somebody's name.
    pub fn stream(&self, id: &[u8]) -> String {
        match self.excerpt.shows(Column::Stream) {
            true => text::shown(id),
            false => self.pseudonym(STREAM, id),
        }
    }

    /// What the report calls the files of rules and the list: their texts may name anybody, and who has the key can tell
    /// whether these were the ones. `texts`: of the files of rules.
    pub fn rules(&self, texts: &[String]) -> Vec<String> {
        let texts = texts.iter().chain(&self.list);
        texts.map(|text| self.pseudonym(RULES, text.as_bytes())).collect()
    }

    /// What finds nothing: entries of the list in the events of the report, keys in the store.
    pub fn idle(&self) -> Vec<String> {
        let entries = self
            .idle
            .iter()
            .map(|rule| format!("the entry {} of the list", rule.text));
        let keys = self.keys.iter().zip(&self.held).filter(|(_, held)| **held == 0);
        entries
            .chain(keys.map(|(key, _)| format!("the key {}", key.path)))
            .collect()
    }

    pub fn report_idle(&self, findings: &Findings) {
        for idle in self.idle() {
            findings.report(Finding {
                code: "excerpt-idle",
                severity: Severity::Warning,
                stream: None,
                version: None,
                position: None,
                detail: format!("{idle} finds nothing"),
            });
        }
    }

    /// Adds what was come upon while the person was looked for. What is known already was found again when the events were
    /// written, or before: of one code the larger count is that of the store.
    pub fn report_came_upon(&self, findings: &Findings) {
        let known = findings.summary();
        for (code, count, kept) in self.came_upon.summary() {
            let before = known
                .iter()
                .find(|(of, ..)| *of == code)
                .map_or(0, |(_, count, _)| *count);
            if count > before {
                findings.report_many(code, count - before, kept);
            }
        }
    }

    /// The key, where it is a new one, which must not be lost.
    pub fn new_key(&self) -> Option<&CaseKey> {
        Some(&self.case_key).filter(|_| self.is_new_key)
    }

    /// What is shown of the payload and the metadata of an event. The list holds in neither where others stand at the keys, or
    /// may stand there in what nobody can look into, and the person does not: then it is about them.
    pub fn shown_of(&self, event: &EventView<'_>, names: &Names, mask: &Mask) -> [Shown; 2] {
        let (category, event_type) = (names.category(event.stream), names.type_name(event.event_type));
        let holders = payload::covered(event, mask, names, |event| {
            [event.payload, event.metadata].map(|bytes| bytes.map_or(Holder::Nobody, |bytes| self.holder(bytes)))
        });
        let shown = |part: Part, holder: Holder| {
            let shown = self.excerpt.of(category, event_type, part, &self.keys);
            match holder != Holder::Person && holders.contains(&Holder::Others) {
                true => shown.without_list(),
                false => shown,
            }
        };
        let [payload, metadata] = holders;
        [shown(Part::Payload, payload), shown(Part::Metadata, metadata)]
    }

    /// Whose a JSON text is by any of the keys.
    fn holder(&self, json: &[u8]) -> Holder {
        let holders = self.keys.iter().map(|key| key.holder(json));
        holders.max().unwrap_or_default()
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
            "The person was looked for in {}, in payloads and metadata: {}. Every event, within the bounds, of a stream that \
             holds one of these anywhere belongs to the report.",
            counted(self.looked_at, "event"),
            keys.collect::<Vec<_>>().join(", ")
        )];
        if self.named > 0 {
            steps.push(format!(
                "So do those of {} that the caller named.",
                counted(self.named as u64, "stream")
            ));
        }
        steps.push(
            "Of these events only what is on the list is shown, and the keys above. Where others' values stand at these keys, \
             and the person's does not, the list does not hold: it shows nothing of such a payload or such metadata, nor of \
             what the event holds beside it without the person's value. What rules hide and what is no JSON is taken for \
             others'. What names others stands by a pseudonym, \
             [pseudonym …]: the first 16 letters of base32(HMAC-SHA-256(case key, domain, 0, value)), so that the same \
             value has the same one in every report of the case. Everything else reads [redacted], once in each object or \
             array, however much it is; so do keys of objects that the list does not name."
                .to_owned(),
        );
        steps
    }

    /// What cannot be found, and what what is shown may still tell.
    pub fn limits(&self) -> Vec<String> {
        let mut limits = vec![
            "The person was found by these keys alone, where the value stands at the path or in an array there: not under other keys, in running text, in another way of writing, in \
             what is encrypted, hidden by rules or no JSON, nor in the names of keys, nor in the columns of ids: streams, \
             categories, events, correlations, causes."
                .to_owned(),
        ];
        if self.not_json > 0 {
            limits.push(format!(
                "What is no JSON was not looked into: so it was in {} of {}.",
                counted(self.not_json, "event"),
                grouped(self.looked_at)
            ));
        }
        if self.without_stream > 0 {
            limits.push(format!(
                "Events that hold the person and are in no stream: {}. They are in the report only where (no stream) was named.",
                grouped(self.without_stream)
            ));
        }
        let came_upon = self.came_upon.summary();
        if let Some((_, count, _)) = came_upon.iter().find(|(code, ..)| *code == "too-large") {
            limits.push(format!(
                "{} too large to be loaded, and the person was not looked for there.",
                match count {
                    1 => "1 event or value of the store is".to_owned(),
                    several => format!("{} events or values of the store are", grouped(*several)),
                }
            ));
        }
        limits.push(
            "What is on the list is shown as it is, whoever it is about, also of events without any of these keys: their \
             stream holds the person. Positions, versions and recorded times are shown of \
             every event. What names the store, its files and the streams, the texts of rules and of the list, and the \
             details of what was noteworthy are told in no report about a person: they may name others."
                .to_owned(),
        );
        limits.push(
            "A pseudonym says which values are the same. Who knows more of these people may guess who they are, and who has \
             the case key can try."
                .to_owned(),
        );
        limits
    }
}

/// Where a new case key comes to lie: beside the report, and not in it.
pub fn key_beside(report: &Path) -> PathBuf {
    report.with_extension("case-key")
}
