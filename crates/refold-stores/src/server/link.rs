//! A unit of work: a read-only transaction with statements of a catalogue in it, and how it went.

use std::ops::ControlFlow;
use std::time::Duration;

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;

use super::Server;

/// How often whoever waits looks whether he still should.
pub const LOOK_UP: Duration = Duration::from_millis(20);
/// How long the next piece of an answer is waited for: longer than the server's own limit on a statement.
pub const PIECE_PATIENCE: Duration = Duration::from_secs(45);
/// How long the end of a unit that was cancelled is waited for.
pub const CANCEL_PATIENCE: Duration = Duration::from_secs(5);
/// An answer of more comes in several pieces, so that a table may be larger than the memory.
pub const PIECE_BYTES: usize = 1 << 20;
/// Far more than any answer has that is no page: a server that does not heed a `LIMIT` must not fill the memory.
const MOST_ANSWER_BYTES: usize = 256 << 20;

/// One connection to a server.
pub trait Link<S: Server>: Sized + Send {
    /// Asks these statements in one read-only transaction, in order. Each answer comes in pieces, the last of which may
    /// be empty. Where `take` breaks off, nothing more is asked, and that counts as cancelled.
    fn read(&mut self, asked: Vec<Asked<S>>, take: Take<'_, S>, cancel: &CancelToken) -> Result<(), Fault>;

    /// As [`Link::read`], with each answer whole.
    fn ask(&mut self, asked: Vec<Asked<S>>, cancel: &CancelToken) -> Result<Vec<Answer<S>>, Fault> {
        let mut answers: Vec<Answer<S>> = asked.iter().map(|_| Answer::default()).collect();
        let mut take = |place: usize, piece: Answer<S>| {
            if let Some(answer) = answers.get_mut(place) {
                answer.add(piece);
            }
            ControlFlow::Continue(())
        };
        self.read(asked, &mut take, cancel)?;
        Ok(answers)
    }

    /// Whether nothing can be asked any more.
    fn is_lost(&self) -> bool;
}

/// Is given pieces of answers, each with the place of its statement.
pub type Take<'a, S> = &'a mut dyn FnMut(usize, Answer<S>) -> ControlFlow<()>;

/// One statement of a unit of work.
pub struct Asked<S: Server> {
    pub sql: String,
    pub parameters: Vec<S::Parameter>,
    /// No more rows are kept once they hold so many bytes.
    pub most_bytes: usize,
    /// It asks for rows of one stream.
    pub is_of_stream: bool,
}

impl<S: Server> Asked<S> {
    pub fn new(sql: impl Into<String>, parameters: Vec<S::Parameter>) -> Asked<S> {
        Asked {
            sql: sql.into(),
            parameters,
            most_bytes: MOST_ANSWER_BYTES,
            is_of_stream: false,
        }
    }
}

/// What a statement brought, or a piece of it.
pub struct Answer<S: Server> {
    pub rows: Vec<S::Row>,
    pub byte_count: usize,
    /// There were more rows than were kept.
    pub is_cut: bool,
}

impl<S: Server> Default for Answer<S> {
    fn default() -> Answer<S> {
        Answer {
            rows: Vec::new(),
            byte_count: 0,
            is_cut: false,
        }
    }
}

impl<S: Server> Answer<S> {
    fn add(&mut self, piece: Answer<S>) {
        self.byte_count += piece.byte_count;
        self.is_cut |= piece.is_cut;
        if self.rows.is_empty() {
            self.rows = piece.rows;
        } else {
            self.rows.extend(piece.rows);
        }
    }
}

/// The answer to a single statement.
pub fn one<S: Server>(answers: Vec<Answer<S>>) -> Answer<S> {
    answers.into_iter().next().unwrap_or_default()
}

/// Why a unit of work brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cancelled")]
    Cancelled,
    #[error("the server did not answer within {} seconds", PIECE_PATIENCE.as_secs())]
    Silent,
    #[error("the server does not keep the transaction read-only")]
    Writable,
    #[error("the connection was closed")]
    Closed,
    /// What the server or its driver said.
    #[error("{detail}")]
    Said {
        /// The server's own code, where it gave one.
        code: Option<String>,
        detail: String,
        blame: Blame,
    },
    /// What was to be sent cannot be written down.
    #[error(transparent)]
    Unheard(StoreError),
}

/// What a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The connection: the same may go well on a new one.
    Connection,
    /// It was too much at once, or somebody is in the way: less may go well.
    Load,
    /// The server does not have the memory or the room on its disk that it would take: less may go well.
    Means,
    /// Whoever asks is not let in.
    Denied,
    /// The account was let in, and lacks a right.
    Ungranted,
    /// The server takes no more connections, of this account or at all: a later one may go well.
    Full,
    /// The server has no such database.
    NoDatabase,
    /// What the server shows of itself is not trusted.
    Untrusted,
    /// A server of another kind answers there.
    Mistaken,
    /// The server takes nobody in.
    Unreachable,
    /// What the server holds or answers is damaged.
    Corrupt,
    /// Anything else.
    Statement,
}

impl Fault {
    /// The server's own code.
    pub fn code(&self) -> Option<&str> {
        match self {
            Fault::Said { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// With more of why, where the server said something.
    pub fn explained(self, more: &str) -> Fault {
        match self {
            Fault::Said { code, detail, blame } => Fault::Said {
                code,
                detail: format!("{detail} ({more})"),
                blame,
            },
            other => other,
        }
    }

    /// Whether the same may go well on a new connection.
    pub fn is_of_connection(&self) -> bool {
        let is_said = |blame: &Blame| matches!(blame, Blame::Connection | Blame::Full);
        matches!(self, Fault::Silent | Fault::Closed) || matches!(self, Fault::Said { blame, .. } if is_said(blame))
    }

    /// Whether less asked of the same may go well.
    pub fn is_of_load(&self) -> bool {
        let is_said = |blame: &Blame| matches!(blame, Blame::Load | Blame::Means);
        matches!(self, Fault::Said { blame, .. } if is_said(blame))
    }

    pub fn at(self, location: &str) -> StoreError {
        let location = location.to_owned();
        let detail = self.to_string();
        match self {
            Fault::Cancelled => refold_core::work::Cancelled.into(),
            Fault::Silent | Fault::Closed => StoreError::Unreachable { location, detail },
            Fault::Writable => StoreError::Driver { location, detail },
            Fault::Unheard(error) => error,
            Fault::Said { blame, .. } => match blame {
                Blame::Denied => StoreError::Denied { location, detail },
                Blame::Ungranted => StoreError::Ungranted {
                    location,
                    detail,
                    script: String::new(),
                },
                Blame::Connection | Blame::Unreachable => StoreError::Unreachable { location, detail },
                Blame::Load => StoreError::Blocked {
                    location,
                    detail: format!("the server answers, and did not end this in time: {detail}"),
                    advice: "wait until whoever is in the way is done, or have the limit of the account raised, and try again",
                },
                Blame::Means => StoreError::Blocked {
                    location,
                    detail: format!("the server answers, and has not the means for this: {detail}"),
                    advice: "try again when the server has less to do, or have whoever runs it give it more memory, or raise the limit that \
                             it names",
                },
                Blame::Full => StoreError::Blocked {
                    location,
                    detail: format!("the server answers, and takes no more connections: {detail}"),
                    advice: "end other connections of this account, or have its limit or that of the server raised, and try again",
                },
                Blame::NoDatabase => StoreError::Blocked {
                    location,
                    detail: format!("the server answers, and has no such database: {detail}"),
                    advice: "look whether the name of the database in the address is right, also in upper and lower case",
                },
                Blame::Untrusted => StoreError::Blocked {
                    location,
                    detail: format!("the server answers, and its certificate is not trusted: {detail}"),
                    advice: "name the file with the certificate of its authority by sslrootcert in the address; where only the name is \
                             another, connect by a name that the certificate is of, or let sslmode=verify-ca leave the name out",
                },
                Blame::Mistaken => StoreError::Blocked {
                    location,
                    detail,
                    advice: "begin the address with postgres:// for PostgreSQL and with mysql:// for MySQL and MariaDB, or name the \
                             port at which the server that is meant listens",
                },
                Blame::Corrupt => StoreError::Corrupt { location, detail },
                Blame::Statement => StoreError::Driver { location, detail },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Less is asked of both; only of one of them somebody else is in the way.
    #[test]
    fn who_lacks_memory_is_not_told_to_wait_for_somebody() {
        let told = |blame| {
            let fault = Fault::Said {
                code: None,
                detail: "out of memory".to_owned(),
                blame,
            };
            assert!(fault.is_of_load() && !fault.is_of_connection());
            match fault.at("mysql://shop") {
                StoreError::Blocked { detail, advice, .. } => format!("{detail}; {advice}"),
                other => panic!("{other}"),
            }
        };
        let [load, means] = [Blame::Load, Blame::Means].map(told);
        assert!(load.contains("in time") && load.contains("in the way"), "{load}");
        assert!(!means.contains("in time") && !means.contains("in the way"), "{means}");
        assert!(means.contains("more memory"), "{means}");
    }
}
