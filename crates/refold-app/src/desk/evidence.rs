//! What the window asks of evidence: anchors, verifying against them, store health, reports and checking them.

mod chain;
mod preview;

use std::path::{Path, PathBuf};
use std::time::Instant;

use refold_core::work::{CancelToken, Silent, Work};

use self::chain::of_chain;
use super::Desk;
use super::lab::{narrow, took};
use crate::answer::Literal;
use crate::error::AppError;
use crate::jobs::{ProgressSink, caught};
use crate::kept;
use crate::lock::lock;
use crate::session::Session;
use crate::text::{self, Exact};
use crate::usecase::evidence::anchor::{AnchorAsked, anchor};
use crate::usecase::evidence::anchors::{AnchorFound, anchors};
use crate::usecase::evidence::bundle::verify_bundle;
use crate::usecase::evidence::report::paths::paths;
use crate::usecase::evidence::report::{Question, ReportAsked, ReportFormat, SubjectAsked, VerdictTold, report};
use crate::usecase::evidence::stamp::StampSeen;
use crate::usecase::evidence::verify::{VerifyAsked, VerifyFinding, verify};
use crate::usecase::health::{HealthAsked, HealthType, MOST_PAYLOAD_BYTES, health};
use crate::wire::{
    AnchorAskedWire, AnchorListed, AnchorMade, AnchorsFound, BundleChecked, BundleFileChecked, EvidenceOutcome,
    FieldHealth, HealthTold, LargeEvent, ReportAskedWire, ReportFileMade, ReportFormatWire, ReportMade, ReportManner,
    ReportOutcome, ReportPath, ReportPaths, ReportQuestionWire, ReportVerdict, StoreVerified, TypeHealth,
    VerifyAskedWire, VerifyChange, VerifyFindingWire, VerifyImpact,
};

/// The files of a report that are to be read, and run nothing.
const PAGES: [&str; 3] = ["report.pdf", "report.html", "report.xlsx"];
/// Event types and paths that cross to the window.
const MOST_LISTED: usize = 1_000;

impl Desk {
    /// The anchors of a folder, which is kept for the next time; an empty `folder`: of the one that was kept.
    pub fn anchors(&self, session: u32, folder: &str) -> Result<AnchorsFound, AppError> {
        caught(|| {
            let opened = self.session(session)?;
            let store = opened.noted_as();
            let wanted = match folder {
                "" => kept::anchors_of(&self.places, &store),
                folder => folder.to_owned(),
            };
            if wanted.is_empty() {
                return Ok(AnchorsFound {
                    folder: wanted,
                    anchors: Vec::new(),
                });
            }
            let answer = anchors(&opened, Path::new(&wanted))?;
            if !folder.is_empty() {
                // What cannot be kept keeps nobody from looking.
                let _ = kept::keep_anchors(&self.places, &store, &answer.folder);
            }
            Ok(AnchorsFound {
                folder: answer.folder,
                anchors: answer.anchors.into_iter().map(listed).collect(),
            })
        })
    }

    pub fn make_anchor(
        &self,
        session: u32,
        asked: &AnchorAskedWire,
        progress: ProgressSink<'_>,
    ) -> Result<AnchorMade, AppError> {
        let opened = self.session(session)?;
        let started = Instant::now();
        let how = AnchorAsked {
            out: PathBuf::from(&asked.out),
            key: path(&asked.key),
            previous: path(&asked.previous),
            salt: None,
            stamp: given(&asked.stamp),
            is_plain: asked.is_plain,
            is_short: asked.is_short,
        };
        let made = self
            .jobs
            .run("anchor", session, progress, |work| anchor(work, &opened, &how))?;
        Ok(AnchorMade {
            dir: made.dir,
            events: narrow(made.size),
            horizon: made.horizon,
            root: made.root,
            signed_by: made.signed_by.unwrap_or_default(),
            stamp: made.stamp.map(|stamp| stamp.sentence()).unwrap_or_default(),
            unstamped: made.unstamped.unwrap_or_default(),
            salt: made.salt.filter(|_| made.is_new_salt).unwrap_or_default(),
            columns: visible_all(&made.columns),
            uncovered_columns: visible_all(&made.uncovered_columns),
            took: took(started),
        })
    }

    pub fn verify_store(
        &self,
        session: u32,
        asked: &VerifyAskedWire,
        progress: ProgressSink<'_>,
    ) -> Result<StoreVerified, AppError> {
        let opened = self.session(session)?;
        let started = Instant::now();
        let how = verify_asked(asked);
        let answer = self.jobs.run("verify", session, progress, |work| {
            let copy = self.copy(work, asked)?;
            verify(work, &opened, &how, copy.as_ref())
        })?;
        Ok(StoreVerified {
            outcome: outcome(answer.outcome),
            level: answer.level.to_owned(),
            sentence: visible(&answer.sentence),
            findings: answer.findings.iter().map(differing).collect(),
            finding_count: narrow(answer.finding_count),
            made_at: answer.anchor.made_at,
            events: narrow(answer.anchor.size),
            horizon: answer.anchor.horizon,
            root: answer.anchor.root,
            signed_by: answer.anchor.signed_by.unwrap_or_default(),
            is_key_known: answer.anchor.is_key_known,
            stamp: answer.anchor.stamp.as_ref().map(of_stamp).unwrap_or_default(),
            added: narrow(answer.added),
            uncovered_columns: visible_all(&answer.uncovered_columns),
            chain: answer.chain.as_ref().map(of_chain),
            took: took(started),
        })
    }

    /// The older copy of the store, where one is named.
    fn copy(&self, work: &Work<'_>, asked: &VerifyAskedWire) -> Result<Option<Session>, AppError> {
        let copy = given(&asked.copy);
        copy.map(|copy| Session::open_asked(work, &self.asked(&copy), &self.places))
            .transpose()
    }

    /// The same for a report, which needs one for a verification alone.
    fn copy_for(&self, work: &Work<'_>, asked: &ReportAskedWire) -> Result<Option<Session>, AppError> {
        match &asked.question {
            ReportQuestionWire::Verification(how) => self.copy(work, how),
            ReportQuestionWire::Events
            | ReportQuestionWire::Invariants { .. }
            | ReportQuestionWire::Comparison { .. }
            | ReportQuestionWire::Subject { .. } => Ok(None),
        }
    }

    /// `handler`: event types that it does not know are findings; empty: nobody says which there should be.
    pub fn store_health(
        &self,
        session: u32,
        handler: &str,
        progress: ProgressSink<'_>,
    ) -> Result<HealthTold, AppError> {
        let opened = self.session(session)?;
        let started = Instant::now();
        let how = HealthAsked {
            most_payload_bytes: MOST_PAYLOAD_BYTES,
            handler: given(handler),
        };
        let answer = self
            .jobs
            .run("health", session, progress, |work| health(work, &opened, &how))?;
        Ok(HealthTold {
            events: narrow(answer.events),
            streams: answer.streams,
            findings: answer.findings,
            types: answer.types.iter().take(MOST_LISTED).map(type_health).collect(),
            type_count: narrow(answer.types.len() as u64),
            largest: answer
                .largest
                .iter()
                .map(|of| LargeEvent {
                    stream: of.stream.to_string(),
                    position: of.position.clone(),
                    event_type: of.event_type.to_string(),
                    size: text::size_label(of.bytes),
                })
                .collect(),
            not_checked: answer.not_checked,
            took: took(started),
        })
    }

    /// How reports of the store were made last.
    pub fn report_manner(&self, session: u32) -> Result<ReportManner, AppError> {
        caught(|| Ok(kept::manner_of(&self.places, &self.session(session)?.noted_as())))
    }

    /// What a report would hold and hide. Nothing is written.
    pub fn report_paths(
        &self,
        session: u32,
        asked: &ReportAskedWire,
        progress: ProgressSink<'_>,
    ) -> Result<ReportPaths, AppError> {
        let opened = self.session(session)?;
        let how = report_asked(asked);
        let answer = self.jobs.run("paths", session, progress, |work| {
            let copy = self.copy_for(work, asked)?;
            paths(work, &opened, &how, copy.as_ref())
        })?;
        Ok(ReportPaths {
            events: narrow(answer.events),
            idle: visible_all(&answer.idle),
            idle_list: visible_all(&answer.idle_list),
            path_count: narrow(answer.paths.len() as u64),
            paths: answer
                .paths
                .into_iter()
                .take(MOST_LISTED)
                .map(|of| ReportPath {
                    part: of.part.to_owned(),
                    path: visible(&of.path),
                    count: narrow(of.count),
                    hidden: narrow(of.hidden),
                    pseudonyms: narrow(of.pseudonyms),
                })
                .collect(),
            more: narrow(answer.more),
        })
    }

    /// Makes a report, and keeps how it was made for the next one.
    pub fn make_report(
        &self,
        session: u32,
        asked: &ReportAskedWire,
        progress: ProgressSink<'_>,
    ) -> Result<ReportMade, AppError> {
        let opened = self.session(session)?;
        let started = Instant::now();
        let how = report_asked(asked);
        let made = self.jobs.run("report", session, progress, |work| {
            let copy = self.copy_for(work, asked)?;
            report(work, &opened, &how, copy.as_ref())
        })?;
        // The report is there, whether this can be kept or not.
        let _ = kept::keep_manner(&self.places, &opened.noted_as(), &asked.manner);
        if let Ok(place) = std::fs::canonicalize(&made.dir) {
            lock(&self.reports).insert(PathBuf::from(&made.dir), place);
        }
        Ok(ReportMade {
            dir: made.dir,
            id: made.id,
            made_at: made.made_at,
            events: narrow(made.events),
            sha256: made.sha256,
            signed_by: made.signed_by.unwrap_or_default(),
            is_excerpt: how.subject.is_some(),
            case_key: made.case_key.unwrap_or_default(),
            files: made
                .files
                .into_iter()
                .map(|file| ReportFileMade {
                    name: file.name,
                    role: file.role,
                    size: text::size_label(file.bytes),
                    sha256: file.sha256,
                })
                .collect(),
            findings: made.findings,
            verdict: made.verdict.map(verdict),
            limits: made.limits,
            took: took(started),
        })
    }

    /// Where a report that was made at this desk can be read: its folder, or one of its `pages`, a plain name. Whoever asks
    /// can name no other file of the machine.
    pub fn report_place(&self, folder: &str, pages: Option<&str>) -> Result<PathBuf, AppError> {
        caught(|| {
            let folder = PathBuf::from(folder);
            let Some(made) = lock(&self.reports).get(&folder).cloned() else {
                return Err(AppError::invalid(
                    format!("no report was made there: {}", visible(&folder.to_string_lossy())),
                    "make it, or open its folder with the tools of the system",
                ));
            };
            let (place, made) = match pages {
                None => (folder, made),
                Some(name) if PAGES.contains(&name) => (folder.join(name), made.join(name)),
                Some(name) => {
                    let message = format!("a report has no pages of this name: {}", visible(name));
                    return Err(AppError::invalid(message, "open report.pdf or report.html"));
                }
            };
            // Not what a link leads to that somebody put there since, or in the place of a folder above it.
            let is_plain = std::fs::symlink_metadata(&made).is_ok_and(|found| found.is_dir() || found.is_file());
            if is_plain && std::fs::canonicalize(&place).is_ok_and(|now| now == made) {
                return Ok(made);
            }
            let message = format!("it is not there any more: {}", visible(&place.to_string_lossy()));
            Err(AppError::not_found(
                message,
                "look where it was moved to, or make it again",
            ))
        })
    }

    /// Checks an anchor, a proof or a report by itself. An empty `key`: whoever signed it.
    pub fn verify_bundle(&self, folder: &str, key: &str) -> Result<BundleChecked, AppError> {
        caught(|| {
            let token = CancelToken::default();
            let answer = verify_bundle(&Work::new(&token, &Silent), Path::new(folder), given(key).as_deref())?;
            Ok(BundleChecked {
                outcome: outcome(answer.outcome),
                sentence: visible(&answer.sentence),
                is_signed: answer.is_signed,
                root: answer.root.unwrap_or_default(),
                report: answer.report.unwrap_or_default(),
                limits: visible_all(&answer.limits),
                files: answer
                    .files
                    .into_iter()
                    .map(|file| BundleFileChecked {
                        name: visible(&file.name),
                        is_ok: file.ok,
                        reason: file.reason.as_deref().map(visible).unwrap_or_default(),
                    })
                    .collect(),
            })
        })
    }
}

fn listed(of: AnchorFound) -> AnchorListed {
    AnchorListed {
        dir: of.dir,
        name: visible(&of.name),
        is_of_store: of.is_of_kind,
        made_at: visible(&of.made_at),
        events: narrow(of.size),
        horizon: visible(&of.horizon),
        root: visible(&of.root),
        signed_by: of.signed_by.as_deref().map(visible).unwrap_or_default(),
        continues: of.continues.as_deref().map(visible).unwrap_or_default(),
        names_events: of.names_events,
        unreadable: of.unreadable.as_deref().map(visible).unwrap_or_default(),
    }
}

/// What a stamp says, and whether its certificate was revoked, as far as that is known.
fn of_stamp(stamp: &StampSeen) -> String {
    match stamp.is_authority_known {
        true => format!("{}; {}", stamp.sentence(), stamp.revocation_sentence()),
        false => stamp.sentence(),
    }
}

fn differing(of: &VerifyFinding) -> VerifyFindingWire {
    let exact = |text: &Option<Exact>| text.as_ref().map(Exact::to_string).unwrap_or_default();
    let row = |value: &Option<Literal>| value.as_ref().map(Literal::row);
    VerifyFindingWire {
        kind: of.kind.to_owned(),
        severity: of.severity.to_owned(),
        position: of.position.clone().unwrap_or_default(),
        to: of.to.clone().unwrap_or_default(),
        stream: exact(&of.stream),
        version: of.version.clone().unwrap_or_default(),
        event_type: exact(&of.event_type),
        parts: of.part.iter().map(|part| (*part).to_owned()).collect(),
        detail: of.detail.as_deref().map(visible).unwrap_or_default(),
        explanation: of.explanation.as_deref().map(visible).unwrap_or_default(),
        is_impact_unasked: of.is_unasked(),
        wants_copy: of.wants_copy,
        impacts: of
            .impacts
            .iter()
            .map(|impact| VerifyImpact {
                stream: exact(&impact.stream),
                is_proven: impact.is_proven,
                sentence: visible(&impact.sentence),
                changes: impact
                    .changes
                    .iter()
                    .map(|change| VerifyChange {
                        path: visible(&change.path),
                        before: row(&change.before),
                        after: row(&change.after),
                    })
                    .collect(),
            })
            .collect(),
    }
}

fn type_health(of: &HealthType) -> TypeHealth {
    let changed = of
        .fields
        .iter()
        .filter(|field| field.is_born || field.is_gone || field.has_changed_kind);
    let at = |is_so: bool, position: &String| match is_so {
        true => position.clone(),
        false => String::new(),
    };
    TypeHealth {
        event_type: of.event_type.to_string(),
        events: narrow(of.events),
        fields: narrow(of.fields.len() as u64),
        has_more_fields: of.has_more_fields,
        opaque_events: narrow(of.opaque_events),
        changes: changed
            .map(|field| FieldHealth {
                path: field.path.to_string(),
                born_at: at(field.is_born, &field.first_position),
                gone_after: at(field.is_gone, &field.last_position),
                kinds: match field.has_changed_kind {
                    true => field.kinds.iter().map(|of| of.kind.to_owned()).collect(),
                    false => Vec::new(),
                },
            })
            .collect(),
    }
}

fn verify_asked(asked: &VerifyAskedWire) -> VerifyAsked {
    VerifyAsked {
        anchor: PathBuf::from(&asked.anchor),
        salt: path(&asked.salt),
        key: given(&asked.key),
        authorities: path(&asked.authority),
        revoked: asked.revoked.iter().map(PathBuf::from).collect(),
        handler: given(&asked.handler),
        explanations: path(&asked.explanations),
        native_key: path(&asked.native_key),
    }
}

fn verdict(of: VerdictTold) -> ReportVerdict {
    ReportVerdict {
        outcome: match of.outcome.as_str() {
            "verified" => ReportOutcome::Verified,
            "holds" => ReportOutcome::Holds,
            "broken" => ReportOutcome::Broken,
            "equal" => ReportOutcome::Equal,
            "differs" => ReportOutcome::Differs,
            "unverifiable" => ReportOutcome::Unverifiable,
            // What is said in any other way is no pass.
            _ => ReportOutcome::Unclear,
        },
        sentence: visible(&of.sentence),
        finding_count: narrow(of.finding_count),
        not_checked: visible_all(&of.not_checked),
    }
}

fn report_asked(asked: &ReportAskedWire) -> ReportAsked {
    let manner = &asked.manner;
    let (question, subject) = match &asked.question {
        ReportQuestionWire::Events => (None, None),
        ReportQuestionWire::Verification(how) => (Some(Question::Verification(verify_asked(how))), None),
        ReportQuestionWire::Invariants { condition } => {
            let condition = given(condition);
            (Some(Question::Invariants { condition }), None)
        }
        ReportQuestionWire::Comparison { against } => {
            let against = against.clone();
            (Some(Question::Comparison { against }), None)
        }
        ReportQuestionWire::Subject { keys, allow, case_key } => {
            let subject = SubjectAsked {
                keys: keys.clone(),
                allow: path(allow),
                case_key: path(case_key),
            };
            (None, Some(subject))
        }
    };
    ReportAsked {
        streams: asked.streams.clone(),
        category: given(&asked.category),
        from: given(&asked.from),
        to: given(&asked.to),
        handler: given(&asked.handler),
        question,
        subject,
        redact: path(&manner.redact),
        out: PathBuf::from(&manner.out),
        // In one order, however they were chosen.
        formats: ReportFormat::ALL
            .into_iter()
            .filter(|format| manner.formats.iter().any(|of| format_of(*of) == *format))
            .collect(),
        key: path(&manner.key),
        time: None,
        title: given(&asked.title),
        operator: given(&manner.operator),
        organisation: given(&manner.organisation),
        case_number: given(&asked.case_number),
        classification: given(&manner.classification),
        is_source_unhashed: false,
    }
}

fn format_of(of: ReportFormatWire) -> ReportFormat {
    match of {
        ReportFormatWire::Pdf => ReportFormat::Pdf,
        ReportFormatWire::Html => ReportFormat::Html,
        ReportFormatWire::Csv => ReportFormat::Csv,
        ReportFormatWire::Json => ReportFormat::Json,
        ReportFormatWire::Xlsx => ReportFormat::Xlsx,
    }
}

fn outcome(of: &str) -> EvidenceOutcome {
    match of {
        "verified" => EvidenceOutcome::Verified,
        "broken" => EvidenceOutcome::Broken,
        // What is said in any other way is no proof of anything.
        _ => EvidenceOutcome::Unverifiable,
    }
}

fn given(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn path(text: &str) -> Option<PathBuf> {
    Some(text).filter(|text| !text.is_empty()).map(PathBuf::from)
}

fn visible(text: &str) -> String {
    text::visible(text).into_owned()
}

fn visible_all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| visible(text)).collect()
}

#[cfg(test)]
mod tests;
