//! Every built-in layout is read, and what is wrong in a document is told with its place.

use super::*;

#[test]
fn every_built_in_layout_is_valid_and_has_its_own_name() {
    let layouts = built_in_layouts();
    let mut names: Vec<&str> = layouts.iter().map(|layout| layout.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), layouts.len());
}
