//! The walls that a worker puts up around itself before it reads anything: what it cannot do then, nobody in it can.
//!
//! It reads and writes one socket, asks for memory and for the time; every other call is refused. Landlock says the same
//! of files and the network once more.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};

use landlock::{ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetStatus, Scope};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

use super::frame::{HAS_FILTER, HAS_LANDLOCK};

/// The newest version of Landlock whose rules are made here; an older kernel gets as many as it knows.
const LANDLOCK: ABI = ABI::V6;

/// What all guests of a worker may hold together, and its engine. A guest is held to its own memory by that.
const MOST_DATA_BYTES: u64 = 4 << 30;
/// Standard input, output and error: no more can be opened.
const MOST_FILES: u64 = 3;

/// All that it may ask of the system.
const CALLS: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_close,
    // Memory, of which the engine makes code.
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // A guest that leaves its memory is stopped by a signal.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // Itself.
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Puts up what there is of them, and says which that are.
pub fn put_up() -> u8 {
    keep_apart();
    let mut up = 0;
    // It binds the thread that asks, and those that come of it.
    if restrict_files().is_ok_and(|status| status != RulesetStatus::NotEnforced) && has_one_thread() {
        up |= HAS_LANDLOCK;
    }
    // Making the rules of Landlock took a descriptor; from here on there are no more.
    limit(libc::RLIMIT_NOFILE, MOST_FILES);
    if filter().is_ok_and(|filter| seccompiler::apply_filter_all_threads(&filter).is_ok()) {
        up |= HAS_FILTER;
    }
    up
}

fn has_one_thread() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
}

/// What needs no walls: no descriptor of anybody else, an end with Refold's, and bounds. What of it the system refuses,
/// the walls refuse as well.
fn keep_apart() {
    const FIRST_OF_OTHERS: libc::c_uint = 3;
    // SAFETY: all of these take numbers, and one a text that is always there.
    unsafe {
        libc::syscall(libc::SYS_close_range, FIRST_OF_OTHERS, libc::c_uint::MAX, 0);
        libc::prctl(libc::PR_SET_NAME, c"refold-worker".as_ptr());
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::setsid();
    }
    for (what, most) in [
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_DATA, most_data_bytes()),
        (libc::RLIMIT_FSIZE, 0),
        (libc::RLIMIT_MEMLOCK, 0),
        (libc::RLIMIT_NPROC, 0),
    ] {
        limit(what, most);
    }
}

fn most_data_bytes() -> u64 {
    #[cfg(test)]
    if let Some(most) = TEST_DATA_BYTES.get() {
        return *most;
    }
    MOST_DATA_BYTES
}

/// What guests may hold where a test looks at what becomes of them.
#[cfg(test)]
pub static TEST_DATA_BYTES: std::sync::OnceLock<u64> = std::sync::OnceLock::new();

fn limit(what: libc::__rlimit_resource_t, most: u64) {
    let limit = libc::rlimit {
        rlim_cur: most,
        rlim_max: most,
    };
    // SAFETY: takes a number, and the place of a limit that outlives the call.
    unsafe { libc::setrlimit(what, &limit) };
}

/// Nothing of files, of the network, of other programs.
fn restrict_files() -> Result<RulesetStatus, landlock::RulesetError> {
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?;
    Ok(rules.restrict_self()?.ruleset)
}

/// Whatever is not named is refused.
fn filter() -> Result<BpfProgram, seccompiler::Error> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = CALLS.iter().map(|call| (*call, Vec::new())).collect();
    // It may end itself by a signal, as it does where it gives up, and nobody else.
    let own = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, std::process::id().into())?;
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![own])?]);
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok(SeccompFilter::new(rules, refused, SeccompAction::Allow, arch)?.try_into()?)
}

/// What the workers of this process said of their walls, and that one said it.
static UP: AtomicU8 = AtomicU8::new(0);
const IS_KNOWN: u8 = 0x80;

pub fn note(up: u8) {
    UP.store(up | IS_KNOWN, Ordering::Relaxed);
}

/// What stands around workers here, in words, which may be nothing; `None`: no worker was started yet.
pub fn standing() -> Option<&'static str> {
    let up = UP.load(Ordering::Relaxed);
    match (up & IS_KNOWN != 0, up & HAS_LANDLOCK != 0, up & HAS_FILTER != 0) {
        (false, _, _) => None,
        (_, true, true) => Some("Landlock and seccomp"),
        (_, true, false) => Some("Landlock"),
        (_, false, true) => Some("seccomp"),
        (_, false, false) => Some(""),
    }
}

/// What the walls of workers lack here, in words; `None`: nothing, or no worker was started yet.
pub fn lacking() -> Option<&'static str> {
    let up = UP.load(Ordering::Relaxed);
    match (up & IS_KNOWN != 0, up & HAS_LANDLOCK != 0, up & HAS_FILTER != 0) {
        (false, _, _) | (_, true, true) => None,
        (_, true, false) => Some("the kernel has no seccomp"),
        (_, false, true) => Some("Landlock is not there, or not for all threads"),
        (_, false, false) => Some("neither Landlock nor seccomp is there"),
    }
}
