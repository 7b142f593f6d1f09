use refold_core::work::{CancelToken, Silent};
use refold_stores::case::seal_line;

use super::packages::CarriedFile;
use super::*;

fn contents(folder: &str, path: &str) -> Contents {
    Contents {
        refold_case: FORM,
        written_by: "0.1.0".to_owned(),
        written_at: "2026-09-01T10:00:00Z".to_owned(),
        store: Origin {
            location: "/srv/orders.db".to_owned(),
            kind: "SQLite".to_owned(),
            layout: "emmett".to_owned(),
            layout_title: "Emmett".to_owned(),
            identity: String::new(),
            change_token: String::new(),
            last_position: None,
            last_position_recorded_at: None,
            events_until: None,
            order_is_total: true,
            version_base: Some(1),
            skips_versions: false,
            time_digits: 3,
            time_zone: "UTC".to_owned(),
            unsettled: None,
        },
        streams: Vec::new(),
        notes: Vec::new(),
        shown: 0,
        places: Vec::new(),
        handlers: vec![Carried {
            name: "order".to_owned(),
            version: "1.0.0".to_owned(),
            hash: "sha256:0".to_owned(),
            engine: "declarative".to_owned(),
            folder: folder.to_owned(),
            is_package: true,
            files: vec![CarriedFile {
                path: path.to_owned(),
                text: "evil".to_owned(),
            }],
        }],
        masks: Vec::new(),
        left_out: Vec::new(),
        findings: Vec::new(),
    }
}

/// Opens a case with one file of a handler. All files below the folder of the test, by their text.
fn opened(folder: &str, path: &str) -> (Result<Option<Case>, AppError>, Vec<PathBuf>) {
    let lab = tempfile::tempdir().unwrap();
    let places = Places::below(&lab.path().join("a/b/c/home"));
    let line = contents(folder, path).line().unwrap();
    let digest = text::hex(&Sha256::digest(&line));
    let file = lab.path().join("any.refold-case");
    std::fs::write(&file, format!("{line}{}", seal_line(0, &digest))).unwrap();
    let cancel = CancelToken::default();
    let opened = Case::open(&Work::new(&cancel, &Silent), &file, &places);
    let mut written = Vec::new();
    walk(lab.path(), &mut |path| {
        if std::fs::read(path).unwrap() == b"evil" {
            written.push(path.strip_prefix(lab.path()).unwrap().to_owned());
        }
    });
    (opened, written)
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, visit)
        } else {
            visit(&path)
        }
    }
}

#[test]
fn no_name_in_a_case_leads_out_of_its_folder() {
    let names = [
        "../evil",
        "a/../../evil",
        "/etc/evil",
        "..",
        ".",
        "",
        "a//b",
        "a/./b",
        "C:\\evil",
        "C:evil",
        "a\\..\\evil",
        ".bashrc",
        "a\0b",
        "a\nb",
        "nul?",
        "a/",
    ];
    let long = "x".repeat(300);
    let deep = "a/".repeat(20) + "b";
    for name in names.into_iter().chain([long.as_str(), deep.as_str()]) {
        for (folder, path) in [("order", name), (name, "handler.toml")] {
            let (opened, written) = opened(folder, path);
            let error = opened.unwrap_err();
            assert_eq!(error.code, ErrorCode::Corrupt, "{name:?}");
            assert!(error.message.contains("unsafe name"), "{name:?}: {}", error.message);
            assert!(written.is_empty(), "{name:?}: {written:?}");
        }
    }
}

#[test]
fn a_case_of_before_says_only_what_it_knows() {
    let line = contents("order", "reducer.yaml").line().unwrap();
    let until = "2026-08-13T10:30:00Z";
    let before = line.replace(
        "\"last_position_recorded_at\":null,\"events_until\":null",
        &format!("\"last_recorded_at\":\"{until}\""),
    );
    assert_ne!(before, line);
    let store = parse(before.as_bytes()).unwrap().store;
    assert_eq!(
        (store.last_position_recorded_at, store.events_until.as_deref()),
        (None, Some(until))
    );
}

#[test]
fn the_files_of_a_handler_are_put_into_the_cache() {
    let (opened, written) = opened("order", "versions/1.0.0/reducer.yaml");
    let case = opened.unwrap().unwrap();
    assert_eq!(
        case.reference("order@1.0.0"),
        Some(case.folder.join("handlers/order@1.0.0").display().to_string())
    );
    assert_eq!(written.len(), 1);
    assert!(
        written[0].starts_with("a/b/c/home/cache/cases")
            && written[0].ends_with("handlers/order/versions/1.0.0/reducer.yaml")
    );
}

#[test]
fn a_handler_that_is_too_large_for_a_case_is_refused() {
    let mut contents = contents("order", "reducer.yaml");
    contents.handlers[0].files[0].text = "x".repeat(2 << 20);
    let line = contents.line().unwrap();
    assert!(parse(line.as_bytes()).unwrap_err().contains("larger than one may be"));
}
