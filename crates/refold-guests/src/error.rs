//! What is wrong with a handler's file, and the codes of what goes wrong while it runs.

use refold_core::port::handler::HandlerFault;

/// A handler that cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}{}", place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default())]
pub struct LoadError {
    /// One of [`code`].
    pub code: &'static str,
    /// What is wrong and what to do about it.
    pub message: String,
    /// `handler.js:12:7`, where it is known.
    pub place: Option<String>,
}

impl From<HandlerFault> for LoadError {
    fn from(HandlerFault { code, message, place }: HandlerFault) -> LoadError {
        LoadError { code, message, place }
    }
}

/// The codes that this crate gives. Each is described, with what to do, in `docs/handlers.md`.
pub mod code {
    pub const PKG_SCRIPT: &str = "RF-PKG-SCRIPT";
    pub const PKG_WASM: &str = "RF-PKG-WASM";

    pub const WASM_IMPORT: &str = "RF-WASM-IMPORT";
    pub const WASM_EXPORT: &str = "RF-WASM-EXPORT";
    pub const WASM_ABI: &str = "RF-WASM-ABI";

    pub const LIMIT_FUEL: &str = "RF-LIMIT-FUEL";
    pub const LIMIT_MEMORY: &str = "RF-LIMIT-MEMORY";
    pub const LIMIT_STACK: &str = "RF-LIMIT-STACK";
    pub const LIMIT_STATE: &str = "RF-LIMIT-STATE";
    pub const LIMIT_DEPTH: &str = "RF-LIMIT-DEPTH";
    pub const LIMIT_OUTPUT: &str = "RF-LIMIT-OUTPUT";
    pub const LIMIT_COMPILE: &str = "RF-LIMIT-COMPILE";

    pub const EVENT_SIZE: &str = "RF-EVENT-SIZE";
    pub const EVENT_MALFORMED: &str = "RF-EVENT-MALFORMED";

    pub const HANDLER_THROW: &str = "RF-HANDLER-THROW";
    pub const HANDLER_TYPE: &str = "RF-HANDLER-TYPE";
    pub const STATE_UNSERIALIZABLE: &str = "RF-STATE-UNSERIALIZABLE";

    /// A program ended, or closed its output, before it answered.
    pub const PROC_EXIT: &str = "RF-PROC-EXIT";
    /// A program answered with something else than what it was asked for.
    pub const PROC_PROTOCOL: &str = "RF-PROC-PROTOCOL";
    /// A program did not answer what takes no work.
    pub const PROC_TIMEOUT: &str = "RF-PROC-TIMEOUT";
    /// A program cannot be started.
    pub const PROC_START: &str = "RF-PROC-START";
    /// Nothing on this machine keeps a program in.
    pub const PROC_WALLS: &str = "RF-PROC-WALLS";
    /// A program works too long. How long that takes differs from run to run.
    pub const LIMIT_WALL: &str = "RF-LIMIT-WALL";

    /// A handler made another state of the same events.
    pub const NONDETERMINISTIC: &str = "RF-NONDETERMINISTIC";

    /// No fault: nobody waits for the answer any more.
    pub const CANCELLED: &str = refold_core::port::handler::HandlerFault::CANCELLED;

    /// The engine itself failed: out of address space, or a fault of ours.
    pub const ENGINE: &str = "RF-ENGINE";
    /// The process of the engine ended before it answered.
    pub const ENGINE_EXIT: &str = "RF-ENGINE-EXIT";
    /// The process of the engine answered with something else than what it was asked for.
    pub const ENGINE_PROTOCOL: &str = "RF-ENGINE-PROTOCOL";
}

pub(crate) fn fault(code: &'static str, message: impl Into<String>) -> HandlerFault {
    HandlerFault {
        code,
        message: message.into(),
        place: None,
    }
}

const HAD_ENDED: &str = "the process that ran the handler had ended";

/// Why nothing was asked of a process: it was gone before.
pub(crate) fn had_ended() -> HandlerFault {
    fault(code::ENGINE_EXIT, HAD_ENDED)
}

/// Whether the process was gone before it was asked, and not over what it was asked.
pub(crate) fn is_had_ended(fault: &HandlerFault) -> bool {
    fault.code == code::ENGINE_EXIT && fault.message == HAD_ENDED
}

/// The code that is written so, among those that an engine may end with in a process of its own.
pub(crate) fn known(written: &str) -> Option<&'static str> {
    [
        code::PKG_SCRIPT,
        code::PKG_WASM,
        code::WASM_IMPORT,
        code::WASM_EXPORT,
        code::WASM_ABI,
        code::LIMIT_FUEL,
        code::LIMIT_MEMORY,
        code::LIMIT_STACK,
        code::LIMIT_STATE,
        code::LIMIT_DEPTH,
        code::LIMIT_OUTPUT,
        code::LIMIT_COMPILE,
        code::EVENT_SIZE,
        code::EVENT_MALFORMED,
        code::HANDLER_THROW,
        code::HANDLER_TYPE,
        code::STATE_UNSERIALIZABLE,
        code::NONDETERMINISTIC,
        code::CANCELLED,
        code::ENGINE,
    ]
    .into_iter()
    .find(|code| *code == written)
}
