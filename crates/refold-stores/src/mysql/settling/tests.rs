use super::*;

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Else whoever prepares a transaction and leaves would count as over.
#[test]
fn a_transaction_that_is_prepared_and_left_is_still_the_one_that_was_seen() {
    const MINE: &str = "9/2026-11-23 22:37:33";
    let seen = names(&[MINE, "10/2026-11-23 22:37:34"]);
    let now = |writers: &[&str]| {
        let mut writers = names(writers);
        with_prepared(&mut writers, &seen);
        writers
    };
    let left = "0/2026-11-23 22:37:33/31";
    assert_eq!(now(&[left]), names(&[left, MINE]));
    assert_eq!(now(&["0/2026-11-23 22:37:35/31"]), names(&["0/2026-11-23 22:37:35/31"]));
    assert_eq!(now(&["11/2026-11-23 22:37:33"]), names(&["11/2026-11-23 22:37:33"]));
    assert_eq!(now(&[]), names(&[]));
    // For as long as it is there.
    let mut later = names(&[left]);
    with_prepared(&mut later, &now(&[left]));
    assert_eq!(later, names(&[left, MINE]));
}

#[test]
fn whose_transaction_it_is_is_told_by_its_name() {
    for (writer, said) in [
        (
            "9/2026-11-23 22:37:33",
            "connection 9 since 2026-11-23 22:37:33 by the clock of the server",
        ),
        (
            "0/2026-11-23 22:37:33/31",
            "a prepared transaction since 2026-11-23 22:37:33 by the clock of the server",
        ),
        ("9", "a transaction of which nothing is known"),
    ] {
        assert_eq!(told(writer), said);
    }
}
