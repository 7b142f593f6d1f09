//! Which element of an earlier array each element of a later one is.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};

use crate::value::{Array, Number, Text, Value};

/// How two arrays correspond. Elements that are neither removed nor moved stand in the same order in both.
pub(super) struct Alignment {
    /// So many elements at the start are equal and the same. Only what lies between them and the equal ones at the end
    /// is told of below.
    pub prefix: usize,
    /// Earlier indices without a later element, ascending.
    pub removed: Vec<usize>,
    /// Per later element behind the prefix where it was; `None`: it was added.
    pub origins: Vec<Option<Origin>>,
}

#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub index: usize,
    pub is_moved: bool,
}

/// Aligns by the member `key` where every element has it with a value of its own; else by equality. What is equal at
/// the start and the end of both is left alone, so that a long array costs what changed in it.
pub(super) fn align(before: &Array, after: &Array, key: Option<&Text>) -> Alignment {
    // Keyed by nothing random: the alignment is the same in every run.
    align_hashed::<BuildHasherDefault<DefaultHasher>>(before, after, key)
}

/// As [`align`]. What `Hashing` makes equal that is not costs time and changes nothing.
fn align_hashed<Hashing: BuildHasher + Default>(before: &Array, after: &Array, key: Option<&Text>) -> Alignment {
    let prefix = before.common_prefix(after);
    let suffix = before.common_suffix(after, before.len().min(after.len()) - prefix);
    let (before, after) = (middle(before, prefix, suffix), middle(after, prefix, suffix));
    let keyed = key.and_then(|key| Some((by_key::<Hashing>(&before, key)?, by_key::<Hashing>(&after, key)?)));
    let aligned = match keyed {
        Some((earlier, later)) => {
            let mut origins = vec![None; after.len()];
            for (value, at) in &later {
                origins[*at] = earlier.get(value).copied();
            }
            with_moves(&origins, before.len())
        }
        None => by_equality::<Hashing>(&before, &after),
    };
    let shift = |origin: Origin| Origin {
        index: origin.index + prefix,
        ..origin
    };
    Alignment {
        prefix,
        removed: aligned.removed.into_iter().map(|index| index + prefix).collect(),
        origins: aligned.origins.into_iter().map(|origin| origin.map(shift)).collect(),
    }
}

/// An alignment of two middles, with indices from their starts.
struct Aligned {
    removed: Vec<usize>,
    origins: Vec<Option<Origin>>,
}

fn middle(array: &Array, prefix: usize, suffix: usize) -> Vec<&Value> {
    array.iter_from(prefix).take(array.len() - prefix - suffix).collect()
}

/// Each element's index by the value of its key; `None` when one has no scalar key or shares it.
fn by_key<'a, Hashing: BuildHasher + Default>(
    array: &[&'a Value],
    key: &Text,
) -> Option<HashMap<Exact<'a>, usize, Hashing>> {
    let mut indices = HashMap::with_capacity_and_hasher(array.len(), Hashing::default());
    for (at, element) in array.iter().enumerate() {
        let Value::Object(object) = element else { return None };
        let value = object.get(key.as_wtf8())?.resolved();
        if matches!(
            value,
            Value::Null | Value::Array(_) | Value::Object(_) | Value::Repeated(_)
        ) || indices.insert(Exact(value), at).is_some()
        {
            return None;
        }
    }
    Some(indices)
}

/// Pairs in any order: the longest run that keeps its order stays, the others moved.
fn with_moves(origins: &[Option<usize>], before_len: usize) -> Aligned {
    let paired: Vec<usize> = origins.iter().filter_map(|origin| *origin).collect();
    let mut stays = vec![false; before_len];
    for index in longest_ascending(&paired) {
        stays[index] = true;
    }
    let mut is_paired = vec![false; before_len];
    for index in paired {
        is_paired[index] = true;
    }
    Aligned {
        removed: (0..before_len).filter(|index| !is_paired[*index]).collect(),
        origins: origins
            .iter()
            .map(|origin| {
                origin.map(|index| Origin {
                    index,
                    is_moved: !stays[index],
                })
            })
            .collect(),
    }
}

/// The values of a longest ascending subsequence of distinct numbers (patience sorting, O(n log n)).
pub fn longest_ascending(numbers: &[usize]) -> Vec<usize> {
    let mut tails: Vec<usize> = Vec::new();
    let mut previous = vec![usize::MAX; numbers.len()];
    for (at, number) in numbers.iter().enumerate() {
        let pile = tails.partition_point(|tail| numbers[*tail] < *number);
        if pile > 0 {
            previous[at] = tails[pile - 1];
        }
        if pile == tails.len() {
            tails.push(at);
        } else {
            tails[pile] = at;
        }
    }
    let mut run = Vec::with_capacity(tails.len());
    let mut at = tails.last().copied().unwrap_or(usize::MAX);
    while at != usize::MAX {
        run.push(numbers[at]);
        at = previous[at];
    }
    run.reverse();
    run
}

/// Equal elements are the same element: a longest common subsequence stays, further equal ones moved, and what is
/// left between two staying elements is paired in order, so that `[1, 2, 3]` to `[1, 5, 3]` is one change.
fn by_equality<'a, Hashing: BuildHasher + Default>(before: &[&'a Value], after: &[&'a Value]) -> Aligned {
    let mut origins: Vec<Option<Origin>> = vec![None; after.len()];
    // Equal elements get the same number, and only those.
    let mut numbers: HashMap<Exact<'a>, usize, Hashing> = HashMap::default();
    let mut number = |element: &'a Value| {
        let next = numbers.len();
        *numbers.entry(Exact(element)).or_insert(next)
    };
    let earlier: Vec<usize> = before.iter().copied().map(&mut number).collect();
    let later: Vec<usize> = after.iter().copied().map(&mut number).collect();

    let mut staying = common_subsequence(&earlier, &later);
    let mut is_paired = vec![false; before.len()];
    for (from, to) in &staying {
        is_paired[*from] = true;
        origins[*to] = Some(Origin {
            index: *from,
            is_moved: false,
        });
    }

    let mut movable: HashMap<usize, Vec<usize>> = HashMap::new();
    for from in (0..before.len()).rev().filter(|from| !is_paired[*from]) {
        movable.entry(earlier[from]).or_default().push(from);
    }
    for (to, number) in later.iter().enumerate() {
        if origins[to].is_none()
            && let Some(from) = movable.get_mut(number).and_then(Vec::pop)
        {
            is_paired[from] = true;
            origins[to] = Some(Origin {
                index: from,
                is_moved: true,
            });
        }
    }

    staying.push((before.len(), after.len()));
    let (mut from_start, mut to_start) = (0, 0);
    for (from_end, to_end) in staying {
        let left: Vec<usize> = (from_start..from_end).filter(|from| !is_paired[*from]).collect();
        let mut left = left.into_iter();
        for origin in origins[to_start..to_end].iter_mut().filter(|origin| origin.is_none()) {
            let Some(from) = left.next() else { break };
            is_paired[from] = true;
            *origin = Some(Origin {
                index: from,
                is_moved: false,
            });
        }
        (from_start, to_start) = (from_end + 1, to_end + 1);
    }
    Aligned {
        removed: (0..before.len()).filter(|index| !is_paired[*index]).collect(),
        origins,
    }
}

/// The most cells of the table that a longest common subsequence may cost: 1 MiB.
const MAX_CELLS: usize = 1 << 18;

/// Pairs of indices of a common subsequence, ascending: a longest one while the table is affordable, above that the
/// longest ascending run of the pairs of first, second, … occurrences.
fn common_subsequence(earlier: &[usize], later: &[usize]) -> Vec<(usize, usize)> {
    if earlier.len().saturating_mul(later.len()) > MAX_CELLS {
        return common_by_occurrence(earlier, later);
    }
    let width = later.len() + 1;
    let mut lengths = vec![0_u32; (earlier.len() + 1) * width];
    for from in (0..earlier.len()).rev() {
        for to in (0..later.len()).rev() {
            lengths[from * width + to] = if earlier[from] == later[to] {
                lengths[(from + 1) * width + to + 1] + 1
            } else {
                lengths[(from + 1) * width + to].max(lengths[from * width + to + 1])
            };
        }
    }
    let mut pairs = Vec::new();
    let (mut from, mut to) = (0, 0);
    while from < earlier.len() && to < later.len() {
        if earlier[from] == later[to] {
            pairs.push((from, to));
            (from, to) = (from + 1, to + 1);
        } else if lengths[(from + 1) * width + to] >= lengths[from * width + to + 1] {
            from += 1;
        } else {
            to += 1;
        }
    }
    pairs
}

fn common_by_occurrence(earlier: &[usize], later: &[usize]) -> Vec<(usize, usize)> {
    let mut occurrences: HashMap<usize, Vec<usize>> = HashMap::new();
    for (from, number) in earlier.iter().enumerate().rev() {
        occurrences.entry(*number).or_default().push(from);
    }
    let mut to_of = HashMap::new();
    let mut paired = Vec::new();
    for (to, number) in later.iter().enumerate() {
        if let Some(from) = occurrences.get_mut(number).and_then(Vec::pop) {
            to_of.insert(from, to);
            paired.push(from);
        }
    }
    longest_ascending(&paired)
        .into_iter()
        .map(|from| (from, to_of[&from]))
        .collect()
}

/// A value as the key of a map.
#[derive(PartialEq, Eq)]
struct Exact<'a>(&'a Value);

impl Hash for Exact<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        feed(self.0, hasher);
    }
}

fn feed<H: Hasher>(value: &Value, hasher: &mut H) {
    std::mem::discriminant(value).hash(hasher);
    match value {
        Value::Null => {}
        Value::Bool(truth) => truth.hash(hasher),
        Value::Number(number) => {
            std::mem::discriminant(number).hash(hasher);
            match number {
                Number::Int(int) => int.hash(hasher),
                Number::Decimal { mantissa, scale } => (mantissa, scale).hash(hasher),
                Number::Literal(literal) => literal.hash(hasher),
            }
        }
        Value::Text(text) => text.hash(hasher),
        Value::Redacted(redacted) => feed(redacted.hidden(), hasher),
        Value::Array(array) | Value::Repeated(array) => {
            array.len().hash(hasher);
            array.iter().for_each(|element| feed(element, hasher));
        }
        Value::Object(object) => {
            object.len().hash(hasher);
            for (key, member) in object.iter() {
                key.hash(hasher);
                feed(member, hasher);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Finds all values alike.
    #[derive(Default)]
    struct Blind;

    impl Hasher for Blind {
        fn write(&mut self, _: &[u8]) {}

        fn finish(&self) -> u64 {
            0
        }
    }

    fn array(numbers: &[u8]) -> Array {
        let element = |number: &u8| Value::from_json(format!("{{\"id\":{number}}}").as_bytes(), 4).unwrap();
        numbers.iter().map(element).collect()
    }

    proptest! {
        #[test]
        fn elements_are_paired_by_what_they_are_and_not_by_their_hash(
            before in proptest::collection::vec(0..9_u8, 0..40),
            after in proptest::collection::vec(0..9_u8, 0..40),
            is_keyed: bool,
        ) {
            let (before, after) = (array(&before), array(&after));
            let key = Text::from("id");
            let key = is_keyed.then_some(&key);
            let (told, blind) = (align(&before, &after, key), align_hashed::<BuildHasherDefault<Blind>>(&before, &after, key));
            prop_assert_eq!(told.removed, blind.removed);
            let pairs = |origins: &[Option<Origin>]| -> Vec<Option<(usize, bool)>> {
                origins.iter().map(|origin| origin.map(|origin| (origin.index, origin.is_moved))).collect()
            };
            prop_assert_eq!(pairs(&told.origins), pairs(&blind.origins));
        }
    }
}
