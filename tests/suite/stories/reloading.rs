//! Somebody works on a handler while its streams are looked at: what is saved is what is shown.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use refold_app::frame::StateFrame;
use refold_app::wire::{HandlersNews, HistoryOpened, Lens, StateQuery};
use refold_app::{Desk, Places};
use refold_tests::{Fingerprint, root};
use tempfile::TempDir;

use super::conditions::{self, Condition};

/// Whoever waits longer than this waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);
/// More than a story waits for.
const MOST_NEWS: usize = 4_096;
const STREAM: &str = "order-4711";

/// A desk that watches the handlers of a store, with a package of the shop that is worked on.
struct Workshop {
    condition: Condition,
    desk: Desk,
    session: u32,
    news: Receiver<HandlersNews>,
    package: PathBuf,
    _places: TempDir,
}

fn workshop(condition: Condition) -> Workshop {
    let places = tempfile::tempdir().expect("a place for a package");
    let package = places.path().join("work").join("order");
    copy(&root().join("fixtures/orders/handlers/order"), &package);
    let desk = Desk::at(Places::below(&places.path().join("home")), None);
    let location = condition.store.to_str().expect("paths of tests are UTF-8");
    let session = desk.open_store(location, None).expect("the store is opened").session;
    let (tell, news) = sync_channel(MOST_NEWS);
    let sink = Arc::new(move |news| drop(tell.send(news)));
    desk.watch_handlers(session, sink).expect("they are watched");
    Workshop {
        condition,
        desk,
        session,
        news,
        package,
        _places: places,
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the package is there").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).expect("a file of the package");
        }
    }
}

impl Workshop {
    fn handler(&self, version: &str) -> String {
        format!("{}@{version}", self.package.display())
    }

    fn open(&self, handler: &str) -> HistoryOpened {
        self.desk
            .open_history(self.session, STREAM, None, Some(handler), Arc::new(|_| {}))
            .expect("the stream is opened")
    }

    fn reducer(&self, version: &str) -> PathBuf {
        self.package.join("versions").join(version).join("reducer.yaml")
    }

    /// Saves a file as editors do, by putting another one in its place, or by writing into it.
    fn save(&self, file: &Path, text: &str, is_replaced: bool) {
        if is_replaced {
            let beside = file.with_extension("new");
            fs::write(&beside, text).expect("it is written");
            fs::rename(&beside, file).expect("it takes its place");
        } else {
            fs::write(file, text).expect("it is written");
        }
    }

    #[track_caller]
    fn wait_for(&self, what: &str, is_it: impl Fn(&HandlersNews) -> bool) -> HandlersNews {
        loop {
            let news = self.news.recv_timeout(PATIENCE);
            let news = news.unwrap_or_else(|_| panic!("it was never told that {what}"));
            if is_it(&news) {
                return news;
            }
        }
    }

    /// Every state of a history, as the rows say it, and the label that it is shown under.
    fn states(&self, history: u32, seq: u32) -> Vec<(String, Vec<String>)> {
        let events = self.desk.history_now(history).expect("it is open").events;
        let frame = |moment| {
            let query = StateQuery {
                seq: seq + moment,
                lens: Lens::State,
                moment,
                base: None,
                open_depth: 4,
                toggled: Vec::new(),
                only_changes: false,
                part: 0,
                first_row: 0,
                row_count: 500,
                is_whole: false,
                asked: None,
            };
            let frame = self.desk.state_frame(history, &query).expect("it is folded");
            let frame = StateFrame::decode(&frame).expect("a frame");
            let rows = frame.rows.iter().map(|row| format!("{} {}", row.pointer, row.value));
            (frame.handler, rows.collect())
        };
        (0..=events).map(frame).collect()
    }

    /// The states that a person gets who opens the stream with the handler as it is now.
    fn states_anew(&self, handler: &str) -> Vec<(String, Vec<String>)> {
        let opened = self.open(handler);
        let states = self.states(opened.history, 1);
        self.desk.close_history(opened.history).expect("it is closed");
        states
    }
}

fn is_folded_with(news: &HandlersNews, history: u32, hash: &str) -> bool {
    news.histories
        .iter()
        .any(|of| of.history == history && of.handler.hash == hash)
}

#[test]
fn a_package_that_is_copied_beside_the_store_is_at_hand_while_the_store_is_open() {
    let workshop = workshop(conditions::plain());
    let store = workshop.condition.store.clone();
    let at_hand = || {
        let location = store.to_str().expect("paths of tests are UTF-8");
        let opened = workshop
            .desk
            .open_store(location, None)
            .expect("it is opened once more");
        workshop.desk.close_store(opened.session).expect("it is open");
        opened.handlers
    };
    let package = store.parent().expect("it lies in a folder").join("handlers/copied");
    let before = at_hand();
    copy(&workshop.package, &package);
    let with_it = at_hand();
    assert!(with_it.len() > before.len());
    let news = workshop.wait_for("a package came", |news| news.at_hand.as_ref() == Some(&with_it));
    // What was made before is of the files that it was of.
    assert_eq!(news.changes, 0);
    fs::remove_dir_all(&package).expect("it is taken away");
    workshop.wait_for("it went", |news| news.at_hand.as_ref() == Some(&before));
}

#[test]
fn a_handler_that_is_saved_is_folded_with_at_once() {
    for condition in [conditions::plain(), conditions::plain_lines()] {
        let folder = condition.folder.path().to_owned();
        let before = Fingerprint::of(&folder);
        let shop = workshop(condition);
        let handler = shop.handler("1.1.0");
        let (worked_on, other) = (shop.open(&handler), shop.open(&shop.handler("1.0.0")));
        let of_other = shop.states(other.history, 1);
        let first = shop.states(worked_on.history, 1);
        let text = fs::read_to_string(shop.reducer("1.1.0")).expect("the rules");
        for (round, status) in (1..).zip(["sent", "on its way", "gone"]) {
            let text = text.replace("\"'shipped'\"", &format!("\"'{status}'\""));
            shop.save(&shop.reducer("1.1.0"), &text, round == 2);
            let now = shop.desk.handler_identity(&handler).expect("it compiles");
            assert_ne!(now.hash, worked_on.handler.hash);
            let news = shop.wait_for("it is folded with", |news| {
                is_folded_with(news, worked_on.history, &now.hash)
            });
            assert!(news.broken.is_empty(), "{news:?}");
            assert!(is_folded_with(&news, other.history, &other.handler.hash));
            let told = shop.desk.history_now(worked_on.history).expect("it is open");
            assert_eq!((told.handler.hash, told.events), (now.hash, worked_on.events));

            let states = shop.states(worked_on.history, round * 1_000);
            assert_eq!(states, shop.states_anew(&handler), "{status}");
            assert!(
                states
                    .iter()
                    .any(|(_, rows)| rows.iter().any(|row| row.contains(status))),
                "{states:?}"
            );
            assert_eq!(shop.states(other.history, round * 1_000), of_other);
        }
        // Undone is as it was.
        shop.save(&shop.reducer("1.1.0"), &text, true);
        shop.wait_for("it is as it was", |news| {
            is_folded_with(news, worked_on.history, &worked_on.handler.hash)
        });
        assert_eq!(shop.states(worked_on.history, 9_000), first);
        before.assert_unchanged(&folder);
    }
}

/// As editors count.
fn line_of(text: &str, part: &str) -> u32 {
    let mut lines = (1..).zip(text.lines());
    let found = lines.find(|(_, line)| line.contains(part));
    found.map(|(number, _)| number).expect("a line of it")
}

#[test]
fn a_handler_that_cannot_be_compiled_changes_nothing_until_it_is_mended() {
    let shop = workshop(conditions::plain());
    let handler = shop.handler("1.1.0");
    let history = shop.open(&handler).history;
    let states = shop.states(history, 1);
    let rules = shop.reducer("1.1.0");
    let text = fs::read_to_string(&rules).expect("the rules");
    let manifest = shop.package.join("handler.toml");
    let whole = fs::read_to_string(&manifest).expect("the manifest");
    let line = line_of(&text, "'delivered'");
    let pinned = whole.replacen(
        "id = \"1.1.0\"",
        &format!("id = \"1.1.0\"\nhash = \"sha256:{}\"", "0".repeat(64)),
        1,
    );
    let hash_line = line_of(&pinned, "hash =");
    let faults = [
        (
            &rules,
            &text,
            text.replace("\"'delivered'\"", "\"'delivered' +\""),
            ("RF-PKG-EXPRESSION", "versions/1.1.0/reducer.yaml", line),
        ),
        (&manifest, &whole, pinned, ("RF-PKG-HASH", "handler.toml", hash_line)),
    ];
    for (round, (file, right, wrong, expected)) in (1..).zip(faults) {
        shop.save(file, &wrong, false);
        let news = shop.wait_for("it is broken", |news| !news.broken.is_empty());
        let [broken] = news.broken.as_slice() else {
            panic!("{news:?}");
        };
        let problem = &broken.problem;
        let place = (
            problem.code.as_str(),
            problem.file.as_deref().unwrap_or_default(),
            problem.line,
        );
        assert_eq!(place, expected, "{problem:?}");
        assert_eq!(broken.reference, handler);
        assert!(problem.column > 0 && !problem.message.is_empty() && !problem.advice.is_empty());
        assert_eq!(shop.states(history, round * 1_000), states, "what was loaded stays");

        shop.save(file, right, true);
        shop.wait_for("it is mended", |news| news.broken.is_empty());
        assert_eq!(shop.states(history, round * 1_000 + 500), states);
    }
    // What nothing is folded with any more is told of no more.
    shop.save(&rules, "refold: reducer/1\non: [", false);
    shop.wait_for("it is broken", |news| !news.broken.is_empty());
    shop.desk.close_history(history).expect("it is closed");
    shop.wait_for("nobody uses it", |news| news.broken.is_empty());
}

#[test]
fn words_of_a_story_are_told_as_they_are_saved() {
    let shop = workshop(conditions::plain());
    let history = shop.open(&shop.handler("1.1.0")).history;
    let told = |is_new: bool| {
        let page = shop.desk.story(history, 0, 100).expect("it is told");
        let texts = page.lines.iter().map(|line| format!("{line:?}"));
        texts.filter(|text| text.contains("reached us")).count() > 0 && is_new
    };
    assert!(!told(true));
    let file = shop.package.join("story.yaml");
    let text = fs::read_to_string(&file).expect("the templates");
    shop.save(&file, &text.replace("{amount} paid", "{amount} reached us"), true);
    shop.wait_for("the story changed", |news| news.changes > 0);
    assert!(told(true));
}

/// Both threads put another history in the place of the one before: neither takes back what the other did.
#[test]
fn a_store_that_grows_and_a_handler_that_is_worked_on_are_both_followed() {
    let shop = workshop(conditions::plain_lines());
    let location = shop.session;
    shop.desk.index_store(location, &|_| {}).expect("it is indexed");
    let (tell, grown) = sync_channel(MOST_NEWS);
    let sink = Arc::new(move |news| drop(tell.send(news)));
    shop.desk.watch_store(shop.session, sink).expect("it is watched");
    let handler = shop.handler("1.1.0");
    let opened = shop.open(&handler);
    let text = fs::read_to_string(shop.reducer("1.1.0")).expect("the rules");
    for round in 1..=12 {
        conditions::append_lines(&shop.condition.store, 1);
        let text = text.replace("\"'shipped'\"", &format!("\"'sent {round}'\""));
        shop.save(&shop.reducer("1.1.0"), &text, round % 2 == 0);
        shop.desk.look_now(shop.session);
        let now = shop.desk.handler_identity(&handler).expect("it compiles");
        shop.wait_for("it is folded with", |news| {
            is_folded_with(news, opened.history, &now.hash)
        });
        let all = opened.events + round;
        while !grown
            .recv_timeout(PATIENCE)
            .expect("it is told that it grew")
            .histories
            .iter()
            .any(|of| of.history == opened.history && of.events == all)
        {
            shop.desk.look_now(shop.session);
        }
        let told = shop.desk.history_now(opened.history).expect("it is open");
        assert_eq!((told.handler.hash, told.events), (now.hash, all), "round {round}");
    }
    assert_eq!(shop.states(opened.history, 1), shop.states_anew(&handler));
}
