//! The system packages that the window needs, looked for and, where we may, installed.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::Outcome;

/// What building and running the window takes on Debian and Ubuntu.
pub const WINDOW: &[&str] = &["build-essential", "libwebkit2gtk-4.1-dev", "librsvg2-dev", "pkg-config"];
/// What showing it without a screen takes on top.
pub const SCREENLESS: &[&str] = &["xvfb", "imagemagick"];
/// What driving it as a person would takes on top, unpacking and writing the stores of the tests, and checking anchors
/// without us.
pub const TESTS: &[&str] = &[
    "webkit2gtk-driver",
    "postgresql",
    "mariadb-server",
    "python3-venv",
    "strace",
    "xz-utils",
    "minisign",
    "openssl",
];
/// What checking a package that was made takes on top.
pub const BUNDLES: &[&str] = &["desktop-file-utils"];

/// Makes sure that `packages` are there: nothing to do, or installed by apt when we are root or sudo asks for no
/// password, or an error that holds the exact command.
pub fn need(packages: &[&[&str]]) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    if !Path::new("/usr/bin/dpkg-query").exists() {
        return need_without_dpkg();
    }
    let missing: Vec<&str> = packages
        .iter()
        .copied()
        .flatten()
        .copied()
        .filter(|name| !is_installed(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let command = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    println!("\n== system packages: {}", missing.join(" "));
    let Some(prefix) = privilege() else {
        return Err(format!("system packages are missing: run `sudo {command}`"));
    };
    // The lists may be absent or old on a fresh machine; a failed refresh is no reason not to try.
    let _ = apt(prefix, &["update", "-q"]);
    let mut arguments = vec!["install", "-y", "-q", "--no-install-recommends"];
    arguments.extend(&missing);
    if apt(prefix, &arguments) && missing.iter().all(|name| is_installed(name)) {
        return Ok(());
    }
    Err(format!(
        "apt could not install the system packages: run `sudo {command}` and read what it says"
    ))
}

/// Where there is no dpkg we can only ask pkg-config for the one library that matters.
fn need_without_dpkg() -> Outcome {
    let found = Command::new("pkg-config")
        .args(["--exists", "webkit2gtk-4.1"])
        .status()
        .is_ok_and(|it| it.success());
    if found {
        return Ok(());
    }
    Err(
        "WebKitGTK 4.1 is missing: Fedora: `sudo dnf install webkit2gtk4.1-devel librsvg2-devel`; \
         Arch: `sudo pacman -S webkit2gtk-4.1 librsvg base-devel`"
            .to_owned(),
    )
}

fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["-W", "-f=${db:Status-Status}", package])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|answer| answer.stdout == b"installed")
}

/// How to become root without asking a person: not at all, through sudo, or `None`.
fn privilege() -> Option<&'static [&'static str]> {
    let quiet = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()
    };
    if quiet("id", &["-u"]).is_some_and(|answer| answer.stdout.trim_ascii() == b"0") {
        return Some(&[]);
    }
    quiet("sudo", &["-n", "true"])
        .filter(|answer| answer.status.success())
        .map(|_| &["sudo", "-n"][..])
}

fn apt(prefix: &[&str], arguments: &[&str]) -> bool {
    let words: Vec<&str> = prefix
        .iter()
        .chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .copied()
        .collect();
    let Some((program, rest)) = words.split_first() else {
        return false;
    };
    Command::new(program)
        .args(rest)
        .args(arguments)
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
