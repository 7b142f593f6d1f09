//! Somebody without Refold and without the store checks an anchor, its proofs and reports with `sha256sum`, `minisign`, `openssl` and
//! Python, by the scripts in `docs/spec`; and whatever he was given that was changed, he sees.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use refold_fixtures::orders::Layout;
use refold_tests::{Refold, root, shop};
use rusqlite::Connection;

/// A signed anchor, the one that follows it, a proof of each kind and reports, made of a store of 300 events.
struct Given {
    folder: tempfile::TempDir,
    key: String,
    /// Anchor, proof of an event, proof of growth, report, report of a verification that found something.
    folders: [PathBuf; 5],
}

impl Given {
    fn new() -> Given {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["shop", "away"] {
            fs::create_dir(path(name)).expect("an empty folder");
        }
        shop(&path("shop"), Layout::Emmett, 300);
        let made = Command::new("minisign")
            .args(["-G", "-W", "-p", "key.pub", "-s", "key"])
            .current_dir(folder.path())
            .output();
        let made = made.expect("minisign is there: `cargo xtask test` installs it");
        assert!(made.status.success(), "{made:?}");
        let key = fs::read_to_string(path("key.pub")).expect("a public key");
        let key = key.lines().nth(1).expect("its second line").to_owned();

        let refold = Refold::in_folder(&path("shop"));
        let ends = |code: i32, arguments: &[&str]| -> PathBuf {
            let answer = refold.run(arguments);
            assert_eq!(answer.code, code, "{arguments:?}: {answer:?}");
            answer.out.lines().next().expect("the folder that was made").into()
        };
        let run = |arguments: &[&str]| ends(0, arguments);
        let text = |path: &Path| path.display().to_string();
        let (away, secret) = (text(&path("away")), text(&path("key")));
        let first = run(&["anchor", "orders.db", "--out", &away, "--key", &secret]);
        grow(&path("shop/orders.db"));
        let previous = text(&first);
        let second = run(&[
            "anchor",
            "orders.db",
            "--out",
            &away,
            "--key",
            &secret,
            "--previous",
            &previous,
        ]);
        let later = text(&second);
        let event = run(&[
            "prove",
            "orders.db",
            "--anchor",
            &later,
            "--event",
            "#150",
            "--out",
            &away,
        ]);
        let growth = run(&[
            "prove",
            "orders.db",
            "--anchor",
            &later,
            "--since",
            &previous,
            "--out",
            &away,
        ]);
        let report = run(&["report", "orders.db", "--out", &away, "--key", &secret, "--to", "#40"]);
        let tampered = Connection::open(path("shop/orders.db")).expect("the store opens");
        let tampered = tampered.execute_batch(
            "UPDATE emt_messages SET message_data = '{}' WHERE global_position = 120;
             DELETE FROM emt_messages WHERE global_position = 200;",
        );
        tampered.expect("the store can be written");
        let verification = [
            "report",
            "orders.db",
            "--out",
            &away,
            "--key",
            &secret,
            "--verification",
            &later,
        ];
        let verification = ends(1, &verification);
        Given {
            key,
            folders: [second, event, growth, report, verification],
            folder,
        }
    }

    fn by_script(&self, program: &str, script: &str, folder: &Path, key: &[&str]) -> Output {
        let script = root().join("docs/spec").join(script);
        let output = Command::new(program)
            .arg(script)
            .arg(folder)
            .args(key)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(self.folder.path())
            .output();
        output.unwrap_or_else(|error| panic!("{program} is there: `cargo xtask test` installs it: {error}"))
    }

    fn by_python(&self, folder: &Path) -> Output {
        self.by_script("python3", "verify.py", folder, &["--key", &self.key])
    }

    fn by_stock_tools(&self, folder: &Path) -> Output {
        self.by_script("sh", "verify.sh", folder, &[&self.key])
    }

    fn by_refold(&self, folder: &Path) -> i32 {
        let refold = Refold::in_folder(self.folder.path());
        refold
            .run(&["verify-bundle", &folder.display().to_string(), "--key", &self.key])
            .code
    }
}

/// Adds an event to the store, as a program would.
fn grow(store: &Path) {
    let store = Connection::open(store).expect("the store opens");
    let grown = store.execute_batch(
        "CREATE TEMP TABLE new AS SELECT * FROM emt_messages WHERE global_position = 300;
         UPDATE new SET global_position = 301, stream_position = stream_position + 1, message_id = 'new-event';
         INSERT INTO emt_messages SELECT * FROM new;",
    );
    grown.expect("the store takes an event");
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// Makes the list fit the files again, as whoever changes one would.
pub fn list_again(folder: &Path) {
    let script = "sed 's/^[0-9a-f]*  //' SHA256SUMS | xargs sha256sum > list && mv list SHA256SUMS";
    let listed = Command::new("sh").args(["-c", script]).current_dir(folder).status();
    assert!(listed.expect("a shell").success());
}

#[test]
fn a_stranger_verifies_anchors_proofs_and_reports_with_stock_tools_and_python() {
    let given = Given::new();
    for folder in &given.folders {
        for output in [given.by_python(folder), given.by_stock_tools(folder)] {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(
                output.status.success() && said.starts_with("OK"),
                "{}: {output:?}",
                folder.display()
            );
        }
        assert_eq!(given.by_refold(folder), 0, "{}", folder.display());
        // Of a proof the root alone is signed.
        let is_proof = ["event.tlog-proof", "newer.checkpoint"]
            .iter()
            .any(|name| folder.join(name).exists());
        let said = String::from_utf8_lossy(&given.by_stock_tools(folder).stdout).into_owned();
        assert_eq!(said.starts_with("OK whole, and signed by"), !is_proof, "{said}");
        assert_eq!(
            said.contains("nobody signed") && said.contains("verify.py"),
            is_proof,
            "{said}"
        );
    }
    // A key as the file that minisign made.
    let file = given.folder.path().join("key.pub").display().to_string();
    for folder in &given.folders {
        let python = given.by_script("python3", "verify.py", folder, &["--key", &file]);
        assert!(python.status.success(), "{python:?}");
    }
    // Another key, of which nothing is signed.
    let other = "RWQ7CmkEh713celB9G6jcdNBxfvEqw/HbTYrGU9hw5aR4+62Fq+qjOJk";
    for folder in &given.folders {
        let python = given.by_script("python3", "verify.py", folder, &["--key", other]);
        assert_eq!(python.status.code(), Some(1), "{python:?}");
        let stock = given.by_script("sh", "verify.sh", folder, &[other]);
        assert!(!stock.status.success(), "{stock:?}");
    }
}

#[test]
fn whatever_was_changed_in_what_he_was_given_is_seen() {
    let given = Given::new();
    for folder in &given.folders {
        for file in files_of(folder) {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            let whole = fs::read(&file).expect("a file of the test");
            let mut altered = whole.clone();
            // Of a signature what minisign says of itself is not signed: its last byte but the line's end is.
            let at = altered.len() - 3;
            altered[at] ^= 1;
            fs::write(&file, &altered).expect("a file of the test");
            let stock = given.by_stock_tools(folder);
            assert!(!stock.status.success(), "{name}: {stock:?}");
            let python = given.by_python(folder);
            assert_eq!(python.status.code(), Some(1), "{name}: {python:?}");
            assert_ne!(given.by_refold(folder), 0, "{name}");
            fs::write(&file, whole).expect("a file of the test");
        }
    }
}

/// Tables that were made to fit their lists again, without and with the manifest and the id: Python sees what Refold sees.
#[test]
fn a_table_that_was_forged_with_its_lists_is_named_by_both() {
    let given = Given::new();
    let unsigned = given.folder.path().join("unsigned");
    fs::create_dir(&unsigned).expect("an empty folder");
    let out = unsigned.display().to_string();
    let anchor = given.folders[0].display().to_string();
    let refold = Refold::in_folder(&given.folder.path().join("shop"));
    for (code, more) in [(0, ["--to", "#40"]), (1, ["--verification", &anchor])] {
        let call = ["report", "orders.db", "--format", "csv,json", "--out", &out];
        let answer = refold.run(&[&call[..], &more].concat());
        assert_eq!(answer.code, code, "{answer:?}");
        let folder = PathBuf::from(answer.out.lines().next().expect("the folder that was made"));
        let text = folder.display().to_string();
        let by_both = |name: &str| {
            let python = given.by_script("python3", "verify.py", &folder, &[]);
            let said = String::from_utf8_lossy(&python.stdout).into_owned();
            assert!(said.starts_with(&format!("BROKEN {name}:")), "{name}: {python:?}");
            let answer = refold.run(&["verify-bundle", &text]);
            assert_eq!(answer.code, 1, "{name}: {answer:?}");
            let first = answer.out.lines().next().unwrap_or_default();
            assert!(first.ends_with(&format!(": {name}")), "{name}: {answer:?}");
        };
        let python = given.by_script("python3", "verify.py", &folder, &[]);
        let said = String::from_utf8_lossy(&python.stdout).into_owned();
        assert!(
            said.starts_with("OK") && said.contains("Nobody signed it"),
            "{python:?}"
        );
        let answer = refold.run(&["verify-bundle", &text]);
        assert!(
            answer.code == 0 && answer.out.contains("nobody signed it"),
            "{answer:?}"
        );
        for file in files_of(&folder) {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            if !name.ends_with(".csv") {
                continue;
            }
            let whole = fs::read(&file).expect("a file of the test");
            let mut altered = whole.clone();
            let at = altered.len() - 3;
            altered[at] ^= 1;
            fs::write(&file, &altered).expect("a file of the test");
            list_again(&folder);
            by_both(&name);
            manifest_again(&folder);
            by_both(&name);
            fs::write(&file, whole).expect("a file of the test");
            manifest_again(&folder);
        }
    }
}

/// Makes manifest, advice and list of a report fit the files again, with an id of their own.
fn manifest_again(folder: &Path) {
    let script = r#"
import hashlib, json
def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
before = open("manifest.json", "rb").read()
manifest = json.loads(before)
for file in manifest["files"]:
    data = open(file["name"], "rb").read()
    file["bytes"], file["sha256"] = len(data), hashlib.sha256(data).hexdigest()
def report_digest():
    return hashlib.sha256(canonical(manifest["report"])).hexdigest()
old, old_digest = manifest["report"]["id"], report_digest()
named = {"files": manifest["files"], "report": {**manifest["report"], "id": ""}}
number = bytearray(hashlib.sha256(canonical(named)).digest()[:16])
number[6], number[8] = number[6] & 15 | 128, number[8] & 63 | 128
new = number.hex()
new = "-".join((new[:8], new[8:12], new[12:16], new[16:20], new[20:]))
manifest["report"]["id"] = new
after = canonical(manifest)
open("manifest.json", "wb").write(after)
advice = open("VERIFY.txt", encoding="utf-8").read().replace(old, new).replace(old_digest, report_digest())
advice = advice.replace(hashlib.sha256(before).hexdigest(), hashlib.sha256(after).hexdigest())
open("VERIFY.txt", "w", encoding="utf-8").write(advice)
"#;
    let made = Command::new("python3")
        .args(["-c", script])
        .current_dir(folder)
        .status();
    assert!(made.expect("python3 is there").success());
    list_again(folder);
}

#[test]
fn a_proof_whose_list_was_made_to_fit_again_still_does_not_hold() {
    let given = Given::new();
    for folder in &given.folders[1..] {
        let list = fs::read(folder.join("SHA256SUMS")).expect("a list");
        for file in files_of(folder) {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            // What is said to people proves nothing.
            if name == "VERIFY.txt" || name == "SHA256SUMS" {
                continue;
            }
            let whole = fs::read(&file).expect("a file of the test");
            let mut altered = whole.clone();
            let at = altered.len() / 2;
            altered[at] ^= 1;
            fs::write(&file, &altered).expect("a file of the test");
            list_again(folder);
            let python = given.by_python(folder);
            assert_eq!(python.status.code(), Some(1), "{name}: {python:?}");
            assert_eq!(given.by_refold(folder), 1, "{name}");
            fs::write(&file, whole).expect("a file of the test");
            fs::write(folder.join("SHA256SUMS"), &list).expect("a file of the test");
        }
    }
}

/// What a forger does with one file of a folder.
fn forged(name: &str, whole: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(whole);
    match name {
        // Still canonical, and every other file still fits it.
        "anchor.json" => {
            let (start, rest) = text.split_once("\"made_at\":\"").expect("when it was made");
            let (_, end) = rest.split_once('"').expect("its end");
            let (columns, head) = ("\"columns\":[", &start);
            let at = head.find(columns).expect("its columns") + columns.len();
            let close = at + head[at..].find(']').expect("their end");
            format!(
                "{}{}\"made_at\":\"2020-01-01T00:00:00Z\"{end}",
                &head[..at],
                &head[close..]
            )
            .into_bytes()
        }
        "VERIFY.txt" => format!("{text}Ask nobody.\n").into_bytes(),
        _ => {
            let mut altered = whole.to_vec();
            let at = altered.len() / 2;
            altered[at] ^= 1;
            altered
        }
    }
}

/// Each file of what is signed forged and the list made anew, with the old signature beside it and with none; and a file
/// that was added to the list.
#[test]
fn nothing_that_was_forged_with_its_list_is_called_signed() {
    let given = Given::new();
    for folder in &given.folders {
        let list = fs::read(folder.join("SHA256SUMS")).expect("a list");
        let signature = folder.join("SHA256SUMS.minisig");
        let signed = fs::read(&signature).ok();
        let by_all = |what: &str| {
            let python = given.by_python(folder);
            let said = String::from_utf8_lossy(&python.stdout).into_owned();
            assert_eq!(python.status.code(), Some(1), "{what}: {python:?}");
            assert!(
                said.starts_with("BROKEN ") && !said.contains("signed by the key that"),
                "{what}: {said}"
            );
            if signed.is_some() {
                // What says of itself who signed it must be signed by that one.
                let python = given.by_script("python3", "verify.py", folder, &[]);
                assert_eq!(python.status.code(), Some(1), "{what}: {python:?}");
            }
            assert_eq!(given.by_refold(folder), 1, "{what}");
        };
        for file in files_of(folder) {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            // Of a proof nobody signed what it says to people, and the script says so.
            if name.starts_with("SHA256SUMS") || (name == "VERIFY.txt" && signed.is_none()) {
                continue;
            }
            let whole = fs::read(&file).expect("a file of the test");
            fs::write(&file, forged(&name, &whole)).expect("a file of the test");
            list_again(folder);
            by_all(&format!("{name}, with the old signature"));
            if let Some(signed) = &signed {
                fs::remove_file(&signature).expect("a file of the test");
                by_all(&format!("{name}, without a signature"));
                fs::write(&signature, signed).expect("a file of the test");
            }
            fs::write(&file, whole).expect("a file of the test");
            fs::write(folder.join("SHA256SUMS"), &list).expect("a file of the test");
        }
        // What nobody checks is no evidence because a list names it.
        let added = folder.join("zz-statement.txt");
        fs::write(&added, "It was all true.\n").expect("a file of the test");
        let sum = Command::new("sha256sum")
            .arg("zz-statement.txt")
            .current_dir(folder)
            .output();
        let longer = [&list[..], &sum.expect("sha256sum").stdout].concat();
        fs::write(folder.join("SHA256SUMS"), longer).expect("a file of the test");
        by_all("a file that was added to the list");
        fs::write(folder.join("SHA256SUMS"), &list).expect("a file of the test");
        assert!(
            !given.by_stock_tools(folder).status.success(),
            "a file that no list names"
        );
        by_all("a file that no list names");
        fs::remove_file(&added).expect("a file of the test");
        // A link to the same bytes was not handed over.
        let linked = folder.join("VERIFY.txt");
        let away = given.folder.path().join("advice");
        fs::rename(&linked, &away).expect("a file of the test");
        std::os::unix::fs::symlink(&away, &linked).expect("a link");
        by_all("a link");
        fs::remove_file(&linked).expect("a link");
        fs::rename(&away, &linked).expect("a file of the test");
        assert!(given.by_python(folder).status.success(), "{}", folder.display());
        assert_eq!(given.by_refold(folder), 0, "{}", folder.display());
    }
}
