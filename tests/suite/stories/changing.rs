//! Files that change while they are open: what was opened stays what is shown, or is said to be gone.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use refold_app::wire::{EventQuery, HistoryOpened, StreamQuery, StreamSelection, StreamSort};
use refold_app::{AppError, Desk, ErrorCode, Places};
use tempfile::TempDir;

/// A desk with a file of events of two streams open on it, indexed, and the history of one stream.
struct Opened {
    folder: TempDir,
    file: PathBuf,
    desk: Desk,
    session: u32,
    history: HistoryOpened,
}

fn line(position: u32, text: &str) -> String {
    let (stream, version) = (position % 2, position / 2);
    format!(
        "{{\"position\":\"{position}\",\"stream\":\"order-{stream}\",\"version\":\"{version}\",\"type\":\"Noted\",\
         \"recorded_at\":\"2026-08-03T14:00:00Z\",\"payload\":{{\"text\":\"{text}\"}}}}\n"
    )
}

fn lines(positions: std::ops::Range<u32>, text: &str) -> String {
    positions.map(|position| line(position, text)).collect()
}

fn open() -> Opened {
    let folder = tempfile::tempdir().expect("a folder for the store");
    let file = folder.path().join("events.jsonl");
    fs::write(&file, lines(0..1_000, "before")).expect("the file is written");
    let desk = Desk::at(Places::below(&folder.path().join("home")), None);
    let session = open_on(&desk, &file).expect("the file is opened");
    let history = desk
        .open_history(session, "order-1", None, None, std::sync::Arc::new(|_| {}))
        .expect("the stream is opened");
    Opened {
        folder,
        file,
        desk,
        session,
        history,
    }
}

fn open_on(desk: &Desk, file: &Path) -> Result<u32, AppError> {
    let session = desk.open_store(&file.display().to_string(), None)?.session;
    desk.index_store(session, &|_| {})?;
    Ok(session)
}

impl Opened {
    /// How many streams and events there are, and what the last event of the history says.
    fn shown(&self) -> Result<(u32, u32, String), AppError> {
        let all = StreamQuery {
            selection: StreamSelection {
                sort: StreamSort::Id,
                ..StreamSelection::default()
            },
            limit: 10,
            ..StreamQuery::default()
        };
        let streams = self.desk.streams(self.session, &all)?.total;
        let events = EventQuery {
            types: Vec::new(),
            offset: 0,
            limit: 10_000,
        };
        let events = self.desk.event_rows(self.history.history, &events)?.total;
        let detail = self.desk.event_detail(self.history.history, events)?;
        let line = detail
            .raw
            .first()
            .map(|column| format!("{column:?}"))
            .unwrap_or_default();
        let text = if line.contains("before") { "before" } else { "after" };
        Ok((streams, events, text.to_owned()))
    }

    #[track_caller]
    fn check_unchanged(&self) {
        assert_eq!(self.shown().expect("it is still shown"), (2, 500, "before".to_owned()));
    }

    #[track_caller]
    fn check_said_to_have_changed(&self, why: &str) {
        let error = self.shown().expect_err("what was opened is gone");
        assert_eq!(error.code, ErrorCode::Unreachable, "{error}");
        assert!(
            error.message.contains("changed while it was read") && error.message.contains(why),
            "{error}"
        );
        assert!(error.hint.contains("open it again"), "{}", error.hint);
    }

    /// Opened anew, it shows the present content.
    #[track_caller]
    fn check_reopened(&self, events: u32) {
        let session = open_on(&self.desk, &self.file).unwrap_or_else(|error| panic!("{error}"));
        let overview = self.desk.overview(session).expect("the index is ready");
        assert_eq!(overview.events, events);
    }
}

#[test]
fn a_file_that_grows_shows_what_it_held_until_it_is_opened_again() {
    let opened = open();
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(&opened.file)
        .expect("it is appended to");
    file.write_all(lines(1_000..1_200, "after").as_bytes())
        .expect("it grows");
    opened.check_unchanged();
    opened.check_reopened(1_200);
    // Half a line, as a program that is just writing leaves it.
    file.write_all(b"{\"position\":\"1200\",\"stream\":\"ord")
        .expect("it grows");
    opened.check_unchanged();
    let session = open_on(&opened.desk, &opened.file).expect("a torn record is no failure");
    let overview = opened.desk.overview(session).expect("the index is ready");
    assert_eq!(overview.events, 1_200);
    assert!(overview.findings.iter().any(|finding| finding.code == "torn-record"));
}

#[test]
fn a_file_that_is_replaced_shows_what_it_held_until_it_is_opened_again() {
    let opened = open();
    let new = opened.folder.path().join("new");
    fs::write(&new, lines(0..300, "after")).expect("another file is written");
    fs::rename(&new, &opened.file).expect("it takes the place");
    opened.check_unchanged();
    opened.check_reopened(300);
    fs::remove_file(&opened.file).expect("it is removed");
    opened.check_unchanged();
    assert_eq!(
        open_on(&opened.desk, &opened.file).unwrap_err().code,
        ErrorCode::Unreachable
    );
}

#[test]
fn a_file_that_is_cut_or_rewritten_in_its_place_is_said_to_have_changed() {
    let opened = open();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(&opened.file)
        .expect("it is opened");
    file.set_len(20_000).expect("it is cut");
    opened.check_said_to_have_changed("it became shorter");
    // The last record is cut off, and that is a finding.
    let cut = lines(0..1_000, "before")[..20_000].lines().count() as u32 - 1;
    opened.check_reopened(cut);

    for (first, last) in [(0, 1), (499, 500), (999, 1_000)] {
        let opened = open();
        let text = lines(0..first, "before") + &lines(first..last, "AFTER!") + &lines(last..1_000, "before");
        fs::write(&opened.file, text).expect("it is rewritten");
        opened.check_said_to_have_changed("it was rewritten");
        opened.check_reopened(1_000);
    }
}
