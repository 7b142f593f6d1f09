//! Handler packages on disk: opening one, choosing a version, checking its hash, compiling it.
//!
//! Only reads, and only inside the package folder.
//!
//! It must not know what a store holds, nor what a version folds.

mod deployed;
pub mod hash;
mod manifest;
mod opened;
mod problems;
mod program_file;
mod upcasted;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_core::count::{counted, grouped};
use refold_core::port::handler::{HandlerIdentity, HandlerProgram, Takes};
use refold_core::port::system::in_words;

pub use deployed::{AS_DEPLOYED, Deployed, environment_of};
pub use manifest::{Bound, Effective, Manifest, ManifestVersion, Runtime};
use opened::Beside;
pub use opened::{Guest, Opened};
pub use program_file::LEFT_OVER as PROGRAM_LEFT_OVER;

use crate::document::{Document, MAX_FILE_BYTES, nearest, normalised_text};
use crate::error::{PackageError, code};
use crate::invariant::Invariants;
use crate::limits::Limits;
use crate::merge;
use crate::reducer::{self, DeclarativeProgram};
use crate::story::{self, Story};
use crate::upcast;

/// The name of a manifest in its folder.
pub const MANIFEST: &str = "handler.toml";

const REDUCER: &str = "reducer.yaml";
const SCRIPT: &str = "handler.js";
const TYPED_SCRIPT: &str = "handler.ts";
const MODULE: &str = "handler.wasm";
const PROGRAM: &str = "process.toml";
const UPCASTERS: &str = "upcasters.yaml";
const INVARIANTS: &str = "invariants.yaml";

/// A file of a version: its name from the folder of the version, with forward slashes, and what is in it.
type NamedFile = (String, Vec<u8>);

/// A handler as a person names it: `builtin:merge`, a package folder, or a file of rules, of JavaScript, of TypeScript or of WebAssembly;
/// with a version of a package after `@`.
pub fn open(handler: &str) -> Result<Arc<dyn HandlerProgram>, PackageError> {
    if handler == merge::NAME {
        return Ok(merge::program());
    }
    let (path, version) = split_version(handler);
    if let Some(environment) = version.as_deref().and_then(environment_of) {
        return Ok(Arc::new(Deployed::open(&Package::open(&path)?, environment)?));
    }
    Ok(open_at(&path, version.as_deref())?.program())
}

/// The story templates of the package that [`open`] would open; empty where there are none.
pub fn story(handler: &str) -> Result<Story, PackageError> {
    let (path, _) = split_version(handler);
    let file = path.join(story::FILE);
    if handler == merge::NAME || !file.exists() {
        return Ok(Story::default());
    }
    Story::read(&Arc::from(story::FILE), &read_file(&file)?)
}

/// Whether a person means what is built in, and no path of this name.
fn is_builtin(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.starts_with("builtin:")) && !path.exists()
}

/// The path and the version of `path@version`. An existing path that holds an `@` is taken whole.
pub fn split_version(handler: &str) -> (PathBuf, Option<String>) {
    match handler.rsplit_once('@') {
        Some((path, version)) if !Path::new(handler).exists() => (PathBuf::from(path), Some(version.to_owned())),
        _ => (PathBuf::from(handler), None),
    }
}

/// Compiles a package folder's version (the last, when none is named), or a bare file: JavaScript by its extension `.js`
/// or `.mjs`, TypeScript by `.ts` or `.mts`, a module by `.wasm`, else rules.
pub fn open_at(path: &Path, version: Option<&str>) -> Result<Opened, PackageError> {
    if path.is_dir() {
        let package = Package::open(path)?;
        let version = package.select(version)?;
        return package.compile(version);
    }
    if is_builtin(path) {
        let message = match path.as_os_str() == merge::NAME {
            true => format!("{} has no versions; leave the `@…` out", merge::NAME),
            false => format!("{} is all that is built in: {}", merge::NAME, path.display()),
        };
        return Err(PackageError::nowhere(code::PKG_READ, message));
    }
    let source = read_file(path)?;
    if let Some(version) = version {
        let message = format!("a bare file has no versions, so there is no `{version}`; leave the `@…` out");
        return Err(PackageError::nowhere(code::PKG_VERSION, message));
    }
    let (runtime, name) = match path.extension().and_then(|extension| extension.to_str()) {
        Some("js" | "mjs") => (Runtime::Js(opened::dialect_of(&source)), SCRIPT),
        Some("ts" | "mts") => (Runtime::Js(opened::dialect_of(&source)), TYPED_SCRIPT),
        // What was compiled already is refused by the engine, which knows it.
        Some("wasm" | "cwasm") => (Runtime::Wasm, MODULE),
        Some("py" | "rb" | "php" | "pl" | "sh" | "java" | "kt" | "cs" | "fs" | "go" | "rs" | "ex" | "exs") => {
            let message = format!(
                "a program is a handler in a package, whose process.toml says how it is started: {}",
                path.display()
            );
            return Err(PackageError::nowhere(code::PKG_READ, message));
        }
        _ => (Runtime::Declarative, REDUCER),
    };
    let files = [(name.to_owned(), source)];
    let identity = HandlerIdentity {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        version: "file".to_owned(),
        hash: hash_of(runtime, b"{\"events\":{}}", &files),
        engine: runtime.engine().to_owned(),
    };
    let [(_, source)] = files;
    let file: Arc<str> = Arc::from(path.file_name().unwrap_or_default().to_string_lossy().as_ref());
    match runtime {
        Runtime::Js(dialect) => {
            let script = Guest::of_script(identity, &file, &source, dialect, Beside::nothing())?;
            Ok(Opened::Guest(Arc::new(script)))
        }
        Runtime::Wasm => {
            let module = Guest::of_module(identity, &file, &source, Beside::nothing())?;
            Ok(Opened::Guest(Arc::new(module)))
        }
        // No bare file is taken for a program.
        Runtime::Declarative | Runtime::Process => {
            let parts = Parts {
                reducer: Document::from_yaml(&file, &source)?,
                upcasters: None,
                invariants: None,
            };
            let program = parts.program(identity, &Default::default(), Limits::DEFAULT)?;
            Ok(Opened::Declarative(Arc::new(program)))
        }
    }
}

/// A handler that a test knows to be declarative.
#[cfg(test)]
pub(crate) fn open_declarative(path: &Path, version: Option<&str>) -> Result<Arc<DeclarativeProgram>, PackageError> {
    match open_at(path, version)? {
        Opened::Declarative(program) => Ok(program),
        Opened::Guest(_) => panic!("{} is code", path.display()),
    }
}

/// A package folder with its manifest.
#[derive(Debug, Clone)]
pub struct Package {
    pub folder: PathBuf,
    pub manifest: Manifest,
    manifest_file: Arc<str>,
}

impl Package {
    pub fn open(folder: &Path) -> Result<Package, PackageError> {
        let manifest_file: Arc<str> = Arc::from(MANIFEST);
        let path = folder.join(MANIFEST);
        if !path.exists() {
            let shown = folder.display();
            let message = if folder.is_dir() {
                format!("the folder holds no {MANIFEST}, so it is no handler package: {shown}")
            } else if folder.exists() {
                format!("a file is no handler package, which is a folder with a {MANIFEST}: {shown}")
            } else if is_builtin(folder) {
                format!("what is built in is no package: {shown}")
            } else {
                format!("there is no such folder: {shown}")
            };
            return Err(PackageError::nowhere(code::PKG_READ, message));
        }
        let document = Document::from_toml(&manifest_file, &read_file(&path)?)?;
        Ok(Package {
            folder: folder.to_owned(),
            manifest: Manifest::read(&document)?,
            manifest_file,
        })
    }

    /// The version of that id, or the last.
    pub fn select(&self, id: Option<&str>) -> Result<&ManifestVersion, PackageError> {
        self.manifest.select(id).ok_or_else(|| {
            let known = self
                .manifest
                .versions
                .iter()
                .map(|version| version.id.as_str())
                .collect::<Vec<_>>();
            let message = format!(
                "the handler has no version {}; it has {}",
                id.unwrap_or("?"),
                known.join(", ")
            );
            PackageError::nowhere(code::PKG_VERSION, message)
        })
    }

    /// Reads, hashes and compiles a version.
    pub fn compile(&self, version: &ManifestVersion) -> Result<Opened, PackageError> {
        let opened = self.compile_files(version)?;
        self.check_events(version, opened.program().as_ref())?;
        Ok(opened)
    }

    /// Fails where the manifest expects something of a type that the version knows nothing of: nobody would ever notice.
    /// What code alone could tell is taken as it is.
    fn check_events(&self, version: &ManifestVersion, program: &dyn HandlerProgram) -> Result<(), PackageError> {
        let upcast: Vec<Vec<u8>> = program.upcasters().into_iter().map(|step| step.event_type).collect();
        for (name, mark) in &version.event_marks {
            let takes_none = program.takes(name.as_bytes()) == Some(Takes::Nothing);
            if !takes_none || upcast.iter().any(|known| known == name.as_bytes()) {
                continue;
            }
            let known = program.event_types().unwrap_or_default().into_iter().chain(upcast);
            let known: Vec<String> = known.filter_map(|known| String::from_utf8(known).ok()).collect();
            let meant = nearest(name, known.iter().map(String::as_str));
            let meant = meant.map_or(String::new(), |meant| format!(" (did you mean `{meant}`?)"));
            let message =
                format!("`events` names `{name}`{meant}, of which the version has neither a rule nor an upcaster");
            return Err(PackageError::at(
                code::PKG_MANIFEST,
                &self.manifest_file,
                *mark,
                message,
            ));
        }
        Ok(())
    }

    fn compile_files(&self, version: &ManifestVersion) -> Result<Opened, PackageError> {
        let (main, files) = self.files_of(version)?;
        let identity = HandlerIdentity {
            name: self.manifest.name.clone(),
            version: version.id.clone(),
            hash: self.checked_hash(version, &files)?,
            engine: version.runtime.engine().to_owned(),
        };
        let place = |name: &str| -> Arc<str> { Arc::from(format!("{}/{name}", version.path)) };
        let (mut source, mut upcasters, mut invariants) = (Vec::new(), None, None);
        for (name, bytes) in &files {
            match name.as_str() {
                UPCASTERS => upcasters = Some(Document::from_yaml(&place(name), bytes)?),
                INVARIANTS => invariants = Some(Document::from_yaml(&place(name), bytes)?),
                name if name == main => source.clone_from(bytes),
                // The program reads it by itself.
                _ => {}
            }
        }
        let limits = self.manifest.limits;
        let file = place(main);
        if version.runtime == Runtime::Declarative {
            let parts = Parts {
                reducer: Document::from_yaml(&file, &source)?,
                upcasters,
                invariants,
            };
            let program = parts.program(identity, &version.events, limits)?;
            return Ok(Opened::Declarative(Arc::new(program)));
        }
        let beside = Beside {
            limits,
            invariants: match invariants {
                Some(document) => Invariants::of_file(&document, &Default::default())?,
                None => Invariants::default(),
            },
            upcasters: upcast::compile(upcasters.as_ref(), &version.events)?,
            wanted: version.events.clone(),
        };
        let guest = match version.runtime {
            Runtime::Js(dialect) => Guest::of_script(identity, &file, &source, dialect, beside)?,
            Runtime::Process => {
                let program = program_file::read(&file, &source, &files)?;
                Guest::of_program(identity, &file, program, beside)?
            }
            // Rules were compiled above.
            Runtime::Wasm | Runtime::Declarative => Guest::of_module(identity, &file, &source, beside)?,
        };
        Ok(Opened::Guest(Arc::new(guest)))
    }

    /// The name of the file with the code of a version, and all files that it is made of.
    fn files_of(&self, version: &ManifestVersion) -> Result<(&'static str, Vec<NamedFile>), PackageError> {
        let error = |message: String| PackageError::at(code::PKG_READ, &self.manifest_file, version.mark, message);
        let folder = self.folder.join(&version.path);
        let main = match version.runtime {
            Runtime::Declarative => REDUCER,
            Runtime::Js(_) if folder.join(TYPED_SCRIPT).exists() => TYPED_SCRIPT,
            Runtime::Js(_) => SCRIPT,
            Runtime::Wasm => MODULE,
            Runtime::Process => PROGRAM,
        };
        if main == TYPED_SCRIPT && folder.join(SCRIPT).exists() {
            return Err(error(format!(
                "{} has a {SCRIPT} and a {TYPED_SCRIPT}; keep one of them",
                version.path
            )));
        }
        let mut files = Vec::new();
        for name in [main, UPCASTERS, INVARIANTS] {
            let path = folder.join(name);
            if path.exists() {
                files.push((name.to_owned(), read_file(&path)?));
            } else if name == main {
                return Err(error(format!(
                    "version {} has no {main} in {}; add it",
                    version.id, version.path
                )));
            }
        }
        if version.runtime == Runtime::Process {
            let others = program_file::other_files(&folder, &files)?;
            files.extend(others);
        }
        Ok((main, files))
    }

    /// The content hash of the files of a version, which must be the one that the manifest says.
    fn checked_hash(&self, version: &ManifestVersion, files: &[NamedFile]) -> Result<String, PackageError> {
        let hash = hash_of(version.runtime, &self.manifest.semantic_json(version), files);
        match &version.hash {
            Some((expected, mark)) if !version.is_draft && *expected != hash => {
                let message = format!(
                    "the files of version {} have the hash {hash}, but the manifest says {expected}; restore the files, \
                     give the change a new version, or set `draft = true` while you work on it",
                    version.id
                );
                Err(PackageError::at(code::PKG_HASH, &self.manifest_file, *mark, message))
            }
            _ => Ok(hash),
        }
    }

    /// The case files of the package, by name.
    pub fn case_files(&self) -> Result<Vec<PathBuf>, PackageError> {
        case_files(&self.folder)
    }
}

/// The case files of a package folder, by name, also where its manifest cannot be read.
pub fn case_files(package: &Path) -> Result<Vec<PathBuf>, PackageError> {
    let folder = package.join("tests");
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let unreadable = |error: std::io::Error| {
        PackageError::nowhere(
            code::PKG_READ,
            format!("cannot list the cases: {}: {}", in_words(&error), folder.display()),
        )
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().ends_with(".case.yaml"))
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The content hash of these files. What is no UTF-8 is refused when it is read as what it is.
fn hash_of(runtime: Runtime, manifest: &[u8], files: &[NamedFile]) -> String {
    let bodies: Vec<(&str, Cow<'_, [u8]>)> = files
        .iter()
        .map(|(name, source)| match name.as_str() {
            REDUCER | SCRIPT | TYPED_SCRIPT | PROGRAM | UPCASTERS | INVARIANTS => {
                let text = normalised_text(&String::from_utf8_lossy(source)).into_bytes();
                (name.as_str(), Cow::Owned(text))
            }
            name => (name, Cow::Borrowed(source.as_slice())),
        })
        .collect();
    let bodies: Vec<(&str, &[u8])> = bodies.iter().map(|(name, body)| (*name, body.as_ref())).collect();
    hash::of_content(&hash::Content {
        format: manifest::FORMAT,
        runtime: runtime.name(),
        dialect: runtime.dialect(),
        abi: "1",
        manifest,
        files: &bodies,
    })
}

/// The parsed files of a version.
struct Parts {
    reducer: Document,
    upcasters: Option<Document>,
    invariants: Option<Document>,
}

impl Parts {
    fn program(
        &self,
        identity: HandlerIdentity,
        events: &std::collections::BTreeMap<String, u32>,
        limits: Limits,
    ) -> Result<DeclarativeProgram, PackageError> {
        let upcasters = upcast::compile(self.upcasters.as_ref(), events)?;
        let rules = reducer::compile::compile(&self.reducer, upcasters.seeds())?;
        let of_reducer = Invariants::of_reducer(&self.reducer, &rules.keys)?;
        let invariants = match &self.invariants {
            None => of_reducer,
            Some(document) if of_reducer.is_empty() => Invariants::of_file(document, &rules.keys)?,
            Some(document) => {
                let message = "the invariants stand in the reducer and in a file of their own; keep one of them";
                return Err(document.error(code::PKG_INVARIANT, document.root.mark, message));
            }
        };
        Ok(DeclarativeProgram::new(identity, rules, upcasters, invariants, limits))
    }
}

/// Reads a regular file of at most [`MAX_FILE_BYTES`].
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, PackageError> {
    let unreadable =
        |reason: String| PackageError::nowhere(code::PKG_READ, format!("cannot read: {reason}: {}", path.display()));
    let metadata = fs::metadata(path).map_err(|error| unreadable(in_words(&error)))?;
    if !metadata.is_file() {
        return Err(unreadable("it is no file".to_owned()));
    }
    if metadata.len() > MAX_FILE_BYTES as u64 {
        return Err(unreadable(format!(
            "it has {}; the most is {}",
            counted(metadata.len(), "byte"),
            grouped(MAX_FILE_BYTES as u64)
        )));
    }
    fs::read(path).map_err(|error| unreadable(in_words(&error)))
}
