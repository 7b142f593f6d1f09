use proptest::prelude::*;

use super::transpose;

proptest! {
    #[test]
    fn transposing_swaps_word_and_bit(square in prop::array::uniform32(any::<(u64, u64)>())) {
        let before: Vec<u64> = square.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let mut after: [u64; 64] = before.clone().try_into().unwrap();
        transpose(&mut after);
        for (a, word) in before.iter().enumerate() {
            for (b, swapped) in after.iter().enumerate() {
                prop_assert_eq!(word >> b & 1, swapped >> a & 1);
            }
        }
    }
}
