//! A door that is open in tests alone: what somebody could try who broke out of the engine. Each says with which number
//! the system refused it, or 0.

use std::ffi::CStr;

pub const OPEN: u8 = 0;
pub const CONNECT: u8 = 1;
pub const FORK: u8 = 2;
pub const BECOME: u8 = 3;
pub const KILL: u8 = 4;
pub const TRACE: u8 = 5;
pub const PAIR: u8 = 6;
pub const RAISE: u8 = 7;
pub const MAKE: u8 = 8;
pub const MEMORY_FILE: u8 = 9;
pub const THREAD: u8 = 10;
pub const ALL: std::ops::RangeInclusive<u8> = OPEN..=THREAD;

/// These end it, or never end.
pub const HANG: u8 = 100;
pub const CRASH: u8 = 101;
pub const TAKE_MEMORY: u8 = 102;

pub fn tried(what: u8, out: &mut Vec<u8>) {
    const PASSWORDS: &CStr = c"/etc/passwd";
    const MADE: &CStr = c"/tmp/refold-made-by-a-worker";
    // SAFETY: the calls take numbers and texts that outlive them; one that is not refused fails the test.
    let done = unsafe {
        match what {
            OPEN => libc::syscall(libc::SYS_openat, libc::AT_FDCWD, PASSWORDS.as_ptr(), libc::O_RDONLY),
            CONNECT => libc::syscall(libc::SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0),
            FORK => libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0),
            BECOME => libc::syscall(libc::SYS_execve, c"/bin/true".as_ptr(), 0, 0),
            KILL => libc::syscall(libc::SYS_kill, libc::getppid(), 0),
            TRACE => libc::syscall(libc::SYS_ptrace, 16, libc::getppid(), 0, 0),
            PAIR => libc::syscall(libc::SYS_pipe2, [0i32; 2].as_mut_ptr(), 0),
            RAISE => {
                let limit = libc::rlimit {
                    rlim_cur: 64,
                    rlim_max: 64,
                };
                libc::syscall(libc::SYS_prlimit64, 0, libc::RLIMIT_NOFILE, &limit, 0)
            }
            MAKE => libc::syscall(
                libc::SYS_openat,
                libc::AT_FDCWD,
                MADE.as_ptr(),
                libc::O_CREAT | libc::O_WRONLY,
                0o600,
            ),
            MEMORY_FILE => libc::syscall(libc::SYS_memfd_create, MADE.as_ptr(), 0),
            THREAD => libc::c_long::from(std::thread::Builder::new().spawn(|| ()).is_ok()) - 1,
            CRASH => *std::ptr::without_provenance::<libc::c_long>(8),
            HANG => loop {
                std::hint::spin_loop();
            },
            TAKE_MEMORY => {
                let mut held = Vec::new();
                loop {
                    held.push(vec![1u8; 64 << 20]);
                    std::hint::black_box(&held);
                }
            }
            _ => 0,
        }
    };
    let refused = match done {
        0.. => 0,
        _ => std::io::Error::last_os_error().raw_os_error().unwrap_or(0),
    };
    out.extend_from_slice(&refused.to_le_bytes());
}
