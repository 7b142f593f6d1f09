//! Texts as they are written in an address, by percent signs (RFC 3986).

/// A text as it is written in an address.
pub fn encoded(text: &str) -> String {
    encoded_but(text, b"-._~")
}

pub fn encoded_host(text: &str) -> String {
    encoded_but(text, b"-._~:[]")
}

fn encoded_but(text: &str, plain: &[u8]) -> String {
    let letter = |byte: u8| match byte.is_ascii_alphanumeric() || plain.contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}
