//! A real MariaDB for tests: Debian's own, with its data in a temporary folder, reached over 127.0.0.1 and a socket.
//!
//! It runs as an ordinary user, writes down every statement it is sent, and is gone when the last test that holds it is.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

use crate::machine::{free_port, give, is_root, ordinary_user};

/// The user that owns the server where the tests run as root, which the server refuses to be.
const ORDINARY_USERS: [&str; 2] = ["mysql", "nobody"];
/// The password of every account but root's, which has none.
pub const PASSWORD: &str = "geheim";

/// A running server.
pub struct Mariadb {
    folder: TempDir,
    port: u16,
    user: Option<&'static str>,
    /// More of its own options.
    options: Vec<String>,
    process: Mutex<Option<Child>>,
}

impl Mariadb {
    /// The server that the tests of this process share.
    pub fn shared() -> Arc<Mariadb> {
        static SHARED: Mutex<Weak<Mariadb>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Mariadb::start(&[]));
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// A server of one's own, to be stopped and started. `options`: more of the server's own.
    pub fn start(options: &[&str]) -> Mariadb {
        let folder = tempfile::Builder::new()
            .prefix("refold-maria-")
            .tempdir()
            .expect("a folder for the server");
        let server = Mariadb {
            port: free_port(),
            user: is_root().then(|| ordinary_user(&ORDINARY_USERS)),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            process: Mutex::new(None),
            folder,
        };
        if let Some(user) = server.user {
            give(server.folder.path(), user);
        }
        let mut install = Command::new("mariadb-install-db");
        install
            .args([
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
            ])
            .args([
                "--innodb-log-file-size=4M",
                "--innodb-buffer-pool-size=8M",
                "--innodb-flush-method=nosync",
            ])
            .arg(format!("--datadir={}", server.path("data").display()))
            // A server tidies up what it finds there, also what is another one's.
            .arg(format!("--tmpdir={}", server.folder.path().display()))
            .args(server.user.map(|user| format!("--user={user}")))
            .current_dir("/");
        let output = install.output().expect(
            "MariaDB is not installed, and the tests of its adapter need a real server: `sudo apt-get install mariadb-server`",
        );
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        server.boot();
        server
    }

    pub fn boot(&self) {
        let mut command = Command::new(tool("mariadbd"));
        command
            .args([
                "--no-defaults",
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
                "--skip-log-bin",
                "--skip-ssl",
            ])
            .args([
                "--innodb-log-file-size=4M",
                "--innodb-buffer-pool-size=16M",
                "--innodb-flush-method=nosync",
            ])
            .args([
                "--innodb-flush-log-at-trx-commit=0",
                "--key-buffer-size=1M",
                "--general-log=1",
            ])
            .args([
                "--character-set-server=utf8mb4",
                "--lower-case-table-names=0",
                "--max-connections=60",
            ])
            .args(&self.options)
            .arg(format!("--datadir={}", self.path("data").display()))
            .arg(format!("--tmpdir={}", self.folder.path().display()))
            .arg(format!("--socket={}", self.socket().display()))
            .arg(format!("--pid-file={}", self.path("pid").display()))
            .arg(format!("--general-log-file={}", self.path("log").display()))
            .arg(format!("--port={}", self.port))
            .args(self.user.map(|user| format!("--user={user}")))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut started = command.spawn().expect("the server starts");
        let mut said = BufReader::new(started.stderr.take().expect("what it says is a pipe"));
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
        let mut told = String::new();
        while !told.contains("ready for connections") {
            let length = told.len();
            said.read_line(&mut told).expect("it says how it goes");
            assert!(told.len() > length, "the server ended: {told}");
        }
        // It must not wait for somebody who listens.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    }

    /// Ends the server as a crash of it would.
    pub fn crash(&self) {
        if let Some(mut process) = self.process.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// The address of a database for an account.
    pub fn address(&self, account: &str, database: &str) -> String {
        format!("mysql://{account}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// The same over the socket.
    pub fn socket_address(&self, account: &str, database: &str) -> String {
        let socket = self.socket().display().to_string().replace('/', "%2F");
        format!("mariadb://{account}:{PASSWORD}@{socket}/{database}")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database; one of this name goes.
    pub fn fresh_database(&self, name: &str) {
        self.sql(
            "mysql",
            &format!("DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4"),
        );
    }

    /// Makes an account that may read these tables of a database and nothing else, as the guide says.
    pub fn reader(&self, database: &str, account: &str, tables: &[&str]) {
        let grants = tables
            .iter()
            .map(|table| format!("GRANT SELECT ON {database}.`{table}` TO {account};"));
        let grants: String = grants.collect();
        self.sql(
            database,
            &format!("CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{PASSWORD}'; {grants}"),
        );
    }

    /// Runs SQL as root and gives what it prints.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut started = self.client(database).spawn().expect("the client is there");
        let mut input = started.stdin.take().expect("its input is a pipe");
        input.write_all(sql.as_bytes()).expect("it reads what it is told");
        drop(input);
        let output = started.wait_with_output().expect("it ends");
        assert!(
            output.status.success(),
            "{}\n{}",
            String::from_utf8_lossy(&output.stderr),
            sql.chars().take(2_000).collect::<String>()
        );
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// The client that reads its statements from its input, as root.
    pub fn client(&self, database: &str) -> Command {
        let mut command = Command::new("mariadb");
        command
            .args([
                "--no-defaults",
                "--user=root",
                "--batch",
                "--skip-column-names",
                "--raw",
                "--binary-mode",
            ])
            .args(["--default-character-set=utf8mb4", "--unbuffered"])
            .arg(format!("--socket={}", self.socket().display()))
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// What the server wrote down of connections of an account, line by line: `Query` or another command, a tab, and what
    /// it was told.
    pub fn log_of(&self, account: &str) -> Vec<String> {
        let log = fs::read(self.path("log")).expect("the server writes its log");
        let log = String::from_utf8_lossy(&log);
        let (mut theirs, mut lines) = (BTreeSet::new(), Vec::<String>::new());
        let mut is_theirs = false;
        for line in log.lines() {
            // A time or nothing, the number of the connection with the command, and what it was told.
            let mut parts = line.splitn(3, '\t');
            let head = parts.next().unwrap_or_default();
            let rest: Vec<&str> = parts.collect();
            let entry = match rest.as_slice() {
                ["", more] => more.split_once('\t'),
                [entry, told] => Some((*entry, *told)),
                _ => None,
            };
            let numbered = entry.and_then(|(entry, told)| {
                let (id, command) = entry.trim_start().split_once(' ')?;
                Some((id.parse::<u64>().ok()?, command, told))
            });
            let Some((id, command, told)) = numbered.filter(|_| head.is_empty() || head.contains(':')) else {
                if let Some(last) = lines.last_mut().filter(|_| is_theirs) {
                    last.push('\n');
                    last.push_str(line);
                }
                continue;
            };
            if command == "Connect" {
                match told.starts_with(&format!("{account}@")) {
                    true => drop(theirs.insert(id)),
                    false => drop(theirs.remove(&id)),
                }
            }
            is_theirs = theirs.contains(&id);
            if is_theirs {
                lines.push(format!("{command}\t{told}"));
            }
        }
        lines
    }

    fn socket(&self) -> PathBuf {
        self.path("socket")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Mariadb {
    fn drop(&mut self) {
        // Nothing of it is kept, so it need not end in order.
        self.crash();
    }
}

/// A program of the server, which Debian keeps out of the way of ordinary users.
fn tool(name: &str) -> PathBuf {
    let installed = PathBuf::from("/usr/sbin").join(name);
    if installed.exists() {
        installed
    } else {
        PathBuf::from(name)
    }
}
