use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

/// Whoever reads it as any other file waits for its other end.
#[test]
fn a_pipe_in_the_place_of_a_file_is_said_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    mknodat(CWD, &file, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let changed = change(&file, |_| Ok((String::new(), ()))).unwrap_err();
    for error in [read(&file).unwrap_err(), changed] {
        assert_eq!(error.code, ErrorCode::InvalidInput, "{error:?}");
        assert!(error.message.contains("no plain file"), "{error:?}");
        assert!(error.message.ends_with("settings.toml"), "{error:?}");
    }
}

#[test]
fn nothing_is_kept_that_could_not_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.toml");
    let text = |more: u64| " ".repeat(usize::try_from(MOST_TEXT_BYTES + more).unwrap());
    change(&file, |_| Ok((text(0), ()))).unwrap();
    let refused = change(&file, |_| Ok((text(1), ()))).unwrap_err();
    assert!(refused.message.contains("more than 8,388,608 bytes"), "{refused:?}");
    assert_eq!(read(&file).unwrap(), Some(text(0)));
    fs::write(&file, text(1)).unwrap();
    let refused = read(&file).unwrap_err();
    assert!(refused.message.contains("larger than 8,388,608 bytes"), "{refused:?}");
    assert!(refused.hint.contains("plain file of text"), "{refused:?}");
}
