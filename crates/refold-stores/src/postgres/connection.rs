//! One connection to a server, used from any thread: a thread of its own drives it, and whoever asks waits.
//!
//! It offers one thing: a unit of work, which is a read-only transaction with statements of the catalogue in it. It must
//! not know what they ask.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use futures_util::{TryStreamExt as _, future, pin_mut};
use refold_core::port::store::StoreError;
use refold_core::work::CancelToken as Cancel;
use rustls::ClientConfig;
use tokio::runtime::{Builder, Handle};
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{CancelToken, Client, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::options::{Options, with_source};
use super::{Postgres, statements};
use crate::server::address::Encryption;
use crate::server::link::{self, Blame, CANCEL_PATIENCE, Fault, LOOK_UP, Link, UNIT_PATIENCE};
use crate::statements::{Answer as Told, Listener, Statement, Ticket};

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
    is_lost: bool,
}

impl Connection {
    /// Connects as the options say. `cancel`: of who waits for it.
    pub fn open(options: &Options, tls: Option<&Arc<ClientConfig>>, cancel: &Cancel) -> Result<Connection, StoreError> {
        let tls = tls.map(|config| MakeRustlsConnect::new(ClientConfig::clone(config)));
        match Connection::open_with(options, SETTINGS, tls.as_ref(), cancel) {
            // A pooler in between may not take settings with the connection; each transaction sets its own anyway.
            Err(fault) if is_refused_setting(&fault) => Connection::open_with(options, "", tls.as_ref(), cancel),
            opened => opened,
        }
        .map_err(|fault| fault.at(options.location()))
    }

    fn open_with(
        options: &Options,
        settings: &str,
        tls: Option<&MakeRustlsConnect>,
        cancel: &Cancel,
    ) -> Result<Connection, Fault> {
        let mut config = options.to.clone();
        config.ssl_mode(match options.encryption {
            Encryption::None => SslMode::Disable,
            Encryption::Unverified | Encryption::Authority | Encryption::Host => SslMode::Require,
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
            is_lost: false,
        })
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

impl Link<Postgres> for Connection {
    fn ask(&mut self, asked: Vec<Asked>, cancel: &Cancel) -> Result<Vec<Answer>, Fault> {
        let (tell, told) = mpsc::sync_channel(1);
        let sender = Sender {
            client: Arc::clone(&self.client),
            listener: Arc::clone(&self.listener),
        };
        self.handle.spawn(async move {
            // Whoever asked may have given up.
            let _ = tell.send(sender.unit(&asked).await);
        });
        let mut end = Instant::now() + UNIT_PATIENCE;
        let mut given_up = None;
        loop {
            match told.recv_timeout(LOOK_UP) {
                Ok(answered) => {
                    self.is_lost |= self.client.is_closed();
                    return match given_up {
                        Some(fault) => Err(fault),
                        None => answered,
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
        let blame = match code.as_deref() {
            None | Some("57P01" | "57P02" | "57P03" | "53300") => Blame::Connection,
            Some("57014" | "40001" | "40P01" | "55P03" | "53200" | "53400") => Blame::Load,
            Some("42501") => Blame::Denied,
            Some(code) => match code.get(..2).unwrap_or_default() {
                "08" => Blame::Connection,
                "28" => Blame::Denied,
                "3D" | "53" | "57" => Blame::Unreachable,
                "XX" => Blame::Corrupt,
                _ => Blame::Statement,
            },
        };
        let detail = with_source(&error);
        Fault::Said { code, detail, blame }
    }
}

/// What holds for the whole of a connection, where nothing in between objects.
const SETTINGS: &str = "-c default_transaction_read_only=on -c statement_timeout=30s -c lock_timeout=2s \
     -c idle_in_transaction_session_timeout=60s -c row_security=off -c search_path=pg_catalog,pg_temp";

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

/// Sends statements, each after it was told to the listener.
struct Sender {
    client: Arc<Client>,
    listener: Arc<dyn Listener>,
}

impl Sender {
    async fn unit(&self, asked: &[Asked]) -> Result<Vec<Answer>, Fault> {
        let begin = Asked::new(statements::BEGIN, Vec::new());
        let limits = Asked::new(statements::LIMITS, Vec::new());
        // Both are sent at once: the second says how the first went.
        let begun = self.send(&begin);
        let limited = self.send(&limits);
        let (begun, limited) = future::join(begun, limited).await;
        let answered = match begun.and_then(|_| is_read_only(&limited?.rows)) {
            Ok(true) => self.answers(asked).await,
            Ok(false) => Err(Fault::Writable),
            Err(fault) => Err(fault),
        };
        let ended = self.send(&Asked::new(statements::ROLLBACK, Vec::new())).await;
        let answered = answered?;
        ended?;
        Ok(answered)
    }

    async fn answers(&self, asked: &[Asked]) -> Result<Vec<Answer>, Fault> {
        let mut answers = Vec::with_capacity(asked.len());
        for asked in asked {
            answers.push(self.send(asked).await?);
        }
        Ok(answers)
    }

    async fn send(&self, asked: &Asked) -> Result<Answer, Fault> {
        let statement = Statement {
            id: statements::id(&asked.sql),
            text: &asked.sql,
        };
        let ticket = self.listener.sending(&statement).map_err(Fault::Unheard)?;
        let sent = Instant::now();
        let answer = self.answer(asked).await.map_err(Fault::from);
        self.tell(ticket, sent, &answer);
        answer
    }

    async fn answer(&self, asked: &Asked) -> Result<Answer, tokio_postgres::Error> {
        let parameters = asked.parameters.iter();
        let parameters = parameters.map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone()));
        let rows = self.client.query_typed_raw(&asked.sql, parameters).await?;
        pin_mut!(rows);
        let mut answer = Answer::default();
        while let Some(row) = rows.try_next().await? {
            if answer.byte_count >= asked.most_bytes {
                answer.is_cut = true;
                break;
            }
            answer.byte_count += row.raw_size_bytes();
            answer.rows.push(row);
        }
        Ok(answer)
    }

    fn tell(&self, ticket: Ticket, sent: Instant, answer: &Result<Answer, Fault>) {
        let elapsed_micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (rows, bytes, failure) = match answer {
            Ok(answer) => (answer.rows.len() as u64, answer.byte_count as u64, None),
            Err(fault) => (0, 0, Some(fault.code().unwrap_or("closed"))),
        };
        self.listener.answered(
            ticket,
            &Told {
                rows,
                bytes,
                elapsed_micros,
                failure,
            },
        );
    }
}

fn is_read_only(limited: &[Row]) -> Result<bool, Fault> {
    let Some(row) = limited.first() else { return Ok(false) };
    let setting: &str = row.try_get(row.len().saturating_sub(1))?;
    Ok(setting == "on")
}
