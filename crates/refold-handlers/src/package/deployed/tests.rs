//! After every event: the state of the version that was live then, as folding by hand gives it.

use proptest::prelude::*;
use refold_core::event::{Encoding, EventBatch, Position, Version};
use refold_core::fold::{Detail, Fold};

use super::super::tests::folder;
use super::*;

/// What each version adds for an event, so that a state tells which versions made it.
const STEPS: [i64; 3] = [1, 100, 10_000];

/// A package of three versions, live from these positions on, and deployed so.
fn package(starts: &[(i64, &str)], lasts: Option<i64>) -> (tempfile::TempDir, Result<Deployed, PackageError>) {
    let mut manifest = "format = \"refold-handler/1\"\nname = \"t\"\n".to_owned();
    let mut files = Vec::new();
    for (at, step) in STEPS.iter().enumerate() {
        manifest.push_str(&format!("[[version]]\nid = \"{at}\"\n"));
        if let Some((from, deploy)) = starts.get(at) {
            manifest.push_str(&format!("effective_from = {from}\ndeploy = \"{deploy}\"\n"));
            if let Some(lasts) = lasts.filter(|_| at + 1 == starts.len()) {
                manifest.push_str(&format!("effective_to = {lasts}\n"));
            }
        }
        let rules = format!("refold: reducer/1\ninitial: {{ n: {at} }}\non:\n  A: [ {{ add: {{ n: {step} }} }} ]\n");
        files.push((format!("versions/{at}/reducer.yaml"), rules));
    }
    files.push(("handler.toml".to_owned(), manifest));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let folder = folder(&files);
    let deployed = Package::open(folder.path()).and_then(|package| Deployed::open(&package, None));
    (folder, deployed)
}

/// Events at the positions 1, 2, 3, …
fn events(count: i64) -> (EventBatch, Names) {
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    for position in 1..=count {
        let view = EventView {
            position: Position(position),
            stream: names.intern_stream(b"s-1", || b"s"),
            version: Version(position),
            event_type: names.intern_type(b"A"),
            recorded_at: Timestamp::NONE,
            payload: Some(b"{}"),
            encoding: Encoding::Json,
            metadata: None,
            event_id: None,
            correlation_id: None,
            causation_id: None,
            schema_version: None,
            occurred_at: Timestamp::NONE,
            row: None,
        };
        batch.push(&view, Columns::PAYLOAD);
    }
    (batch, names)
}

/// What was believed after each event, by the definition of each policy.
fn by_hand(starts: &[(i64, &str)], lasts: Option<i64>, count: i64) -> Vec<Option<i64>> {
    let mut believed = Vec::new();
    let mut carried = 0;
    let mut live_before = None;
    for position in 1..=count {
        let live = starts.iter().rposition(|(from, _)| *from <= position);
        let live = live.filter(|_| lasts.is_none_or(|lasts| position < lasts));
        let Some(version) = live else {
            believed.push(None);
            continue;
        };
        let whole = version as i64 + STEPS[version] * position;
        let state = if starts[version].1 == "carry" && version > 0 {
            // Where several began since the last event, each carried on from the one before.
            let first_of_chain = |at: &usize| starts[*at].1 != "carry" || *at == 0;
            let base = match live_before {
                Some(before) if before == version => carried,
                before => {
                    let chain = (0..=version).rev().find(first_of_chain).unwrap_or(0);
                    match before {
                        Some(before) if before >= chain => carried,
                        _ => chain as i64 + STEPS[chain] * (position - 1),
                    }
                }
            };
            base + STEPS[version]
        } else {
            whole
        };
        carried = state;
        live_before = Some(version);
        believed.push(Some(state));
    }
    believed
}

fn number(state: &Value) -> Option<i64> {
    match Pointer::parse("/n").unwrap().find(state) {
        Some(Value::Number(number)) => number.to_i64(),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_state_is_that_of_the_version_that_was_live(
        starts in prop::collection::btree_set(0_i64..14, 1..4),
        policies in prop::collection::vec(prop::sample::select(vec!["refold", "carry", "rebuild"]), 3),
        lasts in prop::option::of(14_i64..18),
        cut in 0_usize..16,
    ) {
        let starts: Vec<(i64, &str)> = starts.into_iter().zip(policies).collect();
        let (_folder, deployed) = package(&starts, lasts);
        let deployed = deployed.unwrap_or_else(|error| panic!("{error}"));
        let (batch, names) = events(16);
        let mut fold = Fold::new(&deployed, Detail::Blame).unwrap();
        let mut found = Vec::new();
        for row in 0..batch.len() {
            if row == cut {
                // Going on from a checkpoint is the same.
                let checkpoint = fold.checkpoint().unwrap();
                fold = Fold::new(&deployed, Detail::Blame).unwrap();
                fold.restore(&checkpoint).unwrap();
            }
            fold.step(&batch.event(row), &names, None).unwrap();
            found.push(number(&fold.folded().unwrap().state));
        }
        prop_assert_eq!(found, by_hand(&starts, lasts, 16), "{:?}", starts);
    }
}

#[test]
fn a_manifest_that_does_not_say_it_is_told_what_is_missing() {
    let (_folder, nothing) = package(&[], None);
    let nothing = nothing.map(drop).unwrap_err().to_string();
    assert!(
        nothing.starts_with("RF-PKG-VERSION: no version of t says when it was live; add `effective_from`"),
        "{nothing}"
    );
    let read = |versions: &str| {
        let manifest = format!("format = \"refold-handler/1\"\nname = \"t\"\n{versions}");
        let rules = "refold: reducer/1\non: { A: [] }\n";
        let files = [
            ("handler.toml", manifest.as_str()),
            ("versions/1/reducer.yaml", rules),
            ("versions/2/reducer.yaml", rules),
        ];
        let folder = folder(&files);
        let package = Package::open(folder.path())?;
        Deployed::open(&package, None).map(drop)
    };
    let version = |id: u32, more: &str| format!("[[version]]\nid = \"{id}\"\n{more}\n");
    for (first, second, expected) in [
        (
            "effective_from = 1\neffective_to = 5",
            "effective_from = 4",
            "version 2 was live while another one was, too",
        ),
        (
            "effective_from = 1\neffective_to = 3",
            "effective_from = 4\ndeploy = \"carry\"",
            "so it must begin where that one ends",
        ),
        (
            "effective_from = 1",
            "effective_from = 2026-08-20T00:00:00Z",
            "write all of one kind",
        ),
        ("effective_from = \"release-42\"", "", "write its time or position"),
        (
            "effective_from = 1\ndeploy = \"swap\"",
            "",
            "`deploy` is refold, carry or rebuild",
        ),
    ] {
        let error = read(&(version(1, first) + &version(2, second)))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected) && error.contains("handler.toml:"), "{error}");
    }
}

#[test]
fn a_time_between_events_is_answered_by_the_version_of_then() {
    let manifest = "format = \"refold-handler/1\"\nname = \"t\"\n\
        [[version]]\nid = \"1\"\neffective_to = 2026-08-20T00:00:00Z\n\
        [[version]]\nid = \"2\"\neffective_from = 2026-08-20T00:00:00Z\n\
        [[version.effective]]\nenv = \"staging\"\nfrom = 2026-08-10T00:00:00Z\n";
    let rules = "refold: reducer/1\non: { A: [] }\n";
    let files = [
        ("handler.toml", manifest),
        ("versions/1/reducer.yaml", rules),
        ("versions/2/reducer.yaml", rules),
    ];
    let folder = folder(&files);
    let package = Package::open(folder.path()).unwrap();
    let believed = |environment, time: &str| {
        let deployed = Deployed::open(&package, environment)?;
        Ok::<_, PackageError>(deployed.believed_at(Timestamp::parse(time).unwrap()).map(str::to_owned))
    };
    assert_eq!(believed(None, "2026-08-19T23:59:59Z"), Ok(Some("1".to_owned())));
    assert_eq!(believed(None, "2026-08-20T00:00:00Z"), Ok(Some("2".to_owned())));
    // The first says nothing of staging, and was live there while the second was.
    assert!(believed(Some("staging"), "2026-08-15T00:00:00Z").is_err());
    assert_eq!(environment_of("as-deployed:staging"), Some(Some("staging")));
    assert_eq!(
        (environment_of("as-deployed"), environment_of("1.0.0")),
        (Some(None), None)
    );
}

/// A package whose only version was live in these environments, opened as it was deployed in one.
fn deployed_in(named: &[&str], environment: Option<&str>) -> Result<Deployed, PackageError> {
    let mut manifest =
        "format = \"refold-handler/1\"\nname = \"t\"\n[[version]]\nid = \"1\"\neffective_from = 1\n".to_owned();
    for (name, from) in named.iter().zip(2..) {
        manifest.push_str(&format!("[[version.effective]]\nenv = \"{name}\"\nfrom = {from}\n"));
    }
    let rules = "refold: reducer/1\non:\n  A: []\n";
    let folder = folder(&[("handler.toml", &manifest), ("versions/1/reducer.yaml", rules)]);
    Package::open(folder.path()).and_then(|package| Deployed::open(&package, environment))
}

#[test]
fn an_environment_that_no_version_names_is_refused() {
    for environment in [None, Some("eu"), Some("staging")] {
        assert!(deployed_in(&["staging", "eu"], environment).is_ok(), "{environment:?}");
    }
    let message = |named: &[&str], environment| deployed_in(named, Some(environment)).err().unwrap().to_string();
    let slip = message(&["staging", "eu"], "stagign");
    assert!(slip.contains("those named are: eu, staging"), "{slip}");
    let none = message(&[], "staging");
    assert!(none.contains("no version of t names an environment"), "{none}");
}
