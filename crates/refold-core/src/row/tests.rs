use super::*;

#[test]
fn columns_come_back_and_a_body_is_not_written_twice() {
    let bodies = Bodies {
        payload: Some(b"{}"),
        metadata: Some(b"[]"),
    };
    let values = [
        (&b"a"[..], Stored::Null),
        (b"b", Stored::Integer(-1)),
        (b"c", Stored::Real(0.5)),
        (b"d", Stored::Text(b"{}")),
        (b"e", Stored::Blob(b"{}")),
        (b"f", Stored::Text(b"[]")),
        (b"g", Stored::Text(b"")),
    ];
    let mut row = Vec::new();
    values
        .iter()
        .for_each(|(name, value)| write(&mut row, name, *value, bodies));
    let found: Vec<Column<'_>> = columns(&row).collect();
    let names: Vec<&[u8]> = found.iter().map(|column| column.name).collect();
    assert_eq!(names, [b"a", b"b", b"c", b"d", b"e", b"f", b"g"]);
    let kinds: Vec<u8> = found.iter().map(|column| column.framed[5]).collect();
    assert_eq!(kinds, [0, 1, 2, 3 + 16, 4 + 16, 3 + 32, 3]);
    assert_eq!(found[3].framed.len(), 4 + 1 + 1 + 4);
    let whole: Vec<u8> = found.iter().flat_map(|column| column.framed).copied().collect();
    assert_eq!(whole, row);
    assert_eq!(
        columns(&row[..row.len() - 1]).count(),
        6,
        "what is cut off is no column"
    );
}
