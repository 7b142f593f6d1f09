//! What is made as evidence, and what is kept for later, is there whole or not at all: whenever the program is killed,
//! and at whichever of its calls the disk is full. `strace` does either at every call that writes.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use refold_fixtures::orders::Layout;
use refold_tests::{Answer, Fingerprint, Refold, answer_of, shop};

/// What [`answer_of`] says of a program that a signal ended; strace ends as what it runs.
const KILLED: i32 = -1;

/// The calls that change what is on a disk, and how each fails on a full or broken one.
const CALLS: [(&str, &str); 4] = [
    ("write", "ENOSPC"),
    ("fsync", "EIO"),
    ("rename", "ENOSPC"),
    ("renameat2", "ENOSPC"),
];

const ANCHOR: &[&str] = &["anchor", "orders.db", "--out", "../out"];
const REPORT: &[&str] = &[
    "report",
    "orders.db",
    "order-4711",
    "--out",
    "../out",
    "--format",
    "pdf,html,csv,json,xlsx",
];
const STREAMS: &[&str] = &["--json", "streams", "orders.db"];

/// A store, a home and a folder for what is made, used for one run and one look at what it left.
struct Bench {
    folder: tempfile::TempDir,
    before: Fingerprint,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("shop");
        fs::create_dir(&store).expect("an empty folder");
        shop(&store, Layout::Emmett, 300);
        let before = Fingerprint::of(&store);
        Bench { folder, before }
    }

    fn refold(&self) -> Refold {
        let out = self.out();
        let _ = fs::remove_dir_all(&out);
        fs::create_dir(&out).expect("an empty folder");
        Refold::in_folder(&self.folder.path().join("shop"))
    }

    fn out(&self) -> std::path::PathBuf {
        self.folder.path().join("out")
    }

    /// How often a whole run makes this call.
    fn count(&self, call: &str, arguments: &[&str]) -> usize {
        let trace = self.folder.path().join("trace");
        let answer = traced(&self.refold(), &trace, call, None, arguments);
        assert!((0..=1).contains(&answer.code), "{arguments:?}: {answer:?}");
        let text = fs::read_to_string(&trace).expect("strace writes what it saw");
        text.lines().filter(|line| line.contains('(')).count()
    }

    /// Runs it with `injected` at each of its calls, by turns, and gives `look` each end.
    fn at_every_call(&self, arguments: &[&str], injected: impl Fn(&str, &str) -> String, mut look: impl FnMut(&Ended)) {
        for (call, error) in CALLS {
            let count = self.count(call, arguments);
            for number in 1..=count {
                let refold = self.refold();
                let inject = format!("{call}:{}{number}", injected(error, "when="));
                let answer = traced(&refold, Path::new("/dev/null"), call, Some(&inject), arguments);
                look(&Ended {
                    what: format!("{arguments:?}, {inject} of {count}"),
                    answer,
                    refold,
                });
                self.before.assert_unchanged(&self.folder.path().join("shop"));
            }
        }
    }

    /// What somebody sees in the folder afterwards; what we left under a hidden name is not counted.
    fn seen(&self) -> Vec<String> {
        let names = names(&self.out()).into_iter();
        names.filter(|name| !name.starts_with('.')).collect()
    }
}

/// Runs it and kills it when so much time has gone by, if it has not ended by then.
fn killed_after(refold: &Refold, arguments: &[&str], instant: Duration) -> Answer {
    let mut command = refold.command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    thread::park_timeout(instant);
    child.kill().expect("it is ours");
    let status = child.wait().expect("it ends");
    Answer {
        code: status.code().unwrap_or(KILLED),
        out: String::new(),
        err: String::new(),
    }
}

struct Ended {
    what: String,
    answer: Answer,
    refold: Refold,
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there").flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn traced(refold: &Refold, trace: &Path, call: &str, inject: Option<&str>, arguments: &[&str]) -> Answer {
    let plain = refold.command(arguments);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", &format!("trace={call}"), "-o"]);
    command.arg(trace);
    if let Some(inject) = inject {
        command.args(["-e", &format!("inject={inject}")]);
    }
    command.arg(plain.get_program()).args(plain.get_args());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = plain.get_current_dir() {
        command.current_dir(folder);
    }
    answer_of(command)
}

/// What is seen is whole: a folder that its own lists vouch for, and the key of an anchor with it.
#[track_caller]
fn check_whole(bench: &Bench, ended: &Ended) {
    let what = &ended.what;
    let seen = bench.seen();
    for name in &seen {
        let path = bench.out().join(name);
        if let Some(anchor) = name.strip_suffix(".salt") {
            let key = fs::read_to_string(&path).expect("a key is text");
            let digits = key.trim_end().bytes().filter(u8::is_ascii_hexdigit).count();
            assert_eq!(
                (digits, key.len()),
                (64, 65),
                "{what}: the key {anchor} is torn: {key:?}"
            );
        } else {
            let verified = ended.refold.run(&["verify-bundle", &path.display().to_string()]);
            assert_eq!(verified.code, 0, "{what}: {name}: {verified:?}");
            let has_key = seen.contains(&format!("{name}.salt"));
            assert_eq!(has_key, name.starts_with("anchor"), "{what}: {seen:?}");
        }
    }
}

#[test]
fn evidence_is_whole_or_absent_wherever_it_is_killed() {
    let bench = Bench::new();
    for arguments in [ANCHOR, REPORT] {
        let mut kills = 0;
        bench.at_every_call(
            arguments,
            |_, when| format!("signal=KILL:{when}"),
            |ended| {
                check_whole(&bench, ended);
                match ended.answer.code {
                    KILLED => kills += 1,
                    // strace counts the calls of each thread for itself, and no thread made so many.
                    code => assert_eq!(code, 0, "{}: {:?}", ended.what, ended.answer),
                }
            },
        );
        assert!(kills > 15, "{arguments:?}: killed {kills} times");
    }
}

/// A run that is killed cannot clean up; the next one does. What is still being written is left alone.
#[test]
fn what_a_killed_run_left_is_cleared_by_the_next() {
    let bench = Bench::new();
    for arguments in [ANCHOR, REPORT] {
        let hidden = || {
            let names = names(&bench.out()).into_iter();
            names.filter(|name| name.starts_with('.')).collect::<Vec<_>>()
        };
        let inject = format!("fsync:signal=KILL:when={}", bench.count("fsync", arguments) / 2);
        let refold = bench.refold();
        let answer = traced(&refold, Path::new("/dev/null"), "fsync", Some(&inject), arguments);
        assert_eq!(answer.code, KILLED, "{arguments:?}, {inject}: {answer:?}");
        let left = hidden();
        assert_eq!(left.len(), 1, "{arguments:?}, {inject}: {left:?}");
        let name = |left: &str| {
            format!(
                ".refold-tmp-another{}",
                left.get(".refold-tmp-abcdef".len()..).unwrap_or_default()
            )
        };
        let other = name(&left[0]);
        let others = bench.out().join(&other);
        fs::create_dir(&others).expect("an empty folder");
        let held = fs::File::open(&others).expect("it is there");
        held.lock().expect("it can be held");
        let answer = refold.run(arguments);
        assert_eq!(answer.code, 0, "{arguments:?}: {answer:?}");
        assert_eq!(hidden(), [other], "{arguments:?}, {inject}");
    }
}

#[test]
fn evidence_is_whole_or_absent_wherever_the_disk_is_full() {
    let bench = Bench::new();
    for arguments in [ANCHOR, REPORT] {
        let mut failures = 0;
        bench.at_every_call(
            arguments,
            |error, when| format!("error={error}:{when}"),
            |ended| {
                let Ended { what, answer, .. } = ended;
                check_whole(&bench, ended);
                let hidden: Vec<String> = names(&bench.out())
                    .into_iter()
                    .filter(|it| it.starts_with('.'))
                    .collect();
                assert_eq!(hidden, [""; 0], "{what}: what could not be finished is taken away");
                if bench.seen().is_empty() {
                    assert_ne!(answer.code, 0, "{what}: {answer:?}");
                    assert!(
                        answer.err.lines().count() >= 2,
                        "{what}: what failed, and what to do: {answer:?}"
                    );
                    failures += 1;
                }
            },
        );
        assert!(failures > 10, "{arguments:?}: failed {failures} times");
    }
}

#[test]
fn an_index_that_was_half_written_is_never_believed() {
    let bench = Bench::new();
    let expected = bench.refold().run(STREAMS);
    let mut runs = 0;
    for injected in [
        (|_, when| format!("signal=KILL:{when}")) as fn(&str, &str) -> String,
        |error, when| format!("error={error}:{when}"),
    ] {
        bench.at_every_call(STREAMS, injected, |ended| {
            let again = ended.refold.run(STREAMS);
            assert_eq!(
                (again.code, &again.out),
                (0, &expected.out),
                "{}: {}",
                ended.what,
                again.err
            );
            runs += 1;
        });
    }
    assert!(runs > 30, "{runs}");
}

/// Between calls too, and in those that no list names: at instants of the time that a whole run takes.
#[test]
fn all_is_whole_or_absent_at_two_hundred_random_instants() {
    const OF_EACH: [(&[&str], u32); 3] = [(ANCHOR, 70), (REPORT, 70), (STREAMS, 60)];
    let bench = Bench::new();
    let expected = bench.refold().run(STREAMS);
    let random = RandomState::new();
    for (arguments, instants) in OF_EACH {
        let run = || {
            let refold = bench.refold();
            let start = Instant::now();
            refold.run(arguments);
            start.elapsed()
        };
        // The least of some: what else the machine did meanwhile may be over.
        let whole = (0..3).map(|_| run()).min().unwrap_or_default();
        let mut kills = 0;
        for number in 0..instants {
            let instant = whole.mul_f64((random.hash_one((arguments, number)) % 1_000) as f64 / 1_000.0);
            let refold = bench.refold();
            let answer = killed_after(&refold, arguments, instant);
            let what = format!("{arguments:?}, killed after {instant:?} of {whole:?}");
            kills += u32::from(answer.code == KILLED);
            if arguments == STREAMS {
                let again = refold.run(STREAMS);
                assert_eq!((again.code, &again.out), (0, &expected.out), "{what}: {}", again.err);
            } else {
                check_whole(&bench, &Ended { what, answer, refold });
            }
            bench.before.assert_unchanged(&bench.folder.path().join("shop"));
        }
        assert!(kills > instants / 3, "{arguments:?}: killed {kills} times");
    }
}
