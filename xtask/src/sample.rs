//! `cargo xtask sample`: the sample stores, made by the generator of `fixtures/`.

use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::step::Steps;

pub fn run(arguments: &[String]) -> Outcome {
    if arguments.is_empty() {
        return Err("say where: `cargo xtask sample DIR [--events N] [--layout L]`".to_owned());
    }
    // Relative folders are those of the caller, not of the checkout.
    let status = generator(true)
        .args(arguments)
        .status()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("the sample store was not made".to_owned())
    }
}

/// Makes the sample store of the tour in `folder`, unless it is there already.
pub fn make(steps: &mut Steps, folder: &Path) -> Outcome {
    if folder.join("orders.db").exists() {
        return Ok(());
    }
    let mut command = generator(false);
    command.arg(folder);
    if steps.run("make the sample store", command)? {
        return Ok(());
    }
    Err(format!("the sample store was not made: {}", folder.display()))
}

fn generator(optimised: bool) -> Command {
    let mut command = Command::new("cargo");
    command
        .arg("run")
        .arg("--quiet")
        .arg("--manifest-path")
        .arg(crate::root().join("Cargo.toml"));
    if optimised {
        command.arg("--release");
    }
    command.args(["--package", "refold-fixtures", "--bin", "refold-fixtures", "--"]);
    command
}
