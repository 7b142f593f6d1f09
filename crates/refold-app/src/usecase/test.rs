//! Runs the cases of a handler package.

use refold_core::work::Work;
use refold_handlers::package::split_version;
use refold_handlers::testcase::{self, CasesError};
use serde::Serialize;

use crate::error::AppError;

/// What came of the cases.
#[derive(Debug, Clone, Serialize)]
pub struct TestAnswer {
    pub package: String,
    pub passed: u32,
    pub failed: u32,
    pub cases: Vec<CaseAnswer>,
}

#[derive(Debug, Clone, Serialize)]
pub struct CaseAnswer {
    /// The file of the case, from the package folder.
    pub case: String,
    pub title: Option<String>,
    pub version: String,
    pub events: u32,
    pub passed: bool,
    pub failures: Vec<FailureAnswer>,
}

#[derive(Debug, Clone, Serialize)]
pub struct FailureAnswer {
    /// `state`, `hash`, `error`, `invariants`, `emitted` or `determinism`.
    pub expectation: &'static str,
    pub path: String,
    pub expected: String,
    pub found: String,
}

/// `package`: its folder, with a version after `@` to run the cases with that version alone.
pub fn test(work: &Work<'_>, package: &str) -> Result<TestAnswer, AppError> {
    let (folder, version) = split_version(package);
    let results = testcase::run(work, &folder, version.as_deref()).map_err(|error| match error {
        CasesError::Cancelled(cancelled) => AppError::from(cancelled),
        CasesError::Package(error) => AppError::from(error),
    })?;
    let cases = results.into_iter().map(|result| CaseAnswer {
        passed: result.passed(),
        case: result.case,
        title: result.title,
        version: result.version,
        events: result.events,
        failures: result
            .failures
            .into_iter()
            .map(|failure| FailureAnswer {
                expectation: failure.expectation,
                path: failure.path,
                expected: failure.expected,
                found: failure.found,
            })
            .collect(),
    });
    let cases: Vec<CaseAnswer> = cases.collect();
    // Cases are files that a person wrote.
    let count =
        |passed: bool| u32::try_from(cases.iter().filter(|case| case.passed == passed).count()).unwrap_or(u32::MAX);
    Ok(TestAnswer {
        package: folder.display().to_string(),
        passed: count(true),
        failed: count(false),
        cases,
    })
}
