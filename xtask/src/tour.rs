//! The tour of README.md, walked for real: its commands are run on the sample store, and the answers printed.

use std::path::Path;
use std::process::Command;

use crate::Outcome;

/// Commands are the lines that start so, inside the fenced blocks of the README.
const PROMPT: &str = "$ refold ";

/// Runs every command of the tour by `program`, with the sample store's folder as working directory.
pub fn print(program: &Path, folder: &Path) -> Outcome {
    let readme = crate::root().join("README.md");
    let text = std::fs::read_to_string(&readme).map_err(|error| format!("README.md cannot be read: {error}"))?;
    for line in text.lines().filter_map(|line| line.strip_prefix(PROMPT)) {
        println!("\n{PROMPT}{line}");
        let status = Command::new(program)
            .args(words(line))
            .current_dir(folder)
            .status()
            .map_err(|error| format!("refold cannot be started: {error}"))?;
        // 1 means: done, and it found differences.
        if !matches!(status.code(), Some(0 | 1)) {
            return Err(format!("a command of the tour ended with {status}: refold {line}"));
        }
    }
    Ok(())
}

/// Splits as a shell would where only blanks and double quotes matter.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut in_quotes, mut is_open) = (false, false);
    for letter in line.chars() {
        match letter {
            '"' => {
                in_quotes = !in_quotes;
                is_open = true;
            }
            ' ' if !in_quotes => {
                if is_open {
                    words.push(std::mem::take(&mut word));
                }
                is_open = false;
            }
            _ => {
                word.push(letter);
                is_open = true;
            }
        }
    }
    if is_open {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_keep_what_is_quoted() {
        let line = r#"state orders.db  order-4711 --at "2026-08-03 14:00" """#;
        assert_eq!(
            super::words(line),
            ["state", "orders.db", "order-4711", "--at", "2026-08-03 14:00", ""]
        );
    }
}
