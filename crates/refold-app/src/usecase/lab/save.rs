//! Saving a test case into a file that a person chose.

use std::io::Write as _;
use std::path::Path;

use crate::error::{AppError, ErrorCode};

/// Writes the case whole, into a file that is not there yet: a case is kept, and none is written over. `store`: nothing
/// is written beside it.
pub fn save_case(store: &str, file: &Path, case: &str) -> Result<(), AppError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let real = |path: &Path| path.canonicalize().ok();
    let of_store = Path::new(store).parent().and_then(real);
    if of_store.is_some() && of_store == real(folder) {
        return Err(AppError::invalid(
            format!("nothing is written beside the store: {}", file.display()),
            "choose another folder, such as `tests` of the handler's package",
        ));
    }
    let failed = |error: std::io::Error| {
        AppError::new(
            ErrorCode::Denied,
            format!("the case cannot be written ({error}): {}", file.display()),
            "name a file that is not there yet, in a folder that may be written to",
        )
    };
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(case.as_bytes()).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist_noclobber(file)
        .map(drop)
        .map_err(|error| failed(error.error))
}

#[cfg(test)]
mod tests;
