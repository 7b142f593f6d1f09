//! A store that another process writes to while it is open: what came is shown, and what was looked at stays.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use refold_app::wire::{
    Axis, DensityBy, DensityQuery, EventQuery, HistoryOpened, Lens, StateQuery, StoreNews, StreamQuery,
};
use refold_app::{Desk, Places};
use refold_tests::{Fingerprint, Watch};
use tempfile::TempDir;

use super::conditions::{self, Condition};

/// Whoever waits longer than this waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);
/// More than a story waits for.
const MOST_NEWS: usize = 4_096;
const STORE: &str = "REFOLD_TEST_FOLLOWED_STORE";

/// The other process: for each number on its input it appends so many events, one transaction each, and says so.
#[test]
fn another_process_that_appends() {
    let Some(store) = std::env::var_os(STORE) else { return };
    let store = Path::new(&store);
    let is_database = store.extension().is_some_and(|kind| kind == "db");
    let connection = is_database.then(|| conditions::connect(store));
    for line in std::io::stdin().lines() {
        let line = line.expect("the input is text");
        let count = line.parse().expect("a number of events");
        match &connection {
            Some(connection) => conditions::append(connection, count),
            None => conditions::append_lines(store, count),
        }
        eprintln!("appended {count}");
    }
}

struct Writer {
    child: Child,
    said: BufReader<std::process::ChildStderr>,
    _out: Option<ChildStdout>,
}

impl Writer {
    fn on(store: &Path) -> Writer {
        let mut child = Command::new(std::env::current_exe().expect("a test has a path"))
            .args([
                "--exact",
                "stories::following::another_process_that_appends",
                "--nocapture",
            ])
            .env(STORE, store)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the writer starts");
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        Writer {
            _out: child.stdout.take(),
            child,
            said,
        }
    }

    /// Returns when the events are in the store.
    fn append(&mut self, count: u32) {
        let input = self.child.stdin.as_mut().expect("it is piped");
        writeln!(input, "{count}").expect("the writer listens");
        let mut line = String::new();
        while !line.starts_with("appended") {
            line.clear();
            assert!(
                self.said.read_line(&mut line).expect("the writer speaks") > 0,
                "the writer is gone"
            );
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A desk that watches a store, with the history of `order-4711` open.
struct Followed {
    condition: Condition,
    desk: Desk,
    session: u32,
    history: HistoryOpened,
    news: Receiver<StoreNews>,
    _home: TempDir,
}

fn follow(condition: Condition) -> Followed {
    let home = tempfile::tempdir().expect("a home for the window");
    let desk = Desk::at(Places::below(home.path()), None);
    let location = condition.store.to_str().expect("paths of tests are UTF-8");
    let session = desk.open_store(location, None).expect("the store is opened").session;
    desk.index_store(session, &|_| {}).expect("it is indexed");
    let history = desk
        .open_history(session, "order-4711", None, None, Arc::new(|_| {}))
        .expect("the stream is opened");
    let (tell, news) = sync_channel(MOST_NEWS);
    let sink = Arc::new(move |news| drop(tell.send(news)));
    desk.watch_store(session, sink).expect("it is watched");
    Followed {
        condition,
        desk,
        session,
        history,
        news,
        _home: home,
    }
}

impl Followed {
    #[track_caller]
    fn wait_for(&self, what: &str, is_it: impl Fn(&StoreNews) -> bool) -> StoreNews {
        loop {
            self.desk.look_now(self.session);
            let news = self.news.recv_timeout(PATIENCE);
            let news = news.unwrap_or_else(|_| panic!("{}: it was never told that {what}", self.condition.name));
            if is_it(&news) {
                return news;
            }
        }
    }

    /// The size that whoever opens it now is told.
    fn size_now(&self) -> String {
        let location = self.condition.store.to_str().expect("paths of tests are UTF-8");
        let opened = self.desk.open_store(location, None).expect("it is opened once more");
        self.desk.close_store(opened.session).expect("it is open");
        opened.size
    }

    /// Events of store, density, list and history.
    fn shown(&self) -> [u32; 4] {
        let overview = self.desk.overview(self.session).expect("the overview answers");
        let whole = DensityQuery {
            axis: Axis::Position,
            from: String::new(),
            to: String::new(),
            columns: 7,
        };
        let density = self
            .desk
            .store_density(self.session, &whole, DensityBy::Category)
            .expect("the density answers");
        let density = refold_app::frame::DensityFrame::decode(&density).expect("a frame");
        let all = StreamQuery {
            limit: 10_000,
            ..StreamQuery::default()
        };
        let streams = self.desk.streams(self.session, &all).expect("the list answers");
        let rows = self.event_total();
        [
            overview.events,
            density.counts.iter().sum(),
            streams.rows.iter().map(|row| row.events).sum(),
            rows,
        ]
    }

    fn event_total(&self) -> u32 {
        let none = EventQuery {
            types: Vec::new(),
            offset: 0,
            limit: 0,
        };
        let page = self.desk.event_rows(self.history.history, &none);
        page.expect("the history answers").total
    }

    /// The state after the event that led to `moment`, as the rows say it.
    fn state(&self, seq: u32, moment: u32) -> (String, Vec<String>) {
        let query = StateQuery {
            seq,
            lens: Lens::State,
            moment,
            base: None,
            open_depth: 2,
            toggled: Vec::new(),
            only_changes: false,
            part: 0,
            first_row: 0,
            row_count: 500,
            is_whole: false,
            asked: None,
        };
        let frame = self
            .desk
            .state_frame(self.history.history, &query)
            .expect("it is folded");
        let frame = refold_app::frame::StateFrame::decode(&frame).expect("a frame");
        let rows = frame.rows.iter().map(|row| format!("{} {}", row.pointer, row.value));
        (frame.version, rows.collect())
    }
}

fn stores() -> Vec<Condition> {
    vec![conditions::plain(), conditions::live_wal(), conditions::plain_lines()]
}

#[test]
fn what_another_process_appends_is_shown_and_what_was_looked_at_stays() {
    for condition in stores() {
        let name = condition.name;
        let followed = follow(condition);
        let (events, moments) = (followed.condition.events, followed.history.events);
        assert_eq!(followed.shown(), [events, events, events, moments], "{name}");
        let (_, before) = followed.state(1, moments);
        let mut writer = Writer::on(&followed.condition.store);
        let mut appended = 0;
        for (seq, count) in [(2, 1), (3, 40), (4, 3)] {
            writer.append(count);
            appended += count;
            let news = followed.wait_for("events came", |news| news.events == Some(events + appended));
            assert_eq!(news.new_events, appended, "{name}");
            assert!(news.lost.is_none(), "{name}");
            assert_eq!(news.size, Some(followed.size_now()), "{name}");
            assert!(
                news.histories
                    .iter()
                    .any(|of| of.history == followed.history.history && of.events == moments + appended),
                "{name}: {news:?}"
            );
            let all = events + appended;
            assert_eq!(followed.shown(), [all, all, all, moments + appended], "{name}");
            let now = followed.desk.history_now(followed.history.history).expect("it is open");
            assert_eq!(
                (now.events, now.moment),
                (moments + appended, moments + appended),
                "{name}"
            );
            let (version, state) = followed.state(seq * 10, now.events);
            assert_eq!(version, now.last_version, "{name}");
            assert!(
                state.iter().any(|row| row.contains("Marktplatz 1")),
                "{name}: {state:?}"
            );
            assert_eq!(
                followed.state(seq * 10 + 1, moments).1,
                before,
                "{name}: the past is what it was"
            );
        }
    }
}

#[test]
fn watching_touches_nothing() {
    for condition in stores() {
        let name = condition.name;
        let folder = condition.folder.path().to_owned();
        let followed = follow(condition);
        let mut writer = Writer::on(&followed.condition.store);
        writer.append(3);
        let all = followed.condition.events + 3;
        followed.wait_for("events came", |news| news.events == Some(all));
        let (before, watch) = (Fingerprint::of(&folder), Watch::on(&folder));
        for _ in 0..20 {
            followed.desk.look_now(followed.session);
            followed.shown();
        }
        assert_eq!(watch.seen(), [""; 0], "{name}: something happened in the folder");
        before.assert_unchanged(&folder);
        // The application was never in anybody's way, and goes on.
        writer.append(1);
        followed.wait_for("another came", |news| news.events == Some(all + 1));
    }
}

#[test]
fn a_store_that_is_gone_stays_readable_as_it_was_and_comes_back() {
    type Fault = fn(&Path);
    let faults: [(&str, Fault); 4] = [
        ("moved away", |store| fs::remove_file(store).expect("it is removed")),
        ("cut short", |store| {
            let file = fs::OpenOptions::new().write(true).open(store).expect("it opens");
            file.set_len(100).expect("it is cut");
        }),
        ("replaced", |store| {
            fs::remove_file(store).expect("it is removed");
            fs::copy(conditions::plain().store, store).expect("another takes its place");
        }),
        ("emptied", |store| fs::write(store, "").expect("it is emptied")),
    ];
    for (what, fault) in faults {
        for condition in stores() {
            let name = format!("{}, {what}", condition.name);
            // Whoever has it open would put parts of it back.
            let followed = follow(condition.left_alone());
            let store = followed.condition.store.clone();
            let kept = store.with_extension("kept");
            fs::hard_link(&store, &kept).expect("another name for it");
            let content = fs::read(&store).expect("it is read");
            let shown = followed.shown();
            fault(&store);
            let news = followed.wait_for("it is gone", |news| news.lost.is_some());
            let lost = news.lost.expect("it was looked for");
            assert!(
                !lost.error.message.is_empty() && !lost.error.hint.is_empty(),
                "{name}: {lost:?}"
            );
            assert!(lost.retry_in_millis >= 1_000, "{name}");
            assert_eq!(followed.shown(), shown, "{name}: what was shown stays");
            // It comes back as the file that it was.
            let _ = fs::remove_file(&store);
            fs::hard_link(&kept, &store).expect("it is put back");
            fs::write(&store, &content).expect("with what was in it");
            followed.wait_for("it is back", |news| news.lost.is_none());
            assert_eq!(followed.shown(), shown, "{name}");
        }
    }
}
