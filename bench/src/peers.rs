//! The peers: installed once under `target/bench-peers` with their versions pinned, and asked by lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;
use std::{env, fs};

use serde_json::{Value, json};

use crate::Failure;
use crate::pairs::Run;

/// Where the peers are installed and where their scripts lie.
#[derive(Debug)]
pub struct Peers {
    folder: PathBuf,
    sources: PathBuf,
}

impl Peers {
    /// Installs what is not there yet: a virtual environment with pip, a folder of packages with npm.
    pub fn install() -> Result<Peers, Failure> {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| sources.join("../../target"), PathBuf::from);
        let folder = target.join("bench-peers");
        fs::create_dir_all(folder.join("node"))?;
        let peers = Peers { folder, sources };
        peers.install_python()?;
        peers.install_node()?;
        Ok(peers)
    }

    fn install_python(&self) -> Result<(), Failure> {
        let wanted = fs::read_to_string(self.sources.join("python/requirements.txt"))?;
        let done = self.folder.join("python.done");
        if fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        eprintln!("installing the Python peers");
        let venv = self.folder.join("python");
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        run(Command::new(venv.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(self.sources.join("python/requirements.txt")))?;
        Ok(fs::write(done, wanted)?)
    }

    fn install_node(&self) -> Result<(), Failure> {
        let folder = self.folder.join("node");
        for name in ["peer.mjs", "fold.mjs"] {
            fs::copy(self.sources.join("node").join(name), folder.join(name))?;
        }
        let wanted = fs::read_to_string(self.sources.join("node/package-lock.json"))?;
        let done = self.folder.join("node.done");
        if fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        eprintln!("installing the Node peers");
        for name in ["package.json", "package-lock.json"] {
            fs::copy(self.sources.join("node").join(name), folder.join(name))?;
        }
        run(Command::new("npm")
            .args([
                "ci",
                "--legacy-peer-deps",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
            ])
            .current_dir(&folder))?;
        Ok(fs::write(done, wanted)?)
    }

    pub fn node(&self) -> Result<Peer, Failure> {
        let mut command = Command::new("node");
        // What is big enough for one aggregate of a million events with Emmett.
        command
            .arg("--max-old-space-size=12000")
            .arg("peer.mjs")
            .current_dir(self.folder.join("node"));
        Peer::start(command)
    }

    pub fn python(&self) -> Result<Peer, Failure> {
        let mut command = Command::new(self.folder.join("python/bin/python"));
        command
            .arg(self.sources.join("python/peer.py"))
            .env("PYTHONDONTWRITEBYTECODE", "1");
        Peer::start(command)
    }

    /// Versions of the tools of the system.
    pub fn tools(&self) -> Vec<String> {
        ["sqlite3", "jq", "grep"]
            .into_iter()
            .map(|tool| {
                let output = Command::new(tool)
                    .arg("--version")
                    .output()
                    .map(|output| output.stdout)
                    .unwrap_or_default();
                let text = String::from_utf8_lossy(&output);
                let version = text.lines().next().unwrap_or("absent").split_whitespace().find(|word| {
                    word.trim_start_matches("jq-")
                        .starts_with(|first: char| first.is_ascii_digit())
                });
                format!("{tool} {}", version.unwrap_or("absent").trim_start_matches("jq-"))
            })
            .collect()
    }

    pub fn jq_program(&self) -> PathBuf {
        self.sources.join("jq/fold.jq")
    }
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let shown = format!("{command:?}");
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Peer(format!("{shown} ended with {status}"))),
        Err(error) => Err(Failure::Peer(format!("{shown} cannot be started: {error}"))),
    }
}

/// A running peer. It ends when it is dropped.
pub struct Peer {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// From its start until it could take work; not part of any figure.
    pub start_seconds: f64,
}

impl Peer {
    fn start(mut command: Command) -> Result<Peer, Failure> {
        let start = Instant::now();
        let shown = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::Peer(format!("{shown} cannot be started: {error}")))?;
        let requests = child.stdin.take();
        let Some(stdout) = child.stdout.take() else {
            return Err(Failure::Peer(format!("{shown} has no output")));
        };
        let mut peer = Peer {
            child,
            requests,
            answers: BufReader::new(stdout),
            start_seconds: 0.0,
        };
        peer.answer()?;
        peer.start_seconds = start.elapsed().as_secs_f64();
        Ok(peer)
    }

    /// Has it do `task` with a store, and takes over what it measured.
    pub fn run(&mut self, task: &str, mut arguments: Value) -> Result<Run, Failure> {
        arguments["task"] = json!(task);
        let answer = self.ask(&arguments)?;
        let number = |name: &str| answer[name].as_f64().unwrap_or(f64::NAN);
        Ok(Run {
            seconds: number("seconds"),
            cpu_seconds: number("cpu_seconds"),
            events: answer["events"].as_u64().unwrap_or(0),
            checksum: answer["checksum"].as_i64().unwrap_or(0),
            peak_bytes: answer["peak_rss_bytes"].as_u64().unwrap_or(0),
        })
    }

    /// Names and versions of what it runs on.
    pub fn versions(&mut self) -> Result<Vec<String>, Failure> {
        let answer = self.ask(&json!({ "task": "versions" }))?;
        let versions = answer["versions"].as_object().into_iter().flatten();
        Ok(versions
            .map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or("?")))
            .collect())
    }

    fn ask(&mut self, request: &Value) -> Result<Value, Failure> {
        if let Some(requests) = &mut self.requests {
            writeln!(requests, "{request}")?;
            requests.flush()?;
        }
        self.answer()
    }

    fn answer(&mut self) -> Result<Value, Failure> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer: Value =
            serde_json::from_str(&line).map_err(|error| Failure::Peer(format!("no answer ({error}): {line}")))?;
        match answer["error"].as_str() {
            Some(error) => Err(Failure::Peer(error.to_owned())),
            None => Ok(answer),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Its input ends, and with that it does.
        drop(self.requests.take());
        let _ = self.child.wait();
    }
}
