mod bytes;
mod mutations;
mod proof;
mod signing;
mod tree;

use super::event::{AnchoredEvent, Extra, ExtraValue, SaltKey, Time};
use super::leaves::Hasher;
use super::{Hash, hex};

/// An event that owns its bytes.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    position: u64,
    stream: Vec<u8>,
    version: Option<u64>,
    id: Vec<u8>,
    event_type: Vec<u8>,
    micros: i64,
    content_type: Vec<u8>,
    payload: Option<Vec<u8>>,
    metadata: Option<Vec<u8>>,
    extra: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Event {
    /// The vector of the specification.
    fn of_specification() -> Event {
        Event {
            position: 42,
            stream: b"order-7".to_vec(),
            version: Some(3),
            id: (0..16).collect(),
            event_type: b"OrderPlaced".to_vec(),
            micros: 1_700_000_000_123_456,
            content_type: b"application/json".to_vec(),
            payload: Some(br#"{"total":"12.30"}"#.to_vec()),
            metadata: None,
            extra: vec![(b"correlation_id".to_vec(), b"c-1".to_vec())],
        }
    }

    fn borrowed<T>(&self, then: impl FnOnce(&AnchoredEvent<'_>) -> T) -> T {
        let extra: Vec<Extra<'_>> = self
            .extra
            .iter()
            .map(|(name, value)| Extra {
                name,
                value: ExtraValue::Bytes(value),
            })
            .collect();
        then(&AnchoredEvent {
            position: self.position,
            stream: &self.stream,
            version: self.version,
            id: &self.id,
            event_type: &self.event_type,
            time: Time::Micros(self.micros),
            content_type: &self.content_type,
            payload: self.payload.as_deref(),
            metadata: self.metadata.as_deref(),
            extra: &extra,
        })
    }

    fn bytes(&self, key: Option<&SaltKey>) -> Vec<u8> {
        self.borrowed(|event| {
            let mut bytes = Vec::new();
            event.write(
                key.is_some(),
                &event.commitments(key.map(SaltKey::salter).as_ref()),
                &mut bytes,
            );
            bytes
        })
    }

    fn leaf(&self, key: Option<SaltKey>) -> Hash {
        self.borrowed(|event| Hasher::new(key).hash(event).hash)
    }
}

#[test]
fn digits_go_both_ways() {
    let bytes: [u8; 3] = [0, 0xaf, 0x10];
    assert_eq!(hex(&bytes), "00af10");
    assert_eq!(super::from_hex("00af10"), Some(bytes));
    assert_eq!(super::from_hex::<3>("00af1"), None);
    assert_eq!(super::from_hex::<3>("00af1g"), None);
}
