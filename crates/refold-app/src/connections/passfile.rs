//! Password files of libpq (`~/.pgpass`, `PGPASSFILE`): lines of `host:port:database:user:password`, as PostgreSQL's
//! manual describes them.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use refold_core::port::system::in_words;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use refold_stores::secret::Secret;

/// Whose password is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// A name, an address, or the folder of a socket.
    pub host: &'a str,
    pub port: u16,
    pub database: &'a str,
    pub user: &'a str,
}

/// Folders of sockets that a line `localhost` speaks of too: where PostgreSQL puts them by default.
const DEFAULT_SOCKETS: [&str; 2] = ["/tmp", "/var/run/postgresql"];

/// The password of the first line that fits. `Err`: why the file is not used although it is there.
pub fn look_up(file: &Path, wanted: &Wanted<'_>) -> Result<Option<Secret>, String> {
    let found = match fs::metadata(file) {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(format!("it cannot be read ({})", in_words(&error))),
    };
    if !found.is_file() {
        return Err("it is no plain file".to_owned());
    }
    if is_open_to_others(&found) {
        return Err("others may read it; its permissions must be u=rw (0600) or less".to_owned());
    }
    let bytes =
        plain_file::read(file, MOST_TEXT_BYTES).map_err(|error| format!("it cannot be read ({})", in_words(&error)))?;
    let text = Secret::new(String::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())?);
    Ok(find(text.reveal(), wanted))
}

/// The password of the first line of a file's text that fits.
pub fn find(text: &str, wanted: &Wanted<'_>) -> Option<Secret> {
    if wanted.database.is_empty() || wanted.user.is_empty() {
        return None;
    }
    let is_default = wanted.host.is_empty() || DEFAULT_SOCKETS.contains(&wanted.host);
    let host = if is_default { "localhost" } else { wanted.host };
    let port = wanted.port.to_string();
    let fields = [host, &port, wanted.database, wanted.user];
    text.split('\n').find_map(|line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.starts_with('#') {
            return None;
        }
        let rest = fields.iter().try_fold(line, |rest, wanted| after_field(rest, wanted))?;
        Some(Secret::new(password(rest)))
    })
}

/// What follows a field that is `*` or the wanted text, up to its colon; `None`: it is neither.
fn after_field<'a>(line: &'a str, wanted: &str) -> Option<&'a str> {
    if let Some(rest) = line.strip_prefix("*:") {
        return Some(rest);
    }
    let (mut wanted, mut letters) = (wanted.chars(), line.chars());
    loop {
        let letter = match letters.next()? {
            ':' if wanted.as_str().is_empty() => return Some(letters.as_str()),
            // Takes the next one as it is; at the end of the line there is none.
            '\\' => letters.next()?,
            letter => letter,
        };
        if wanted.next() != Some(letter) {
            return None;
        }
    }
}

/// Up to the next colon; `\` takes the letter after it as it is, and stands for itself at the end.
fn password(text: &str) -> String {
    let mut letters = text.chars();
    let mut password = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        match letter {
            ':' => break,
            '\\' => password.push(letters.next().unwrap_or('\\')),
            letter => password.push(letter),
        }
    }
    password
}

/// Whether other users of the machine may read a file.
#[cfg(unix)]
pub fn is_open_to_others(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    found.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
pub fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests;
