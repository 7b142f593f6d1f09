//! One step: a command with a name, its output passed on as it comes, its time taken, its tests counted, what failed in
//! it said again at the end.

use std::io::{BufRead as _, BufReader, IsTerminal as _, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
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
    done: Vec<Step>,
}

struct Step {
    name: String,
    took: Duration,
    tally: Tally,
    /// The lines of its output that say what failed, none for a step that passed.
    faults: Vec<String>,
}

/// How many lines of a failed step are said again at the end.
const FAULTS_SHOWN: usize = 12;
/// So many lines of output may wait to be looked at.
const LINES_WAITING: usize = 1_000;
/// After so long without a line it is looked whether the program has ended.
const QUIET: Duration = Duration::from_millis(100);
/// So long after its end the last lines of a program may still come.
const AFTERWARDS: Duration = Duration::from_secs(5);

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
        self.done.iter().any(|step| step.name == name && step.tally.failed == 0)
    }

    pub fn total(&self) -> Tally {
        self.done.iter().fold(Tally::default(), |sum, step| Tally {
            passed: sum.passed + step.tally.passed,
            failed: sum.failed + step.tally.failed,
        })
    }

    /// One line a step: name, seconds, counts; below a failed one what it said of that.
    pub fn print(&self) {
        println!();
        for Step {
            name,
            took,
            tally,
            faults,
        } in &self.done
        {
            let mark = if tally.failed == 0 { "ok    " } else { "FAILED" };
            let seconds = took.as_secs_f64();
            println!(
                "{mark} {name:<34} {seconds:>7.1} s  {} passed, {} failed",
                tally.passed, tally.failed
            );
            for fault in faults {
                println!("         {fault}");
            }
        }
    }

    fn run_as(&mut self, name: &str, mut command: Command, counts_tests: bool) -> Outcome<bool> {
        println!("\n== {name}");
        let started = Instant::now();
        command.current_dir(command.get_current_dir().map_or_else(crate::root, Into::into));
        let program = command.get_program().to_string_lossy().into_owned();
        // Who sits before a terminal sees cargo's bar move, and the errors where they came.
        let errors_to = if std::io::stderr().is_terminal() {
            Stdio::inherit()
        } else {
            Stdio::piped()
        };
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors_to)
            .spawn()
            .map_err(|error| format!("{program} cannot be started ({error}): install it and try again"))?;
        let (sender, lines) = mpsc::sync_channel(LINES_WAITING);
        if let Some(output) = child.stdout.take() {
            pass_on(output, std::io::stdout(), sender.clone());
        }
        if let Some(errors) = child.stderr.take() {
            pass_on(errors, std::io::stderr(), sender.clone());
        }
        drop(sender);
        let mut counted = Tally::default();
        let mut faults = Vec::new();
        let mut ended: Option<Instant> = None;
        // What a program leaves running keeps its pipes open: nobody waits for that.
        while ended.is_none_or(|ended| ended.elapsed() < AFTERWARDS) {
            match lines.recv_timeout(QUIET) {
                Ok(line) => {
                    count_line(&line, &mut counted);
                    note_fault(&line, &mut faults);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            let status = child
                .try_wait()
                .map_err(|error| format!("{program} was lost: {error}"))?;
            if status.is_some() {
                ended.get_or_insert_with(Instant::now);
            }
        }
        let status = child.wait().map_err(|error| format!("{program} was lost: {error}"))?;
        let tally = tally_from_outcome(counted, counts_tests, status.success());
        if counts_tests && counted == Tally::default() {
            eprintln!("xtask: {name} ran no test");
        }
        if tally.failed == 0 {
            faults.clear();
        }
        faults.truncate(FAULTS_SHOWN);
        self.done.push(Step {
            name: name.to_owned(),
            took: started.elapsed(),
            tally,
            faults,
        });
        Ok(tally.failed == 0)
    }
}

/// Passes every line on, as bytes, and sends it as text; on a thread of its own, until the last writer is gone.
fn pass_on(from: impl Read + Send + 'static, mut to: impl Write + Send + 'static, lines: SyncSender<String>) {
    thread::spawn(move || {
        for mut line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            // Nobody may listen any more, and a closed standard output must not stop the step.
            let _ = lines.send(String::from_utf8_lossy(&line).into_owned());
            line.push(b'\n');
            let _ = to.write_all(&line);
        }
    });
}

/// Keeps a line that says what failed: `test a::b ... FAILED` (Rust), `error: …` and `error[E0277]: …` (cargo, rustc,
/// npm), `FAIL  src/a.test.ts > …` (Vitest).
fn note_fault(line: &str, faults: &mut Vec<String>) {
    let line = line.trim();
    let is_fault = line.starts_with("error") || line.starts_with("FAIL ") || line.starts_with("npm error");
    if is_fault || (line.starts_with("test ") && line.ends_with("FAILED")) || line.contains("No space left on device") {
        faults.push(line.to_owned());
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
