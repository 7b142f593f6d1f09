//! An event as the guest reads it: a head of fixed size, then texts, each with a zero byte after it. `guest/event.h`
//! reads the same layout.

use refold_core::event::{EventBatch, EventView};
use refold_core::time::Timestamp;

use crate::surroundings::{micros, seed};

const HEAD_BYTES: usize = 64;

const HAS_PAYLOAD: u32 = 1;
const HAS_METADATA: u32 = 2;
const HAS_VERSION: u32 = 4;
const HAS_TIME: u32 = 8;
const HAS_ID: u32 = 16;
const IS_FIRST: u32 = 32;

/// Writes the event after what `out` holds. `handler` is the place of the function that folds it; `is_first`: nothing
/// was folded before it.
pub fn write(out: &mut Vec<u8>, handler: u32, is_first: bool, event: &EventView<'_>, stream: &[u8], event_type: &[u8]) {
    let mut flags = 0;
    let mut flag = |is_there: bool, bit| flags |= if is_there { bit } else { 0 };
    flag(event.payload.is_some(), HAS_PAYLOAD);
    flag(event.metadata.is_some(), HAS_METADATA);
    flag(event.version != EventBatch::NO_VERSION, HAS_VERSION);
    flag(!event.recorded_at.is_none(), HAS_TIME);
    flag(event.event_id.is_some(), HAS_ID);
    flag(is_first, IS_FIRST);
    let texts = [
        event_type,
        stream,
        event.event_id.unwrap_or_default(),
        event.metadata.unwrap_or_default(),
        event.payload.unwrap_or_default(),
    ];
    let head = Head {
        handler,
        flags,
        version: event.version.0,
        position: event.position.0,
        micros: micros(event.recorded_at),
        seed: seed(stream, event.version.0),
    };
    head.write(out, texts);
}

/// Writes an event that is nothing but a payload, for a function that is asked about a value.
pub fn write_value(out: &mut Vec<u8>, function: u32, json: &[u8]) {
    let head = Head {
        handler: function,
        flags: HAS_PAYLOAD,
        version: 0,
        position: 0,
        micros: micros(Timestamp::NONE),
        seed: seed(b"", 0),
    };
    head.write(out, [b"", b"", b"", b"", json]);
}

struct Head {
    handler: u32,
    flags: u32,
    version: i64,
    position: i64,
    micros: f64,
    seed: u64,
}

impl Head {
    /// With the texts after it, in the order of the layout.
    fn write(&self, out: &mut Vec<u8>, texts: [&[u8]; 5]) {
        let start = out.len();
        out.extend_from_slice(&self.handler.to_le_bytes());
        out.extend_from_slice(&self.flags.to_le_bytes());
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.position.to_le_bytes());
        out.extend_from_slice(&self.micros.to_le_bytes());
        out.extend_from_slice(&self.seed.to_le_bytes());
        for text in texts {
            // Texts come from spans of 32 bits, and a state is smaller than its limit, which has as many.
            out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        }
        out.extend_from_slice(&[0; 4]);
        debug_assert_eq!(
            out.len(),
            start + HEAD_BYTES,
            "the head has the size that the guest reads"
        );
        for text in texts {
            out.extend_from_slice(text);
            // A number is read up to what is no digit, and a text may be one.
            out.push(0);
        }
    }
}
