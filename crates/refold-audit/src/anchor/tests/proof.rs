use proptest::prelude::*;

use crate::anchor::decode::Decoded;
use crate::anchor::event::{AnchoredEvent, SaltKey};
use crate::anchor::note::Checkpoint;
use crate::anchor::proof::{Growth, Inclusion, ProofError};
use crate::anchor::tree::{self, Prover};

use super::Event;

/// The bytes of events of a store, and of one of them its place.
fn events(count: u64) -> Vec<Vec<u8>> {
    let event = |position| Event {
        position,
        ..Event::of_specification()
    };
    (0..count).map(|position| event(position).bytes(None)).collect()
}

fn prover(events: &[Vec<u8>], included: &[u64], prefixes: &[u64]) -> (tree::Edge, Vec<tree::Proof>) {
    let mut prover = Prover::new(events.len() as u64, included, prefixes);
    events.iter().for_each(|event| prover.push(tree::leaf(event)));
    prover.finish().expect("all leaves came")
}

fn checkpoint(edge: &tree::Edge) -> Checkpoint {
    Checkpoint {
        origin: "refold.local/0123456789abcdef".to_owned(),
        size: edge.size(),
        root: edge.root(),
    }
}

#[test]
fn a_proof_of_an_event_holds_for_it_alone() {
    for size in [1, 2, 3, 7, 8, 100] {
        let events = events(size);
        for index in 0..size {
            let (edge, proofs) = prover(&events, &[index], &[]);
            let inclusion = Inclusion {
                index,
                proof: proofs[0].clone(),
                checkpoint: checkpoint(&edge).to_text(None),
            };
            let read = Inclusion::parse(&inclusion.to_text()).expect("our own text");
            assert_eq!(read, inclusion);
            for (at, event) in events.iter().enumerate() {
                let outcome = read.check(event, None).map(|checkpoint| checkpoint.size);
                let expected = if at as u64 == index {
                    Ok(size)
                } else {
                    Err(ProofError::Wrong)
                };
                assert_eq!(outcome, expected, "{at} by the proof of {index} of {size}");
            }
        }
    }
}

#[test]
fn a_proof_of_growth_holds_for_its_two_checkpoints_alone() {
    let all = events(50);
    for older in 1..=50_u64 {
        let (edge, proofs) = prover(&all, &[], &[older]);
        let (before, _) = prover(&all[..older as usize], &[], &[]);
        let growth = Growth {
            older_size: older,
            newer_size: 50,
            proof: proofs[0].clone(),
        };
        let read = Growth::parse(&growth.to_text()).expect("our own text");
        assert_eq!(read, growth);
        assert_eq!(read.check(&checkpoint(&before), &checkpoint(&edge)), Ok(()));
        let mut other = checkpoint(&before);
        other.root[0] ^= 1;
        assert_eq!(read.check(&other, &checkpoint(&edge)), Err(ProofError::Wrong));
        other = checkpoint(&before);
        other.origin.push('x');
        assert_eq!(read.check(&other, &checkpoint(&edge)), Err(ProofError::Wrong));
    }
}

proptest! {
    /// What was written is read as what it was, and nothing else is read at all.
    #[test]
    fn the_bytes_of_an_event_are_read_in_one_way(
        cut in any::<prop::sample::Index>(),
        flipped in any::<prop::sample::Index>(),
        payload in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
        is_salted in any::<bool>(),
    ) {
        let key = is_salted.then_some(SaltKey([7; 32]));
        let event = Event { payload, ..Event::of_specification() };
        let bytes = event.bytes(key.as_ref());
        let salt = |of: &AnchoredEvent<'_>| key.as_ref().map(|key| of.salt(&key.salter(), 1));
        let salt = event.borrowed(salt);
        let decoded = Decoded::read(&bytes).expect("our own bytes");
        prop_assert_eq!(
            (decoded.position, decoded.stream, decoded.version),
            (event.position, &event.stream[..], event.version)
        );
        prop_assert!(decoded.payload.is_of(event.payload.as_deref(), salt.as_ref()));
        prop_assert!(!decoded.payload.is_of(Some(b"another"), salt.as_ref()));
        prop_assert!(!decoded.payload.is_of(None, salt.as_ref()) || event.payload.is_none());
        prop_assert_eq!(Decoded::read(&bytes[..cut.index(bytes.len())]), None);
        let longer = [&bytes[..], b"\0"].concat();
        prop_assert_eq!(Decoded::read(&longer), None);
        let mut other = bytes.clone();
        other[flipped.index(bytes.len())] ^= 1;
        prop_assert_ne!(Decoded::read(&other), Some(decoded));
    }
}
