//! A way to a server through the user's own `ssh`: its configuration, agent, keys and jump hosts are ssh's business.
//!
//! The near ends are Unix sockets in a folder that nobody else may look into, so that no other user of the machine
//! reaches the server through it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use refold_core::port::system::in_words;
use refold_scratch::Scratch;

use super::kind::ServerKind;
use super::url::Host;
use crate::error::{AppError, ErrorCode};
use crate::lock::lock;

/// How long the way may take to stand: ssh may ask an agent, and jump from host to host.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The end of what ssh says, for the sentence that says what failed.
const TOLD_LETTERS: usize = 400;

/// Stands as long as somebody holds it.
#[derive(Debug)]
pub struct Tunnel {
    ssh: Mutex<Child>,
    folder: Scratch,
    hosts: Vec<Host>,
}

/// Those that stand, so that a store that is opened again does not wait for another one.
static STANDING: Mutex<BTreeMap<String, Weak<Tunnel>>> = Mutex::new(BTreeMap::new());

impl Tunnel {
    /// A way through a host to these servers, in their order. One that stands already is taken.
    pub fn through(ssh: &str, hosts: &[Host]) -> Result<Arc<Tunnel>, AppError> {
        Tunnel::by("ssh", ssh, hosts)
    }

    fn by(program: &str, ssh: &str, hosts: &[Host]) -> Result<Arc<Tunnel>, AppError> {
        let key = format!(
            "{program} {ssh} {}",
            hosts.iter().map(Host::to_string).collect::<Vec<_>>().join(",")
        );
        let mut standing = lock(&STANDING);
        if let Some(known) = standing.get(&key).and_then(Weak::upgrade)
            && known.stands()
        {
            return Ok(known);
        }
        let tunnel = Arc::new(Tunnel::start(program, ssh, hosts)?);
        standing.retain(|_, known| known.strong_count() > 0);
        standing.insert(key, Arc::downgrade(&tunnel));
        Ok(tunnel)
    }

    fn start(program: &str, ssh: &str, hosts: &[Host]) -> Result<Tunnel, AppError> {
        let failed = |why: &str| {
            AppError::new(
                ErrorCode::Unreachable,
                format!("there is no way through {ssh}: {why}"),
                "its host key must be known, and it must not ask for anything: try it in a terminal",
            )
            .typed(format!("ssh {ssh}"))
        };
        let folder = Scratch::private(&std::env::temp_dir(), "refold-ssh-");
        let folder = folder.map_err(|error| failed(&format!("no folder can be made for it ({})", in_words(&error))))?;
        let told = folder.path().join("told");
        let out = std::fs::File::create(&told).map_err(|error| failed(&in_words(&error)))?;
        let mut command = Command::new(program);
        command
            .args(["-N", "-T"])
            .args(OPTIONS.iter().flat_map(|option| ["-o", option]));
        for (number, host) in hosts.iter().enumerate() {
            let near = near_folder(folder.path(), number);
            std::fs::create_dir(&near).map_err(|error| failed(&error.to_string()))?;
            command
                .arg("-L")
                .arg(format!("{}:{}", socket_in(&near, host).display(), far_end(host)));
        }
        let started = command
            .args(["--", ssh])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(out)
            .spawn();
        let child = started.map_err(|error| failed(&format!("ssh cannot be started ({})", in_words(&error))))?;
        let tunnel = Tunnel {
            ssh: Mutex::new(child),
            folder,
            hosts: hosts.to_vec(),
        };
        match tunnel.wait() {
            Ok(()) => Ok(tunnel),
            Err(why) => {
                let said = std::fs::read_to_string(&told).unwrap_or_default();
                let letters = said.trim().chars().count();
                let end: String = said.trim().chars().skip(letters.saturating_sub(TOLD_LETTERS)).collect();
                Err(failed(if end.is_empty() { why } else { &end }))
            }
        }
    }

    /// Where the servers are on this machine, as a connection names hosts.
    pub fn near_hosts(&self) -> String {
        let near = |(number, host): (usize, &Host)| {
            let folder = near_folder(self.folder.path(), number);
            let place = match host.kind {
                ServerKind::Postgres => folder,
                ServerKind::MySql => socket_in(&folder, host),
            };
            Host {
                kind: host.kind,
                name: place.display().to_string(),
                port: host.port,
            }
            .to_string()
        };
        self.hosts.iter().enumerate().map(near).collect::<Vec<_>>().join(",")
    }

    fn stands(&self) -> bool {
        matches!(lock(&self.ssh).try_wait(), Ok(None))
    }

    /// Until all near ends are there, or ssh gave up.
    fn wait(&self) -> Result<(), &'static str> {
        let until = Instant::now() + PATIENCE;
        let mut ends = self.hosts.iter().enumerate();
        let is_there =
            |(number, host): (usize, &Host)| socket_in(&near_folder(self.folder.path(), number), host).exists();
        loop {
            if ends.clone().all(is_there) {
                return Ok(());
            }
            if !self.stands() {
                return Err("ssh ended");
            }
            if Instant::now() >= until {
                ends.by_ref().for_each(drop);
                return Err("ssh takes too long");
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        let ssh = self.ssh.get_mut().unwrap_or_else(PoisonError::into_inner);
        // One that is gone by now needs no end.
        let _ = ssh.kill();
        let _ = ssh.wait();
    }
}

/// Nobody sits there to be asked, a host that is not known is refused, and a way that does not stand is an end.
const OPTIONS: [&str; 7] = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "ExitOnForwardFailure=yes",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "StreamLocalBindMask=0177",
    "ControlPath=none",
];

fn near_folder(folder: &Path, number: usize) -> std::path::PathBuf {
    folder.join(number.to_string())
}

/// As PostgreSQL calls its own sockets, which it must be; to others it may be anything.
fn socket_in(folder: &Path, host: &Host) -> std::path::PathBuf {
    folder.join(format!(".s.PGSQL.{}", host.port))
}

fn far_end(host: &Host) -> String {
    if host.is_socket() {
        return host.socket().display().to_string();
    }
    host.to_string()
}

#[cfg(test)]
mod tests;
