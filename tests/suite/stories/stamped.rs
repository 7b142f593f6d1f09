//! An anchor whose time a real authority (OpenSSL) stamps, and what becomes of one whose authority lies or is not there.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use refold_fixtures::orders::Layout;
use refold_tests::{Answer, Refold, answer_of, root, shop};
use serde_json::Value;

/// A store of 60 events, an authority that is vouched for by `root.pem`, and another one that vouches for nothing.
struct Scene {
    folder: tempfile::TempDir,
    authority: Child,
    port: String,
}

impl Scene {
    fn new(options: &[&str]) -> Scene {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["shop", "away"] {
            fs::create_dir(folder.path().join(name)).expect("an empty folder");
        }
        shop(&folder.path().join("shop"), Layout::Emmett, 60);
        let made = Command::new("sh")
            .args(["-euc", CERTIFICATES])
            .current_dir(folder.path())
            .output()
            .expect("a shell");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut authority = Command::new("python3")
            .arg(root().join("tests/suite/stories/authority.py"))
            .arg(folder.path())
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there: `cargo xtask test` installs it");
        let mut port = String::new();
        let out = authority.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut port).expect("its port");
        Scene {
            port: port.trim().to_owned(),
            authority,
            folder,
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn refold(&self) -> Refold {
        Refold::in_folder(&self.folder.path().join("shop"))
    }

    fn anchor(&self, url: &str) -> Answer {
        let out = self.path("away");
        self.refold()
            .run(&["anchor", "orders.db", "--out", &out, "--stamp", url])
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The anchor's folder, of one that is stamped.
    fn stamped(&self) -> PathBuf {
        let answer = self.anchor(&self.url("/good"));
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(
            answer
                .out
                .contains(" by CN=Authority of the test, an authority that was compared with none"),
            "{answer:?}"
        );
        dir_of(&answer)
    }

    fn verify(&self, anchor: &Path, more: &[&str]) -> (Value, i32) {
        let anchor = anchor.display().to_string();
        let call = [&["--json", "verify", "orders.db", "--anchor", &anchor], more].concat();
        let answer = self.refold().run(&call);
        (serde_json::from_str(&answer.out).unwrap_or_default(), answer.code)
    }
}

impl Scene {
    /// The list of the certificates of an issuer that are revoked: none, or that of the authority since then, for a reason.
    fn list(&self, issuer: &str, revoked: &str) -> String {
        let made = Command::new("sh")
            .args(["-euc", LIST, "sh", issuer, revoked])
            .current_dir(self.folder.path())
            .output()
            .expect("a shell");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        self.path("revoked.crl")
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.authority.kill();
        let _ = self.authority.wait();
    }
}

/// Of the encryption: for 127.0.0.1, trusted by nobody but who names it.
const CERTIFICATES: &str = "
key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $1.key; }
for root in root other; do
    key $root
    openssl req -x509 -new -key $root.key -subj /CN=$root -days 2 -addext basicConstraints=critical,CA:true -out $root.pem
done
key authority
openssl req -new -key authority.key -subj '/CN=Authority of the test' -out authority.csr
echo 'extendedKeyUsage = critical, timeStamping' > extensions
openssl x509 -req -in authority.csr -CA root.pem -CAkey root.key -days 2 -extfile extensions -out authority.pem
key tls
openssl req -x509 -new -key tls.key -subj /CN=tls -days 2 -addext basicConstraints=critical,CA:FALSE \
    -addext subjectAltName=IP:127.0.0.1 -out tls.pem
";

const LIST: &str = "
printf '[lists]\\ndatabase = index\\ndefault_md = sha256\\n' > lists.conf
: > index
serial=$(openssl x509 -in authority.pem -noout -serial | cut -d= -f2)
[ -z \"$2\" ] || printf 'R\\t491231235959Z\\t%s\\t%s\\tunknown\\t/CN=authority\\n' \"$2\" \"$serial\" > index
openssl ca -config lists.conf -name lists -gencrl -cert $1.pem -keyfile $1.key -crldays 1 -out revoked.crl
";

fn dir_of(answer: &Answer) -> PathBuf {
    answer.out.lines().next().expect("the folder that was made").into()
}

fn by_openssl(anchor: &Path, root: &str) -> bool {
    let checked = Command::new("openssl")
        .args([
            "ts",
            "-verify",
            "-data",
            "checkpoint",
            "-in",
            "checkpoint.tsr",
            "-CAfile",
            root,
        ])
        .current_dir(anchor)
        .output();
    checked
        .expect("openssl is there: `cargo xtask test` installs it")
        .status
        .success()
}

#[test]
fn a_stamp_stands_by_the_lists_of_revoked_certificates_that_are_given() {
    let scene = Scene::new(&[]);
    let anchor = scene.stamped();
    let (dir, root) = (anchor.display().to_string(), scene.path("root.pem"));
    let verify = |list: Option<String>| {
        let list = list.iter().flat_map(|list| ["--crl", list.as_str()]);
        let call = ["verify", "orders.db", "--anchor", &dir, "--authority", &root];
        let answer = scene.refold().run(&call.into_iter().chain(list).collect::<Vec<_>>());
        (answer.code, format!("{}{}", answer.out, answer.err))
    };
    for (issuer, revoked, code, told) in [
        ("root", "", 0, "its certificate was not revoked, as of "),
        (
            "root",
            "491230000000Z,superseded",
            0,
            "which leaves what it stamped before as good as it was",
        ),
        (
            "root",
            "491230000000Z",
            1,
            "was revoked 2049-12-30T00:00:00Z, without a reason",
        ),
        (
            "root",
            "260101000000Z,superseded",
            1,
            "was revoked 2026-01-01T00:00:00Z",
        ),
        (
            "root",
            "491230000000Z,keyCompromise",
            1,
            "its key was not its owner's alone",
        ),
        (
            "other",
            "",
            3,
            "no list of revoked certificates is of whoever issued its certificate",
        ),
    ] {
        let (was, said) = verify(Some(scene.list(issuer, revoked)));
        assert_eq!(was, code, "{issuer} {revoked}: {said}");
        assert!(said.contains(told), "{issuer} {revoked}: {said}");
        assert_eq!(said.contains("level L2"), code == 0, "{said}");
    }
    let (code, said) = verify(None);
    assert_eq!(code, 0);
    assert!(
        said.contains("whether the certificate was revoked was not looked at"),
        "{said}"
    );
    assert_eq!(verify(Some(root.clone())).0, 2, "a certificate is no list");
    let list = scene.list("root", "");
    let (verified, _) = scene.verify(&anchor, &["--authority", &root, "--crl", &list, "--crl", &list]);
    let revocation = &verified["anchor"]["stamp"]["revocation"];
    assert_eq!(
        (&revocation["revoked_at"], &revocation["unlisted"]),
        (&Value::Null, &0.into()),
        "{verified}"
    );
    assert_eq!(scene.verify(&anchor, &["--crl", &list]).1, 2, "of whom is it?");
}

#[test]
fn a_stamp_of_an_authority_that_is_named_is_level_2() {
    let scene = Scene::new(&[]);
    let anchor = scene.stamped();
    let (root, other) = (scene.path("root.pem"), scene.path("other.pem"));
    assert!(by_openssl(&anchor, &root) && !by_openssl(&anchor, &other));

    let (verified, code) = scene.verify(&anchor, &[]);
    assert_eq!((&verified["level"], code), (&"L1".into(), 0), "{verified}");
    assert_eq!(verified["anchor"]["stamp"]["is_authority_known"], false);
    let (verified, code) = scene.verify(&anchor, &["--authority", &root]);
    assert_eq!((&verified["level"], code), (&"L2".into(), 0), "{verified}");
    assert_eq!(verified["anchor"]["stamp"]["is_authority_known"], true);
    assert_eq!(verified["anchor"]["stamp"]["claims_qualified"], false);

    // The advice in the folder is what a stranger runs.
    let advice = fs::read_to_string(anchor.join("VERIFY.txt")).expect("advice");
    assert!(
        advice.contains("openssl ts -verify -data checkpoint -in checkpoint.tsr -CAfile AUTHORITY.pem"),
        "{advice}"
    );
    let report = scene.refold().run(&[
        "report",
        "orders.db",
        "--verification",
        &anchor.display().to_string(),
        "--authority",
        &root,
        "--format",
        "json",
        "--out",
        &scene.path("away"),
    ]);
    assert_eq!(report.code, 0, "{report:?}");
    let manifest = fs::read(dir_of(&report).join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(manifest["report"]["cover"]["level"], "L2", "{manifest}");
}

#[test]
fn nothing_of_the_store_goes_to_the_authority() {
    let scene = Scene::new(&[]);
    let anchor = scene.stamped();
    let question = fs::read(scene.path("question.tsq")).expect("what was asked");
    let digest = Command::new("openssl")
        .args(["dgst", "-sha256", "-binary", "checkpoint"])
        .current_dir(&anchor)
        .output()
        .expect("openssl")
        .stdout;
    let at = question.windows(32).position(|window| window == digest);
    // A version, the names of the digest, a nonce of at most nine bytes, and that a certificate is wanted.
    assert!(at.is_some() && question.len() <= 32 + 40, "{question:02x?}");
}

#[test]
fn an_authority_that_is_not_the_one_that_was_named_is_refused() {
    let scene = Scene::new(&[]);
    let anchor = scene.stamped();
    let anchor = anchor.display().to_string();
    let verify = |more: &[&str]| {
        let answer = scene
            .refold()
            .run(&[&["verify", "orders.db", "--anchor", &anchor, "--authority"], more].concat());
        assert_ne!(answer.code, 0, "{answer:?}");
        assert!(answer.out.is_empty(), "{answer:?}");
        answer.err
    };
    let refused = verify(&[&scene.path("other.pem")]);
    assert!(
        refused.contains("none of them vouches for its certificate"),
        "{refused}"
    );
    let none = verify(&[&scene.path("shop/orders.db")]);
    assert!(none.contains("there is no certificate in it"), "{none}");
    let absent = verify(&[&scene.path("nothing.pem")]);
    assert!(absent.contains("cannot be used"), "{absent}");

    let plain = scene
        .refold()
        .run(&["anchor", "orders.db", "--out", &scene.path("away")]);
    let plain = dir_of(&plain).display().to_string();
    let unstamped = scene.refold().run(&[
        "verify",
        "orders.db",
        "--anchor",
        &plain,
        "--authority",
        &scene.path("root.pem"),
    ]);
    assert!(unstamped.err.contains("it has none"), "{unstamped:?}");
}

#[test]
fn a_stamp_that_was_changed_is_named() {
    let scene = Scene::new(&[]);
    let anchor = scene.stamped();
    let file = anchor.join("checkpoint.tsr");
    let mut stamp = fs::read(&file).expect("a stamp");
    *stamp.last_mut().expect("a byte of the signature") ^= 1;
    fs::write(&file, stamp).expect("a file of the test");
    let bundle = |expected: &str| {
        let answer = scene.refold().run(&["verify-bundle", &anchor.display().to_string()]);
        assert_eq!(answer.code, 1, "{answer:?}");
        assert!(answer.out.contains(expected), "{answer:?}");
    };
    bundle("it is not what SHA256SUMS says");
    // And once the list fits again.
    super::stranger::list_again(&anchor);
    bundle("checkpoint.tsr: its signature does not hold");
}

#[test]
fn an_authority_that_lies_or_is_not_there_leaves_an_anchor_without_a_stamp() {
    let scene = Scene::new(&[]);
    let lies = [
        ("/earlier", "answers another question"),
        ("/other", "it is of other bytes"),
        ("/changed", "its signature does not hold"),
        ("/refused", "the authority refused"),
        ("/html", "it is no time stamp"),
        ("/empty", "it is no time stamp"),
        ("/huge", "did not answer"),
        ("/elsewhere", "answered with status 302"),
        ("/nothing", "answered with status 503"),
    ];
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr());
    let absent = format!("http://{}/good", nobody.expect("a port that was free a moment ago"));
    let lies = lies.map(|(path, why)| (scene.url(path), why));
    for (url, why) in lies.into_iter().chain([(absent, "did not answer")]) {
        let answer = scene.anchor(&url);
        assert_eq!(answer.code, 1, "{url}: {answer:?}");
        assert!(
            answer.out.contains("NOT stamped: ") && answer.out.contains(why),
            "{url}: {answer:?}"
        );
        let anchor = dir_of(&answer);
        assert!(!anchor.join("checkpoint.tsr").exists(), "{url}");
        let (verified, code) = scene.verify(&anchor, &[]);
        assert_eq!((&verified["level"], code), (&"L1".into(), 0), "{url}: {verified}");
        fs::remove_dir_all(&anchor).expect("an anchor of the test");
        fs::remove_file(anchor.with_extension("salt")).expect("its key");
    }
}

#[test]
fn what_is_no_address_is_refused_before_anything_is_read() {
    let scene = Scene::new(&[]);
    for url in [
        "ftp://127.0.0.1/",
        "stamps.example",
        "https://",
        "https://ada:secret@127.0.0.1/",
    ] {
        let answer = scene.anchor(url);
        assert!(
            answer.code > 1 && answer.err.contains("no address of a time stamp authority"),
            "{answer:?}"
        );
        assert_eq!(fs::read_dir(scene.path("away")).expect("a folder").count(), 0);
    }
}

#[test]
fn an_encrypted_authority_is_who_its_certificate_says() {
    let scene = Scene::new(&["--tls"]);
    let (url, out) = (format!("https://127.0.0.1:{}/good", scene.port), scene.path("away"));
    let call = ["anchor", "orders.db", "--out", &out, "--stamp", &url];
    let by = |trusted: &str| {
        let refold = scene.refold();
        let mut command = refold.command(&call);
        command.env("SSL_CERT_FILE", scene.path(trusted));
        answer_of(command)
    };
    let trusted = by("tls.pem");
    assert_eq!(trusted.code, 0, "{trusted:?}");
    let stranger = by("other.pem");
    assert_eq!(stranger.code, 1, "{stranger:?}");
    assert!(stranger.out.contains("certificate"), "{stranger:?}");
}

#[test]
fn a_silent_authority_is_left_when_the_person_leaves() {
    let scene = Scene::new(&[]);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", silent.local_addr().expect("its address"));
    let out = scene.path("away");
    let refold = scene.refold();
    let mut command = refold.command(&["anchor", "orders.db", "--out", &out, "--stamp", &url]);
    let mut child = command.stderr(Stdio::piped()).spawn().expect("refold starts");
    let _asked = silent.accept().expect("it asks");
    let pid = child.id().to_string();
    let ended = Command::new("kill").args(["-INT", &pid]).status();
    assert!(ended.expect("kill is there").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(fs::read_dir(&out).expect("a folder").count(), 0, "nothing is left");
}
