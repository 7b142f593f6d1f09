//! The JavaScript engine: QuickJS-ng with our guest, compiled to WebAssembly from the sources that a crate carries.
//!
//! The module is kept in the repository, because handlers must find the same engine wherever Refold was built. Here it
//! is made again, byte for byte, and compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::programs::cargo;
use crate::step::Steps;
use crate::system;

const CRATE: &str = "rquickjs-sys";
const VERSION: &str = "0.14.0";
/// The hash that the registry has of the crate.
const CHECKSUM: &str = "cee271d0eeba64f0915b846cb7ae02e16faf3dfdffdca91731101d9d30fe3423";

/// Another compiler makes other bytes: this one made the module in the repository.
const COMPILER: &str = "clang-19";
const COMPILER_VERSION: &str = "19.1.7";
const LINKER: &str = "wasm-ld-19";
pub const PACKAGES: &[&str] = &["clang-19", "lld-19", "libclang-rt-19-dev-wasm32"];

/// No bulk memory: what is copied in loops is paid for by the byte. No assertions, no clock, no console. Values of two
/// words are passed in registers, for which the calling convention is the newer one.
const FLAGS: &[&str] = &[
    "--target=wasm32-unknown-unknown",
    "-D_GNU_SOURCE",
    "-DEMSCRIPTEN=1",
    "-DFE_DOWNWARD=0",
    "-DFE_UPWARD=0",
    "-DNDEBUG",
    "-fno-ident",
    "-O2",
    "-mno-bulk-memory",
    "-mmultivalue",
    "-Xclang",
    "-target-abi",
    "-Xclang",
    "experimental-mv",
    "-w",
];

/// Builds the module and takes it over; with `--check` only compares it.
pub fn run(arguments: &[String]) -> Outcome {
    let mut steps = Steps::default();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            let made = build(&mut steps)?;
            copy(&made, &kept())?;
            let hash = sha256(&kept())?;
            let line = format!("{hash}  quickjs.wasm\n");
            let file = kept().with_extension("wasm.sha256");
            fs::write(&file, line).map_err(|error| format!("cannot write ({error}): {}", file.display()))?;
            println!("{hash}: give it a new ENGINE_ID in crates/refold-guests/src/engine.rs if it was released before");
            Ok(())
        }
        ["--check"] => check(&mut steps),
        _ => Err("cargo xtask js-engine takes --check or nothing".to_owned()),
    }
}

/// Whether the module in the repository is what its sources make.
pub fn check(steps: &mut Steps) -> Outcome {
    let made = build(steps)?;
    let (made, kept) = (read(&made)?, read(&kept())?);
    if made == kept {
        println!("the JavaScript engine is what its sources make, byte for byte");
        return Ok(());
    }
    Err(
        "the JavaScript engine is not what its sources make: run `cargo xtask js-engine` and commit what it writes"
            .into(),
    )
}

fn build(steps: &mut Steps) -> Outcome<PathBuf> {
    system::need(&[PACKAGES])?;
    let version = output(Command::new(COMPILER).arg("--version"))?;
    if !version.contains(COMPILER_VERSION) {
        return Err(format!(
            "the engine is built with clang {COMPILER_VERSION}, so that everybody makes the same bytes; here is {}",
            version.lines().next().unwrap_or_default()
        ));
    }
    let folder = crate::root().join("target/js-engine");
    let sources = sources(steps, &folder)?;
    let engine = sources.join("quickjs");
    let guest = crate::root().join("crates/refold-guests/guest");
    let files = [
        // Before the C library, so that these copies are taken and not its own.
        guest.join("memory.c"),
        engine.join("libregexp.c"),
        engine.join("libunicode.c"),
        engine.join("dtoa.c"),
        sources.join("wasm-shim/shim.c"),
        guest.join("guest.c"),
    ];
    let mut objects = Vec::new();
    for file in &files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let object = folder.join(format!("{stem}.o"));
        let mut command = Command::new(COMPILER);
        if stem == "memory" {
            command.args(["-fno-builtin", "-fno-vectorize"]);
        }
        command
            .args(FLAGS)
            .arg("-isystem")
            .arg(sources.join("vendor/wasi-libc/include"))
            .arg("-I")
            .arg(&engine)
            .arg("-c")
            .arg(file)
            .arg("-o")
            .arg(&object);
        must(steps, &format!("compile {stem}.c"), command)?;
        objects.push(object);
    }
    let runtime = output(Command::new(COMPILER).args(["--target=wasm32-unknown-wasi", "-print-libgcc-file-name"]))?;
    let made = folder.join("quickjs.wasm");
    let mut command = Command::new(LINKER);
    command
        .args([
            "--no-entry",
            "--gc-sections",
            "--strip-all",
            "--stack-first",
            "-z",
            "stack-size=1048576",
            "-o",
        ])
        .arg(&made)
        .args(&objects)
        .arg(sources.join("vendor/wasi-libc/lib/libc.a"))
        .arg(runtime.trim());
    must(steps, "link the engine", command)?;
    Ok(made)
}

/// Has cargo fetch the crate, as it fetches every other, and looks whether it is the one we know.
fn sources(steps: &mut Steps, folder: &Path) -> Outcome<PathBuf> {
    let project = folder.join("project");
    let write = |name: &str, text: &str| {
        let file = project.join(name);
        fs::write(&file, text).map_err(|error| format!("cannot write ({error}): {}", file.display()))
    };
    fs::create_dir_all(project.join("src")).map_err(|error| format!("{error}: {}", project.display()))?;
    write("src/lib.rs", "")?;
    let manifest = format!(
        "[package]\nname = \"engine-sources\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{CRATE} = \"={VERSION}\"\n"
    );
    write("Cargo.toml", &manifest)?;
    let mut command = cargo(&["vendor", "--quiet", "--versioned-dirs"]);
    command.current_dir(&project);
    must(steps, "fetch the sources of the engine", command)?;
    let sources = project.join("vendor").join(format!("{CRATE}-{VERSION}"));
    let checksums = fs::read_to_string(sources.join(".cargo-checksum.json"));
    let checksums = checksums.map_err(|error| format!("cargo vendored no {CRATE} ({error})"))?;
    if !checksums.contains(&format!("\"package\":\"{CHECKSUM}\"")) {
        return Err(format!(
            "{CRATE} {VERSION} is not the crate we know: its hash is not {CHECKSUM}"
        ));
    }
    Ok(sources)
}

fn must(steps: &mut Steps, name: &str, command: Command) -> Outcome {
    match steps.run(name, command)? {
        true => Ok(()),
        false => Err(format!("could not {name}: look at what it printed above")),
    }
}

fn kept() -> PathBuf {
    crate::root().join("crates/refold-guests/engine/quickjs.wasm")
}

pub fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| format!("cannot read ({error}): {}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::write(to, read(from)?).map_err(|error| format!("cannot write ({error}): {}", to.display()))
}

pub fn sha256(file: &Path) -> Outcome<String> {
    let printed = output(Command::new("sha256sum").arg(file))?;
    Ok(printed.split_whitespace().next().unwrap_or_default().to_owned())
}

fn output(command: &mut Command) -> Outcome<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let answer = command
        .output()
        .map_err(|error| format!("{name} cannot be started ({error}): install it and try again"))?;
    match answer.status.success() {
        true => Ok(String::from_utf8_lossy(&answer.stdout).into_owned()),
        false => Err(format!(
            "{name} failed: {}",
            String::from_utf8_lossy(&answer.stderr).trim()
        )),
    }
}
