//! One connection to a server. Whoever asks waits on it himself, and looks every few milliseconds whether he still should.
//!
//! It offers one thing: a unit of work, which is a read-only transaction with statements of the catalogue in it. It must
//! not know what they ask.

mod holders;

use std::collections::BTreeMap;
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;
use rustls::ClientConfig;

use super::options::{Host, Options};
use super::sign_in::{Way, said, sign_in};
use super::value::{Described, Row, put_parameters};
use super::wire::{Parts, Patience, Wire, garbled};
use super::{MySql, statements};
use crate::server::link::{Answer, Asked, Blame, Fault, Link, PIECE_BYTES, PIECE_PATIENCE, Take, one};
use crate::server::speaks;
use crate::server::wanted::{Choice, in_order};
use crate::statements::{Answer as Told, Statement, Ticket};

const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// So long a further connection may take to end what this one waits for.
const KILL_PATIENCE: Duration = Duration::from_secs(2);
/// A connection keeps no more statements prepared.
const MOST_PREPARED: usize = 24;
/// No answer has more columns.
const MOST_COLUMNS: u64 = 4_096;

pub struct Connection {
    wire: Wire,
    options: Options,
    tls: Option<Arc<ClientConfig>>,
    id: u32,
    version: String,
    /// Which of the hosts it leads to, and how that is named.
    host: Host,
    name: String,
    is_mariadb: bool,
    /// The variable that says what a transaction is by default.
    read_only_variable: &'static str,
    prepared: BTreeMap<String, u32>,
    /// How many seconds a statement may take, and may wait for a lock, as the server says it.
    limits: [String; 2],
    /// Whether what the server counts as our connection is ours alone.
    is_own: bool,
    is_lost: bool,
}

// Commands, by the numbers of the protocol.
const QUIT: u8 = 0x01;
const QUERY: u8 = 0x03;
const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;
const CLOSE: u8 = 0x19;

impl Connection {
    /// Connects as the options say: of several hosts to one that follows another, or first to the one that a session was
    /// `opened_on`. `cancel`: of who waits for it.
    pub fn open(
        options: &Options,
        tls: Option<&Arc<ClientConfig>>,
        opened_on: Option<&str>,
        cancel: &CancelToken,
    ) -> Result<Connection, StoreError> {
        let chosen = Connection::chosen(options, tls, opened_on, (cancel, CONNECT_PATIENCE));
        chosen.map_err(|fault| fault.at(options.location()))
    }

    /// `wait`: so long each host may take to be reached, and again to let us in.
    fn chosen(
        options: &Options,
        tls: Option<&Arc<ClientConfig>>,
        opened_on: Option<&str>,
        (cancel, wait): (&CancelToken, Duration),
    ) -> Result<Connection, Fault> {
        let mut choice = Choice::of(options.to.wanted, opened_on);
        for host in in_order(options.to.hosts.clone(), Host::to_string, opened_on) {
            let opened = Connection::ready(&host, options, tls, opened_on, (cancel, wait)).and_then(|mut opened| {
                let is_standby = choice.asks() && opened.is_standby(cancel)?;
                Ok((opened, is_standby))
            });
            if let Some(ended) = choice.look(&host.to_string(), opened) {
                return ended;
            }
        }
        choice.end()
    }

    /// A connection to one host on which everything is set.
    fn ready(
        host: &Host,
        options: &Options,
        tls: Option<&Arc<ClientConfig>>,
        opened_on: Option<&str>,
        (cancel, wait): (&CancelToken, Duration),
    ) -> Result<Connection, Fault> {
        let mut connection = Connection::signed_in(host, options, tls, opened_on, (cancel, wait))?;
        let patience = Patience {
            cancel,
            until: Instant::now() + CONNECT_PATIENCE,
        };
        let set_up = connection.set_up(&patience);
        connection.is_lost = set_up.as_ref().is_err_and(|fault| fault.code().is_none());
        set_up.map(|()| connection)
    }

    /// As the server calls itself.
    pub fn version(&self) -> &str {
        self.version.strip_prefix("5.5.5-").unwrap_or(&self.version)
    }

    pub fn host(&self) -> &str {
        &self.name
    }

    /// What the servers of its address are called together; `None`: there is one.
    pub fn servers(&self) -> Option<String> {
        self.options.to.servers()
    }

    pub fn is_mariadb(&self) -> bool {
        self.is_mariadb
    }

    /// `wait`: so long the host may take to be reached, and again to let us in. Whoever is `opened_on` one of them knows what
    /// kind they are of.
    fn signed_in(
        host: &Host,
        options: &Options,
        tls: Option<&Arc<ClientConfig>>,
        opened_on: Option<&str>,
        (cancel, wait): (&CancelToken, Duration),
    ) -> Result<Connection, Fault> {
        let connected = connect(host, cancel, wait).and_then(|mut wire| {
            // Only now: to be reached must not have used up this time.
            let patience = Patience {
                cancel,
                until: Instant::now() + wait,
            };
            // One that looks up who comes may take its time until it speaks, so that all of it is waited for.
            if opened_on.is_none() && wire.is_silent(&patience)? {
                return Err(match wire.is_postgres(cancel)? {
                    true => of_postgres(host),
                    false => Fault::Silent,
                });
            }
            let way = match host {
                Host::Tcp { name, .. } => (Way::Tcp, name.as_str()),
                Host::Socket(_) => (Way::Socket, ""),
            };
            let greeting = sign_in(&mut wire, options, way, tls, &patience)?;
            Ok(Connection {
                wire,
                options: options.clone(),
                tls: tls.cloned(),
                id: greeting.id,
                is_mariadb: greeting.is_mariadb(),
                version: greeting.version,
                host: host.clone(),
                name: host.to_string(),
                read_only_variable: statements::READ_ONLY_VARIABLES[0],
                prepared: BTreeMap::new(),
                limits: <[String; 2]>::default(),
                is_own: false,
                is_lost: false,
            })
        });
        connected.map_err(|fault| match fault {
            // Not as a silent server is spoken of: that is about a longer time.
            Fault::Silent => Fault::Said {
                code: None,
                detail: format!("the server at {host} lets nobody in within {} seconds", wait.as_secs()),
                blame: Blame::Connection,
            },
            fault => fault,
        })
    }

    /// Whether the server follows another.
    fn is_standby(&mut self, cancel: &CancelToken) -> Result<bool, Fault> {
        let answer = one(self.ask(vec![Asked::new(statements::STANDBY, Vec::new())], cancel)?);
        let row = answer.rows.first().ok_or(Fault::Closed)?;
        Ok(is_read_only(&row.text(0).unwrap_or_default()))
    }

    fn set_up(&mut self, patience: &Patience<'_>) -> Result<(), Fault> {
        for sql in statements::READ_ONLY {
            self.run(sql, patience)?;
        }
        self.run(&statements::settings(self.is_mariadb), patience)?;
        // Its name tells how old the server is.
        for name in statements::READ_ONLY_VARIABLES {
            self.read_only_variable = name;
            match self.check(patience) {
                Err(fault) if fault.code() == Some("1193") => {}
                checked => return checked,
            }
        }
        Err(Fault::Writable)
    }

    /// Whether the connection is as it was set.
    fn check(&mut self, patience: &Patience<'_>) -> Result<(), Fault> {
        let limits: Asked<MySql> = Asked::new(statements::limits(self.read_only_variable, self.is_mariadb), Vec::new());
        let mut answer = Answer::default();
        let mut keep = |_, piece| {
            answer = piece;
            ControlFlow::Continue(())
        };
        self.rows(&limits, 0, &mut keep, *patience)?;
        let row = answer.rows.first().ok_or(Fault::Writable)?;
        let text = |index: usize| row.text(index).unwrap_or_default();
        if !matches!(text(0).as_str(), "1" | "ON") {
            return Err(Fault::Writable);
        }
        let mode = text(1);
        let is_as_set = |wanted: &str| mode.split(',').any(|known| known == wanted);
        if !statements::MODE.split(',').all(is_as_set)
            || text(2) != "+00:00"
            || [4, 5].map(text) != [statements::CHARSET; 2]
        {
            return Err(Fault::Said {
                code: None,
                detail: "something in between changes the settings of the connection; connect to the server itself"
                    .to_owned(),
                blame: Blame::Unreachable,
            });
        }
        self.limits = [6, 7].map(text);
        self.is_own = row.integer(3) == Some(self.id.into());
        Ok(())
    }

    fn unit(&mut self, asked: &[Asked<MySql>], take: Take<'_, MySql>, patience: &Patience<'_>) -> Result<(), Fault> {
        self.run(statements::BEGIN, patience)?;
        let answered = self.check(patience).and_then(|()| {
            for (place, asked) in asked.iter().enumerate() {
                self.rows(asked, place, &mut *take, patience.renewed())?;
                if self.is_lost {
                    break;
                }
            }
            Ok(())
        });
        let answered = answered.map_err(|fault| self.with_limit(fault));
        // A transaction ends with its connection.
        let may_go_on = !self.is_lost && answered.as_ref().err().is_none_or(|fault| fault.code().is_some());
        if may_go_on {
            self.run(statements::ROLLBACK, &patience.renewed())?;
        }
        answered
    }

    /// Says of what did not end within a limit which one that is, and whose.
    fn with_limit(&self, fault: Fault) -> Fault {
        let [statement, lock] = &self.limits;
        let (limit, own, name) = match fault.code() {
            Some("1969" | "3024") => (statement, 30.0, "on a statement"),
            Some("1205") => (lock, 2.0, "on waiting for a lock"),
            _ => return fault,
        };
        let Ok(seconds) = limit.parse::<f64>() else {
            return fault;
        };
        let told = match seconds < own {
            false => format!("Refold waits for {own} seconds, and not longer"),
            true => format!(
                "the limit {name} is {seconds} seconds, which whoever owns the account or the server set; Refold keeps to it"
            ),
        };
        fault.explained(&told)
    }

    /// A statement that has no rows.
    fn run(&mut self, sql: &str, patience: &Patience<'_>) -> Result<(), Fault> {
        self.told(sql, |connection| {
            connection.command(QUERY, sql.as_bytes())?;
            let packet = connection.wire.receive(patience)?;
            match packet.first() {
                Some(0x00) => Ok((0, 0)),
                Some(0xff) => Err(said(&packet)),
                // Asked for a file of this machine, or answered with rows.
                _ => Err(garbled("a statement without rows is answered with something else")),
            }
        })
    }

    /// A statement with its rows. `patience`: with the first of them.
    fn rows(
        &mut self,
        asked: &Asked<MySql>,
        place: usize,
        take: Take<'_, MySql>,
        patience: Patience<'_>,
    ) -> Result<(), Fault> {
        self.told(&asked.sql, |connection| {
            let statement = connection.prepared(&asked.sql, asked.parameters.len(), &patience)?;
            let mut command = statement.to_le_bytes().to_vec();
            // No cursor, once.
            command.extend_from_slice(&[0, 1, 0, 0, 0]);
            put_parameters(&asked.parameters, &mut command);
            connection.command(EXECUTE, &command)?;
            connection.answer(asked.most_bytes, &mut |piece| take(place, piece), patience)
        })
    }

    /// How many rows came, and how many bytes.
    fn answer(
        &mut self,
        most_bytes: usize,
        take: &mut dyn FnMut(Answer<MySql>) -> ControlFlow<()>,
        mut patience: Patience<'_>,
    ) -> Result<(u64, u64), Fault> {
        let head = self.wire.receive(&patience)?;
        if head.first() == Some(&0xff) {
            return Err(said(&head));
        }
        let count = Parts(&head).number().filter(|count| (1..=MOST_COLUMNS).contains(count));
        let count = count.ok_or_else(|| garbled("a statement with rows is answered with something else"))?;
        let mut columns = Vec::new();
        for _ in 0..count {
            let packet = self.wire.receive(&patience)?;
            columns.push(Described::read(&packet).ok_or_else(|| garbled("a column is cut short"))?);
        }
        self.end_of_part(&patience)?;
        let columns: Arc<[Described]> = columns.into();
        let (mut rows, mut bytes) = (0, 0);
        let mut piece = Answer::default();
        loop {
            let packet = self.wire.receive(&patience)?;
            let is_end = match packet.first() {
                Some(0xfe) => packet.len() < 9,
                Some(0xff) => return Err(said(&packet)),
                _ => false,
            };
            if !is_end && bytes >= most_bytes {
                // What is still on its way is left to the server, which notices that nobody listens.
                (piece.is_cut, self.is_lost) = (true, true);
            }
            if is_end || piece.is_cut || piece.byte_count >= PIECE_BYTES {
                let is_last = is_end || piece.is_cut;
                rows += piece.rows.len() as u64;
                if take(mem::take(&mut piece)).is_break() {
                    return Err(Fault::Cancelled);
                }
                if is_last {
                    return Ok((rows, bytes as u64));
                }
                patience = patience.renewed();
            }
            let row = Row::read(packet, &columns).ok_or_else(|| garbled("a row is cut short"))?;
            bytes += row.byte_count();
            piece.byte_count += row.byte_count();
            piece.rows.push(row);
        }
    }

    /// The number of a statement on the server.
    fn prepared(&mut self, sql: &str, parameters: usize, patience: &Patience<'_>) -> Result<u32, Fault> {
        if let Some(known) = self.prepared.get(sql) {
            return Ok(*known);
        }
        if self.prepared.len() >= MOST_PREPARED {
            for (_, id) in std::mem::take(&mut self.prepared) {
                self.command(CLOSE, &id.to_le_bytes())?;
            }
        }
        self.command(PREPARE, sql.as_bytes())?;
        let packet = self.wire.receive(patience)?;
        let mut parts = Parts(&packet);
        match parts.byte() {
            Some(0x00) => {}
            Some(0xff) => return Err(said(&packet)),
            _ => return Err(garbled("its answer to a statement is none")),
        }
        let described = parts.long().zip(parts.short()).zip(parts.short());
        let ((id, columns), marks) = described.ok_or_else(|| garbled("its answer to a statement is cut short"))?;
        if usize::from(marks) != parameters {
            return Err(garbled("it counts other parameters than there are"));
        }
        for count in [marks, columns] {
            for _ in 0..count {
                self.wire.receive(patience)?;
            }
            if count > 0 {
                self.end_of_part(patience)?;
            }
        }
        self.prepared.insert(sql.to_owned(), id);
        Ok(id)
    }

    fn end_of_part(&mut self, patience: &Patience<'_>) -> Result<(), Fault> {
        let packet = self.wire.receive(patience)?;
        match packet.first() {
            Some(0xfe) if packet.len() < 9 => Ok(()),
            Some(0xff) => Err(said(&packet)),
            _ => Err(garbled("a list has no end")),
        }
    }

    fn command(&mut self, command: u8, rest: &[u8]) -> Result<(), Fault> {
        self.wire.begin();
        let mut packet = Vec::with_capacity(rest.len() + 1);
        packet.push(command);
        packet.extend_from_slice(rest);
        self.wire.send(&packet)
    }

    /// Sends a statement after it was told to the listener. `send` says how many rows came, and how many bytes.
    fn told(
        &mut self,
        sql: &str,
        send: impl FnOnce(&mut Connection) -> Result<(u64, u64), Fault>,
    ) -> Result<(), Fault> {
        let statement = Statement {
            id: statements::id(sql),
            text: sql,
        };
        let listener = Arc::clone(&self.options.listener);
        let ticket: Ticket = listener.sending(&statement).map_err(Fault::Unheard)?;
        let sent = Instant::now();
        let answer = send(self);
        let ((rows, bytes), failure) = match &answer {
            Ok(counts) => (*counts, None),
            Err(Fault::Cancelled) => ((0, 0), Some("cancelled")),
            Err(fault) => ((0, 0), Some(fault.code().unwrap_or("closed"))),
        };
        let told = Told {
            rows,
            bytes,
            elapsed_micros: u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX),
            failure,
        };
        listener.answered(ticket, &told);
        answer.map(drop)
    }

    /// Has the server end what it does for us, over a further connection of our own that ends with it.
    fn stop(&self) {
        if !self.is_own {
            return;
        }
        let nobody = CancelToken::default();
        // That it comes too late is as good as that it comes.
        let tls = self.tls.as_ref();
        let wait = (&nobody, KILL_PATIENCE);
        let other = Connection::signed_in(&self.host, &self.options, tls, Some(&self.name), wait);
        let _ = other.and_then(|mut other| {
            let patience = Patience {
                cancel: &nobody,
                until: Instant::now() + KILL_PATIENCE,
            };
            other.run(&statements::kill(self.id), &patience)
        });
    }
}

impl Link<MySql> for Connection {
    fn read(&mut self, asked: Vec<Asked<MySql>>, take: Take<'_, MySql>, cancel: &CancelToken) -> Result<(), Fault> {
        let patience = Patience {
            cancel,
            until: Instant::now() + PIECE_PATIENCE,
        };
        let Err(fault) = self.unit(&asked, take, &patience) else {
            return Ok(());
        };
        // Only what the server itself said leaves the connection where it was.
        self.is_lost |= fault.code().is_none() || fault.is_of_connection();
        let fault = self.with_holders(fault, &patience);
        if matches!(fault, Fault::Cancelled | Fault::Silent) {
            self.stop();
        }
        Err(fault)
    }

    fn is_lost(&self) -> bool {
        self.is_lost
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // One that is lost takes no leave.
        if !self.is_lost {
            let _ = self.command(QUIT, &[]);
        }
    }
}

/// Whether a server says of itself that it takes no writes from ordinary accounts, as one that follows another should.
pub(super) fn is_read_only(told: &str) -> bool {
    !matches!(told, "0" | "OFF")
}

fn of_postgres(host: &Host) -> Fault {
    Fault::Said {
        code: None,
        detail: format!("the server at {host} is one of PostgreSQL, and not of MySQL or MariaDB"),
        blame: Blame::Mistaken,
    }
}

fn connect(host: &Host, cancel: &CancelToken, wait: Duration) -> Result<Wire, Fault> {
    let failed = |error: std::io::Error| Fault::Said {
        code: None,
        detail: format!("no server answers at {host} ({error})"),
        blame: Blame::Connection,
    };
    match host {
        Host::Tcp { name, port } => {
            let reached = speaks::connected(name, *port, wait, cancel)?;
            reached.and_then(Wire::tcp).map_err(failed)
        }
        #[cfg(unix)]
        Host::Socket(path) => {
            let stream = std::os::unix::net::UnixStream::connect(path);
            stream.and_then(Wire::socket).map_err(failed)
        }
        #[cfg(not(unix))]
        Host::Socket(_) => Err(failed(std::io::ErrorKind::Unsupported.into())),
    }
}

#[cfg(test)]
mod tests;
