//! A handler in JavaScript that was loaded once: what it folds, and its state before the first event.

use std::sync::Arc;

use refold_core::finding::Severity;
use refold_core::port::handler::{HandlerFault, HandlerIdentity, Takes};
use refold_core::value::{Array, Object, Value};

use super::aside::Aside;
use super::engine::{self, Shared};
use super::guest::{Guest, engine_fault};
use super::instance::JsInstance;
use super::loaded::{Condition, Loaded, Routes, state_of};
use super::script::{Language, Script};
use super::source::Source;
use super::types;
use crate::aside::{Idle, Upcaster};
use crate::error::{LoadError, code, fault};
use crate::hosted::Hosted;
use crate::instance::{self, Program};
use crate::limits::GuestLimits;
use crate::unhandled::Unhandled;
use crate::worker::{About, Handler, Host, Worker, Workers};

/// A loaded handler.
pub type JsProgram = Program<Loaded>;

impl JsProgram {
    /// Loads a source and asks it for its first state. `identity.engine` should name [`engine::JS_ENGINE_ID`].
    pub fn load(identity: HandlerIdentity, script: Script, limits: GuestLimits) -> Result<JsProgram, LoadError> {
        JsProgram::load_into(Worker::start(limits)?, identity, script, limits)
    }

    /// The same in a worker that is there.
    pub(crate) fn load_into(
        worker: Worker,
        identity: HandlerIdentity,
        mut script: Script,
        limits: GuestLimits,
    ) -> Result<JsProgram, LoadError> {
        if script.language == Language::TypeScript {
            let code = types::code().map_err(no_engine)?;
            script.source = worker.without_types(&code, &script.source)?;
        }
        let code = engine::code().map_err(no_engine)?;
        let (workers, loaded) = Workers::load(worker, Handler::Script(&script), code).map_err(unloadable)?;
        let described = described(&loaded.about).map_err(unloadable)?;
        let state = state_of(&loaded.state, &limits).map_err(unloadable)?;
        Ok(Program(Arc::new(Loaded {
            identity,
            workers,
            script,
            limits,
            routes: described.routes,
            conditions: described.conditions,
            upcasters: described.upcasters,
            initial: (loaded.saved.into(), state),
        })))
    }

    /// Its text as the engine reads it: without types, and with everything else where it stands.
    pub fn source(&self) -> &str {
        &self.0.script.source
    }

    #[cfg(all(test, target_os = "linux", target_env = "gnu"))]
    pub(crate) fn workers(&self) -> &Workers {
        &self.0.workers
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

/// A script that was loaded where it runs.
struct Hosting {
    shared: Shared,
    script: Script,
    limits: GuestLimits,
}

/// Loads a script whose types were taken out into the engine of this code.
pub fn host(code: &[u8], script: Script, limits: GuestLimits) -> Result<(Box<dyn Host>, About), HandlerFault> {
    let shared = Shared::of(code).map_err(|message| fault(code::ENGINE, message))?;
    let (mut guest, about) = Guest::load(&shared, limits, &script)?;
    let mut about = About {
        about,
        state: Vec::new(),
        saved: Vec::new(),
    };
    guest.state(&mut about.state)?;
    guest.save(&mut about.saved)?;
    Ok((Box::new(Hosting { shared, script, limits }), about))
}

impl Host for Hosting {
    fn guest(&self) -> Result<Box<dyn Hosted>, HandlerFault> {
        let (guest, _) = Guest::load(&self.shared, self.limits, &self.script)?;
        Ok(Box::new(guest))
    }
}

fn no_engine(message: String) -> LoadError {
    fault(code::ENGINE, message).into()
}

/// A handler that cannot be loaded is wrong as a file, whatever stopped it.
fn unloadable(mut stopped: HandlerFault) -> LoadError {
    match stopped.code {
        code::HANDLER_THROW => stopped.code = code::PKG_SCRIPT,
        code::LIMIT_FUEL => {
            stopped.code = code::LIMIT_COMPILE;
            stopped.message = "loading the handler takes too much work; do less outside of its functions, and build smaller texts and \
                 lists"
                    .to_owned();
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
