//! Why a program does not answer, as the fault of what it was asked.

use std::time::Duration;

use refold_core::count::counted;
use refold_core::port::handler::HandlerFault;

use super::answer;
use super::child::{Bounds, Child, End, Silence};
use crate::error::{code, fault};
use crate::limits::GuestLimits;

/// A program that held so many hundredths of what it may hold, and ended, ended for want of memory.
const PEAK_PERCENT: u64 = 75;
/// What runtimes say that end for want of memory: bubblewrap does not tell how much a program held.
const OUT_OF_MEMORY: [&str; 6] = [
    "MemoryError",
    "OutOfMemory",
    "ut of memory",
    "bad_alloc",
    "memory allocation of",
    "annot allocate memory",
];

/// What bubblewrap ends with where what it holds was killed.
const KILLED_INSIDE: i32 = 128 + libc::SIGKILL;
const KILLED: &str = "because the system killed it, as it does where the machine has no memory left";

pub fn too_slow(within: Duration) -> HandlerFault {
    let message = format!(
        "the program did not answer within {} ms and was ended; look for a loop that does not end (this limit depends on \
         the machine)",
        within.as_millis()
    );
    fault(code::LIMIT_WALL, message)
}

/// The fault of a program that did not answer. It is ended here.
pub fn silent(child: &mut Child, silence: &Silence, bounds: &Bounds, limits: &GuestLimits) -> HandlerFault {
    match silence {
        Silence::TooLate => {
            child.end();
            let message = format!(
                "the program did not answer within {} ms and was ended",
                bounds.within.as_millis()
            );
            fault(code::PROC_TIMEOUT, message)
        }
        Silence::Cancelled => {
            child.end();
            fault(code::CANCELLED, "cancelled while the program worked, which was ended")
        }
        Silence::Ended => {
            child.wait_for_end();
            let end = child.end();
            ended(end, &child.told(), limits)
        }
        Silence::AnswerFlood => {
            child.end();
            let message = format!(
                "the program answers with more than {} and was ended; keep a smaller state, and write nothing else \
                 to standard output",
                counted(bounds.answer_bytes as u64, "byte")
            );
            fault(code::LIMIT_OUTPUT, message)
        }
        Silence::ToldFlood => {
            child.end();
            let message = format!(
                "the program writes more than {} to standard error and was ended; log less",
                counted(bounds.told_bytes as u64, "byte")
            );
            fault(code::LIMIT_OUTPUT, message)
        }
        Silence::Unasked(said) => {
            child.end();
            let what = "it says more than it was asked; write one line for each that is read";
            answer::odd(what, said)
        }
        Silence::Failed(error) => {
            child.end();
            fault(code::PROC_EXIT, format!("the program cannot be spoken with: {error}"))
        }
    }
}

/// The fault of a program that ended by itself.
pub fn ended(end: End, told: &str, limits: &GuestLimits) -> HandlerFault {
    let most = limits.memory_bytes as u64;
    let says_so = OUT_OF_MEMORY.iter().any(|words| told.contains(words));
    let held_so_much = |peak: u64| peak.saturating_mul(100) >= most.saturating_mul(PEAK_PERCENT);
    if says_so || end.peak_bytes.is_some_and(held_so_much) {
        let message = format!(
            "the program needs more than {} of memory; keep less",
            refold_core::count::exact_size(most)
        );
        return fault(code::LIMIT_MEMORY, message);
    }
    let how = match end.status & 0x7f {
        0 if end.status >> 8 == KILLED_INSIDE => KILLED.to_owned(),
        0 => format!("with the code {}", (end.status >> 8) & 0xff),
        libc::SIGKILL if end.is_own => KILLED.to_owned(),
        libc::SIGKILL => "by closing its pipes".to_owned(),
        libc::SIGXFSZ => "because it writes to a file, which it may not".to_owned(),
        signal => format!("by signal {signal}"),
    };
    let last = told
        .lines()
        .last()
        .map(|line| format!("; it said last: {}", answer::shortened(line.as_bytes())));
    let message = format!(
        "the program ended before it answered, {how}{}",
        last.unwrap_or_default()
    );
    fault(code::PROC_EXIT, message)
}
