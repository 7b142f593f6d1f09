//! What the window is told of evidence, from the making of an anchor to the checking of a report.

use super::*;
use crate::desk::tests::lab;
use crate::error::ErrorCode;
use crate::wire::PreviewBlock;

fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    (folder, path)
}

fn against(anchor: &str) -> VerifyAskedWire {
    VerifyAskedWire {
        anchor: anchor.to_owned(),
        salt: String::new(),
        key: String::new(),
        authority: String::new(),
        revoked: Vec::new(),
        handler: String::new(),
        explanations: String::new(),
        copy: String::new(),
        native_key: String::new(),
    }
}

/// A report of the whole store.
fn report_of(question: ReportQuestionWire, manner: &ReportManner) -> ReportAskedWire {
    ReportAskedWire {
        question,
        streams: Vec::new(),
        category: String::new(),
        from: String::new(),
        to: String::new(),
        handler: String::new(),
        title: String::new(),
        case_number: String::new(),
        manner: manner.clone(),
    }
}

fn anchor_in(out: &str) -> AnchorAskedWire {
    AnchorAskedWire {
        out: out.to_owned(),
        key: String::new(),
        previous: String::new(),
        stamp: String::new(),
        is_plain: false,
        is_short: false,
    }
}

#[test]
fn an_anchor_is_made_listed_and_verified_against() {
    let lab = lab();
    let (_kept, out) = folder();
    let session = lab.desk.open_store(&lab.store, None).expect("a store").session;
    assert_eq!(lab.desk.anchors(session, "").expect("an answer").folder, "");
    let asked = anchor_in(&out);
    let made = lab.desk.make_anchor(session, &asked, &|_| {}).expect("an anchor");
    assert_eq!((made.events, made.signed_by.as_str()), (2_000, ""));
    let listed = lab.desk.anchors(session, &out).expect("a list");
    assert_eq!(listed.anchors.len(), 1);
    assert_eq!(
        (&listed.anchors[0].dir, listed.anchors[0].is_of_store),
        (&made.dir, true)
    );
    // The folder is known the next time, and so is one of its anchors.
    assert_eq!(lab.desk.anchors(session, "").expect("a list"), listed);
    assert_eq!(lab.desk.anchors(session, &made.dir).expect("a list"), listed);
    let verified = lab
        .desk
        .verify_store(session, &against(&made.dir), &|_| {})
        .expect("a verdict");
    assert_eq!(
        (verified.outcome, verified.level.as_str()),
        (EvidenceOutcome::Verified, "L1")
    );
    let checked = lab.desk.verify_bundle(&made.dir, "").expect("a verdict");
    assert_eq!((checked.outcome, checked.is_signed), (EvidenceOutcome::Verified, None));
}

#[test]
fn a_report_is_made_as_the_last_one_was_and_checked() {
    let lab = lab();
    let (_kept, out) = folder();
    let session = lab.desk.open_store(&lab.store, None).expect("a store").session;
    assert_eq!(
        lab.desk.report_manner(session).expect("an answer"),
        ReportManner::default()
    );
    let manner = ReportManner {
        out,
        formats: vec![ReportFormatWire::Json, ReportFormatWire::Html],
        operator: "A. Auditor".to_owned(),
        ..ReportManner::default()
    };
    let asked = ReportAskedWire {
        streams: vec!["order-4711".to_owned()],
        from: "v1".to_owned(),
        to: "v4".to_owned(),
        case_number: "12/26".to_owned(),
        ..report_of(ReportQuestionWire::Events, &manner)
    };
    let paths = lab.desk.report_paths(session, &asked, &|_| {}).expect("a dry run");
    assert_eq!(paths.events, 4);
    assert!(paths.paths.iter().all(|of| of.hidden == 0) && paths.path_count > 3);
    let made = lab.desk.make_report(session, &asked, &|_| {}).expect("a report");
    assert_eq!(made.events, 4);
    let names: Vec<&str> = made.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["events.ndjson", "report.html", "verify.py"]);
    assert_eq!(lab.desk.report_manner(session).expect("an answer"), manner);
    assert_eq!(
        lab.desk.verify_bundle(&made.dir, "").expect("a verdict").report,
        made.id
    );
    let pages = std::path::Path::new(&made.dir).join("report.html");
    std::fs::write(pages, "something else").expect("a file of ours");
    let checked = lab.desk.verify_bundle(&made.dir, "").expect("a verdict");
    let wrong: Vec<&str> = checked
        .files
        .iter()
        .filter(|file| !file.is_ok)
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!((checked.outcome, wrong), (EvidenceOutcome::Broken, vec!["report.html"]));
}

/// Whatever stands in a preview stands on the pages, but for what is made of the moment of making.
#[test]
fn a_preview_says_what_the_pages_will_say_and_leaves_nothing() {
    let lab = lab();
    let (kept, out) = folder();
    let session = lab.desk.open_store(&lab.store, None).expect("a store").session;
    let rules = kept.path().join("rules.toml");
    let text = "refold = \"mask/1\"\n[[hide]]\npaths = [\"/address\"]\n";
    std::fs::write(&rules, text).expect("rules");
    let manner = ReportManner {
        out: format!("{out}/reports"),
        formats: vec![ReportFormatWire::Pdf, ReportFormatWire::Html, ReportFormatWire::Csv],
        redact: rules.display().to_string(),
        ..ReportManner::default()
    };
    std::fs::create_dir(&manner.out).expect("a folder");
    let asked = ReportAskedWire {
        streams: vec!["order-4711".to_owned()],
        ..report_of(ReportQuestionWire::Events, &manner)
    };
    let scratch = lab
        .desk
        .session(session)
        .expect("it is open")
        .cache_folder()
        .join("scratch");
    let names = |folder: &Path| -> Vec<_> {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.expect("an entry").file_name()).collect()
    };
    let before = names(&scratch);
    let preview = lab.desk.report_preview(session, &asked, &|_| {}).expect("a preview");
    assert_eq!(
        (names(Path::new(&manner.out)), names(&scratch)),
        (Vec::new(), before),
        "nothing is left"
    );
    let made = lab.desk.make_report(session, &asked, &|_| {}).expect("a report");
    assert_eq!(preview.events, made.events);
    assert!(preview.sheets.is_some_and(|sheets| sheets > 1), "{preview:?}");
    let page = std::fs::read_to_string(Path::new(&made.dir).join("report.html")).expect("the pages");
    let plain = |text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        text.replace('"', "&quot;").replace('\'', "&#39;")
    };
    let of_the_moment = ["Report time", "Report id", "Report digest"];
    let mut said = vec![preview.title.clone()];
    for block in &preview.blocks {
        match block {
            PreviewBlock::Heading { text } | PreviewBlock::Text { text } => said.push(text.clone()),
            PreviewBlock::Facts { facts } => {
                let facts = facts.iter().filter(|fact| !of_the_moment.contains(&&*fact.name));
                said.extend(facts.map(|fact| fact.value.clone()));
            }
            PreviewBlock::List { lines } => said.extend(lines.iter().cloned()),
            PreviewBlock::Table { caption, rows, .. } => {
                said.push(caption.clone());
                said.extend(rows.iter().flatten().cloned());
            }
            PreviewBlock::Figure { picture, .. } => said.push(picture.clone()),
        }
    }
    // The call that makes it again names the moment too.
    let parts = |text: &str| match text.split_once(" --time ") {
        Some((before, rest)) => [before, rest.split_once(' ').map_or("", |(_, after)| after)].map(str::to_owned),
        None => [text.to_owned(), String::new()],
    };
    let told = |text: &&String| parts(text).iter().all(|part| page.contains(&plain(part)));
    let missing: Vec<&String> = said.iter().filter(|text| !told(text)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(
        said.len() > 100 && said.iter().any(|text| text.contains("[redacted]")),
        "{}",
        said.len()
    );
    assert!(
        said.iter().all(|text| !text.contains("Lindenweg")),
        "what rules hide is in no preview"
    );
    // Who stops it gets none.
    let error = lab
        .desk
        .report_preview(session, &asked, &|update| lab.desk.cancel_job(update.job))
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::Cancelled);
}

#[test]
fn only_the_pages_and_the_folder_of_a_report_that_was_made_here_are_opened() {
    let lab = lab();
    let (_kept, out) = folder();
    let session = lab.desk.open_store(&lab.store, None).expect("a store").session;
    let manner = ReportManner {
        out: out.clone(),
        formats: vec![ReportFormatWire::Html],
        ..ReportManner::default()
    };
    let asked = report_of(ReportQuestionWire::Events, &manner);
    let made = lab.desk.make_report(session, &asked, &|_| {}).expect("a report");
    let place = |folder: &str, pages: Option<&str>| {
        let place = lab.desk.report_place(folder, pages);
        place.map_err(|error| error.code)
    };
    let folder = std::path::PathBuf::from(&made.dir);
    let pages = folder.join("report.html");
    assert_eq!(place(&made.dir, None), Ok(folder));
    assert_eq!(place(&made.dir, Some("report.html")), Ok(pages.clone()));
    assert_eq!(place(&made.dir, Some("report.pdf")), Err(ErrorCode::NotFound));
    for (folder, name) in [
        (out.as_str(), None),
        ("/", None),
        (&made.dir, Some("verify.py")),
        (&made.dir, Some("../report.html")),
        (&made.dir, Some("/etc/passwd")),
    ] {
        assert_eq!(place(folder, name), Err(ErrorCode::InvalidInput), "{folder} {name:?}");
    }
    // What somebody put in its place is not what was made.
    std::fs::remove_file(&pages).expect("a file of ours");
    std::os::unix::fs::symlink("/etc/passwd", &pages).expect("a link");
    assert_eq!(place(&made.dir, Some("report.html")), Err(ErrorCode::NotFound));
    assert!(place(&made.dir, None).is_ok());
    // Nor is what a link in the place of a folder above it leads to.
    let (away, other) = (format!("{out}-away"), tempfile::tempdir().expect("a folder"));
    std::fs::rename(&out, &away).expect("a folder of ours");
    std::fs::create_dir(
        other
            .path()
            .join(std::path::Path::new(&made.dir).file_name().expect("a name")),
    )
    .expect("a folder of ours");
    std::os::unix::fs::symlink(other.path(), &out).expect("a link");
    assert_eq!(place(&made.dir, None), Err(ErrorCode::NotFound));
    std::fs::remove_file(&out).expect("a link of ours");
    std::fs::rename(&away, &out).expect("a folder of ours");
}

#[test]
fn a_report_keeps_what_was_asked_of_the_store() {
    let lab = lab();
    let (_kept, out) = folder();
    let session = lab.desk.open_store(&lab.store, None).expect("a store").session;
    let anchor = lab
        .desk
        .make_anchor(session, &anchor_in(&out), &|_| {})
        .expect("an anchor");
    let manner = ReportManner {
        out,
        formats: vec![ReportFormatWire::Json],
        ..ReportManner::default()
    };
    let make = |handler: &str, question| {
        let asked = ReportAskedWire {
            handler: handler.to_owned(),
            ..report_of(question, &manner)
        };
        let paths = lab.desk.report_paths(session, &asked, &|_| {}).expect("a dry run");
        let made = lab.desk.make_report(session, &asked, &|_| {}).expect("a report");
        assert_eq!(paths.events, made.events);
        assert_eq!(
            lab.desk.verify_bundle(&made.dir, "").expect("a verdict").report,
            made.id
        );
        made
    };
    // An older copy of the store is opened with it.
    let how = VerifyAskedWire {
        copy: lab.store.clone(),
        ..against(&anchor.dir)
    };
    let verdict = make("", ReportQuestionWire::Verification(how))
        .verdict
        .expect("a verdict");
    assert_eq!(
        (verdict.outcome, verdict.finding_count),
        (ReportOutcome::Verified, 0),
        "{}",
        verdict.sentence
    );
    assert!(!verdict.not_checked.is_empty());
    let first = format!("{}@1.0.0", lab.handlers);
    let condition = String::new();
    let made = make(&first, ReportQuestionWire::Invariants { condition });
    let verdict = made.verdict.expect("a verdict");
    assert_eq!(verdict.outcome, ReportOutcome::Broken);
    assert!(verdict.finding_count > 0 && made.events > 0);
    let condition = "true".to_owned();
    let verdict = make(&first, ReportQuestionWire::Invariants { condition }).verdict;
    // The sample holds a stream that cannot be read, so that no condition was asked of every state.
    assert_eq!(verdict.expect("a verdict").outcome, ReportOutcome::Unclear);
    assert!(make("", ReportQuestionWire::Events).verdict.is_none());
}

#[test]
fn a_report_about_a_person_is_asked_for_and_its_key_is_named() {
    let lab = lab();
    let (_kept, out) = folder();
    let session = lab.desk.open_store(&lab.store, None).expect("a store").session;
    let list = format!("{out}/list.toml");
    let text = "refold = \"excerpt/1\"\n[[show]]\npaths = [\"/sku\", \"/nowhere\"]\n";
    std::fs::write(&list, text).expect("a list");
    let manner = ReportManner {
        out,
        formats: vec![ReportFormatWire::Json],
        ..ReportManner::default()
    };
    let person = |keys: &[&str], case_key: &str| {
        let question = ReportQuestionWire::Subject {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            allow: list.clone(),
            case_key: case_key.to_owned(),
        };
        report_of(question, &manner)
    };
    let asked = person(&["/customerId=C-104711"], "");
    let paths = lab.desk.report_paths(session, &asked, &|_| {}).expect("a dry run");
    assert!(
        paths.idle_list.iter().any(|of| of.contains("/nowhere")),
        "{:?}",
        paths.idle_list
    );
    let hidden = |path: &str| {
        let of = paths
            .paths
            .iter()
            .find(|of| (&*of.part, &*of.path) == ("payload", path));
        of.map(|of| of.hidden)
    };
    assert_eq!((hidden("/customerId"), hidden("/sku")), (Some(0), Some(0)));
    assert!(hidden("/price").is_some_and(|count| count > 0));
    let made = lab.desk.make_report(session, &asked, &|_| {}).expect("a report");
    assert_eq!(made.events, paths.events);
    assert_eq!(
        lab.desk.verify_bundle(&made.dir, "").expect("a verdict").report,
        made.id
    );
    // The key that was made is a file beside it; with one of an earlier report none is made.
    assert!(made.is_excerpt && std::path::Path::new(&made.case_key).is_file());
    let (_elsewhere, out) = folder();
    let mut again = person(&["/customerId=C-104711"], &made.case_key);
    again.manner.out = out;
    assert_eq!(
        lab.desk
            .make_report(session, &again, &|_| {})
            .expect("a report")
            .case_key,
        ""
    );
    let error = lab
        .desk
        .report_paths(session, &person(&[], ""), &|_| {})
        .expect_err("nobody");
    assert_eq!(error.code, ErrorCode::InvalidInput);
    let nobody = person(&["/customerId=nobody"], "");
    let error = lab.desk.report_paths(session, &nobody, &|_| {}).expect_err("nobody");
    assert_eq!(error.code, ErrorCode::NotFound);
}

#[test]
fn nothing_of_evidence_goes_into_the_folder_of_the_store() {
    let lab = lab();
    let session = lab.desk.open_store(&lab.store, None).expect("a store").session;
    let beside = std::path::Path::new(&lab.store).parent().expect("it lies in a folder");
    let asked = AnchorAskedWire {
        out: beside.display().to_string(),
        key: String::new(),
        previous: String::new(),
        stamp: String::new(),
        is_plain: false,
        is_short: false,
    };
    let refused = lab.desk.make_anchor(session, &asked, &|_| {}).expect_err("refused");
    assert_eq!(refused.code, ErrorCode::InvalidInput);
}

#[test]
fn the_health_of_a_store_names_what_changed_in_its_types() {
    let lab = lab();
    let session = lab.desk.open_store(&lab.store, None).expect("a store").session;
    let told = lab.desk.store_health(session, "", &|_| {}).expect("an answer");
    assert_eq!(told.events, 2_000);
    assert_eq!(told.type_count as usize, told.types.len());
    assert!(told.largest.len() > 1 && !told.not_checked.is_empty());
}
