//! Signing in: the server's greeting, encryption, and the proof of the password.
//!
//! A password itself is only ever sent where the connection is encrypted to a server whose certificate was checked, or
//! over a socket of this machine.

use std::sync::Arc;

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use rustls::ClientConfig;

use super::options::Options;
use super::wire::{Parts, Patience, Wire, garbled, put_counted};
use crate::server::address::Encryption;
use crate::server::link::{Blame, Fault};

/// What the server says of itself before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// `8.0.36`, `5.5.5-10.11.19-MariaDB-…`
    pub version: String,
    /// The number of our connection there.
    pub id: u32,
    can: u32,
    nonce: Vec<u8>,
    plugin: String,
}

/// How the server is reached, as far as it matters for a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Socket,
    Tcp,
}

// What both ends can, by the names of the protocol's own documentation.
const LONG_PASSWORD: u32 = 1;
const LONG_FLAG: u32 = 1 << 2;
const CONNECT_WITH_DB: u32 = 1 << 3;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;
const CONNECT_ATTRS: u32 = 1 << 20;
const PLUGIN_AUTH_LENENC: u32 = 1 << 21;
/// All that we ever ask for. Several statements at once, files of this machine and compression are not among it.
const WANTED: u32 = LONG_PASSWORD
    | LONG_FLAG
    | CONNECT_WITH_DB
    | PROTOCOL_41
    | TRANSACTIONS
    | SECURE_CONNECTION
    | PLUGIN_AUTH
    | CONNECT_ATTRS
    | PLUGIN_AUTH_LENENC;
const NEEDED: u32 = PROTOCOL_41 | SECURE_CONNECTION | CONNECT_WITH_DB;
/// utf8mb4_general_ci, which every server knows.
const UTF8: u8 = 45;
/// We never send more at once.
const LARGEST_SENT: u32 = 1 << 24;
/// Steps of a proof, of which no honest server needs more.
const MOST_STEPS: usize = 8;

/// Signs in; afterwards statements can be sent.
pub fn sign_in(
    wire: &mut Wire,
    options: &Options,
    (way, host): (Way, &str),
    tls: Option<&Arc<ClientConfig>>,
    patience: &Patience<'_>,
) -> Result<Greeting, Fault> {
    let first = wire.receive(patience)?;
    if first.first() == Some(&0xff) {
        return Err(said(&first));
    }
    let greeting = Greeting::read(&first).ok_or_else(|| garbled("its greeting is cut short"))?;
    if greeting.can & NEEDED != NEEDED {
        return Err(refused("the server is too old: it is older than MySQL 5.0"));
    }
    let mut can = WANTED & (greeting.can | LONG_PASSWORD);
    let is_encrypted = match tls.filter(|_| way == Way::Tcp) {
        None => false,
        Some(tls) => {
            if greeting.can & SSL == 0 {
                return Err(refused(
                    "the server offers no encryption (TLS), and nothing is said to it in the clear; \
                     sslmode=disable allows that",
                ));
            }
            can |= SSL;
            wire.send(&head(can))?;
            wire.encrypt(Arc::clone(tls), host, patience)?;
            true
        }
    };
    let may_be_told = way == Way::Socket || (is_encrypted && options.encryption >= Encryption::Authority);
    let proof = Proof {
        password: options
            .to
            .password
            .as_ref()
            .map(|secret| secret.reveal().as_bytes())
            .unwrap_or_default(),
        may_be_told,
    };
    let first_proof = proof.of(&greeting.plugin, &greeting.nonce);
    // A method that the server prefers and we do not know need not be the account's.
    let (plugin, first_proof) = match first_proof {
        Ok(bytes) => (greeting.plugin.as_str(), bytes),
        Err(_) => (NATIVE, proof.native(&greeting.nonce)),
    };
    wire.send(&answer(can, options, plugin, &first_proof))?;
    proof.settle(wire, plugin.to_owned(), patience)?;
    wire.signed_in();
    Ok(greeting)
}

impl Greeting {
    fn read(packet: &[u8]) -> Option<Greeting> {
        let mut parts = Parts(packet);
        if parts.byte()? != 10 {
            return None;
        }
        let version = String::from_utf8_lossy(parts.text()).into_owned();
        let id = parts.long()?;
        let mut nonce = parts.bytes(8)?.to_vec();
        parts.byte()?;
        let low = parts.short()?;
        parts.bytes(3)?;
        let high = parts.short()?;
        let nonce_bytes = usize::from(parts.byte()?);
        parts.bytes(10)?;
        let rest = parts.bytes(nonce_bytes.saturating_sub(8).max(13))?;
        nonce.extend_from_slice(rest.strip_suffix(&[0]).unwrap_or(rest));
        Some(Greeting {
            version,
            id,
            can: u32::from(low) | u32::from(high) << 16,
            nonce,
            plugin: String::from_utf8_lossy(parts.text()).into_owned(),
        })
    }

    /// Whether it is MariaDB.
    pub fn is_mariadb(&self) -> bool {
        self.version.contains("MariaDB")
    }
}

const NATIVE: &str = "mysql_native_password";
const CACHING: &str = "caching_sha2_password";

/// That we know the password.
struct Proof<'a> {
    password: &'a [u8],
    may_be_told: bool,
}

impl Proof<'_> {
    /// What a method begins with.
    fn of(&self, plugin: &str, nonce: &[u8]) -> Result<Vec<u8>, Fault> {
        match plugin {
            NATIVE => Ok(self.native(nonce)),
            CACHING => Ok(self.caching(nonce)),
            "mysql_clear_password" | "sha256_password" => self.itself(),
            "" | "unix_socket" | "auth_socket" => Ok(Vec::new()),
            other => Err(refused(&format!(
                "the account signs in by {other}, which this version does not know; \
                 it knows mysql_native_password, caching_sha2_password, and sha256_password where encrypted"
            ))),
        }
    }

    fn settle(&self, wire: &mut Wire, mut plugin: String, patience: &Patience<'_>) -> Result<(), Fault> {
        for _ in 0..MOST_STEPS {
            let packet = wire.receive(patience)?;
            match packet.split_first() {
                Some((0x00, _)) => return Ok(()),
                Some((0xff, _)) => return Err(said(&packet)),
                Some((0xfe, [])) => return Err(refused("the account has a password of a kind that is no longer safe")),
                Some((0xfe, rest)) => {
                    let mut parts = Parts(rest);
                    plugin = String::from_utf8_lossy(parts.text()).into_owned();
                    let nonce = parts.0.strip_suffix(&[0]).unwrap_or(parts.0);
                    let proof = self.of(&plugin, nonce)?;
                    wire.send(&proof)?;
                }
                // The server knew the proof.
                Some((0x01, [0x03])) if plugin == CACHING => {}
                Some((0x01, [0x04])) if plugin == CACHING => {
                    let password = self.itself()?;
                    wire.send(&password)?;
                }
                _ => return Err(garbled("its answer to the password is none")),
            }
        }
        Err(garbled("it asks for the password without end"))
    }

    /// The password itself.
    fn itself(&self) -> Result<Vec<u8>, Fault> {
        if !self.may_be_told {
            return Err(refused(
                "the server asks for the password itself, which is told only where the server's certificate is checked \
                 (sslmode verify-full or verify-ca) or over a socket",
            ));
        }
        Ok([self.password, &[0]].concat())
    }

    fn native(&self, nonce: &[u8]) -> Vec<u8> {
        if self.password.is_empty() {
            return Vec::new();
        }
        let sha1 = |parts: &[&[u8]]| digest(&SHA1_FOR_LEGACY_USE_ONLY, parts);
        let once = sha1(&[self.password]);
        let twice = sha1(&[&once]);
        either(&once, &sha1(&[nonce, &twice]))
    }

    fn caching(&self, nonce: &[u8]) -> Vec<u8> {
        if self.password.is_empty() {
            return Vec::new();
        }
        let sha256 = |parts: &[&[u8]]| digest(&SHA256, parts);
        let once = sha256(&[self.password]);
        let twice = sha256(&[&once]);
        either(&once, &sha256(&[&twice, nonce]))
    }
}

fn digest(kind: &'static ring::digest::Algorithm, parts: &[&[u8]]) -> Vec<u8> {
    let mut context = Context::new(kind);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().to_vec()
}

fn either(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}

/// What we can and how we write, before and within the answer to the greeting.
fn head(can: u32) -> Vec<u8> {
    let mut packet = can.to_le_bytes().to_vec();
    packet.extend_from_slice(&LARGEST_SENT.to_le_bytes());
    packet.push(UTF8);
    packet.extend_from_slice(&[0; 23]);
    packet
}

fn answer(can: u32, options: &Options, plugin: &str, proof: &[u8]) -> Vec<u8> {
    let mut packet = head(can);
    packet.extend_from_slice(options.to.user.as_bytes());
    packet.push(0);
    if can & PLUGIN_AUTH_LENENC != 0 {
        put_counted(proof, &mut packet);
    } else {
        packet.extend(u8::try_from(proof.len()));
        packet.extend_from_slice(proof);
    }
    packet.extend_from_slice(options.to.database.as_bytes());
    packet.push(0);
    if can & PLUGIN_AUTH != 0 {
        packet.extend_from_slice(plugin.as_bytes());
        packet.push(0);
    }
    if can & CONNECT_ATTRS != 0 {
        let mut attributes = Vec::new();
        put_counted(b"program_name", &mut attributes);
        put_counted(b"refold", &mut attributes);
        put_counted(&attributes, &mut packet);
    }
    packet
}

fn refused(why: &str) -> Fault {
    Fault::Said {
        code: None,
        detail: why.to_owned(),
        blame: Blame::Unreachable,
    }
}

/// What the server says against what it was asked.
pub fn said(packet: &[u8]) -> Fault {
    let mut parts = Parts(packet.get(1..).unwrap_or_default());
    let Some(code) = parts.short() else {
        return garbled("an error is cut short");
    };
    // The state of the SQL standard, which is left out where nobody has signed in yet.
    if parts.0.first() == Some(&b'#') {
        parts.bytes(6);
    }
    let detail = String::from_utf8_lossy(parts.0).into_owned();
    let blame = match code {
        // Too many connections, and of this user too many.
        1040 | 1203 | 1226 => Blame::Full,
        // Too few means, shutting down, lost.
        1041 | 1053 | 1077 | 1152 | 1158..=1161 | 1184 | 1927 | 2006 | 2013 => Blame::Connection,
        // A time limit, a lock, a deadlock.
        1205 | 1213 | 1317 | 1969 | 3024 | 3572 => Blame::Load,
        // Out of memory, also for sorting.
        1037 | 1038 => Blame::Means,
        1045 | 1698 | 1820 | 3118 | 4151 => Blame::Denied,
        // On the database, a table, a column, the server, a routine.
        1044 | 1142 | 1143 | 1227 | 1370 => Blame::Ungranted,
        1049 => Blame::NoDatabase,
        1129 | 1130 | 1251 | 3159 => Blame::Unreachable,
        1030 | 1034 | 1194 | 1195 | 1712 => Blame::Corrupt,
        _ => Blame::Statement,
    };
    Fault::Said {
        code: Some(code.to_string()),
        detail,
        blame,
    }
}

#[cfg(test)]
mod tests;
