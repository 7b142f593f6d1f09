//! `cargo xtask bench`: the table of measurements, made by `bench/` in a release build.

use std::process::Command;

use crate::Outcome;

pub fn run(arguments: &[String]) -> Outcome {
    let mut command = Command::new("cargo");
    command
        .args(["run", "--release", "--quiet", "--package", "refold-bench", "--"])
        .args(arguments);
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
