//! What servers for tests need of this machine: a free port, and a user that is not root.

use std::net::TcpListener;
use std::process::{Command, Stdio};

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has a number").port()
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The user that owns a server where the tests run as root: the first of these that there is.
pub fn ordinary_user(known: &[&'static str]) -> &'static str {
    let is_known = |user: &&&str| {
        Command::new("id")
            .arg(user)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|it| it.success())
    };
    known.iter().find(is_known).copied().expect("a user that is not root")
}

/// Gives a folder or a file to a user.
pub fn give(path: &std::path::Path, user: &str) {
    let owned = Command::new("chown").arg(user).arg(path).status();
    assert!(
        owned.is_ok_and(|status| status.success()),
        "{} is given to {user}",
        path.display()
    );
}
