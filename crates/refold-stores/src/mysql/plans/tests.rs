use super::*;
use crate::server::held::Held;

/// A row of a plan as MariaDB writes it.
fn of_mariadb<'r>(way: &'r str, rows: i64, more: &'r str) -> Vec<Held<'r>> {
    let text = |text: &'r str| Held::Text(text.as_bytes());
    let head = [Held::Integer(1), text("SIMPLE"), text("event"), text(way)];
    let keys = [text("PRIMARY"), text("PRIMARY"), text("8"), Held::Null];
    let rest = [Held::Integer(rows), text(more)];
    head.into_iter().chain(keys).chain(rest).collect()
}

/// The same as MySQL writes it.
fn of_mysql<'r>(way: &'r str, rows: i64, more: &'r str) -> Vec<Held<'r>> {
    let mut row = of_mariadb(way, rows, more);
    row.insert(3, Held::Null);
    row.insert(10, Held::Real(33.33));
    row
}

#[test]
fn many_rows_for_few_are_a_search_and_a_stretch_in_its_order_is_none() {
    for row in [of_mariadb, of_mysql] {
        for (way, rows, more, searched) in [
            ("ALL", 70_000, "Using where", true),
            ("ALL", 20, "Using where; Using filesort", false),
            ("index", 70_000, "Using index", true),
            ("index", 1, "", false),
            ("range", 70_000, "Using where; Using filesort", true),
            ("range", 70_000, "Using where", false),
            ("ref", 70_000, "Using filesort", false),
        ] {
            let row = HeldRow(row(way, rows, more));
            let of = |way: Way| Search {
                table: "event".to_owned(),
                way,
            };
            let index = Some("PRIMARY".to_owned());
            let expected = searched.then(|| match way {
                "range" => of(Way::Sorted { index }),
                _ => of(Way::Whole),
            });
            assert_eq!(super::searched(&row), expected, "{way} {rows} {more}");
        }
    }
    let mut part = of_mariadb("ALL", 70_000, "");
    part[2] = Held::Text(b"<derived2>");
    assert_eq!(searched(&HeldRow(part)), None);
    assert_eq!(searched(&HeldRow(Vec::new())), None);
}
