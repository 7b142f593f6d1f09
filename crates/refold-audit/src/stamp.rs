//! Time stamps (RFC 3161): what an authority signs to say that it saw the digest of some bytes at a time.
//!
//! A question goes out as bytes and a reply comes in as bytes; what is kept of it is the whole reply, which stock tools
//! check too (`openssl ts -verify`). That a stamp holds by itself ([`Stamp::read`]) says that whoever owns the
//! certificate in it signed it. That this is an authority which somebody trusts is another question ([`Authorities`]).
//!
//! Nothing here speaks to an authority, reads a file or knows the time of day.

mod algorithm;
mod authorities;
mod format;
mod revoked;
#[cfg(test)]
mod tests;
mod token;

use der::Encode as _;
use refold_core::time::Timestamp;
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;

pub use self::authorities::Authorities;
use self::format::{Imprint, Question};
pub use self::revoked::{RevocationLists, Standing};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    #[error("it is no time stamp: {0}")]
    Unreadable(&'static str),
    /// In the words of the authority.
    #[error("the authority refused: {0}")]
    Refused(String),
    #[error("it is of other bytes")]
    OtherBytes,
    #[error("it answers another question")]
    OtherQuestion,
    #[error("its signature does not hold: {0}")]
    Signature(&'static str),
    #[error("it is not of an authority that you named: {0}")]
    Untrusted(&'static str),
    #[error("there is no certificate in it")]
    NoCertificate,
    #[error("a certificate in it cannot be used to trust an authority")]
    BadCertificate,
    #[error("there is no list of revoked certificates in it")]
    NoList,
    #[error("no list of revoked certificates is of whoever issued its certificate")]
    Unlisted,
    #[error("the list of revoked certificates says nothing of it: {0}")]
    UselessList(&'static str),
    #[error("its certificate, or one that vouches for it, was revoked {}, {reason}", .since.display(0))]
    Revoked { since: Timestamp, reason: &'static str },
}

/// What is asked of an authority.
pub struct Request {
    nonce: u64,
    digest: [u8; 32],
}

impl Request {
    /// `nonce`: random, so that an earlier reply is no answer.
    pub fn new(data: &[u8], nonce: u64) -> Request {
        Request {
            nonce,
            digest: Sha256::digest(data).into(),
        }
    }

    /// The body of the request, `application/timestamp-query`.
    #[expect(clippy::expect_used, reason = "a digest and small numbers always have a DER form")]
    pub fn to_bytes(&self) -> Vec<u8> {
        let question = Question {
            version: 1,
            imprint: Imprint::sha256(&self.digest),
            nonce: self.nonce,
            wants_certificate: true,
        };
        question.to_der().expect("a digest and two numbers have a DER form")
    }
}

/// A time stamp that holds by itself: made of these bytes, and signed with the certificate in it.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// When the authority saw them.
    pub time: Timestamp,
    /// The subject of its certificate, as RFC 4514 writes it. Anybody can name himself so.
    pub authority: String,
    /// Whether it claims to be a qualified stamp of the European Union (ETSI EN 319 422).
    pub claims_qualified: bool,
    nonce: Option<Vec<u8>>,
    signer: Certificate,
    others: Vec<Certificate>,
}

impl Stamp {
    /// `reply`: what an authority answered, with its status. `data`: what it is to be a stamp of.
    pub fn read(reply: &[u8], data: &[u8]) -> Result<Stamp, StampError> {
        token::read(reply, data)
    }

    /// Whether it was made for this question and not for an earlier one.
    pub fn expect(&self, request: &Request) -> Result<(), StampError> {
        let asked = request.nonce.to_der().ok();
        match self.nonce == asked {
            true => Ok(()),
            false => Err(StampError::OtherQuestion),
        }
    }
}
