//! Handlers by the name that a person gives.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_core::port::handler::{HandlerFault, HandlerIdentity, HandlerProgram};
use refold_core::work::Cancelled;
use refold_handlers::error::{PackageError, code};
use refold_handlers::package::{AS_DEPLOYED, Opened, Package, environment_of, open_at, split_version};
use refold_handlers::story::Story;
use refold_handlers::{JS_ENGINE_ID, WASM_ENGINE_ID};

pub use refold_handlers::{PROCESS_ENGINE_ID, heed_cancel};

use crate::error::AppError;
use crate::text;
use crate::wire::{HandlerChoice, HandlerProblem, HandlerWalls, HandlerWire};

/// The handler that needs no code: every payload is a merge patch on the state.
pub const DEFAULT: &str = "builtin:merge";

/// Says whether handlers that are programs may run where nothing keeps them in. A person must have agreed to it.
pub fn trust_programs(are_trusted: bool) {
    #[cfg(unix)]
    refold_handlers::allow_programs_without_walls(are_trusted);
    #[cfg(not(unix))]
    let _ = are_trusted;
}

/// What keeps the code of a handler of this engine in on this machine. `None`: it has no code, or none was run yet.
pub fn walls(engine: &str) -> Option<HandlerWalls> {
    let (standing, lacking) = match engine {
        JS_ENGINE_ID | WASM_ENGINE_ID => (refold_handlers::second_wall()?, refold_handlers::second_wall_lacks()),
        #[cfg(unix)]
        PROCESS_ENGINE_ID => {
            let walls = refold_handlers::Walls::at_hand();
            (walls.name().unwrap_or_default(), refold_handlers::Walls::lacking())
        }
        _ => return None,
    };
    Some(HandlerWalls {
        standing: text::filled(standing.to_owned()),
        lacking: lacking.map(str::to_owned),
    })
}

/// A package folder or a file of rules, of JavaScript or of WebAssembly, with a version of a package after `@`, or
/// [`DEFAULT`], which `None` means too.
pub fn open(handler: Option<&str>) -> Result<Arc<dyn HandlerProgram>, AppError> {
    Ok(refold_handlers::package::open(handler.unwrap_or(DEFAULT))?)
}

/// The same as [`open`], where it is a package or a file: it may have invariants. `None`: it is built in.
pub fn opened(handler: Option<&str>) -> Result<Option<Opened>, AppError> {
    match handler {
        None | Some(DEFAULT) => Ok(None),
        Some(handler) => {
            let (path, version) = split_version(handler);
            // Several versions have no invariants in common.
            if version.as_deref().and_then(environment_of).is_some() {
                return Ok(None);
            }
            Ok(Some(open_at(&path, version.as_deref())?))
        }
    }
}

/// The version that answers what is known now: the newest of a package that is asked as it was deployed. What names a
/// version is itself.
pub fn newest(handler: Option<&str>) -> Option<String> {
    let named = handler?;
    let (path, version) = split_version(named);
    let is_deployed = version.as_deref().and_then(environment_of).is_some();
    Some(if is_deployed {
        path.display().to_string()
    } else {
        named.to_owned()
    })
}

/// The templates of the story that come with the handler; empty where it has none.
pub fn story(handler: Option<&str>) -> Result<Story, AppError> {
    Ok(refold_handlers::package::story(handler.unwrap_or(DEFAULT))?)
}

/// Opens a handler that was opened before as `identity`, to check its invariants. `None`: it is of an engine without.
///
/// # Errors
/// When its files were changed since: what it said then is not what it would say now.
pub fn checked(handler: Option<&str>, identity: &HandlerIdentity) -> Result<Option<Opened>, AppError> {
    let Some(checked) = opened(handler)? else {
        return Ok(None);
    };
    if checked.program().identity() != identity {
        return Err(AppError::invalid(
            "the files of the handler were changed since this stream was opened with it",
            "open the stream again",
        ));
    }
    Ok(Some(checked))
}

/// Where a handler lies, as it is named, without its version.
pub(crate) fn path(handler: &str) -> PathBuf {
    split_version(handler).0
}

/// The same handler by where it lies, whatever folder it was named from, and of a package its newest version where none
/// is named: so the handlers at hand are named. What is not there stays as it is.
pub fn in_full(handler: &str) -> String {
    let (path, version) = split_version(handler);
    let real = path.canonicalize().ok();
    let Some(real) = real.as_deref().and_then(Path::to_str) else {
        return handler.to_owned();
    };
    let newest = || {
        Some(
            Package::open(Path::new(real))
                .ok()?
                .manifest
                .versions
                .last()?
                .id
                .clone(),
        )
    };
    named(real, version.or_else(newest).as_deref())
}

pub(crate) fn named(path: &str, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{path}@{version}"),
        None => path.to_owned(),
    }
}

/// Whether two paths lead to one place.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// The folder of a handler package, as it is named, or the one that a reducer file lies in; `None` for what is neither.
pub fn folder(handler: &str) -> Option<PathBuf> {
    let (path, _) = split_version(handler);
    if path.is_dir() {
        return Some(path);
    }
    let parent = path.is_file().then(|| path.parent()).flatten()?;
    let is_here = parent.as_os_str().is_empty();
    Some(if is_here { PathBuf::from(".") } else { parent.to_owned() })
}

/// The category of the streams that a handler's package is for, where it says so.
pub fn category(handler: Option<&str>) -> Option<String> {
    let (path, _) = split_version(handler?);
    Package::open(&path).ok()?.manifest.category
}

/// The versions of the package that a handler is of, in its order: how each is opened, and its id. Empty for what is of
/// no package, or of one that cannot be read.
pub fn versions_beside(handler: &str) -> Vec<(String, String)> {
    let path = split_version(handler).0;
    let Ok(package) = Package::open(&path) else {
        return Vec::new();
    };
    let reference = |id: &str| (format!("{}@{id}", path.display()), id.to_owned());
    let versions = package.manifest.versions.iter();
    versions.map(|version| reference(&version.id)).collect()
}

/// What can be opened without being named: the packages in the folder `handlers` beside the store, the newest version of
/// each first, then [`DEFAULT`].
pub fn at_hand(store: &Path) -> Vec<HandlerChoice> {
    let packages = packages_beside(store);
    let mut choices: Vec<HandlerChoice> = packages.iter().flat_map(|folder| versions_of(folder)).collect();
    choices.push(HandlerChoice {
        reference: DEFAULT.to_owned(),
        name: DEFAULT.to_owned(),
        version: String::new(),
        category: None,
    });
    choices
}

/// The folders in the folder `handlers` beside the store, by name.
pub(crate) fn packages_beside(store: &Path) -> Vec<PathBuf> {
    let folder = store.parent().map(|parent| parent.join("handlers")).unwrap_or_default();
    let mut packages: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    packages.sort();
    packages
}

fn versions_of(folder: &Path) -> Vec<HandlerChoice> {
    let path = folder.display().to_string();
    match Package::open(folder) {
        Ok(package) => {
            let versions = package.manifest.versions.iter().rev();
            let choice = |version: &str| HandlerChoice {
                reference: format!("{path}@{version}"),
                name: package.manifest.name.clone(),
                version: version.to_owned(),
                category: package.manifest.category.clone(),
            };
            let dated = package
                .manifest
                .versions
                .iter()
                .any(|version| !version.effective.is_empty());
            let deployed = dated.then(|| choice(AS_DEPLOYED));
            versions.map(|version| choice(&version.id)).chain(deployed).collect()
        }
        Err(_) => vec![HandlerChoice {
            reference: path,
            name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            version: String::new(),
            category: None,
        }],
    }
}

/// `order@1.1.0`.
pub fn label(identity: &HandlerIdentity) -> String {
    format!("{}@{}", identity.name, identity.version)
}

pub fn wire(identity: &HandlerIdentity) -> HandlerWire {
    HandlerWire {
        name: identity.name.clone(),
        version: identity.version.clone(),
        hash: identity.hash.clone(),
        engine: identity.engine.clone(),
    }
}

impl From<PackageError> for AppError {
    fn from(error: PackageError) -> AppError {
        if error.code == HandlerFault::CANCELLED {
            return Cancelled.into();
        }
        AppError::invalid(error.to_string(), advice(error.code))
    }
}

pub(crate) fn advice(of: &str) -> &'static str {
    match of {
        code::PKG_READ => "look whether the path of the handler is right; docs/handlers.md says what a package holds",
        code::PKG_VERSION => "name one of its versions after the @, or none",
        _ => "correct it there; docs/handlers.md says what each code means",
    }
}

/// The same for a person who looks at the files.
pub(crate) fn problem(error: &PackageError) -> HandlerProblem {
    let mark = error.place.as_ref().map(|place| place.mark);
    HandlerProblem {
        code: error.code.to_owned(),
        message: error.message.clone(),
        advice: advice(error.code).to_owned(),
        file: error.place.as_ref().map(|place| place.file.to_string()),
        line: mark.map_or(0, |mark| mark.line),
        column: mark.map_or(0, |mark| mark.column),
    }
}
