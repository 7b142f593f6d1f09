//! The bytes of events, against the vectors of the specification.

use crate::anchor::event::{SaltKey, uuid};
use crate::anchor::segment::{self, Segment};
use crate::anchor::tree::Edge;
use crate::anchor::{hex, leaves};

use super::Event;

const KEY: SaltKey = SaltKey([0x6b; 32]);

#[test]
fn a_plain_and_a_salted_leaf_are_those_of_the_specification() {
    let event = Event::of_specification();
    assert_eq!(event.bytes(None).len(), 215);
    assert_eq!(
        hex(&event.leaf(None)),
        "084870bc17626f49b0060651e00a8aaa0230b311a7a048f26f2716a5546e704e"
    );
    assert_eq!(
        hex(&event.leaf(Some(KEY))),
        "a28eef54757b020c7bf9048013f3e2da365b0ca2b4395550e0edc29317160d50"
    );
}

#[test]
fn a_root_and_a_segment_are_those_of_the_specification() {
    let first = Event::of_specification();
    let second = Event {
        position: 43,
        version: Some(4),
        payload: None,
        ..first.clone()
    };
    let leaves = [(42, first.leaf(None)), (43, second.leaf(None))];
    let mut edge = Edge::default();
    leaves.iter().for_each(|(_, leaf)| edge.push(*leaf));
    assert_eq!(
        hex(&edge.root()),
        "ea21525658cc84dc5a9a1e5d9033d7d73d45c386e21b446ad36d017f74d106e7"
    );
    let segment = Segment::of(0, leaves.into_iter());
    assert_eq!(
        hex(&segment.digest),
        "4ce10bab7e0b0741a2bcaaffc6d3079e8ba07f50587b09f32ff87c0c0bfe8384"
    );
    assert_eq!(segment::read_all(&segment.to_bytes()), Some(vec![segment]));
    assert_eq!(segment::read_all(&segment.to_bytes()[1..]), None);
    assert_eq!(
        segment::read_all(&[segment.to_bytes(), segment.to_bytes()].concat()),
        None
    );
}

/// A strict reader of the format: what can be taken apart in one way only is no other event's bytes.
#[test]
fn the_bytes_of_an_event_can_be_read_in_one_way_only() {
    let mut event = Event::of_specification();
    event.extra.insert(0, (b"causation_id".to_vec(), Vec::new()));
    let bytes = event.bytes(Some(&KEY));
    let mut rest = &bytes[..];
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at(count);
        rest = left;
        taken.to_vec()
    };
    assert_eq!(take(6), b"RFE1\x01\x01");
    let mut framed = |expected: &[u8]| {
        let length = u32::from_be_bytes(take(4).try_into().expect("four bytes"));
        assert_eq!(take(length as usize), expected);
    };
    framed(&42u64.to_be_bytes());
    framed(b"order-7");
    assert_eq!(take(8), 3u64.to_be_bytes());
    let mut framed = |expected: &[u8]| {
        let length = u32::from_be_bytes(take(4).try_into().expect("four bytes"));
        assert_eq!(take(length as usize), expected);
    };
    framed(&event.id);
    framed(b"OrderPlaced");
    assert_eq!(take(1 + 4 + 8)[..5], [1, 0, 0, 0, 8]);
    assert_eq!(take(4 + 16)[4..], *b"application/json");
    assert_eq!(take(1 + 8 + 32)[..9], [0, 0, 0, 0, 0, 0, 0, 0, 17]);
    assert_eq!(take(1 + 8 + 32)[..9], [1, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(take(2), [0, 2]);
    assert_eq!(take(4 + 12 + 1 + 4), b"\0\0\0\x0ccausation_id\x01\0\0\0\0");
    assert_eq!(take(4 + 14 + 1 + 4 + 3), b"\0\0\0\x0ecorrelation_id\x01\0\0\0\x03c-1");
    assert!(rest.is_empty());
}

#[test]
fn only_the_canonical_form_of_a_uuid_becomes_bytes() {
    let canonical = b"01234567-89ab-cdef-0123-456789abcdef";
    assert_eq!(
        uuid(canonical).map(|bytes| hex(&bytes)),
        Some("0123456789abcdef0123456789abcdef".to_owned())
    );
    for other in [
        &canonical.to_ascii_uppercase()[..],
        b"0123456789abcdef0123456789abcdef",
        b"01234567-89ab-cdef-0123-456789abcde",
        b"0123456-789ab-cdef-0123-456789abcdef",
        b"{1234567-89ab-cdef-0123-456789abcdef",
    ] {
        assert_eq!(uuid(other), None, "{}", String::from_utf8_lossy(other));
    }
}

#[test]
fn a_leaf_is_read_as_it_was_written() {
    for key in [None, Some(KEY)] {
        let hashed = Event::of_specification().borrowed(|event| leaves::Hasher::new(key).hash(event));
        let bytes = hashed.leaf.to_bytes();
        assert_eq!(leaves::Leaf::from_bytes(&bytes), hashed.leaf);
        assert_eq!(bytes[..8], 42u64.to_be_bytes());
        assert_eq!(bytes[8..24], hashed.hash[..16]);
    }
}

/// An anchor must not let a stranger guess what is in it.
#[test]
fn nothing_of_a_salted_leaf_can_be_made_without_the_key() {
    let event = Event::of_specification();
    let leaf = |key| event.borrowed(|event| leaves::Hasher::new(key).hash(event)).leaf;
    let (plain, salted, other) = (leaf(None), leaf(Some(KEY)), leaf(Some(SaltKey([1; 32]))));
    for (a, b) in [(plain, salted), (salted, other)] {
        assert_ne!(a.identity, b.identity);
        assert_ne!(a.header, b.header);
        assert_ne!(a.payload, b.payload);
        assert_ne!(a.metadata, b.metadata);
    }
}
