//! Vectors that OpenSSL made (`vectors/make.sh`).

use proptest::prelude::*;

use super::*;

const DATA: &[u8] = include_bytes!("vectors/data");
const RSA: &[u8] = include_bytes!("vectors/rsa.tsr");
const P384: &[u8] = include_bytes!("vectors/p384.tsr");
/// Its certificate is named in the older way, by SHA-1.
const OLD: &[u8] = include_bytes!("vectors/old.tsr");
/// Of a certificate that another one vouches for, which the root vouches for.
const BELOW: &[u8] = include_bytes!("vectors/below.tsr");
/// Of a certificate whose purpose is not critical.
const LAX: &[u8] = include_bytes!("vectors/lax.tsr");
/// Of a certificate that signs code, too.
const MIXED: &[u8] = include_bytes!("vectors/mixed.tsr");

fn authorities(pem: &[u8]) -> Authorities {
    Authorities::parse(pem).unwrap()
}

fn root() -> Authorities {
    authorities(include_bytes!("vectors/root.pem"))
}

#[test]
fn stamps_of_every_kind_of_signature_hold() {
    for (reply, name) in [(RSA, "rsa"), (P384, "p384"), (OLD, "old"), (BELOW, "below")] {
        let stamp = Stamp::read(reply, DATA).unwrap();
        assert_eq!(stamp.authority, format!("CN=Time Stamps of {name},O=Vectors"));
        assert!(!stamp.claims_qualified);
        assert_eq!(root().check(&stamp), Ok(()), "{name}");
    }
}

#[test]
fn its_time_keeps_fractions_of_a_second() {
    let second = |reply| Stamp::read(reply, DATA).unwrap().time.0 % 1_000_000_000;
    let fractions = [second(RSA), second(P384)];
    assert!(fractions.iter().any(|fraction| *fraction != 0), "{fractions:?}");
    assert!(
        fractions.iter().all(|fraction| fraction % 1_000_000 == 0),
        "{fractions:?}"
    );
}

#[test]
fn a_stamp_is_of_its_bytes_alone() {
    let mut other = DATA.to_vec();
    other[0] ^= 1;
    assert_eq!(Stamp::read(RSA, &other).unwrap_err(), StampError::OtherBytes);
}

#[test]
fn another_authority_vouches_for_nothing() {
    let stamp = Stamp::read(RSA, DATA).unwrap();
    let other = authorities(include_bytes!("vectors/other.pem"));
    assert!(matches!(other.check(&stamp), Err(StampError::Untrusted(_))));
}

#[test]
fn a_certificate_counts_for_its_own_time_only() {
    let mut stamp = Stamp::read(RSA, DATA).unwrap();
    let made = stamp.time;
    stamp.time = Timestamp(made.0 - 86_400_000_000_000);
    assert!(matches!(root().check(&stamp), Err(StampError::Untrusted(why)) if why.contains("not yet")));
    stamp.time = Timestamp(made.0 + 101 * 366 * 86_400_000_000_000);
    assert!(matches!(root().check(&stamp), Err(StampError::Untrusted(why)) if why.contains("expired")));
}

#[test]
fn keys_with_other_purposes_make_no_stamps() {
    for reply in [LAX, MIXED] {
        assert_eq!(
            Stamp::read(reply, DATA).unwrap_err(),
            StampError::Signature("its certificate is not one for time stamps alone")
        );
    }
}

#[test]
fn an_earlier_reply_is_no_answer() {
    let stamp = Stamp::read(RSA, DATA).unwrap();
    assert_eq!(stamp.expect(&Request::new(DATA, 7)), Err(StampError::OtherQuestion));
}

#[test]
fn a_file_without_certificates_names_nobody() {
    assert_eq!(Authorities::parse(b"hello").unwrap_err(), StampError::NoCertificate);
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(Authorities::parse(broken).unwrap_err(), StampError::BadCertificate);
}

#[test]
fn what_an_authority_refuses_is_told_in_its_words() {
    // PKIStatusInfo { 2, "no" }
    let reply = [0x30, 0x0b, 0x30, 0x09, 2, 1, 2, 0x30, 4, 0x0c, 2, b'n', b'o'];
    assert_eq!(
        Stamp::read(&reply, DATA).unwrap_err(),
        StampError::Refused("no".to_owned())
    );
}

/// Every bit of a stamp counts: what holds with one of them changed says the same of the same bytes.
#[test]
fn no_changed_byte_makes_another_stamp() {
    for reply in [RSA, P384, OLD] {
        let whole = Stamp::read(reply, DATA).unwrap();
        for at in 0..reply.len() {
            for bit in [1, 0x80] {
                let mut changed = reply.to_vec();
                changed[at] ^= bit;
                if let Ok(stamp) = Stamp::read(&changed, DATA)
                    && root().check(&stamp).is_ok()
                {
                    assert_eq!(
                        (stamp.time, &stamp.authority),
                        (whole.time, &whole.authority),
                        "byte {at}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_is_cut_off_is_no_stamp() {
    for end in 0..RSA.len() {
        assert!(Stamp::read(&RSA[..end], DATA).is_err(), "{end} bytes");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Stamp::read(&bytes, DATA).is_err());
    }
}
