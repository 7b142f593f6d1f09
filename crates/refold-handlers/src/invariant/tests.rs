use std::sync::Arc;

use super::*;

fn invariants(list: &str) -> Result<Invariants, PackageError> {
    let text = format!("refold: invariants/1\ninvariants:\n{list}\n");
    let document = Document::from_yaml(&Arc::from("invariants.yaml"), text.as_bytes())?;
    Invariants::of_file(&document, &ArrayKeys::default())
}

#[test]
fn a_state_meets_them_breaks_them_or_cannot_be_asked() {
    let all = invariants(
        "  - { id: in-order, expr: state.low <= state.high }\n  - { id: named, expr: has(state.name), severity: notice }",
    )
    .unwrap();
    let holds = |id: &str, state: &str| {
        let state = Value::from_json(state.as_bytes(), 64).unwrap();
        all.holds(all.find(id).unwrap(), &state, &Limits::DEFAULT)
    };
    assert_eq!(holds("in-order", r#"{"low":1,"high":1.0}"#), Ok(true));
    assert_eq!(holds("in-order", r#"{"low":2,"high":1}"#), Ok(false));
    assert_eq!(holds("in-order", r#"{"low":2}"#).unwrap_err().code, code::HANDLER_TYPE);
    assert_eq!(holds("named", r#"{"name":null}"#), Ok(true));
    let severities: Vec<Severity> = all.iter().map(|invariant| invariant.severity).collect();
    assert_eq!(severities, [Severity::Error, Severity::Notice]);
}

#[test]
fn lists_that_are_wrong() {
    let error = |list: &str| invariants(list).unwrap_err().to_string();
    assert_eq!(
        error("  - { id: a, expr: state.x + 1 }"),
        "RF-PKG-TYPE: a condition must be a boolean, but this is a number (invariants.yaml:3:20)"
    );
    assert_eq!(
        error("  - { id: a, expr: event.data.x == 1 }"),
        "RF-PKG-EXPRESSION: there is no event here; only `state` is known (invariants.yaml:3:20)"
    );
    assert_eq!(
        error("  - { id: a, expr: true }\n  - { id: a, expr: true }"),
        "RF-PKG-INVARIANT: the id `a` occurs twice; rename one (invariants.yaml:4:11)"
    );
    assert_eq!(
        error("  - { id: a, expr: true, severity: fatal }"),
        "RF-PKG-INVARIANT: `severity` is `error`, `warning` or `notice`, not `fatal` (invariants.yaml:3:36)"
    );
}
