//! With a program that stands in for ssh: it makes the sockets that the arguments name, or says why it does not.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::*;

/// A program that writes down its arguments and does what `does` says.
fn stand_in(folder: &Path, does: &str) -> PathBuf {
    let program = folder.join("ssh");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{0}/arguments'\nfor a in \"$@\"; do case \"$a\" in */.s.PGSQL.*) near=\"$near ${{a%%:*}}\";; esac; done\n{does}\n",
        folder.display()
    );
    std::fs::write(&program, script).expect("the stand-in is written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it may be run");
    program
}

fn hosts() -> Vec<Host> {
    let host = |name: &str, port| Host {
        kind: ServerKind::Postgres,
        name: name.to_owned(),
        port,
    };
    vec![host("pg-1", 5432), host("/run/pg", 5433), host("::1", 5434)]
}

#[test]
fn a_way_stands_as_long_as_somebody_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let program = stand_in(folder.path(), "for n in $near; do : > \"$n\"; done; exec sleep 600")
        .display()
        .to_string();
    let tunnel = Tunnel::by(&program, "bastion", &hosts()).unwrap();
    let again = Tunnel::by(&program, "bastion", &hosts()).unwrap();
    assert!(Arc::ptr_eq(&tunnel, &again), "one way is enough");
    let arguments = std::fs::read_to_string(folder.path().join("arguments")).unwrap();
    for expected in [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "ExitOnForwardFailure=yes",
        "--\nbastion\n",
    ] {
        assert!(arguments.contains(expected), "{arguments}");
    }
    for far in [":pg-1:5432\n", ":/run/pg/.s.PGSQL.5433\n", ":[::1]:5434\n"] {
        assert!(arguments.contains(far), "{arguments}");
    }
    let near = super::super::url::hosts_of(ServerKind::Postgres, &tunnel.near_hosts()).unwrap();
    assert_eq!(
        near.iter().map(|host| host.port).collect::<Vec<_>>(),
        [5432, 5433, 5434]
    );
    let place = tunnel.folder.path().to_owned();
    assert_eq!(place.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let id = lock(&tunnel.ssh).id();
    drop((tunnel, again));
    assert!(!place.exists());
    assert!(!Path::new(&format!("/proc/{id}")).exists(), "ssh is ended");
}

#[test]
fn a_host_that_is_refused_is_told_in_the_words_of_ssh() {
    let folder = tempfile::tempdir().unwrap();
    let program = stand_in(folder.path(), "echo 'Host key verification failed.' >&2; exit 255")
        .display()
        .to_string();
    let error = Tunnel::by(&program, "bastion", &hosts()).unwrap_err();
    assert_eq!(error.code, ErrorCode::Unreachable);
    assert!(
        error.message.contains("through bastion: Host key verification failed."),
        "{error:?}"
    );
    let absent = Tunnel::by("/nowhere/ssh", "bastion", &hosts()).unwrap_err();
    assert!(absent.message.contains("cannot be started"), "{absent:?}");
}
