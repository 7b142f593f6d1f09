//! Who may know whom. The table is the rule: a new line in it needs a decision note.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Each package of ours, and those of ours it may be built on.
const LAYERS: &[(&str, &[&str])] = &[
    ("refold-core", &[]),
    ("refold-scratch", &[]),
    ("refold-stores", &["refold-core", "refold-scratch"]),
    // The only crate that may be built on wasmtime.
    ("refold-guests", &["refold-core", "refold-scratch"]),
    ("refold-handlers", &["refold-core", "refold-guests"]),
    ("refold-audit", &["refold-core"]),
    // Makes the sample store. It knows nothing of ours: a store is written by somebody else.
    ("refold-fixtures", &[]),
    (
        "refold-app",
        &[
            "refold-core",
            "refold-stores",
            "refold-handlers",
            "refold-audit",
            "refold-scratch",
            "refold-fixtures",
        ],
    ),
    ("refold-cli", &["refold-app"]),
    ("refold-desktop", &["refold-app"]),
    (
        "refold-tests",
        &[
            "refold-core",
            "refold-stores",
            "refold-handlers",
            "refold-audit",
            "refold-fixtures",
            "refold-app",
            "refold-cli",
        ],
    ),
    (
        "refold-bench",
        &[
            "refold-core",
            "refold-stores",
            "refold-handlers",
            "refold-fixtures",
            "refold-app",
        ],
    ),
    ("xtask", &[]),
];

/// Edges that should not be there and still are, each with the reason why.
const DEBT: &[(&str, &str, &str)] = &[];

/// Foreign crates that only the named packages may be built on.
const KEPT: &[(&str, &[&str])] = &[
    ("tauri", &["refold-desktop"]),
    ("tauri-specta", &["refold-desktop"]),
    ("specta", &["refold-app", "refold-desktop"]),
    (
        "rusqlite",
        &["refold-stores", "refold-fixtures", "refold-bench", "refold-tests"],
    ),
    ("clap", &["refold-cli", "refold-bench", "refold-fixtures"]),
    ("plotters", &["refold-audit"]),
    ("ed25519-dalek", &["refold-audit"]),
    ("landlock", &["refold-guests"]),
    ("seccompiler", &["refold-guests"]),
    ("wasmtime", &["refold-guests"]),
    ("tokio", &["refold-stores"]),
    ("tokio-postgres", &["refold-stores"]),
    ("rustls", &["refold-stores", "refold-app"]),
    ("ureq", &["refold-app"]),
    ("cms", &["refold-audit"]),
];

/// What the engine must never reach: IO, clocks, threads, randomness, SQL, a face.
const NOT_IN_CORE: &[&str] = &[
    "tokio",
    "async-std",
    "rayon",
    "crossbeam-channel",
    "rand",
    "getrandom",
    "memmap2",
    "anyhow",
];

#[test]
fn every_package_knows_only_those_below_it() {
    let packages = packages();
    let table: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut faults = Vec::new();
    for (name, depends_on) in &packages {
        let Some(allowed) = table.get(name.as_str()) else {
            faults.push(format!(
                "{name} is a new package: it needs a line in the table and a decision note"
            ));
            continue;
        };
        let ours = depends_on.iter().filter(|other| packages.contains_key(*other));
        for other in ours.filter(|other| !allowed.contains(&other.as_str())) {
            if !DEBT.iter().any(|(from, to, _)| from == name && to == other) {
                faults.push(format!("{name} must not know {other}"));
            }
        }
    }
    faults.extend(
        table
            .keys()
            .filter(|name| !packages.contains_key(**name))
            .map(|name| format!("{name} is gone")),
    );
    faults.extend(
        DEBT.iter()
            .filter(|(from, to, _)| !packages.get(*from).is_some_and(|edges| edges.contains(*to)))
            .map(|(from, to, reason)| format!("the debt {from} on {to} ({reason}) is paid: take its line out")),
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn heavy_and_foreign_things_stay_where_they_belong() {
    let mut faults = Vec::new();
    for (name, depends_on) in &packages() {
        for (kept, homes) in KEPT {
            if depends_on.contains(*kept) && !homes.contains(&name.as_str()) {
                faults.push(format!("only {} may be built on {kept}, not {name}", homes.join(", ")));
            }
        }
        if name == "refold-core" {
            let foreign = NOT_IN_CORE.iter().filter(|foreign| depends_on.contains(**foreign));
            faults.extend(foreign.map(|foreign| format!("refold-core must not be built on {foreign}")));
        }
        if name == "xtask" && !depends_on.is_empty() {
            faults.push("xtask must depend on nothing: it has to start at once on a fresh machine".to_owned());
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Packages of the workspace with what their code is built on. What only their tests use is left out.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let answer = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(refold_tests::root())
        .output()
        .expect("cargo runs");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let metadata: Value = serde_json::from_slice(&answer.stdout).expect("cargo metadata is JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("it lists packages");
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().into_iter().flatten();
            let built_on = dependencies
                .filter(|edge| edge["kind"] != "dev")
                .map(|edge| text(&edge["name"]))
                .collect();
            (text(&package["name"]), built_on)
        })
        .collect()
}
