//! The worked examples of handlers in WebAssembly, built from their sources in `fixtures/modules`.
//!
//! The modules are kept in the repository: a package names its module by hash, and not everybody has the compiler. Here
//! they are made again, byte for byte, and compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::Steps;
use crate::{Outcome, interface, system};

/// Another compiler makes other bytes. These are Debian's, which everybody can install, beside the one that Refold is
/// built with.
const RUSTC: &str = "/usr/bin/rustc";
const RUSTC_VERSION: &str = "rustc 1.63.0";
const LINKER: &str = "wasm-ld-14";
const PACKAGES: &[&str] = &["rustc", "libstd-rust-dev-wasm32", "lld-14"];

const FLAGS: &[&str] = &[
    "--target=wasm32-unknown-unknown",
    "--edition=2021",
    "-Copt-level=3",
    "-Ccodegen-units=1",
    "-Cpanic=abort",
];

/// Makes a module and says where it lies.
type Build = fn(&mut Steps) -> Outcome<PathBuf>;

/// The version of a package that a module is of, and how it is made.
const MODULES: [(&str, Build); 3] = [
    ("order-rust/versions/1.1.0", |steps| build_rust(steps, "order")),
    ("basket-rust/versions/1.0.0", |steps| build_rust(steps, "basket")),
    ("order-assemblyscript/versions/1.1.0", build_assemblyscript),
];

/// Builds the modules and takes them over; with `--check` only compares them.
pub fn run(arguments: &[String]) -> Outcome {
    let mut steps = Steps::default();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            for (version, build) in MODULES {
                let (made, kept) = (build(&mut steps)?, kept(version));
                fs::write(&kept, read(&made)?)
                    .map_err(|error| format!("cannot write ({error}): {}", kept.display()))?;
            }
            println!("write the hash that `refold test` asks for into the manifest, where a module has changed");
            Ok(())
        }
        ["--check"] => check(&mut steps),
        _ => Err("cargo xtask modules takes --check or nothing".to_owned()),
    }
}

/// Whether the modules in the repository are what their sources make.
pub fn check(steps: &mut Steps) -> Outcome {
    for (version, build) in MODULES {
        if read(&build(steps)?)? != read(&kept(version))? {
            return Err(format!(
                "the module of {version} is not what its sources make: run `cargo xtask modules` and commit what it writes"
            ));
        }
    }
    println!("the modules are what their sources make, byte for byte");
    Ok(())
}

/// The crate for handlers in Rust, and this handler on it.
fn build_rust(steps: &mut Steps, name: &str) -> Outcome<PathBuf> {
    system::need(&[PACKAGES])?;
    let version = Command::new(RUSTC).arg("--version").output();
    let version = version.map_err(|error| format!("{RUSTC} cannot be started ({error})"))?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    if !version.starts_with(RUSTC_VERSION) {
        return Err(format!(
            "the modules are built with {RUSTC_VERSION}, so that everybody makes the same bytes; here is {version}"
        ));
    }
    let folder = crate::root().join("target/modules");
    fs::create_dir_all(&folder).map_err(|error| format!("{error}: {}", folder.display()))?;
    let library = folder.join("librefold_handler.rlib");
    let mut command = rustc("refold_handler", "rlib", "refold-handler/src/lib.rs", &library);
    command.args(FLAGS);
    must(steps, "compile the crate for handlers", command)?;
    let module = folder.join(format!("{name}.wasm"));
    let mut command = rustc(name, "cdylib", &format!("{name}/src/lib.rs"), &module);
    command
        .args(FLAGS)
        .args(["-Clto=fat", "-Cstrip=debuginfo", "-Clinker-flavor=wasm-ld"]);
    command.arg(format!("-Clinker={LINKER}"));
    command
        .arg("--extern")
        .arg(format!("refold_handler={}", library.display()));
    must(steps, &format!("compile the {name} handler in Rust"), command)?;
    Ok(module)
}

/// The order handler in AssemblyScript, by the compiler that its lock file names.
fn build_assemblyscript(steps: &mut Steps) -> Outcome<PathBuf> {
    let sources = crate::root().join("fixtures/modules/assemblyscript");
    let folder = crate::root().join("target/modules/assemblyscript");
    let failed = |error: std::io::Error| format!("{error}: {}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    // Node finds packages above the files that ask for them, so these are copied beside.
    for name in ["package.json", "package-lock.json", "refold.ts", "json.ts", "order.ts"] {
        fs::copy(sources.join(name), folder.join(name)).map_err(failed)?;
    }
    for (name, arguments) in [
        ("install AssemblyScript", &["ci", "--no-audit", "--no-fund"][..]),
        ("compile the order handler in AssemblyScript", &["run", "build"]),
    ] {
        let mut command = interface::npm(arguments);
        command.current_dir(&folder);
        must(steps, name, command)?;
    }
    Ok(folder.join("order.wasm"))
}

/// Sources are named from their folder, so that no path of a machine gets into the module.
fn rustc(name: &str, kind: &str, source: &str, out: &Path) -> Command {
    let sources = crate::root().join("fixtures/modules/rust");
    let mut command = Command::new(RUSTC);
    command
        .current_dir(&sources)
        .arg(format!("--remap-path-prefix={}=.", sources.display()))
        .args(["--crate-name", name, "--crate-type", kind, source, "-o"])
        .arg(out);
    command
}

fn must(steps: &mut Steps, name: &str, command: Command) -> Outcome {
    match steps.run(name, command)? {
        true => Ok(()),
        false => Err(format!("could not {name}: look at what it printed above")),
    }
}

fn kept(version: &str) -> PathBuf {
    let packages = crate::root().join("fixtures/orders/modules");
    packages.join(version).join("handler.wasm")
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| format!("cannot read ({error}): {}", path.display()))
}
