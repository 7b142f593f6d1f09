//! Reports: what an auditor takes away of a stream, several streams, a category or a span of the store, of the answer to a
//! question about it, or of what it holds about a person.
//!
//! A report is a folder that appears whole or not at all. The same store, question and report time make the same bytes.
//! What it says is plain values of `refold_audit::report`; here they are gathered, and events pass once to the files.

mod again;
mod asked;
pub mod check;
mod command;
mod comparison;
mod cover;
mod hidden;
mod invariants;
mod judged;
mod limits;
mod method;
mod noticed;
pub mod paths;
pub mod preview;
mod record;
mod scope;
mod source;
mod subject;
mod verification;

use std::path::Path;

use refold_audit::anchor::signing::SecretKey;
use refold_audit::anchor::{Hash, hex};
use refold_audit::report::manifest::{FORMAT, Manifest, PAGES, PRINTED, ReportFile, WORKBOOK, identified};
use refold_audit::report::model::{Custody, DAMAGED, Events, Found, Leaf, Redaction, Report, Source, State};
use refold_audit::report::pages::Pages;
use refold_audit::report::xlsx::Spreadsheet;
use refold_audit::report::{advice, html, pdf};
use refold_core::finding::Findings;
use refold_core::time::Timestamp;
use refold_core::work::{Phase, Work};
use sha2::{Digest as _, Sha256};

pub use self::asked::{Question, ReportAnswer, ReportAsked, ReportFormat, VerdictTold};
use self::hidden::HiddenPaths;
use self::judged::Judged;
use self::record::Record;
use self::scope::Selection;
use self::subject::Subject;
pub use self::subject::SubjectAsked;
use super::anchor::{refuse_with_store, secret_key, settled};
use super::folder::{ADVICE, FileWritten, NewFolder, SIGNATURE, SUMS, Summed};
use super::verify::VerifyAsked;
use crate::answer::{BlameAnswer, CauseAnswer};
use crate::error::AppError;
use crate::session::Session;
use crate::usecase::blame::blame;
use crate::{clock, findings, text};

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const RECORD_JSON: &str = "events.ndjson";
pub(super) const RECORD_CSV: &str = "events.csv";
pub(super) const VIEW_CSV: &str = "events.excel.csv";
pub(super) const FINDINGS_JSON: &str = "findings.ndjson";
pub(super) const FINDINGS_CSV: &str = "findings.csv";
pub(super) const FINDINGS_VIEW_CSV: &str = "findings.excel.csv";
pub(super) const PROGRAM: &str = "verify.py";

/// What checks a bundle without Refold. It is in every bundle.
const VERIFY: &str = include_str!("../../../../../docs/spec/verify.py");

/// Events on the pages; the files hold all.
const MOST_ON_PAGES: u64 = 2_000;
/// UTF-16 units of a payload on the pages.
const MOST_LETTERS: usize = 2_000;
/// Values of a state, findings of a verdict, and streams by name, in a report.
const MOST_LISTED: usize = 2_000;

/// `copy`: an older copy of the store, for a verification.
pub fn report(
    work: &Work<'_>,
    session: &Session,
    asked: &ReportAsked,
    copy: Option<&Session>,
) -> Result<ReportAnswer, AppError> {
    gather(work, session, asked, (copy, &asked.out), |gathered, folder, record| {
        gathered.finish(work, folder, record)
    })
}

/// Reads all that a report is made of, and writes the events into a new folder in `out`. `end` does the rest; what it does
/// not keep of the folder is gone with it.
fn gather<Made>(
    work: &Work<'_>,
    session: &Session,
    asked: &ReportAsked,
    (copy, out): (Option<&Session>, &Path),
    end: impl FnOnce(Gathered<'_>, NewFolder, Record) -> Result<Made, AppError>,
) -> Result<Made, AppError> {
    let session = &redacted(session, asked)?;
    session.expect_reached("a report")?;
    refuse_with_store(session, "store", out, "report")?;
    if let Some(copy) = copy {
        refuse_with_store(copy, "copy", out, "report")?;
    }
    let signer = asked.key.as_deref().map(secret_key).transpose()?;
    let now = asked.time.as_deref().map_or_else(|| Ok(clock::now()), time_of)?;
    let now = Timestamp(now.0 - now.0.rem_euclid(1_000_000_000));
    let found = Findings::default();
    if let Some(case) = session.case() {
        case.report(&found);
    }
    session.report_unsettled(&found);
    if session.path().is_file() {
        // With an index a damaged file tells more of itself: what is said must not hang on whether there was one.
        session.build_index(work)?;
    }
    let folder = NewFolder::new_in(out, "report")?;
    // By a digest of what holds others it could be tried who they are.
    let hashed = |when| match asked.is_source_unhashed || asked.subject.is_some() {
        true => Ok(Vec::new()),
        false => source::files(work, session, when),
    };
    let before = hashed(Phase::HashingTheStore)?;
    let mut hidden = HiddenPaths::of(session.mask(), asked.redact.as_deref());
    let judged = judged(work, session, asked, copy, &mut hidden)?;
    let mut subject = subject(work, session, asked, &found)?;
    let selection = match (&judged, &subject) {
        (Some(judged), _) => Selection::of_positions(work, session, &judged.positions, &found)?,
        (None, Some(subject)) => Selection::of_subject(work, session, asked, subject, (now, &found))?,
        (None, None) => Selection::of(work, session, asked, now, &found)?,
    };
    let state = match subject {
        // It is made of what is not shown, too.
        Some(_) => None,
        None => state(work, session, asked, now, &selection)?,
    };
    let mut record = Record::new(&folder, session, asked, (&selection, now))?;
    record.write(
        work,
        &folder,
        session,
        &selection,
        (&mut hidden, subject.as_mut(), &found),
    )?;
    if let Some((state, _)) = &state {
        hidden.add_state(state);
    }
    hidden.report_idle(&found);
    if let Some(subject) = &subject {
        subject.report_idle(&found);
        subject.report_came_upon(&found);
    }
    let after = hashed(Phase::HashingTheStoreAgain)?;
    let source = source::of(session, before, after);
    let source = match subject {
        Some(_) => source::unnamed(source),
        None => source,
    };
    let gathered = Gathered {
        session,
        asked,
        now,
        signer: signer.as_ref(),
        selection,
        judged,
        subject,
        state,
        hidden,
        source,
        found,
    };
    end(gathered, folder, record)
}

/// The answer to the question that the report is about; `None`: it is about events alone.
fn judged(
    work: &Work<'_>,
    session: &Session,
    asked: &ReportAsked,
    copy: Option<&Session>,
    hidden: &mut HiddenPaths,
) -> Result<Option<Judged>, AppError> {
    refuse_own_scope(asked)?;
    Ok(Some(match &asked.question {
        None => return Ok(None),
        Some(Question::Verification(how)) => {
            let how = VerifyAsked {
                handler: asked.handler.clone(),
                ..how.clone()
            };
            verification::judged(work, session, &how, copy, hidden)?
        }
        Some(Question::Invariants { condition }) => {
            invariants::judged(work, session, asked, condition.as_deref(), hidden)?
        }
        Some(Question::Comparison { against }) => comparison::judged(work, session, asked, against, hidden)?,
    }))
}

/// The person that the report is about, found; `None`: it is about none.
fn subject(
    work: &Work<'_>,
    session: &Session,
    asked: &ReportAsked,
    found: &Findings,
) -> Result<Option<Subject>, AppError> {
    let Some(of) = &asked.subject else { return Ok(None) };
    if asked.question.is_some() || asked.category.is_some() {
        return Err(AppError::invalid(
            "a report about a person is about the streams that hold one",
            "leave the category and the question away",
        ));
    }
    let mut subject = Subject::open(of)?;
    subject.find(work, session, &asked.streams, found)?;
    Ok(Some(subject))
}

/// What is asked of the store says itself which events it is about.
fn refuse_own_scope(asked: &ReportAsked) -> Result<(), AppError> {
    let has_bounds = asked.from.is_some() || asked.to.is_some();
    let has_streams = !asked.streams.is_empty() || asked.category.is_some();
    let (of, is_refused) = match &asked.question {
        None => return Ok(()),
        Some(Question::Verification(_)) => ("a verification", has_bounds || has_streams),
        Some(Question::Invariants { .. }) => ("an invariant run", has_bounds),
        Some(Question::Comparison { .. }) => ("a comparison", has_bounds),
    };
    if !is_refused {
        return Ok(());
    }
    Err(AppError::invalid(
        format!("a report of {of} is about the events that its findings name, and takes no others"),
        "leave the bounds away, and for a verification the streams and the category too",
    ))
}

/// The session under the rules of the report: what is shown elsewhere stays as it is.
fn redacted(session: &Session, asked: &ReportAsked) -> Result<Session, AppError> {
    let session = session.with_own_mask();
    session.adopt_rules(asked.handler.as_deref())?;
    if let Some(rules) = &asked.redact {
        session.mask().add(rules)?;
    }
    Ok(session)
}

fn time_of(text: &str) -> Result<Timestamp, AppError> {
    let time = match text.strip_prefix('@') {
        Some(seconds) => seconds
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_unix(seconds, 0)),
        None => Timestamp::parse(text),
    };
    time.ok_or_else(|| {
        AppError::invalid(
            format!("the report time is none: {}", text::shown(text.as_bytes())),
            "write it as 2026-11-21T14:30:00Z, or as @ and seconds since 1970",
        )
    })
}

/// The state at the end of the scope, of a report about one stream, with what it was folded with.
fn state(
    work: &Work<'_>,
    session: &Session,
    asked: &ReportAsked,
    now: Timestamp,
    selection: &Selection,
) -> Result<Option<(BlameAnswer, String)>, AppError> {
    let [stream] = &selection.streams[..] else {
        return Ok(None);
    };
    let at = scope::absolute(session, asked.to.as_deref(), now)?.unwrap_or_else(|| "head".to_owned());
    let blamed = blame(work, session, stream, &at, None, asked.handler.as_deref())?;
    Ok(Some((blamed, stream.clone())))
}

/// All that a report is made of, once the events were written.
struct Gathered<'a> {
    session: &'a Session,
    asked: &'a ReportAsked,
    now: Timestamp,
    signer: Option<&'a SecretKey>,
    selection: Selection,
    judged: Option<Judged>,
    subject: Option<Subject>,
    /// With the stream as it was named.
    state: Option<(BlameAnswer, String)>,
    hidden: HiddenPaths,
    source: Source,
    found: Findings,
}

/// What a report says, laid out for people; its events are in their files.
struct LaidOut {
    ended: record::Ended,
    workbook: Option<Spreadsheet<Summed>>,
    report: Report,
    signed_by: Option<String>,
    pages: Pages,
}

impl Gathered<'_> {
    fn lay_out(&self, folder: &mut NewFolder, record: Record) -> Result<LaidOut, AppError> {
        let (mut ended, workbook) = record.finish(folder)?;
        let noticed = noticed::of(self);
        ended.unreadable = noticed::left_out(&noticed);
        ended.is_damaged = noticed.iter().any(|of| of.code == DAMAGED);
        if let Some(judged) = &self.judged {
            judged.write(folder, &self.asked.formats)?;
        }
        folder.add(PROGRAM, VERIFY.as_bytes())?;
        // Those that bear the id are made of it, and are not there yet.
        let report = identified(self.report(&ended, noticed), &listed(folder));
        let signed_by = self.signer.map(|key| key.public().to_text());
        let held = folder.files();
        let held: Vec<&str> = held.iter().map(|file| file.name).collect();
        let pages = Pages::of(&report, &ended.shown, &held, signed_by.as_deref());
        Ok(LaidOut {
            ended,
            workbook,
            report,
            signed_by,
            pages,
        })
    }

    /// Writes the rest of the folder, and gives it its name.
    fn finish(self, work: &Work<'_>, mut folder: NewFolder, record: Record) -> Result<ReportAnswer, AppError> {
        let LaidOut {
            ended,
            workbook,
            report,
            signed_by,
            pages,
        } = self.lay_out(&mut folder, record)?;
        let failed = |error: &dyn std::fmt::Display| AppError::internal(error.to_string());
        let is_asked = |format| self.asked.formats.contains(&format);
        work.tick(Phase::WritingThePages, ended.written, Some(ended.written))?;
        if is_asked(ReportFormat::Html) {
            let page = html::write(&pages).map_err(|error| failed(&error))?;
            folder.add(PAGES, page.as_bytes())?;
        }
        if is_asked(ReportFormat::Pdf) {
            folder.add(PRINTED, &pdf::write(&pages).map_err(|error| failed(&error))?)?;
        }
        if let Some(workbook) = workbook {
            let written = workbook.finish(&pages).map_err(|error| folder.failed(&error))?;
            folder.end(written)?;
        }
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            files: listed(&folder),
            report,
            signed_by,
        };
        let json = manifest.to_json();
        let digest: Hash = Sha256::digest(&json).into();
        folder.add(MANIFEST, &json)?;
        folder.add(ADVICE, advice::write(&manifest, &digest).as_bytes())?;
        let sums = folder.sums();
        folder.add(SUMS, sums.as_bytes())?;
        let report = &manifest.report;
        if let Some(signer) = self.signer {
            let comment = format!("report {} made {}", report.id, report.cover.made_at);
            folder.add(SIGNATURE, signer.sign_file(sums.as_bytes(), &comment).as_bytes())?;
        }
        let stamp = report.cover.made_at.chars().filter(char::is_ascii_alphanumeric);
        let name = format!("report-{}-{}", stamp.collect::<String>(), &report.id[..8]);
        let path = self.asked.out.join(name);
        // Who cancels in the last moment gets no report either.
        work.check()?;
        // First: what is revealed leaves no trace otherwise of where it went.
        let judged = self.judged.iter().flat_map(|judged| &judged.findings);
        let streams = ended
            .streams
            .keys()
            .chain(judged.filter_map(|finding| finding.stream.as_ref()));
        let streams: Vec<&[u8]> = match self.subject {
            // They have other names in it.
            Some(_) => self.selection.ids.iter().map(Vec::as_slice).collect(),
            None => streams.map(|stream| stream.as_bytes()).collect(),
        };
        self.session.mask().log_written("report", streams.into_iter(), &path)?;
        let case_key = subject::key_beside(&path);
        let new_key = self.subject.as_ref().and_then(Subject::new_key);
        if let Some(key) = new_key {
            // First: nobody could tell who is behind the pseudonyms.
            folder.write_key(&case_key, &key.0)?;
        }
        folder.finish(self.session, &path).inspect_err(|_| {
            if new_key.is_some() {
                // The key of a report that there is not.
                let _ = std::fs::remove_file(&case_key);
            }
        })?;
        Ok(ReportAnswer {
            dir: path.display().to_string(),
            id: report.id.clone(),
            made_at: report.cover.made_at.clone(),
            events: report.scope.counts.written,
            sha256: hex(&digest),
            signed_by: manifest.signed_by.clone(),
            findings: findings::wire(&self.found),
            verdict: report.verdict.as_ref().map(|verdict| VerdictTold {
                outcome: verdict.outcome.clone(),
                sentence: verdict.sentence.clone(),
                finding_count: verdict.finding_count,
                not_checked: verdict.not_checked.clone(),
            }),
            case_key: new_key.map(|_| case_key.display().to_string()),
            limits: report.limits.clone(),
            files: manifest.files,
        })
    }

    fn report(&self, ended: &record::Ended, noticed: Vec<Found>) -> Report {
        let scope = self
            .selection
            .scope(self.session, self.asked, ended, settled(self.session));
        let by = self.asked.operator.clone().unwrap_or_else(|| PROGRAM_NAME.to_owned());
        let step = |step: &str, by: &str, digest: &str| Custody {
            step: step.to_owned(),
            by: by.to_owned(),
            digest: digest.to_owned(),
        };
        let hashed = self.source.before.iter();
        let mut custody: Vec<Custody> = hashed
            .map(|file| {
                step(
                    &format!("{} hashed before it was read", file.name),
                    PROGRAM_NAME,
                    &file.sha256,
                )
            })
            .collect();
        if let Some(judged) = &self.judged {
            let (what, digest) = &judged.evidence;
            custody.push(step(what, PROGRAM_NAME, digest));
        }
        custody.push(step("events read and written", PROGRAM_NAME, &ended.sha256));
        custody.push(step("report asked for", &by, "the report id is made of it"));
        if let Some(key) = self.signer {
            custody.push(step("signed", &key.public().to_text(), SIGNATURE));
        }
        Report {
            id: String::new(),
            cover: cover::of(self, &noticed, scope.counts.written),
            method: method::of(self),
            verdict: self.judged.as_ref().map(|judged| judged.verdict.clone()),
            state: self.state.as_ref().map(|(blamed, _)| state_of(blamed)),
            events: Events {
                types: ended.types(),
                streams: ended.streams(MOST_LISTED),
                stream_count: ended.streams.len() as u64,
                over_time: ended.over_time.clone(),
                on_pages: ended.shown.len() as u64,
                sha256: ended.sha256.clone(),
            },
            redaction: Redaction {
                rules: self.rules(),
                hidden: self.hidden.listed(),
                revealed: self.revealed(),
                pseudonyms: self
                    .subject
                    .as_ref()
                    .map(|subject| subject.pseudonyms(self.asked.operator.as_deref())),
            },
            custody,
            limits: limits::of(self, ended, &scope),
            source: self.source.clone(),
            noticed,
            scope,
        }
    }

    fn rules(&self) -> Vec<String> {
        // Their texts were read when the store was opened.
        let texts = self.session.mask().texts().unwrap_or_default();
        match &self.subject {
            Some(subject) => subject.rules(&texts),
            None => texts,
        }
    }

    fn revealed(&self) -> Vec<String> {
        let reveals = self.session.mask().reveals().into_iter();
        if self.subject.is_some() && reveals.len() > 0 {
            return vec![format!(
                "what is on the list of {}, whose paths may name others",
                text::counted(reveals.len() as u64, "revealed place")
            )];
        }
        let sentence = |reveal: crate::mask::Reveal| {
            let path = match reveal.path.is_root() {
                true => "everything".to_owned(),
                false => reveal.path.to_string(),
            };
            match &reveal.stream {
                Some(stream) => format!("{path} in {}", text::shown(stream)),
                None => path,
            }
        };
        reveals.map(sentence).collect()
    }
}

const PROGRAM_NAME: &str = concat!("Refold ", env!("CARGO_PKG_VERSION"));

fn state_of(blamed: &BlameAnswer) -> State {
    let cause = |of: &CauseAnswer| {
        let place = match (&of.version, &of.position) {
            (Some(version), _) => format!("v{version} "),
            (None, Some(position)) => format!("#{position} "),
            (None, None) => String::new(),
        };
        let time = of.recorded_at.as_deref().unwrap_or("no time");
        format!("{place}{} {time}", of.event_type)
    };
    let leaves = blamed.leaves.iter().take(MOST_LISTED).map(|leaf| Leaf {
        path: leaf.path.clone(),
        value: judged::json(&leaf.value),
        changed_by: leaf.changed.as_ref().map(cause),
    });
    State {
        stream: blamed.stream.text().into_owned(),
        version: blamed.version.clone(),
        position: blamed.position.clone(),
        incomplete_since: blamed.incomplete_since.clone(),
        leaves: leaves.collect(),
        leaf_count: blamed.leaves.len() as u64,
    }
}

fn listed(folder: &NewFolder) -> Vec<ReportFile> {
    let file = |file: &FileWritten| ReportFile {
        name: file.name.to_owned(),
        bytes: file.bytes,
        sha256: hex(&file.sha256),
        role: role(file.name).to_owned(),
    };
    folder.files().iter().map(file).collect()
}

fn role(name: &str) -> &'static str {
    match name {
        RECORD_JSON | RECORD_CSV | FINDINGS_JSON | FINDINGS_CSV => "record",
        VIEW_CSV | FINDINGS_VIEW_CSV | WORKBOOK => "view",
        PROGRAM => "program",
        _ => "pages",
    }
}

/// Whether a folder is a report, whole or not.
pub(super) fn is_report(folder: &Path) -> bool {
    folder.join(MANIFEST).symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests;
