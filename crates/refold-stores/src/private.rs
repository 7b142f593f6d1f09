//! Folders for what must be made on this machine of a store: nobody but the user may look into them.

use std::io;
use std::path::Path;

use tempfile::TempDir;

/// A new folder in `within`, which goes when it is dropped. Of Unix modes it has 0700; elsewhere it has what folders of
/// its place have.
pub fn folder(prefix: &str, within: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(within)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn nobody_else_may_look_into_it() {
        let around = tempfile::tempdir().unwrap();
        let folder = super::folder("own-", around.path()).unwrap();
        assert_eq!(folder.path().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}
