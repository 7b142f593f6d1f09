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

/// It is read in the window too, where nobody can type an option.
#[test]
fn no_advice_is_for_those_alone_who_type() {
    let guide = include_str!("../../../../../docs/findings.md");
    let codes = guide.lines().filter(|line| line.starts_with("| `"));
    for code in codes.flat_map(|row| {
        row.split(" | ")
            .next()
            .unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2)
    }) {
        let advice = of(code);
        for typed in ["--", "refold "] {
            assert!(!advice.contains(typed), "{code}: {advice}");
        }
    }
}

/// All that an event can take code beyond. One that is compiled for too long never comes to an event.
#[test]
fn every_limit_of_code_has_advice() {
    let codes = include_str!("../../../../refold-guests/src/error.rs");
    let limits = codes
        .split('"')
        .filter(|text| text.starts_with("RF-LIMIT-") && *text != "RF-LIMIT-COMPILE");
    let bare: Vec<&str> = limits.clone().filter(|code| of(code).is_empty()).collect();
    assert!(limits.count() > 5);
    assert_eq!(bare, [""; 0], "they have no row in docs/findings.md");
}
