//! `cargo xtask sample`: the sample stores, made by the generator of `fixtures/`.

use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::programs::Build;
use crate::step::Steps;

pub fn run(arguments: &[String]) -> Outcome {
    if arguments.is_empty() {
        return Err("say where: `cargo xtask sample DIR [--events N] [--layout L]`".to_owned());
    }
    // Relative folders are those of the caller, not of the checkout.
    let status = Command::new("cargo")
        .args([
            "run",
            "--quiet",
            "--release",
            "--package=refold-fixtures",
            "--bin=refold-fixtures",
        ])
        .arg("--manifest-path")
        .arg(crate::root().join("Cargo.toml"))
        .arg("--")
        .args(arguments)
        .status()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("the sample store was not made".to_owned())
    }
}

/// Makes a store in `folder` with the generator of a build that was made, unless it is there already. `options`: as on
/// the command line.
pub fn make(steps: &mut Steps, build: Build, folder: &Path, options: &[&str]) -> Outcome {
    if folder.join("orders.db").exists() {
        return Ok(());
    }
    let mut command = Command::new(build.path("refold-fixtures"));
    command.arg(folder).args(options);
    if steps.run(&format!("make the store {}", folder.display()), command)? {
        return Ok(());
    }
    Err(format!("the store was not made: {}", folder.display()))
}
