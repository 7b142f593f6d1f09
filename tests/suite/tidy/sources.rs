//! How sources look: small files that say what they are for, each word in its room.

use std::path::Path;

use refold_tests::{shown, sources};

const LINES_AT_MOST: usize = 600;

/// Files that are longer, each with the reason why.
const LONG: &[(&str, &str)] = &[
    ("ui/src/backend/bindings.ts", "generated"),
    // Debt: it holds two reasons to exist and is to be split by them.
    (
        "crates/refold-stores/src/layout/read.rs",
        "reading values, and checking their combination",
    ),
];

/// Rooms where Rust lives.
const RUST: &[&str] = &["crates", "src-tauri", "tests", "fixtures", "bench", "xtask"];

fn rust() -> Vec<(String, String)> {
    RUST.iter()
        .flat_map(|room| sources(room, &[".rs"]))
        .map(|path| (shown(&path), read(&path)))
        .collect()
}

fn interface() -> Vec<(String, String)> {
    sources("ui", &[".ts", ".svelte", ".css"])
        .iter()
        .map(|path| (shown(path), read(path)))
        .collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}: {}", path.display()))
}

#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn files_have_one_reason_to_exist_and_so_are_short() {
    let long = rust().into_iter().chain(interface()).filter_map(|(name, text)| {
        let lines = text.lines().count();
        let is_known = LONG.iter().any(|(known, _)| *known == name);
        (lines > LINES_AT_MOST && !is_known).then(|| format!("{name} has {lines} lines"))
    });
    none(long.collect());
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent = rust().into_iter().filter(|(name, text)| {
        let is_test = name.ends_with("/tests.rs") || name.contains("/tests/") && !name.starts_with("tests/");
        let is_main = name.ends_with("/main.rs");
        !is_test && !is_main && !text.starts_with("//!")
    });
    none(silent.map(|(name, _)| format!("{name} has no `//!` header")).collect());
}

#[test]
fn only_the_window_says_tauri() {
    let elsewhere = rust().into_iter().filter(|(name, text)| {
        !name.starts_with("src-tauri/") && !name.starts_with("tests/suite/tidy/") && {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            code.into_iter()
                .any(|line| line.contains("tauri::") || line.contains("tauri_"))
        }
    });
    none(elsewhere.map(|(name, _)| format!("{name} says tauri")).collect());
}

#[test]
fn the_interface_has_one_door_to_its_host() {
    let others = interface().into_iter().filter(|(name, text)| {
        let is_door = name == "ui/src/backend/tauri.ts" || name == "ui/src/backend/bindings.ts";
        text.contains("@tauri-apps") && !is_door
    });
    none(others.map(|(name, _)| format!("{name} says @tauri-apps")).collect());
}

#[test]
fn payloads_are_never_made_into_markup_or_code() {
    const SINKS: [&str; 5] = ["innerHTML", "{@html", "eval(", "new Function(", "insertAdjacentHTML"];
    let mut faults = Vec::new();
    let shipped = interface().into_iter().filter(|(name, _)| !name.contains(".test"));
    for (name, text) in shipped {
        let used = SINKS.iter().filter(|sink| text.contains(**sink));
        faults.extend(used.map(|sink| format!("{name} uses {sink}")));
    }
    none(faults);
}

#[test]
fn nothing_is_left_for_later_and_no_test_looks_away() {
    // Put together here, so that this file does not find itself.
    let marks = ["TO", "FIX"].map(|start| format!("{start}{}", if start == "TO" { "DO" } else { "ME" }));
    let calls = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    let attributes = ["ignore", "should_panic"].map(|name| format!("#[{name}"));
    let mut faults = Vec::new();
    for (name, text) in rust()
        .into_iter()
        .chain(interface())
        .filter(|(name, _)| !name.ends_with("tidy/sources.rs"))
    {
        let found = marks
            .iter()
            .chain(&calls)
            .chain(&attributes)
            .filter(|mark| text.contains(mark.as_str()));
        faults.extend(found.map(|mark| format!("{name} holds {mark}")));
    }
    none(faults);
}

/// A pipe would be waited for, and a device never ends: there is one way to read what a person keeps or names.
#[test]
fn files_are_read_whole_in_one_way() {
    const WAYS: [&str; 2] = ["fs::read(", "fs::read_to_string("];
    /// What lies there is the system's, or was made by the program itself a moment ago.
    const KNOWN: [&str; 2] = [
        "crates/refold-app/src/who.rs",
        "crates/refold-app/src/connections/tunnel.rs",
    ];
    let mut faults = Vec::new();
    for path in ["crates/refold-app/src", "crates/refold-cli/src", "src-tauri/src"]
        .iter()
        .flat_map(|room| sources(room, &[".rs"]))
    {
        let (name, text) = (shown(&path), read(&path));
        if name.contains("/tests") || KNOWN.contains(&&*name) {
            continue;
        }
        // In-file tests stand at the end, below their attribute.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let found = WAYS.iter().filter(|way| code.contains(*way));
        faults.extend(found.map(|way| format!("{name} holds {way}…), which may never end: see plain_file")));
    }
    none(faults);
}

#[test]
fn adapters_hold_no_statement_that_writes() {
    const WRITES: [&str; 8] = [
        "INSERT INTO",
        "DELETE FROM",
        "DROP TABLE",
        "CREATE TABLE",
        "ALTER TABLE",
        "REPLACE INTO",
        "VACUUM",
        "UPDATE ",
    ];
    let adapters = sources("crates/refold-stores/src", &[".rs"]);
    let mut faults = Vec::new();
    for path in adapters {
        let name = shown(&path);
        if name.contains("/tests") || name.contains("/test_") {
            continue;
        }
        // In-file tests stand at the end, below their attribute.
        let text = read(&path);
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in lines {
            let found = WRITES.iter().filter(|word| line.contains(**word));
            faults.extend(found.map(|word| format!("{name} says {word}")));
        }
    }
    none(faults);
}
