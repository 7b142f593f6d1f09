use super::*;

#[test]
fn of_a_choice_one_is_enough_and_of_a_sum_each_is_needed() {
    for allowed in [
        "MIT",
        "GPL-3.0 OR MIT",
        "Unlicense/MIT",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "MPL-2.0+",
    ] {
        assert!(is_allowed(allowed), "{allowed}");
    }
    for refused in ["", "GPL-3.0", "MIT AND GPL-3.0", "LGPL-2.1 OR GPL-2.0", "AGPL-3.0-only"] {
        assert!(!is_allowed(refused), "{refused}");
    }
}

#[test]
fn every_linked_crate_may_be_linked_and_has_its_sources_here() {
    let crates = crates().expect("cargo tree answers");
    assert!(crates.len() > 100, "only {} crates were found", crates.len());
    let refused: Vec<String> = crates
        .iter()
        .filter(|it| !is_allowed(&it.licence))
        .map(Library::line)
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
