use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

#[test]
fn a_list_or_an_authority_that_has_no_end_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    for file in [pipe.as_path(), Path::new("/dev/zero")] {
        let list = read_lists(&[file.to_owned()]).err().unwrap();
        for error in [list, read_authorities(file).err().unwrap()] {
            assert_eq!(error.code, ErrorCode::InvalidInput, "{error:?}");
            assert!(error.message.contains("no plain file"), "{error:?}");
        }
    }
}
