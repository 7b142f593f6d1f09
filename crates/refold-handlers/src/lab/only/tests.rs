//! Streams of the category come to what they come to without it, and others stay at the start.

use proptest::prelude::*;

use super::*;
use crate::lab::tests::{TAKES, batch_of, histories, program, shared, states};

proptest! {
    #[test]
    fn only_the_streams_of_the_category_are_folded(history in histories()) {
        let (batch, names) = batch_of(&history);
        let inner = shared(&program(TAKES));
        let own = OnlyCategory::new(Arc::clone(&inner), b"shop");
        prop_assert_eq!(states(&own, &batch, &names), states(inner.as_ref(), &batch, &names));
        let other = OnlyCategory::new(Arc::clone(&inner), b"customer");
        let initial = inner.start().state().unwrap();
        prop_assert!(states(&other, &batch, &names).iter().all(|(state, has_failed)| *state == initial && !has_failed));
    }
}
