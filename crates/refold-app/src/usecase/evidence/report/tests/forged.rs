//! Reports of which a file was changed together with the lists that speak of it.

use refold_audit::anchor::sums;
use sha2::{Digest as _, Sha256};

use super::*;

/// Writes a file, and makes whichever lists are named fit it.
fn forge(dir: &Path, name: &str, bytes: &[u8], fits: Fits) {
    std::fs::write(dir.join(name), bytes).expect("a file of the test");
    if fits == Fits::All || fits == Fits::AllWithId {
        let mut manifest = manifest(&dir.display().to_string());
        let file = manifest.files.iter_mut().find(|file| file.name == name);
        let file = file.expect("it is listed");
        (file.bytes, file.sha256) = (bytes.len() as u64, hex(&Sha256::digest(bytes)));
        if fits == Fits::AllWithId {
            manifest.report = identified(manifest.report, &manifest.files);
        }
        let json = manifest.to_json();
        std::fs::write(dir.join(MANIFEST), &json).expect("a file of the test");
        let advice = advice::write(&manifest, &Sha256::digest(&json).into());
        std::fs::write(dir.join(ADVICE), advice).expect("a file of the test");
    }
    let listed = bytes_of(&dir.display().to_string());
    let listed = listed.iter().filter(|(name, _)| *name != SUMS);
    let listed: Vec<(&str, Hash)> = listed
        .map(|(name, bytes)| (name.as_str(), Sha256::digest(bytes).into()))
        .collect();
    std::fs::write(dir.join(SUMS), sums::write(&listed)).expect("a file of the test");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fits {
    /// `SHA256SUMS` alone.
    List,
    /// The manifest and what is made of it too.
    All,
    /// And the id of the report.
    AllWithId,
}

const ALL_BUT_RECORD: [&str; 7] = [
    RECORD_CSV,
    VIEW_CSV,
    FINDINGS_CSV,
    FINDINGS_VIEW_CSV,
    PAGES,
    PRINTED,
    WORKBOOK,
];

/// A report with all files that there are, of an invariant that breaks.
fn made(case: &Case, formats: &[ReportFormat]) -> String {
    let asked = ReportAsked {
        question: Some(Question::Invariants {
            condition: Some("state.n == null".to_owned()),
        }),
        formats: formats.to_vec(),
        ..case.asked()
    };
    let made = case.make(&asked).expect("a report");
    assert!(made.verdict.expect("it was asked").finding_count > 0);
    made.dir
}

#[test]
fn whatever_table_or_page_is_forged_with_its_lists_it_is_named() {
    let case = Case::new();
    let dir = made(&case, &ReportFormat::ALL);
    let (path, whole) = (Path::new(&dir), bytes_of(&dir));
    assert_eq!(blamed(path), [""; 0]);
    for name in ALL_BUT_RECORD {
        for fits in [Fits::List, Fits::All, Fits::AllWithId] {
            let mut bytes = whole[name].clone();
            let at = bytes.len() - 3;
            bytes[at] ^= 1;
            forge(path, name, &bytes, fits);
            assert_eq!(blamed(path), [name], "{fits:?}");
            // Cut off, or with more at its end.
            forge(path, name, &whole[name][..at], fits);
            assert_eq!(blamed(path), [name], "{fits:?}");
            forge(path, name, &[&whole[name][..], b"\r\n"].concat(), fits);
            assert_eq!(blamed(path), [name], "{fits:?}");
            whole.iter().for_each(|(name, bytes)| {
                std::fs::write(path.join(name), bytes).expect("a file of the test");
            });
        }
    }
}

#[test]
fn a_record_that_was_changed_has_another_id() {
    let case = Case::new();
    for formats in [&ReportFormat::ALL[..], &[ReportFormat::Csv], &[ReportFormat::Json]] {
        let dir = made(&case, formats);
        let (path, whole) = (Path::new(&dir), bytes_of(&dir));
        for name in [RECORD_JSON, RECORD_CSV, FINDINGS_JSON, FINDINGS_CSV] {
            let Some(bytes) = whole.get(name) else { continue };
            let mut bytes = bytes.clone();
            let at = bytes.len() - 6;
            bytes[at] ^= 1;
            forge(path, name, &bytes, Fits::All);
            assert_ne!(blamed(path), [""; 0], "{name} {formats:?}");
            whole.iter().for_each(|(name, bytes)| {
                std::fs::write(path.join(name), bytes).expect("a file of the test");
            });
        }
        std::fs::remove_dir_all(&dir).expect("a folder of the test");
    }
}

#[test]
fn a_record_that_cannot_be_read_is_named() {
    let case = Case::new();
    let dir = made(&case, &[ReportFormat::Csv]);
    let (path, whole) = (Path::new(&dir), bytes_of(&dir));
    let record = &whole[RECORD_CSV];
    for bytes in [
        [&b"x"[..], &record[..]].concat(),
        [&record[..], b"\"open\r\n"].concat(),
        [&record[..], b"\xff\r\n"].concat(),
    ] {
        forge(path, RECORD_CSV, &bytes, Fits::AllWithId);
        assert_eq!(blamed(path), [RECORD_CSV]);
    }
    std::fs::remove_dir_all(path).expect("a folder of the test");

    let dir = made(&case, &[ReportFormat::Json]);
    let path = Path::new(&dir);
    let bytes = [&bytes_of(&dir)[FINDINGS_JSON][..], b"{}\n"].concat();
    let mut manifest = manifest(&dir);
    let verdict = manifest.report.verdict.as_mut().expect("it was asked");
    verdict.sha256 = hex(&Sha256::digest(&bytes));
    std::fs::write(path.join(MANIFEST), manifest.to_json()).expect("a file of the test");
    forge(path, FINDINGS_JSON, &bytes, Fits::AllWithId);
    assert_eq!(blamed(path), [FINDINGS_JSON]);
}

#[test]
fn a_view_without_its_record_is_named_by_both_verifiers() {
    let case = Case::new();
    let dir = made(&case, &[ReportFormat::Csv]);
    let path = Path::new(&dir);
    let mut manifest = manifest(&dir);
    manifest.files.retain(|file| file.name != RECORD_CSV);
    std::fs::write(path.join(MANIFEST), manifest.to_json()).expect("a file of the test");
    std::fs::remove_file(path.join(RECORD_CSV)).expect("a file of the test");
    forge(path, VIEW_CSV, &bytes_of(&dir)[VIEW_CSV], Fits::AllWithId);
    assert_eq!(blamed(path), [VIEW_CSV]);
    let said = by_python(path, &[]);
    assert!(said.starts_with(&format!("BROKEN {VIEW_CSV}:")), "{said}");
}

#[test]
fn python_says_what_is_wrong_with_a_key() {
    let case = Case::new();
    let asked = ReportAsked {
        key: Some(case.path("key")),
        formats: vec![ReportFormat::Json],
        ..case.asked()
    };
    let dir = case.make(&asked).expect("a report").dir;
    for (text, said) in [
        (PUBLIC, "OK "),
        (
            "untrusted comment: minisign public key",
            "BROKEN --key: it is no public key",
        ),
        ("", "BROKEN --key: the file is empty"),
    ] {
        let file = case.path("a.pub");
        std::fs::write(&file, text).expect("a file of the test");
        let told = by_python(Path::new(&dir), &["--key", &file.display().to_string()]);
        assert!(told.starts_with(said), "{text}: {told}");
    }
}

/// What the program in the folder says of it.
pub(super) fn by_python(dir: &Path, more: &[&str]) -> String {
    let mut python = std::process::Command::new("python3");
    let told = python.arg(dir.join(PROGRAM)).arg(dir).args(more).output();
    String::from_utf8_lossy(&told.expect("python3 is there").stdout).into_owned()
}

#[test]
fn a_record_ends_outside_of_quotes_and_is_no_longer_than_may_be() {
    let read = |mut text: &[u8], is_table: bool, most_bytes: u64| {
        let mut found = Vec::new();
        while let Some(record) = again::next_record(&mut text, is_table, most_bytes)? {
            found.push(record);
        }
        std::io::Result::Ok(found)
    };
    let table = b"a,\"1\n2\"\r\nb\n";
    assert_eq!(read(table, true, 9).expect("records"), ["a,\"1\n2\"\r\n", "b\n"]);
    assert_eq!(read(table, false, 9).expect("lines").len(), 3);
    let error = read(table, true, 8).expect_err("it is longer");
    assert!(error.to_string().contains("longer than 8 bytes"), "{error}");
    assert_eq!(read(&[b'x'; 64], false, 64).expect("a line").len(), 1);
    assert!(read(&[b'x'; 65], false, 64).is_err());
    // Cut off inside of a letter.
    assert!(read("ä".as_bytes(), false, 1).is_err());
    assert!(read(b"\xff\n", false, 64).is_err());
}

#[test]
fn comparing_the_tables_can_be_cancelled_at_every_record() {
    let case = Case::new();
    let dir = made(&case, &[ReportFormat::Json, ReportFormat::Csv]);
    let token = CancelToken::default();
    token.cancel();
    let answer = verify_bundle(&Work::new(&token, &Silent), Path::new(&dir), None);
    assert_eq!(answer.expect_err("it was cancelled").code, ErrorCode::Cancelled);
}

#[test]
fn what_a_whole_report_does_not_prove_is_said() {
    let case = Case::new();
    let unsigned = case.make(&case.asked()).expect("a report");
    let answer = checked(Path::new(&unsigned.dir), None).expect("an answer");
    assert_eq!(answer.limits.len(), 1);
    assert!(
        answer.limits[0].contains("nobody signed it") && answer.limits[0].contains(&unsigned.id),
        "{:?}",
        answer.limits
    );
    let signed = ReportAsked {
        key: Some(case.path("key")),
        ..case.of_streams(&["order-1"])
    };
    let signed = case.make(&signed).expect("a report").dir;
    let limits = |key| checked(Path::new(&signed), key).expect("an answer").limits;
    assert!(limits(None)[0].contains(PUBLIC));
    assert_eq!(limits(Some(PUBLIC)), [""; 0]);
    // Without a record nobody can say what the pages should show.
    let pages = ReportAsked {
        formats: vec![ReportFormat::Html],
        time: Some("@7".to_owned()),
        ..case.asked()
    };
    let pages = case.make(&pages).expect("a report").dir;
    let answer = checked(Path::new(&pages), None).expect("an answer");
    assert!(answer.limits[0].contains("no record"), "{:?}", answer.limits);
}
