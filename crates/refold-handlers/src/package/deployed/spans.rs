//! Which version of a package was live when, by what its manifest says.

use std::collections::BTreeSet;

use crate::error::{Mark, PackageError, code};
use crate::package::Package;
use crate::package::manifest::{Bound, Deploy, Effective, ManifestVersion};

/// `from` inclusive, `to` exclusive: positions, or nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub to: i64,
    /// Its place in [`super::Plan::versions`].
    pub version: usize,
    pub deploy: Deploy,
}

/// The environments that versions say they were live in.
fn environments_of(package: &Package) -> BTreeSet<&str> {
    let spans = package.manifest.versions.iter().flat_map(|version| &version.effective);
    spans
        .filter(|span| span.tenant.is_none())
        .filter_map(|span| span.environment.as_deref())
        .collect()
}

/// When each version was live in an environment, in order, and whether that is told by positions: by what the versions
/// say of it, and of one that says nothing by what it says for all.
pub fn spans_of(package: &Package, environment: Option<&str>) -> Result<(Vec<Span>, bool), PackageError> {
    if let Some(environment) = environment {
        check_named(package, environment)?;
    }
    let mut spans: Vec<Span> = Vec::new();
    let mut is_by_position = None;
    for (at, version) in package.manifest.versions.iter().enumerate() {
        for span in said_of(version, environment) {
            let mut place = |bound: &Option<Bound>, open: i64| {
                let (place, is_position) = match bound {
                    None => return Ok(open),
                    Some(Bound::Position(position)) => (*position, true),
                    Some(Bound::Recorded(time)) => (time.0, false),
                    Some(Bound::Deployment(name)) => {
                        let message = format!(
                            "`{name}` is the name of a deployment, and nothing says when that was; write its time or position"
                        );
                        return Err(error_at(package, version, message));
                    }
                };
                if *is_by_position.get_or_insert(is_position) != is_position {
                    let message = "the versions were live by times and by positions; write all of one kind";
                    return Err(error_at(package, version, message.to_owned()));
                }
                Ok(place)
            };
            spans.push(Span {
                from: place(&span.from, i64::MIN)?,
                to: place(&span.to, i64::MAX)?,
                version: at,
                deploy: version.deploy,
            });
        }
    }
    spans.sort_by_key(|span| (span.from, span.version));
    join(package, &mut spans)?;
    // Before the first there is nothing to carry on.
    match spans.first_mut() {
        Some(first) => first.deploy = Deploy::Refold,
        None => {
            let where_ = environment
                .map(|environment| format!(" in {environment}"))
                .unwrap_or_default();
            let message = format!(
                "no version of {} says when it was live{where_}; add `effective_from`, a recorded time or a position, to each",
                package.manifest.name
            );
            return Err(PackageError::at(
                code::PKG_VERSION,
                &package.manifest_file,
                Mark::START,
                message,
            ));
        }
    }
    Ok((spans, is_by_position.unwrap_or_default()))
}

/// Refuses an environment that no version names.
fn check_named(package: &Package, environment: &str) -> Result<(), PackageError> {
    let named = environments_of(package);
    if named.contains(environment) {
        return Ok(());
    }
    let message = match named.into_iter().collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => format!(
            "no version of {} names an environment: leave `:{environment}` away",
            package.manifest.name
        ),
        named => format!(
            "no version of {} was live in an environment {environment}; those named are: {named}",
            package.manifest.name
        ),
    };
    Err(PackageError::at(
        code::PKG_VERSION,
        &package.manifest_file,
        Mark::START,
        message,
    ))
}

/// What a version says of an environment; where it says nothing of it, what it says for all.
fn said_of<'v>(version: &'v ManifestVersion, environment: Option<&str>) -> Vec<&'v Effective> {
    let of_all = version.effective.iter().filter(|span| span.tenant.is_none());
    let own: Vec<_> = of_all
        .clone()
        .filter(|span| environment.is_some() && span.environment.as_deref() == environment)
        .collect();
    match own.is_empty() {
        false => own,
        true => of_all.filter(|span| span.environment.is_none()).collect(),
    }
}

/// Ends each of the spans, which are in order, that has no end where the next one begins, and refuses those that do not fit
/// together.
fn join(package: &Package, spans: &mut [Span]) -> Result<(), PackageError> {
    for next in 1..spans.len() {
        let (Some(before), Some(span)) = (spans.get(next - 1).copied(), spans.get(next).copied()) else {
            continue;
        };
        if before.to == i64::MAX {
            if let Some(open) = spans.get_mut(next - 1) {
                open.to = span.from;
            }
            continue;
        }
        let Some(version) = package.manifest.versions.get(span.version) else {
            continue;
        };
        if before.to > span.from {
            let message = format!("version {} was live while another one was, too", version.id);
            return Err(error_at(package, version, message));
        }
        if span.deploy == Deploy::Carry && before.to < span.from {
            let message = format!(
                "version {} carries the state of the one before it on, so it must begin where that one ends",
                version.id
            );
            return Err(error_at(package, version, message));
        }
    }
    Ok(())
}

fn error_at(package: &Package, version: &ManifestVersion, message: String) -> PackageError {
    PackageError::at(code::PKG_MANIFEST, &package.manifest_file, version.mark, message)
}
