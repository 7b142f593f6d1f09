//! What a package says of its program, and the files that the program is made of.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use refold_core::value::Value;
use refold_scratch::Scratch;

/// Part of every identity that was made with a program.
pub const PROCESS_ENGINE_ID: &str = "process+refold-ndjson.1";

/// See the module.
#[derive(Debug, Clone)]
pub struct ProgramFile {
    folder: Arc<Scratch>,
    /// The program and its arguments. A name without slash is looked for where programs of the system are; one with a
    /// slash is in the folder, unless it begins with one.
    pub command: Vec<String>,
    /// What it is told when it starts.
    pub options: Value,
}

impl ProgramFile {
    /// Lays these files, by their names with forward slashes, in a folder of their own, which is there as long as this
    /// is: what was looked at is what runs, whatever becomes of the folder that they were read from.
    pub fn of_files<'f>(
        files: impl IntoIterator<Item = (&'f str, &'f [u8])>,
        command: Vec<String>,
        options: Value,
    ) -> io::Result<ProgramFile> {
        let folder = Scratch::private(&std::env::temp_dir(), "refold-program-")?;
        for (name, bytes) in files {
            let path = folder.path().join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut file = fs::File::create_new(&path)?;
            file.write_all(bytes)?;
            read_only(&file)?;
        }
        Ok(ProgramFile {
            folder: Arc::new(folder),
            command,
            options,
        })
    }

    /// The folder that it runs in, the only one of the user's that it can read.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Any of them may be a program.
#[cfg(unix)]
fn read_only(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o500))
}

#[cfg(not(unix))]
fn read_only(file: &fs::File) -> io::Result<()> {
    let mut permissions = file.metadata()?.permissions();
    permissions.set_readonly(true);
    file.set_permissions(permissions)
}
