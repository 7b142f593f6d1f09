//! What a program is sent: JSON objects, one a line. It must not know what a program answers.

use std::io::Write as _;

use refold_core::event::{EventBatch, EventView};
use refold_core::names::Names;
use refold_core::value::Value;

/// A time is written with at least so many digits of its fraction, as everywhere.
const TIME_DIGITS: u8 = 3;

pub const RESET: &[u8] = b"{\"cmd\":\"reset\"}\n";
pub const BYE: &[u8] = b"{\"cmd\":\"bye\"}\n";

const APPLY_START: &[u8] = b"{\"cmd\":\"apply\",\"events\":[";

/// What comes before the key, in an event and in what [`load`] writes.
const EVENT_START: &[u8] = b"{\"key\":";
const LOAD_START: &[u8] = b"{\"cmd\":\"load\",\"key\":";

/// Lines that are sent together, each with an answer of its own.
#[derive(Default)]
pub struct Lines {
    bytes: Vec<u8>,
    count: usize,
}

impl Lines {
    /// `line` ends.
    pub fn push(&mut self, line: &[u8]) {
        self.push_of(|bytes| bytes.extend_from_slice(line));
    }

    /// The same of one that `write` writes.
    pub fn push_of(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.count += 1;
    }

    /// Adds what comes behind them.
    pub fn append(&mut self, later: &Lines) {
        self.bytes.extend_from_slice(&later.bytes);
        self.count += later.count;
    }

    pub fn byte_count(&self) -> usize {
        self.bytes.len()
    }

    pub fn count(&self) -> usize {
        self.count
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// The first line of all.
pub fn init(options: &Value) -> Vec<u8> {
    let mut line = b"{\"refold\":1,\"cmd\":\"init\",\"options\":".to_vec();
    options.write_json(&mut line);
    line.extend_from_slice(b"}\n");
    line
}

/// Which states an answer to events must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    None,
    /// That of each key after the last event.
    Final,
    /// Those after each event.
    Each,
}

/// Adds an event, written by [`event`], to a line that asks for events to be folded.
pub fn add(line: &mut Vec<u8>, event: &[u8]) {
    line.extend_from_slice(if line.is_empty() { APPLY_START } else { b"," });
    line.extend_from_slice(event);
}

/// Ends such a line.
pub fn end(line: &mut Vec<u8>, want: Want) {
    line.extend_from_slice(match want {
        Want::None => b"],\"want\":\"none\"}\n",
        Want::Final => b"],\"want\":\"final\"}\n",
        Want::Each => b"],\"want\":\"each\"}\n",
    });
}

/// Asks for the state of a key, which is JSON.
pub fn state(key: &[u8]) -> Vec<u8> {
    [b"{\"cmd\":\"state\",\"key\":", key, b"}\n"].concat()
}

/// Gives a state back. It is also how a state is kept.
pub fn load(key: &[u8], state: &Value) -> Vec<u8> {
    let mut line = [LOAD_START, key, b",\"state\":"].concat();
    state.write_json(&mut line);
    line.extend_from_slice(b"}\n");
    line
}

/// The key, as JSON, in what [`event`] or [`load`] wrote; of anything else the empty text.
pub fn key_of(written: &[u8]) -> &[u8] {
    let rest = written
        .strip_prefix(EVENT_START)
        .or_else(|| written.strip_prefix(LOAD_START))
        .unwrap_or_default();
    let mut is_escaped = false;
    let end = rest.iter().skip(1).position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    });
    // The quotes at both ends are part of it.
    end.and_then(|end| rest.get(..end + 2)).unwrap_or(b"\"\"")
}

/// What is known of the metadata of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metadata {
    /// They are taken for JSON, to compare with what was written before.
    Unread,
    /// They are read, and written as null where they are no JSON or nest too deep.
    Read { depth: usize },
}

/// Writes an event. `key` is the name of the state that it is folded into. The payload must be JSON.
pub fn event(out: &mut Vec<u8>, key: &[u8], event: &EventView<'_>, names: &Names, metadata: Metadata) {
    out.extend_from_slice(EVENT_START);
    text(out, key);
    out.extend_from_slice(b",\"stream\":");
    text(out, names.stream(event.stream));
    out.extend_from_slice(b",\"type\":");
    text(out, names.type_name(event.event_type));
    out.extend_from_slice(b",\"version\":");
    match event.version {
        EventBatch::NO_VERSION => out.extend_from_slice(b"null"),
        version => {
            let _ = write!(out, "{}", version.0);
        }
    }
    let _ = write!(out, ",\"position\":{}", event.position.0);
    out.extend_from_slice(b",\"time\":");
    match event.recorded_at.is_none() {
        true => out.extend_from_slice(b"null"),
        false => {
            let _ = write!(out, "\"{}\"", event.recorded_at.display(TIME_DIGITS));
        }
    }
    out.extend_from_slice(b",\"id\":");
    match event.event_id {
        Some(id) => text(out, id),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"meta\":");
    let is_taken = |it: &&[u8]| match metadata {
        Metadata::Unread => true,
        Metadata::Read { depth } => Value::from_json(it, depth).is_ok(),
    };
    on_one_line(out, event.metadata.filter(is_taken).unwrap_or(b"null"));
    out.extend_from_slice(b",\"data\":");
    on_one_line(out, event.payload.unwrap_or(b"null"));
    out.push(b'}');
}

/// JSON has line ends between its parts only, where a space is as good.
fn on_one_line(out: &mut Vec<u8>, json: &[u8]) {
    let start = out.len();
    out.extend_from_slice(json);
    for byte in out.iter_mut().skip(start) {
        if matches!(*byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

/// A key as it is written: what is no UTF-8 is the same in several.
pub fn name_of(key: &[u8]) -> Vec<u8> {
    let mut name = Vec::new();
    text(&mut name, key);
    name
}

/// A name as JSON. What is no UTF-8 in it is shown as such, because JSON has no way to say it.
fn text(out: &mut Vec<u8>, name: &[u8]) {
    let name = String::from_utf8_lossy(name);
    out.push(b'"');
    for byte in name.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
