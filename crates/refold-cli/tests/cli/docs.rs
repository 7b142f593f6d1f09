//! The examples of `docs/cli.md` and the tour of the README are run on the sample store, and must answer what the page
//! says.

use crate::lab::Lab;

/// In the page a line `…` stands for any lines, and `…` in a line for any text.
const ANYTHING: char = '…';

struct Example {
    command: String,
    expected: Vec<String>,
}

fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_inside = line == "```console";
            continue;
        }
        if !is_inside {
            continue;
        }
        match line.strip_prefix("$ refold ") {
            Some(command) => examples.push(Example {
                command: command.to_owned(),
                expected: Vec::new(),
            }),
            None => examples
                .last_mut()
                .expect("an answer follows its command")
                .expected
                .push(line.to_owned()),
        }
    }
    examples
}

/// As a shell splits where only blanks and quotes matter.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_open) = (Vec::new(), String::new(), None, false);
    for letter in line.chars() {
        match (quote, letter) {
            (None, '"' | '\'') => (quote, is_open) = (Some(letter), true),
            (Some(open), letter) if open == letter => quote = None,
            (None, ' ') => {
                if is_open {
                    words.push(std::mem::take(&mut word));
                }
                is_open = false;
            }
            (_, letter) => {
                word.push(letter);
                is_open = true;
            }
        }
    }
    words.extend(is_open.then_some(word));
    words
}

fn line_fits(expected: &str, found: &str) -> bool {
    let Some((first, later)) = expected.split_once(ANYTHING) else {
        return expected == found;
    };
    let Some(mut rest) = found.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = later.split(ANYTHING).collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn fits(expected: &[String], found: &[&str]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((first, later)) if first.trim() == "…" => {
            (0..=found.len()).any(|skipped| fits(later, &found[skipped..]))
        }
        Some((first, later)) => found
            .split_first()
            .is_some_and(|(line, rest)| line_fits(first, line) && fits(later, rest)),
    }
}

/// The files that a page shows: blocks of TOML that begin with their name.
fn files(page: &str) -> Vec<(&str, &str)> {
    let blocks = page.split("```toml\n# ").skip(1);
    blocks
        .filter_map(|block| block.split("```").next()?.split_once('\n'))
        .filter(|(name, _)| name.ends_with(".toml"))
        .collect()
}

/// The copy of the pages about two stores: it lost its last events and one in between, and a price is another.
fn restored(lab: &Lab) {
    let copy = lab.path().join("restored.db");
    std::fs::copy(lab.store(), &copy).unwrap();
    let database = rusqlite::Connection::open(&copy).unwrap();
    database
        .execute_batch(
            "DELETE FROM emt_messages WHERE global_position > 59997 OR global_position = 30000;
             UPDATE emt_messages SET message_data = replace(message_data, '61.45', '16.45') WHERE global_position = 2;",
        )
        .unwrap();
}

/// Runs the examples of a page on the sample store as a person makes it, and returns them.
fn examples_that_hold(page: &str) -> Vec<Example> {
    let page = format!("{}/../../{page}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(page).unwrap();
    let examples = examples(&text);
    let lab = Lab::new(60_000);
    restored(&lab);
    // Where the pages put what they keep: never beside the store.
    std::fs::create_dir(lab.path().join("cases")).unwrap();
    std::fs::create_dir(lab.path().join("pictures")).unwrap();
    std::fs::create_dir(lab.path().join("tests")).unwrap();
    // Reports and anchors do not lie with the store that they are about.
    let home = lab.home().join("reader");
    for folder in ["reports", "anchors"] {
        std::fs::create_dir_all(home.join(folder)).unwrap();
    }
    for (name, file) in files(&text) {
        std::fs::write(lab.path().join(name), file).unwrap();
    }
    let mut faults = Vec::new();
    for example in &examples {
        let words: Vec<String> = words(&example.command)
            .into_iter()
            .map(|word| word.replace("~/", &format!("{}/", home.display())))
            .collect();
        let answer = lab.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let all = answer.out + &answer.err;
        let found: Vec<&str> = all.lines().collect();
        if !fits(&example.expected, &found) {
            faults.push(format!("$ refold {}\n{all}", example.command));
        }
    }
    assert!(faults.is_empty(), "these answer otherwise:\n{}", faults.join("\n"));
    examples
}

#[test]
fn the_tour_of_the_readme_answers_what_it_says() {
    assert!(examples_that_hold("README.md").len() >= 6);
}

#[test]
fn every_example_of_the_page_answers_what_it_says() {
    let examples = examples_that_hold("docs/cli.md");
    for command in [
        "info",
        "streams",
        "history",
        "search",
        "state",
        "diff",
        "compare orders.db restored.db",
        "blame",
        "timeline",
        "case save",
        "case show",
        "test",
        "new-handler",
    ] {
        assert!(
            examples.iter().any(|example| example.command.starts_with(command)),
            "no example of {command}"
        );
    }
}

#[test]
fn the_page_for_auditors_answers_what_it_says() {
    assert!(examples_that_hold("docs/evidence.md").len() >= 2);
}

#[test]
fn every_command_of_the_guide_answers_what_it_says() {
    let guide = format!("{}/../../docs/guide", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(&guide).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let examples = examples_that_hold(&format!("docs/guide/{name}"));
        assert!(!examples.is_empty() || name == "README.md", "no command in {name}");
        let page = std::fs::read_to_string(format!("{guide}/{name}")).unwrap();
        assert!(!page.contains("```sh"), "{name} shows commands that nobody runs");
    }
}
