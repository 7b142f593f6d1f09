//! Packed blocks give back what went in.

use proptest::prelude::*;

use crate::index::packed::{BlockHead, SLACK_BYTES, encode};

fn assert_round_trip(values: &[i64]) {
    let mut codes = vec![7; 3];
    let start = codes.len();
    let head = encode(values, &mut codes);
    codes.extend_from_slice(&[0xff; SLACK_BYTES]);
    let head = BlockHead::from_bytes(&head.to_bytes(), start).unwrap();
    let mut decoded = Vec::new();
    head.decode(&codes[head.code_range(values.len())], values.len(), &mut decoded);
    assert_eq!(decoded, values);
    for (row, value) in values.iter().enumerate() {
        assert_eq!(head.value(*codes[head.code_at(row)..].first_chunk().unwrap()), *value);
    }
}

proptest! {
    #[test]
    fn any_values_round_trip(
        base in any::<i64>(),
        spread_bits in 0_u32..65,
        unit in prop::sample::select(vec![1_i64, 10, 1_000, 1_000_000, 1_000_000_000]),
        seeds in prop::collection::vec((any::<u64>(), 0_u8..10), 0..100),
    ) {
        let values: Vec<i64> = seeds
            .into_iter()
            .map(|(seed, absent)| match absent {
                0 => i64::MIN,
                _ => base.wrapping_add((seed.checked_shr(64 - spread_bits).unwrap_or(0) as i64).wrapping_mul(unit)),
            })
            .collect();
        assert_round_trip(&values);
    }
}

#[test]
fn extremes_round_trip() {
    assert_round_trip(&[]);
    assert_round_trip(&[i64::MIN]);
    assert_round_trip(&[i64::MIN, i64::MIN]);
    assert_round_trip(&[i64::MIN, i64::MAX, i64::MIN + 1, 0, -1]);
    assert_round_trip(&[i64::MAX, i64::MIN + 1]);
    assert_round_trip(&[5, 260]);
    assert_round_trip(&[5, 260, i64::MIN]);
    assert_round_trip(&[0, 254, i64::MIN]);
}
