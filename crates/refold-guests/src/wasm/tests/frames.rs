//! Frames against a second reading and writing of the same layout.

use proptest::prelude::*;
use refold_core::event::{Encoding, EventBatch, Position, Version};
use refold_core::names::Names;
use refold_core::time::Timestamp;

use crate::wasm::abi;
use crate::wasm::reply::{self, Failure, Outcome, Reply, read_reply};

#[path = "../../../fuzz/checks.rs"]
mod checks;

/// Writes a reply as a module would.
fn written(status: u32, outcomes: &[u8], failure: Option<(&[u8], &[u8])>) -> Vec<u8> {
    let mut frame = [status.to_le_bytes(), (outcomes.len() as u32).to_le_bytes()].concat();
    frame.extend_from_slice(outcomes);
    if let Some((code, message)) = failure {
        frame.extend_from_slice(&(code.len() as u32).to_le_bytes());
        frame.extend_from_slice(&(message.len() as u32).to_le_bytes());
        frame.extend_from_slice(code);
        frame.extend_from_slice(message);
    }
    frame
}

const OUTCOMES: [Outcome; 4] = [Outcome::Folded, Outcome::Ignored, Outcome::Unknown, Outcome::Unread];

proptest! {
    #[test]
    fn what_a_module_writes_is_read(outcomes in prop::collection::vec(0u8..4, 0..20), failure: Option<(Vec<u8>, Vec<u8>)>) {
        let failure = failure.as_ref().map(|(code, message)| (code.as_slice(), message.as_slice()));
        let events = outcomes.len() as u32 + u32::from(failure.is_some());
        let frame = written(u32::from(failure.is_some()), &outcomes, failure);
        let expected = Reply {
            outcomes: outcomes.iter().map(|outcome| OUTCOMES[usize::from(*outcome)]).collect(),
            failure: failure.map(|(code, message)| Failure { code, message }),
        };
        prop_assert_eq!(read_reply(&frame, events), Ok(expected));
        // Nothing less and nothing more is a frame.
        for length in 0..frame.len() {
            prop_assert!(read_reply(&frame[..length], events).is_err());
        }
        prop_assert!(read_reply(&[&frame[..], b"x"].concat(), events).is_err());
    }

    #[test]
    fn any_bytes_are_read_or_refused(input: Vec<u8>) {
        checks::reply(&input);
    }

    #[test]
    fn a_record_is_what_the_event_is(
        stream in "[a-z]{0,9}-[0-9]{1,3}",
        event_type in "[A-Za-z]{1,20}",
        payload: Option<Vec<u8>>,
        metadata: Option<Vec<u8>>,
        id: Option<Vec<u8>>,
        version: Option<u32>,
        position: i64,
        time in prop::option::of(0i64..4_000_000_000_000_000_000),
        before in 0usize..3,
    ) {
        let (mut names, mut batch) = (Names::default(), EventBatch::default());
        batch.streams.push(names.intern_stream(stream.as_bytes(), || b"order"));
        batch.types.push(names.intern_type(event_type.as_bytes()));
        batch.positions.push(Position(position));
        batch.versions.push(version.map_or(EventBatch::NO_VERSION, |version| Version(version.into())));
        batch.recorded_at.push(time.map_or(Timestamp::NONE, Timestamp));
        let mut span = |bytes: &Option<Vec<u8>>| match bytes {
            Some(bytes) => batch.store(bytes),
            None => refold_core::event::Span::NULL,
        };
        let (of_payload, of_metadata, of_id) = (span(&payload), span(&metadata), span(&id));
        batch.payloads.push(of_payload);
        batch.metadata.push(of_metadata);
        batch.event_ids.push(of_id);
        batch.payload_encodings.push(Encoding::Json);

        let mut out = vec![7; before * 8];
        let stored = batch.event(0);
        let (of_stream, of_type) = (names.stream(stored.stream), names.type_name(stored.event_type));
        abi::write_record(&mut out, b"key", &stored, of_stream, of_type);
        let record = &out[before * 8..];
        let number = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
        let long = |at: usize| i64::from_le_bytes(record[at..at + 8].try_into().unwrap());
        prop_assert_eq!(number(0) as usize, record.len());
        prop_assert_eq!(record.len() % 8, 0);
        let flags = [payload.is_some(), metadata.is_some(), version.is_some(), time.is_some(), id.is_some()];
        for (bit, is_there) in flags.into_iter().enumerate() {
            prop_assert_eq!(number(4) >> bit & 1 == 1, is_there);
        }
        prop_assert_eq!(long(8), version.map_or(0, i64::from));
        prop_assert_eq!(long(16), position);
        prop_assert_eq!(long(24), time.unwrap_or(0));
        let texts = [b"key".to_vec(), stream.into_bytes(), event_type.into_bytes(), id.unwrap_or_default(),
            metadata.unwrap_or_default(), payload.unwrap_or_default()];
        let mut at = 64;
        for (place, text) in texts.iter().enumerate() {
            let length = number(40 + 4 * place) as usize;
            prop_assert_eq!(&record[at..at + length], text.as_slice());
            at += length;
        }
        prop_assert!(record[at..].iter().all(|byte| *byte == 0) && record.len() - at < 8);
        prop_assert_eq!(abi::key_of_record(record), b"key");
    }

    #[test]
    fn a_keyed_state_says_its_key(key: Vec<u8>, json: Vec<u8>) {
        let mut keyed = Vec::new();
        abi::write_keyed_state(&mut keyed, &key, &json);
        prop_assert_eq!(abi::key_of(&keyed), key.as_slice());
    }
}

/// Replays the inputs that fuzzing found interesting.
#[test]
fn the_fuzzed_replies_are_read_or_refused() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/reply");
    let inputs: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert!(!inputs.is_empty());
    for input in inputs {
        checks::reply(&std::fs::read(input.unwrap().path()).unwrap());
    }
}
