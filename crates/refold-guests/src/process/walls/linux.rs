//! Walls of Linux that need no right: Landlock for files, network and signals, and a filter of system calls for the rest.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, Scope, path_beneath_rules,
};
use refold_core::port::handler::HandlerFault;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};

use super::{Launch, Walls, done};
use crate::error::{code, fault};
use crate::limits::GuestLimits;

/// The newest version of Landlock whose rules are made here; an older kernel gets as many as it knows.
const LANDLOCK: ABI = ABI::V6;

/// Whether the kernel has both.
pub fn find() -> Result<Walls, String> {
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(|rules| rules.create());
    if rules.is_err() {
        return Err("the kernel has no Landlock".to_owned());
    }
    filter(false).map_err(|error| format!("there is no filter of system calls for this processor ({error})"))?;
    let action: u32 = libc::SECCOMP_RET_ERRNO;
    // SAFETY: the call reads four bytes of a number that is ours.
    let has_filters = unsafe { libc::syscall(libc::SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) } == 0;
    match has_filters {
        true => Ok(Walls::Landlock),
        false => Err("the kernel has no seccomp".to_owned()),
    }
}

const SECCOMP_GET_ACTION_AVAIL: libc::c_ulong = 2;

/// The command with these walls around it.
pub fn command(program: &Launch, limits: &GuestLimits) -> Result<Command, HandlerFault> {
    let failed = |error: &dyn std::fmt::Display| {
        fault(
            code::PROC_WALLS,
            format!("the walls around the program cannot be built: {error}"),
        )
    };
    let rules = rules(program).map_err(|error| failed(&error))?;
    let rules = rules.ok_or_else(|| failed(&"the kernel has no Landlock"))?;
    let filter = filter(!scopes_signals()).map_err(|error| failed(&error))?;
    let mut command = program.command(limits);
    // SAFETY: what runs between fork and exec calls the system only, and takes no lock and no memory.
    unsafe {
        command.pre_exec(move || {
            close_all_but_standard()?;
            drop_capabilities()?;
            done(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
            done(libc::syscall(SYS_LANDLOCK_RESTRICT_SELF, rules.as_raw_fd(), 0) as libc::c_int)?;
            seccompiler::apply_filter(&filter).map_err(|_| io::Error::last_os_error())
        });
    }
    Ok(command)
}

/// The same number on every processor.
const SYS_LANDLOCK_RESTRICT_SELF: libc::c_long = 446;

/// What it may do with files and the network: read its own and the system's, run the system's programs, nothing else.
fn rules(program: &Launch) -> Result<Option<OwnedFd>, RulesetError> {
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        .add_rules(path_beneath_rules(program.readable(), AccessFs::from_read(LANDLOCK)))?
        .add_rules(path_beneath_rules(
            ["/dev/zero", "/dev/random", "/dev/urandom"],
            AccessFs::ReadFile,
        ))?
        .add_rules(path_beneath_rules(
            ["/dev/null"],
            AccessFs::ReadFile | AccessFs::WriteFile,
        ))?;
    Ok(rules.into())
}

/// Whether Landlock keeps signals in.
fn scopes_signals() -> bool {
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .scope(Scope::Signal)
        .and_then(|rules| rules.create());
    rules.is_ok()
}

/// System calls that a handler has no use for: the answer is that there are none. Those that write files are Landlock's
/// business, save what it leaves out.
const ABSENT: &[libc::c_long] = &[
    // The network, and sockets to other programs.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Other programs: making them, signals, looking into them.
    libc::SYS_clone3,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_kcmp,
    libc::SYS_setsid,
    libc::SYS_setpgid,
    // What stays when it is gone.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_msgget,
    libc::SYS_semget,
    // What others of the user left there is reached by its number alone, without asking for it by name first.
    libc::SYS_shmctl,
    libc::SYS_msgctl,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_semctl,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_mq_open,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // What Landlock does not ask about.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    SYS_FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    SYS_SETXATTRAT,
    SYS_REMOVEXATTRAT,
    SYS_FILE_SETATTR,
    libc::SYS_inotify_init1,
    libc::SYS_fanotify_init,
    // The machine.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_acct,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_clock_settime,
    libc::SYS_settimeofday,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_syslog,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_personality,
    libc::SYS_setrlimit,
];

/// The older forms of some of them, which newer processors never had.
#[cfg(target_arch = "x86_64")]
const ABSENT_OLD: &[libc::c_long] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_inotify_init,
    libc::SYS_kexec_file_load,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
];
#[cfg(not(target_arch = "x86_64"))]
const ABSENT_OLD: &[libc::c_long] = &[];

// The same numbers on every processor.
const SYS_FCHMODAT2: libc::c_long = 452;
const SYS_SETXATTRAT: libc::c_long = 463;
const SYS_REMOVEXATTRAT: libc::c_long = 466;
const SYS_FILE_SETATTR: libc::c_long = 469;

/// The filter. `keeps_signals_in`: also the call by which a program signals itself, because it could signal others.
pub fn filter(keeps_signals_in: bool) -> Result<BpfProgram, seccompiler::Error> {
    let always = ABSENT.iter().chain(ABSENT_OLD).map(|call| (*call, Vec::new()));
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = always.collect();
    if keeps_signals_in {
        rules.insert(libc::SYS_tgkill, Vec::new());
    }
    // A thread is made of what it shares; without that it would be a program.
    let is_program = SeccompCmpOp::MaskedEq(libc::CLONE_THREAD as u64);
    rules.insert(libc::SYS_clone, vec![rule(0, is_program, 0)?]);
    // Limits can be read, and not raised.
    rules.insert(libc::SYS_prlimit64, vec![rule(2, SeccompCmpOp::Ne, 0)?]);
    let absent = SeccompAction::Errno(libc::ENOSYS as u32);
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let filter: BpfProgram = SeccompFilter::new(rules, SeccompAction::Allow, absent, arch)?.try_into()?;
    Ok(without_the_other_numbers(filter))
}

fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::Error> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}

/// x86 has a second set of numbers for the same calls (x32), above all others: all of it is absent.
fn without_the_other_numbers(filter: BpfProgram) -> BpfProgram {
    if !cfg!(target_arch = "x86_64") {
        return filter;
    }
    const FIRST_OF_X32: u32 = 0x4000_0000;
    let step = |code: u32, jump_false: u8, k: u32| sock_filter {
        // All codes have 16 bits.
        code: code as u16,
        jt: 0,
        jf: jump_false,
        k,
    };
    let mut whole = vec![
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 1, FIRST_OF_X32),
        step(
            libc::BPF_RET | libc::BPF_K,
            0,
            libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32,
        ),
    ];
    whole.extend(filter);
    whole
}

/// When Refold is gone, so is the program.
pub fn die_with_refold() -> io::Result<()> {
    // SAFETY: takes numbers.
    done(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) })
}

/// Whatever else is open closes when the program begins.
pub fn close_all_but_standard() -> io::Result<()> {
    const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;
    // SAFETY: takes numbers.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, CLOSE_RANGE_CLOEXEC) };
    done(closed as libc::c_int)
}

/// What root may do beyond others is given up.
fn drop_capabilities() -> io::Result<()> {
    const VERSION_3: u32 = 0x2008_0522;
    let head: [u32; 2] = [VERSION_3, 0];
    let none: [u32; 6] = [0; 6];
    // SAFETY: both have the layout and the size of the third version of the call, and outlive it.
    done(unsafe { libc::syscall(libc::SYS_capset, head.as_ptr(), none.as_ptr()) } as libc::c_int)
}
