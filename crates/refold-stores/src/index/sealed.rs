//! Small files that say which others belong together: a checksum in hexadecimal digits, then JSON.
//!
//! In a folder with a key they are sealed as a whole.
//!
//! What does not match its checksum, or is of another shape, is as good as not there: whatever it names is made again.

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;

use super::error::IndexError;
use super::folder::Folder;

const CHECKSUM_DIGITS: usize = 16;

/// `None` when there is none, or one that is damaged or of another shape.
pub(super) fn read<T: DeserializeOwned>(folder: &Folder, name: &str) -> Result<Option<T>, IndexError> {
    let Some(bytes) = folder.read(name)? else {
        return Ok(None);
    };
    if let Some(key) = folder.key() {
        let body = key.unseal(name, &bytes);
        return Ok(body.and_then(|body| serde_json::from_slice(&body).ok()));
    }
    let Some((checksum, body)) = bytes.split_at_checked(CHECKSUM_DIGITS) else {
        return Ok(None);
    };
    if checksum != format!("{:016x}", xxh3_64(body)).as_bytes() {
        return Ok(None);
    }
    Ok(serde_json::from_slice(body).ok())
}

pub(super) fn write<T: Serialize>(folder: &Folder, name: &str, content: &T) -> Result<(), IndexError> {
    let body = serde_json::to_vec(content).unwrap_or_default(); // numbers, texts and lists cannot fail
    let mut file = folder.create(name)?;
    if let Some(key) = folder.key() {
        let sealed = key.seal(name, &body);
        file.write(&sealed.map_err(|source| IndexError::disk("write", folder.path(), source))?)?;
        return file.finish();
    }
    file.write(format!("{:016x}", xxh3_64(&body)).as_bytes())?;
    file.write(&body)?;
    file.finish()
}
