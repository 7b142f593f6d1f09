//! The files of a report as somebody reads them who looks for what should not be there: everything that is deflated, what
//! the pages of a PDF say, and every way of writing a text.

use std::collections::HashMap;
use std::io::Read as _;

use super::bytes_of;

/// The bytes of a file, and of everything in it that is deflated.
pub fn layers(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut layers = vec![bytes.to_vec()];
    // Members of a workbook, by their local headers.
    for at in memchr::memmem::find_iter(bytes, b"PK\x03\x04") {
        let short = |from: usize| usize::from(u16::from_le_bytes([bytes[at + from], bytes[at + from + 1]]));
        let start = at + 30 + short(26) + short(28);
        let mut out = Vec::new();
        // What is no deflated text after all ends in an error, and what came before is looked at.
        let _ = flate2::read::DeflateDecoder::new(&bytes[start..]).read_to_end(&mut out);
        layers.push(out);
    }
    // Streams of a PDF.
    for at in memchr::memmem::find_iter(bytes, b"stream\n") {
        let mut out = Vec::new();
        let _ = flate2::read::ZlibDecoder::new(&bytes[at + 7..]).read_to_end(&mut out);
        layers.push(out);
    }
    layers.extend(printed(&layers));
    layers
}

/// What the pages of a PDF say: the numbers of letters in its streams, read by every table that says which letters they are.
fn printed(layers: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let fonts = layers
        .iter()
        .filter(|layer| memchr::memmem::find(layer, b"begincmap").is_some());
    let fonts: Vec<HashMap<u16, String>> = fonts.map(|layer| letters(&String::from_utf8_lossy(layer))).collect();
    let pages = layers
        .iter()
        .filter(|layer| memchr::memmem::find(layer, b" Tf ").is_some());
    let pages: Vec<Vec<u16>> = pages.map(|layer| numbers(layer)).collect();
    let read = |page: &Vec<u16>, font: &HashMap<u16, String>| -> String {
        page.iter()
            .filter_map(|number| font.get(number))
            .map(String::as_str)
            .collect()
    };
    let all = pages
        .iter()
        .flat_map(|page| fonts.iter().map(move |font| read(page, font)));
    all.map(String::into_bytes).collect()
}

/// The lines `<0001> <0041>` of a table of letters.
fn letters(table: &str) -> HashMap<u16, String> {
    let hex = |text: &str| -> Vec<u16> {
        let digits = text.trim().trim_start_matches('<').trim_end_matches('>').as_bytes();
        let four = |four: &[u8]| u16::from_str_radix(std::str::from_utf8(four).ok()?, 16).ok();
        digits.chunks(4).map_while(four).collect()
    };
    let line = |line: &str| -> Option<(u16, String)> {
        let (number, text) = line.split_once(' ')?;
        let [number] = hex(number)[..] else { return None };
        Some((number, String::from_utf16_lossy(&hex(text))))
    };
    table
        .lines()
        .filter(|it| it.starts_with('<'))
        .filter_map(line)
        .collect()
}

/// What stands in the texts `(…)` of a stream, two bytes a number.
fn numbers(stream: &[u8]) -> Vec<u16> {
    let mut bytes = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = stream.get(at) {
        at += 1;
        match byte {
            b'(' if depth == 0 => depth = 1,
            _ if depth == 0 => {}
            b')' if depth == 1 => depth = 0,
            b'\\' => {
                let octal = stream.get(at..at + 3).and_then(|of| std::str::from_utf8(of).ok());
                let octal = octal.and_then(|of| u8::from_str_radix(of, 8).ok());
                at += if octal.is_some() { 3 } else { 1 };
                bytes.push(octal.unwrap_or_else(|| match stream.get(at - 1) {
                    Some(b'n') => b'\n',
                    Some(b'r') => b'\r',
                    Some(b't') => b'\t',
                    Some(b'b') => 8,
                    Some(b'f') => 12,
                    other => other.copied().unwrap_or_default(),
                }));
            }
            byte => {
                depth = depth + usize::from(byte == b'(') - usize::from(byte == b')');
                bytes.push(byte);
            }
        }
    }
    bytes
        .chunks_exact(2)
        .map(|two| u16::from_be_bytes([two[0], two[1]]))
        .collect()
}

/// A text in every way of writing in which it could stand somewhere.
pub fn writings(text: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
    let wide = |of: fn(u16) -> [u8; 2]| text.iter().flat_map(|byte| of(u16::from(*byte))).collect::<Vec<u8>>();
    let mut all = vec![
        text.to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
    ];
    // In base64 it looks otherwise by where it begins; its ends hang on what stands beside it.
    for before in 0..3 {
        let coded = crate::answer::base64(&[&vec![0; before], text].concat());
        let end = coded.trim_end_matches('=').len() - 1;
        all.push(coded.as_bytes()[[0, 2, 3][before]..end].to_vec());
    }
    all
}

/// The files of a folder in which a text stands, in whatever layer and writing.
pub fn found(dir: &str, text: &[u8]) -> Vec<String> {
    let writings = writings(text);
    let holds = |bytes: &[u8]| {
        let mut layers = layers(bytes).into_iter();
        layers.any(|layer| writings.iter().any(|text| memchr::memmem::find(&layer, text).is_some()))
    };
    let files = bytes_of(dir).into_iter().filter(|(_, bytes)| holds(bytes));
    files.map(|(name, _)| name).collect()
}
