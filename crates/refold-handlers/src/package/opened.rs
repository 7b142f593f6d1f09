//! A handler of a package or a file, opened: its program, and the invariants that it comes with.

use std::collections::BTreeMap;
use std::sync::Arc;

use refold_core::port::handler::{HandlerIdentity, HandlerProgram};
use refold_guests::{
    Dialect, GuestInstance, GuestProgram, JsProgram, Language, LoadError, ProgramFile, Script, WasmProgram,
};

use super::upcasted::Upcasted;
use crate::document::{Document, normalised_text};
use crate::error::{Mark, PackageError, Place, code};
use crate::invariant::Invariants;
use crate::limits::Limits;
use crate::reducer::{self, DeclarativeProgram, SharedProgram};
use crate::upcast::{self, CodedStep, Upcasters};

/// Which engine it is of, and what that one can be asked.
#[derive(Clone)]
pub enum Opened {
    Declarative(Arc<DeclarativeProgram>),
    Guest(Arc<Guest>),
}

/// What stands beside a handler in code, in its package.
pub struct Beside {
    pub limits: Limits,
    pub invariants: Invariants,
    pub upcasters: Upcasters,
    /// The schema versions that the handler expects, by the manifest.
    pub wanted: BTreeMap<String, u32>,
}

/// A handler in code with its package.
pub struct Guest {
    program: Arc<dyn GuestProgram>,
    invariants: Invariants,
    limits: Limits,
}

impl Opened {
    pub fn program(&self) -> Arc<dyn HandlerProgram> {
        match self {
            Opened::Declarative(program) => Arc::new(SharedProgram(Arc::clone(program))),
            Opened::Guest(guest) => Arc::clone(&guest.program) as Arc<dyn HandlerProgram>,
        }
    }

    pub fn invariants(&self) -> &Invariants {
        match self {
            Opened::Declarative(program) => program.invariants(),
            Opened::Guest(guest) => &guest.invariants,
        }
    }

    pub fn limits(&self) -> &Limits {
        match self {
            Opened::Declarative(program) => program.limits(),
            Opened::Guest(guest) => &guest.limits,
        }
    }
}

impl Guest {
    pub(crate) fn start(&self) -> Box<dyn GuestInstance> {
        self.program.start_guest()
    }

    /// Loads the text of `file`, as the package names it; its ending says in which language.
    pub(super) fn of_script(
        identity: HandlerIdentity,
        file: &Arc<str>,
        source: &[u8],
        dialect: Dialect,
        mut beside: Beside,
    ) -> Result<Guest, PackageError> {
        let source = std::str::from_utf8(source).map_err(|error| {
            let before = String::from_utf8_lossy(source.get(..error.valid_up_to()).unwrap_or_default());
            let mark = Mark::from_offset(&before, before.len());
            PackageError::at(code::PKG_SYNTAX, file, mark, "the file is no UTF-8")
        })?;
        let script = Script {
            file: file.rsplit('/').next().unwrap_or(file).to_owned(),
            source: normalised_text(source),
            language: match file.ends_with("ts") {
                true => Language::TypeScript,
                false => Language::JavaScript,
            },
            dialect,
        };
        let program = JsProgram::load(identity, script, beside.limits.of_guest());
        let program = program.map_err(|error| placed(file, error))?;
        let invariants = Invariants::of_script(&program);
        if !invariants.is_empty() {
            if !beside.invariants.is_empty() {
                return Err(twice(code::PKG_INVARIANT, file, "invariants"));
            }
            beside.invariants = invariants;
        }
        let steps = upcast::steps_of(program.upcasters(), Arc::new(program.aside()), program.source());
        beside.bring(file, steps)?;
        Guest::new(Arc::new(program), beside)
    }

    /// Loads the module of `file`, as the package names it.
    pub(super) fn of_module(
        identity: HandlerIdentity,
        file: &Arc<str>,
        wasm: &[u8],
        mut beside: Beside,
    ) -> Result<Guest, PackageError> {
        let program = WasmProgram::load(identity, wasm, beside.limits.of_guest());
        let program = program.map_err(|error| named(file, error))?;
        beside.bring(
            file,
            upcast::steps_of(program.upcasters(), Arc::new(program.aside()), ""),
        )?;
        Guest::new(Arc::new(program), beside)
    }

    /// Starts the program that `file`, as the package names it, describes.
    #[cfg(unix)]
    pub(super) fn of_program(
        identity: HandlerIdentity,
        file: &str,
        program: ProgramFile,
        beside: Beside,
    ) -> Result<Guest, PackageError> {
        let walls = refold_guests::Walls::at_hand();
        let program = refold_guests::ProcessProgram::load(identity, program, beside.limits.of_guest(), walls);
        Guest::new(Arc::new(program.map_err(|error| named(file, error))?), beside)
    }

    #[cfg(not(unix))]
    pub(super) fn of_program(
        _identity: HandlerIdentity,
        file: &str,
        _program: ProgramFile,
        _beside: Beside,
    ) -> Result<Guest, PackageError> {
        let message = format!("{file}: handlers that are programs run on Linux and macOS only");
        Err(PackageError::nowhere(code::PKG_PROGRAM, message))
    }

    fn new(program: Arc<dyn GuestProgram>, beside: Beside) -> Result<Guest, PackageError> {
        let Beside {
            limits,
            invariants,
            upcasters,
            ..
        } = beside;
        let program: Arc<dyn GuestProgram> = match upcasters.is_empty() {
            true => program,
            false => {
                let rules = Document::from_yaml(&Arc::from(""), NO_RULES)?;
                let rules = reducer::compile::compile(&rules, upcasters.seeds())?;
                let identity = program.identity().clone();
                let chain = DeclarativeProgram::new(identity, rules, upcasters, Invariants::default(), limits);
                Arc::new(Upcasted::new(program, chain))
            }
        };
        Ok(Guest {
            program,
            invariants,
            limits,
        })
    }
}

/// What a handler has in its own file and in another.
fn twice(code: &'static str, file: &Arc<str>, what: &str) -> PackageError {
    let message = format!("the {what} stand in the handler and in a file of their own; keep one of them");
    PackageError::at(code, file, Mark::START, message)
}

impl Beside {
    /// Takes the upcasters that the handler in `file` brings along.
    fn bring(&mut self, file: &Arc<str>, steps: Vec<CodedStep>) -> Result<(), PackageError> {
        if steps.is_empty() {
            return Ok(());
        }
        if !self.upcasters.is_empty() {
            return Err(twice(code::PKG_UPCASTER, file, "upcasters"));
        }
        self.upcasters = upcast::of_code(file, steps, &self.wanted)?;
        Ok(())
    }

    /// Of a bare file.
    pub(super) fn nothing() -> Beside {
        Beside {
            limits: Limits::DEFAULT,
            invariants: Invariants::default(),
            upcasters: Upcasters::default(),
            wanted: BTreeMap::new(),
        }
    }
}

/// The rules of a program that does nothing but bring events up to date.
const NO_RULES: &[u8] = b"refold: reducer/1\non: {}\nunhandled: ignore\n";

/// Of a file that has no lines to point at.
fn named(file: &str, error: LoadError) -> PackageError {
    let place = error.place.map(|place| format!(" ({place})")).unwrap_or_default();
    PackageError::nowhere(error.code, format!("{file}: {}{place}", error.message))
}

/// What a bare file is written for: a module exports something at the start of a line, and a projection, which is no
/// module, cannot.
pub(super) fn dialect_of(source: &[u8]) -> Dialect {
    let is_module = source
        .split(|byte| *byte == b'\n')
        .any(|line| line.trim_ascii_start().starts_with(b"export"));
    let names = ["fromAll", "fromStream", "fromCategor", "on_event", "on_any"];
    let is_projection = |name: &str| source.windows(name.len()).any(|it| it == name.as_bytes());
    match !is_module && names.into_iter().any(is_projection) {
        true => Dialect::KurrentDb,
        false => Dialect::Module,
    }
}

/// The engine knows the file by its name; a person knows it by its path in the package.
fn placed(file: &Arc<str>, error: LoadError) -> PackageError {
    let mark = error.place.as_deref().and_then(|place| {
        let mut parts = place.rsplit(':');
        let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Mark { line, column })
    });
    PackageError {
        code: error.code,
        message: error.message,
        place: mark.map(|mark| Place {
            file: Arc::clone(file),
            mark,
        }),
    }
}
