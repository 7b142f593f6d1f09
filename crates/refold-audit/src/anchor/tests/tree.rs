//! Trees and proofs, against published vectors and against the recursive definition of RFC 6962.

use sha2::{Digest, Sha256};

use crate::anchor::tree::{Edge, Prover, is_included, is_prefix, leaf};
use crate::anchor::{Hash, hex};

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::digest([&[1], &left[..], &right[..]].concat()).into()
}

/// `MTH(D[n])`, word for word.
fn root_by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
            node(&root_by_definition(left), &root_by_definition(right))
        }
    }
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|at| Sha256::digest(at.to_be_bytes()).into()).collect()
}

#[test]
fn roots_are_those_of_the_published_vectors() {
    let data: [&[u8]; 8] = [
        b"",
        b"\0",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let mut edge = Edge::default();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(hex(&edge.root()), empty);
    edge.push(leaf(data[0]));
    let one = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    assert_eq!(hex(&edge.root()), one);
    data[1..].iter().for_each(|bytes| edge.push(leaf(bytes)));
    let eight = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
    assert_eq!(hex(&edge.root()), eight);
}

#[test]
fn a_root_is_that_of_the_definition_at_every_size_and_after_going_on() {
    let all = leaves(300);
    let mut edge = Edge::default();
    for size in 0..all.len() {
        assert_eq!(edge.root(), root_by_definition(&all[..size]), "{size} leaves");
        let hashes: Vec<Hash> = edge.hashes().copied().collect();
        let mut again = Edge::of(size as u64, &hashes).expect("as many hashes as the size has bits");
        assert_eq!(again, edge);
        assert_eq!(
            Edge::of(size as u64 + 1, &hashes).is_some(),
            (size + 1).count_ones() == size.count_ones()
        );
        again.push(all[size]);
        edge.push(all[size]);
        assert_eq!(again, edge);
    }
}

/// Every pair of sizes to 300, and every leaf: proofs hold, and with any hash or size altered they do not.
#[test]
fn proofs_hold_and_altered_ones_do_not() {
    const MOST: usize = 300;
    let all = leaves(MOST);
    let roots: Vec<Hash> = (0..=MOST).map(|size| root_by_definition(&all[..size])).collect();
    let mut altered_count = 0;
    for size in 1..=MOST {
        let n = size as u64;
        let included: Vec<u64> = (0..n).collect();
        let prefixes: Vec<u64> = (1..=n).collect();
        let mut prover = Prover::new(n, &included, &prefixes);
        all[..size].iter().for_each(|leaf| prover.push(*leaf));
        let (edge, proofs) = prover.finish().expect("all leaves came");
        assert_eq!(edge.root(), roots[size]);
        let (inclusions, consistencies) = proofs.split_at(size);
        for (at, proof) in inclusions.iter().enumerate() {
            let holds = |at: usize, proof: &[Hash]| is_included(at as u64, n, &all[at], proof, &roots[size]);
            assert!(holds(at, proof), "leaf {at} of {size}");
            assert!(
                at + 1 >= size || !holds(at + 1, proof),
                "leaf {at} of {size} as the next"
            );
            for altered in alterations(proof) {
                assert!(!holds(at, &altered), "leaf {at} of {size}");
                altered_count += 1;
            }
        }
        for (at, proof) in consistencies.iter().enumerate() {
            let prefix = at + 1;
            let holds = |proof: &[Hash]| is_prefix(prefix as u64, n, &roots[prefix], &roots[size], proof);
            assert!(holds(proof), "{prefix} of {size}");
            assert!(prefix == size || !is_prefix(prefix as u64, n, &roots[prefix - 1], &roots[size], proof));
            for altered in alterations(proof) {
                assert!(!holds(&altered), "{prefix} of {size}");
                altered_count += 1;
            }
        }
    }
    assert!(altered_count > 260_000, "{altered_count} altered proofs");
}

/// One hash changed, the last one left out, one too many.
fn alterations(proof: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
    let changed = proof.first().map(|first| {
        let mut altered = proof.to_vec();
        let bit = usize::from(first[0]);
        altered[bit % proof.len()][bit % 32] ^= 1;
        altered
    });
    let shorter = proof.split_last().map(|(_, rest)| rest.to_vec());
    let longer = [proof, &[[7; 32]]].concat();
    changed.into_iter().chain(shorter).chain([longer])
}

#[test]
fn what_cannot_be_proved_is_not() {
    let root = root_by_definition(&leaves(3));
    assert!(!is_included(3, 3, &leaves(4)[3], &[], &root));
    assert!(!is_prefix(4, 3, &root, &root, &[]));
    assert!(is_prefix(0, 3, &root_by_definition(&[]), &root, &[]));
    let mut prover = Prover::new(3, &[2], &[]);
    prover.push(leaves(1)[0]);
    assert!(prover.finish().is_none(), "two leaves never came");
}
