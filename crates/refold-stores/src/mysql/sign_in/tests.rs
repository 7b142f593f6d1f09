use super::*;

/// As MariaDB 10.11 greets.
const GREETING: &[u8] = b"\x0a5.5.5-10.11.19-MariaDB-0+deb12u1\0\x07\0\0\0abcdefgh\0\xfe\xf7\x2d\x02\0\xff\x81\x15\0\0\0\0\0\0\x1d\0\0\0ijklmnopqrst\0mysql_native_password\0";

fn proof(may_be_told: bool) -> Proof<'static> {
    Proof {
        password: b"geheim",
        may_be_told,
    }
}

#[test]
fn a_greeting_is_read_and_one_cut_short_is_refused() {
    let greeting = Greeting::read(GREETING).unwrap();
    assert_eq!((greeting.id, greeting.plugin.as_str()), (7, NATIVE));
    assert!(greeting.is_mariadb());
    assert_eq!(greeting.nonce, b"abcdefghijklmnopqrst");
    assert_eq!(greeting.can & NEEDED, NEEDED);
    for end in 0..GREETING.len() - 22 {
        assert_eq!(Greeting::read(&GREETING[..end]), None, "{end}");
    }
}

/// What the server checks: it keeps SHA1(SHA1(password)) and undoes what was sent with it.
#[test]
fn a_proof_is_what_the_server_can_check() {
    let nonce = b"abcdefghijklmnopqrst";
    let sha1 = |bytes: &[&[u8]]| digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
    let kept = sha1(&[&sha1(&[b"geheim"])]);
    let sent = proof(false).native(nonce);
    let once = either(&sent, &sha1(&[nonce, &kept]));
    assert_eq!(sha1(&[&once]), kept);
    let sha256 = |bytes: &[&[u8]]| digest(&SHA256, bytes);
    let kept = sha256(&[&sha256(&[b"geheim"])]);
    let sent = proof(false).caching(nonce);
    let once = either(&sent, &sha256(&[&kept, nonce]));
    assert_eq!(sha256(&[&once]), kept);
}

#[test]
fn the_password_itself_is_told_only_where_nobody_else_hears_it() {
    assert!(proof(false).of("mysql_clear_password", b"").is_err());
    assert_eq!(proof(true).of("mysql_clear_password", b"").unwrap(), b"geheim\0");
    let error = proof(true).of("client_ed25519", b"").unwrap_err().to_string();
    assert!(error.contains("client_ed25519") && !error.contains("geheim"), "{error}");
}

#[test]
fn an_error_is_read_with_and_without_a_state() {
    let with = said(b"\xff\x15\x04#28000Access denied");
    assert_eq!(
        (with.code(), with.to_string()),
        (Some("1045"), "Access denied".to_owned())
    );
    let without = said(b"\xff\x10\x04Too many connections");
    assert!(without.is_of_connection(), "{without:?}");
    assert!(said(b"\xff\x10").code().is_none());
}

#[test]
fn too_little_memory_is_no_lock() {
    let blamed = |code: u16| {
        let [low, high] = code.to_le_bytes();
        match said(&[0xff, low, high, b'o', b'h']) {
            Fault::Said { blame, .. } => blame,
            other => panic!("{other}"),
        }
    };
    assert_eq!([1037, 1038].map(blamed), [Blame::Means; 2]);
    assert_eq!([1205, 1213, 3024].map(blamed), [Blame::Load; 3]);
}
