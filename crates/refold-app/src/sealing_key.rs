//! The key that what is kept of servers is sealed with: in a file of the user's data folder, away from the cache that it
//! opens, or where the settings say that it comes from.
//!
//! Whoever can read the files of the user can read that file too; who has only the cache folder (a backup, a disk that
//! was sold) has nothing. No key, and no text that could hold one, is part of an error.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use refold_core::port::system::in_words;
use refold_stores::sealing::{KEY_BYTES, Key};
use sha2::{Digest as _, Sha256};

use crate::connections::Surroundings;
use crate::connections::passfile::Wanted;
use crate::connections::password::Source;
use crate::error::{AppError, ErrorCode};
use crate::places::Places;
use crate::settings;

/// What the keychain calls it, in the place of a connection; none can be called so, whose password it would be.
const IN_KEYCHAIN: &str = "@cache";
/// A text that could be guessed is none.
const LEAST_LETTERS: usize = 32;

/// Where it is, unless the settings say otherwise.
pub fn file(places: &Places) -> PathBuf {
    places.data.join("cache.key")
}

/// The key; made where there is none yet.
pub fn key(places: &Places) -> Result<Key, AppError> {
    match settings::cache_key(places)? {
        Some(source) => of_source(&source),
        None => of_file(&file(places)),
    }
}

/// Whether it would come from a program, the keychain or a variable, in words; else where its file is.
pub fn told(places: &Places) -> Result<String, AppError> {
    Ok(match settings::cache_key(places)? {
        Some(Source::Keychain) => "the keychain of the system".to_owned(),
        Some(Source::Variable(name)) => format!("the variable {name}"),
        Some(_) => "what a program prints".to_owned(),
        None => file(places).display().to_string(),
    })
}

fn of_source(source: &Source) -> Result<Key, AppError> {
    let nowhere = Wanted {
        host: "",
        port: 0,
        database: "",
        user: "",
    };
    let text = source.fetch(&Surroundings::default(), IN_KEYCHAIN, &[nowhere])?;
    match text
        .into_iter()
        .next()
        .flatten()
        .filter(|text| text.reveal().chars().count() >= LEAST_LETTERS)
    {
        Some(text) => Ok(Key::new(&Sha256::digest(text.reveal().as_bytes()).into())),
        None => Err(AppError::invalid(
            format!("the key of the cache is shorter than {LEAST_LETTERS} letters"),
            "make one of 64 random hexadecimal digits, and put it where the line cache_key of the settings says",
        )
        .typed("openssl rand -hex 32")),
    }
}

fn of_file(file: &Path) -> Result<Key, AppError> {
    let failed = |error: io::Error| {
        AppError::new(
            ErrorCode::Denied,
            format!(
                "the key of the cache cannot be used ({}): {}",
                in_words(&error),
                file.display()
            ),
            "set the cache of the connection to memory, or make room there and rights for yourself alone",
        )
        .typed("chmod 600")
    };
    match read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found.map_err(failed),
    }
    make(file).map_err(failed)?;
    // That of another process, where it was quicker.
    read(file).map_err(failed)
}

fn read(file: &Path) -> io::Result<Key> {
    let opened = File::open(file)?;
    // Of what was opened, and not of what has its name by now.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if opened.metadata()?.permissions().mode() & 0o077 != 0 {
            return Err(io::Error::other("others may read it"));
        }
    }
    let mut bytes = Vec::with_capacity(KEY_BYTES + 1);
    opened.take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    let secret: Result<[u8; KEY_BYTES], _> = bytes.as_slice().try_into();
    let secret = secret.map_err(|_| io::Error::other("it is no key; without the file a new one is made"))?;
    Ok(Key::new(&secret))
}

/// A file of ours is readable for nobody else.
fn make(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(&*Key::fresh()?)?;
    new.as_file().sync_all()?;
    match new.persist_noclobber(file) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_readable_for_nobody_else() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        let sealed = key(&places).unwrap().seal("text", b"a text").unwrap();
        let again = key(&places).unwrap();
        assert_eq!(again.unseal("text", &sealed).as_deref(), Some(&b"a text"[..]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(file(&places)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            fs::set_permissions(file(&places), fs::Permissions::from_mode(0o640)).unwrap();
            let refused = key(&places).unwrap_err();
            assert!(refused.message.contains("others may read it"), "{refused:?}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_made_again() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        key(&places).unwrap();
        for length in [0, KEY_BYTES - 1, KEY_BYTES + 1] {
            fs::write(file(&places), vec![7; length]).unwrap();
            let refused = key(&places).unwrap_err();
            assert!(refused.message.contains("it is no key"), "{length}: {refused:?}");
            assert_eq!(fs::read(file(&places)).unwrap(), vec![7; length]);
        }
    }

    #[test]
    fn it_comes_from_where_the_settings_say() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        fs::create_dir_all(&places.config).unwrap();
        let say = |line: &str| fs::write(settings::settings_file(&places), line).unwrap();
        say("cache_key = \"command printf 0123456789abcdef0123456789abcdef\"\n");
        let sealed = key(&places).unwrap().seal("text", b"a text").unwrap();
        assert!(key(&places).unwrap().unseal("text", &sealed).is_some());
        assert!(!file(&places).exists());
        say("cache_key = \"command printf short\"\n");
        assert!(key(&places).unwrap_err().message.contains("shorter than 32"));
        for wrong in ["ask", "pgpass", "hunter2"] {
            say(&format!("cache_key = \"{wrong}\"\n"));
            let refused = key(&places).unwrap_err();
            assert!(refused.message.contains("cache_key"), "{refused:?}");
            assert!(!refused.message.contains("hunter2"), "{refused:?}");
        }
    }
}
