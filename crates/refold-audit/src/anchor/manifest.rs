//! `anchor.json`: what was anchored, and how. Canonical JSON (RFC 8785): members by name, numbers below 2^53 only.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Hash, hex};

/// The only format that there is.
pub const FORMAT: &str = "refold-anchor/2";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: String,
    pub store: StoreIdentity,
    /// What of an event the leaves cover and in which form, a sentence each.
    pub treatment: Vec<String>,
    /// The columns of the store's rows that the leaves cover besides, in the order of their names. One that comes later is
    /// not among them, and changes no leaf.
    pub columns: Vec<String>,
    /// The highest position that was anchored, and how it was known that nothing below it can still come.
    pub horizon: String,
    pub settled: String,
    /// Ranges of positions between the first and the horizon that no event has: first and last. The first ones of many.
    pub gaps: Vec<(String, String)>,
    pub gap_count: u32,
    /// Leaves of the tree.
    pub size: u64,
    /// In hexadecimal digits.
    pub root: String,
    pub hash: String,
    pub segment_width: u32,
    /// Whether there is `leaves.bin`.
    pub names_events: bool,
    /// Of the key that salts payloads and metadata: its SHA-256. `null`: nothing is salted.
    pub salt_key_sha256: Option<String>,
    /// The SHA-256 of the earlier anchor's `anchor.json`.
    pub previous: Option<String>,
    /// When it was made, by this machine's clock: RFC 3339 in UTC.
    pub made_at: String,
    /// `Refold 0.1.0`
    pub made_by: String,
    /// The minisign key that signed it, as minisign prints it. `null`: nobody did.
    pub signed_by: Option<String>,
}

/// What makes a store the same one after it was copied, moved or has grown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreIdentity {
    /// `SQLite`, `JSON Lines`, …
    pub kind: String,
    /// The id of its layout.
    pub layout: String,
}

impl Manifest {
    pub fn to_json(&self) -> Vec<u8> {
        canonical(self)
    }

    /// Reads what [`Manifest::to_json`] wrote, byte for byte; the error says what is wrong.
    pub fn parse(json: &[u8]) -> Result<Manifest, String> {
        parse_canonical(json, FORMAT, |manifest: &Manifest| &manifest.format)
    }
}

impl StoreIdentity {
    /// What the checkpoint's first line is.
    pub fn origin(&self) -> String {
        let digest: Hash = Sha256::digest(canonical(self)).into();
        format!("refold.local/{}", &hex(&digest)[..16])
    }
}

/// Reads what [`canonical`] wrote, byte for byte, of this format; the error says what is wrong.
pub(crate) fn parse_canonical<T: Serialize + DeserializeOwned>(
    json: &[u8],
    format: &str,
    format_of: impl Fn(&T) -> &String,
) -> Result<T, String> {
    let read: T = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    if format_of(&read) != format {
        return Err(format!(
            "its format is {}, and this program knows {format}",
            format_of(&read)
        ));
    }
    if canonical(&read) != json {
        return Err("it is not canonical JSON".to_owned());
    }
    Ok(read)
}

/// By way of a value, whose members are in the order of their names.
pub(crate) fn canonical(value: &impl Serialize) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "texts, small numbers and lists of them always become JSON"
    )]
    let value = serde_json::to_value(value).expect("plain values become JSON");
    value.to_string().into_bytes()
}
