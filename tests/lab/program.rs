//! The real `refold`, run as a person runs it: in a folder, with a home of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use serde_json::Value;
use tempfile::TempDir;

/// `refold` with an empty home: what it keeps goes there and is gone with this value.
pub struct Refold {
    program: PathBuf,
    folder: PathBuf,
    home: TempDir,
    user: Option<u32>,
}

/// How a command ended and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Refold {
    /// Commands are run in `folder`.
    pub fn in_folder(folder: &Path) -> Refold {
        Refold {
            program: program().to_owned(),
            folder: folder.to_owned(),
            home: tempfile::tempdir().expect("a home for refold"),
            user: None,
        }
    }

    /// From now on it runs as another user, who may not reach the folder that it was built in: a copy is run.
    pub fn run_as(&mut self, user: u32) {
        self.program = self.home.path().join("refold");
        std::fs::copy(program(), &self.program).expect("the program is copied");
        std::fs::set_permissions(self.home.path(), std::fs::Permissions::from_mode(0o755)).expect("rights are set");
        self.user = Some(user);
    }

    /// Where it keeps what is its own.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// `refold` with these arguments, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("REFOLD_HOME", self.home.path())
            .env("TZ", "Pacific/Auckland")
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Answer {
        answer_of(self.command(arguments))
    }

    /// As [`Refold::run`], with no more than so much memory to take, files mapped and threads' stacks counted.
    pub fn run_within(&self, byte_count: u64, arguments: &[&str]) -> Answer {
        let limited = self.command(arguments);
        let mut shell = Command::new("sh");
        let script = format!("ulimit -v {} && exec \"$0\" \"$@\"", byte_count >> 10);
        shell
            .args(["-c", &script])
            .arg(limited.get_program())
            .args(limited.get_args());
        shell.envs(limited.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.stdin(Stdio::null());
        if let Some(folder) = limited.get_current_dir() {
            shell.current_dir(folder);
        }
        answer_of(shell)
    }

    /// The documents that it prints, one a line; it must end with 0 or 1.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let answer = self.run(&[&["--json"], arguments].concat());
        assert!((0..=1).contains(&answer.code), "{arguments:?}: {answer:?}");
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        answer.out.lines().map(parse).collect()
    }
}

/// Runs it to its end.
pub fn answer_of(mut command: Command) -> Answer {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("refold prints UTF-8");
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// The program beside this test; built first where a source of it is newer, so that no test runs an old one.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().expect("a test has a path");
        let folder = test
            .parent()
            .and_then(Path::parent)
            .expect("tests lie in a folder below the programs");
        let program = folder.join(format!("refold{}", std::env::consts::EXE_SUFFIX));
        if !is_fresh(&program) {
            let mut cargo = Command::new(env!("CARGO"));
            // As the tests were chosen: a package alone has other features, and most libraries are compiled once more.
            cargo.args(["build", "--quiet", "--workspace", "--features", "refold-desktop/window"]);
            cargo.args(["--bin", "refold"]);
            // Nor as a part of these tests: a build script looks at what cargo says of them (that of ring).
            for (name, _) in std::env::vars_os() {
                let name = name.to_string_lossy().into_owned();
                if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                    cargo.env_remove(name);
                }
            }
            if folder.ends_with("release") {
                cargo.arg("--release");
            }
            let status = cargo.current_dir(crate::root()).status().expect("cargo starts");
            assert!(status.success(), "refold could not be built");
        }
        program
    })
}

/// Whether the program is newer than every source that cargo says it was made of.
fn is_fresh(program: &Path) -> bool {
    let made = |path: &Path| -> Option<SystemTime> { path.metadata().and_then(|status| status.modified()).ok() };
    let Some((program_made, listed)) = made(program).zip(std::fs::read_to_string(program.with_extension("d")).ok())
    else {
        return false;
    };
    let sources = listed.split_once(": ").map_or("", |(_, sources)| sources).trim();
    // Blanks inside of names are escaped.
    let mut names = sources.replace("\\ ", "\u{0}");
    names.push(' ');
    names
        .split_whitespace()
        .map(|name| name.replace('\u{0}', " "))
        .all(|name| made(Path::new(&name)).is_some_and(|source_made| source_made <= program_made))
}
