//! The content hash of a handler: what it does, and nothing else.
//!
//! SHA-256 over length-prefixed fields under a domain of its own: format, runtime, dialect, abi, the part of the
//! manifest that changes what the handler does, then each file by name with the SHA-256 of its normalised text, or of a
//! module as it is.
//! Titles, documentation, tests, effective dates and limits are not in it. `docs/handlers.md` has the layout.

use sha2::{Digest as _, Sha256};

const DOMAIN: &[u8] = b"refold-handler-v1\0";

/// What goes into the hash of one version.
pub struct Content<'a> {
    pub format: &'a str,
    pub runtime: &'a str,
    pub dialect: &'a str,
    pub abi: &'a str,
    /// Canonical JSON of the semantic part of the manifest.
    pub manifest: &'a [u8],
    /// Names from the version's folder, with forward slashes, and what stands in them: texts normalised, modules as they
    /// are.
    pub files: &'a [(&'a str, &'a [u8])],
}

/// `sha256:` and 64 hex digits.
pub fn of_content(content: &Content<'_>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(DOMAIN);
    field(&mut hasher, "format", content.format.as_bytes());
    field(&mut hasher, "runtime", content.runtime.as_bytes());
    field(&mut hasher, "dialect", content.dialect.as_bytes());
    field(&mut hasher, "abi", content.abi.as_bytes());
    field(&mut hasher, "manifest", content.manifest);
    let mut files = content.files.to_vec();
    files.sort();
    for (name, bytes) in files {
        field(&mut hasher, "file", name.as_bytes());
        field(&mut hasher, "sha256", &Sha256::digest(bytes));
    }
    format!("sha256:{}", hex(&hasher.finalize()))
}

/// The hash of a handler that is part of the program: its name and version stand for its content.
pub fn of_builtin(name: &str, version: &str) -> String {
    let manifest = format!("{name}@{version}");
    let content = Content {
        format: "refold-handler/1",
        runtime: "builtin",
        dialect: "",
        abi: "1",
        manifest: manifest.as_bytes(),
        files: &[],
    };
    of_content(&content)
}

/// SHA-256 of a text, as `sha256:` and 64 hex digits.
pub fn of_bytes(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

/// Name and value, each after its length as eight bytes, least first: no two lists of fields give the same bytes.
fn field(hasher: &mut Sha256, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), value] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
