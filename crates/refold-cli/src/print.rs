//! Printing: lines and tables on standard output, failures on standard error.
//!
//! All that is printed goes through here, and takes the progress line away first: no command has to think of it.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use refold_app::answer::json_line;
use refold_app::text::visible;
use refold_app::wire::{FindingWire, SeverityWire};
use refold_app::{AppError, ErrorCode, UnsettledAnswer};
use serde::Serialize;

use crate::progress;

/// Why a command stopped before its end.
#[derive(Debug)]
pub enum Ended {
    Failed(AppError),
    /// The reader of the output went away, of a command that exits with this code.
    OutputClosed(u8),
}

impl From<AppError> for Ended {
    fn from(error: AppError) -> Ended {
        Ended::Failed(error)
    }
}

/// Standard output, buffered.
pub struct Printer {
    out: io::BufWriter<Cleared>,
    is_closed: bool,
    /// What the command exits with, where that is known before it is told.
    code: u8,
    /// Where what is told is of what this machine keeps of a store: as of when.
    kept_as_of: Option<String>,
    /// Where the end of a store is not in what is told.
    unsettled: Option<UnsettledAnswer>,
}

/// An output that shares its terminal with the progress line. That is taken away when bytes go out, and not when they are
/// gathered: it may come back in between.
struct Cleared {
    out: Box<dyn Write>,
    clear: fn(),
}

impl Write for Cleared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.clear)();
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        // Standard output keeps the beginning of a line to itself until its end comes.
        (self.clear)();
        self.out.flush()
    }
}

/// Puts one more member at the end of a document that is an object.
fn add_member(document: &mut String, name: &str, value: &str) {
    if document.starts_with('{') && document.pop() == Some('}') {
        let comma = if document.len() > 1 { "," } else { "" };
        document.push_str(&format!("{comma}\"{name}\":{value}}}"));
    }
}

impl Printer {
    pub fn new(code: u8, kept_as_of: Option<String>, unsettled: Option<UnsettledAnswer>) -> Printer {
        let out = Cleared {
            out: Box::new(io::stdout().lock()),
            clear: progress::clear,
        };
        Printer {
            kept_as_of,
            unsettled,
            ..Printer::over(out, code)
        }
    }

    fn over(out: Cleared, code: u8) -> Printer {
        Printer {
            out: io::BufWriter::with_capacity(1 << 16, out),
            is_closed: false,
            code,
            kept_as_of: None,
            unsettled: None,
        }
    }

    /// One line. This is the one door to the terminal: what is hidden in it goes out visible.
    pub fn line(&mut self, text: &str) -> Result<(), Ended> {
        self.text(&visible(text))
    }

    /// Text of our own, of any number of lines.
    pub fn text(&mut self, text: &str) -> Result<(), Ended> {
        self.attempt(|out| {
            out.write_all(text.as_bytes())?;
            out.write_all(b"\n")
        })
    }

    pub fn json(&mut self, answer: &impl Serialize) -> Result<(), Ended> {
        let line = self.json_text(answer)?;
        self.line(&line)
    }

    /// [`Printer::json`] inside a use case.
    pub fn json_of_stream(&mut self, answer: &impl Serialize) -> Result<(), AppError> {
        let line = self.json_text(answer)?;
        self.line_of_stream(&line)
    }

    /// Each document says by itself that it is not of the store as it is: whoever reads it may never see standard error.
    fn json_text(&self, answer: &impl Serialize) -> Result<String, AppError> {
        let mut line = json_line(answer)?;
        if let Some(as_of) = &self.kept_as_of {
            add_member(&mut line, "kept_as_of", &json_line(as_of)?);
        }
        if let Some(unsettled) = &self.unsettled {
            add_member(&mut line, "unsettled", &json_line(unsettled)?);
        }
        Ok(line)
    }

    /// A line inside a use case, which knows only its own errors: a closed output ends it as if it was cancelled, and
    /// [`Printer::finish`] tells the difference.
    pub fn line_of_stream(&mut self, text: &str) -> Result<(), AppError> {
        self.line(text).map_err(|ended| match ended {
            Ended::Failed(error) => error,
            Ended::OutputClosed(_) => AppError::new(ErrorCode::Cancelled, "cancelled", ""),
        })
    }

    /// Flushes what a use case has told so far.
    pub fn flush_stream(&mut self) -> Result<(), AppError> {
        let flushed = self.attempt(|out| out.flush());
        flushed.map_err(|ended| match ended {
            Ended::Failed(error) => error,
            Ended::OutputClosed(_) => AppError::new(ErrorCode::Cancelled, "cancelled", ""),
        })
    }

    /// Flushes, and says how a streaming use case ended.
    pub fn finish<T>(&mut self, outcome: Result<T, AppError>) -> Result<T, Ended> {
        if self.is_closed {
            return Err(Ended::OutputClosed(self.code));
        }
        self.attempt(|out| out.flush())?;
        outcome.map_err(Ended::Failed)
    }

    fn attempt(&mut self, write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<(), Ended> {
        write(&mut self.out).map_err(|error| {
            if error.kind() == io::ErrorKind::BrokenPipe {
                self.is_closed = true;
                return Ended::OutputClosed(self.code);
            }
            let message = format!("cannot write the output: {error}");
            Ended::Failed(AppError::new(
                ErrorCode::Denied,
                message,
                "make room or choose another place for it",
            ))
        })
    }
}

const WIDEST_COLUMN: usize = 100;

/// Rows that are printed in columns as wide as they need.
pub struct Table {
    /// Whether a column holds numbers, which end where the column ends.
    is_number: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A heading that starts with `#` makes a column of numbers.
    pub fn new(headings: &[&str]) -> Table {
        let is_number = headings.iter().map(|heading| heading.starts_with('#')).collect();
        let headings = headings
            .iter()
            .map(|heading| heading.trim_start_matches('#').to_owned())
            .collect();
        Table {
            is_number,
            rows: vec![headings],
        }
    }

    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    pub fn print(&self, printer: &mut Printer) -> Result<(), Ended> {
        let count = self.is_number.len();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let width = cells.map(|cell| cell.chars().count()).max().unwrap_or_default();
            // One value of a hundred thousand letters must not push all others off the screen.
            width.min(WIDEST_COLUMN)
        };
        let widths: Vec<usize> = (0..count).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let padding = widths
                    .get(column)
                    .copied()
                    .unwrap_or_default()
                    .saturating_sub(cell.chars().count());
                let padding = " ".repeat(padding);
                if column > 0 {
                    line.push_str("  ");
                }
                if self.is_number.get(column).copied().unwrap_or_default() {
                    line.push_str(&padding);
                    line.push_str(cell);
                } else {
                    line.push_str(cell);
                    if column + 1 < count {
                        line.push_str(&padding);
                    }
                }
            }
            printer.line(line.trim_end())?;
        }
        Ok(())
    }
}

/// Findings below an answer; nothing when there are none.
pub fn findings(printer: &mut Printer, findings: &[FindingWire]) -> Result<(), Ended> {
    findings
        .iter()
        .try_for_each(|finding| printer.line(&finding_line(finding)))
}

/// A line of our own on standard error, where standard output is for something else.
pub fn aside(text: &str) {
    say(&format!("refold: {}", visible(text)));
}

fn say(text: &str) {
    progress::clear();
    // When standard error is closed there is nobody left to tell.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Findings on standard error, where standard output is for something else.
pub fn findings_aside(findings: &[FindingWire]) {
    for finding in findings {
        say(&format!("refold: {}", finding_line(finding)));
    }
}

fn finding_line(finding: &FindingWire) -> String {
    let severity = match finding.severity {
        SeverityWire::Notice => "notice",
        SeverityWire::Warning => "warning",
        SeverityWire::Error => "error",
    };
    let place = [
        finding.stream.as_ref().map(|stream| format!("stream {stream}")),
        finding.version.as_ref().map(|version| format!("v{version}")),
        finding.position.as_ref().map(|position| format!("#{position}")),
    ];
    let place = place.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let place = if place.is_empty() {
        String::new()
    } else {
        format!(" ({place})")
    };
    let first = if finding.count > 1 { ", the first" } else { "" };
    format!(
        "{severity} {} × {}{first}: {}{place}",
        finding.code, finding.count, finding.detail
    )
}

/// A failure as a document of `--json`.
#[derive(Serialize)]
pub struct Failure<'a> {
    code: ErrorCode,
    message: &'a str,
    hint: &'a str,
    typed: &'a str,
    choices: &'a [String],
}

impl<'a> From<&'a AppError> for Failure<'a> {
    fn from(error: &'a AppError) -> Failure<'a> {
        Failure {
            code: error.code,
            message: &error.message,
            hint: &error.hint,
            typed: &error.typed,
            choices: &error.choices,
        }
    }
}

/// What failed, why and what to do, on standard error. Secrets and control characters never reach it.
pub fn failure(error: &AppError, as_json: bool) {
    let AppError { message, choices, .. } = error;
    let text = if as_json {
        json_line(&Failure::from(error)).unwrap_or_else(|_| visible(message).into_owned())
    } else {
        let mut text = format!("refold: {}", visible(message));
        if !choices.is_empty() {
            text.push_str(&format!("\n  to choose from: {}", visible(&choices.join(", "))));
        }
        let advice = advice(error);
        if !advice.is_empty() {
            text.push_str(&format!("\n  {}", visible(&advice)));
        }
        text
    };
    say(&text);
}

/// What to do about it, and what to type for that.
pub fn advice(error: &AppError) -> String {
    match &*error.typed {
        "" => error.hint.clone(),
        typed => format!("{} ({typed})", error.hint),
    }
}

/// What is wrong with the arguments, as every other failure where a program asks (`--json`); or the help that was asked
/// for.
pub fn wrong_call(error: &clap::Error) -> ExitCode {
    let is_json = std::env::args_os().any(|argument| argument == "--json");
    if !error.use_stderr() || !is_json {
        // When nobody reads it there is nobody left to tell.
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    let text = error.render().to_string();
    // What is missing stands on lines of its own below the sentence.
    let said: Vec<&str> = text
        .lines()
        .take_while(|line| !line.is_empty())
        .map(str::trim)
        .collect();
    let said = said.join(" ");
    let message = said.strip_prefix("error: ").unwrap_or(&said);
    let tip = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let usage = text.lines().find_map(|line| line.strip_prefix("Usage: "));
    let mut failed =
        AppError::invalid(message, tip.unwrap_or("look how it is called")).typed(usage.unwrap_or("refold --help"));
    let choices = [ContextKind::ValidValue, ContextKind::ValidSubcommand].into_iter();
    failed.choices = choices
        .filter_map(|kind| match error.get(kind)? {
            ContextValue::Strings(choices) => Some(choices.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    failure(&failed, true);
    ExitCode::from(failed.exit_code())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    thread_local! {
        static TERMINAL: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    const CLEARED: &str = "(cleared)";

    fn note(text: &str) {
        TERMINAL.with(|terminal| terminal.borrow_mut().push(text.to_owned()));
    }

    struct Terminal;

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            note(&String::from_utf8_lossy(bytes));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_document_says_that_it_is_of_what_is_kept() {
        let out = Cleared {
            out: Box::new(Terminal),
            clear: || (),
        };
        let mut printer = Printer::over(out, 0);
        let document = |text: &str| serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
        printer.json(&document("{\"n\":0.10}")).unwrap();
        printer.kept_as_of = Some("2026-08-03T14:00:00.000Z".to_owned());
        for text in ["{\"n\":0.10}", "{}", "[1]"] {
            printer.json(&document(text)).unwrap();
        }
        printer.json_of_stream(&document("{\"n\":{}}")).unwrap();
        printer.finish(Ok(())).unwrap();
        let as_of = "\"kept_as_of\":\"2026-08-03T14:00:00.000Z\"";
        assert_eq!(
            TERMINAL.take().concat(),
            format!("{{\"n\":0.10}}\n{{\"n\":0.10,{as_of}}}\n{{{as_of}}}\n[1]\n{{\"n\":{{}},{as_of}}}\n")
        );
    }

    #[test]
    fn each_document_says_from_where_on_it_lacks_what_is_not_settled() {
        let out = Cleared {
            out: Box::new(Terminal),
            clear: || (),
        };
        let mut printer = Printer::over(out, 0);
        printer.unsettled = Some(UnsettledAnswer {
            behind: Some("60002".to_owned()),
            last: Some("60006".to_owned()),
            why: "1 transactions".to_owned(),
        });
        for text in ["{\"n\":0.10}", "[1]"] {
            let document = serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
            printer.json(&document).unwrap();
        }
        printer.finish(Ok(())).unwrap();
        assert_eq!(
            TERMINAL.take().concat(),
            "{\"n\":0.10,\"unsettled\":{\"behind\":\"60002\",\"last\":\"60006\",\"why\":\"1 transactions\"}}\n[1]\n"
        );
    }

    /// Rows are gathered, and the progress line comes back while they are: it is taken away when they go out.
    #[test]
    fn no_byte_goes_out_over_the_progress_line() {
        let out = Cleared {
            out: Box::new(Terminal),
            clear: || note(CLEARED),
        };
        let mut printer = Printer::over(out, 0);
        for row in 0..3_000 {
            printer
                .line_of_stream(&format!("order-{row} is long enough to fill the buffer soon"))
                .unwrap();
        }
        printer.finish(Ok(())).unwrap();
        let said = TERMINAL.take();
        let wrote = said.iter().enumerate().filter(|(_, text)| *text != CLEARED);
        let wrote: Vec<usize> = wrote.map(|(at, _)| at).collect();
        assert!(wrote.len() > 1, "{} pieces", wrote.len());
        assert!(wrote.iter().all(|at| *at > 0 && said[at - 1] == CLEARED));
        let lines: String = said.iter().filter(|text| *text != CLEARED).cloned().collect();
        assert_eq!(lines.lines().count(), 3_000);
    }
}
