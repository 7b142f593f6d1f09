//! Encrypted connections to a real server: whom they trust, and that nothing is said to others.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use refold_core::port::store::StoreError;
use refold_tests::mariadb::Mariadb;

use super::{reading, store};
use crate::servers::{open, opened, read_all};

/// A certificate for 127.0.0.1 that nobody but itself stands for, and its key.
fn certificate(folder: &Path, name: &str) -> (String, String) {
    let file = |ending: &str| folder.join(format!("{name}.{ending}")).display().to_string();
    let (certificate, key) = (file("pem"), file("key"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=refold-test",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args([
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            &key,
            "-out",
            &certificate,
        ])
        .output()
        .expect("openssl is there");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    // The server runs as another user.
    for path in [Path::new(&certificate), Path::new(&key), folder] {
        let mode = if path == folder { 0o755 } else { 0o644 };
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("rights are set");
    }
    (certificate, key)
}

#[test]
fn the_server_is_who_its_certificate_says_or_is_told_nothing() {
    let folder = tempfile::tempdir().expect("a folder for certificates");
    let ((own, key), (other, _)) = (certificate(folder.path(), "own"), certificate(folder.path(), "other"));
    let server = Mariadb::start(&["--ssl", &format!("--ssl-cert={own}"), &format!("--ssl-key={key}")]);
    let database = "tls";
    store(&server, database, 40);
    server.sql("mysql", "ALTER USER refold_reader REQUIRE SSL");
    let address = |query: &str| format!("{}?{query}", reading(&server, database));
    let trusted = address(&format!("sslmode=verify-full&sslrootcert={own}"));
    let store = opened(&trusted);
    assert_eq!(read_all(&*store, None, 7, || {}).len(), 40);
    let told = store.describe().read_only.join("\n");
    assert!(told.contains("certificate and name are checked"), "{told}");
    assert_eq!(
        read_all(&*opened(&address("sslmode=require")), None, 40, || {}).len(),
        40
    );
    let by_name = trusted.replace("127.0.0.1", "localhost");
    let refused = |address: &str| match open(address).map(drop).unwrap_err() {
        StoreError::Blocked { detail, advice, .. } => {
            assert!(advice.contains("sslrootcert"), "{advice}");
            detail
        }
        other => panic!("{other}"),
    };
    assert!(refused(&by_name).contains("certificate"), "{}", refused(&by_name));
    let lenient = by_name.replace("verify-full", "verify-ca");
    assert_eq!(
        read_all(&*opened(&lenient), None, 40, || {}).len(),
        40,
        "its name is not looked at"
    );
    for mode in ["verify-full", "verify-ca"] {
        let why = refused(&address(&format!("sslmode={mode}&sslrootcert={other}")));
        assert!(why.contains("certificate"), "{why}");
    }
    // Over the socket nothing is encrypted, whatever is asked for, and that is what is said.
    server.sql("mysql", "CREATE OR REPLACE USER refold_socket IDENTIFIED BY 'geheim'");
    server.sql(
        "mysql",
        &format!("GRANT SELECT ON {database}.stored_events TO refold_socket"),
    );
    let by_socket = server.socket_address("refold_socket", database);
    let store = opened(&format!("{by_socket}?sslmode=verify-full&sslrootcert={own}"));
    let told = store.describe().read_only.join("\n");
    assert!(
        told.contains("the connection is not encrypted: it is a socket of this machine")
            && !told.contains("is encrypted"),
        "{told}"
    );
    // The account wants encryption, and this connection has none.
    assert!(matches!(
        open(&address("sslmode=disable")).map(drop),
        Err(StoreError::Denied { .. })
    ));
}
