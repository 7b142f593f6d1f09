//! Compiled code that is kept in the user's cache folder. It is a cache: whatever is damaged, of another engine or not
//! ours is not believed, and made anew.

use std::fs;
use std::hash::Hash as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

use crate::engine;

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

const MAGIC: &[u8; 16] = b"refold-compiled1";
const HASH_BYTES: usize = 32;

/// Keeps compiled code in this folder of the user's from now on. Said once, before the first handler is opened;
/// without it code is compiled anew by every process.
pub fn keep_compiled_code_in(folder: &Path) {
    let _ = FOLDER.set(folder.to_owned());
}

/// Compiled code, as it is handed to whoever runs it.
pub type Code = Arc<[u8]>;

/// The code of a module of ours, which is compiled here.
///
/// # Errors
/// In words.
pub fn compiled_ours(wasm: &[u8]) -> Result<Code, String> {
    let engine = engine::engine()?;
    compiled(wasm, || {
        engine.precompile_module(wasm).map_err(|error| format!("{error:#}"))
    })
}

/// The code of a module, from the cache where it can be believed, or else as `compile` makes it.
pub fn compiled<E>(wasm: &[u8], compile: impl FnOnce() -> Result<Vec<u8>, E>) -> Result<Code, E> {
    match (FOLDER.get(), engine::engine()) {
        (Some(folder), Ok(engine)) => compiled_in(folder, engine, wasm, compile),
        _ => compile().map(Code::from),
    }
}

pub(crate) fn compiled_in<E>(
    folder: &Path,
    engine: &Engine,
    wasm: &[u8],
    compile: impl FnOnce() -> Result<Vec<u8>, E>,
) -> Result<Code, E> {
    let path = folder.join(file_name(engine, wasm));
    if let Some(code) = read(&path) {
        return Ok(Code::from(code));
    }
    let code = compile()?;
    // Without room for a cache the next process compiles again.
    let _ = write(&path, &code);
    Ok(Code::from(code))
}

/// Names both the module and whatever its code depends on.
fn file_name(engine: &Engine, wasm: &[u8]) -> String {
    let mut hasher = Fingerprint(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.update(wasm);
    let name = hasher
        .0
        .finalize()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    format!("guest-{name}.compiled")
}

/// The code of a file that is whole and that nobody else may write.
fn read(path: &Path) -> Option<Vec<u8>> {
    if !is_private(path)? {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let (hash, body) = bytes.strip_prefix(MAGIC)?.split_at_checked(HASH_BYTES)?;
    (hash == Sha256::digest(body).as_slice()).then(|| body.to_vec())
}

/// Writes beside and renames, so that no half file is ever seen under the name.
fn write(path: &Path, code: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    let mut file = private_file(&beside)?;
    let written = file
        .write_all(MAGIC)
        .and_then(|()| file.write_all(&Sha256::digest(code)))
        .and_then(|()| file.write_all(code))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let _ = fs::remove_file(path);
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    fs::File::create(path)
}

/// Whether only the owner of the folder it is in may write the file, and it is a file. `None` where there is none.
#[cfg(unix)]
fn is_private(path: &Path) -> Option<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let file = fs::symlink_metadata(path).ok()?;
    let ours = fs::metadata("/proc/self").map_or_else(|_| file.uid(), |own| own.uid());
    Some(file.is_file() && file.mode() & 0o022 == 0 && file.uid() == ours)
}

#[cfg(not(unix))]
fn is_private(path: &Path) -> Option<bool> {
    fs::symlink_metadata(path).ok().map(|file| file.is_file())
}

/// SHA-256 as a [`std::hash::Hasher`], for what only says `Hash`.
struct Fingerprint(Sha256);

impl std::hash::Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}
