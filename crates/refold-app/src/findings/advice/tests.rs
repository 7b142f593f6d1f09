use super::of;

/// The codes and the last cell of each row of the tables in `docs/findings.md`.
#[test]
fn the_guide_says_the_same_of_every_code() {
    let guide = include_str!("../../../../../docs/findings.md");
    let mut codes = 0;
    for row in guide.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let advice = cells.last().copied().unwrap_or_default().replace('`', "");
        for code in cells[0].split('`').skip(1).step_by(2) {
            assert_eq!(of(code).to_lowercase(), advice.to_lowercase(), "{code}");
            codes += 1;
        }
    }
    assert!(codes > 25, "only {codes} codes were found in the guide");
    assert_eq!(of("no-such-code"), "");
}
