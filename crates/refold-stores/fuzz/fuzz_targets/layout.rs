//! Any text as a layout document: it is read or refused with a place in it, and never panics.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(fault) = refold_stores::layout::read_layout(text) {
        let lines = text.split('\n').count();
        assert!(fault.line >= 1 && fault.column >= 1 && fault.line as usize <= lines.max(1), "{fault}");
    }
});
