use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use proptest::prelude::*;
use refold_core::port::system::in_words;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

#[test]
fn what_waits_or_never_ends_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    mknodat(CWD, place("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    symlink(place("pipe"), place("to a pipe")).unwrap();
    symlink("/dev/zero", place("to a device")).unwrap();
    let _listening = UnixListener::bind(place("socket")).unwrap();
    for name in ["pipe", "to a pipe", "to a device", "socket"] {
        for links in [Links::Followed, Links::Refused] {
            let error = open(&place(name), links).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}: {error}");
            assert!(in_words(&error).contains("no plain file"), "{name}: {error}");
        }
        assert!(read(&place(name), MOST_TEXT_BYTES).is_err(), "{name}");
    }
    let of_folder = |links| in_words(&open(folder.path(), links).unwrap_err());
    assert_eq!(of_folder(Links::Followed), "it is a folder");
    assert!(of_folder(Links::Refused).contains("no plain file"));
    let absent = read(&place("absent"), MOST_TEXT_BYTES).unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound);
}

#[test]
fn a_link_is_followed_where_it_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, "held").unwrap();
    symlink(&file, &link).unwrap();
    assert_eq!(read_text(&link, 4).unwrap(), "held");
    assert!(open(&link, Links::Refused).is_err());
    assert!(open(&file, Links::Refused).is_ok());
    fs::write(&file, [0xff]).unwrap();
    let error = read_text(&file, 4).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(in_words(&error), "it is no text in UTF-8");
}

/// One that takes no room and would fill the memory.
#[test]
fn a_file_beyond_the_bound_is_not_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::File::create(&file).unwrap().set_len(1 << 33).unwrap();
    let error = read(&file, MOST_TEXT_BYTES).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    assert_eq!(
        in_words(&error),
        "it is larger than 8,388,608 bytes, the most that is read of such a file"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn all_is_read_or_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..40), most in 0_u64..40) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, &bytes).unwrap();
        let outcome = read(&file, most);
        match bytes.len() as u64 <= most {
            true => prop_assert_eq!(outcome.unwrap(), bytes),
            false => prop_assert_eq!(outcome.unwrap_err().kind(), ErrorKind::FileTooLarge),
        }
    }
}
