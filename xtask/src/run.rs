//! `cargo xtask run`: from a fresh checkout to the window on the sample store.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::programs::Build;
use crate::step::Steps;
use crate::{Outcome, display, interface, sample, system, tour};

/// The stream that the window opens on: the pleasant example of the sample store.
const STREAM: &str = "order-4711";

/// What somebody who looks at Refold for the first time judges it by.
const BUILD: Build = Build::Shipped;

pub fn run() -> Outcome {
    let mut steps = Steps::default();
    let screen = display::is_there();
    system::need(if screen {
        &[system::WINDOW]
    } else {
        &[system::WINDOW, system::SCREENLESS]
    })?;
    interface::install(&mut steps)?;
    interface::build(&mut steps)?;
    BUILD.make(&mut steps)?;
    let folder = crate::root().join("target/sample");
    sample::make(&mut steps, BUILD, &folder, &[])?;
    steps.print();
    if screen {
        open(&folder)
    } else {
        show_without_screen(&folder)
    }
}

fn window(folder: &Path) -> Command {
    let mut command = Command::new(BUILD.path("refold-desktop"));
    command.arg(folder.join("orders.db")).arg(STREAM);
    command
}

fn open(folder: &Path) -> Outcome {
    println!(
        "\nThe window opens on {} ({STREAM}). Close it to end.",
        folder.join("orders.db").display()
    );
    let status = window(folder)
        .status()
        .map_err(|error| format!("the window cannot be started: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("the window ended with {status}"))
    }
}

/// On a server the same window comes up on a virtual screen, its picture is kept, and the tour answers in text.
fn show_without_screen(folder: &Path) -> Outcome {
    let file = crate::root().join("target/refold.png");
    let screen = display::VirtualScreen::start(1440, 900)?;
    let mut command = window(folder);
    let mut shown = screen
        .show(&mut command)
        .spawn()
        .map_err(|error| format!("the window cannot be started: {error}"))?;
    let pictured = picture_when_still(&screen, &file);
    // We started it for the picture alone.
    let _ = shown.kill();
    let _ = shown.wait();
    pictured?;
    println!(
        "\nThere is no display here. A picture of the window: {}",
        file.display()
    );
    tour::print(&BUILD.path("refold"), folder)
}

/// Waits until the window has painted and nothing moves any more, and keeps the last picture.
fn picture_when_still(screen: &display::VirtualScreen, file: &Path) -> Outcome {
    /// An empty screen compresses to less than this.
    const PAINTED_BYTES: usize = 12_000;
    let started = Instant::now();
    let mut before = Vec::new();
    loop {
        std::thread::sleep(Duration::from_millis(700));
        screen.picture(file)?;
        let now = std::fs::read(file).map_err(|error| format!("the picture cannot be read: {error}"))?;
        let is_painted = now.len() > PAINTED_BYTES;
        if is_painted && now == before {
            return Ok(());
        }
        if started.elapsed() > Duration::from_secs(40) {
            let painted = if is_painted {
                "did not come to rest"
            } else {
                "showed nothing"
            };
            return Err(format!("the window {painted} within 40 seconds: {}", file.display()));
        }
        before = now;
    }
}
