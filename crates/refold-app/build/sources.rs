//! The sources that answers follow from, and one number that stands for them. It must not know what it is used for.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Beside the folder of this crate. What makes answers that are kept: no code of another engine's process, and no face.
const PLACES: [&str; 5] = [
    "../../Cargo.lock",
    "../refold-app/src",
    "../refold-core/src",
    "../refold-handlers/src",
    "../refold-stores/src",
];

/// All of them, in an order of their own, and named as they lie beside the crate.
pub fn sources(of_crate: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for place in PLACES {
        collect(of_crate, Path::new(place), &mut files)?;
    }
    files.sort();
    Ok(files)
}

/// The same for the same sources, wherever they lie and whenever they were written; another one for others.
pub fn digest(of_crate: &Path) -> io::Result<String> {
    let mut hash = Fnv::default();
    for file in sources(of_crate)? {
        hash.part(file.to_string_lossy().as_bytes());
        hash.part(&fs::read(of_crate.join(&file))?);
    }
    Ok(format!("{:016x}", hash.0))
}

fn collect(of_crate: &Path, place: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let whole = of_crate.join(place);
    if whole.is_file() {
        files.push(place.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(whole)? {
        let name = entry?.file_name();
        // Of a test follows nothing that is kept.
        if name != "tests" && name != "tests.rs" {
            collect(of_crate, &place.join(name), files)?;
        }
    }
    Ok(())
}

/// FNV-1a: nobody who could choose the sources has to be kept from anything.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn part(&mut self, bytes: &[u8]) {
        let length = (bytes.len() as u64).to_le_bytes();
        for byte in length.iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
