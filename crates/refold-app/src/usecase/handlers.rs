//! Handlers as files: the packages at hand, what a version of one is made of, and which events of a store it takes.
//!
//! What a file holds is the user's own and no part of a store: nothing of it is masked.

mod coverage;
mod draft_case;
mod files;
#[cfg(test)]
mod tests;
mod tried;
mod usable;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use refold_core::port::handler::HandlerProgram;
use refold_handlers::error::PackageError;
use refold_handlers::package::{
    Bound, Effective, ManifestVersion, Package, Runtime, case_files, open_at, split_version,
};
use refold_handlers::testcase;

pub use coverage::coverage;
pub use draft_case::make_case;
pub use tried::try_on;
pub use usable::usable;

use crate::drafts::Draft;
use crate::handler;
use crate::places::Places;
use crate::session::Session;
use crate::text;
use crate::wire::{DraftCase, DraftTold, HandlerPackage, HandlerProblem, HandlerStep, HandlerTold, PackageVersion};

/// Test cases of a draft that are listed before they are run.
const MOST_CASES: usize = 200;

/// The packages beside the store, then those that its histories are folded with. `used`: how these were opened, and how many
/// are folded so. Each with the drafts of its versions.
pub fn packages(session: &Session, places: &Places, used: &BTreeMap<String, u32>) -> Vec<HandlerPackage> {
    let mut paths = handler::packages_beside(&session.beside());
    let used = &listed(&paths, used);
    let drafts: BTreeMap<&String, String> = used
        .keys()
        .filter_map(|reference| Some((reference, Draft::open(places, reference).ok()?.origin())))
        .collect();
    let elsewhere = used.keys().filter(|reference| !drafts.contains_key(reference));
    let elsewhere: BTreeSet<_> = elsewhere.map(|reference| handler::path(reference)).collect();
    let others: Vec<_> = elsewhere.into_iter().filter(|path| !paths.contains(path)).collect();
    paths.extend(others);
    // What is folded with a draft alone is listed for it, however its path was written before.
    for origin in drafts.values().map(|origin| handler::path(origin)) {
        if !paths.iter().any(|path| handler::is_same(path, &origin)) {
            paths.push(origin);
        }
    }
    let mut packages: Vec<HandlerPackage> = paths.iter().map(|path| package(path, used)).collect();
    for (path, package) in paths.iter().zip(&mut packages) {
        let drafts = Draft::of_package(places, path);
        package
            .versions
            .extend(drafts.iter().map(|draft| draft_row(draft, used)));
    }
    packages
}

/// The same references, each by the path that it is listed under: a package may be named by several.
fn listed(paths: &[PathBuf], used: &BTreeMap<String, u32>) -> BTreeMap<String, u32> {
    let mut known = paths.to_vec();
    let mut listed = BTreeMap::new();
    for (reference, count) in used {
        let (path, version) = split_version(reference);
        let found = known.iter().find(|one| handler::is_same(one, &path)).cloned();
        let path = found.unwrap_or_else(|| {
            known.push(path.clone());
            path
        });
        let named = handler::named(&path.display().to_string(), version.as_deref());
        *listed.entry(named).or_default() += count;
    }
    listed
}

/// A draft among the versions of the package. One that cannot be brought up to date is as it was.
fn draft_row(draft: &Draft, used: &BTreeMap<String, u32>) -> PackageVersion {
    let _ = draft.renew();
    let reference = draft.reference();
    let (path, version) = split_version(&reference);
    let opened = Package::open(&path).ok();
    let runtime = opened.and_then(|package| Some(package.select(version.as_deref()).ok()?.runtime));
    PackageVersion {
        version: version.unwrap_or_default(),
        runtime: runtime.map_or("", Runtime::name).to_owned(),
        is_draft: true,
        is_pinned: false,
        effective: Vec::new(),
        histories: used.get(&reference).copied().unwrap_or_default(),
        origin: Some(draft.origin()),
        reference,
    }
}

fn package(path: &Path, used: &BTreeMap<String, u32>) -> HandlerPackage {
    let shown = path.display().to_string();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let histories = |reference: &str| used.get(reference).copied().unwrap_or_default();
    let mut told = HandlerPackage {
        path: shown.clone(),
        name,
        title: String::new(),
        category: None,
        problem: None,
        versions: Vec::new(),
        cases: 0,
    };
    if path.is_file() {
        told.versions.push(PackageVersion {
            version: String::new(),
            runtime: String::new(),
            is_draft: true,
            is_pinned: false,
            effective: Vec::new(),
            histories: histories(&shown),
            origin: None,
            reference: shown,
        });
        return told;
    }
    match Package::open(path) {
        Ok(package) => {
            let newest = package.manifest.versions.last().map(|version| version.id.clone());
            told.versions = package.manifest.versions.iter().map(version_row).collect();
            for version in &mut told.versions {
                version.reference = format!("{shown}@{}", version.version);
                version.histories = histories(&version.reference);
                // The package alone means its newest version.
                if newest.as_ref() == Some(&version.version) {
                    version.histories += histories(&shown);
                }
            }
            match package.case_files() {
                Ok(files) => told.cases = u32::try_from(files.len()).unwrap_or(u32::MAX),
                Err(error) => told.problem = Some(handler::problem(&error)),
            }
            told.name = package.manifest.name;
            told.title = package.manifest.title.unwrap_or_default();
            told.category = package.manifest.category;
        }
        Err(error) => told.problem = Some(handler::problem(&error)),
    }
    told
}

fn version_row(version: &ManifestVersion) -> PackageVersion {
    PackageVersion {
        reference: String::new(),
        version: version.id.clone(),
        runtime: version.runtime.name().to_owned(),
        is_draft: version.is_draft,
        is_pinned: version.hash.is_some(),
        effective: version.effective.iter().map(span_text).collect(),
        histories: 0,
        origin: None,
    }
}

/// `2026-06-01T00:00:00Z .. 2026-08-20T00:00:00Z staging`.
fn span_text(span: &Effective) -> String {
    let bound = |bound: &Option<Bound>| match bound {
        None => String::new(),
        Some(Bound::Position(position)) => format!("#{position}"),
        Some(Bound::Recorded(time)) => text::time_label(*time, 0),
        Some(Bound::Deployment(name)) => name.clone(),
    };
    let mut words = vec![bound(&span.from), "..".to_owned(), bound(&span.to)];
    words.extend([span.environment.clone(), span.tenant.clone()].into_iter().flatten());
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// A version as its files are now: compiled, and their texts.
pub fn told(reference: &str) -> HandlerTold {
    let (path, version) = split_version(reference);
    let draft = Draft::at(reference);
    let (files, further_files) = files::of(&path, version.as_deref(), draft.as_ref());
    let mut told = HandlerTold {
        handler: None,
        walls: None,
        problem: None,
        further_problems: Vec::new(),
        invariants: Vec::new(),
        upcasters: Vec::new(),
        files,
        further_files,
        draft: draft.as_ref().map(draft_told),
    };
    let mut problems: Vec<HandlerProblem> = Vec::new();
    let mut add = |error: &PackageError| {
        let problem = handler::problem(error);
        // What a file has wrong may keep several from being used.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    };
    // What a draft must not say comes before what follows from that.
    if let Some(error) = draft.as_ref().and_then(Draft::manifest_problem) {
        add(&error);
    }
    match open_at(&path, version.as_deref()) {
        Ok(opened) => {
            let program = opened.program();
            told.handler = Some(handler::wire(program.identity()));
            told.walls = handler::walls(&program.identity().engine);
            told.upcasters = steps_of(program.as_ref());
            told.invariants = super::lab::invariant::listed(&opened);
        }
        Err(error) => {
            add(&error);
            let package = Package::open(&path).ok();
            let opened = package
                .as_ref()
                .and_then(|package| Some((package, package.select(version.as_deref()).ok()?)));
            let further = opened.map(|(package, version)| package.problems(version));
            further.iter().flatten().for_each(&mut add);
        }
    }
    if let Err(error) = refold_handlers::package::story(reference) {
        add(&error);
    }
    if let Some(draft) = &draft
        && let Ok(package) = Package::open(&path)
    {
        for case in draft.own_cases() {
            if let Err(error) = testcase::check(&package, &path.join(case)) {
                add(&error);
            }
        }
    }
    let mut problems = problems.into_iter();
    told.problem = problems.next();
    told.further_problems = problems.collect();
    told
}

fn draft_told(draft: &Draft) -> DraftTold {
    let own: BTreeSet<String> = draft.own_cases().into_iter().collect();
    let files = case_files(&draft.package()).unwrap_or_default();
    let name = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        format!("tests/{name}")
    };
    let case = |file: String| DraftCase {
        is_own: own.contains(&file),
        file: text::shown(file.as_bytes()),
    };
    // What is written here comes before what is only run with it.
    let (mut names, others): (Vec<String>, Vec<String>) = files.iter().map(name).partition(|name| own.contains(name));
    names.extend(others);
    DraftTold {
        folder: draft.version_path(),
        has_own_manifest: draft.has_own_manifest(),
        case_count: u32::try_from(names.len()).unwrap_or(u32::MAX),
        cases: names.into_iter().take(MOST_CASES).map(case).collect(),
    }
}

fn steps_of(program: &dyn HandlerProgram) -> Vec<HandlerStep> {
    let step = |step: refold_core::port::upcast::UpcasterStep| HandlerStep {
        place: text::shown(step.place.as_bytes()),
        event_type: text::shown(&step.event_type),
        from: step.from,
        to: step.to,
    };
    program.upcasters().into_iter().map(step).collect()
}
