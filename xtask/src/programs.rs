//! Our own programs: how cargo is called, building them as they are shipped, where they are.

use std::path::PathBuf;
use std::process::Command;

use crate::Outcome;
use crate::step::Steps;

/// How our programs are built.
#[derive(Clone, Copy)]
pub enum Build {
    /// As people get them.
    Shipped,
    /// As the tests of the workspace build them: their libraries are compiled by then. A release build of all that is
    /// linked takes two cores a quarter of an hour (`docs/decisions/0031-the-tests-drive-a-debug-build.md`).
    Tested,
}

impl Build {
    /// Builds the window, the command line and the generator of stores.
    pub fn make(self, steps: &mut Steps) -> Outcome {
        let mut command = cargo(&["build", "--features", "refold-desktop/window"]);
        command.args(match self {
            Build::Shipped => [
                "--release",
                "--package=refold-desktop",
                "--package=refold-cli",
                "--package=refold-fixtures",
            ]
            .as_slice(),
            // The whole workspace, as the tests: a choice of packages has other features, and so other libraries.
            Build::Tested => &["--workspace", "--bins"],
        });
        if steps.run("build the window and the command line", command)? {
            return Ok(());
        }
        Err("the build failed: look at what it printed above".to_owned())
    }

    /// Where [`Build::make`] puts a program.
    pub fn path(self, name: &str) -> PathBuf {
        self.folder().join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// The folder of what [`Build::make`] makes.
    pub fn folder(self) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from);
        target.join(match self {
            Build::Shipped => "release",
            Build::Tested => "debug",
        })
    }
}

/// The tests of this name, which stand behind a feature of this name. They are chosen from the whole workspace, with the
/// features of all other tests: cargo would compile most libraries once more for a package alone.
pub fn suite_of_tests(name: &str) -> Command {
    let features = format!("refold-desktop/window,refold-tests/{name}");
    cargo(&["test", "--workspace", "--features", &features, "--test", name])
}

/// What the cargo that started us says of this package is not passed on: a build script looks at it (that of ring), and
/// all that is built on it would be compiled anew.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).env("CARGO_TERM_COLOR", "never");
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}
