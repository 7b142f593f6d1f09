//! The failure that a smaller history must still show: what tells it from another, and from no failure.

use std::sync::Arc;

use refold_core::fold::Folded;
use refold_core::port::handler::{HandlerIdentity, HandlerProgram};
use refold_handlers::lab::{Compared, Divergences, Rules};

use super::super::check::rules_of;
use super::super::shown_path;
use super::Failure;
use crate::error::AppError;
use crate::handler;
use crate::mask::Cover;
use crate::session::Session;

/// See the module.
pub(super) struct Shown {
    pub program: Arc<dyn HandlerProgram>,
    /// A handler that must not show it.
    pub unless: Option<Arc<dyn HandlerProgram>>,
    pub kind: Kind,
}

pub(super) enum Kind {
    Invariant { rules: Arc<Rules>, at: usize, id: String },
    Against { right: Arc<dyn HandlerProgram> },
    Error,
}

impl Shown {
    pub fn of(
        session: &Session,
        program: &Arc<dyn HandlerProgram>,
        handler: Option<&str>,
        failure: Failure<'_>,
    ) -> Result<Shown, AppError> {
        let program = Arc::clone(program);
        match failure {
            Failure::Invariant { id, unless } => {
                let own = handler::opened(handler)?.is_some_and(|it| it.invariants().find(id).is_some());
                let rules = Arc::new(rules_of(handler, (!own).then_some(id))?);
                let at = rules
                    .invariants()
                    .iter()
                    .position(|invariant| invariant.id == id)
                    .unwrap_or_default();
                let id = id.to_owned();
                Ok(Shown {
                    program,
                    unless: unless.map(|handler| session.adopted(Some(handler))).transpose()?,
                    kind: Kind::Invariant { rules, at, id },
                })
            }
            Failure::Against(right) => {
                let right = session.adopted(Some(right))?;
                Ok(Shown {
                    program: Arc::new(Compared::new(program, Arc::clone(&right), 1)),
                    unless: None,
                    kind: Kind::Against { right },
                })
            }
            Failure::Error => Ok(Shown {
                program,
                unless: None,
                kind: Kind::Error,
            }),
        }
    }

    /// The handler that is right where this one fails, as far as one is known.
    pub fn right(&self) -> Option<&Arc<dyn HandlerProgram>> {
        match &self.kind {
            Kind::Against { right } => Some(right),
            Kind::Invariant { .. } | Kind::Error => self.unless.as_ref(),
        }
    }

    /// What tells this failure from another one; `None`: there is none after this event.
    pub fn identity(&self, folded: &Folded) -> Option<String> {
        match &self.kind {
            Kind::Invariant { rules, at, .. } => rules.is_broken(*at, &folded.state).then(String::new),
            Kind::Against { .. } => {
                let divergences = Divergences::of_state(&folded.state)?;
                divergences
                    .differs_at_head()
                    .then(|| divergences.first.first().map(|first| first.path.clone()))?
            }
            Kind::Error => {
                let (_, fault) = folded.fault.as_ref()?;
                Some(format!(
                    "{} at {}",
                    fault.code,
                    fault.place.as_deref().unwrap_or("an unknown place")
                ))
            }
        }
    }

    pub fn sentence(&self, cover: &Cover, identity: &str, event: &str) -> String {
        match &self.kind {
            Kind::Invariant { id, .. } => format!("the invariant {id} breaks at {event}"),
            Kind::Against { right } => {
                format!(
                    "{} differs from {event} on, first at {}",
                    handler::label(right.identity()),
                    shown_path(cover, identity)
                )
            }
            Kind::Error => format!("the handler fails at {event}: {identity}"),
        }
    }

    /// The other versions of the handler's package, the newest first, which may be right where this one fails. Those
    /// that cannot be opened are none.
    pub fn other_versions(own: &HandlerIdentity, handler: Option<&str>) -> Vec<Arc<dyn HandlerProgram>> {
        let references = handler.map(handler::versions_beside).unwrap_or_default();
        let others = references.iter().rev().filter(|(_, version)| *version != own.version);
        others
            .filter_map(|(reference, _)| handler::open(Some(reference)).ok())
            .collect()
    }
}
