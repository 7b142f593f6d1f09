use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use refold_core::work::{CancelToken, Silent};

use super::*;
use crate::places::Places;

fn line(position: u32, event_type: &str) -> String {
    format!(
        "{{\"position\":{position},\"stream\":\"s-1\",\"type\":\"{event_type}\",\"version\":{position},\"payload\":{{}}}}\n"
    )
}

struct Lab {
    folder: tempfile::TempDir,
    store: PathBuf,
}

fn lab(text: &str) -> Lab {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("events.jsonl");
    fs::write(&store, text).unwrap();
    Lab { folder, store }
}

fn session(work: &Work<'_>, lab: &Lab) -> Session {
    let places = Places::below(lab.folder.path());
    Session::open(work, &lab.store.display().to_string(), None, &places).unwrap()
}

fn append(store: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().append(true).open(store).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Appends the texts one after the other, each when the one before was read, and says what was told: events by position,
/// findings by code and count.
fn follow(lab: &Lab, asked: &Tail, texts: &[&str]) -> Vec<String> {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let session = session(&work, lab);
    let said = std::cell::RefCell::new(Vec::new());
    let mut left = texts.iter();
    let mut next = || match left.next() {
        Some(text) => append(&lab.store, text),
        None => cancel.cancel(),
    };
    next();
    let ended = tail(
        &work,
        &session,
        asked,
        &mut Told {
            event: &mut |event| {
                said.borrow_mut().push(format!("#{}", event.position));
                Ok(())
            },
            findings: &mut |findings| {
                let all = findings.iter().map(|of| format!("{} × {}", of.code, of.count));
                said.borrow_mut().extend(all);
                Ok(())
            },
            held: &mut |_| {},
            flush: &mut || {
                next();
                Ok(())
            },
        },
    );
    assert!(ended.is_err_and(|error| error.is_cancelled()));
    said.into_inner()
}

#[test]
fn what_cannot_be_read_is_told_once() {
    let lab = lab(&line(100, "T"));
    let [first, second] = [101, 102].map(|position| line(position, "T"));
    let later = line(103, "T") + &line(104, "T");
    let texts: [&str; 7] = ["not json\n", "nor this\n", &first, &second, "{\"posit", "\n", &later];
    let said = follow(&lab, &Tail::default(), &texts);
    assert_eq!(
        said,
        [
            "not-an-event × 1",
            "not-an-event × 1",
            "#101",
            "#102",
            "torn-record × 1",
            "not-an-event × 1",
            "#103",
            "#104",
        ]
    );
}

#[test]
fn a_record_that_was_cut_off_at_first_is_told_when_it_is_whole() {
    let torn = line(102, "T");
    let (begun, rest) = torn.split_at(20);
    let lab = lab(&format!("{}{}{begun}", line(100, "T"), line(101, "T")));
    assert_eq!(
        follow(&lab, &Tail::default(), &[rest, &line(103, "T")]),
        ["#102", "#103"]
    );
}

/// Whoever cuts a file and writes it anew in place makes of events that were told others.
#[test]
fn a_file_that_is_cut_and_written_anew_in_place_is_followed_no_further() {
    let lines = |range: std::ops::RangeInclusive<u32>, of: &str| range.map(|at| line(at, of)).collect::<String>();
    let lab = lab(&lines(1..=6, "T"));
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let session = session(&work, &lab);
    append(&lab.store, &line(7, "T"));
    // Not replaced: the same file, longer than before.
    let mut anew = Some(lines(1..=3, "T") + &lines(4..=9, "Forged"));
    let mut events = Vec::new();
    let ended = tail(
        &work,
        &session,
        &Tail::default(),
        &mut Told {
            event: &mut |event| {
                events.push(event.position);
                Ok(())
            },
            findings: &mut |_| Ok(()),
            held: &mut |_| {},
            flush: &mut || {
                match anew.take() {
                    Some(text) => fs::write(&lab.store, text).unwrap(),
                    None => cancel.cancel(),
                }
                Ok(())
            },
        },
    );
    let error = ended.unwrap_err();
    assert_eq!(
        (error.code, events),
        (ErrorCode::Unreachable, vec!["7".to_owned()]),
        "{error:?}"
    );
}

#[test]
fn what_is_not_there_yet_is_awaited() {
    let lab = lab(&line(100, "Placed"));
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let session = session(&work, &lab);
    let named = |stream: &str, types: &[&str]| Tail {
        stream: Some(stream.to_owned()),
        types: types.iter().map(|name| (*name).to_owned()).collect(),
    };
    let awaited = |asked: &Tail| Awaited::of(&work, &session, asked).unwrap();
    assert_eq!(awaited(&Tail::default()), Awaited::default());
    assert_eq!(awaited(&named("s-1", &["Placed"])), Awaited::default());
    let expected = Awaited {
        stream: Some("s-2".to_owned()),
        types: vec!["Typpo".to_owned()],
    };
    assert_eq!(awaited(&named("s-2", &["Placed", "Typpo"])), expected);
    let asked = named("s-2", &["Typpo"]);
    let first = line(101, "Typpo").replace("s-1", "s-2");
    assert_eq!(follow(&lab, &asked, &[&first, &line(102, "Placed")]), ["#101"]);
}
