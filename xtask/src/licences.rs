//! The licences of everything that the packages link or hold, as one text, and the rule which of them may be linked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::programs::cargo;

/// What may be linked into a program that is given away under MIT or Apache-2.0. Of a choice, one of these is enough.
const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OFL-1.1",
    "Unicode-3.0",
    "Zlib",
];

/// What the interface holds besides the packages whose modules it bundles: fonts and icons.
const HELD: [&str; 3] = [
    "@fontsource-variable/inter",
    "@fontsource-variable/jetbrains-mono",
    "lucide-static",
];

/// A library as it was published.
struct Library {
    name: String,
    version: String,
    licence: String,
    folder: PathBuf,
}

/// A list of all libraries with their licences, then each text once with who uses it.
///
/// Fails when a library's licence is none of [`ALLOWED`], or names none.
pub fn text() -> Outcome<String> {
    let mut libraries = crates()?;
    libraries.extend(packages()?);
    libraries.push(js_engine());
    let refused: Vec<String> = libraries
        .iter()
        .filter(|it| !is_allowed(&it.licence))
        .map(Library::line)
        .collect();
    if !refused.is_empty() {
        return Err(format!(
            "libraries whose licence may not be linked:\n{}",
            refused.join("\n")
        ));
    }
    let mut text = String::from(
        "Refold is licensed under MIT or Apache-2.0, at your option. It is built with these libraries.\n\n",
    );
    let mut by_text: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for library in &libraries {
        let _ = writeln!(text, "{}", library.line());
        for words in texts_in(&library.folder) {
            by_text
                .entry(words)
                .or_default()
                .insert(format!("{} {}", library.name, library.version));
        }
    }
    for (words, users) in by_text {
        let users: Vec<String> = users.into_iter().collect();
        let _ = write!(text, "\n{}\n{}\n\n{}\n", "-".repeat(80), users.join(", "), words.trim());
    }
    Ok(text)
}

impl Library {
    fn line(&self) -> String {
        format!("{} {} · {}", self.name, self.version, self.licence)
    }
}

/// Whether one of a choice may be linked, and of a sum each.
fn is_allowed(licence: &str) -> bool {
    let plain = licence
        .replace(['(', ')'], "")
        .replace('/', " OR ")
        .replace(" WITH LLVM-exception", "");
    plain.split(" AND ").all(|part| {
        part.split(" OR ")
            .any(|name| ALLOWED.contains(&name.trim().trim_end_matches('+')))
    })
}

/// Every crate that the window and the command line link on this platform, and that what takes types out is made of, but
/// our own.
fn crates() -> Outcome<Vec<Library>> {
    let packages = ["--package", "refold-desktop", "--package", "refold-cli"];
    let mut crates = listed(&[&packages[..], &["--features", "refold-desktop/window"]].concat())?;
    let types = crate::root().join("crates/refold-guests/typescript/Cargo.toml");
    let types = types.display().to_string();
    crates.extend(listed(&[
        "--manifest-path",
        &types,
        "--target",
        "wasm32-unknown-unknown",
    ])?);
    let sources = crate_sources()?;
    crates.iter().map(|line| crate_of(line, &sources)).collect()
}

/// The lines of these packages' tree, once each.
fn listed(packages: &[&str]) -> Outcome<BTreeSet<String>> {
    let mut command = cargo(&[
        "tree",
        "--no-dedupe",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--locked",
    ]);
    command.args(packages);
    let output = command
        .args(["--format", "{p}|{l}"])
        .current_dir(crate::root())
        .output();
    let output = output.map_err(|error| format!("cargo cannot be started ({error}): install it and try again"))?;
    if !output.status.success() {
        return Err(format!(
            "cargo tree failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter(|line| !line.is_empty() && !line.contains(" (/"));
    Ok(lines.map(str::to_owned).collect())
}

/// `name v1.2.3|MIT OR Apache-2.0`
fn crate_of(line: &str, sources: &[PathBuf]) -> Outcome<Library> {
    let strange = || format!("cargo tree printed a line of a new shape: {line}");
    let (package, licence) = line.split_once('|').ok_or_else(strange)?;
    let mut words = package.split_whitespace();
    let (Some(name), Some(version)) = (words.next(), words.next()) else {
        return Err(strange());
    };
    let version = version.trim_start_matches('v');
    let folder = sources
        .iter()
        .map(|source| source.join(format!("{name}-{version}")))
        .find(|it| it.is_dir());
    Ok(Library {
        name: name.to_owned(),
        version: version.to_owned(),
        licence: licence.trim_end_matches(" (*)").to_owned(),
        folder: folder.ok_or_else(|| format!("the sources of {name} {version} are not in cargo's folder"))?,
    })
}

/// Where cargo unpacked the sources it fetched, one folder a registry.
fn crate_sources() -> Outcome<Vec<PathBuf>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let folder = home
        .ok_or("cargo's folder is not known: set CARGO_HOME")?
        .join("registry/src");
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| format!("cargo's sources cannot be listed ({error}): {}", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

/// What is compiled into the modules that we keep, whose licences lie beside them.
fn js_engine() -> Library {
    Library {
        name: "quickjs-ng, with wasi-libc (and oxc)".to_owned(),
        version: "0.16.2".to_owned(),
        licence: "MIT".to_owned(),
        folder: crate::root().join("crates/refold-guests/engine"),
    }
}

/// Every package of the interface that ends up in it. The build of the interface writes down whose modules it bundled.
fn packages() -> Outcome<Vec<Library>> {
    let modules = crate::root().join("ui/node_modules");
    let list = modules.join(".bundled-packages");
    let bundled = std::fs::read_to_string(&list)
        .map_err(|error| format!("build the interface first, {} is not there ({error})", list.display()))?;
    let names: BTreeSet<&str> = bundled.lines().chain(HELD).collect();
    names
        .into_iter()
        .map(|name| package_of(name, modules.join(name)))
        .collect()
}

fn package_of(name: &str, folder: PathBuf) -> Outcome<Library> {
    let file = folder.join("package.json");
    let manifest = std::fs::read_to_string(&file).map_err(|error| {
        format!(
            "a package of the interface is not installed ({error}): {}",
            file.display()
        )
    })?;
    let field = |key: &str| {
        let start = format!("  \"{key}\": \"");
        let value = manifest.lines().find_map(|line| line.strip_prefix(&start))?;
        Some(value.split('"').next().unwrap_or_default().to_owned())
    };
    let missing = |key: &str| format!("{} has no \"{key}\" on a line of its own", file.display());
    Ok(Library {
        name: name.to_owned(),
        version: field("version").ok_or_else(|| missing("version"))?,
        licence: field("license").ok_or_else(|| missing("license"))?,
        folder,
    })
}

/// The licence and notice files at the top of a library, in the order of their names.
fn texts_in(folder: &Path) -> Vec<String> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|it| it.path())
        .collect();
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        let is_licence = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"]
            .iter()
            .any(|it| name.starts_with(it));
        is_licence && file.is_file()
    });
    files.sort();
    files
        .iter()
        .filter_map(|file| std::fs::read(file).ok())
        .map(|it| String::from_utf8_lossy(&it).into_owned())
        .collect()
}

#[cfg(test)]
mod tests;
