//! Time stamps of anchors: asking an authority for one, and what one says.
//!
//! The formats are in `refold_audit::stamp`. This is the one place of the program that speaks to an authority, and only to
//! one whose address a person gave.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use refold_audit::stamp::{Authorities, Request, RevocationLists, Stamp, StampError, Standing};
use refold_core::port::system::in_words;
use refold_core::time::Timestamp;
use refold_core::work::Work;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use serde::Serialize;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::access::Act;
use crate::clock;
use crate::error::{AppError, ErrorCode};
use crate::session::Session;
use crate::text::{self, visible};

/// The reply of the authority, in the folder of the anchor.
pub(super) const STAMP: &str = "checkpoint.tsr";

/// How often it is looked whether the answer is still wanted.
const LOOK_UP: Duration = Duration::from_millis(20);
/// How long an authority may take for its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Stamps are of a few kilobytes.
const MOST_BYTES: u64 = 1 << 20;
/// Of one list of revoked certificates; those of authorities of millions of certificates have some of these.
const MOST_LIST_BYTES: u64 = 32 << 20;

/// What a time stamp says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StampSeen {
    /// When the authority saw the checkpoint of the anchor.
    pub time: String,
    /// As its certificate has it.
    pub authority: String,
    /// Whether one of the authorities that were named to verify with vouches for that certificate.
    pub is_authority_known: bool,
    /// Whether it claims to be a qualified stamp of the European Union. Only the trusted lists tell whether it is.
    pub claims_qualified: bool,
    /// What lists of revoked certificates say of it; `null`: none was asked.
    pub revocation: Option<RevocationSeen>,
}

/// What lists of revoked certificates say of a stamp that they leave good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevocationSeen {
    /// When the list was made that tells of the certificate of the authority.
    pub as_of: String,
    /// When that was revoked, later than the stamp was made and for a reason that leaves it good; `null`: it was not.
    pub revoked_at: Option<String>,
    pub reason: Option<String>,
    /// Certificates that vouch for it, of which no list was given.
    pub unlisted: usize,
}

impl RevocationSeen {
    fn of(standing: &Standing) -> RevocationSeen {
        let shown = |time: Timestamp| time.display(0).to_string();
        let later = standing.revoked_later;
        RevocationSeen {
            as_of: shown(standing.as_of),
            revoked_at: later.map(|(since, _)| shown(since)),
            reason: later.map(|(_, reason)| reason.to_owned()),
            unlisted: standing.unlisted,
        }
    }

    fn sentence(&self) -> String {
        let own = match (&self.revoked_at, &self.reason) {
            (Some(since), Some(reason)) => {
                format!(
                    "its certificate was revoked {since}, {reason}, which leaves what it stamped before as good as it was"
                )
            }
            _ => format!("its certificate was not revoked, as of {}", self.as_of),
        };
        match self.unlisted {
            0 => own,
            unlisted => format!(
                "{own}; whether {} that vouches for it was revoked was not looked at",
                text::counted(unlisted as u64, "certificate")
            ),
        }
    }
}

impl StampSeen {
    pub(super) fn of(stamp: &Stamp, is_authority_known: bool, standing: Option<&Standing>) -> StampSeen {
        StampSeen {
            time: stamp.time.display(0).to_string(),
            authority: text::shown(stamp.authority.as_bytes()),
            is_authority_known,
            claims_qualified: stamp.claims_qualified,
            revocation: standing.map(RevocationSeen::of),
        }
    }

    /// Whether its certificate was revoked, in words.
    pub fn revocation_sentence(&self) -> String {
        let not_asked = || "whether the certificate was revoked was not looked at".to_owned();
        self.revocation
            .as_ref()
            .map_or_else(not_asked, RevocationSeen::sentence)
    }

    /// In words, of the anchor.
    pub fn sentence(&self) -> String {
        let kind = match self.claims_qualified {
            true => ", as a stamp that claims to be qualified (the trusted lists of the European Union tell)",
            false => "",
        };
        let known = match self.is_authority_known {
            true => "an authority that was named",
            false => "an authority that was compared with none",
        };
        format!("stamped {} by {}, {known}{kind}", self.time, self.authority)
    }
}

/// A stamp of the checkpoint, and its bytes. `url`: of an authority.
///
/// # Errors
/// In one sentence, why there is none. That it was asked is written down first, and that failing is an error of its own.
pub(super) fn ask(
    work: &Work<'_>,
    session: &Session,
    url: &str,
    checkpoint: &[u8],
) -> Result<Result<(StampSeen, Vec<u8>), String>, AppError> {
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce)
        .map_err(|error| AppError::internal(format!("the system gives no random bytes: {error}")))?;
    let request = Request::new(checkpoint, u64::from_le_bytes(nonce));
    session.log(&Act::Asked {
        what: "time stamp",
        url,
    })?;
    let answer = wait(work, url, request.to_bytes())?;
    Ok(answer.and_then(|reply| {
        let stamp = Stamp::read(&reply, checkpoint).and_then(|stamp| stamp.expect(&request).map(|()| stamp));
        match stamp {
            Ok(stamp) => Ok((StampSeen::of(&stamp, false, None), reply)),
            Err(error) => Err(format!(
                "what {} answered cannot be used: {}",
                visible(url),
                visible(&error.to_string())
            )),
        }
    }))
}

/// # Errors
/// When it is no address to which a question can be sent as it is.
pub(super) fn expect_address(url: &str) -> Result<(), AppError> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let is_known = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    match rest.split('/').next().filter(|_| is_known) {
        Some(host) if !host.is_empty() && !host.contains('@') => Ok(()),
        _ => Err(AppError::invalid(
            format!("this is no address of a time stamp authority: {}", visible(url)),
            "give it as https://HOST/PATH or http://HOST/PATH, without a name and a password",
        )),
    }
}

/// Asks beside what runs, so that it can be cancelled: a silent authority then goes on being waited for by nobody.
fn wait(work: &Work<'_>, url: &str, body: Vec<u8>) -> Result<Result<Vec<u8>, String>, AppError> {
    let (tell, told) = mpsc::sync_channel(1);
    let asked = url.to_owned();
    let asking = thread::Builder::new().name("time stamp".to_owned()).spawn(move || {
        // Nobody may be there any more.
        let _ = tell.send(post(&asked, &body));
    });
    asking.map_err(|error| AppError::internal(format!("no thread can be started: {error}")))?;
    loop {
        match told.recv_timeout(LOOK_UP) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) => work.check()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(AppError::internal("asking the authority ended in the middle"));
            }
        }
    }
}

fn post(url: &str, body: &[u8]) -> Result<Vec<u8>, String> {
    let failed = |reason: String| format!("{} did not answer: {}", visible(url), visible(&reason));
    let mut config = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        // Nobody named where it would lead to.
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("Refold/", env!("CARGO_PKG_VERSION")));
    if url.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("https:")) {
        config = config.tls_config(encryption());
    }
    let agent = config.build().new_agent();
    let sent = agent
        .post(url)
        .header("content-type", "application/timestamp-query")
        .header("accept", "application/timestamp-reply")
        .send(body);
    let mut answer = sent.map_err(|error| failed(error.to_string()))?;
    if answer.status() != 200 {
        return Err(format!(
            "{} answered with status {}",
            visible(url),
            answer.status().as_u16()
        ));
    }
    let read = answer.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
    read.map_err(|error| failed(error.to_string()))
}

/// With the authorities that the system trusts.
fn encryption() -> TlsConfig {
    let trusted = rustls_native_certs::load_native_certs().certs;
    let trusted: Vec<_> = trusted
        .iter()
        .map(|der| Certificate::from_der(der).to_owned())
        .collect();
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::new_with_certs(&trusted))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build()
}

/// What a stamp says, held against a file of certificates and lists of those that were revoked; `None` of the first: nothing
/// is asked of it.
///
/// # Errors
/// Where authorities were named and none of them vouches for it, or where lists were named and it does not stand by them.
pub(super) fn seen(
    stamp: Option<&Stamp>,
    authorities: Option<&Path>,
    lists: &[PathBuf],
) -> Result<Option<StampSeen>, AppError> {
    let Some(file) = authorities else {
        if !lists.is_empty() {
            return Err(AppError::invalid(
                "lists of revoked certificates are of an authority, and none was named",
                "name the certificate of the authority too",
            )
            .typed("--authority FILE"));
        }
        return Ok(stamp.map(|stamp| StampSeen::of(stamp, false, None)));
    };
    let named = read_authorities(file)?;
    let revoked = read_lists(lists)?;
    let refused = |code: ErrorCode, reason: String, hint: &str| {
        let message = format!("the time stamp of the anchor cannot be trusted: {reason}");
        AppError::new(code, message, hint)
    };
    let by_another = |reason: String| {
        refused(
            ErrorCode::Distrusted,
            reason,
            "verify without an authority for what the anchor shows without it, or name the one that stamped it",
        )
        .typed("--authority FILE")
    };
    let stamp = stamp.ok_or_else(|| by_another("it has none".to_owned()))?;
    let of = |error: StampError| format!("{error} ({})", text::shown(stamp.authority.as_bytes()));
    named.check(stamp).map_err(|error| by_another(of(error)))?;
    let standing = match lists {
        [] => None,
        _ => Some(revoked.check(&named, stamp, clock::now()).map_err(|error| {
            match error {
            StampError::Revoked { .. } => refused(
                ErrorCode::Distrusted,
                of(error),
                "the stamp proves nothing any more; verify without an authority for what the anchor shows without it",
            )
            .typed("without --authority"),
            // Nothing is wrong with the anchor: the lists do not tell.
            _ => refused(
                ErrorCode::Denied,
                of(error),
                "leave out the lists of revoked certificates, or get one from where the certificate says",
            )
            .typed("openssl x509 -noout -ext crlDistributionPoints"),
        }
        })?),
    };
    Ok(Some(StampSeen::of(stamp, true, standing.as_ref())))
}

fn read_lists(files: &[PathBuf]) -> Result<RevocationLists, AppError> {
    let mut lists = RevocationLists::default();
    for file in files {
        let unusable = |reason: String| {
            AppError::invalid(
                format!(
                    "the list of revoked certificates cannot be used ({reason}): {}",
                    file.display()
                ),
                "name a list (CRL) as the authority publishes it, DER or PEM (BEGIN X509 CRL)",
            )
        };
        let bytes = plain_file::read(file, MOST_LIST_BYTES).map_err(|error| unusable(in_words(&error)))?;
        lists.add(&bytes).map_err(|error| unusable(error.to_string()))?;
    }
    Ok(lists)
}

fn read_authorities(file: &Path) -> Result<Authorities, AppError> {
    let unusable = |reason: String| {
        AppError::invalid(
            format!(
                "the certificates of authorities cannot be used ({reason}): {}",
                file.display()
            ),
            "name a file of certificates (PEM, BEGIN CERTIFICATE): that of the authority's root, which it publishes",
        )
    };
    let pem = plain_file::read(file, MOST_TEXT_BYTES).map_err(|error| unusable(in_words(&error)))?;
    Authorities::parse(&pem).map_err(|error| unusable(error.to_string()))
}

#[cfg(all(test, unix))]
mod tests;
