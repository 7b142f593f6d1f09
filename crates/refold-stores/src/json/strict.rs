//! Whether a text is an object of JSON (RFC 8259) as a whole, in one pass that builds nothing.

use refold_core::value::JsonError;

use super::{skip_blank, value_end};

/// The members of an object: key without its quotes (escapes kept), literal of the value.
pub type Found<'a> = Vec<(&'a [u8], &'a [u8])>;

/// Fails where the text is no object of JSON; see [`strict_members`].
pub fn check(document: &[u8], loose: &[&str]) -> Result<(), JsonError> {
    match strict_members(document, loose).1 {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

/// The members of an object in order, as far as the text is JSON, and why it is not, if so. Values of the members called
/// `loose` need only be closed: what is wrong in them is for whoever reads them.
pub fn strict_members<'a>(document: &'a [u8], loose: &[&str]) -> (Found<'a>, Option<JsonError>) {
    let mut found = Vec::with_capacity(16);
    let fault = members(document, loose, &mut found).err();
    (found, fault)
}

fn members<'a>(document: &'a [u8], loose: &[&str], found: &mut Found<'a>) -> Result<(), JsonError> {
    let mut at = skip_blank(document, 0);
    if document.get(at) != Some(&b'{') {
        return Err(error(at, "expected an object"));
    }
    at = skip_blank(document, at + 1);
    if document.get(at) == Some(&b'}') {
        return end(document, at + 1);
    }
    loop {
        let (key, colon) = key(document, at)?;
        let start = skip_blank(document, colon);
        let behind = if loose.iter().any(|name| key == name.as_bytes()) {
            value_end(document, start).ok_or_else(|| error(document.len(), ENDS_IN_OBJECT))?
        } else {
            value(document, start)?
        };
        found.push((key, document.get(start..behind).unwrap_or_default()));
        at = skip_blank(document, behind);
        match document.get(at) {
            Some(b',') => at = skip_blank(document, at + 1),
            Some(b'}') => return end(document, at + 1),
            Some(_) => return Err(error(at, AFTER_MEMBER)),
            None => return Err(error(at, ENDS_IN_OBJECT)),
        }
    }
}

const ENDS_IN_OBJECT: &str = "the text ends inside an object";
const ENDS_IN_ARRAY: &str = "the text ends inside an array";
const ENDS_IN_TEXT: &str = "the text ends inside quotes";
const AFTER_MEMBER: &str = "expected a comma or the end of the object";
const AFTER_ELEMENT: &str = "expected a comma or the end of the array";

fn error(offset: usize, message: &'static str) -> JsonError {
    JsonError { offset, message }
}

fn end(document: &[u8], at: usize) -> Result<(), JsonError> {
    let at = skip_blank(document, at);
    match at == document.len() {
        true => Ok(()),
        false => Err(error(at, "more text after the value")),
    }
}

/// The key at `at`, and the offset behind its colon.
fn key(document: &[u8], at: usize) -> Result<(&[u8], usize), JsonError> {
    match document.get(at) {
        Some(b'"') => {}
        Some(_) => return Err(error(at, "expected a member name in quotes")),
        None => return Err(error(at, ENDS_IN_OBJECT)),
    }
    let behind = text(document, at)?;
    let colon = skip_blank(document, behind);
    match document.get(colon) {
        Some(b':') => Ok((document.get(at + 1..behind - 1).unwrap_or_default(), colon + 1)),
        Some(_) => Err(error(colon, "expected a colon after a member name")),
        None => Err(error(colon, ENDS_IN_OBJECT)),
    }
}

/// The offset behind the value at `start`. What is open is kept beside, so that no nesting can exhaust the stack.
fn value(document: &[u8], start: usize) -> Result<usize, JsonError> {
    let mut at = start;
    // Whether each container that is open is an object.
    let mut open: Vec<bool> = Vec::new();
    loop {
        // A value begins here.
        match document.get(at) {
            Some(b'{') => {
                at = skip_blank(document, at + 1);
                if document.get(at) == Some(&b'}') {
                    at += 1;
                } else {
                    open.push(true);
                    at = skip_blank(document, key(document, at)?.1);
                    continue;
                }
            }
            Some(b'[') => {
                at = skip_blank(document, at + 1);
                if document.get(at) == Some(&b']') {
                    at += 1;
                } else {
                    open.push(false);
                    continue;
                }
            }
            _ => at = leaf(document, at)?,
        }
        // A value has ended, and perhaps what it is in.
        loop {
            let Some(is_object) = open.last() else {
                return Ok(at);
            };
            at = skip_blank(document, at);
            match (document.get(at), is_object) {
                (Some(b','), true) => {
                    at = skip_blank(document, at + 1);
                    at = skip_blank(document, key(document, at)?.1);
                    break;
                }
                (Some(b','), false) => {
                    at = skip_blank(document, at + 1);
                    break;
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    at += 1;
                    open.pop();
                }
                (Some(_), true) => return Err(error(at, AFTER_MEMBER)),
                (Some(_), false) => return Err(error(at, AFTER_ELEMENT)),
                (None, true) => return Err(error(at, ENDS_IN_OBJECT)),
                (None, false) => return Err(error(at, ENDS_IN_ARRAY)),
            }
        }
    }
}

fn leaf(document: &[u8], at: usize) -> Result<usize, JsonError> {
    let rest = document.get(at..).unwrap_or_default();
    let word = |word: &[u8]| match rest.starts_with(word) {
        true => Ok(at + word.len()),
        false if word.starts_with(rest) => Err(error(document.len(), "the text ends inside a value")),
        false => Err(error(at, "expected a value")),
    };
    match document.get(at) {
        Some(b'"') => text(document, at),
        Some(b'-' | b'0'..=b'9') => number(document, at),
        Some(b't') => word(b"true"),
        Some(b'f') => word(b"false"),
        Some(b'n') => word(b"null"),
        Some(_) => Err(error(at, "expected a value")),
        None => Err(error(at, "the text ends where a value is expected")),
    }
}

fn number(document: &[u8], start: usize) -> Result<usize, JsonError> {
    let is_at = |at: usize, of: &[u8]| document.get(at).is_some_and(|byte| of.contains(byte));
    let digits = |from: usize| {
        let rest = document.get(from..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0)
            .then_some(from + count)
            .ok_or_else(|| error(from, "expected a digit"))
    };
    let mut at = start + usize::from(is_at(start, b"-"));
    // Nothing may follow a zero; then no comma stands where one is expected.
    at = if is_at(at, b"0") { at + 1 } else { digits(at)? };
    if is_at(at, b".") {
        at = digits(at + 1)?;
    }
    if is_at(at, b"eE") {
        at = digits(at + 1 + usize::from(is_at(at + 1, b"+-")))?;
    }
    Ok(at)
}

/// The offset behind the text whose opening quote stands at `start`.
fn text(document: &[u8], start: usize) -> Result<usize, JsonError> {
    let mut at = start + 1;
    loop {
        let rest = document.get(at..).unwrap_or_default();
        at += rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
            .unwrap_or(rest.len());
        match document.get(at) {
            Some(b'"') => break,
            Some(b'\\') => match document.get(at + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
                Some(b'u') => {
                    let digits = document.get(at + 2..).unwrap_or_default();
                    let count = digits
                        .iter()
                        .take(4)
                        .take_while(|byte| byte.is_ascii_hexdigit())
                        .count();
                    if count < 4 {
                        return Err(error(at + 2 + count, "expected four hex digits"));
                    }
                    at += 6;
                }
                Some(_) => return Err(error(at, "unknown escape in text")),
                None => return Err(error(document.len(), ENDS_IN_TEXT)),
            },
            Some(_) => return Err(error(at, "a control character in text must be escaped")),
            None => return Err(error(at, ENDS_IN_TEXT)),
        }
    }
    match std::str::from_utf8(document.get(start..at).unwrap_or_default()) {
        Ok(_) => Ok(at + 1),
        Err(fault) => Err(error(start + fault.valid_up_to(), "invalid UTF-8")),
    }
}
