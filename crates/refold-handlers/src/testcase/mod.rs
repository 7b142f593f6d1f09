//! The cases of a package: given events, expected state. They are run as a store's events would be.

mod compare;
mod read;
mod write;

#[cfg(test)]
mod tests;

use std::path::Path;

use refold_core::event::{Encoding, EventBatch, Version};
use refold_core::port::handler::{Applied, HandlerInstance, Written};
use refold_core::value::Value;
use refold_core::work::{Cancelled, Phase, Work};
use refold_guests::GuestInstance;

use crate::error::{PackageError, code};
use crate::lab::determinism::{Mismatch, try_out};
use crate::package::{Opened, Package, hash};
use crate::reducer::{DeclarativeInstance, Emitted};
use read::{Case, Expected, Given};
pub use write::{CaseText, Wanted, write_case};

/// How a case went with one version of the handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The file of the case, from the package folder.
    pub case: String,
    pub title: Option<String>,
    pub version: String,
    pub events: u32,
    /// Empty when the case passed.
    pub failures: Vec<Failure>,
}

/// One expectation that was not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `state`, `hash`, `error`, `invariants`, `emitted` or `determinism`.
    pub expectation: &'static str,
    /// Where in the state, as a JSON pointer; empty for all of it, and for what is no state.
    pub path: String,
    pub expected: String,
    pub found: String,
}

impl CaseResult {
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

impl From<Mismatch> for Failure {
    fn from(mismatch: Mismatch) -> Failure {
        let text = |value: Option<Value>| value.map_or("nothing, or a fault".to_owned(), |value| value.display_json());
        let (check, version) = (mismatch.check.id(), mismatch.event.version.0);
        Failure {
            expectation: "determinism",
            path: mismatch.path,
            expected: text(mismatch.expected),
            found: format!(
                "{} ({}: check `{check}`, at version {version})",
                text(mismatch.found),
                code::NONDETERMINISTIC
            ),
        }
    }
}

/// Why the cases could not be run.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Runs every case with every version that it is meant for; with one version alone, when it is named.
pub fn run(work: &Work<'_>, folder: &Path, version: Option<&str>) -> Result<Vec<CaseResult>, CasesError> {
    let package = Package::open(folder)?;
    let versions = match version {
        Some(version) => vec![package.select(Some(version))?],
        None => package.manifest.versions.iter().collect(),
    };
    let programs = versions
        .into_iter()
        .map(|version| Ok((version.id.as_str(), package.compile(version)?)));
    let programs = programs.collect::<Result<Vec<_>, PackageError>>()?;
    let mut results = Vec::new();
    let files = package.case_files()?;
    let total = u64::try_from(files.len()).ok();
    for (done, file) in (0..).zip(&files) {
        work.tick(Phase::RunningTestCases, done, total)?;
        let case = read::read(&package, file)?;
        for (id, program) in &programs {
            if case.versions.is_empty() || case.versions.iter().any(|wanted| wanted == id) {
                results.push(run_case(work, &case, id, program)?);
            }
        }
    }
    Ok(results)
}

/// What is wrong with a case as it is written, by line and column.
pub fn check(package: &Package, file: &Path) -> Result<(), PackageError> {
    read::read(package, file).map(drop)
}

/// What folding the given events came to.
struct Outcome {
    state: Value,
    emitted: Vec<Emitted>,
    /// The first fault or undecodable event, with its version.
    error: Option<(&'static str, Version, String)>,
}

fn run_case(work: &Work<'_>, case: &Case, version: &str, program: &Opened) -> Result<CaseResult, CasesError> {
    let outcome = fold(work, &case.given, program)?;
    let mut failures = Vec::new();
    judge(case, &outcome, program, &mut failures)?;
    let tried = try_out(work, &program.program(), &case.given.names, &case.given.batch)?;
    failures.extend(tried.mismatches.into_iter().map(Failure::from));
    Ok(CaseResult {
        case: case.file.clone(),
        title: case.title.clone(),
        version: version.to_owned(),
        events: crate::error::count(case.given.batch.len()),
        failures,
    })
}

fn fold(work: &Work<'_>, given: &Given, handler: &Opened) -> Result<Outcome, CasesError> {
    /// Events between two looks at the cancel token.
    const BATCH: usize = 256;
    let Given { names, batch } = given;
    let mut instance = Running::of(handler);
    let mut outcome = Outcome {
        state: Value::Null,
        emitted: Vec::new(),
        error: None,
    };
    for row in 0..batch.len() {
        if row % BATCH == 0 {
            work.check()?;
        }
        let version = batch.versions.get(row).copied().unwrap_or(EventBatch::NO_VERSION);
        if batch.payload_encodings.get(row) != Some(&Encoding::Json) {
            outcome
                .error
                .get_or_insert((code::EVENT_MALFORMED, version, "the payload is no JSON".to_owned()));
            continue;
        }
        let applied = instance.port().apply(&batch.event(row), names, &mut Written::off());
        outcome.emitted.extend(instance.emitted());
        match applied {
            Ok(Applied::Undecodable(error)) => {
                outcome
                    .error
                    .get_or_insert((code::EVENT_MALFORMED, version, error.to_string()));
            }
            Ok(Applied::Folded | Applied::Ignored | Applied::Unknown) => {}
            Err(fault) => {
                outcome.error.get_or_insert((fault.code, version, fault.to_string()));
                break;
            }
        }
    }
    match instance.port().state() {
        Ok(state) => outcome.state = state,
        Err(fault) => {
            let untold = instance.port().take_untold();
            let row = match &untold {
                Some(untold) => batch.positions.iter().position(|position| *position == untold.position),
                None => batch.len().checked_sub(1),
            };
            let version = row.and_then(|row| batch.versions.get(row)).copied();
            let fault = untold.map_or(fault, |untold| {
                outcome.state = untold.before;
                untold.fault
            });
            let version = version.unwrap_or(EventBatch::NO_VERSION);
            // It may be of an event before one that failed.
            let is_first = outcome.error.as_ref().is_none_or(|(_, known, _)| version < *known);
            if is_first {
                outcome.error = Some((fault.code, version, fault.to_string()));
            }
        }
    }
    Ok(outcome)
}

/// A fold of any engine.
enum Running {
    Declarative(Box<DeclarativeInstance>),
    Guest(Box<dyn GuestInstance>),
}

impl Running {
    fn of(handler: &Opened) -> Running {
        match handler {
            Opened::Declarative(program) => Running::Declarative(Box::new(program.start_declarative())),
            Opened::Guest(guest) => Running::Guest(guest.start()),
        }
    }

    fn port(&mut self) -> &mut dyn HandlerInstance {
        match self {
            Running::Declarative(instance) => instance.as_mut(),
            Running::Guest(instance) => instance.as_mut(),
        }
    }

    /// What the last event emitted.
    fn emitted(&self) -> Vec<Emitted> {
        match self {
            Running::Declarative(instance) => instance.emitted().to_vec(),
            Running::Guest(instance) => instance
                .recorded()
                .iter()
                .map(|of| Emitted {
                    event_type: of.event_type.clone(),
                    data: of.data.clone(),
                })
                .collect(),
        }
    }
}

fn judge(case: &Case, outcome: &Outcome, program: &Opened, failures: &mut Vec<Failure>) -> Result<(), PackageError> {
    let Expected {
        state,
        is_exact,
        hash: wanted_hash,
        error,
        invariants,
        emitted,
    } = &case.expected;
    match (error, &outcome.error) {
        (None, Some((_, version, message))) => failures.push(Failure {
            expectation: "error",
            path: String::new(),
            expected: "none".to_owned(),
            found: format!("{message}, at version {}", version.0),
        }),
        (Some(wanted), found) => {
            let is_met = found.as_ref().is_some_and(|(code, version, _)| {
                wanted.code == *code && wanted.version.is_none_or(|wanted| wanted == version.0)
            });
            if !is_met {
                let at = wanted
                    .version
                    .map(|version| format!(" at version {version}"))
                    .unwrap_or_default();
                failures.push(Failure {
                    expectation: "error",
                    path: String::new(),
                    expected: format!("{}{at}", wanted.code),
                    found: found.as_ref().map_or("none".to_owned(), |(_, version, message)| {
                        format!("{message}, at version {}", version.0)
                    }),
                });
            }
        }
        (None, None) => {}
    }
    if let Some(state) = state {
        compare::differences(state, &outcome.state, *is_exact, failures);
    }
    if let Some(wanted) = wanted_hash {
        let found = hash::of_bytes(&outcome.state.to_canonical());
        if *wanted != found {
            let (expected, path) = (wanted.clone(), String::new());
            failures.push(Failure {
                expectation: "hash",
                path,
                expected,
                found,
            });
        }
    }
    for (id, mark, holds) in invariants {
        let Some(invariant) = program.invariants().find(id) else {
            let message = format!("the handler has no invariant `{id}`; correct the name");
            return Err(PackageError::at(code::PKG_CASE, &case.place, *mark, message));
        };
        let word = |holds: bool| if holds { "holds" } else { "broken" }.to_owned();
        let found = match program.invariants().holds(invariant, &outcome.state, program.limits()) {
            Ok(found) if found == *holds => continue,
            Ok(found) => word(found),
            Err(fault) => fault.to_string(),
        };
        let expected = word(*holds);
        failures.push(Failure {
            expectation: "invariants",
            path: id.clone(),
            expected,
            found,
        });
    }
    if let Some(wanted) = emitted {
        compare::emitted_differences(wanted, &outcome.emitted, failures);
    }
    Ok(())
}
