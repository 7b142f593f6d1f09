//! The way of a person to such a server: trying a connection, with the password asked for, and what its log says.

use std::sync::Arc;

use refold_app::connections::Asked;
use refold_app::connections::password::Passwords;
use refold_app::usecase::connect::connect;
use refold_app::wire::StepOutcome;
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
        ..Asked::at(&reading(&server, database).replace(&format!(":{PASSWORD}"), ""))
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
