//! The frames of `refold-abi/1` that are written into a module's memory. All numbers have their least byte first. What
//! a module answers is read in [`super::reply`].

use refold_core::event::{EventBatch, EventView};

use crate::surroundings::seed;

/// The version of the interface, as `refold_abi_version` gives it.
pub const VERSION: i32 = 1;

/// What a module is told when it starts.
pub const CONFIG: &[u8] = br#"{"refold":1}"#;

/// Where memory that a module hands out must begin.
pub const ALIGNMENT: u32 = 8;

const HEAD_BYTES: usize = 64;
const SEED_AT: usize = 32;
const KEY_LENGTH_AT: usize = 40;

const HAS_PAYLOAD: u32 = 1;
const HAS_METADATA: u32 = 2;
const HAS_VERSION: u32 = 4;
const HAS_TIME: u32 = 8;
const HAS_ID: u32 = 16;

/// The head of a batch of so many events; their records follow.
pub fn batch_head(events: u32) -> [u8; 8] {
    u64::from(events).to_le_bytes()
}

/// The head of a record that is upcast from this version.
pub fn upcast_head(from: u32) -> [u8; 8] {
    u64::from(from).to_le_bytes()
}

/// Writes the record of an event after what `out` holds. `key` is the name of the state that it is folded into.
pub fn write_record(out: &mut Vec<u8>, key: &[u8], event: &EventView<'_>, stream: &[u8], event_type: &[u8]) {
    let mut flags = 0;
    let mut flag = |is_there: bool, bit| flags |= if is_there { bit } else { 0 };
    flag(event.payload.is_some(), HAS_PAYLOAD);
    flag(event.metadata.is_some(), HAS_METADATA);
    flag(event.version != EventBatch::NO_VERSION, HAS_VERSION);
    flag(!event.recorded_at.is_none(), HAS_TIME);
    flag(event.event_id.is_some(), HAS_ID);
    let has = |bit| flags & bit != 0;
    let texts = [
        key,
        stream,
        event_type,
        event.event_id.unwrap_or_default(),
        event.metadata.unwrap_or_default(),
        event.payload.unwrap_or_default(),
    ];
    let text_bytes: usize = texts.iter().map(|text| text.len()).sum();
    let byte_count = (HEAD_BYTES + text_bytes).next_multiple_of(8);
    let start = out.len();
    out.reserve(byte_count);
    // Payload and metadata are within their limit, and names are shorter.
    out.extend_from_slice(&(byte_count as u32).to_le_bytes());
    out.extend_from_slice(&flags.to_le_bytes());
    let version = if has(HAS_VERSION) { event.version.0 } else { 0 };
    let time_nanos = if has(HAS_TIME) { event.recorded_at.0 } else { 0 };
    out.extend_from_slice(&version.to_le_bytes());
    out.extend_from_slice(&event.position.0.to_le_bytes());
    out.extend_from_slice(&time_nanos.to_le_bytes());
    out.extend_from_slice(&seed(stream, event.version.0).to_le_bytes());
    for text in texts {
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    }
    for text in texts {
        out.extend_from_slice(text);
    }
    out.resize(start + byte_count, 0);
}

/// The seed in a record.
pub fn seed_of(record: &[u8]) -> u64 {
    let bytes = record.get(SEED_AT..).and_then(|rest| rest.first_chunk());
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The key in a record.
pub fn key_of_record(record: &[u8]) -> &[u8] {
    let length = record.get(KEY_LENGTH_AT..).and_then(|rest| rest.first_chunk());
    let length = length.map_or(0, |length| u32::from_le_bytes(*length));
    let key = record.get(HEAD_BYTES..).and_then(|rest| rest.get(..length as usize));
    key.unwrap_or_default()
}

/// Writes a state with its key, as `refold_load` takes it.
pub fn write_keyed_state(out: &mut Vec<u8>, key: &[u8], json: &[u8]) {
    // Both are within limits of less than 4 GiB.
    for part in [key, json] {
        out.extend_from_slice(&(part.len() as u32).to_le_bytes());
    }
    out.extend_from_slice(key);
    out.extend_from_slice(json);
}

/// The key in what [`write_keyed_state`] wrote; of anything else, nothing.
pub fn key_of(keyed: &[u8]) -> &[u8] {
    let length = keyed.first_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    let key = keyed.get(8..).and_then(|rest| rest.get(..length as usize));
    key.unwrap_or_default()
}

/// Where a module says that something lies in its memory: the address above, the length below.
pub fn unpacked(packed: i64) -> (u32, u32) {
    let packed = packed as u64;
    // Each takes 32 of the 64 bits.
    ((packed >> 32) as u32, packed as u32)
}
