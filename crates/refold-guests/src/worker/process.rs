//! A worker as a process: how it is started, spoken with, and ended; and what it does itself.
//!
//! Both ends wait for each other in turn: a request goes in whole, an answer comes out whole. What is too late, too long
//! or too much ends it.

use std::io::{self, ErrorKind, IoSlice, Read as _, Write as _};
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use refold_core::port::handler::HandlerFault;

use super::channel::Answer;
use super::frame::{self, LENGTH_BYTES};
use super::line::{Broken, Inbox, put_frame};
use super::pool::Asked;
use super::serve::Server;
use super::walls;
use crate::cancel;
use crate::error::{code, fault};
use crate::limits::GuestLimits;
use crate::process::spawner;

/// What the executable is called with to be a worker, and nothing else.
pub(super) const ARGUMENT: &str = "--refold-worker";
/// This executable, whatever became of its file since.
pub(super) const OWN_EXECUTABLE: &str = "/proc/self/exe";
/// The descriptor that a worker has to its starter.
const OWN_END: i32 = 0;

/// How often whoever waits looks whether it was cancelled, and how long an answer may then still take.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const CANCEL_WAIT: Duration = Duration::from_millis(100);
/// How long a worker may take to be gone once it closed its end.
const END_WAIT: Duration = Duration::from_millis(100);
/// What an answer may have beside what a handler's limits leave it: heads, outcomes, a fault.
const ANSWER_BYTES: usize = 4 << 20;

/// How a worker is started, and how long it may take.
#[derive(Debug, Clone)]
pub struct Start {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// For what is done once for a handler.
    pub loads_within: Duration,
    /// For events. Their work is bounded by fuel: what takes longer does not come to an end.
    pub answers_within: Duration,
}

impl Default for Start {
    fn default() -> Start {
        Start {
            program: PathBuf::from(OWN_EXECUTABLE),
            arguments: vec![ARGUMENT.to_owned()],
            loads_within: Duration::from_secs(120),
            answers_within: Duration::from_secs(60),
        }
    }
}

/// See the module. Dropping it ends the worker.
pub struct Channel {
    start: Start,
    child: Child,
    stream: UnixStream,
}

/// Why there is no answer.
enum Silence {
    TooLate,
    Cancelled,
    Broken(Broken),
}

impl Channel {
    pub fn open(start: &Start) -> Result<Channel, HandlerFault> {
        let failed = |error: io::Error| {
            let message = format!("no process can be started for the handler to run in: {error}");
            fault(code::ENGINE, message)
        };
        let (stream, theirs) = UnixStream::pair().map_err(failed)?;
        for set in [
            stream.set_read_timeout(Some(LOOK_EVERY)),
            stream.set_write_timeout(Some(LOOK_EVERY)),
        ] {
            set.map_err(failed)?;
        }
        let mut command = Command::new(&start.program);
        command.arg0("refold").args(&start.arguments).env_clear();
        // Where it finds what it is linked with, if not where everybody does.
        if let Some(folders) = std::env::var_os("LD_LIBRARY_PATH") {
            command.env("LD_LIBRARY_PATH", folders);
        }
        command
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = spawner::start(command).map_err(failed)?;
        let mut channel = Channel {
            start: start.clone(),
            child,
            stream,
        };
        let mut hello = Answer::default();
        let heard = channel.receive(Instant::now() + start.loads_within, 2, &mut hello);
        heard.map_err(|silence| channel.silent(silence, start.loads_within))?;
        match *hello.frame() {
            [frame::HELLO, up] => walls::note(up),
            _ => return Err(frame::odd("something else than a greeting")),
        }
        Ok(channel)
    }

    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Sends a request in parts and reads the answer.
    pub fn ask(
        &mut self,
        asked: Asked,
        limits: &GuestLimits,
        request: &[&[u8]],
        answer: &mut Answer,
    ) -> Result<(), HandlerFault> {
        let (within, most) = match asked {
            Asked::Handler(most) => (self.start.loads_within, most.saturating_add(ANSWER_BYTES)),
            Asked::Events => (self.start.answers_within, limits.answer_bytes() + ANSWER_BYTES),
        };
        let deadline = Instant::now() + within;
        let answered = self
            .send(deadline, request)
            .and_then(|()| self.receive(deadline, most, answer));
        answered.map_err(|silence| self.silent(silence, within))
    }

    /// Ends the worker, and says how it ended. Where it ended by itself, that is what is said.
    pub fn end(&mut self) -> Option<ExitStatus> {
        let _ = self.child.kill();
        self.child.wait().ok()
    }

    fn send(&mut self, deadline: Instant, request: &[&[u8]]) -> Result<(), Silence> {
        let length: usize = request.iter().map(|part| part.len()).sum();
        let Ok(length) = u32::try_from(length) else {
            let error = io::Error::other("the handler is larger than 4 GiB");
            return Err(Silence::Broken(Broken::Failed(error)));
        };
        let length = length.to_le_bytes();
        let mut parts: Vec<IoSlice<'_>> = [&length[..]]
            .into_iter()
            .chain(request.iter().copied())
            .map(IoSlice::new)
            .collect();
        let mut unsent = parts.as_mut_slice();
        let mut patience = Patience::until(deadline);
        while !unsent.is_empty() {
            patience.lasts()?;
            match self.stream.write_vectored(unsent) {
                Ok(count) => IoSlice::advance_slices(&mut unsent, count),
                Err(error) => bear(error)?,
            }
        }
        Ok(())
    }

    fn receive(&mut self, deadline: Instant, most: usize, answer: &mut Answer) -> Result<(), Silence> {
        let mut patience = Patience::until(deadline);
        let mut given_up = None;
        let received = answer.0.receive(most, &mut |room| {
            loop {
                let read = patience.lasts().and_then(|()| match self.stream.read(room) {
                    Ok(count) => Ok(Some(count)),
                    Err(error) => bear(error).map(|()| None),
                });
                match read {
                    Ok(Some(count)) => return Ok(count),
                    Ok(None) => {}
                    Err(silence) => {
                        given_up = Some(silence);
                        return Err(io::Error::other("it was given up"));
                    }
                }
            }
        });
        match (received, given_up) {
            (Ok(()), _) => Ok(()),
            (Err(_), Some(silence)) => Err(silence),
            (Err(broken), None) => Err(Silence::Broken(broken)),
        }
    }

    /// The fault of a worker that did not answer. It is ended here.
    fn silent(&mut self, silence: Silence, within: Duration) -> HandlerFault {
        match silence {
            Silence::Cancelled => {
                self.end();
                cancel::cancelled()
            }
            Silence::TooLate => {
                self.end();
                let message = format!(
                    "the process that runs the handler did not answer within {} s and was ended; look for what does not \
                     end (this limit depends on the machine)",
                    within.as_secs_f64()
                );
                fault(code::LIMIT_WALL, message)
            }
            Silence::Broken(Broken::TooLong) => {
                self.end();
                frame::odd("with more than it can hold")
            }
            Silence::Broken(Broken::Surplus) => {
                self.end();
                frame::odd("more than it was asked")
            }
            Silence::Broken(Broken::Failed(error)) => {
                self.end();
                let message = format!("the process that runs the handler cannot be spoken with: {error}");
                fault(code::ENGINE_EXIT, message)
            }
            Silence::Broken(Broken::Ended) => {
                let how = match self.ended_by_itself().or_else(|| self.end()) {
                    Some(status) => in_words(status),
                    None => "for no reason that can be told".to_owned(),
                };
                let message = format!("the process that runs the handler ended before it answered, {how}");
                fault(code::ENGINE_EXIT, message)
            }
        }
    }

    /// Waits a moment for a worker that is about to end.
    fn ended_by_itself(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + END_WAIT;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(1)),
                _ => return None,
            }
        }
    }

    #[cfg(test)]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.end();
    }
}

fn in_words(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(libc::SIGKILL), _) => {
            "because it was killed, as the system does where the machine has no memory left".to_owned()
        }
        (Some(libc::SIGABRT), _) => {
            "because it gave up, as it does where it needs more memory than it may have".to_owned()
        }
        (Some(signal), _) => format!("by signal {signal}"),
        (None, status) => format!("with the code {}", status.unwrap_or_default()),
    }
}

/// How long somebody waits.
struct Patience {
    deadline: Instant,
    given_up: Option<Instant>,
}

impl Patience {
    fn until(deadline: Instant) -> Patience {
        Patience {
            deadline,
            given_up: None,
        }
    }

    /// Whether to go on. Asked before every read and write: what comes a byte at a time does not come either.
    fn lasts(&mut self) -> Result<(), Silence> {
        let now = Instant::now();
        if now >= self.deadline {
            return Err(Silence::TooLate);
        }
        if cancel::is_cancelled() && now >= *self.given_up.get_or_insert(now + CANCEL_WAIT) {
            return Err(Silence::Cancelled);
        }
        Ok(())
    }
}

/// Whether to go on after a call that came to nothing.
fn bear(error: io::Error) -> Result<(), Silence> {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(()),
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Err(Silence::Broken(Broken::Ended)),
        _ => Err(Silence::Broken(Broken::Failed(error))),
    }
}

/// Makes a worker of any executable that has this crate in it, before its own `main`: a test program has none of ours,
/// and nothing of a window is set up where there will be none. It comes before the constructors of the libraries too,
/// some of which start threads. Of Linux's C libraries glibc hands over the arguments.
#[used]
#[unsafe(link_section = ".preinit_array")]
static BECOME_WORKER: extern "C" fn(libc::c_int, *const *const libc::c_char) = become_worker;

/// Called by the loader with the arguments of the program.
extern "C" fn become_worker(count: libc::c_int, arguments: *const *const libc::c_char) {
    let count = usize::try_from(count).unwrap_or_default();
    let argument = |at: usize| match at < count && !arguments.is_null() {
        // SAFETY: the loader hands over as many arguments as it says, each a text that ends in a zero byte.
        true => Some(unsafe { std::ffi::CStr::from_ptr(*arguments.add(at)) }.to_bytes()),
        false => None,
    };
    #[cfg(test)]
    if argument(1) == Some(ARGUMENT.as_bytes()) {
        tried::prepare(argument(2));
    }
    if argument(1) == Some(ARGUMENT.as_bytes()) && (count == 2 || cfg!(test)) {
        serve();
        // SAFETY: ends the process; nothing of it is to be run any more.
        unsafe { libc::_exit(0) };
    }
}

/// Answers until the other end is closed.
fn serve() {
    let up = walls::put_up();
    // SAFETY: the starter handed it over; nothing else in this process knows it.
    let mut stream = unsafe { UnixStream::from_raw_fd(OWN_END) };
    let (mut server, mut inbox, mut out) = (Server::default(), Inbox::default(), Vec::new());
    put_frame(&mut out, |out| out.extend_from_slice(&[frame::HELLO, up]));
    loop {
        if stream.write_all(&out).is_err() {
            return;
        }
        let most = u32::MAX as usize - LENGTH_BYTES;
        let read = inbox.receive(most, &mut |room| {
            loop {
                match stream.read(room) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    read => return read,
                }
            }
        });
        if read.is_err() {
            return;
        }
        if put_frame(&mut out, |out| server.answer(inbox.frame(), out)).is_none() {
            return;
        }
    }
}

/// What tests ask a worker to be besides.
#[cfg(test)]
pub mod tried {
    pub const BESIDE_A_THREAD: &str = "beside-a-thread";
    pub const WITH_LITTLE_MEMORY: &str = "with-little-memory";
    const LITTLE_BYTES: u64 = 160 << 20;

    pub fn prepare(what: Option<&[u8]>) {
        if what == Some(BESIDE_A_THREAD.as_bytes()) {
            let (here, is_here) = std::sync::mpsc::sync_channel(1);
            let _ = std::thread::Builder::new().spawn(move || {
                let _ = here.send(());
                loop {
                    std::thread::park();
                }
            });
            // It is set up by calls that the walls refuse.
            let _ = is_here.recv();
        }
        if what == Some(WITH_LITTLE_MEMORY.as_bytes()) {
            let _ = super::walls::TEST_DATA_BYTES.set(LITTLE_BYTES);
        }
    }
}
