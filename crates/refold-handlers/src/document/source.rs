//! Where the characters of a scalar stand in its file.

use crate::error::{Mark, count};

/// Text as it is hashed and read: no byte order mark, `\n` line ends, exactly one at the end.
pub fn normalised_text(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut text = text.trim_end_matches('\n').to_owned();
    text.push('\n');
    text
}

/// How to find the n-th character of a scalar in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScalarSource {
    /// On one line, character by character from here.
    Inline(Mark),
    /// On one line in quotes: for each character of the text, and its end, the column.
    Quoted { line: u32, columns: Vec<u32> },
    /// A literal block: its first line, and the column of its first character on every line.
    Block { first_line: u32, column: u32 },
    /// Folded over lines: only its start is known.
    Folded(Mark),
}

impl ScalarSource {
    /// The mark of the character at `index` (in characters) of `text`.
    pub fn mark(&self, text: &str, index: usize) -> Mark {
        match self {
            ScalarSource::Inline(start) => Mark {
                line: start.line,
                column: start.column + count(index),
            },
            ScalarSource::Quoted { line, columns } => {
                let column = columns.get(index).or(columns.last()).copied().unwrap_or(1);
                Mark { line: *line, column }
            }
            ScalarSource::Block { first_line, column } => {
                let before = text.chars().take(index);
                let (mut line, mut along) = (*first_line, 0);
                for character in before {
                    if character == '\n' {
                        line += 1;
                        along = 0;
                    } else {
                        along += 1;
                    }
                }
                Mark {
                    line,
                    column: column + along,
                }
            }
            ScalarSource::Folded(start) => *start,
        }
    }

    /// The source of a quoted scalar whose opening quote is at `start`, found by reading `line` (without its line end)
    /// again; `Folded` when the reading does not give as many characters as `text` has.
    pub fn from_quoted(start: Mark, line: &str, quote: char, text: &str) -> ScalarSource {
        let mut columns = Vec::new();
        let mut column = start.column + 1;
        let opening = usize::try_from(start.column).unwrap_or(usize::MAX);
        let mut characters = line.chars().skip(opening).peekable();
        loop {
            columns.push(column);
            let Some(character) = characters.next() else {
                return ScalarSource::Folded(start);
            };
            column += 1;
            match character {
                '\'' if quote == '\'' => {
                    if characters.next_if_eq(&'\'').is_none() {
                        break;
                    }
                    column += 1;
                }
                '"' if quote == '"' => break,
                '\\' if quote == '"' => {
                    let digits = match characters.next() {
                        Some('x') => 2,
                        Some('u') => 4,
                        Some('U') => 8,
                        _ => 0,
                    };
                    column += 1 + digits;
                    for _ in 0..digits {
                        characters.next();
                    }
                }
                _ => {}
            }
        }
        if columns.len() == text.chars().count() + 1 {
            ScalarSource::Quoted {
                line: start.line,
                columns,
            }
        } else {
            ScalarSource::Folded(start)
        }
    }
}
