//! Interning against a plain map, and merging of ranges against one reader.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn category_of(id: &[u8]) -> &[u8] {
    id.split(|byte| *byte == b'-').next().unwrap_or_default()
}

proptest! {
    #[test]
    fn ordinals_are_dense_in_order_of_first_appearance(
        ids in prop::collection::vec(prop::collection::vec(prop::sample::select(b"ab-\xff\x00".to_vec()), 0..4), 0..200)
    ) {
        let mut names = Names::default();
        let mut oracle: HashMap<Vec<u8>, u32> = HashMap::new();
        for id in &ids {
            let next = oracle.len() as u32;
            let expected = *oracle.entry(id.clone()).or_insert(next);
            prop_assert_eq!(names.intern_stream(id, || category_of(id)), StreamOrdinal(expected));
        }
        prop_assert_eq!(names.stream_count() as usize, oracle.len());
        for (id, ordinal) in &oracle {
            prop_assert_eq!(names.stream(StreamOrdinal(*ordinal)), &id[..]);
            prop_assert_eq!(names.category(StreamOrdinal(*ordinal)), category_of(id));
            prop_assert_eq!(names.find_stream(id), Some(StreamOrdinal(*ordinal)));
        }
        prop_assert_eq!(names.find_stream(b"never seen"), None);
    }

    #[test]
    fn merging_consecutive_ranges_equals_one_reader(
        ids in prop::collection::vec("[a-d]{0,2}", 0..120),
        cut in 0_usize..120,
    ) {
        let cut = cut.min(ids.len());
        let mut whole = Names::default();
        let (mut first, mut second) = (Names::default(), Names::default());
        for (at, id) in ids.iter().enumerate() {
            let part = if at < cut { &mut first } else { &mut second };
            for names in [&mut whole, part] {
                names.intern_stream(id.as_bytes(), || b"c");
                names.intern_type(id.as_bytes());
            }
        }
        let merged = first.merge(&second);
        prop_assert_eq!(first.stream_count(), whole.stream_count());
        prop_assert_eq!(first.type_count(), whole.type_count());
        for ordinal in 0..whole.stream_count() {
            prop_assert_eq!(first.stream(StreamOrdinal(ordinal)), whole.stream(StreamOrdinal(ordinal)));
        }
        for (old, new) in merged.streams.iter().enumerate() {
            prop_assert_eq!(first.stream(*new), second.stream(StreamOrdinal(old as u32)));
        }
        for (old, new) in merged.types.iter().enumerate() {
            prop_assert_eq!(first.type_name(*new), second.type_name(TypeOrdinal(old as u32)));
        }
    }
}

#[test]
fn an_ordinal_of_other_names_is_empty() {
    let names = Names::default();
    assert_eq!(names.stream(StreamOrdinal(3)), b"");
    assert_eq!(names.category(StreamOrdinal(3)), b"");
    assert_eq!(names.type_name(TypeOrdinal(3)), b"");
}
