//! What bytes are, by themselves, and that opening them is bounded.

use std::io::Write as _;

use refold_core::event::Encoding;

use super::*;
use crate::layout::ColumnName;

fn body(decode: &[DecodeStep]) -> BodySource {
    BodySource {
        column: ColumnName {
            alias: None,
            spellings: vec!["body".into()],
        },
        decode: decode.to_vec(),
        unwrap: Unwrap::None,
        is_optional: false,
    }
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn formats_are_told_apart_by_their_first_bytes() {
    let auto = body(&[DecodeStep::Auto]);
    let mut decoder = Decoder::default();
    for (bytes, expected) in [
        (&b"{\"a\":1}"[..], Ok(Encoding::Json)),
        (b" \n[1]", Ok(Encoding::Json)),
        (b"-12.5e3", Ok(Encoding::Json)),
        (b"null", Ok(Encoding::Json)),
        (b"---\n:a: 1\n", Ok(Encoding::Text)),
        (b"<xml/>", Ok(Encoding::Text)),
        (b"12 apples", Ok(Encoding::Text)),
        (b"", Err("it is empty")),
        (b"\x80\x04K\x01.", Err("pickle")),
        (b"\xac\xed\x00\x05t", Err("Java")),
        (b"\x00\x01\x00\x00\x00\xff\xff\xff\xff", Err(".NET")),
        (b"{\"a\":\"\xff\"}", Err("known format")),
    ] {
        match (decoder.decode(&auto, bytes, 1000), expected) {
            (Ok(encoding), Ok(expected)) => assert_eq!(encoding, expected, "{bytes:?}"),
            (Err(fault), Err(expected)) => assert!(fault.contains(expected), "{fault}"),
            (got, expected) => panic!("{bytes:?}: {got:?}, {expected:?}"),
        }
    }
}

#[test]
fn a_small_value_that_opens_to_a_huge_one_is_cut_off() {
    let bomb = zlib(&vec![b' '; 10_000_000]);
    assert!(bomb.len() < 20_000);
    let mut decoder = Decoder::default();
    let fault = decoder
        .decode(&body(&[DecodeStep::Auto]), &bomb, 1_000_000)
        .unwrap_err();
    assert!(fault.contains("more than 1,000,000 bytes"), "{fault}");
    assert_eq!(
        decoder.decode(&body(&[DecodeStep::Zlib, DecodeStep::Json]), &zlib(b"[1]"), 10),
        Ok(Encoding::Json)
    );
    assert_eq!(decoder.document(b"unused"), b"[1]");
    assert!(decoder.decode(&body(&[DecodeStep::Zlib]), b"{}", 10).is_err());
    assert_eq!(
        decoder.document(b"{}"),
        b"{}",
        "after a fault the stored bytes are all there is"
    );
}
