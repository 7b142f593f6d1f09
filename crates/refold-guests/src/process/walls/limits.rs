//! What holds with and without walls: a session of its own, on Linux an end with Refold's and no descriptor of ours, and
//! what it may use of the machine.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::done;
use crate::limits::GuestLimits;

/// Open files, of the program and of its runtime.
const MOST_FILES: u64 = 256;

/// Adds them to a command.
pub fn keep(command: &mut Command, limits: &GuestLimits) {
    let memory_bytes = limits.memory_bytes as u64;
    // SAFETY: what runs between fork and exec calls the system only, and takes no lock and no memory.
    unsafe {
        command.pre_exec(move || {
            own_session()?;
            #[cfg(target_os = "linux")]
            {
                super::linux::die_with_refold()?;
                // Kernels before 5.11 cannot. Walls ask again, and start nothing there.
                let _ = super::linux::close_all_but_standard();
            }
            for (what, most) in [
                (libc::RLIMIT_CORE, 0),
                (libc::RLIMIT_DATA, memory_bytes),
                (libc::RLIMIT_FSIZE, 0),
                (libc::RLIMIT_MEMLOCK, 0),
                (libc::RLIMIT_NOFILE, MOST_FILES),
            ] {
                let limit = libc::rlimit {
                    rlim_cur: most,
                    rlim_max: most,
                };
                done(libc::setrlimit(what, &limit))?;
            }
            Ok(())
        });
    }
}

/// A session is a group of its own too, so that all of it can be ended at once, and has no terminal.
fn own_session() -> io::Result<()> {
    // SAFETY: takes nothing.
    done(unsafe { libc::setsid() })
}
