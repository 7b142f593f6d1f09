//! Handlers as files, as the window asks for them.

use std::collections::BTreeMap;

use super::Desk;
use super::lab::scope_of;
use crate::error::AppError;
use crate::jobs::{ProgressSink, caught};
use crate::lock::lock;
use crate::reload::{Handlers, HandlersSink, Reload};
use crate::text;
use crate::usecase::handlers;
use crate::usecase::test::{CaseAnswer, FailureAnswer, test};
use crate::wire::{HandlerCase, HandlerCoverage, HandlerPackage, HandlerTested, HandlerTold, HandlerUse, LabScope};

/// Of a case so many expectations that were not met are told.
const MOST_FAILURES: usize = 20;

impl Desk {
    /// Tells from now on of the handlers at hand and of those that the histories of a store are folded with, and has these
    /// go on with what was changed: what is asked afterwards is answered with it. Ends when the store is closed.
    pub fn watch_handlers(&self, session: u32, sink: HandlersSink) -> Result<(), AppError> {
        self.session(session)?;
        let handlers = Handlers::new(session, &self.sessions, &self.histories);
        lock(&self.reloads).insert(session, Reload::start(handlers, sink)?);
        // It may have been closed meanwhile.
        if let Err(error) = self.session(session) {
            lock(&self.reloads).remove(&session);
            return Err(error);
        }
        Ok(())
    }

    /// The packages at hand, and those that histories of a store are folded with.
    pub fn handlers(&self, session: u32) -> Result<Vec<HandlerPackage>, AppError> {
        caught(|| {
            let mut used = BTreeMap::<String, u32>::new();
            for placed in lock(&self.histories)
                .values()
                .filter(|placed| placed.session == session)
            {
                if let Some(named) = placed.history.named().1 {
                    *used.entry(named.to_owned()).or_default() += 1;
                }
            }
            Ok(handlers::packages(&*self.session(session)?, &self.places, &used))
        })
    }

    /// A version of a handler, as its files are now.
    pub fn handler_told(&self, handler: &str) -> Result<HandlerTold, AppError> {
        caught(|| Ok(handlers::told(handler)))
    }

    /// Which types of the events of a store a handler takes. Needs the index.
    pub fn handler_coverage(
        &self,
        session: u32,
        handler: &str,
        progress: ProgressSink<'_>,
    ) -> Result<HandlerCoverage, AppError> {
        let opened = self.session(session)?;
        self.jobs.run("coverage", session, progress, |work| {
            handlers::coverage(work, &opened, handler)
        })
    }

    /// Which of these handlers can be used for a scope, in their order.
    pub fn usable_handlers(
        &self,
        session: u32,
        references: &[String],
        scope: &LabScope,
        progress: ProgressSink<'_>,
    ) -> Result<Vec<HandlerUse>, AppError> {
        let opened = self.session(session)?;
        self.jobs.run("usable", session, progress, |work| {
            handlers::usable(work, &opened, references, scope_of(scope))
        })
    }

    /// Runs the test cases of a package; with a version after `@`, with that one alone.
    pub fn test_handler(
        &self,
        session: u32,
        handler: &str,
        progress: ProgressSink<'_>,
    ) -> Result<HandlerTested, AppError> {
        let answer = self.jobs.run("cases", session, progress, |work| test(work, handler))?;
        Ok(HandlerTested {
            passed: answer.passed,
            failed: answer.failed,
            cases: answer.cases.iter().map(case).collect(),
        })
    }
}

fn case(case: &CaseAnswer) -> HandlerCase {
    HandlerCase {
        case: text::shown(case.case.as_bytes()),
        title: case
            .title
            .as_ref()
            .map_or_else(String::new, |title| text::shown(title.as_bytes())),
        version: case.version.clone(),
        events: case.events,
        has_passed: case.passed,
        failures: case.failures.iter().take(MOST_FAILURES).map(failure).collect(),
        failure_count: u32::try_from(case.failures.len()).unwrap_or(u32::MAX),
    }
}

fn failure(failure: &FailureAnswer) -> String {
    let FailureAnswer {
        expectation,
        path,
        expected,
        found,
    } = failure;
    let words = format!("{expectation} {path}: expected {expected}, found {found}");
    text::shown(words.as_bytes())
}
