//! The interface: its packages and its build, which the window embeds.

use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::step::Steps;

/// Installs what the lock file says, unless the last installation was of this very lock file.
pub fn install(steps: &mut Steps) -> Outcome {
    let folder = crate::root().join("ui");
    if is_installed(&folder) {
        return Ok(());
    }
    if steps.run("npm ci", npm(&["ci", "--no-audit", "--no-fund"]))? {
        return Ok(());
    }
    Err("`npm ci` failed in ui/: look at what it printed above".to_owned())
}

/// Holds `ui/dist` to its budgets.
pub fn weigh(steps: &mut Steps) -> Outcome {
    let mut command = Command::new("node");
    command
        .arg("scripts/budget.mjs")
        .current_dir(crate::root().join("ui"))
        .env("NO_COLOR", "1");
    steps.run("interface: budgets", command).map(drop)
}

/// Builds `ui/dist`, once in a run: who embeds it is compiled again after each build.
pub fn build(steps: &mut Steps) -> Outcome {
    const STEP: &str = "build the interface";
    if steps.has_passed(STEP) || steps.run(STEP, npm(&["run", "build"]))? {
        return Ok(());
    }
    Err("the interface does not build: look at what it printed above".to_owned())
}

pub fn npm(arguments: &[&str]) -> Command {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(crate::root().join("ui"))
        .env("NO_COLOR", "1");
    command
}

/// npm keeps a copy of what it installed; it is as new as the lock file when nothing has to be done.
fn is_installed(folder: &Path) -> bool {
    let changed = |path: &str| folder.join(path).metadata().and_then(|it| it.modified()).ok();
    match (
        changed("node_modules/.package-lock.json"),
        changed("package-lock.json"),
        changed("package.json"),
    ) {
        (Some(installed), Some(lock), Some(manifest)) => installed >= lock && installed >= manifest,
        _ => false,
    }
}
