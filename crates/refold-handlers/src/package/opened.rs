//! A handler of a package or a file, opened: its program, and the invariants that it comes with.

use std::sync::Arc;

use refold_core::port::handler::{HandlerIdentity, HandlerProgram};
use refold_guests::{Dialect, GuestInstance, GuestProgram, JsProgram, LoadError, ProgramFile, WasmProgram};

use crate::document::normalised_text;
use crate::error::{Mark, PackageError, Place, code};
use crate::invariant::Invariants;
use crate::limits::Limits;
use crate::reducer::{DeclarativeProgram, SharedProgram};

/// Which engine it is of, and what that one can be asked.
#[derive(Clone)]
pub enum Opened {
    Declarative(Arc<DeclarativeProgram>),
    Guest(Arc<Guest>),
}

/// A handler in code with what stands beside it in its package.
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

    /// Loads the text of `file`, as the package names it.
    pub(super) fn of_script(
        identity: HandlerIdentity,
        file: &Arc<str>,
        source: &[u8],
        dialect: Dialect,
        limits: Limits,
        invariants: Invariants,
    ) -> Result<Guest, PackageError> {
        let source = std::str::from_utf8(source).map_err(|error| {
            let before = String::from_utf8_lossy(source.get(..error.valid_up_to()).unwrap_or_default());
            let mark = Mark::from_offset(&before, before.len());
            PackageError::at(code::PKG_SYNTAX, file, mark, "the file is no UTF-8")
        })?;
        let program = JsProgram::load(identity, &normalised_text(source), dialect, limits.of_guest());
        let program = program.map_err(|error| placed(file, error))?;
        let exported = Invariants::of_script(&program);
        let invariants = match (invariants.is_empty(), exported.is_empty()) {
            (_, true) => invariants,
            (true, false) => exported,
            (false, false) => {
                let message = "the invariants stand in the script and in a file of their own; keep one of them";
                return Err(PackageError::at(code::PKG_INVARIANT, file, Mark::START, message));
            }
        };
        Ok(Guest {
            program: Arc::new(program),
            invariants,
            limits,
        })
    }

    /// Loads the module of `file`, as the package names it.
    pub(super) fn of_module(
        identity: HandlerIdentity,
        file: &str,
        wasm: &[u8],
        limits: Limits,
        invariants: Invariants,
    ) -> Result<Guest, PackageError> {
        let program = WasmProgram::load(identity, wasm, limits.of_guest());
        Ok(Guest {
            program: Arc::new(program.map_err(|error| named(file, error))?),
            invariants,
            limits,
        })
    }

    /// Starts the program that `file`, as the package names it, describes.
    #[cfg(unix)]
    pub(super) fn of_program(
        identity: HandlerIdentity,
        file: &str,
        program: ProgramFile,
        limits: Limits,
        invariants: Invariants,
    ) -> Result<Guest, PackageError> {
        let walls = refold_guests::Walls::at_hand();
        let program = refold_guests::ProcessProgram::load(identity, program, limits.of_guest(), walls);
        Ok(Guest {
            program: Arc::new(program.map_err(|error| named(file, error))?),
            invariants,
            limits,
        })
    }

    #[cfg(not(unix))]
    pub(super) fn of_program(
        _identity: HandlerIdentity,
        file: &str,
        _program: ProgramFile,
        _limits: Limits,
        _invariants: Invariants,
    ) -> Result<Guest, PackageError> {
        let message = format!("{file}: handlers that are programs run on Linux and macOS only");
        Err(PackageError::nowhere(code::PKG_PROGRAM, message))
    }
}

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

/// The engine knows the file as `handler.js`; a person knows it by its path in the package.
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
