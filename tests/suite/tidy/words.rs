//! Names: words of the glossary, and none that say nothing.

use refold_tests::{shown, sources};

/// A type that ends so says nothing of what it is.
const EMPTY_WORDS: &[&str] = &[
    "Manager",
    "Service",
    "Helper",
    "Helpers",
    "Util",
    "Utils",
    "Processor",
    "Info",
    "Data",
];

/// What introduces the name of a type, in Rust and in TypeScript.
const INTRODUCE: &[&str] = &["struct ", "enum ", "trait ", "type ", "class ", "interface "];

#[test]
fn types_are_named_after_what_they_are() {
    let mut faults = Vec::new();
    let rooms = ["crates", "src-tauri", "tests", "fixtures", "bench", "xtask", "ui"];
    for path in rooms.iter().flat_map(|room| sources(room, &[".rs", ".ts", ".svelte"])) {
        let text = std::fs::read_to_string(&path).expect("sources are text");
        for line in text.lines() {
            let Some(name) = introduced_name(line) else { continue };
            if EMPTY_WORDS.iter().any(|word| name.ends_with(word)) {
                faults.push(format!("{} names a type {name}", shown(&path)));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn files_are_named_after_what_they_hold() {
    let rooms = ["crates", "src-tauri", "tests", "fixtures", "bench", "xtask", "ui"];
    let empty = rooms
        .iter()
        .flat_map(|room| sources(room, &[".rs", ".ts", ".svelte"]))
        .filter(|path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
            EMPTY_WORDS.iter().any(|word| stem == word.to_lowercase()) || stem.starts_with("old_")
        });
    let faults: Vec<String> = empty.map(|path| shown(&path)).collect();
    assert!(faults.is_empty(), "names that say nothing: {}", faults.join(", "));
}

#[test]
fn decisions_are_numbered_without_gap_or_double() {
    let notes = sources("docs/decisions", &[".md"]);
    let numbers: Vec<String> = notes
        .iter()
        .map(|path| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .chars()
                .take(4)
                .collect()
        })
        .collect();
    let expected: Vec<String> = (1..=numbers.len()).map(|number| format!("{number:04}")).collect();
    assert_eq!(numbers, expected, "docs/decisions is NNNN-title.md, from 0001");
}

/// The name that a line introduces, when it declares a type.
fn introduced_name(line: &str) -> Option<&str> {
    let line = line
        .trim_start()
        .trim_start_matches("export ")
        .trim_start_matches("pub ");
    let line = line
        .strip_prefix("pub(crate) ")
        .or_else(|| line.strip_prefix("pub(super) "))
        .unwrap_or(line);
    let rest = INTRODUCE.iter().find_map(|word| line.strip_prefix(word))?;
    let end = rest
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(rest.len());
    let name = &rest[..end];
    name.starts_with(char::is_uppercase).then_some(name)
}
