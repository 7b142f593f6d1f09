//! What is kept is the answer, and nothing is kept that could become a wrong one.

use std::fs;

use refold_core::work::{CancelToken, Silent, Work};
use refold_fixtures::orders::{self, Options};
use tempfile::TempDir;

use super::*;
use crate::places::Places;
use crate::usecase::lab::check::{CheckAnswer, check};
use crate::usecase::lab::compare::{CompareAnswer, compare};

#[path = "../../../../build/sources.rs"]
mod sources;

/// A shop of its own, and what Refold keeps of it.
struct Lab {
    folder: TempDir,
}

impl Lab {
    fn new() -> Lab {
        Lab::with_events(1_500)
    }

    fn with_events(events: u64) -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            events,
            streams: Some(120),
            giant: Some(60),
            ..Options::default()
        };
        let going_on = |_, _| std::ops::ControlFlow::Continue(());
        orders::write(&folder.path().join("shop"), &options, going_on).unwrap();
        Lab { folder }
    }

    fn handler(&self, version: &str) -> String {
        format!("{}@{version}", self.folder.path().join("shop/handlers/order").display())
    }

    fn ask<T>(&self, ask: impl FnOnce(&Work<'_>, &Session) -> Result<T, AppError>) -> T {
        let cancel = CancelToken::default();
        let work = Work::new(&cancel, &Silent);
        let store = self.folder.path().join("shop/orders.db");
        let places = Places::below(&self.folder.path().join("home"));
        ask(
            &work,
            &Session::open(&work, &store.to_string_lossy(), None, &places).unwrap(),
        )
        .unwrap()
    }

    fn compare(&self, scope: Scope<'_>, keeping: Keeping) -> Answered<CompareAnswer> {
        let (left, right) = (self.handler("1.0.0"), self.handler("1.1.0"));
        self.ask(|work, session| compare(work, session, scope, Some(&left), Some(&right), keeping))
    }

    fn check(&self, scope: Scope<'_>, keeping: Keeping) -> Answered<CheckAnswer> {
        let handler = self.handler("1.0.0");
        self.ask(|work, session| check(work, session, scope, Some(&handler), None, keeping))
    }

    fn files(&self) -> Vec<PathBuf> {
        let folder = self.ask(|_, session| Ok(session.cache_folder().join(FOLDER)));
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
    }
}

#[test]
fn what_was_kept_says_what_was_made() {
    let lab = Lab::new();
    for scope in [Scope::All, Scope::Stream("order-4711"), Scope::Category("order")] {
        let made = lab.compare(scope, Keeping::Kept);
        let kept = lab.compare(scope, Keeping::Kept);
        assert_eq!((made.was_kept, kept.was_kept), (false, true), "{scope:?}");
        assert_eq!(made.answer, kept.answer);
        let made = lab.check(scope, Keeping::Kept);
        let kept = lab.check(scope, Keeping::Kept);
        assert_eq!((made.was_kept, kept.was_kept), (false, true), "{scope:?}");
        assert_eq!(made.answer, kept.answer);
    }
    assert_eq!(lab.files().len(), 6);
    assert!(!lab.compare(Scope::All, Keeping::Anew).was_kept);
}

#[test]
fn the_parts_of_a_store_have_answers_of_their_own() {
    let lab = Lab::new();
    let all = lab.compare(Scope::All, Keeping::Kept).answer;
    let category = lab.compare(Scope::Category("order"), Keeping::Kept).answer;
    assert_eq!(all.differing, category.differing);
    let head = lab.check(Scope::Stream("order-4711"), Keeping::Kept).answer;
    let early = Scope::Until {
        stream: "order-4711",
        cursor: "v3",
    };
    assert_eq!(
        (head.events > 3, lab.check(early, Keeping::Kept).answer.events),
        (true, 3)
    );
    assert!(lab.check(early, Keeping::Kept).was_kept);
    let ago = Scope::Until {
        stream: "order-4711",
        cursor: "-2h",
    };
    lab.check(ago, Keeping::Kept);
    assert!(
        !lab.check(ago, Keeping::Kept).was_kept,
        "it means something else by now"
    );
}

#[test]
fn a_handler_that_changed_is_folded_again() {
    let lab = Lab::new();
    let before = lab.compare(Scope::All, Keeping::Kept).answer;
    let reducer = lab
        .folder
        .path()
        .join("shop/handlers/order/versions/1.1.0/reducer.yaml");
    let text = fs::read_to_string(&reducer).unwrap();
    fs::write(
        &reducer,
        text.replace("add: { discount: event.data.amount }", "add: { discount: 1 }"),
    )
    .unwrap();
    let after = lab.compare(Scope::All, Keeping::Kept);
    assert!(!after.was_kept);
    assert_ne!(before.differing_streams, after.answer.differing_streams);
}

#[test]
fn a_store_that_changed_is_folded_again() {
    let (lab, other) = (Lab::new(), Lab::with_events(1_600));
    let before = lab.compare(Scope::All, Keeping::Kept).answer;
    let store = "shop/orders.db";
    fs::copy(other.folder.path().join(store), lab.folder.path().join(store)).unwrap();
    let after = lab.compare(Scope::All, Keeping::Kept);
    assert!(!after.was_kept);
    assert_ne!(before.events, after.answer.events);
}

/// An answer of another build of the same version, which may have said something else.
#[test]
fn what_another_build_kept_is_made_again() {
    let of_crate = Path::new(env!("CARGO_MANIFEST_DIR"));
    let digest = sources::digest(of_crate).unwrap();
    assert!(FORMAT.ends_with(&digest), "{FORMAT}: these sources are {digest}");
    let lab = Lab::new();
    let made = lab.check(Scope::All, Keeping::Kept).answer;
    let own = lab.files().pop().unwrap();
    // A file is its key, the checksum of the answer, and the answer.
    let kept = fs::read_to_string(&own).unwrap();
    let lines: Vec<&str> = kept.lines().collect();
    let key: String = lines[1..lines.len() - 2]
        .iter()
        .map(|line| format!("{line}\n"))
        .collect();
    let wrong = CheckAnswer {
        streams: made.streams + 1,
        ..made.clone()
    };
    lab.ask(|_, session| {
        let is_own = Place::of(session, FORMAT, &key).file == own;
        let place = Place::of(session, &FORMAT.replace(&digest, "0123456789abcdef"), &key);
        place.write(&wrong)?;
        assert!(is_own && place.file != own);
        // Also where it lies under the name of this one.
        fs::copy(&place.file, &own).unwrap();
        Ok(())
    });
    let again = lab.check(Scope::All, Keeping::Kept);
    assert_eq!((again.was_kept, again.answer), (false, made));
}

/// The sources of the engines count, and those of tests do not.
#[test]
fn an_answer_hangs_on_the_sources_that_make_it() {
    let of_crate = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = sources::sources(of_crate).unwrap();
    let has = |file: &str| sources.iter().any(|source| source.ends_with(file));
    for file in [
        "refold-app/src/usecase/lab/check.rs",
        "refold-core/src/fold/mod.rs",
        "Cargo.lock",
    ] {
        assert!(has(file), "{file}");
    }
    assert!(!has("refold-core/src/fold/tests.rs"));
}

#[test]
fn limits_that_changed_are_another_question() {
    let lab = Lab::new();
    lab.compare(Scope::All, Keeping::Kept);
    let manifest = lab.folder.path().join("shop/handlers/order/handler.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, format!("{text}\n[limits]\nsteps = 99000\n")).unwrap();
    assert!(!lab.compare(Scope::All, Keeping::Kept).was_kept);
}

#[test]
fn a_damaged_file_is_thrown_away() {
    let lab = Lab::new();
    let made = lab.compare(Scope::All, Keeping::Kept).answer;
    let file = lab.files().pop().unwrap();
    let whole = fs::read_to_string(&file).unwrap();
    let middle = whole.len() / 2;
    let damages = [
        whole[..middle].to_owned(),
        whole.replacen("\"differing_streams\":", "\"differing_streams\":1", 1),
        whole.replacen("store", "Store", 1),
        String::new(),
        "refold-lab/1".to_owned(),
    ];
    for damage in damages {
        fs::write(&file, damage).unwrap();
        let again = lab.compare(Scope::All, Keeping::Kept);
        assert!(!again.was_kept);
        assert_eq!(again.answer, made);
        assert_eq!(fs::read_to_string(&file).unwrap(), whole);
    }
}

#[test]
fn no_more_is_kept_than_there_is_room_for() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..MOST_FILES + 3 {
        let file = folder.path().join(format!("{number}.json"));
        fs::write(&file, "answer").unwrap();
        let used = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number as u64);
        fs::File::options()
            .append(true)
            .open(&file)
            .unwrap()
            .set_modified(used)
            .unwrap();
    }
    forget_oldest(folder.path());
    let is_there = |number: usize| folder.path().join(format!("{number}.json")).exists();
    assert_eq!([is_there(0), is_there(2), is_there(3)], [false, false, true]);
}

#[test]
fn null_and_nothing_come_back_as_they_were() {
    use crate::answer::Literal;
    use crate::usecase::lab::compare::PlaceAnswer;
    use refold_core::value::Value;
    let sides = [
        None,
        Some(Literal(Value::Null)),
        Some(Literal(Value::from_json(b"0.10", 8).unwrap())),
        Some(Literal(
            Value::from_json(b"{\"a\":9007199254740993,\"a\":\"\\ud800\"}", 8).unwrap(),
        )),
    ];
    for (left, right) in sides
        .iter()
        .flat_map(|left| sides.iter().map(move |right| (left, right)))
    {
        let place = PlaceAnswer {
            path: "/paid".to_owned(),
            left: left.clone(),
            right: right.clone(),
        };
        let kept = serde_json::to_string(&place).unwrap();
        assert_eq!(serde_json::from_str::<PlaceAnswer>(&kept).unwrap(), place, "{kept}");
    }
}
