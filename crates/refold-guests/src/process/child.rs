//! A running program and its three pipes: a line goes in, a line comes out, in time and within bounds. It must not know
//! what the lines say.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::request::Lines;
use super::spawner;
use crate::cancel;

/// What is read at a time.
const READ_BYTES: usize = 64 << 10;
/// How much of what a program says beside its answers is kept.
const TOLD_BYTES: usize = 4 << 10;
/// How often whoever waits looks whether it was cancelled, and how long an answer may then still take: most are there
/// sooner than another program could be started.
const CANCEL_EVERY: Duration = Duration::from_millis(20);
const CANCEL_WAIT: Duration = Duration::from_millis(50);
/// How long it takes at most to see that a program is gone.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// How long a program that closed its output, or was said goodbye to, may take to end.
const END_WAIT: Duration = Duration::from_millis(100);

/// See the module. Dropping it ends the program.
pub struct Child {
    pid: libc::pid_t,
    /// `None`: it is closed.
    input: Option<File>,
    output: File,
    /// `None`: the program closed it.
    errors: Option<File>,
    /// What was asked, until its answer is taken.
    asked: Option<Asked>,
    /// What was read and not taken yet.
    unread: Vec<u8>,
    /// The last of what it said on its standard error.
    told: Vec<u8>,
    /// `None`: it runs.
    end: Option<End>,
}

/// Lines that were asked at once.
struct Asked {
    request: Vec<u8>,
    /// How much of it the pipe took.
    sent: usize,
    /// Lines that are not answered yet.
    missing: usize,
    /// How much of what was read has no end of a line that was not counted.
    seen: usize,
    /// Why there will be no answer.
    silence: Option<Silence>,
}

impl Asked {
    fn unsent(&self) -> &[u8] {
        self.request.get(self.sent..).unwrap_or_default()
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// As `wait` gives it.
    pub status: i32,
    /// It had ended before it was ended here.
    pub is_own: bool,
    /// The most memory that it held at a time; `None`: no more than we held, of which it is a copy at first.
    pub peak_bytes: Option<u64>,
}

/// Bounds of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub within: Duration,
    pub answer_bytes: usize,
    /// What may come on standard error meanwhile.
    pub told_bytes: usize,
}

/// Why there is no answer. The program is of no further use.
#[derive(Debug)]
pub enum Silence {
    /// It ended, or closed one of its pipes.
    Ended,
    TooLate,
    /// Nobody waits for it any more.
    Cancelled,
    AnswerFlood,
    ToldFlood,
    /// It said something that nothing was asked for.
    Unasked(Vec<u8>),
    Failed(io::Error),
}

impl Child {
    pub fn start(mut command: Command) -> io::Result<Child> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = spawner::start(command)?;
        let pipe = |pipe: Option<OwnedFd>| -> io::Result<File> {
            let pipe = File::from(pipe.ok_or_else(|| io::Error::other("a pipe is missing"))?);
            never_wait(&pipe)?;
            Ok(pipe)
        };
        let pipes = (
            pipe(process.stdin.take().map(OwnedFd::from)),
            pipe(process.stdout.take().map(OwnedFd::from)),
            pipe(process.stderr.take().map(OwnedFd::from)),
        );
        let (input, output, errors) = match pipes {
            (Ok(input), Ok(output), Ok(errors)) => (input, output, errors),
            (Err(error), _, _) | (_, Err(error), _) | (_, _, Err(error)) => {
                let _ = process.kill();
                let _ = process.wait();
                return Err(error);
            }
        };
        Ok(Child {
            // Process ids of every system of ours have 31 bits.
            pid: process.id() as libc::pid_t,
            input: Some(input),
            output,
            errors: Some(errors),
            asked: None,
            unread: Vec::new(),
            told: Vec::new(),
            end: None,
        })
    }

    /// Sends these lines, as far as the pipe takes them now, and comes back before they are answered. What was asked
    /// before was answered.
    pub fn ask(&mut self, lines: Lines) {
        let mut asked = Asked {
            sent: 0,
            missing: lines.count(),
            request: lines.into_bytes(),
            seen: 0,
            silence: None,
        };
        // Whatever is there now was said before it was asked.
        asked.silence = match self.read_output() {
            Ok(()) if self.unread.is_empty() => self.send(&mut asked).err(),
            Ok(()) => Some(Silence::Unasked(std::mem::take(&mut self.unread))),
            Err(silence) => Some(silence),
        };
        self.asked = Some(asked);
    }

    /// Whether something was asked whose answer was not taken.
    pub fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether the answer is there, without waiting for it. Why there will be none is said by [`Child::answer`].
    pub fn is_answered(&mut self) -> bool {
        let Some(mut asked) = self.asked.take() else {
            return false;
        };
        if asked.silence.is_none() && asked.missing > 0 {
            asked.silence = self.read_output().err();
        }
        if asked.silence.is_none() {
            asked.silence = self.go_on(&mut asked).err();
        }
        let is_answered = asked.silence.is_none() && asked.missing == 0;
        self.asked = Some(asked);
        is_answered
    }

    /// Waits for the lines of the answer, the last of which comes without its end. A program may take as long as is said
    /// from now on.
    pub fn answer(&mut self, bounds: &Bounds, answer: &mut Vec<u8>) -> Result<(), Silence> {
        answer.clear();
        let nothing_asked = || Silence::Failed(io::Error::other("nothing was asked"));
        let mut asked = self.asked.take().ok_or_else(nothing_asked)?;
        if let Some(silence) = asked.silence.take() {
            return Err(silence);
        }
        let deadline = Instant::now() + bounds.within;
        let mut told_bytes = 0;
        self.go_on(&mut asked)?;
        while asked.missing > 0 {
            if asked.seen > bounds.answer_bytes {
                return Err(Silence::AnswerFlood);
            }
            self.wait(!asked.unsent().is_empty(), deadline)?;
            told_bytes += self.read_errors();
            if told_bytes > bounds.told_bytes {
                return Err(Silence::ToldFlood);
            }
            self.read_output()?;
            self.go_on(&mut asked)?;
        }
        // What it said meanwhile is not for the next answer to bear.
        loop {
            match self.read_errors() {
                0 => break,
                count => told_bytes += count,
            }
            if told_bytes > bounds.told_bytes {
                return Err(Silence::ToldFlood);
            }
        }
        self.unread.pop();
        std::mem::swap(answer, &mut self.unread);
        Ok(())
    }

    /// Whether it still has its output open. What it said unasked stays to be found by [`Child::ask`].
    pub fn is_there(&mut self) -> bool {
        self.read_output().is_ok()
    }

    /// Sends a last line and lets the program end by itself, for a moment.
    pub fn part(&mut self, goodbye: &[u8]) {
        if let Some(input) = &mut self.input {
            let _ = input.write(goodbye);
        }
        self.input = None;
        self.wait_for_end();
    }

    /// Ends the program and all that it started, and says how it ended. Where it ended by itself, that is what is said.
    pub fn end(&mut self) -> End {
        if let Some(end) = self.end {
            return end;
        }
        self.input = None;
        let is_own = self.has_ended();
        // SAFETY: takes two numbers. The process was not waited for yet, so its number, and that of its group, which it
        // leads, mean nobody else.
        unsafe {
            libc::kill(-self.pid, libc::SIGKILL);
            libc::kill(self.pid, libc::SIGKILL);
        }
        let mut status = 0;
        // SAFETY: all zeros are a value of it, which the call below overwrites.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        loop {
            // SAFETY: both places are ours and outlive the call.
            let waited = unsafe { libc::wait4(self.pid, &mut status, 0, &mut usage) };
            let is_interrupted = waited < 0 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted;
            if !is_interrupted {
                break;
            }
        }
        let peak_bytes = peak_bytes_of(&usage);
        let end = End {
            status,
            is_own,
            peak_bytes: Some(peak_bytes).filter(|peak| *peak > own_peak_bytes()),
        };
        self.end = Some(end);
        end
    }

    /// The last of what the program said on its standard error.
    pub fn told(&self) -> String {
        String::from_utf8_lossy(&self.told).trim().to_owned()
    }

    /// Waits a moment for a program that is about to end, and takes down what it says last.
    pub fn wait_for_end(&mut self) {
        let deadline = Instant::now() + END_WAIT;
        self.hear_out(deadline);
        // Its pipes close a little before it is gone.
        while !self.has_ended() && Instant::now() < deadline {
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Whether it is there no more, though nobody waited for it yet.
    fn has_ended(&self) -> bool {
        // SAFETY: all zeros are a value of it, which the call below overwrites.
        let mut gone: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let how = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: the place is ours and outlives the call. The process was not waited for yet, so its number, which is
        // none below zero, means nobody else.
        let asked = unsafe { libc::waitid(libc::P_PID, self.pid as libc::id_t, &mut gone, how) };
        asked == 0 && gone.si_signo != 0
    }

    /// Takes down what it says until it closes its pipes.
    fn hear_out(&mut self, deadline: Instant) {
        while self.errors.is_some() && self.wait(false, deadline).is_ok() {
            self.read_errors();
            // What it still answers is of no use; a pipe that is full would keep it from ending.
            match self.read_output() {
                Ok(()) => self.unread.clear(),
                Err(_) => {
                    // Only standard error is left to wait for.
                    while self.errors.is_some() && self.wait_for_errors(deadline) {
                        self.read_errors();
                    }
                    return;
                }
            }
        }
    }

    /// Sends what the pipe takes, and looks for the ends of lines in what was read.
    fn go_on(&mut self, asked: &mut Asked) -> Result<(), Silence> {
        self.send(asked)?;
        while asked.missing > 0
            && let Some(end) = self.unread.iter().skip(asked.seen).position(|byte| *byte == b'\n')
        {
            asked.seen += end + 1;
            asked.missing -= 1;
        }
        if asked.missing > 0 {
            asked.seen = self.unread.len();
            return Ok(());
        }
        if asked.seen < self.unread.len() {
            return Err(Silence::Unasked(self.unread.split_off(asked.seen)));
        }
        match asked.unsent() {
            [] => Ok(()),
            _ => Err(Silence::Unasked(std::mem::take(&mut self.unread))),
        }
    }

    fn send(&mut self, asked: &mut Asked) -> Result<(), Silence> {
        while !asked.unsent().is_empty() {
            let Some(input) = &mut self.input else {
                return Err(Silence::Ended);
            };
            match input.write(asked.unsent()) {
                Ok(count) => asked.sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Err(Silence::Ended),
                Err(error) => return Err(Silence::Failed(error)),
            }
        }
        Ok(())
    }

    /// Reads what is there of the output.
    fn read_output(&mut self) -> Result<(), Silence> {
        let start = self.unread.len();
        self.unread.resize(start + READ_BYTES, 0);
        let room = self.unread.get_mut(start..).unwrap_or_default();
        let read = self.output.read(room);
        self.unread.truncate(start + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => Err(Silence::Ended),
            Ok(_) => Ok(()),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(()),
            Err(error) => Err(Silence::Failed(error)),
        }
    }

    /// Reads what is there of the standard error, keeps the last of it, and says how much it was.
    fn read_errors(&mut self) -> usize {
        let mut buffer = [0; TOLD_BYTES];
        let read = self.errors.as_mut().map(|errors| errors.read(&mut buffer));
        match read {
            Some(Ok(count @ 1..)) => {
                self.told.extend_from_slice(buffer.get(..count).unwrap_or_default());
                let surplus = self.told.len().saturating_sub(TOLD_BYTES);
                self.told.drain(..surplus);
                count
            }
            Some(Err(error)) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => 0,
            _ => {
                self.errors = None;
                0
            }
        }
    }

    /// Waits until there is something to read, or room to write where that is wanted.
    fn wait(&self, is_writing: bool, deadline: Instant) -> Result<(), Silence> {
        let input = self.input.as_ref().filter(|_| is_writing);
        let mut asked = [
            asked_of(input, libc::POLLOUT),
            asked_of(Some(&self.output), libc::POLLIN),
            asked_of(self.errors.as_ref(), libc::POLLIN),
        ];
        let mut given_up = None;
        loop {
            let now = Instant::now();
            if given_up.is_none() && cancel::is_cancelled() {
                given_up = Some(now + CANCEL_WAIT);
            }
            let until = given_up.map_or(deadline, |given_up| deadline.min(given_up));
            match poll(&mut asked, until.min(now + CANCEL_EVERY)) {
                Ok(true) => return Ok(()),
                Ok(false) if Instant::now() >= deadline => return Err(Silence::TooLate),
                Ok(false) if given_up.is_some_and(|given_up| Instant::now() >= given_up) => {
                    return Err(Silence::Cancelled);
                }
                Ok(false) => {}
                Err(error) => return Err(Silence::Failed(error)),
            }
        }
    }

    fn wait_for_errors(&self, deadline: Instant) -> bool {
        let mut asked = [asked_of(self.errors.as_ref(), libc::POLLIN)];
        poll(&mut asked, deadline).unwrap_or(false)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

fn own_peak_bytes() -> u64 {
    // SAFETY: all zeros are a value of it, and the place is ours and outlives the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    peak_bytes_of(&usage)
}

fn peak_bytes_of(usage: &libc::rusage) -> u64 {
    let unit = if cfg!(target_os = "linux") { 1_024 } else { 1 };
    u64::try_from(usage.ru_maxrss).unwrap_or(0).saturating_mul(unit)
}

fn asked_of(file: Option<&File>, events: libc::c_short) -> libc::pollfd {
    libc::pollfd {
        // A negative one is passed over.
        fd: file.map_or(-1, |file| file.as_raw_fd()),
        events,
        revents: 0,
    }
}

/// Whether any of them is ready before the deadline.
fn poll(asked: &mut [libc::pollfd], deadline: Instant) -> io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        // Rounded up, so that the last millisecond is not spent in a circle.
        let millis = libc::c_int::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(libc::c_int::MAX);
        // SAFETY: the list is ours and has as many entries as are said.
        let ready = unsafe { libc::poll(asked.as_mut_ptr(), asked.len() as libc::nfds_t, millis) };
        if ready > 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        if ready < 0 && error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Reads and writes of this pipe come back at once.
fn never_wait(pipe: &File) -> io::Result<()> {
    // SAFETY: the descriptor is open, and the calls take numbers.
    let set = unsafe {
        let flags = libc::fcntl(pipe.as_raw_fd(), libc::F_GETFL);
        libc::fcntl(pipe.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK)
    };
    if set < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
