use proptest::prelude::*;
use refold_core::work::{CancelToken, Silent};

use super::*;
use crate::handler;
use crate::usecase::field_history::tests::session;

const REDUCER: &str = "
refold: reducer/1
state: { n: number }
on:
  Patched:
    - set: { n: event.data.n }
invariants:
  - id: never-negative
    expr: state.n >= 0
  - id: under-ten
    expr: state.n < 10
    severity: warning
";

fn breaks_of(numbers: &[i64]) -> (Vec<u32>, Findings) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reducer.yaml");
    std::fs::write(&file, REDUCER).unwrap();
    let reference = file.display().to_string();
    let identity = handler::open(Some(&reference)).unwrap().identity().clone();
    let checked = handler::checked(Some(&reference), &identity).unwrap().unwrap();
    let payloads: Vec<String> = numbers.iter().map(|n| format!(r#"{{"n":{n}}}"#)).collect();
    let session = session(&payloads);
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let stream = Stream::load(&work, &session, "s", &Findings::default()).unwrap();
    let findings = Findings::default();
    let found = breaks(&work, &session, &stream, &checked, &findings).unwrap();
    (
        found
            .into_iter()
            .map(|moment| moment.0)
            .filter(|moment| *moment > 0)
            .collect(),
        findings,
    )
}

proptest! {
    /// Against the definition: it held before the event and does not after it.
    #[test]
    fn a_break_is_where_a_condition_stops_to_hold(numbers in proptest::collection::vec(-3..13_i64, 1..40)) {
        let (found, _) = breaks_of(&numbers);
        let is_broken = |n: i64| (n < 0, n >= 10);
        let mut before = (false, false);
        let mut expected = Vec::new();
        for (n, moment) in numbers.iter().zip(1_u32..) {
            let now = is_broken(*n);
            if (now.0 && !before.0) || (now.1 && !before.1) {
                expected.push(moment);
            }
            before = now;
        }
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn names_the_event_the_invariant_and_its_severity() {
    let (_, findings) = breaks_of(&[1, 12, 3, -1]);
    let kept: Vec<_> = findings
        .summary()
        .into_iter()
        .filter(|(code, _, _)| *code == BROKEN)
        .flat_map(|(_, _, kept)| kept)
        .collect();
    let said: Vec<_> = kept
        .iter()
        .map(|of| (of.version.unwrap().0, of.severity, of.detail.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (
                2,
                Severity::Warning,
                "from here on the state breaks the invariant under-ten"
            ),
            (
                4,
                Severity::Error,
                "from here on the state breaks the invariant never-negative"
            ),
        ]
    );
}
