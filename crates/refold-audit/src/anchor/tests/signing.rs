//! Keys, signatures, checkpoints and the other small files of an anchor.

use crate::anchor::manifest::{FORMAT, Manifest, StoreIdentity};
use crate::anchor::note::{Checkpoint, NoteError};
use crate::anchor::signing::{KeyError, PublicKey, SecretKey, SignatureError};
use crate::anchor::sums;

/// Made by minisign 0.11 with `-G -W`; it guards nothing.
const SECRET: &str = "untrusted comment: minisign encrypted secret key
RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAOgppBIe9d3Hinj1EFHMLqcWqpfY/6F9mvBT18YrfaLuH2mXBgSwrAulB9G6jcdNBxfvEqw/HbTYrGU9hw5aR4+62Fq+qjOJkAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
";
const PUBLIC: &str = "untrusted comment: minisign public key 7177BD8704690A3A
RWQ6CmkEh713celB9G6jcdNBxfvEqw/HbTYrGU9hw5aR4+62Fq+qjOJk
";
/// What minisign 0.11 made of `hello\n`.
const HELLO: &str = "untrusted comment: signature from minisign secret key
RUQ6CmkEh713cXQa9sDIftvAwgG+pN+w9fFjnh6f/Q5wm+NtS5wPwHP5abuLLIpiVPQc/OnL9KZ8crajtqy04G94X98LIrM/VAI=
trusted comment: a comment
SkZwHn/SOe8sK02tIijS+oN/pBg1OdhhvET3KoXsyE9yEpbVrlbjxrsvQrja/MeUyks+vJPVwhUi6+GaUDXeDw==
";

fn key() -> SecretKey {
    SecretKey::parse(SECRET).expect("a key of minisign")
}

#[test]
fn a_key_and_a_signature_of_minisign_are_read() {
    let public = PublicKey::parse(PUBLIC).expect("a key of minisign");
    assert_eq!(key().public(), public);
    assert!(PUBLIC.contains(&public.to_text()));
    assert_eq!(public.check_file(b"hello\n", HELLO), Ok("a comment"));
    assert_eq!(public.check_file(b"hello", HELLO), Err(SignatureError::Wrong));
}

#[test]
fn our_signature_is_byte_for_byte_that_of_minisign() {
    let ours = key().sign_file(b"hello\n", "a comment");
    let without_comment = |text: &str| text.split_once('\n').map(|(_, rest)| rest.to_owned());
    assert_eq!(without_comment(&ours), without_comment(HELLO));
}

#[test]
fn a_signature_with_any_letter_changed_is_refused() {
    let public = key().public();
    let text = HELLO.as_bytes();
    let first_line = HELLO.find('\n').expect("four lines");
    for at in first_line + 1..text.len() - 1 {
        let mut altered = text.to_vec();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).expect("ASCII");
        assert!(
            public.check_file(b"hello\n", &altered).is_err(),
            "letter {at}: {altered}"
        );
    }
}

#[test]
fn a_key_that_cannot_be_used_says_why() {
    let bytes = |change: &dyn Fn(&mut Vec<u8>)| {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::STANDARD;
        let line = SECRET.lines().nth(1).expect("two lines");
        let mut bytes = engine.decode(line).expect("base64");
        change(&mut bytes);
        SecretKey::parse(&engine.encode(bytes)).err()
    };
    assert_eq!(bytes(&|_| ()), None);
    assert_eq!(bytes(&|it| it[2..4].copy_from_slice(b"Sc")), Some(KeyError::Encrypted));
    assert_eq!(bytes(&|it| it[100] ^= 1), Some(KeyError::Damaged));
    assert_eq!(bytes(&|it| it[157] ^= 1), Some(KeyError::Damaged));
    assert_eq!(bytes(&|it| it.truncate(157)), Some(KeyError::Foreign));
    assert_eq!(SecretKey::parse("").err(), Some(KeyError::Foreign));
    assert_eq!(SecretKey::parse(PUBLIC).err(), Some(KeyError::Foreign));
    assert_eq!(PublicKey::parse(SECRET).err(), Some(KeyError::Foreign));
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: "refold.local/0011223344556677".to_owned(),
        size: 60_000,
        root: [0xab; 32],
    }
}

#[test]
fn a_checkpoint_is_read_as_it_was_written() {
    let (public, unsigned) = (key().public(), checkpoint().to_text(None));
    assert_eq!(
        unsigned,
        "refold.local/0011223344556677\n60000\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n\n"
    );
    assert_eq!(Checkpoint::parse(&unsigned, None), Ok(checkpoint()));
    assert_eq!(Checkpoint::parse(&unsigned, Some(&public)), Err(NoteError::OtherKey));
    let signed = checkpoint().to_text(Some(&key()));
    assert_eq!(Checkpoint::parse(&signed, Some(&public)), Ok(checkpoint()));
}

#[test]
fn a_checkpoint_with_anything_changed_is_refused() {
    let public = key().public();
    let signed = checkpoint().to_text(Some(&key()));
    for at in (0..signed.len() - 1).filter(|at| signed.is_char_boundary(*at)) {
        let mut altered: Vec<char> = signed.chars().collect();
        let place = signed[..at].chars().count();
        altered[place] = if altered[place] == '0' { '1' } else { '0' };
        let altered: String = altered.into_iter().collect();
        assert!(Checkpoint::parse(&altered, Some(&public)).is_err(), "{altered}");
    }
    for foreign in [
        "",
        "\n\n",
        "a\n1\n\n",
        "a\n+1\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n\n",
        "a\n01\nq6s=\n\n",
    ] {
        assert_eq!(Checkpoint::parse(foreign, None), Err(NoteError::Foreign), "{foreign:?}");
    }
}

#[test]
fn sums_are_those_of_sha256sum_and_name_plain_files_only() {
    let text = sums::write(&[("anchor.json", [1; 32]), ("checkpoint", [2; 32])]);
    assert!(text.starts_with(&format!("{}  anchor.json\n", "01".repeat(32))));
    let files = sums::read(&text).expect("as it was written");
    assert_eq!(
        files,
        [("anchor.json".to_owned(), [1; 32]), ("checkpoint".to_owned(), [2; 32])]
    );
    for name in ["../x", "/etc/passwd", ".hidden", "a/b", "a\\b", ""] {
        assert_eq!(sums::read(&format!("{}  {name}\n", "01".repeat(32))), None, "{name}");
    }
    assert_eq!(sums::read(&text[..text.len() - 1]), None);
}

#[test]
fn a_manifest_is_canonical_and_nothing_else_is_read() {
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        store: StoreIdentity {
            kind: "SQLite".to_owned(),
            layout: "emmett".to_owned(),
        },
        columns: vec!["partition".to_owned()],
        treatment: vec!["payload: as stored \u{1}\"\u{fc}".to_owned()],
        horizon: "9007199254740993".to_owned(),
        settled: "a single writer".to_owned(),
        gaps: vec![("3".to_owned(), "7".to_owned())],
        gap_count: 1,
        size: 60_000,
        root: "ab".repeat(32),
        hash: "SHA-256".to_owned(),
        segment_width: 1_024,
        names_events: true,
        salt_key_sha256: None,
        previous: None,
        made_at: "2026-11-21T00:00:00Z".to_owned(),
        made_by: "Refold".to_owned(),
        signed_by: None,
    };
    let json = manifest.to_json();
    let text = String::from_utf8(json.clone()).expect("UTF-8");
    assert!(
        text.starts_with(
            r#"{"columns":["partition"],"format":"refold-anchor/2","gap_count":1,"gaps":[["3","7"]],"hash":"SHA-256","#
        ),
        "{text}"
    );
    assert!(text.contains(r#"as stored \u0001\"ü"#), "{text}");
    assert_eq!(Manifest::parse(&json), Ok(manifest.clone()));
    for altered in [
        text.replace("anchor/2", "anchor/1"),
        text.replace("\"gap_count\":1", "\"gap_count\": 1"),
        text.replace("\"gap_count\":1", "\"gap_count\":1,\"more\":1"),
        text[..text.len() - 1].to_owned(),
    ] {
        assert!(Manifest::parse(altered.as_bytes()).is_err(), "{altered}");
    }
    let other = StoreIdentity {
        layout: "marten".to_owned(),
        ..manifest.store.clone()
    };
    assert_ne!(other.origin(), manifest.store.origin());
    assert_eq!(manifest.store.origin().len(), "refold.local/".len() + 16);
}
