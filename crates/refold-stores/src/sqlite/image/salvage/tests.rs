use proptest::prelude::*;

use super::*;

fn rows(rowids: &[Option<i64>]) -> Vec<Option<Payload>> {
    let row = |rowid: &Option<i64>| {
        rowid.map(|rowid| Payload {
            rowid,
            ..Payload::default()
        })
    };
    rowids.iter().map(row).collect()
}

proptest! {
    /// Against the definition: the most among all choices, for few rows.
    #[test]
    fn takes_the_most_rows_that_ascend(rowids in proptest::collection::vec(proptest::option::of(-3..9_i64), 0..10)) {
        let taken = longest_ascent(&rows(&rowids));
        let of = |is_taken: &dyn Fn(usize) -> bool| -> Option<Vec<i64>> {
            (0..rowids.len()).filter(|at| is_taken(*at)).map(|at| rowids[at]).collect()
        };
        let ascends = |chosen: &[i64]| chosen.is_sorted_by(|a, b| a < b);
        let choices = (0..1_usize << rowids.len()).filter_map(|choice| of(&|at| choice >> at & 1 == 1));
        let most = choices.filter(|chosen| ascends(chosen)).map(|chosen| chosen.len()).max().unwrap();
        let taken = of(&|at| taken[at]).unwrap();
        prop_assert!(ascends(&taken));
        prop_assert_eq!(taken.len(), most);
    }
}
