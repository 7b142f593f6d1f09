use std::fs;

use refold_core::work::{CancelToken, Silent};

use super::*;

fn run_at(folder: &Path, version: Option<&str>) -> Result<Vec<CaseResult>, CasesError> {
    let cancel = CancelToken::default();
    run(&Work::new(&cancel, &Silent), folder, version)
}

#[test]
fn the_cases_of_the_order_package_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/orders/handlers/order");
    let results = run_at(&folder, None).unwrap();
    for result in &results {
        assert_eq!(result.failures, [], "{} with {}", result.case, result.version);
    }
    // Three cases for both versions, one for each alone.
    assert_eq!(results.len(), 8);
}

#[test]
fn what_is_not_met_is_told_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "handler.toml",
        "format = \"refold-handler/1\"\nname = \"t\"\n[[version]]\nid = \"1\"\n",
    );
    write(
        "versions/1/reducer.yaml",
        "refold: reducer/1\non:\n  A:\n    - set: { a: event.data.a }\n    - emit: { type: B, data: { a: event.data.a } }\n",
    );
    write(
        "tests/a.case.yaml",
        "refold: case/1\ngiven: { events: [ { type: A, payload: { a: { b: 1.0, c: [1, 2] } } } ] }\n\
         expect:\n  state: { a: { b: 1, c: [1, 3], d: 0 } }\n  error: RF-HANDLER-TYPE\n  emitted: [ { type: C } ]\n",
    );
    let results = run_at(folder.path(), None).unwrap();
    let told: Vec<String> = results[0]
        .failures
        .iter()
        .map(|failure| {
            format!(
                "{} {}: {} / {}",
                failure.expectation, failure.path, failure.expected, failure.found
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "error : RF-HANDLER-TYPE / none",
            "state /a/c/1: 3 / 2",
            "state /a/d: 0 / nothing",
            "emitted /0: C / B",
            r#"emitted /0: null / {"a":{"b":1.0,"c":[1,2]}}"#,
        ]
    );
    let cancel = CancelToken::default();
    cancel.cancel();
    let cancelled = run(&Work::new(&cancel, &Silent), folder.path(), None);
    assert!(matches!(cancelled, Err(CasesError::Cancelled(_))));
}

/// A program may do something to its state that shows only when the state is asked for.
#[cfg(unix)]
#[test]
fn a_state_that_cannot_be_told_is_the_fault_of_the_event_since_which_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "handler.toml",
        "format = \"refold-handler/1\"\nname = \"t\"\n[[version]]\nid = \"1\"\nruntime = \"process\"\n",
    );
    write("versions/1/process.toml", "command = [\"python3\", \"handler.py\"]\n");
    let speaks = "../../fixtures/orders/programs/order-python/versions/1.1.0/refold_handler.py";
    let speaks = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(speaks)).unwrap();
    write("versions/1/refold_handler.py", &speaks);
    write(
        "versions/1/handler.py",
        "from refold_handler import run\n\
         def good(state, data, event): state['n'] = state.get('n', 0) + 1\n\
         def bad(state, data, event): state['o'] = 0.5\n\
         run(dict, {'Good': good, 'Bad': bad})\n",
    );
    write(
        "tests/a.case.yaml",
        "refold: case/1\ngiven: { events: [ { type: Good, payload: {} }, { type: Bad, payload: {} }, \
         { type: Good, payload: {} } ] }\nexpect:\n  state: { n: 1 }\n  error: { code: RF-STATE-UNSERIALIZABLE, \
         version: 2 }\n",
    );
    let results = run_at(folder.path(), None).unwrap();
    let told: Vec<_> = results[0].failures.iter().map(|failure| &failure.expectation).collect();
    assert!(told.is_empty(), "{:?}", results[0].failures);
}
