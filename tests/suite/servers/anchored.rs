//! What was anchored stays what it was, whoever writes meanwhile.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin};

use refold_app::AppError;
use refold_app::usecase::describe::notices;
use refold_app::usecase::evidence::anchor::{AnchorAnswer, AnchorAsked, anchor};
use refold_app::usecase::evidence::prove::{ProveAsked, Proved, prove};
use refold_app::usecase::evidence::verify::{VerifyAnswer, VerifyAsked, verify};
use refold_core::work::{CancelToken, Silent, Work};

use super::{Real, over_each, session};

over_each! {
    what_was_anchored_is_not_removed_because_somebody_writes
    what_is_not_settled_is_said
    what_was_settled_when_it_was_indexed_stays_so
}

/// An anchor of the store at this address, in a folder of `home`.
pub fn anchored(address: &str, home: &Path, previous: Option<&AnchorAnswer>) -> Result<AnchorAnswer, AppError> {
    let out = tempfile::tempdir_in(home).expect("a folder for the anchor").keep();
    let asked = AnchorAsked {
        out,
        previous: previous.map(|made| made.dir.clone().into()),
        is_plain: true,
        ..AnchorAsked::default()
    };
    let token = CancelToken::default();
    anchor(&Work::new(&token, &Silent), &session(address, home)?, &asked)
}

pub fn verified(address: &str, home: &Path, made: &AnchorAnswer) -> VerifyAnswer {
    let asked = VerifyAsked {
        anchor: made.dir.clone().into(),
        ..VerifyAsked::default()
    };
    let (token, session) = (CancelToken::default(), session(address, home).expect("it opens"));
    verify(&Work::new(&token, &Silent), &session, &asked, None).expect("it is verified")
}

/// A session that holds what it does in a transaction open until it is told how to end it.
pub struct Open {
    process: Child,
    input: ChildStdin,
}

impl Open {
    pub fn with<R: Real>(server: &R, database: &str, sql: &str) -> Open {
        let mut process = server.client(database).spawn().expect("the client is there");
        let mut input = process.stdin.take().expect("its input is a pipe");
        input
            .write_all(format!("{} {sql} SELECT 'done';\n", R::BEGIN).as_bytes())
            .expect("it reads what it is told");
        let out = process.stdout.as_mut().expect("its output is a pipe");
        for line in BufReader::new(out).lines() {
            if line.expect("it is text").contains("done") {
                break;
            }
        }
        Open { process, input }
    }

    pub fn end(mut self) {
        self.input.write_all(b"ROLLBACK;").expect("it reads what it is told");
        drop(self.input);
        assert!(self.process.wait().expect("it ends").success());
    }
}

/// Two events and a number that was drawn and taken back, twice: 1, 3, 4 and 6 are there.
fn with_gaps<R: Real>(server: &R, database: &str) {
    server.store(database, 0);
    for n in 0..2 {
        let [first, taken_back, second] = [0, 1, 2].map(|part| R::insert(1, n * 3 + part));
        server.sql(
            database,
            &format!("{first} {} {taken_back} ROLLBACK; {second}", R::BEGIN),
        );
    }
}

fn what_was_anchored_is_not_removed_because_somebody_writes<R: Real>() {
    // Where writers are seen, those of the whole server are.
    let server = R::alone();
    let database = "anchored_gaps";
    with_gaps(&server, database);
    let (address, home) = (server.watching(database), tempfile::tempdir().expect("a folder"));
    let made = anchored(&address, home.path(), None).expect("nobody writes");
    assert_eq!((made.size, &*made.horizon), (4, "6"));
    let open = Open::with(&server, database, &R::insert(2, 0));
    {
        let session = session(&address, home.path()).expect("it opens");
        let unsettled = session.unsettled().expect("an old gap may be that of the writer");
        assert_eq!(
            (unsettled.behind.as_deref(), unsettled.last.as_deref()),
            (Some("1"), Some("6"))
        );
    }
    let answer = verified(&address, home.path(), &made);
    assert_eq!((answer.outcome, answer.finding_count), ("verified", 0), "{answer:?}");
    let again = anchored(&address, home.path(), Some(&made)).expect("the store is what the anchor says");
    assert_eq!((again.size, &*again.root, &*again.horizon), (4, &*made.root, "6"));
    let (token, out) = (CancelToken::default(), tempfile::tempdir().expect("a folder"));
    let asked = ProveAsked {
        anchor: made.dir.clone().into(),
        salt: None,
        what: Proved::Event("#6".to_owned()),
        out: out.path().to_owned(),
    };
    let of = session(&address, home.path()).expect("it opens");
    prove(&Work::new(&token, &Silent), &of, &asked).expect("it is proved");
    // What is gone is gone, whoever writes.
    let (table, position) = R::POSITIONS
        .trim_start_matches("SELECT ")
        .split_once(" FROM ")
        .and_then(|(position, rest)| Some((rest.split_once(' ')?.0, position)))
        .expect("a statement that asks for positions");
    server.sql(database, &format!("DELETE FROM {table} WHERE {position} = 4"));
    let answer = verified(&address, home.path(), &made);
    let found: Vec<_> = answer
        .findings
        .iter()
        .filter_map(|it| Some((it.kind, it.position.as_deref()?)))
        .collect();
    assert!(found.contains(&("REMOVED", "4")), "{answer:?}");
    assert!(!found.contains(&("REMOVED", "6")), "{answer:?}");
    open.end();
}

fn what_is_not_settled_is_said<R: Real>() {
    let server = R::alone();
    let database = "anchored_told";
    with_gaps(&server, database);
    let (address, home) = (server.watching(database), tempfile::tempdir().expect("a folder"));
    let open = Open::with(&server, database, &R::insert(2, 0));
    let told = |address: &str| notices(&session(address, home.path()).expect("it opens"));
    let found = told(&address);
    let [finding] = &found[..] else {
        panic!("one finding: {found:?}")
    };
    assert_eq!(finding.code, "unsettled");
    assert!(
        finding.detail.contains("events behind position 1, up to 6,") && finding.detail.contains("not over"),
        "{finding:?}"
    );
    open.end();
    assert!(told(&address).is_empty(), "all is settled");
}

fn what_was_settled_when_it_was_indexed_stays_so<R: Real>() {
    let server = R::alone();
    let database = "anchored_indexed";
    with_gaps(&server, database);
    let (address, home) = (server.watching(database), tempfile::tempdir().expect("a folder"));
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let first = session(&address, home.path()).expect("it opens");
    assert_eq!(first.build_index(&work).expect("it is indexed").event_count(), 4);
    let open = Open::with(&server, database, &R::insert(2, 0));
    // Opened again while it is looked at, and anew.
    let grown = first.grown(&work).expect("nothing of it is gone");
    let anew = session(&address, home.path()).expect("it opens");
    for session in [&grown, &anew] {
        assert_eq!(session.unsettled(), None);
        let evidence = &session.description().evidence;
        assert!(!evidence.iter().any(|it| it.contains("not over")), "{evidence:?}");
        assert!(notices(session).is_empty());
        assert_eq!(session.build_index(&work).expect("it is there").event_count(), 4);
    }
    // Who never saw it whole cannot know.
    let elsewhere = tempfile::tempdir().expect("a folder");
    assert!(
        session(&address, elsewhere.path())
            .expect("it opens")
            .unsettled()
            .is_some()
    );
    open.end();
}
