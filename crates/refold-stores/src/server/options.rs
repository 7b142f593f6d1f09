//! What it takes to reach a server, as a URL says it.
//!
//! It knows no server: nothing is looked up or opened here. Where a server is and who asks there each kind of server writes
//! in its own way, which is its [`Address`]; what holds of all of them stands here.

#[cfg(all(test, feature = "mysql", feature = "postgres"))]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use refold_core::port::store::StoreError;

use super::address::{Encryption, is_password, may_lack_an_at, plain, unclear, unclear_mark, without_password};
use super::certificate::OurCertificate;
use super::open::Open;
use super::pace::{Rate, USUAL};
use crate::secret::Secret;
use crate::statements::{Deaf, Listener};

/// How to reach a database, and what may be done about what is found there.
#[derive(Clone)]
pub struct Options<S: Open> {
    pub(crate) to: S::Address,
    pub(crate) encryption: Encryption,
    /// The file with the certificates that a server's must come from; `None`: those of the system.
    pub(crate) roots: Option<PathBuf>,
    /// What a server is shown that asks who we are.
    pub(crate) ours: Option<OurCertificate>,
    /// The account that is used although it could do more than read.
    pub(crate) elevated_role: Option<String>,
    pub(crate) may_scan: bool,
    pub(crate) rate: Rate,
    pub(crate) listener: Arc<dyn Listener>,
    location: String,
}

/// Where a server is and who asks there.
pub trait Address: Sized + Clone + Send + Sync + 'static {
    /// What its URLs begin with.
    const SCHEMES: &'static [&'static str];
    /// What must not stand as it is before the last @.
    const UNCLEAR: &'static [char];

    /// `place`: what stands between the scheme and the `?`. `parameters`: those that are not of [`Options`], as they are
    /// written. On failure: what is wrong with it, a part of a sentence.
    fn parse(place: &str, parameters: &[&str]) -> Result<Self, String>;

    /// Whether whatever is sent stays on this machine.
    fn is_local(&self) -> bool;

    /// Whether there is anything to encrypt: over a socket of this machine nothing is.
    fn is_over_network(&self) -> bool;

    /// Whether a socket of this machine is one of the ways there.
    fn has_socket(&self) -> bool;

    fn set_password(&mut self, password: &Secret);
}

impl<S: Open> Options<S> {
    /// Behind the `?` of every URL there may be `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `allow_elevated=ACCOUNT`,
    /// `allow_scans=yes` and `megabytes_per_second=NUMBER`.
    pub fn parse(url: &str) -> Result<Options<S>, StoreError> {
        let location = without_password(url);
        let wrong = |detail: String| StoreError::Address {
            location: location.clone(),
            detail,
        };
        let rest = S::Address::SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme));
        let rest = rest.ok_or_else(|| {
            let schemes = S::Address::SCHEMES.join(" nor with ");
            wrong(format!("it begins neither with {schemes}"))
        })?;
        if let Some(mark) = unclear_mark(url, S::Address::UNCLEAR) {
            return Err(wrong(unclear(mark)));
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        if may_lack_an_at(place) {
            return Err(wrong(
                "what stands behind a host is no port: an @ ends user and password".to_owned(),
            ));
        }
        let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        let behind_password = pairs.iter().copied().skip_while(|pair| !is_password(pair)).nth(1);
        // What follows a password may be the end of it, and is not repeated.
        let wrong = |detail: String| match behind_password {
            None => wrong(detail),
            Some(_) => wrong("it is not well written behind the password: write & as %26 in a password".to_owned()),
        };
        let mut parameters = Vec::new();
        let (mut asked, mut roots, mut elevated_role, mut may_scan, mut rate) = (None, None, None, false, None);
        let (mut certificate, mut key_file) = (None, None);
        for pair in pairs {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = || plain(value).map_err(wrong);
            match key {
                "sslmode" => asked = Some(Encryption::parse(&value()?).map_err(wrong)?),
                "sslrootcert" => roots = Some(value()?).filter(|file| file != "system").map(PathBuf::from),
                "sslcert" => certificate = Some(value()?),
                "sslkey" => key_file = Some(value()?),
                "allow_elevated" => elevated_role = Some(value()?),
                "allow_scans" if value()? == "yes" => may_scan = true,
                "allow_scans" => return Err(wrong("allow_scans is yes, or left out".to_owned())),
                "megabytes_per_second" => {
                    let said = || wrong("megabytes_per_second is a number from 1, or unlimited".to_owned());
                    rate = Some(Rate::parse(&value()?).ok_or_else(said)?);
                }
                _ => parameters.push(pair),
            }
        }
        let to = S::Address::parse(place, &parameters).map_err(wrong)?;
        let ours = OurCertificate::of(certificate, key_file).map_err(wrong)?;
        // Whoever names a certificate wants it to be seen by the server that it is for.
        let is_in_the_clear = to.is_local() && ours.is_none();
        // On this machine nobody else waits for the line.
        let rate = rate.unwrap_or(if to.is_local() { Rate::UNLIMITED } else { USUAL });
        let usual = if is_in_the_clear {
            Encryption::None
        } else {
            Encryption::Host
        };
        let encryption = match to.is_over_network() {
            true => asked.unwrap_or(usual),
            // Whatever is asked for, and so it is said.
            false => Encryption::None,
        };
        Ok(Options {
            // In the clear nothing of it is shown.
            ours: ours.filter(|_| encryption != Encryption::None),
            encryption,
            to,
            roots,
            elevated_role,
            may_scan,
            rate,
            listener: Arc::new(Deaf),
            location,
        })
    }

    /// Whether a text is the address of such a server, right or wrong.
    pub fn is_address(text: &str) -> bool {
        S::Address::SCHEMES.iter().any(|scheme| text.starts_with(scheme))
    }

    /// The URL without the password in it: what may be shown and kept.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// How what is sent is kept from others, for a person.
    pub(crate) fn encryption_told(&self) -> String {
        let sentence = self.encryption.sentence();
        match (self.to.has_socket(), self.to.is_over_network()) {
            (true, false) => format!("{sentence}: it is a socket of this machine"),
            (true, true) if self.encryption != Encryption::None => {
                format!("{sentence}; over a socket of this machine nothing is encrypted")
            }
            _ => sentence.to_owned(),
        }
    }

    /// The password, where the URL does not hold it.
    pub fn with_password(mut self, password: &Secret) -> Options<S> {
        self.to.set_password(password);
        self
    }

    /// `listener` hears of every statement that is sent.
    pub fn heard_by(mut self, listener: Arc<dyn Listener>) -> Options<S> {
        self.listener = listener;
        self
    }
}

/// Says nothing that must not be shown.
impl<S: Open> fmt::Debug for Options<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("location", &self.location)
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
    }
}
