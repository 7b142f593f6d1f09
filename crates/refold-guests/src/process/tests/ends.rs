//! How a program ended, told without walls: nothing here is a handler.

use std::process::Command;
use std::time::Duration;

use super::super::child::{Bounds, Child, Silence};
use super::super::request::Lines;
use super::super::silence::ended;
use super::*;

const BOUNDS: Bounds = Bounds {
    within: Duration::from_secs(10),
    answer_bytes: 1 << 10,
    told_bytes: 1 << 10,
};

/// What is said of a shell that runs this and then answers nothing.
fn told(script: &str) -> String {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    let mut child = Child::start(command).unwrap();
    let mut lines = Lines::default();
    lines.push(b"");
    child.ask(lines);
    let silence = child.answer(&BOUNDS, &mut Vec::new()).unwrap_err();
    assert!(matches!(silence, Silence::Ended), "{script}: {silence:?}");
    child.wait_for_end();
    let end = child.end();
    ended(end, &child.told(), &GuestLimits::DEFAULT).message
}

#[test]
fn who_ended_a_program_is_told() {
    let killed = "because the system killed it, as it does where the machine has no memory left";
    for (script, expected) in [
        ("kill -9 $$", killed),
        // As bubblewrap tells it of what it holds.
        ("exit 137", killed),
        ("exec >&- 2>&-; exec sleep 60", "by closing its pipes"),
        ("kill -15 $$", "by signal 15"),
        ("exit 3", "with the code 3"),
    ] {
        let told = told(script);
        assert!(told.contains(expected), "{script}: {told}");
    }
}
