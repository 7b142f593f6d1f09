//! A real PostgreSQL for tests: Debian's own, with its data in a temporary folder, reached over 127.0.0.1 and a socket.
//!
//! It runs as an ordinary user, writes down every statement it is sent, and is gone when the last test that holds it is.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

use crate::machine::{free_port, give, is_root, ordinary_user};

/// The table of message-db, as its own scripts make it.
pub const MESSAGES: &str = "CREATE SCHEMA message_store;
    CREATE TABLE message_store.messages(global_position bigserial NOT NULL PRIMARY KEY, position bigint NOT NULL,
    time TIMESTAMP WITHOUT TIME ZONE DEFAULT (now() AT TIME ZONE 'utc') NOT NULL, stream_name text NOT NULL,
    type text NOT NULL, data jsonb, metadata jsonb, id UUID NOT NULL DEFAULT gen_random_uuid());
    CREATE UNIQUE INDEX messages_id ON message_store.messages(id);
    CREATE UNIQUE INDEX messages_stream ON message_store.messages(stream_name, position);";

/// The role that may read what [`Postgres::accounts`] makes.
pub const READER: &str = "refold_reader";

/// The user that owns the server where the tests run as root, which the server refuses to be.
const ORDINARY_USERS: [&str; 2] = ["postgres", "nobody"];

/// A running server. Its superuser is `postgres`, and everybody on this machine is let in.
pub struct Postgres {
    folder: TempDir,
    tools: PathBuf,
    port: u16,
    user: Option<&'static str>,
}

impl Postgres {
    /// The server that the tests of this process share.
    pub fn shared() -> Arc<Postgres> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Postgres::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// A server that is not there yet.
    fn place() -> Postgres {
        let folder = tempfile::Builder::new()
            .prefix("refold-pg-")
            .tempdir()
            .expect("a folder for the server");
        let server = Postgres {
            tools: tools(),
            port: free_port(),
            user: is_root().then(|| ordinary_user(&ORDINARY_USERS)),
            folder,
        };
        if let Some(user) = server.user {
            give(server.folder.path(), user);
        }
        server
    }

    /// A server of one's own, to be stopped and started.
    pub fn start() -> Postgres {
        let server = Postgres::place();
        let data = server.data().display().to_string();
        server.run_tool(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
        );
        let settings = format!(
            "listen_addresses = '127.0.0.1'\n{}fsync = off\n\
             synchronous_commit = off\nfull_page_writes = off\nmax_prepared_transactions = 4\nlogging_collector = on\n\
             log_directory = 'log'\nlog_filename = 'server'\nlog_file_mode = 0644\nlog_statement = all\n\
             log_line_prefix = '%a|%c|'\nautovacuum = off\nshared_buffers = '16MB'\nmax_wal_senders = 0\nwal_level = minimal\n",
            server.own_settings()
        );
        server.append_settings(&settings);
        server.boot();
        server
    }

    pub fn append_settings(&self, settings: &str) {
        let file = self.data().join("postgresql.conf");
        let known = fs::read_to_string(&file).expect("the settings can be read");
        fs::write(&file, format!("{known}\n{settings}")).expect("the settings can be written");
    }

    /// Lets nobody in from now on but its superuser and who shows a certificate of this authority in his own name.
    pub fn demand_certificates(&self, certificate: &Path, key: &Path, authority: &Path) {
        for (file, name) in [
            (certificate, "server.crt"),
            (key, "server.key"),
            (authority, "authority.crt"),
        ] {
            let own = self.data().join(name);
            fs::copy(file, &own).expect("it can be copied");
            fs::set_permissions(&own, Permissions::from_mode(0o600)).expect("rights are set");
            if let Some(user) = self.user {
                give(&own, user);
            }
        }
        self.append_settings("ssl = on\nssl_ca_file = 'authority.crt'\n");
        let rules = "local all all trust\nhost all postgres 127.0.0.1/32 trust\n\
                     hostssl all all 127.0.0.1/32 trust clientcert=verify-full\n";
        fs::write(self.data().join("pg_hba.conf"), rules).expect("the rules can be written");
        self.crash();
        self.boot();
    }

    /// Where it is reached.
    fn own_settings(&self) -> String {
        format!(
            "port = {}\nunix_socket_directories = '{}'\n",
            self.port,
            self.folder.path().display()
        )
    }

    /// A server that others may follow. Who commits there waits for nobody, unless he asks for it.
    pub fn primary() -> Postgres {
        let server = Postgres::start();
        server.append_settings(
            "wal_level = replica\nmax_wal_senders = 4\nsynchronous_standby_names = '*'\nsynchronous_commit = local\n",
        );
        server.crash();
        server.boot();
        server
    }

    /// A server that follows this one and may be read.
    pub fn standby(&self) -> Postgres {
        let standby = Postgres::place();
        let (data, port) = (standby.data().display().to_string(), self.port.to_string());
        standby.run_tool(
            "pg_basebackup",
            &[
                "-D",
                &data,
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                "postgres",
                "-R",
                "-X",
                "stream",
                "-c",
                "fast",
                "--no-sync",
            ],
        );
        standby.append_settings(&standby.own_settings());
        standby.boot();
        standby
    }

    /// Waits until what was committed here can be read from the server that follows it.
    pub fn wait_for_standby(&self) {
        self.sql(
            "postgres",
            "SET synchronous_commit = remote_apply; SELECT pg_logical_emit_message(true, 'lab', '')",
        );
    }

    /// From now on it follows nobody and takes writes.
    pub fn promote(&self) {
        let data = self.data().display().to_string();
        self.run_tool("pg_ctl", &["-D", &data, "-w", "-t", "120", "promote"]);
    }

    pub fn boot(&self) {
        let (data, out) = (
            self.data().display().to_string(),
            self.folder.path().join("out").display().to_string(),
        );
        self.run_tool("pg_ctl", &["-D", &data, "-l", &out, "-w", "-t", "120", "start"]);
    }

    /// Ends the server as a crash of it would.
    pub fn crash(&self) {
        let data = self.data().display().to_string();
        self.run_tool("pg_ctl", &["-D", &data, "-m", "immediate", "-w", "-t", "120", "stop"]);
    }

    /// Notes of all that was committed that it was committed so many seconds earlier. The server keeps them where
    /// `track_commit_timestamp` is on, and is stopped meanwhile.
    pub fn age_commits(&self, seconds: i64) {
        const PAGE_BYTES: usize = 8_192;
        /// The time in microseconds, and two bytes that say where it comes from.
        const NOTE_BYTES: usize = 10;
        // So that starting it commits nothing once more.
        self.sql("postgres", "CHECKPOINT");
        self.crash();
        let file = self.data().join("pg_commit_ts/0000");
        let mut notes = fs::read(&file).expect("the server notes commits");
        for page in notes.chunks_exact_mut(PAGE_BYTES) {
            for note in page.chunks_exact_mut(NOTE_BYTES) {
                let (time, _) = note.split_first_chunk_mut::<8>().expect("a note has more");
                let noted = i64::from_le_bytes(*time);
                if noted != 0 {
                    *time = (noted - seconds * 1_000_000).to_le_bytes();
                }
            }
        }
        fs::write(&file, notes).expect("the notes can be written");
        self.boot();
    }

    /// The address of a database for a role.
    pub fn address(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}", self.port)
    }

    /// The same over the socket.
    pub fn socket_address(&self, role: &str, database: &str) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://{role}@{folder}:{}/{database}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database; one of this name goes.
    pub fn fresh_database(&self, name: &str) {
        self.sql("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
    }

    /// Makes a role that may read these tables of a database and nothing else, as the guide says.
    pub fn reader(&self, database: &str, role: &str, schema: &str, tables: &[&str]) {
        let tables: Vec<String> = tables.iter().map(|table| format!("{schema}.{table}")).collect();
        self.sql(
            database,
            &format!(
                "DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; \
                 END $$; GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {} TO {role};",
                tables.join(", ")
            ),
        );
    }

    /// Makes a database of message-db with so many events of 20 accounts, which [`READER`] may read.
    pub fn accounts(&self, database: &str, events: u32) {
        self.fresh_database(database);
        self.sql(database, MESSAGES);
        self.sql(
            database,
            &format!(
                "INSERT INTO message_store.messages(position, stream_name, type, data) SELECT n / 20, 'account-' || n % 20,
                 'Deposited', jsonb_build_object('amount', n, 'by', repeat('x', n % 50)) FROM generate_series(0, {events} - 1) AS n"
            ),
        );
        self.reader(database, READER, "message_store", &["messages"]);
    }

    /// Runs SQL as the superuser and gives what it prints.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let output = self.psql(database, sql);
        assert!(
            output.status.success(),
            "{}\n{}",
            String::from_utf8_lossy(&output.stderr),
            sql.chars().take(2_000).collect::<String>()
        );
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn psql(&self, database: &str, sql: &str) -> Output {
        let mut started = self.client(database).spawn().expect("psql is there");
        let mut input = started.stdin.take().expect("its input is a pipe");
        input.write_all(sql.as_bytes()).expect("it reads what it is told");
        drop(input);
        started.wait_with_output().expect("it ends")
    }

    /// `psql` that reads its statements from its input, as the superuser.
    pub fn client(&self, database: &str) -> Command {
        let mut command = Command::new(self.tools.join("psql"));
        command
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-U",
                "postgres",
                "-d",
                database,
            ])
            .args(["-p", &self.port.to_string(), "-f", "-"])
            .env("PGAPPNAME", "lab")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// What the server wrote down of programs that call themselves `application`, line by line.
    pub fn log_of(&self, application: &str) -> Vec<String> {
        let log = fs::read_to_string(self.data().join("log/server")).expect("the server writes its log");
        let head = format!("{application}|");
        let mut lines: Vec<String> = Vec::new();
        let mut is_ours = false;
        for line in log.lines() {
            if line.starts_with('\t') {
                if let Some(last) = lines.last_mut().filter(|_| is_ours) {
                    last.push('\n');
                    last.push_str(line);
                }
                continue;
            }
            is_ours = line.starts_with(&head);
            if is_ours {
                let said = line.splitn(3, '|').nth(2).unwrap_or_default();
                lines.push(said.to_owned());
            }
        }
        lines
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run_tool(&self, tool: &str, arguments: &[&str]) {
        let program = self.tools.join(tool);
        let mut command = match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command
                    .args([&format!("--reuid={user}"), "--clear-groups", "--"])
                    .arg(program);
                command
            }
        };
        let output = command
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::null())
            .env("LC_ALL", "C")
            .output();
        let output = output.unwrap_or_else(|error| panic!("{error}: {tool}"));
        assert!(
            output.status.success(),
            "{tool}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data();
        let Ok(process) = fs::read_to_string(data.join("postmaster.pid")) else {
            return;
        };
        // Nothing of it is kept, so it need not end in order.
        if let Some(id) = process
            .lines()
            .next()
            .and_then(|id| id.trim().parse().ok())
            .and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::QUIT);
            while data.join("postmaster.pid").exists() && rustix::process::test_kill_process(id).is_ok() {
                std::thread::yield_now();
            }
        }
    }
}

/// The folder with the server's own programs.
fn tools() -> PathBuf {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = installed
        .map(|version| version.path().join("bin"))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort();
    let on_path = || {
        let asked = Command::new("pg_config").arg("--bindir").output().ok()?;
        let folder = Path::new(String::from_utf8_lossy(&asked.stdout).trim()).to_owned();
        folder.join("initdb").exists().then_some(folder)
    };
    found.pop().or_else(on_path).expect(
        "PostgreSQL is not installed, and the tests of its adapter need a real server: `sudo apt-get install postgresql`",
    )
}
