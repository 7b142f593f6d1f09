//! Our own programs: how cargo is called, building them as they are shipped, where they are.

use std::path::PathBuf;
use std::process::Command;

use crate::Outcome;
use crate::step::Steps;

/// Builds the window and the command line as they are shipped.
pub fn build(steps: &mut Steps) -> Outcome {
    let mut command = cargo(&[
        "build",
        "--release",
        "--package",
        "refold-desktop",
        "--features",
        "refold-desktop/window",
    ]);
    command.args(["--package", "refold-cli", "--package", "refold-fixtures"]);
    if steps.run("build the window and the command line", command)? {
        return Ok(());
    }
    Err("the build failed: look at what it printed above".to_owned())
}

/// Where [`build`] puts a program.
pub fn path(name: &str) -> PathBuf {
    folder().join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The folder of what [`build`] makes.
pub fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from);
    target.join("release")
}

/// The tests of this name, which stand behind a feature of this name. They are chosen from the whole workspace, with the
/// features of all other tests: cargo would compile most libraries once more for a package alone.
pub fn suite_of_tests(name: &str) -> Command {
    let features = format!("refold-desktop/window,refold-tests/{name}");
    cargo(&["test", "--workspace", "--features", &features, "--test", name])
}

pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).env("CARGO_TERM_COLOR", "never");
    command
}
