//! A sample store in a folder of its own, and the real binary to try on it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use refold_fixtures::orders::{self, Options};
use serde_json::Value;

/// A folder with `orders.db` and `handlers/`, and the application's own folders elsewhere.
pub struct Lab {
    folder: tempfile::TempDir,
    home: tempfile::TempDir,
}

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Lab {
    pub fn new(events: u64) -> Lab {
        let lab = Lab::empty();
        let options = Options {
            events,
            ..Options::default()
        };
        orders::write(lab.path(), &options, |_, _| ControlFlow::Continue(())).expect("the sample can be made");
        // Nobody wrote to it for a long time: it is at rest.
        let store = std::fs::File::options()
            .write(true)
            .open(lab.store())
            .expect("the store is there");
        store.set_modified(std::time::UNIX_EPOCH).expect("its time can be set");
        lab
    }

    pub fn empty() -> Lab {
        let folder = || tempfile::tempdir().expect("a folder can be made");
        Lab {
            folder: folder(),
            home: folder(),
        }
    }

    /// One sample store for every test that only reads.
    pub fn shared() -> &'static Lab {
        static SHARED: OnceLock<Lab> = OnceLock::new();
        SHARED.get_or_init(|| Lab::new(3_000))
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The application's own folders are in here.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn store(&self) -> PathBuf {
        self.path().join("orders.db")
    }

    /// `refold` with these arguments, in the folder, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_refold"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("REFOLD_HOME", self.home.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Answer {
        let output = self.command(arguments).output().expect("refold starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("refold prints UTF-8");
        Answer {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// The one document that it prints; it must end with `code`.
    pub fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let answer = self.run(&[&["--json"], arguments].concat());
        assert_eq!(answer.code, code, "{arguments:?}: {answer:?}");
        serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {}", answer.out))
    }

    /// The documents that it prints, one a line.
    pub fn json_lines(&self, arguments: &[&str]) -> Vec<Value> {
        self.json_lines_of(0, arguments)
    }

    /// The same of a command that must end with `code`.
    pub fn json_lines_of(&self, code: i32, arguments: &[&str]) -> Vec<Value> {
        let answer = self.run(&[&["--json"], arguments].concat());
        assert_eq!(answer.code, code, "{arguments:?}: {answer:?}");
        let lines = answer.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }

    /// Every file of the folder with its bytes and its time.
    pub fn fingerprint(&self) -> BTreeMap<PathBuf, (Vec<u8>, Option<SystemTime>)> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
                let path = entry.expect("the folder can be read").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let modified = path.metadata().and_then(|status| status.modified()).ok();
                    files.insert(path.clone(), (std::fs::read(&path).expect("it can be read"), modified));
                }
            }
        }
        files
    }
}

/// The members of an object, in the order of the alphabet.
pub fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .map(|object| object.keys().map(String::as_str).collect())
        .unwrap_or_default()
}
