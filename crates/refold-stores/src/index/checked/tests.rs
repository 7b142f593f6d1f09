use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::index::folder::Place;
use crate::sealing::KEY_BYTES;

#[test]
fn a_page_that_could_not_be_written_is_never_sealed_again() {
    let cache = tempfile::tempdir().unwrap();
    let key = Key::new(&[1; KEY_BYTES]);
    let place = Place {
        folder: cache.path(),
        key: Some(&key),
    };
    let folder = Folder::of(place, "a store");
    let _lock = folder.lock().unwrap();
    // The file is made, and that is all.
    let mut writer = CheckedWriter::create(&folder.with_fuse(1), "file").unwrap();
    writer.begin(1).unwrap();
    for times in 1..4 {
        assert!(writer.write(&[7; WRITE_BYTES]).is_err());
        assert_eq!(writer.buffer, Vec::<u8>::new(), "what was sealed is gone");
        assert_eq!(writer.written, times * WRITE_BYTES as u64, "and its numbers with it");
    }
    assert!(writer.finish().is_err());
}

/// A pass over a sealed file that is larger than what passes keep.
#[test]
fn what_is_passed_over_is_right_and_is_not_held() {
    const FILE_BYTES: usize = 80 * PAGE_BYTES + 1_234;
    let cache = tempfile::tempdir().unwrap();
    let key = Key::new(&[1; KEY_BYTES]);
    let place = Place {
        folder: cache.path(),
        key: Some(&key),
    };
    let folder = Folder::of(place, "a store");
    let _lock = folder.lock().unwrap();
    let write = |name: &str, step: usize| {
        let content: Vec<u8> = (0..FILE_BYTES).map(|at| (at / 7 * step) as u8).collect();
        let mut writer = CheckedWriter::create(&folder, name).unwrap();
        writer.begin(1).unwrap();
        writer.write(&content).unwrap();
        let file = CheckedFile::open(&folder, &writer.finish().unwrap()).unwrap();
        (file, content)
    };
    let files = [write("one", 1), write("other", 3)];
    let range = (0..=FILE_BYTES, 0..3 * PAGE_BYTES).prop_map(|(start, len)| start..(start + len).min(FILE_BYTES));
    let far = (0..=FILE_BYTES).prop_map(|start| start..FILE_BYTES);
    let reads = prop::collection::vec((0..2_usize, prop_oneof![9 => range, 1 => far]), 1..20);
    let mut runner = TestRunner::new(Config::with_source_file(file!()));
    let outcome = runner.run(&reads, |reads| {
        let mut window = Window::default();
        for (of, range) in reads {
            let (file, content) = &files[of];
            let longest = range.len() + 2 * PAGE_BYTES;
            prop_assert_eq!(file.read(range.clone(), &mut window).unwrap(), &content[range]);
            let is_bounded = |bytes| bytes <= longest.max(Window::KEPT_BYTES);
            // Nothing is unsealed for nothing, and so nothing is let go.
            prop_assert!(longest == 2 * PAGE_BYTES || is_bounded(window.clear.capacity()));
        }
        Ok(())
    });
    outcome.unwrap();
    let mut window = Window::default();
    for (file, content) in &files {
        for start in (0..FILE_BYTES).step_by(1_000) {
            let range = start..(start + 1_000).min(FILE_BYTES);
            assert_eq!(file.read(range.clone(), &mut window).unwrap(), &content[range]);
            assert!(window.clear.len() <= 2 * PAGE_BYTES, "what was passed over is let go");
        }
        let behind = file.read(FILE_BYTES..FILE_BYTES + 1, &mut window);
        assert!(matches!(behind, Err(IndexError::Damaged { .. })), "{behind:?}");
        assert_eq!(file.pages_held(), 0);
        // What is looked up all over stays.
        assert_eq!(file.bytes(5..9).unwrap(), &content[5..9]);
        assert_eq!(file.pages_held(), 1);
    }
}
