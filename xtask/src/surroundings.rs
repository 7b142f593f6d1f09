//! What the real window is driven on: the built window, tauri-driver, stores, and a virtual screen.

use std::path::PathBuf;
use std::process::Command;

use crate::Outcome;
use crate::display::VirtualScreen;
use crate::programs::{Build, cargo};
use crate::sample;
use crate::step::Steps;

/// The screen is gone when this is dropped.
pub struct Surroundings {
    build: Build,
    screen: VirtualScreen,
    driver: PathBuf,
    stores: PathBuf,
}

impl Surroundings {
    pub fn set(steps: &mut Steps, build: Build) -> Outcome<Surroundings> {
        build.make(steps)?;
        let driver = install_driver(steps)?;
        let stores = crate::root().join("target/stores");
        sample::make(steps, build, &stores.join("sample"), &[])?;
        sample::make(
            steps,
            build,
            &stores.join("giant"),
            &["--events", "260000", "--giant", "200000"],
        )?;
        sample::make(
            steps,
            build,
            &stores.join("million"),
            &["--events", "1100000", "--giant", "1000000"],
        )?;
        let screen = VirtualScreen::start(1440, 900)?;
        Ok(Surroundings {
            build,
            screen,
            driver,
            stores,
        })
    }

    /// Makes `command`, which runs the driven tests, find all of it.
    pub fn show(&self, command: &mut Command) {
        self.screen
            .show(command)
            .env("REFOLD_WINDOW", self.build.path("refold-desktop"))
            .env("REFOLD_DRIVER", &self.driver)
            .env("REFOLD_STORES", &self.stores);
    }
}

/// Installs tauri-driver once, under `target/tools`.
fn install_driver(steps: &mut Steps) -> Outcome<PathBuf> {
    const VERSION: &str = "2.1.0";
    let tools = crate::root().join("target/tools");
    let driver = tools
        .join("bin")
        .join(format!("tauri-driver{}", std::env::consts::EXE_SUFFIX));
    if driver.exists() {
        return Ok(driver);
    }
    let mut command = cargo(&[
        "install",
        "tauri-driver",
        "--locked",
        "--quiet",
        "--version",
        VERSION,
        "--root",
    ]);
    command.arg(&tools).arg("--target-dir").arg(tools.join("build"));
    if steps.run("install tauri-driver", command)? {
        return Ok(driver);
    }
    Err("tauri-driver could not be installed: see what cargo printed above".to_owned())
}
