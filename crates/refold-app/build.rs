//! Says of which sources the program is built, so that an answer which another one kept is not taken for its own.

use std::path::PathBuf;
use std::{env, io};

#[path = "build/sources.rs"]
mod sources;

fn main() -> io::Result<()> {
    let of_crate = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    for file in sources::sources(&of_crate)? {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    println!("cargo:rerun-if-changed=build/sources.rs");
    println!("cargo:rustc-env=REFOLD_SOURCES={}", sources::digest(&of_crate)?);
    Ok(())
}
