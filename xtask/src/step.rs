//! One step: a command with a name, its output passed on as it comes, its time taken, its tests counted.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;

/// How many checks passed and failed. A step that runs tests counts each; any other counts as one check.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

/// The steps of a task in the order they ran.
#[derive(Default)]
pub struct Steps {
    done: Vec<(String, Duration, Tally)>,
}

impl Steps {
    /// Runs `command` as one step. `Ok(false)`: it ran and failed, which is recorded; the caller decides whether to go on.
    pub fn run(&mut self, name: &str, command: Command) -> Outcome<bool> {
        self.run_as(name, command, false)
    }

    /// As [`Steps::run`] for a command that runs tests: fails when it reports none, for then nothing was checked.
    pub fn run_tests(&mut self, name: &str, command: Command) -> Outcome<bool> {
        self.run_as(name, command, true)
    }

    /// Whether a step of this name ran, and nothing in it failed.
    pub fn has_passed(&self, name: &str) -> bool {
        self.done
            .iter()
            .any(|(done, _, tally)| done == name && tally.failed == 0)
    }

    pub fn total(&self) -> Tally {
        self.done.iter().fold(Tally::default(), |sum, (_, _, tally)| Tally {
            passed: sum.passed + tally.passed,
            failed: sum.failed + tally.failed,
        })
    }

    /// One line a step: name, seconds, counts.
    pub fn print(&self) {
        println!();
        for (name, took, tally) in &self.done {
            let mark = if tally.failed == 0 { "ok    " } else { "FAILED" };
            let seconds = took.as_secs_f64();
            println!(
                "{mark} {name:<34} {seconds:>7.1} s  {} passed, {} failed",
                tally.passed, tally.failed
            );
        }
    }

    fn run_as(&mut self, name: &str, mut command: Command, counts_tests: bool) -> Outcome<bool> {
        println!("\n== {name}");
        let started = Instant::now();
        command.current_dir(command.get_current_dir().map_or_else(crate::root, Into::into));
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{program} cannot be started ({error}): install it and try again"))?;
        let mut counted = Tally::default();
        if let Some(output) = child.stdout.take() {
            for line in BufReader::new(output).split(b'\n') {
                let line = line.map_err(|error| format!("the output of {program} cannot be read: {error}"))?;
                let mut out = std::io::stdout().lock();
                // A closed standard output must not stop the step.
                let _ = out.write_all(&line).and_then(|()| out.write_all(b"\n"));
                count_line(&String::from_utf8_lossy(&line), &mut counted);
            }
        }
        let status = child.wait().map_err(|error| format!("{program} was lost: {error}"))?;
        let tally = tally_from_outcome(counted, counts_tests, status.success());
        if counts_tests && counted == Tally::default() {
            eprintln!("xtask: {name} ran no test");
        }
        self.done.push((name.to_owned(), started.elapsed(), tally));
        Ok(tally.failed == 0)
    }
}

fn tally_from_outcome(counted: Tally, counts_tests: bool, succeeded: bool) -> Tally {
    match (counts_tests, succeeded) {
        (false, true) => Tally { passed: 1, failed: 0 },
        (false, false) => Tally { passed: 0, failed: 1 },
        (true, true) if counted == Tally::default() => Tally { passed: 0, failed: 1 },
        (true, true) => counted,
        // A run that ended badly has failed, also where no single test says so (it did not build, it crashed).
        (true, false) => Tally {
            passed: counted.passed,
            failed: counted.failed.max(1),
        },
    }
}

/// Adds what a summary line of a test runner says: `test result: ok. 12 passed; 0 failed; …` (Rust) or
/// `Tests  1 failed | 11 passed (12)` (Vitest).
fn count_line(line: &str, tally: &mut Tally) {
    let line = line.trim_start();
    if !line.starts_with("test result: ") && !line.starts_with("Tests  ") {
        return;
    }
    let words: Vec<&str> = line.split([' ', ';', '|']).filter(|word| !word.is_empty()).collect();
    for pair in words.windows(2) {
        if let [number, what] = pair
            && let Ok(number) = number.parse::<u64>()
        {
            match *what {
                "passed" => tally.passed += number,
                "failed" => tally.failed += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
