//! One connection to a server, used from any thread: a thread of its own drives it, and whoever asks waits.
//!
//! It offers one thing: a unit of work, which is a read-only transaction with statements of the catalogue in it. It must
//! not know what they ask.

use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use futures_util::{TryStreamExt as _, future, pin_mut};
use refold_core::port::store::StoreError;
use refold_core::work::CancelToken as Cancel;
use rustls::ClientConfig;
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{CancelToken, Client, Config, NoTls, Row, RowStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::options::{Options, PASSWORD_MISSING, in_words, is_socket, named};
use super::{Postgres, privileges, statements};
use crate::server::link::{self, Blame, CANCEL_PATIENCE, Fault, LOOK_UP, Link, PIECE_BYTES, PIECE_PATIENCE, Take};
use crate::server::wanted::{Choice, in_order};
use crate::server::{speaks, tls};
use crate::statements::{Answer as Heard, Listener, Statement, Ticket};

/// A value that a statement is asked with, and its type.
pub type Parameter = (Box<dyn ToSql + Sync + Send>, Type);

type Asked = link::Asked<Postgres>;
type Answer = link::Answer<Postgres>;

pub struct Connection {
    handle: Handle,
    client: Arc<Client>,
    cancel: CancelToken,
    tls: Option<MakeRustlsConnect>,
    /// Hears of every statement.
    listener: Arc<dyn Listener>,
    /// Which of the hosts it leads to.
    host: String,
    is_lost: bool,
}

impl Connection {
    /// Connects as the options say, of several hosts first to the one that a session was `opened_on`. `cancel`: of who waits
    /// for it.
    pub fn open(
        options: &Options,
        tls: Option<&Arc<ClientConfig>>,
        opened_on: Option<&str>,
        cancel: &Cancel,
    ) -> Result<Connection, StoreError> {
        let tls = tls.map(|config| MakeRustlsConnect::new(ClientConfig::clone(config)));
        let open_with = |settings| Connection::open_with(options, settings, tls.as_ref(), opened_on, cancel);
        match open_with(SETTINGS) {
            // A pooler in between may not take settings with the connection; each transaction sets its own anyway.
            Err(fault) if is_refused_setting(&fault) => open_with(""),
            opened => opened,
        }
        .map_err(|fault| {
            let is_barred = fault.code() == Some("42501");
            let to = &options.to.config;
            let asked = to.get_user().zip(to.get_dbname()).filter(|_| is_barred);
            match (fault.at(options.location()), asked) {
                (StoreError::Ungranted { location, detail, .. }, Some((role, database))) => StoreError::Ungranted {
                    location,
                    detail,
                    script: privileges::grant_to_connect(role, database),
                },
                (error, _) => error,
            }
        })
    }

    fn open_with(
        options: &Options,
        settings: &str,
        tls: Option<&MakeRustlsConnect>,
        opened_on: Option<&str>,
        cancel: &Cancel,
    ) -> Result<Connection, Fault> {
        let mut choice = Choice::of(options.to.wanted, opened_on);
        for host in in_order(options.to.hosts(), named, opened_on) {
            let name = named(&host);
            let place = tcp_place(&host);
            let opened = Connection::open_one(host, options, settings, tls, cancel).and_then(|mut opened| {
                let is_standby = choice.asks() && opened.is_standby(cancel)?;
                Ok((opened, is_standby))
            });
            // Whoever is opened on one of them knows what kind they are of.
            let place = place.filter(|_| opened_on.is_none());
            let opened = opened.map_err(|fault| of_another_kind(fault, &name, place, cancel));
            if let Some(ended) = choice.look(&name, opened) {
                return ended;
            }
        }
        choice.end()
    }

    /// Connects to a server that is alone in its configuration.
    fn open_one(
        mut config: Config,
        options: &Options,
        settings: &str,
        tls: Option<&MakeRustlsConnect>,
        cancel: &Cancel,
    ) -> Result<Connection, Fault> {
        // Over a socket of this machine nothing is encrypted, whichever way others take.
        let name = named(&config);
        let is_by_socket = config.get_hosts().iter().all(is_socket) && config.get_hostaddrs().is_empty();
        let tls = tls.filter(|_| !is_by_socket);
        config.ssl_mode(match tls {
            None => SslMode::Disable,
            Some(_) => SslMode::Require,
        });
        let asked = config.get_options().unwrap_or_default();
        let all = format!("{asked} {settings}");
        if !all.trim().is_empty() {
            config.options(all.trim());
        }
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|_| Fault::Closed)?;
        let handle = runtime.handle().clone();
        let (tell, told) = mpsc::sync_channel(1);
        let own_tls = tls.cloned();
        let drive = move || {
            runtime.block_on(async move {
                match own_tls {
                    Some(tls) => serve(config.connect(tls).await, &tell).await,
                    None => serve(config.connect(NoTls).await, &tell).await,
                }
            });
        };
        let started = thread::Builder::new().name("refold-postgres".to_owned()).spawn(drive);
        started.map_err(|_| Fault::Closed)?;
        let client = loop {
            match told.recv_timeout(LOOK_UP) {
                Ok(connected) => break connected?,
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => return Err(Fault::Cancelled),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Fault::Closed),
            }
        };
        Ok(Connection {
            handle,
            cancel: client.cancel_token(),
            client: Arc::new(client),
            tls: tls.cloned(),
            listener: Arc::clone(&options.listener),
            host: name,
            is_lost: false,
        })
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the server follows another.
    fn is_standby(&mut self, cancel: &Cancel) -> Result<bool, Fault> {
        let answer = link::one(self.ask(vec![Asked::new(statements::STANDBY, Vec::new())], cancel)?);
        Ok(answer.rows.first().ok_or(Fault::Closed)?.try_get(0)?)
    }

    /// Has the server end what it does for us.
    fn stop(&self) {
        let (cancel, tls) = (self.cancel.clone(), self.tls.clone());
        self.handle.spawn(async move {
            // That it comes too late is as good as that it comes.
            let _ = match tls {
                Some(tls) => cancel.cancel_query(tls).await,
                None => cancel.cancel_query(NoTls).await,
            };
        });
    }
}

/// What the thread of a connection tells whoever asked.
enum Told {
    /// A piece of the answer to the statement of this place. Unless it is the last of that answer, it is waited for leave
    /// to go on.
    Piece {
        place: usize,
        piece: Answer,
        is_last: bool,
    },
    End(Result<(), Fault>),
}

impl Link<Postgres> for Connection {
    fn read(&mut self, asked: Vec<Asked>, take: Take<'_, Postgres>, cancel: &Cancel) -> Result<(), Fault> {
        // Whoever asked always comes back to listen, so that nobody waits long for room.
        let (tell, told) = mpsc::sync_channel(4);
        let (go, leave) = unbounded_channel();
        let mut sender = Sender {
            client: Arc::clone(&self.client),
            listener: Arc::clone(&self.listener),
            tell,
            leave,
        };
        self.handle.spawn(async move {
            let ended = sender.unit(&asked).await;
            // Whoever asked may have given up.
            let _ = sender.tell.send(Told::End(ended));
        });
        let mut end = Instant::now() + PIECE_PATIENCE;
        let mut given_up = None;
        loop {
            match told.recv_timeout(LOOK_UP) {
                Ok(Told::Piece { place, piece, is_last }) => {
                    if given_up.is_none() && take(place, piece).is_break() {
                        given_up = Some(Fault::Cancelled);
                        end = Instant::now() + CANCEL_PATIENCE;
                        self.stop();
                    } else if given_up.is_none() {
                        end = Instant::now() + PIECE_PATIENCE;
                    }
                    if !is_last {
                        // What is given up is read on until the server has heard of it.
                        let _ = go.send(());
                    }
                }
                Ok(Told::End(ended)) => {
                    self.is_lost |= self.client.is_closed();
                    return match given_up {
                        Some(fault) => Err(fault),
                        None => ended,
                    };
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.is_lost = true;
                    return Err(given_up.unwrap_or(Fault::Closed));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let is_over = Instant::now() >= end;
            if let Some(fault) = given_up.take() {
                if is_over {
                    self.is_lost = true;
                    return Err(fault);
                }
                given_up = Some(fault);
            } else if cancel.is_cancelled() || is_over {
                given_up = Some(if is_over { Fault::Silent } else { Fault::Cancelled });
                end = Instant::now() + CANCEL_PATIENCE;
                self.stop();
            }
        }
    }

    fn is_lost(&self) -> bool {
        self.is_lost || self.client.is_closed()
    }
}

/// What an error of the driver is about.
impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Fault {
        let code = error.code().map(|state| state.code().to_owned());
        let detail = in_words(&error);
        let blame = match code.as_deref() {
            None if detail == PASSWORD_MISSING => Blame::Denied,
            None if tls::said_of_theirs(&error).is_some() => Blame::Untrusted,
            None | Some("57P01" | "57P02" | "57P03") => Blame::Connection,
            Some("53300") => Blame::Full,
            Some("3D000") => Blame::NoDatabase,
            Some("57014" | "40001" | "40P01" | "55P03") => Blame::Load,
            // Out of memory, and beyond a limit such as that of temporary files.
            Some("53200" | "53400") => Blame::Means,
            Some("42501") => Blame::Ungranted,
            Some(code) => match code.get(..2).unwrap_or_default() {
                "08" => Blame::Connection,
                "28" => Blame::Denied,
                "53" | "57" => Blame::Unreachable,
                "XX" => Blame::Corrupt,
                _ => Blame::Statement,
            },
        };
        Fault::Said { code, detail, blame }
    }
}

/// What holds for the whole of a connection, where nothing in between objects. No limit of time: it would take the place of
/// one that the owner of the role set, which may be smaller.
const SETTINGS: &str = "-c default_transaction_read_only=on -c row_security=off -c search_path=pg_catalog,pg_temp";

/// Where a host is that is reached by TCP.
fn tcp_place(host: &Config) -> Option<(String, u16)> {
    let port = host.get_ports().first().copied().unwrap_or(5432);
    let number = host.get_hostaddrs().first().map(ToString::to_string);
    let named = || match host.get_hosts().first() {
        Some(Host::Tcp(name)) => Some(name.clone()),
        _ => None,
    };
    number.or_else(named).map(|name| (name, port))
}

/// Why a host does not let us in: maybe it is of another kind, where it did not say anything of its own.
fn of_another_kind(fault: Fault, name: &str, place: Option<(String, u16)>, cancel: &Cancel) -> Fault {
    let is_unclear = matches!(&fault, Fault::Closed)
        || matches!(
            &fault,
            Fault::Said {
                code: None,
                blame: Blame::Connection,
                ..
            }
        );
    let Some((host, port)) = place.filter(|_| is_unclear) else {
        return fault;
    };
    match speaks::is_mysql(&host, port, cancel) {
        Ok(false) => fault,
        Ok(true) => Fault::Said {
            code: None,
            detail: format!("the server at {name} is one of MySQL or MariaDB, and not of PostgreSQL"),
            blame: Blame::Mistaken,
        },
        Err(given_up) => given_up,
    }
}

fn is_refused_setting(fault: &Fault) -> bool {
    fault.code() == Some("08P01")
}

/// Tells that the connection stands, and drives it until it ends.
async fn serve<S, T>(
    connected: Result<(Client, tokio_postgres::Connection<S, T>), tokio_postgres::Error>,
    tell: &mpsc::SyncSender<Result<Client, Fault>>,
) where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    match connected {
        Err(error) => {
            let _ = tell.send(Err(error.into()));
        }
        Ok((client, connection)) => {
            if tell.send(Ok(client)).is_ok() {
                // How it ended is told to whoever asks next.
                let _ = connection.await;
            }
        }
    }
}

/// Sends statements, each after it was told to the listener, and tells what they bring.
struct Sender {
    client: Arc<Client>,
    listener: Arc<dyn Listener>,
    tell: mpsc::SyncSender<Told>,
    /// Leave to go on after a piece.
    leave: UnboundedReceiver<()>,
}

impl Sender {
    async fn unit(&mut self, asked: &[Asked]) -> Result<(), Fault> {
        let begin = Asked::new(statements::BEGIN, Vec::new());
        let limits = Asked::new(statements::LIMITS, Vec::new());
        // Both are sent at once: the second says how the first went.
        let (begun, limited) = future::join(self.short(&begin), self.short(&limits)).await;
        let answered = match begun.and_then(|_| Limits::of(&limited?.rows)) {
            Ok(Some(limits)) => self.answers(asked).await.map_err(|fault| limits.told(fault)),
            Ok(None) => Err(Fault::Writable),
            Err(fault) => Err(fault),
        };
        let ended = self.short(&Asked::new(statements::ROLLBACK, Vec::new())).await;
        if let Err(fault) = answered {
            let is_locked = fault.code() == Some("55P03");
            let holders = if is_locked { self.holders().await } else { None };
            return Err(match holders {
                Some(holders) => fault.explained(&holders),
                None => fault,
            });
        }
        ended.map(drop)
    }

    /// Who lets nobody read some table of the database, as far as it can be known.
    async fn holders(&self) -> Option<String> {
        let asked = [statements::BEGIN, statements::LIMITS, statements::HOLDERS].map(|sql| Asked::new(sql, Vec::new()));
        let mut answer = Ok(Answer::default());
        for asked in &asked {
            answer = self.short(asked).await;
            if answer.is_err() {
                break;
            }
        }
        let _ = self.short(&Asked::new(statements::ROLLBACK, Vec::new())).await;
        let told = answer
            .ok()?
            .rows
            .iter()
            .map(holder)
            .collect::<Result<Vec<String>, _>>()
            .ok()?;
        (!told.is_empty()).then(|| format!("tables of the database are locked by {}", told.join(", ")))
    }

    async fn answers(&mut self, asked: &[Asked]) -> Result<(), Fault> {
        for (place, asked) in asked.iter().enumerate() {
            let ticket = self.sending(asked)?;
            let sent = Instant::now();
            let counts = self.answer(place, asked).await;
            self.answered(ticket, sent, counts.as_ref().copied());
            counts?;
        }
        Ok(())
    }

    /// How many rows came, and how many bytes.
    async fn answer(&mut self, place: usize, asked: &Asked) -> Result<(u64, u64), Fault> {
        let rows = self.rows(asked).await?;
        pin_mut!(rows);
        let (mut count, mut bytes) = (0, 0);
        let mut piece = Answer::default();
        while let Some(row) = rows.try_next().await? {
            if bytes >= asked.most_bytes {
                piece.is_cut = true;
                break;
            }
            if piece.byte_count >= PIECE_BYTES {
                let piece = mem::take(&mut piece);
                let is_last = false;
                // Whoever asked is gone where either fails.
                let told = self.tell.send(Told::Piece { place, piece, is_last });
                if told.is_err() || self.leave.recv().await.is_none() {
                    return Err(Fault::Cancelled);
                }
            }
            count += 1;
            bytes += row.raw_size_bytes();
            piece.byte_count += row.raw_size_bytes();
            piece.rows.push(row);
        }
        let is_last = true;
        let _ = self.tell.send(Told::Piece { place, piece, is_last });
        Ok((count, bytes as u64))
    }

    /// A statement of our own with an answer of a row at most.
    async fn short(&self, asked: &Asked) -> Result<Answer, Fault> {
        let ticket = self.sending(asked)?;
        let sent = Instant::now();
        let answer: Result<Answer, Fault> = async {
            let rows: Vec<Row> = self.rows(asked).await?.try_collect().await?;
            Ok(Answer {
                byte_count: rows.iter().map(Row::raw_size_bytes).sum(),
                rows,
                is_cut: false,
            })
        }
        .await;
        let counts = answer
            .as_ref()
            .map(|answer| (answer.rows.len() as u64, answer.byte_count as u64));
        self.answered(ticket, sent, counts);
        answer
    }

    async fn rows(&self, asked: &Asked) -> Result<RowStream, tokio_postgres::Error> {
        let parameters = asked.parameters.iter();
        let parameters = parameters.map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone()));
        self.client.query_typed_raw(&asked.sql, parameters).await
    }

    fn sending(&self, asked: &Asked) -> Result<Ticket, Fault> {
        let statement = Statement {
            id: statements::id(&asked.sql),
            text: &asked.sql,
        };
        self.listener.sending(&statement).map_err(Fault::Unheard)
    }

    /// `counts`: rows and bytes.
    fn answered(&self, ticket: Ticket, sent: Instant, counts: Result<(u64, u64), &Fault>) {
        let elapsed_micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
        let ((rows, bytes), failure) = match counts {
            Ok(counts) => (counts, None),
            Err(fault) => ((0, 0), Some(fault.code().unwrap_or("closed"))),
        };
        self.listener.answered(
            ticket,
            &Heard {
                rows,
                bytes,
                elapsed_micros,
                failure,
            },
        );
    }
}

/// A session in words.
fn holder(row: &Row) -> Result<String, tokio_postgres::Error> {
    let (number, role, program): (Option<i32>, Option<String>, Option<String>) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let Some(number) = number else {
        return Ok("a prepared transaction".to_owned());
    };
    Ok(session(number, role, program))
}

/// How a session is called, by its number, its role and what it calls itself.
pub fn session(number: i32, role: Option<String>, program: Option<String>) -> String {
    let role = role.map_or(String::new(), |role| format!(" of {role}"));
    let program = program.filter(|name| !name.is_empty());
    let program = program.map_or(String::new(), |name| format!(" ({name})"));
    format!("session {number}{role}{program}")
}

/// What holds for a transaction, as the server answered it.
struct Limits {
    statement: String,
    lock: String,
}

impl Limits {
    /// `None`: the server did not take the transaction as read-only.
    fn of(limited: &[Row]) -> Result<Option<Limits>, Fault> {
        let Some(row) = limited.first() else { return Ok(None) };
        let setting: &str = row.try_get(row.len().saturating_sub(1))?;
        let limits = Limits {
            statement: row.try_get(2)?,
            lock: row.try_get(3)?,
        };
        Ok((setting == "on").then_some(limits))
    }

    /// Says of what did not end within a limit which one that is, and whose.
    fn told(&self, fault: Fault) -> Fault {
        let [own_statement, own_lock] = statements::OWN_LIMITS;
        let (limit, own, name) = match fault.code() {
            Some("57014") => (&self.statement, own_statement, "statement_timeout"),
            Some("55P03") => (&self.lock, own_lock, "lock_timeout"),
            _ => return fault,
        };
        fault.explained(&limit_told(limit, own, name))
    }
}

fn limit_told(limit: &str, own: &str, name: &str) -> String {
    match limit == own {
        true => format!("Refold waits for {own}, and not longer"),
        false => {
            format!("{name} of the role is {limit}, which whoever owns the role or the server set; Refold keeps to it")
        }
    }
}
