//! The Merkle tree of RFC 6962, sections 2.1 to 2.1.4 of RFC 9162 with SHA-256: its root while leaves come one by one,
//! and proofs that a leaf is in a tree and that one tree begins with another.
//!
//! A tree is never held whole. Leaves pass once, in order; what a proof needs is known before and kept on the way.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::Hash;

/// The hash of a leaf with these bytes.
pub fn leaf(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// The right edge of a tree: the roots of its perfect subtrees, largest first. At most 64 of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    /// The level of a subtree with `2^level` leaves, and its root.
    subtrees: Vec<(u32, Hash)>,
    size: u64,
}

impl Edge {
    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn push(&mut self, leaf: Hash) {
        self.push_telling(leaf, &mut |_, _, _| ());
    }

    /// `complete` is told of every perfect subtree that this leaf completes, the leaf itself first: its level, its
    /// number among those of its level, its root.
    fn push_telling(&mut self, leaf: Hash, complete: &mut impl FnMut(u32, u64, &Hash)) {
        let (mut level, mut hash) = (0, leaf);
        complete(0, self.size, &hash);
        while let Some((_, left)) = self.subtrees.pop_if(|(last, _)| *last == level) {
            hash = node(&left, &hash);
            level += 1;
            complete(level, self.size >> level, &hash);
        }
        self.subtrees.push((level, hash));
        self.size += 1;
    }

    pub fn root(&self) -> Hash {
        let hashes = self.subtrees.iter().rev().map(|(_, hash)| *hash);
        hashes
            .reduce(|right, left| node(&left, &right))
            .unwrap_or_else(|| Sha256::digest([]).into())
    }

    /// The roots of the perfect subtrees, largest first: with the size, all that is needed to go on.
    pub fn hashes(&self) -> impl Iterator<Item = &Hash> {
        self.subtrees.iter().map(|(_, hash)| hash)
    }

    /// What [`Edge::hashes`] gave for a tree of `size` leaves. `None`: it cannot have been that many hashes.
    pub fn of(size: u64, hashes: &[Hash]) -> Option<Edge> {
        if hashes.len() != size.count_ones() as usize {
            return None;
        }
        let levels = (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1);
        Some(Edge {
            subtrees: levels.zip(hashes.iter().copied()).collect(),
            size,
        })
    }
}

/// A proof: what must be hashed together with what is known.
pub type Proof = Vec<Hash>;

/// A range of leaves whose root is a step of a proof. It begins at a multiple of its length rounded up to a power of two.
type Part = std::ops::Range<u64>;

/// Collects proofs about one tree of a known size while its leaves pass.
#[derive(Debug)]
pub struct Prover {
    edge: Edge,
    proofs: Vec<Vec<Part>>,
    /// The perfect subtrees that the proofs are made of.
    wanted: HashMap<(u32, u64), Option<Hash>>,
}

impl Prover {
    /// `included`: leaves to be proved in the tree of `size` leaves. `prefixes`: sizes of earlier trees.
    pub fn new(size: u64, included: &[u64], prefixes: &[u64]) -> Prover {
        let mut proofs = Vec::new();
        for at in included {
            let mut parts = Vec::new();
            if *at < size {
                inclusion_parts(*at, 0..size, &mut parts);
            }
            proofs.push(parts);
        }
        for prefix in prefixes {
            let mut parts = Vec::new();
            if (1..=size).contains(prefix) {
                consistency_parts(*prefix, 0..size, true, &mut parts);
            }
            proofs.push(parts);
        }
        let wanted = proofs.iter().flatten().flat_map(subtrees_of).map(|it| (it, None));
        Prover {
            edge: Edge::default(),
            wanted: wanted.collect(),
            proofs,
        }
    }

    pub fn push(&mut self, leaf: Hash) {
        let wanted = &mut self.wanted;
        self.edge.push_telling(leaf, &mut |level, number, hash| {
            if let Some(place) = wanted.get_mut(&(level, number)) {
                *place = Some(*hash);
            }
        });
    }

    /// The tree, and the proofs in the order in which they were asked for: the included leaves, then the prefixes.
    /// `None`: fewer leaves came than were announced.
    pub fn finish(self) -> Option<(Edge, Vec<Proof>)> {
        let root = |part: &Part| {
            let subtrees: Option<Vec<Hash>> = subtrees_of(part)
                .map(|it| self.wanted.get(&it).copied().flatten())
                .collect();
            subtrees?.into_iter().rev().reduce(|right, left| node(&left, &right))
        };
        let proofs: Option<Vec<Proof>> = self
            .proofs
            .iter()
            .map(|parts| parts.iter().map(root).collect())
            .collect();
        Some((self.edge, proofs?))
    }
}

/// The largest power of two below `n`, which is at least 2.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// `PATH(m, D[n])` of RFC 6962.
fn inclusion_parts(at: u64, tree: Part, parts: &mut Vec<Part>) {
    let length = tree.end - tree.start;
    if length == 1 {
        return;
    }
    let middle = tree.start + split(length);
    if at < middle {
        inclusion_parts(at, tree.start..middle, parts);
        parts.push(middle..tree.end);
    } else {
        inclusion_parts(at, middle..tree.end, parts);
        parts.push(tree.start..middle);
    }
}

/// `SUBPROOF(m, D[n], b)` of RFC 6962. `prefix`: where the earlier tree ends.
fn consistency_parts(prefix: u64, tree: Part, is_known: bool, parts: &mut Vec<Part>) {
    if prefix == tree.end {
        if !is_known {
            parts.push(tree);
        }
        return;
    }
    let middle = tree.start + split(tree.end - tree.start);
    if prefix <= middle {
        consistency_parts(prefix, tree.start..middle, is_known, parts);
        parts.push(middle..tree.end);
    } else {
        consistency_parts(prefix, middle..tree.end, false, parts);
        parts.push(tree.start..middle);
    }
}

/// The perfect subtrees that a part is made of, from the left.
fn subtrees_of(part: &Part) -> impl Iterator<Item = (u32, u64)> + use<> {
    let Part { mut start, end } = part.clone();
    std::iter::from_fn(move || {
        let level = (end - start).checked_ilog2()?;
        let number = start >> level;
        start += 1 << level;
        Some((level, number))
    })
}

/// Whether `leaf` is leaf number `at` of the tree of `size` leaves with this root.
pub fn is_included(at: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> bool {
    if at >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (at, size - 1, *leaf);
    for step in proof {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node(step, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, step);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether the tree of `size` leaves with `root` begins with the tree of `prefix` leaves with `prefix_root`.
pub fn is_prefix(prefix: u64, size: u64, prefix_root: &Hash, root: &Hash, proof: &[Hash]) -> bool {
    if prefix > size {
        return false;
    }
    if prefix == size {
        return proof.is_empty() && prefix_root == root;
    }
    if prefix == 0 {
        return proof.is_empty();
    }
    let (first, steps) = if prefix.is_power_of_two() {
        (*prefix_root, proof)
    } else {
        match proof.split_first() {
            Some((first, steps)) => (*first, steps),
            None => return false,
        }
    };
    if steps.is_empty() {
        // A longer tree has more than what is known of the shorter.
        return false;
    }
    let (mut place, mut last) = (prefix - 1, size - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (first, first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old = node(step, &old);
            new = node(step, &new);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            new = node(&new, step);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && old == *prefix_root && new == *root
}
