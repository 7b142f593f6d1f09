//! Walls by bubblewrap: a world of its own with no network, no other program and only the files that are put in, and the
//! same filter of system calls inside.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use refold_core::port::handler::HandlerFault;

use super::{ENVIRONMENT, Launch, PROGRAM_FOLDERS, Walls, done, is_program, limits, linux};
use crate::error::{code, fault};
use crate::limits::GuestLimits;

/// Looks whether there is one, and whether it may make a world here.
pub fn find() -> Result<Walls, String> {
    let found = PROGRAM_FOLDERS
        .iter()
        .find_map(|folder| is_program(&Path::new(folder).join("bwrap")));
    let bubblewrap = found.ok_or_else(|| "bubblewrap is not installed".to_owned())?;
    let program = Launch {
        folder: PathBuf::from("/usr"),
        program: is_program(Path::new("/usr/bin/true")).ok_or_else(|| "there is no /usr/bin/true".to_owned())?,
        arguments: Vec::new(),
    };
    let mut command = command(&bubblewrap, &program, &GuestLimits::DEFAULT).map_err(|fault| fault.message)?;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let tried = command
        .output()
        .map_err(|error| format!("bubblewrap cannot be started: {error}"))?;
    if tried.status.success() {
        return Ok(Walls::Bubblewrap(bubblewrap));
    }
    let said = String::from_utf8_lossy(&tried.stderr)
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned();
    Err(format!("bubblewrap may not make a world of its own here ({said})"))
}

/// The command with these walls around it.
pub fn command(bubblewrap: &Path, program: &Launch, limits: &GuestLimits) -> Result<Command, HandlerFault> {
    let failed = |error: &dyn std::fmt::Display| {
        fault(
            code::PROC_WALLS,
            format!("the walls around the program cannot be built: {error}"),
        )
    };
    // Nobody else is there to be signalled.
    let filter = linux::filter(false).map_err(|error| failed(&error))?;
    let filter = file_of(&filter).map_err(|error| failed(&error))?;
    let mut command = Command::new(bubblewrap);
    command.args(["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]);
    for (name, value) in ENVIRONMENT {
        command.args(["--setenv", name, value]);
    }
    for path in program.readable() {
        command.arg("--ro-bind").arg(&path).arg(&path);
    }
    command.args(["--dev", "/dev", "--remount-ro", "/"]);
    command.arg("--chdir").arg(&program.folder);
    command.arg("--add-seccomp-fd").arg(filter.as_raw_fd().to_string());
    command.arg("--").arg(&program.program).args(&program.arguments);
    command.env_clear();
    limits::keep(&mut command, limits);
    // SAFETY: what runs between fork and exec calls the system only, and takes no lock and no memory.
    unsafe {
        command.pre_exec(move || {
            linux::close_all_but_standard()?;
            // All but this one, which bubblewrap reads and closes.
            done(libc::fcntl(filter.as_raw_fd(), libc::F_SETFD, 0))
        });
    }
    Ok(command)
}

/// The filter as a file in memory, which bubblewrap reads.
fn file_of(filter: &seccompiler::BpfProgram) -> std::io::Result<File> {
    // SAFETY: the name ends in a zero byte; the call takes nothing else of ours.
    let memory = unsafe { libc::memfd_create(c"filter".as_ptr(), libc::MFD_CLOEXEC) };
    done(memory)?;
    // SAFETY: it was opened just above, and nobody else has it.
    let mut file = unsafe { File::from_raw_fd(memory) };
    for step in filter {
        file.write_all(&step.code.to_ne_bytes())?;
        file.write_all(&[step.jt, step.jf])?;
        file.write_all(&step.k.to_ne_bytes())?;
    }
    file.rewind()?;
    Ok(file)
}
