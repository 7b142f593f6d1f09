//! A primary and a standby that follows it: which of them is read, what is settled on a standby, and what becomes of a scan
//! when the primary is lost.

use std::collections::BTreeSet;

use refold_app::connections::Asked;
use refold_app::usecase::connect::connect;
use refold_app::{ErrorCode, Places};
use refold_core::port::store::{EventStore, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::postgres::{Postgres, READER};

use crate::servers::anchored::{anchored, verified};
use crate::servers::writers::{Writers, written};
use crate::servers::{Real as _, opened, positions, read_all, read_or_fail, refused, session};

/// A primary with so many events of a database, and a standby that has all of them.
fn pair(database: &str, events: u32) -> (Postgres, Postgres) {
    let primary = Postgres::primary();
    primary.accounts(database, events);
    let standby = primary.standby();
    primary.wait_for_standby();
    (primary, standby)
}

/// The address of a database on several servers, in this order.
fn address(servers: &[&Postgres], database: &str, more: &str) -> String {
    let hosts = servers.iter().map(|server| format!("127.0.0.1:{}", server.port()));
    let hosts: Vec<String> = hosts.collect();
    format!("postgres://{READER}@{}/{database}{more}", hosts.join(","))
}

#[test]
fn of_several_servers_the_standby_is_read_and_the_others_only_where_that_is_said() {
    const STANDBY: &str = "the server is a standby";
    let database = "standby_found";
    let (primary, standby) = pair(database, 40);
    let both = [&primary, &standby];
    let is_standby = |servers: &[&Postgres], wanted: &str| {
        let more = match wanted {
            "" => String::new(),
            word => format!("?target_session_attrs={word}"),
        };
        let store = opened(&address(servers, database, &more));
        assert_eq!(read_all(&*store, None, 50, || {}).len(), 40);
        store.describe().read_only.iter().any(|told| told.contains(STANDBY))
    };
    for servers in [both, [&standby, &primary]] {
        for wanted in ["", "prefer-standby", "standby", "read-only"] {
            assert!(is_standby(&servers, wanted), "{wanted}");
        }
        for wanted in ["primary", "read-write"] {
            assert!(!is_standby(&servers, wanted), "{wanted}");
        }
    }
    assert!(!is_standby(&both, "any") && is_standby(&[&standby, &primary], "any"));
    assert!(!is_standby(&[&primary], "prefer-standby") && !is_standby(&[&primary], ""));
    for (server, wanted, said) in [
        (&primary, "standby", "is no standby"),
        (&standby, "primary", "is a standby"),
    ] {
        let error = refused(&address(
            &[server],
            database,
            &format!("?target_session_attrs={wanted}"),
        ));
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
    // Where there is no standby any more, the primary is read, and the other way round.
    standby.crash();
    assert!(!is_standby(&both, ""));
    standby.boot();
    primary.crash();
    assert!(is_standby(&both, ""));
}

/// A standby that comes back is not preferred to the server that a session stands on: it may not have heard of all of it.
#[test]
fn a_session_stays_where_it_was_opened_while_a_standby_comes_back() {
    let database = "standby_returns";
    let (primary, standby) = pair(database, 40);
    standby.crash();
    let home = tempfile::tempdir().expect("a home");
    let address = address(&[&standby, &primary], database, "");
    let at = |server: &Postgres| Some(format!("127.0.0.1:{}", server.port()));
    let host = |store: &dyn EventStore| store.host().map(str::to_owned);
    let first = session(&address, home.path()).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(host(&**first.store()), at(&primary));
    standby.boot();
    let token = CancelToken::default();
    let again = first.reopened(&Work::new(&token, &Silent));
    assert_eq!(
        host(&**again.unwrap_or_else(|error| panic!("{error:?}")).store()),
        at(&primary)
    );
    assert_eq!(host(&*opened(&address)), at(&standby), "whoever opens it anew");
    // Where it is gone the other one goes on, which has all of it.
    primary.crash();
    let again = first.reopened(&Work::new(&token, &Silent));
    assert_eq!(
        host(&**again.unwrap_or_else(|error| panic!("{error:?}")).store()),
        at(&standby)
    );
}

/// Its last events never came to the standby that answers now: they are not gone.
#[test]
fn a_session_is_told_that_another_server_lacks_what_it_showed() {
    let database = "standby_lacks";
    let (primary, standby) = pair(database, 40);
    standby.crash();
    primary.sql(
        database,
        "INSERT INTO message_store.messages(position, stream_name, type, data) SELECT n, 'late-1', 'Deposited', '{}'
         FROM generate_series(0, 9) AS n",
    );
    let home = tempfile::tempdir().expect("a home");
    let address = address(&[&standby, &primary], database, "");
    let first = session(&address, home.path()).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(read_all(&**first.store(), None, 99, || {}).len(), 50);
    primary.crash();
    standby.boot();
    let token = CancelToken::default();
    let told = first.reopened(&Work::new(&token, &Silent)).map(drop);
    let told = told.expect_err("it lacks ten of them");
    assert_eq!(told.code, ErrorCode::Unreachable, "{told:?}");
    assert!(
        told.message.contains("does not have all events that were shown"),
        "{told:?}"
    );
}

/// Who tries both is told which of them is read, and not only which of them answers first.
#[test]
fn trying_two_servers_names_the_one_that_is_read() {
    let database = "standby_tried";
    let (primary, standby) = pair(database, 40);
    let home = tempfile::tempdir().expect("a home");
    let tried = |servers: &[&Postgres]| {
        let token = CancelToken::default();
        let asked = Asked::at(address(servers, database, ""));
        let tried = connect(
            &Work::new(&token, &Silent),
            &asked,
            &Places::below(home.path()),
            &|_| {},
        );
        let steps = tried.unwrap_or_else(|error| panic!("{error:?}")).steps;
        steps[1].said.clone()
    };
    let at = |server: &Postgres| format!(" at 127.0.0.1:{}, a standby", server.port());
    for servers in [[&primary, &standby], [&standby, &primary]] {
        let said = tried(&servers);
        assert!(said.ends_with(&at(&standby)), "{said}");
    }
    let alone = tried(&[&standby]);
    assert!(alone.ends_with(", a standby") && !alone.contains(" at "), "{alone}");
}

/// The primary is asked for nothing but what it is.
#[test]
fn who_reads_from_a_standby_leaves_the_primary_alone() {
    let database = "standby_gentle";
    let (primary, standby) = pair(database, 400);
    let store = opened(&address(&[&primary, &standby], database, ""));
    assert_eq!(read_all(&*store, None, 50, || {}).len(), 400);
    let asked = primary.log_of("refold");
    let named = |line: &&String| line.contains("/* refold ");
    let beyond = |line: &&String| !line.contains("/* refold limits */") && !line.contains("/* refold standby */");
    assert!(
        asked.iter().any(|line| line.contains("/* refold standby */")),
        "{asked:?}"
    );
    let beyond: Vec<&String> = asked.iter().filter(named).filter(beyond).collect();
    assert!(beyond.is_empty(), "{beyond:?}");
}

/// A standby tells nobody who writes on its primary: what is missing there may still come.
#[test]
fn no_late_commit_is_lost_on_a_standby() {
    let database = "standby_writers";
    let (primary, standby) = pair(database, 0);
    let address = address(&[&standby], database, "");
    let mut writers = Writers::start_steady(&primary, database, &(0..240));
    let (mut seen, mut last, mut looks) = (Vec::new(), None, 0);
    loop {
        let are_over = writers.are_over();
        if are_over {
            primary.wait_for_standby();
        }
        let read = read_all(&*opened(&address), last, 500, || {});
        last = read.last().map(|(position, _)| *position).or(last);
        seen.extend(read.into_iter().map(|(position, _)| position));
        looks += 1;
        if are_over {
            break;
        }
    }
    writers.join();
    let written = written(&primary, database);
    assert!(
        written.len() == 3_600 && looks > 2,
        "{} events, {looks} looks",
        written.len()
    );
    let different: BTreeSet<_> = seen.iter().collect();
    assert_eq!(different.len(), seen.len(), "none is doubled");
    assert_eq!(seen, written);
}

#[test]
fn a_number_that_is_missing_on_a_standby_may_come_until_it_has_been_missing_for_long() {
    let database = "standby_gaps";
    let (primary, standby) = pair(database, 20);
    let address = address(&[&standby], database, "");
    let insert = |n: u32, at: &str| {
        format!(
            "INSERT INTO message_store.messages(position, stream_name, type, data, time)
             VALUES ({n}, 'late-1', 'T', '{{}}', (now() AT TIME ZONE 'utc') - interval '{at}');"
        )
    };
    // 21 was taken back long before the newest event, 23 may still come.
    primary.sql(
        database,
        &format!("BEGIN; {} ROLLBACK; {}", insert(0, "300 s"), insert(1, "290 s")),
    );
    primary.sql(
        database,
        &format!(
            "BEGIN; {} PREPARE TRANSACTION 'late'; {}",
            insert(2, "0 s"),
            insert(3, "0 s")
        ),
    );
    primary.wait_for_standby();
    let store = opened(&address);
    assert_eq!(positions(&address, 19), [20, 22]);
    let unsettled = store.describe().unsettled.clone().expect("not all is settled");
    let span = [unsettled.behind, unsettled.last].map(|it| it.map(|position| position.0));
    assert_eq!(span, [Some(22), Some(24)]);
    assert!(
        unsettled.why.contains("in 1 places numbers are missing"),
        "{}",
        unsettled.why
    );
    let told = store.describe().evidence.join("\n");
    assert!(
        told.contains("a standby does not tell who writes on its primary"),
        "{told}"
    );
    primary.sql(database, "COMMIT PREPARED 'late'");
    primary.wait_for_standby();
    assert!(
        !store.is_current().expect("it can be asked"),
        "there is more to see now"
    );
    assert_eq!(positions(&address, 19), [20, 22, 23, 24]);
}

/// However much is written elsewhere on the primary meanwhile.
#[test]
fn a_number_near_the_end_of_a_standby_is_let_go_of_once_its_primary_is_a_minute_further() {
    let database = "standby_let_go";
    let (primary, standby) = pair(database, 20);
    let address = address(&[&standby], database, "");
    let insert = |n: u32| {
        format!(
            "INSERT INTO message_store.messages(position, stream_name, type, data, time)
             VALUES ({n}, 'late-1', 'T', '{{}}', (now() AT TIME ZONE 'utc') - interval '90 s');"
        )
    };
    primary.sql(database, &format!("BEGIN; {} ROLLBACK; {}", insert(0), insert(1)));
    // Something was committed there just now, and no event.
    primary.sql(database, "CREATE TABLE public.noise (n int)");
    primary.wait_for_standby();
    assert_eq!(
        positions(&address, 19),
        [20, 22],
        "21 has been missing for more than a minute"
    );
    let store = opened(&address);
    assert_eq!(store.describe().unsettled, None, "{:?}", store.describe().evidence);
}

/// What a standby does not have yet was not removed.
#[test]
fn what_a_standby_lacks_of_an_anchor_cannot_be_verified_yet() {
    let database = "standby_anchored";
    let (primary, standby) = pair(database, 20);
    let home = tempfile::tempdir().expect("a folder for what is ours");
    standby.sql(
        "postgres",
        "SELECT pg_wal_replay_pause(); DO $$ BEGIN WHILE pg_get_wal_replay_pause_state() <> 'paused' LOOP
         PERFORM pg_sleep(0.01); END LOOP; END $$",
    );
    primary.sql(database, &Postgres::insert(1, 1));
    let made = anchored(&address(&[&primary], database, ""), home.path(), None).expect("it is anchored");
    assert_eq!(made.horizon, "21");
    let on_standby = address(&[&standby], database, "");
    let answer = verified(&on_standby, home.path(), &made);
    let found: Vec<_> = answer.findings.iter().map(|it| (it.kind, it.severity)).collect();
    assert_eq!((answer.outcome, &*found), ("unverifiable", &[("UNSETTLED", "gap")][..]));
    assert!(
        answer.sentence.contains("positions above #20 are not settled now"),
        "{}",
        answer.sentence
    );
    let error = anchored(&on_standby, home.path(), Some(&made)).expect_err("it is not all there");
    assert!(
        error.code == ErrorCode::Unreachable && error.message.contains("can be read now"),
        "{error:?}"
    );
    standby.sql("postgres", "SELECT pg_wal_replay_resume()");
    primary.wait_for_standby();
    assert_eq!(verified(&on_standby, home.path(), &made).outcome, "verified");
}

/// Whether the scan began on the one or the other: the standby takes over and nothing is lost or comes twice.
#[test]
fn a_scan_survives_that_the_primary_is_lost_and_the_standby_takes_its_place() {
    for wanted in ["any", "prefer-standby"] {
        let database = "standby_takes_over";
        let (primary, standby) = pair(database, 2_000);
        let address = address(
            &[&primary, &standby],
            database,
            &format!("?target_session_attrs={wanted}"),
        );
        let store = opened(&address);
        let expected = read_all(&*opened(&address), None, 1_000, || {});
        assert_eq!(expected.len(), 2_000);
        let mut has_failed_over = false;
        let read = read_all(&*store, None, 300, || {
            if !std::mem::replace(&mut has_failed_over, true) {
                primary.crash();
                standby.promote();
            }
        });
        assert!(has_failed_over);
        assert_eq!(read, expected, "{wanted}");
        // And what is written to the new primary is seen.
        standby.sql(database, &Postgres::insert(1, 1));
        assert!(!store.is_current().expect("it can be asked"), "{wanted}");
        assert_eq!(positions(&address, 2_000).len(), 1, "{wanted}");
    }
}

/// What the primary did not pass on is lost with it: a scan does not end where the new primary does, as if that were all.
#[test]
fn a_new_primary_that_lacks_events_is_no_silent_end() {
    let database = "standby_lacks";
    let (primary, standby) = pair(database, 2_000);
    standby.crash();
    primary.sql(
        database,
        "INSERT INTO message_store.messages(position, stream_name, type, data)
         SELECT n, 'more-1', 'T', '{}' FROM generate_series(0, 499) AS n",
    );
    let address = address(&[&primary, &standby], database, "?target_session_attrs=any");
    let store = opened(&address);
    let mut has_failed_over = false;
    let error = read_or_fail(&*store, None, 300, || {
        if !std::mem::replace(&mut has_failed_over, true) {
            primary.crash();
            standby.boot();
            standby.promote();
        }
    });
    let error = error.expect_err("500 events are gone");
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    let told = error.to_string();
    assert!(
        told.contains("does not have the event at position 2500") && told.contains("it reaches position 2000"),
        "{told}"
    );
    assert_eq!(read_all(&*opened(&address), None, 1_000, || {}).len(), 2_000);
}
