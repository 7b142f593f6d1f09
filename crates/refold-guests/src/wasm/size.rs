//! How large the functions of a module are, before anything is compiled: what the compiler does for one grows faster
//! than the function.

/// The largest function that is compiled, in bytes of its body.
pub const MAX_FUNCTION_BYTES: u32 = 512 << 10;

const HEADER_BYTES: usize = 8;
const CODE_SECTION: u8 = 10;

/// The size of the largest function. `None`: the module is not well formed, which its compiler says better.
pub fn largest_function(wasm: &[u8]) -> Option<u32> {
    let mut rest = wasm.get(HEADER_BYTES..)?;
    while let Some((id, after)) = rest.split_first() {
        rest = after;
        let length = number(&mut rest)?;
        let (mut section, after) = rest.split_at_checked(length as usize)?;
        rest = after;
        if *id == CODE_SECTION {
            let mut largest = 0;
            for _ in 0..number(&mut section)? {
                let body = number(&mut section)?;
                section = section.get(body as usize..)?;
                largest = largest.max(body);
            }
            return Some(largest);
        }
    }
    Some(0)
}

/// A number of 32 bits as a module writes it: seven bits a byte, least first.
fn number(rest: &mut &[u8]) -> Option<u32> {
    let mut number = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
