//! The event-sourcing libraries, most in other languages, whose stores we read and in whose idiom we write tests:
//! installed under `target/libraries`, then tested against.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::programs::{cargo, suite_of_tests};
use crate::step::Steps;
use crate::{Outcome, interface};

pub fn test(steps: &mut Steps) -> Outcome {
    let fixtures = crate::root().join("fixtures/libraries");
    let target = crate::root().join("target/libraries");
    let emmett = target.join("emmett");
    let pyeventsourcing = target.join("pyeventsourcing");
    install_emmett(steps, &fixtures.join("emmett"), &emmett)?;
    let eventsourcingdb = target.join("eventsourcingdb");
    for (name, to) in [
        ("pyeventsourcing", &pyeventsourcing),
        ("eventsourcingdb", &eventsourcingdb),
    ] {
        install_for_python(steps, name, &fixtures.join(name).join("requirements.txt"), to)?;
    }
    let cqrs_es = target.join("cqrs-es");
    build_cqrs_es(steps, &fixtures.join("cqrs-es"), &cqrs_es)?;
    let mut command = suite_of_tests("libraries");
    command
        .env("REFOLD_CQRS_ES", &cqrs_es)
        .env("REFOLD_EMMETT", &emmett)
        .env("REFOLD_EVENTSOURCINGDB", &eventsourcingdb)
        .env("REFOLD_PYEVENTSOURCING", &pyeventsourcing);
    steps
        .run_tests("the libraries: their stores, and tests for them", command)
        .map(drop)
}

/// Node finds packages above the script that asks for them, so the script is copied beside them.
fn install_emmett(steps: &mut Steps, from: &Path, to: &Path) -> Outcome {
    let failed = |error: std::io::Error| format!("{error}: {}", to.display());
    fs::create_dir_all(to).map_err(failed)?;
    for name in ["package.json", "package-lock.json", "write.mjs"] {
        fs::copy(from.join(name), to.join(name)).map_err(failed)?;
    }
    // The package names a version of its own base that is not the one it works with.
    let mut command = interface::npm(&["ci", "--legacy-peer-deps", "--no-audit", "--no-fund"]);
    command.current_dir(to);
    if steps.run("install Emmett", command)? {
        return Ok(());
    }
    Err("Emmett could not be installed: look at what npm printed above".to_owned())
}

fn install_for_python(steps: &mut Steps, name: &str, requirements: &Path, to: &Path) -> Outcome {
    let mut command = Command::new("python3");
    command.args(["-m", "venv"]).arg(to);
    let is_there = to.join("bin/pip").exists() || steps.run("a Python of its own", command)?;
    let mut command = Command::new(to.join("bin/pip"));
    command
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(requirements);
    if is_there && steps.run(&format!("install {name}"), command)? {
        return Ok(());
    }
    Err(format!("{name} could not be installed: look at what pip printed above"))
}

/// Builds cqrs-es and what it needs, so that a test that uses it is built in a moment, and without a network.
fn build_cqrs_es(steps: &mut Steps, from: &Path, to: &Path) -> Outcome {
    let mut command = cargo(&["test", "--locked", "--no-run", "--manifest-path"]);
    command.arg(from.join("Cargo.toml"));
    command.arg("--target-dir").arg(to.join("target"));
    if steps.run("build cqrs-es", command)? {
        return Ok(());
    }
    Err("cqrs-es could not be built: look at what cargo printed above".to_owned())
}
