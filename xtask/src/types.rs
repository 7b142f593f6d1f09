//! What takes the types out of handlers in TypeScript: a parser and a little of our own, compiled to WebAssembly.
//!
//! The module is kept in the repository, as the JavaScript engine is, so that the application is not built with a parser
//! of TypeScript. Here it is made again, byte for byte, and compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::js_engine::{read, sha256};
use crate::programs::cargo;
use crate::step::Steps;

/// Another compiler makes other bytes: this one made the module in the repository.
const RUSTC: &str = "1.95.0";
const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the module and takes it over; with `--check` only compares it.
pub fn run(arguments: &[String]) -> Outcome {
    let mut steps = Steps::default();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            let (made, kept) = (build(&mut steps)?, kept());
            let failed = |error: std::io::Error| format!("cannot write ({error}): {}", kept.display());
            fs::write(&kept, read(&made)?).map_err(failed)?;
            let line = format!("{}  types.wasm\n", sha256(&kept)?);
            fs::write(kept.with_extension("wasm.sha256"), line).map_err(failed)
        }
        ["--check"] => check(&mut steps),
        _ => Err("cargo xtask types takes --check or nothing".to_owned()),
    }
}

/// Whether the module in the repository is what its sources make.
pub fn check(steps: &mut Steps) -> Outcome {
    if read(&build(steps)?)? != read(&kept())? {
        return Err(
            "what takes types out is not what its sources make: run `cargo xtask types` and commit what it writes"
                .to_owned(),
        );
    }
    println!("what takes types out is what its sources make, byte for byte");
    Ok(())
}

fn build(steps: &mut Steps) -> Outcome<PathBuf> {
    if !has_rust() {
        let mut command = Command::new("rustup");
        command.args([
            "toolchain",
            "install",
            RUSTC,
            "--profile",
            "minimal",
            "--target",
            TARGET,
        ]);
        must(
            steps,
            "install the Rust that what takes types out is built with",
            command,
        )?;
    }
    let root = crate::root();
    let manifest = root.join("crates/refold-guests/typescript/Cargo.toml");
    let manifest = manifest.display().to_string();
    let folder = root.join("target/types");
    let crates = folder.join("vendor");
    // From a folder below ours: so that no path of a machine gets into the module.
    let vendor = ["vendor", "--locked", "--quiet", "--manifest-path", &manifest];
    let mut command = cargo(&vendor);
    command.arg(&crates).stdout(std::process::Stdio::null());
    must(steps, "fetch the parser of TypeScript", command)?;
    let mut command = cargo(&["build", "--release", "--locked", "--offline", "--target", TARGET]);
    command
        .args(["--manifest-path", &manifest])
        .args(["--config", "source.crates-io.replace-with='crates'"])
        .args(["--config", &format!("source.crates.directory='{}'", crates.display())])
        .env("RUSTUP_TOOLCHAIN", RUSTC)
        .env_remove("RUSTC")
        .env_remove("CARGO")
        .env("CARGO_TARGET_DIR", folder.join("build"))
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            format!("--remap-path-prefix={}=.", root.display()),
        )
        .env("CARGO_INCREMENTAL", "0");
    must(steps, "compile what takes types out", command)?;
    Ok(folder.join("build").join(TARGET).join("release/refold_types.wasm"))
}

/// Whether the compiler is here, with its library for WebAssembly.
fn has_rust() -> bool {
    let asked = ["run", RUSTC, "rustc", "--print", "target-libdir", "--target", TARGET];
    let library = Command::new("rustup").args(asked).output();
    library.is_ok_and(|library| Path::new(String::from_utf8_lossy(&library.stdout).trim()).is_dir())
}

fn must(steps: &mut Steps, name: &str, command: Command) -> Outcome {
    match steps.run(name, command)? {
        true => Ok(()),
        false => Err(format!("could not {name}: look at what it printed above")),
    }
}

fn kept() -> PathBuf {
    crate::root().join("crates/refold-guests/engine/types.wasm")
}
