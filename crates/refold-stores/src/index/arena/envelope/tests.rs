use proptest::prelude::*;

use super::Envelope;

fn value() -> impl Strategy<Value = Option<Vec<u8>>> {
    let bytes = prop_oneof![
        "[ab]{0,4}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..200)
    ];
    prop::option::of(bytes)
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        values in prop::array::uniform4(value()),
        metadata in "[ab]{0,30}",
        behind in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let [event_id, correlation_id, causation_id, schema_version] = values.each_ref().map(Option::as_deref);
        let envelope = Envelope { event_id, correlation_id, causation_id, schema_version };
        let mut bytes = Vec::new();
        envelope.write(metadata.as_bytes(), &mut bytes);
        let len = bytes.len();
        bytes.extend_from_slice(&behind);
        prop_assert_eq!(Envelope::read(&bytes, metadata.as_bytes()), Some(envelope));
        for cut in 0..len {
            prop_assert_eq!(Envelope::read(&bytes[..cut], metadata.as_bytes()), None);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40), metadata in "[ab]{0,9}") {
        let _ = Envelope::read(&bytes, metadata.as_bytes());
    }
}
