//! `cargo xtask bench`: the table of measurements, made by `bench/` in a release build.

use std::process::Command;

use crate::programs::Build;
use crate::step::Steps;
use crate::surroundings::Surroundings;
use crate::{Outcome, interface, system};

pub fn run(arguments: &[String]) -> Outcome {
    let surroundings = if drives_the_window(arguments) {
        let mut steps = Steps::default();
        system::need(&[system::WINDOW, system::SCREENLESS, system::TESTS])?;
        interface::install(&mut steps)?;
        interface::build(&mut steps)?;
        Some(Surroundings::set(&mut steps, Build::Shipped)?)
    } else {
        None
    };
    let mut command = Command::new("cargo");
    command
        .args(["run", "--release", "--quiet", "--package", "refold-bench", "--"])
        .args(arguments);
    if let Some(surroundings) = &surroundings {
        surroundings.show(&mut command);
    }
    let status = command
        .current_dir(crate::root())
        .status()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("the benchmark ended with an error".to_owned())
    }
}

/// The rows of the window take a screen, and are measured where they are named, or all with the full sizes.
fn drives_the_window(arguments: &[String]) -> bool {
    let mut rows = arguments.iter().skip_while(|argument| *argument != "--rows").skip(1);
    match rows.next() {
        Some(rows) => rows.split(',').any(|row| row == "window"),
        None => arguments.iter().any(|argument| argument == "--full"),
    }
}
