//! What is kept of a store on a server: looked at while the server is out of reach, sealed, never taken for another.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use refold_app::wire::StoreNews;
use refold_app::{Desk, Places};
use refold_tests::postgres::Postgres;
use refold_tests::{Answer, Refold, answer_of};
use serde_json::Value;

use super::read_models::without_password;
use super::{Real, over_each};

over_each! {
    a_store_is_looked_at_while_its_server_is_out_of_reach
    another_store_behind_the_same_address_is_not_answered_from_what_is_kept
    nothing_stays_where_the_connection_says_so
    processes_beside_each_other_keep_one_right_copy
    a_disk_that_is_full_leaves_no_half_copy
}

/// A connection called `far`.
struct Kept {
    refold: Refold,
    _folder: tempfile::TempDir,
}

impl Kept {
    fn of(address: &str) -> Kept {
        let folder = tempfile::tempdir().expect("a folder to work in");
        let kept = Kept {
            refold: Refold::in_folder(folder.path()),
            _folder: folder,
        };
        kept.good(&[
            "connections",
            "add",
            "far",
            &without_password(address),
            "--environment",
            "test",
        ]);
        kept
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.refold.command(arguments);
        command.env("MYSQL_PWD", "geheim");
        command
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        answer_of(self.command(arguments))
    }

    #[track_caller]
    fn good(&self, arguments: &[&str]) -> Answer {
        let answer = self.run(arguments);
        assert_eq!(answer.code, 0, "{arguments:?}: {answer:?}");
        answer
    }

    /// What is answered while the server is away: it cannot be taken for an answer of the server. Comes back without what
    /// says so.
    #[track_caller]
    fn away(&self, arguments: &[&str], as_of: &str) -> Answer {
        told_away(self.run(arguments), as_of)
    }

    #[track_caller]
    fn held(&self) -> Value {
        let answer = self.good(&["--json", "connections", "cache", "far"]);
        serde_json::from_str(&answer.out).expect("it is JSON")
    }

    /// All files of what is kept of servers.
    fn files(&self) -> Vec<PathBuf> {
        files_below(&self.refold.home().join("cache").join("servers"))
    }

    fn log(&self) -> Vec<String> {
        let log = self.refold.home().join("data").join("access").join("far.ndjson");
        let text = fs::read_to_string(log).expect("there is a log");
        text.lines().map(str::to_owned).collect()
    }
}

fn sorted(answer: &Answer) -> Vec<&str> {
    let mut lines: Vec<&str> = answer.out.lines().collect();
    lines.sort_unstable();
    lines
}

#[track_caller]
fn told_away(mut answer: Answer, as_of: &str) -> Answer {
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(
        answer.err.contains("out-of-reach") && answer.err.contains(as_of),
        "{answer:?}"
    );
    let said = format!(",\"kept_as_of\":\"{as_of}\"}}");
    assert!(
        !answer.out.is_empty() && answer.out.lines().all(|line| line.ends_with(&said)),
        "{answer:?}"
    );
    answer.out = answer.out.replace(&said, "}");
    answer
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files
}

/// Of streams, types and times alone.
const LISTS: [&[&str]; 2] = [&["--json", "streams", "@far"], &["--json", "timeline", "@far"]];
/// Of payloads too.
const WHOLE: [&[&str]; 6] = [
    &["--json", "history", "@far", "account-7"],
    &["--json", "state", "@far", "account-7", "--at", "v3"],
    &["--json", "diff", "@far", "account-7", "--from", "v2", "--to", "head"],
    &["--json", "blame", "@far", "account-7"],
    &["--json", "search", "@far", "\"amount\": 77"],
    &["--json", "replay", "@far", "--all"],
];

fn a_store_is_looked_at_while_its_server_is_out_of_reach<R: Real>() {
    let server = R::alone();
    let kept = Kept::of(&server.store("kept_far", 400));
    let lists: Vec<Answer> = LISTS.iter().map(|arguments| kept.run(arguments)).collect();
    let whole: Vec<Answer> = WHOLE.iter().map(|arguments| kept.run(arguments)).collect();
    assert!(whole.iter().all(|answer| answer.code <= 1), "{whole:?}");
    let held = kept.held();
    assert_eq!(
        (&held["events"], &held["has_payloads"]),
        (&400.into(), &false.into()),
        "{held}"
    );

    // Only the index is kept: lists are told, with as of when; of payloads nothing is, and nothing shorter either.
    server.crash();
    let before = kept.log().len();
    for (arguments, expected) in LISTS.iter().zip(&lists) {
        let as_of = held["as_of"].as_str().expect("a time");
        let answer = kept.away(arguments, as_of);
        assert_eq!(answer.out, expected.out, "{arguments:?}: {answer:?}");
    }
    for arguments in WHOLE {
        let answer = kept.run(arguments);
        assert_eq!((answer.code, answer.out.as_str()), (3, ""), "{arguments:?}: {answer:?}");
        assert!(answer.err.contains("not kept"), "{answer:?}");
    }

    server.boot();
    kept.good(&["connections", "cache", "far", "--copy"]);
    let held = kept.held();
    assert_eq!(
        (&held["events"], &held["has_payloads"]),
        (&400.into(), &true.into()),
        "{held}"
    );
    assert_sealed(&kept);
    server.crash();
    let as_of = held["as_of"].as_str().expect("a time");
    for (arguments, expected) in LISTS.iter().zip(&lists).chain(WHOLE.iter().zip(&whole)) {
        let answer = kept.away(arguments, as_of);
        // Threads that fold all streams are done with them in any order.
        let is_same = match arguments.contains(&"--all") {
            true => sorted(&answer) == sorted(expected),
            false => answer.out == expected.out,
        };
        assert!(is_same, "{arguments:?}: {answer:?} {expected:?}");
    }
    let searched = kept.run(WHOLE[4]);
    assert!(!searched.err.contains("as the server holds it"), "{searched:?}");
    let out = tempfile::tempdir().expect("a folder");
    for name in ["found.ndjson", "found.csv"] {
        let file = out.path().join(name).display().to_string();
        let written = kept.run(&["search", "@far", "\"amount\": 77", "--out", &file]);
        assert_eq!(written.code, 1, "{written:?}");
        let text = fs::read_to_string(&file).expect("it is written");
        let mut lines = text.lines();
        let is_headed = name.ends_with("ndjson") || lines.next().is_some_and(|head| head.ends_with(",kept_as_of"));
        assert!(is_headed && lines.clone().count() > 0, "{text}");
        assert!(lines.all(|line| line.contains(as_of)), "{text}");
    }
    let info = kept.run(&["info", "@far"]);
    assert!(
        info.code == 1 && info.out.contains("out-of-reach") && info.out.contains("nothing is sent"),
        "{info:?}"
    );

    // It is no evidence.
    for arguments in [
        &["anchor", "@far", "--out", "."][..],
        &["report", "@far", "account-7", "--out", "."],
        &["tail", "@far"],
    ] {
        let answer = kept.run(arguments);
        assert_eq!(answer.code, 3, "{arguments:?}: {answer:?}");
    }

    // What was read is in the log, and that nothing was sent.
    let log = kept.log();
    let since = &log[before..];
    let while_away = since
        .iter()
        .rev()
        .take_while(|line| !line.contains("\"act\":\"answered\""));
    let while_away: Vec<&String> = while_away.collect();
    assert!(
        while_away.iter().all(|line| !line.contains("\"act\":\"sent\"")),
        "{while_away:?}"
    );
    let told = |text: &str| while_away.iter().any(|line| line.contains(text));
    assert!(told("account-7") && told("kept_as_of"), "{while_away:?}");
    let log = kept.run(&["connections", "log", "@far"]);
    assert!(log.code == 0 && log.out.contains("nothing was sent"), "{log:?}");

    // Damaged anywhere, it is not believed: the answer is right, or there is none.
    let right: Vec<(&[&str], &Answer)> = [(LISTS[0], &lists[0]), (WHOLE[0], &whole[0])].to_vec();
    for file in kept.files() {
        let content = fs::read(&file).unwrap_or_default();
        let mut damaged = content.clone();
        let Some(byte) = damaged.get_mut(content.len() / 2) else {
            continue;
        };
        *byte ^= 0x10;
        // What is damaged takes others with it.
        let others: Vec<(PathBuf, Vec<u8>)> = kept
            .files()
            .into_iter()
            .map(|other| (other.clone(), fs::read(other).unwrap_or_default()))
            .collect();
        fs::remove_file(&file).expect("it is removed");
        fs::write(&file, damaged).expect("it is written");
        for (arguments, expected) in &right {
            let answer = kept.run(arguments);
            if answer.code != 3 {
                let told = told_away(answer, as_of);
                assert_eq!(told.out, expected.out, "{}: {told:?}", file.display());
            }
        }
        for (other, content) in others.into_iter().filter(|(other, _)| *other != file) {
            fs::write(other, content).expect("it is written");
        }
        fs::write(&file, content).expect("it is written");
    }

    assert_key_counts(&kept, &lists[0], as_of);

    let held: u64 = kept.held()["byte_count"]
        .as_str()
        .and_then(|bytes| bytes.parse().ok())
        .expect("a number");
    let purged = kept.good(&["--json", "connections", "cache", "far", "--purge"]);
    let purged: Value = serde_json::from_str(&purged.out).expect("it is JSON");
    assert_eq!(
        (&purged["removed_bytes"], &purged["byte_count"]),
        (&held.to_string().into(), &"0".into()),
        "{purged}"
    );
    assert_eq!(kept.files(), Vec::<PathBuf>::new());
    let again = kept.good(&["connections", "cache", "far", "--purge"]);
    assert!(again.out.contains("nothing was kept"), "{again:?}");
    let answer = kept.run(LISTS[0]);
    assert_eq!(answer.code, 3, "{answer:?}");
    server.boot();
    let again = kept.good(LISTS[0]);
    assert!(
        !again.err.contains("out-of-reach") && again.out == lists[0].out,
        "{again:?}"
    );
    kept.good(&["connections", "remove", "far"]);
    assert_eq!(kept.files(), Vec::<PathBuf>::new());
}

/// With another key nothing is read, and that is said; with the right one all of it is there again.
fn assert_key_counts(kept: &Kept, expected: &Answer, as_of: &str) {
    let file = kept.refold.home().join("data").join("cache.key");
    let key = fs::read(&file).expect("there is a key");
    fs::write(&file, vec![7; key.len()]).expect("it is written");
    let answer = kept.run(LISTS[0]);
    assert_eq!((answer.code, answer.out.as_str()), (3, ""), "{answer:?}");
    assert!(answer.err.contains("another key"), "{answer:?}");
    let held = kept.held();
    assert_eq!(
        (&held["is_readable"], &held["as_of"]),
        (&false.into(), &Value::Null),
        "{held}"
    );
    fs::write(&file, key).expect("it is written");
    let answer = kept.away(LISTS[0], as_of);
    assert_eq!(answer.out, expected.out, "{answer:?}");
}

fn assert_sealed(kept: &Kept) {
    use std::os::unix::fs::PermissionsExt as _;
    let files = kept.files();
    assert!(files.len() > 5, "{files:?}");
    for file in files_below(&kept.refold.home().join("cache")) {
        let bytes = fs::read(&file).expect("it is there");
        for text in ["account", "Deposited", "amount", "kept_far", "refold_reader"] {
            let is_there = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!is_there, "{text} lies open in {}", file.display());
        }
    }
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&kept.refold.home().join("data").join("cache.key")), 0o600);
    let servers = kept.refold.home().join("cache").join("servers");
    assert_eq!(mode(&servers), 0o700);
}

fn another_store_behind_the_same_address_is_not_answered_from_what_is_kept<R: Real>() {
    let server = R::shared();
    let kept = Kept::of(&server.store("kept_other", 300));
    kept.good(&["connections", "cache", "far", "--copy"]);
    let before = kept.files().len();
    server.store("kept_other", 40);
    let streams = kept.good(LISTS[0]);
    let events: u64 = streams
        .out
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).expect("it is JSON")["events"]
                .as_u64()
                .expect("a number")
        })
        .sum();
    assert_eq!(events, 40);
    let held = kept.held();
    assert_eq!(
        (&held["events"], &held["has_payloads"]),
        (&40.into(), &false.into()),
        "{held}"
    );
    assert!(kept.files().len() < before, "what was kept of the store before is gone");
}

fn nothing_stays_where_the_connection_says_so<R: Real>() {
    let server = R::shared();
    let kept = Kept::of(&server.store("kept_off", 200));
    kept.good(LISTS[0]);
    assert_ne!(kept.files(), Vec::<PathBuf>::new());
    for line in ["memory", "off"] {
        kept.good(&["connections", "edit", "far", "--cache", "disk"]);
        kept.good(LISTS[0]);
        assert_ne!(kept.files(), Vec::<PathBuf>::new());
        kept.good(&["connections", "edit", "far", "--cache", line]);
        assert_eq!(kept.files(), Vec::<PathBuf>::new(), "{line}: also before it is opened");
        for arguments in LISTS.iter().chain(&WHOLE) {
            let answer = kept.run(arguments);
            assert!(answer.code <= 1, "{arguments:?}: {answer:?}");
        }
        assert_eq!(kept.files(), Vec::<PathBuf>::new(), "{line}");
        let cache = files_below(&kept.refold.home().join("cache"));
        for file in cache {
            let bytes = fs::read(&file).expect("it is there");
            let is_there = bytes.windows(7).any(|window| window == b"account");
            assert!(!is_there, "{line}: {}", file.display());
        }
        let copied = kept.run(&["search", "@far", "amount", "--copy"]);
        let is_copied = copied.code == 0;
        assert_eq!(is_copied, line == "memory", "{copied:?}");
        let answer = kept.run(&["connections", "cache", "far", "--copy"]);
        assert!(answer.code == 2 && answer.err.contains("disk"), "{answer:?}");
    }
    let wrong = kept.run(&["connections", "edit", "far", "--cache", "disk much"]);
    assert!(
        wrong.code == 2 && wrong.err.contains("off, memory or disk"),
        "{wrong:?}"
    );
    kept.good(&["connections", "edit", "far", "--cache", "disk 0"]);
    let bounded = kept.run(&["connections", "cache", "far", "--copy"]);
    assert!(
        bounded.code >= 2 && bounded.err.contains("may take 0 MB"),
        "{bounded:?}"
    );
}

fn processes_beside_each_other_keep_one_right_copy<R: Real>() {
    let server = R::shared();
    let address = server.store("kept_both", 900);
    let expected = Kept::of(&address).good(WHOLE[0]).out;
    let kept = Kept::of(&address);
    let started: Vec<_> = (0..6)
        .map(|number| {
            let arguments: &[&str] = match number % 3 {
                0 => &["connections", "cache", "far", "--copy"],
                1 => WHOLE[0],
                _ => LISTS[0],
            };
            let mut command = kept.command(arguments);
            command
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped());
            (number, command.spawn().expect("refold starts"))
        })
        .collect();
    for (number, child) in started {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{number}: {output:?}");
        if number % 3 == 1 {
            assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
        }
    }
    let held = kept.held();
    assert_eq!(
        (&held["events"], &held["has_payloads"]),
        (&900.into(), &true.into()),
        "{held}"
    );
    assert_eq!(kept.good(WHOLE[0]).out, expected);
}

/// No file may grow beyond a size, once as a failed write and once as the end of the process.
fn a_disk_that_is_full_leaves_no_half_copy<R: Real>() {
    let server = R::shared();
    let address = server.store("kept_full", 9_000);
    let expected = Kept::of(&address).good(WHOLE[0]).out;
    for ignores in ["trap '' XFSZ; ", ""] {
        let kept = Kept::of(&address);
        let streams = kept.good(LISTS[0]).out;
        let mut failures = 0;
        for blocks in [40, 80, 160, 320, 640, 1_280] {
            let limited = kept.command(&["connections", "cache", "far", "--copy"]);
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("{ignores}ulimit -f {blocks} && exec \"$0\" \"$@\"")]);
            shell.arg(limited.get_program()).args(limited.get_args());
            shell.envs(limited.get_envs().filter_map(|(name, value)| Some((name, value?))));
            failures += u32::from(answer_of(shell).code != 0);
            assert_eq!(kept.good(LISTS[0]).out, streams);
            assert_eq!(kept.good(WHOLE[0]).out, expected);
        }
        assert!(failures > 1, "the limits were met");
        kept.good(&["connections", "cache", "far", "--copy"]);
        assert_eq!(kept.held()["has_payloads"], true);
        assert_eq!(kept.good(WHOLE[0]).out, expected);
    }
}

/// The store itself takes the place of what is kept of it as a whole; what comes then is new, and no other store.
#[test]
fn a_window_that_was_opened_without_the_server_shows_the_store_itself_once_it_is_back() {
    const PATIENCE: Duration = Duration::from_secs(60);
    let (server, database) = (Postgres::start(), "kept_back");
    let address = Real::store(&server, database, 100);
    let home = tempfile::tempdir().expect("a home for the window");
    let desk = Desk::at(Places::below(home.path()), None);
    let first = desk.open_store(&address, None).expect("the store is opened").session;
    desk.index_store(first, &|_| {}).expect("it is indexed");
    desk.close_store(first).expect("it is open");
    let openings = || {
        let statements = Real::statements(&server);
        statements.iter().filter(|said| said.contains("attgenerated")).count()
    };
    let before = openings();
    server.crash();
    let kept = desk.open_store(&address, None).expect("what is kept is opened");
    let band = &kept.read_only[0];
    assert!(
        band.contains("cannot be reached") && band.contains("tried again"),
        "{band}"
    );
    assert!(kept.findings.iter().any(|found| found.code == "out-of-reach"));
    let (tell, news) = sync_channel::<StoreNews>(64);
    desk.watch_store(kept.session, Arc::new(move |told| drop(tell.send(told))))
        .expect("it is watched");
    let told = || {
        desk.look_now(kept.session);
        news.recv_timeout(PATIENCE).expect("it is told")
    };
    while told().lost.is_none() {}
    server.boot();
    let back = loop {
        let told = told();
        assert!(told.lost.as_ref().is_none_or(|lost| !lost.is_another), "{told:?}");
        if let Some(back) = told.back {
            assert!(told.lost.is_none(), "{:?}", told.lost);
            break back;
        }
    };
    let is_away = |line: &String| line.contains("cannot be reached");
    assert!(
        !back.read_only.is_empty() && !back.read_only.iter().any(is_away),
        "{back:?}"
    );
    let overview = desk.overview(kept.session).expect("the overview answers");
    let mut found = back.findings.iter().chain(&overview.findings);
    assert!(found.all(|found| found.code != "out-of-reach"), "{back:?}");
    // Another table that may be read makes no other store.
    server.sql(database, "CREATE TABLE other(id int); GRANT SELECT ON other TO PUBLIC;");
    server.sql(database, &Postgres::insert(7, 0));
    let told = loop {
        let told = told();
        assert!(told.lost.is_none() && told.back.is_none(), "{told:?}");
        if told.new_events > 0 {
            break told;
        }
    };
    assert_eq!((told.new_events, told.events), (1, Some(101)));
    assert_eq!(openings() - before, 2, "one when it is back, and one for the event");
}
