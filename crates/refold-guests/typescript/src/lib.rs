//! Takes the types out of TypeScript and leaves everything else where it stands, line by line and column by column.
//!
//! What it exports is called by `refold-guests`, which gives it fuel, memory and a stack: a source that nests too deep
//! or is too long ends the module and nothing else. It asks for nothing of the outside.

mod blank;

use std::cell::RefCell;

pub use blank::{Refusal, blanked};

/// What [`strip`] answers with. A refusal stands in the output as `line:column`, a line end and a message.
const DONE: i32 = 0;
const REFUSED: i32 = 1;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Room for `length` bytes of input.
#[unsafe(no_mangle)]
pub extern "C" fn reserve(length: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        *input = vec![0; length];
        input.as_mut_ptr()
    })
}

/// Takes the types out of the source in the input, which is UTF-8.
#[unsafe(no_mangle)]
pub extern "C" fn strip() -> i32 {
    let source = INPUT.take();
    let (status, output) = match blanked(&String::from_utf8_lossy(&source)) {
        Ok(script) => (DONE, script),
        Err(Refusal { line, column, message }) => (REFUSED, format!("{line}:{column}\n{message}")),
    };
    OUTPUT.set(output.into_bytes());
    status
}

#[unsafe(no_mangle)]
pub extern "C" fn output_start() -> *const u8 {
    OUTPUT.with_borrow(|output| output.as_ptr())
}

#[unsafe(no_mangle)]
pub extern "C" fn output_length() -> usize {
    OUTPUT.with_borrow(Vec::len)
}
