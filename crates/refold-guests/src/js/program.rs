//! A handler in JavaScript that was loaded once: what it folds, and its state before the first event.

use std::collections::HashMap;
use std::sync::Arc;

use refold_core::finding::Severity;
use refold_core::port::handler::{HandlerFault, HandlerIdentity, Takes};
use refold_core::value::{Array, Object, Value};

use super::aside::{Aside, Condition};
use super::engine::{self, Shared};
use super::guest::{Guest, engine_fault};
use super::instance::JsInstance;
use super::source::Source;
use super::types;
use crate::aside::{Idle, Upcaster};
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

/// What a source is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    JavaScript,
    /// Its types are taken out.
    TypeScript,
}

impl Language {
    /// What faults call the source.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Language::JavaScript => "handler.js",
            Language::TypeScript => "handler.ts",
        }
    }
}

/// The source of a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    pub source: String,
    pub language: Language,
    pub dialect: Dialect,
}

/// A loaded handler.
pub type JsProgram = Program<Loaded>;

pub struct Loaded {
    pub identity: HandlerIdentity,
    pub shared: &'static Shared,
    /// Without types.
    pub script: Script,
    pub limits: GuestLimits,
    pub routes: Routes,
    /// The invariants that it exports, in its order.
    pub conditions: Vec<Condition>,
    /// The same of upcasters.
    pub upcasters: Vec<Upcaster>,
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
    pub fn load(identity: HandlerIdentity, mut script: Script, limits: GuestLimits) -> Result<JsProgram, LoadError> {
        if script.language == Language::TypeScript {
            script.source = types::without_types(&script.source, &limits)?;
        }
        let shared = engine::shared().map_err(|message| LoadError {
            code: code::ENGINE,
            message,
            place: None,
        })?;
        let (mut guest, about) = Guest::load(shared, limits, &script).map_err(unloadable)?;
        let described = described(&about).map_err(unloadable)?;
        let state = guest.state().map_err(unloadable)?;
        let saved = guest.save().map_err(unloadable)?;
        Ok(Program(Arc::new(Loaded {
            identity,
            shared,
            script,
            limits,
            routes: described.routes,
            conditions: described.conditions,
            upcasters: described.upcasters,
            initial: (saved, state),
        })))
    }

    /// Its text as the engine reads it: without types, and with everything else where it stands.
    pub fn source(&self) -> &str {
        &self.0.script.source
    }

    /// The invariants that the script exports, in its order.
    pub fn conditions(&self) -> &[Condition] {
        &self.0.conditions
    }

    /// The upcasters that the script exports.
    pub fn upcasters(&self) -> &[Upcaster] {
        &self.0.upcasters
    }

    /// Guests in which its functions are asked beside its folds.
    pub fn aside(&self) -> Aside {
        Aside(Idle::new(Arc::clone(&self.0)))
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

    fn takes(&self, event_type: &[u8]) -> Option<Takes> {
        Some(match self.routes.types.get(event_type) {
            Some(Some(_)) => Takes::Folds,
            Some(None) => Takes::ForNothing,
            None if self.routes.rest.is_some() => Takes::AsAnyOther,
            None => Takes::Nothing,
        })
    }

    fn event_types(&self) -> Option<Vec<Vec<u8>>> {
        let mut types: Vec<Vec<u8>> = self.routes.types.keys().cloned().collect();
        types.sort_unstable();
        Some(types)
    }
}

impl undo::Handler for Loaded {
    type Guest = Guest;

    fn guest(&self) -> Result<Guest, HandlerFault> {
        Guest::load(self.shared, self.limits, &self.script).map(|(guest, _)| guest)
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

/// What the prelude says about a handler.
struct Description {
    routes: Routes,
    conditions: Vec<Condition>,
    upcasters: Vec<Upcaster>,
}

/// Reads `{"types":[[name, place or -1], …],"unhandled":"warn","invariants":[…],"upcast":[…]}`, which the prelude wrote; of a
/// projection also `"rest":place or -1` and `"source"`.
fn described(about: &[u8]) -> Result<Description, HandlerFault> {
    let read = || {
        let Ok(Value::Object(about)) = Value::from_json(about, 8) else {
            return None;
        };
        Some(Description {
            routes: read_routes(&about)?,
            conditions: elements(&about, b"invariants", read_condition)?,
            upcasters: elements(&about, b"upcast", read_upcaster)?,
        })
    };
    read().ok_or_else(|| engine_fault("it described the handler in an odd way"))
}

fn read_routes(about: &Object) -> Option<Routes> {
    let Some(Value::Text(word)) = about.get(b"unhandled") else {
        return None;
    };
    let of_type = |entry: &Array| {
        let Some(Value::Text(name)) = entry.get(0) else {
            return None;
        };
        Some((name.as_wtf8().to_vec(), place(entry.get(1)?)?))
    };
    Some(Routes {
        types: elements(about, b"types", of_type)?.into_iter().collect(),
        rest: about.get(b"rest").map_or(Some(None), place)?,
        unhandled: Unhandled::of(word.as_wtf8())?,
        source: match about.get(b"source") {
            Some(source) => Some(Source::read(source, about.get(b"takesLinks"))?),
            None => None,
        },
    })
}

/// Of `[id, place, severity, title, text]`.
fn read_condition(entry: &Array) -> Option<Condition> {
    let text = |at| match entry.get(at) {
        Some(Value::Text(text)) => Some(text.to_display().into_owned()),
        _ => None,
    };
    Some(Condition {
        id: text(0)?,
        function: place(entry.get(1)?)??,
        severity: match text(2)?.as_str() {
            "error" => Severity::Error,
            "warning" => Severity::Warning,
            "notice" => Severity::Notice,
            _ => return None,
        },
        title: text(3)?,
        text: text(4)?,
    })
}

/// Of `[type, from, place, text]`.
fn read_upcaster(entry: &Array) -> Option<Upcaster> {
    let (Some(Value::Text(event_type)), Some(Value::Number(from)), Some(Value::Text(text))) =
        (entry.get(0), entry.get(1), entry.get(3))
    else {
        return None;
    };
    Some(Upcaster {
        event_type: event_type.as_wtf8().to_vec(),
        from: from.to_i64().and_then(|from| u32::try_from(from).ok())?,
        text: text.to_display().into_owned(),
        function: place(entry.get(2)?)??,
    })
}

/// The arrays in the array of that name; none where it is not there.
fn elements<T>(about: &Object, name: &[u8], read: impl Fn(&Array) -> Option<T>) -> Option<Vec<T>> {
    let of = |entry: &Value| match entry {
        Value::Array(entry) => read(entry),
        _ => None,
    };
    match about.get(name) {
        None => Some(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(of).collect(),
        Some(_) => None,
    }
}

/// The place of a function, or `-1` for none. `None`: it is neither.
fn place(value: &Value) -> Option<Option<u32>> {
    let Value::Number(place) = value else { return None };
    place.to_i64().map(|place| u32::try_from(place).ok())
}
