//! Where events of a stored type go, and what their rules read of them. It knows nothing of what the rules do.

use refold_core::count::{counted, grouped};
use refold_core::event::{EventView, TypeOrdinal};
use refold_core::port::handler::HandlerFault;
use refold_core::value::{JsonError, Value};

use super::rules::{Rules, TypeRules};
use crate::error::code;
use crate::limits::Limits;
use crate::project::{Layouts, Malformed, Projection, Reason, Slots};
use crate::upcast::{Route, Upcasters};

/// The lanes of an instance, by type ordinal.
#[derive(Debug, Default)]
pub struct Lanes(Vec<Option<Lane>>);

/// Where events of a stored type go.
#[derive(Debug)]
pub struct Lane {
    /// The name that the ordinal stood for.
    stored: Box<[u8]>,
    pub route: Route,
    /// The place of the rules.
    pub rules: usize,
    data: Layouts,
    meta: Layouts,
}

/// The projected paths of the event at hand.
#[derive(Debug, Default)]
pub struct EventSlots {
    pub data: Slots,
    pub meta: Slots,
}

/// Why an event was not folded.
pub enum Stop {
    Fault(Box<HandlerFault>),
    Undecodable(JsonError),
}

impl From<Box<HandlerFault>> for Stop {
    fn from(fault: Box<HandlerFault>) -> Stop {
        Stop::Fault(fault)
    }
}

impl Lanes {
    /// Where events of this ordinal go. An ordinal of other names is noticed by its name.
    pub fn find(&mut self, upcasters: &Upcasters, rules: &Rules, ordinal: TypeOrdinal, stored: &[u8]) -> &mut Lane {
        let at = ordinal.0 as usize;
        if self.0.len() <= at {
            self.0.resize_with(at + 1, || None);
        }
        // Made just above.
        let kept = &mut self.0[at];
        if kept.as_ref().is_none_or(|lane| *lane.stored != *stored) {
            *kept = None;
        }
        kept.get_or_insert_with(|| {
            let route = upcasters.route(stored);
            let rules = rules.place_of(route.event_type(stored));
            Lane {
                stored: stored.into(),
                route,
                rules,
                data: Layouts::default(),
                meta: Layouts::default(),
            }
        })
    }
}

impl Lane {
    /// Fills the slots of `rules`, which are those of this lane. Returns the payload.
    pub fn read<'e>(
        &mut self,
        rules: &TypeRules,
        event: &EventView<'e>,
        limits: &Limits,
        slots: &mut EventSlots,
    ) -> Result<Option<&'e [u8]>, Stop> {
        let payload = checked_size("payload", event.payload, limits)?;
        match payload {
            Some(payload) => self
                .data
                .project(&rules.data, payload, limits.depth, &mut slots.data)
                .map_err(|malformed| unread("payload", malformed, limits))?,
            None => rules.data.project_value(&Value::Null, &mut slots.data),
        }
        let meta = &mut self.meta;
        read_metadata(&rules.meta, event, limits, &mut slots.meta, |metadata, slots| {
            meta.project(&rules.meta, metadata, limits.depth, slots)
        })?;
        Ok(payload)
    }
}

/// Fills the metadata slots of rules that are not those of the event's lane.
pub fn read_metadata_for(
    rules: &TypeRules,
    event: &EventView<'_>,
    limits: &Limits,
    slots: &mut EventSlots,
) -> Result<(), Stop> {
    read_metadata(&rules.meta, event, limits, &mut slots.meta, |metadata, slots| {
        rules.meta.project(metadata, limits.depth, slots)
    })
}

/// Metadata is read only where the rules need some of it.
fn read_metadata(
    projection: &Projection,
    event: &EventView<'_>,
    limits: &Limits,
    slots: &mut Slots,
    project: impl FnOnce(&[u8], &mut Slots) -> Result<(), Malformed>,
) -> Result<(), Stop> {
    if projection.is_empty() {
        return Ok(());
    }
    match checked_size("metadata", event.metadata, limits)? {
        Some(metadata) => project(metadata, slots).map_err(|malformed| {
            let message =
                format!("the metadata is not JSON: {malformed}; correct the layout, or do not read `event.meta`");
            Stop::Fault(Box::new(HandlerFault {
                code: code::EVENT_MALFORMED,
                message,
                place: None,
            }))
        }),
        None => {
            projection.project_value(&Value::Null, slots);
            Ok(())
        }
    }
}

fn checked_size<'b>(what: &str, bytes: Option<&'b [u8]>, limits: &Limits) -> Result<Option<&'b [u8]>, Stop> {
    match bytes {
        Some(bytes) if bytes.len() > limits.payload_bytes => {
            let message = format!(
                "the {what} has {}; the most is {}",
                counted(bytes.len() as u64, "byte"),
                grouped(limits.payload_bytes as u64)
            );
            Err(Stop::Fault(Box::new(HandlerFault {
                code: code::EVENT_SIZE,
                message,
                place: None,
            })))
        }
        _ => Ok(bytes),
    }
}

fn unread(what: &str, malformed: Malformed, limits: &Limits) -> Stop {
    match malformed.reason {
        Reason::Depth => {
            let message = format!(
                "the {what} nests deeper than {} levels at byte {}",
                limits.depth, malformed.offset
            );
            Stop::Fault(Box::new(HandlerFault {
                code: code::LIMIT_DEPTH,
                message,
                place: None,
            }))
        }
        reason => Stop::Undecodable(JsonError {
            offset: malformed.offset,
            message: reason.message(),
        }),
    }
}
