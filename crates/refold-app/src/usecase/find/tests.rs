use super::rank;

#[test]
fn the_id_itself_comes_first_then_whole_words() {
    let needle = b"4711";
    let ids: [&[u8]; 6] = [
        b"4711",
        b"order-4711",
        b"4711-returns",
        b"order-47110",
        b"order-14711",
        b"order-1",
    ];
    let ranks: Vec<u8> = ids.iter().map(|id| rank(id, needle)).collect();
    assert_eq!(ranks, [0, 1, 2, 3, 4, 5]);
}
