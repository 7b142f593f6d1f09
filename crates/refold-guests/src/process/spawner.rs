//! Starts programs from one thread that lives as long as Refold: a program is told to die with the thread that started
//! it, and must not die with one that only folds.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

struct Start {
    command: Command,
    started: SyncSender<io::Result<Child>>,
}

/// Starts a program. Its streams are piped where the command says so.
pub fn start(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Option<SyncSender<Start>>> = OnceLock::new();
    let gone = || io::Error::other("no thread can be had to start programs from");
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, asked) = sync_channel::<Start>(1);
        let run = move || {
            for Start { mut command, started } in asked {
                // Who asked may be gone.
                let _ = started.send(command.spawn());
            }
        };
        thread::Builder::new()
            .name("starts programs".to_owned())
            .spawn(run)
            .ok()?;
        Some(sender)
    });
    let (started, answer) = sync_channel(1);
    let spawner = spawner.as_ref().ok_or_else(gone)?;
    spawner.send(Start { command, started }).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}
