//! A screen where there is none: Xvfb, and pictures of it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Outcome;

/// Whether windows can be shown to a person here.
pub fn is_there() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// A virtual screen, gone when dropped.
pub struct VirtualScreen {
    server: Child,
    name: String,
}

impl VirtualScreen {
    /// Starts Xvfb on a free display number that it picks itself.
    pub fn start(width: u32, height: u32) -> Outcome<VirtualScreen> {
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-nolisten",
                "tcp",
                "-screen",
                "0",
                &format!("{width}x{height}x24"),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("Xvfb cannot be started ({error}): install the package xvfb"))?;
        let mut number = String::new();
        if let Some(output) = server.stdout.take() {
            // It prints the number once it listens; an end without one means that it died.
            let _ = BufReader::new(output).read_line(&mut number);
        }
        if number.trim().is_empty() {
            let _ = server.wait();
            return Err("Xvfb ended before it had a display: run it by hand to see why".to_owned());
        }
        Ok(VirtualScreen {
            server,
            name: format!(":{}", number.trim()),
        })
    }

    /// Makes `command` show its windows here.
    pub fn show<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("DISPLAY", &self.name)
            .env("GDK_BACKEND", "x11")
            .env_remove("WAYLAND_DISPLAY")
    }

    /// Takes a picture of the whole screen as a PNG file.
    pub fn picture(&self, file: &Path) -> Outcome {
        let taken = Command::new("import")
            .args(["-display", &self.name, "-window", "root"])
            .arg(file)
            .status();
        match taken {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("import could not take a picture ({status})")),
            Err(error) => Err(format!(
                "import cannot be started ({error}): install the package imagemagick"
            )),
        }
    }
}

impl Drop for VirtualScreen {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to stop.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
