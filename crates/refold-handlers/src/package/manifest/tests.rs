//! What stands in a manifest and means nothing is told with its place.

use std::fs;

use crate::package::open_at;

const RULES: &str = "refold: reducer/1\non:\n  OrderPlaced:\n    - inc: placed\n";
const SCRIPT: &str = "export default { initial: () => ({}), on: { OrderPlaced(state) {} },\n\
    upcast: { OrderMade: { 1: (data) => ({ type: 'OrderPlaced', data }) } } }\n";

/// What opening a package with this manifest comes to.
fn opened(manifest: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("versions/1")).unwrap();
    let head = "format = \"refold-handler/1\"\nname = \"order\"\n";
    fs::write(folder.path().join("handler.toml"), format!("{head}{manifest}")).unwrap();
    fs::write(folder.path().join("versions/1/reducer.yaml"), RULES).unwrap();
    fs::write(folder.path().join("versions/1/handler.js"), SCRIPT).unwrap();
    open_at(folder.path(), None)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

#[test]
fn a_key_that_nobody_reads_is_an_error_at_its_line() {
    for (manifest, told) in [
        (
            "titel = \"Orders\"\n[[version]]\nid = \"1\"\n",
            "unknown key `titel` (did you mean `title`?); known here: format, name, title, description, owner, license, \
             source, partition, version, limits, determinism, capabilities (handler.toml:3:1)",
        ),
        (
            "[source]\ntypes = [\"A\"]\n[[version]]\nid = \"1\"\n",
            "unknown key `types`; known here: category (handler.toml:4:1)",
        ),
        (
            "[limits]\nstate_kB = 1\n[[version]]\nid = \"1\"\n",
            "unknown key `state_kB` (did you mean `state_kb`?); known here: steps, fuel, memory_mb, state_kb, depth, \
             output_events, payload_kb, wall_ms (handler.toml:4:1)",
        ),
        (
            "[[version]]\nid = \"1\"\ndraft = \"yes\"\n",
            "`draft` is true or false, but it is text (handler.toml:5:9)",
        ),
    ] {
        assert_eq!(opened(manifest), Err(format!("RF-PKG-MANIFEST: {told}")), "{manifest}");
    }
    assert_eq!(
        opened("title = \"Orders\"\n[[version]]\nid = \"1\"\ndraft = true\n"),
        Ok(())
    );
}

#[test]
fn events_that_no_rule_and_no_upcaster_knows_are_an_error_at_their_line() {
    let version = |runtime: &str, events: &str| {
        opened(&format!(
            "[[version]]\nid = \"1\"\nruntime = \"{runtime}\"\nevents = {events}\n"
        ))
    };
    for (runtime, events, meant, column) in [
        (
            "declarative",
            "{ OrderPlacd = 2 }",
            " (did you mean `OrderPlaced`?)",
            12,
        ),
        ("declarative", "{ OrderPlaced = 2, typo = 2 }", "", 29),
        ("js", "{ OrderMad = 2 }", " (did you mean `OrderMade`?)", 12),
    ] {
        let error = version(runtime, events).unwrap_err();
        let name = error.split('`').nth(3).unwrap().to_owned();
        assert!(events.contains(&name), "{error}");
        let told = format!(
            "RF-PKG-MANIFEST: `events` names `{name}`{meant}, of which the version has neither a rule nor an upcaster \
             (handler.toml:6:{column})"
        );
        assert_eq!(error, told);
    }
    assert_eq!(version("declarative", "{ OrderPlaced = 2 }"), Ok(()));
    // What an upcaster takes on is known by it.
    assert_eq!(version("js", "{ OrderMade = 2, OrderPlaced = 1 }"), Ok(()));
}
