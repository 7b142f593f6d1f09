//! The way of a person to such a server: trying a connection, with the password asked for, and what its log says.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;

use refold_app::connections::Asked;
use refold_app::connections::password::Passwords;
use refold_app::usecase::connect::connect;
use refold_app::wire::{ErrorCode, StepOutcome};
use refold_app::{Places, Secret};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::mariadb::{Mariadb, PASSWORD};

use super::{reading, store};

/// Somebody who types the password.
struct Typing;

impl Passwords for Typing {
    fn password(&self, _: &str) -> Option<Secret> {
        Some(Secret::new(PASSWORD.to_owned()))
    }
}

#[test]
fn a_connection_is_tried_in_five_steps_with_a_typed_password() {
    let server = Mariadb::shared();
    let database = "trying";
    store(&server, database, 40);
    let folder = tempfile::tempdir().expect("a home");
    let asked = Asked {
        passwords: Arc::new(Typing),
        ..Asked::at(reading(&server, database).replace(&format!(":{PASSWORD}"), ""))
    };
    let (token, places) = (CancelToken::default(), Places::below(folder.path()));
    let tried = connect(&Work::new(&token, &Silent), &asked, &places, &|_| {});
    let tried = tried.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(
        tried.steps.iter().all(|step| step.outcome == StepOutcome::Ok),
        "{tried:?}"
    );
    let said: Vec<&str> = tried.steps.iter().map(|step| step.said.as_str()).collect();
    let [reached, signed_in, read_only, could, events] = said[..] else {
        panic!("{said:?}")
    };
    assert!(reached.ends_with("answers"), "{reached}");
    assert!(signed_in.contains("refold_reader@% on MariaDB 10."), "{signed_in}");
    assert!(
        read_only.contains("read-only transaction") && could.contains("not write"),
        "{read_only} {could}"
    );
    assert!(events.contains("40 events"), "{events}");
    let logs = std::fs::read_dir(places.data.join("access")).expect("there is a log");
    let log: String = logs
        .flatten()
        .map(|file| std::fs::read_to_string(file.path()).expect("it is read"))
        .collect();
    assert!(log.contains("/* refold events */") && !log.contains(PASSWORD), "{log}");
}

#[test]
fn whoever_answers_and_is_no_such_server_is_no_damaged_store_and_is_told_no_password() {
    for said in [b"SSH-2.0-OpenSSH_9.6\r\n".as_slice(), b"\x03\0\0\0old"] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = format!("mysql://ada@{}/shop", listener.local_addr().expect("it has one"));
        // It is looked whether anybody is there, then signed in.
        let running = std::thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().expect("somebody comes");
                // Whoever only looked has gone again.
                let _ = stream.write_all(said);
            }
        });
        let folder = tempfile::tempdir().expect("a home");
        let (token, places) = (CancelToken::default(), Places::below(folder.path()));
        let asked = Asked {
            passwords: Arc::new(Typing),
            ..Asked::at(&address)
        };
        let tried = connect(&Work::new(&token, &Silent), &asked, &places, &|_| {});
        let failure = tried.unwrap_or_else(|error| panic!("{error:?}")).failure;
        let failure = failure.expect("it does not sign in");
        assert_eq!(failure.code, ErrorCode::Unreachable, "{failure:?}");
        assert!(failure.message.contains("does not speak as it should"), "{failure:?}");
        // A third time, with the password that is typed, nobody came.
        running.join().expect("it ends");
    }
}
