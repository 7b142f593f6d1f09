//! Certificates of ours: a real server that lets in whoever shows the right one, and what is said where it is not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use refold_core::port::store::StoreError;
use tempfile::TempDir;

use super::{Real, opened, over_each, read_all, refused};

over_each! {
    whoever_shows_the_right_certificate_is_let_in_and_nobody_else
    a_certificate_that_cannot_be_shown_is_said_before_anybody_is_asked
}

/// Keys as programs write them: PKCS#8, the older ways of RSA and of elliptic curves, and the youngest of the kinds.
const KEYS: [(&str, &str); 4] = [
    (
        "pkcs8",
        "openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
    ),
    ("pkcs1", "openssl genrsa -traditional 2048"),
    ("sec1", "openssl ecparam -name secp384r1 -genkey"),
    ("ed25519", "openssl genpkey -quiet -algorithm ed25519"),
];

/// Certificates and their keys, and an authority of the test's own that they are from.
pub struct Papers(TempDir);

impl Papers {
    fn new() -> Papers {
        let papers = Papers(tempfile::tempdir().expect("a folder for certificates"));
        // The server runs as another user.
        fs::set_permissions(papers.0.path(), Permissions::from_mode(0o755)).expect("rights are set");
        for name in ["authority", "stranger"] {
            papers.key(name, KEYS[0].1);
            papers.run(&format!(
                "openssl req -x509 -new -key {name}.key -subj /CN={name} -days 2 \
                 -addext basicConstraints=critical,CA:true -out {name}.pem"
            ));
        }
        papers.key("server", KEYS[0].1);
        papers.run("echo subjectAltName=IP:127.0.0.1 > names");
        papers.certificate("server", "server", "authority", "2 -extfile names");
        papers.run("chmod 644 *.pem server.key");
        papers
    }

    /// Makes a key by a command that writes one to its output.
    fn key(&self, name: &str, by: &str) {
        self.run(&format!("umask 077; {by} > {name}.key"));
    }

    /// Makes the certificate of a key, in the name of somebody.
    fn certificate(&self, name: &str, of: &str, from: &str, days: &str) {
        self.run(&format!(
            "openssl req -new -key {name}.key -subj /CN={of} -out {name}.csr; openssl x509 -req -in {name}.csr \
             -CA {from}.pem -CAkey {from}.key -days {days} -out {name}.pem"
        ));
    }

    fn run(&self, script: &str) {
        let mut shell = Command::new("sh");
        let ran = shell.args(["-ec", script]).current_dir(self.0.path()).output();
        let ran = ran.expect("a shell is there");
        assert!(
            ran.status.success(),
            "{script}\n{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The parameters of an address that name a certificate and a key.
    fn named(&self, certificate: &str, key: &str) -> String {
        let shown = |file: PathBuf| file.display().to_string();
        let (certificate, key) = (shown(self.file(certificate)), shown(self.file(key)));
        format!("sslcert={certificate}&sslkey={key}")
    }
}

fn whoever_shows_the_right_certificate_is_let_in_and_nobody_else<R: Real>() {
    let papers = Papers::new();
    let server = R::certified(&papers);
    let (address, name) = server.certified_store("certified", 40);
    let roots = format!(
        "sslmode=verify-full&sslrootcert={}",
        papers.file("authority.pem").display()
    );
    let with = |certificate: &str, key: &str| format!("{address}?{roots}&{}", papers.named(certificate, key));
    for (kind, made_by) in KEYS {
        papers.key(kind, made_by);
        papers.certificate(kind, &name, "authority", "2");
        let store = opened(&with(&format!("{kind}.pem"), &format!("{kind}.key")));
        assert_eq!(read_all(&*store, None, 7, || {}).len(), 40, "{kind}");
        let told = store.describe().read_only.join("\n");
        assert!(told.contains(&format!("{kind}.pem")), "{told}");
    }
    // With extensions it is of the third version of certificates, without them of the first.
    papers.run("echo extendedKeyUsage=clientAuth > uses");
    papers.certificate("pkcs8", &name, "authority", "2 -extfile uses");
    papers.run("umask 077; cat pkcs8.pem pkcs8.key > both");
    assert_eq!(read_all(&*opened(&with("both", "both")), None, 40, || {}).len(), 40);
    // Whoever names a certificate need not say that the connection is to be encrypted.
    let unsaid = with("both", "both").replace("sslmode=verify-full&", "");
    let told = opened(&unsaid).describe().read_only.join("\n");
    assert!(told.contains("certificate and name are checked"), "{told}");

    let nothing = refused(&format!("{address}?{roots}"));
    assert!(matches!(nothing, StoreError::Denied { .. }), "{nothing}");
    for (file, of, from, days, said) in [
        ("eve", "eve", "authority", "2", "of CN=eve, from CN=authority"),
        ("late", name.as_str(), "authority", "-1", "ran out at"),
        ("odd", name.as_str(), "stranger", "2", "from CN=stranger"),
    ] {
        papers.key(file, KEYS[0].1);
        papers.certificate(file, of, from, days);
        let error = refused(&with(&format!("{file}.pem"), &format!("{file}.key")));
        let is_denied = matches!(error, StoreError::Denied { .. });
        assert_eq!(is_denied, file == "eve", "{error}");
        assert!(is_denied || matches!(error, StoreError::Unreachable { .. }), "{error}");
        let error = error.to_string();
        assert!(
            error.contains(said) && error.contains(&format!("{file}.pem")),
            "{error}"
        );
    }
}

fn a_certificate_that_cannot_be_shown_is_said_before_anybody_is_asked<R: Real>() {
    let papers = Papers::new();
    papers.key("open", KEYS[0].1);
    papers.certificate("open", "ada", "authority", "2");
    papers.run(
        "umask 077; cp open.key own.key; chmod 644 open.key; cp server.pem none.key
         openssl pkcs8 -topk8 -in own.key -passout pass:geheim -out locked.key
         openssl ec -in own.key -aes128 -passout pass:geheim -out older.key
         openssl ecparam -name secp521r1 -genkey -out odd.key; echo nothing > empty
         tr '\\n' ' ' < own.key > line.key; awk '{printf \"%s\\\\n\", $0}' own.key > escaped.key",
    );
    papers.certificate("odd", "ada", "authority", "2");
    let nowhere = R::nowhere();
    let more = if nowhere.contains('?') { '&' } else { '?' };
    let said = |named: &str| {
        let error = refused(&format!("{nowhere}{more}sslmode=require&{named}"));
        let is_ours = matches!(error, StoreError::Unreachable { .. } | StoreError::Address { .. });
        assert!(is_ours, "{error}");
        error.to_string()
    };
    let key = secrets(&papers.file("own.key"));
    for (certificate, named, file, why) in [
        ("open.pem", "open.key", "open.key", "others may read it"),
        ("open.pem", "locked.key", "locked.key", "encrypted"),
        ("open.pem", "older.key", "older.key", "encrypted"),
        ("open.pem", "none.key", "none.key", "no private key"),
        ("open.pem", "stranger.key", "open.pem", "another certificate"),
        ("open.pem", "empty", "empty", "no private key"),
        ("open.pem", "gone.key", "gone.key", "cannot be read"),
        ("odd.pem", "odd.key", "odd.key", "P-256"),
        ("own.key", "own.key", "own.key", "there is none in PEM"),
        ("gone.pem", "own.key", "gone.pem", "cannot be read"),
        // As keys are that were pasted through a variable.
        ("open.pem", "line.key", "line.key", "real end"),
        ("open.pem", "escaped.key", "escaped.key", "real end"),
        ("line.key", "own.key", "line.key", "real end"),
        (".", "own.key", "no plain file", "cannot be read"),
    ] {
        let said = said(&papers.named(certificate, named));
        assert!(said.contains(why) && said.contains(file), "{named}: {said}");
        assert!(key.iter().all(|line| !said.contains(line)), "{said}");
        // Nor as the numbers of its bytes.
        let head = key[0]
            .bytes()
            .take(8)
            .map(|byte| byte.to_string())
            .collect::<Vec<_>>()
            .join(", ");
        assert!(!said.contains(&head), "{said}");
    }
    for alone in ["sslcert=/a.pem", "sslkey=/a.key"] {
        assert!(said(alone).contains("go together"), "{}", said(alone));
    }
}

/// The lines of a key that nobody may see.
fn secrets(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).expect("the key can be read");
    let lines = text.lines().filter(|line| !line.starts_with("-----"));
    lines.map(str::to_owned).collect()
}
