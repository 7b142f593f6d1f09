//! `cargo xtask bundle`: the packages that people install. `cargo tauri build` makes the same ones: what goes into
//! them beside the window is staged by [`stage`], which `tauri.conf.json` calls before it packs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::Build;
use crate::step::Steps;
use crate::{Outcome, interface, licences, system};

/// Made here. An AppImage needs tools that the packer fetches from the net while it packs, so it is asked for by name:
/// `cargo tauri build --bundles appimage`.
const KINDS: &str = "deb,rpm";

pub fn run() -> Outcome {
    let mut steps = Steps::default();
    let made = make(&mut steps, Build::Shipped, KINDS);
    steps.print();
    for file in made? {
        println!("{}", file.display());
    }
    Ok(())
}

/// Builds everything, packs it, and checks what was packed by unpacking it.
pub fn make(steps: &mut Steps, build: Build, kinds: &str) -> Outcome<Vec<PathBuf>> {
    system::need(&[system::WINDOW, system::BUNDLES])?;
    interface::install(steps)?;
    interface::build(steps)?;
    build.make(steps)?;
    let packed = build.folder().join("bundle");
    if packed.exists() {
        std::fs::remove_dir_all(&packed).map_err(|error| at("an older package cannot be removed", &packed, &error))?;
    }
    let mut command = Command::new("node");
    command.arg(install_packer(steps)?);
    command.args(["bundle", "--ci", "--features", "window"]);
    command.args(["--bundles", kinds]).current_dir(crate::root());
    if let Build::Tested = build {
        command.arg("--debug");
    }
    if !steps.run("pack", command)? {
        return Err("the packages could not be made: look at what was printed above".to_owned());
    }
    let files = files_under(&packed)?;
    let deb = files.iter().find(|file| file.extension().is_some_and(|it| it == "deb"));
    check(steps, deb.ok_or("no .deb was made: look at what was printed above")?)?;
    Ok(files)
}

/// Puts what the packages hold beside the window into `target/package`: the command line with its completions, and
/// the licences of everything that is linked.
pub fn stage() -> Outcome {
    let mut steps = Steps::default();
    // The packer says which programs it packs. It was called by itself where they were not built yet.
    let build = match std::env::var("TAURI_ENV_DEBUG").as_deref() {
        Ok("true") => Build::Tested,
        _ => Build::Shipped,
    };
    build.make(&mut steps)?;
    let folder = crate::root().join("target/package");
    std::fs::create_dir_all(&folder).map_err(|error| at("the folder cannot be made", &folder, &error))?;
    let program = build.path("refold");
    let staged = folder.join("refold");
    std::fs::copy(&program, &staged).map_err(|error| at("the command line cannot be copied", &program, &error))?;
    strip(&staged)?;
    strip(&build.path("refold-desktop"))?;
    for shell in ["bash", "zsh", "fish"] {
        let output = Command::new(&program).args(["completions", shell]).output();
        let output = output.map_err(|error| at("the command line cannot be started", &program, &error))?;
        write(&folder.join(format!("refold.{shell}")), &output.stdout)?;
    }
    write(&folder.join("licences.txt"), licences::text()?.as_bytes())
}

/// Installs the packer of Tauri once, under `target/tools`. It is no package of the interface: nobody needs it to work
/// on that, and its parts for other platforms are not in every registry.
fn install_packer(steps: &mut Steps) -> Outcome<PathBuf> {
    const PACKER: &str = "@tauri-apps/cli@2.12.5";
    let tools = crate::root().join("target/tools/packer");
    let packer = tools.join("node_modules/@tauri-apps/cli/tauri.js");
    if packer.exists() {
        return Ok(packer);
    }
    std::fs::create_dir_all(&tools).map_err(|error| at("the folder cannot be made", &tools, &error))?;
    let mut command = interface::npm(&["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]);
    command.arg(&tools).arg(PACKER);
    if steps.run("install the packer", command)? {
        return Ok(packer);
    }
    Err(format!(
        "{PACKER} could not be installed: look at what npm printed above"
    ))
}

/// What helps to find a fault in the code stays with whoever builds it: it is two thirds of a program.
fn strip(program: &Path) -> Outcome {
    let done = Command::new("strip").arg("--strip-debug").arg(program).status();
    if done.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(format!(
        "strip of binutils is not there, or failed on {}",
        program.display()
    ))
}

/// Unpacks a package into a folder of its own, and uses what lies there as a person would.
fn check(steps: &mut Steps, deb: &Path) -> Outcome {
    let folder = crate::root().join("target/unpacked");
    let _ = std::fs::remove_dir_all(&folder);
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--extract").arg(deb).arg(&folder);
    let mut entry = Command::new("desktop-file-validate");
    entry.arg(folder.join("usr/share/applications/Refold.desktop"));
    let mut version = Command::new(folder.join("usr/bin/refold"));
    version.arg("--version");
    let mut window = Command::new(folder.join("usr/bin/refold-desktop"));
    window.arg("--version");
    let checks = [
        ("package: it unpacks", unpack),
        ("package: its desktop entry is valid", entry),
        ("package: the command line starts", version),
        ("package: the window starts", window),
    ];
    for (name, command) in checks {
        if !steps.run(name, command)? {
            return Err(format!("{name}: it does not, look at what was printed above"));
        }
    }
    let licences = folder.join("usr/share/doc/refold/licences.txt");
    let size = licences
        .metadata()
        .map_err(|error| at("the package lacks its licences", &licences, &error))?
        .len();
    if size > 0 {
        Ok(())
    } else {
        Err(format!("the package's licences are empty: {}", licences.display()))
    }
}

fn files_under(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let kinds = std::fs::read_dir(folder).map_err(|error| at("nothing was packed", folder, &error))?;
    let mut files = Vec::new();
    for kind in kinds.flatten().filter(|kind| kind.path().is_dir()) {
        let made =
            std::fs::read_dir(kind.path()).map_err(|error| at("the packages cannot be listed", folder, &error))?;
        files.extend(made.flatten().map(|entry| entry.path()).filter(|path| path.is_file()));
    }
    files.sort();
    Ok(files)
}

fn write(file: &Path, bytes: &[u8]) -> Outcome {
    std::fs::write(file, bytes).map_err(|error| at("a part of the package cannot be written", file, &error))
}

fn at(what: &str, place: &Path, error: &std::io::Error) -> String {
    format!("{what} ({error}): {}", place.display())
}
