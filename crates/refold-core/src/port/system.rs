//! What the operating system answers to whoever reads and writes files, in words that an error can hold: without the
//! system's numbers, and without a path, which the sentence around it names. It asks the system nothing itself.

use std::io::{Error, ErrorKind};

/// See the module. What it has no words for stays as it was said.
pub fn in_words(error: &Error) -> String {
    let said = error.to_string();
    // What one of us says has words of its own; what a path was put to is still the system's.
    let (said, is_system) = match said.split_once(" (os error ") {
        Some((said, _)) => (said.to_owned(), true),
        None => (said, error.get_ref().is_none()),
    };
    let words = match error.kind() {
        _ if !is_system => return said,
        ErrorKind::NotFound => "there is no such file or folder",
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::AlreadyExists => "there is one of this name already",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::NotADirectory => "a part of its path is no folder",
        ErrorKind::StorageFull => "no room is left",
        ErrorKind::ReadOnlyFilesystem => "nothing can be written there",
        ErrorKind::InvalidData => "it is no text in UTF-8",
        _ => return said,
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_the_system_and_no_path_is_in_the_words() {
        for number in 1..=133 {
            let words = in_words(&Error::from_raw_os_error(number));
            assert!(!words.contains("os error") && !words.is_empty(), "{number}: {words}");
        }
        let with_path = Error::new(
            ErrorKind::NotFound,
            format!("{} at path \"/x/.tmp\"", Error::from_raw_os_error(2)),
        );
        assert_eq!(in_words(&with_path), "there is no such file or folder");
        assert_eq!(in_words(&ErrorKind::NotFound.into()), "there is no such file or folder");
        let own = Error::new(ErrorKind::AlreadyExists, "the folder is not empty");
        assert_eq!(in_words(&own), "the folder is not empty");
    }
}
