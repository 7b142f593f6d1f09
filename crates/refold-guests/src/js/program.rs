//! A handler in JavaScript that was loaded once: what it folds, and its state before the first event.

use std::collections::HashMap;
use std::sync::Arc;

use refold_core::port::handler::{HandlerFault, HandlerIdentity};
use refold_core::value::Value;

use super::engine::{self, Shared};
use super::guest::{Guest, engine_fault};
use super::instance::JsInstance;
use super::source::Source;
use crate::error::{LoadError, code};
use crate::instance::{self, Program};
use crate::limits::GuestLimits;
use crate::undo::{self, Guest as _};
use crate::unhandled::Unhandled;

/// What a source is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `export default { initial() {…}, on: { Type(state, event, meta) {…} } }`.
    Module,
    /// A projection of a KurrentDB server, as it is there.
    KurrentDb,
}

impl Dialect {
    /// The number that the guest knows it by.
    pub(crate) fn number(self) -> i32 {
        match self {
            Dialect::Module => 0,
            Dialect::KurrentDb => 1,
        }
    }
}

/// A loaded handler.
pub type JsProgram = Program<Loaded>;

pub struct Loaded {
    pub identity: HandlerIdentity,
    pub shared: &'static Shared,
    pub source: String,
    pub dialect: Dialect,
    pub limits: GuestLimits,
    pub routes: Routes,
    /// The state before the first event, as a guest saved it, and as a value.
    pub initial: (Arc<[u8]>, Value),
}

/// Which function folds an event.
pub struct Routes {
    /// By event type; `None`: the handler says that the type does nothing.
    pub types: HashMap<Vec<u8>, Option<u32>>,
    /// That of all other types.
    pub rest: Option<u32>,
    pub unhandled: Unhandled,
    /// Of a projection: where its events come from. The others are not its business.
    pub source: Option<Source>,
}

impl JsProgram {
    /// Loads a source and asks it for its first state. `identity.engine` should name [`engine::JS_ENGINE_ID`].
    pub fn load(
        identity: HandlerIdentity,
        source: &str,
        dialect: Dialect,
        limits: GuestLimits,
    ) -> Result<JsProgram, LoadError> {
        let shared = engine::shared().map_err(|message| LoadError {
            code: code::ENGINE,
            message,
            place: None,
        })?;
        let (mut guest, about) = Guest::load(shared, limits, source, dialect.number()).map_err(unloadable)?;
        let routes = described(&about).map_err(unloadable)?;
        let state = guest.state().map_err(unloadable)?;
        let saved = guest.save().map_err(unloadable)?;
        Ok(Program(Arc::new(Loaded {
            identity,
            shared,
            source: source.to_owned(),
            dialect,
            limits,
            routes,
            initial: (saved, state),
        })))
    }
}

impl instance::Loaded for Loaded {
    type Instance = JsInstance;

    fn identity(&self) -> &HandlerIdentity {
        &self.identity
    }

    fn instance(self: Arc<Loaded>) -> JsInstance {
        JsInstance::new(self)
    }
}

impl undo::Handler for Loaded {
    type Guest = Guest;

    fn guest(&self) -> Result<Guest, HandlerFault> {
        Guest::load(self.shared, self.limits, &self.source, self.dialect.number()).map(|(guest, _)| guest)
    }

    fn initial(&self) -> &(Arc<[u8]>, Value) {
        &self.initial
    }

    fn limits(&self) -> &GuestLimits {
        &self.limits
    }
}

/// A handler that cannot be loaded is wrong as a file, whatever stopped it.
fn unloadable(mut stopped: HandlerFault) -> LoadError {
    match stopped.code {
        code::HANDLER_THROW => stopped.code = code::PKG_SCRIPT,
        code::LIMIT_FUEL => {
            stopped.code = code::LIMIT_COMPILE;
            stopped.message = "loading the handler takes too much work; do less outside of its functions".to_owned();
        }
        // All others say it as they are.
        _ => {}
    }
    stopped.into()
}

/// Reads `{"types":[[name, place or -1], …],"unhandled":"warn"}`, which the prelude wrote; of a projection also
/// `"rest":place or -1` and `"source"`.
fn described(about: &[u8]) -> Result<Routes, HandlerFault> {
    read_routes(about).ok_or_else(|| engine_fault("it described the handler in an odd way"))
}

fn read_routes(about: &[u8]) -> Option<Routes> {
    let Ok(Value::Object(about)) = Value::from_json(about, 8) else {
        return None;
    };
    let Some(Value::Array(list)) = about.get(b"types") else {
        return None;
    };
    let mut types = HashMap::new();
    for entry in list.iter() {
        let Value::Array(entry) = entry else { return None };
        let Some(Value::Text(name)) = entry.get(0) else {
            return None;
        };
        types.insert(name.as_wtf8().to_vec(), place(entry.get(1)?)?);
    }
    let Some(Value::Text(word)) = about.get(b"unhandled") else {
        return None;
    };
    let unhandled = Unhandled::of(word.as_wtf8())?;
    let rest = about.get(b"rest").map_or(Some(None), place)?;
    let source = match about.get(b"source") {
        Some(source) => Some(Source::read(source, about.get(b"takesLinks"))?),
        None => None,
    };
    Some(Routes {
        types,
        rest,
        unhandled,
        source,
    })
}

/// The place of a function, or `-1` for none. `None`: it is neither.
fn place(value: &Value) -> Option<Option<u32>> {
    let Value::Number(place) = value else { return None };
    place.to_i64().map(|place| u32::try_from(place).ok())
}
