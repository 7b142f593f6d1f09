//! WASI preview 1, as far as it can be the same everywhere: a clock that shows the event's time, numbers that the event
//! seeds, an output that is a log, and nothing else. Whatever it has beside these is refused with `ENOSYS`, as a program
//! is used to.

use wasmtime::{Caller, FuncType, Linker, Val, ValType};

use super::host::{Host, bytes_of, charge, charge_for, put};
use crate::error::code;

pub const MODULE: &str = "wasi_snapshot_preview1";

const SUCCESS: i32 = 0;
const EBADF: i32 = 8;
const ENOSYS: i32 = 52;

/// More parts than a program writes at once.
const MAX_PARTS: u32 = 1_024;

/// What preview 1 has and a fold has no use for.
const ABSENT: &[&str] = &[
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_prestat_dir_name",
    "fd_pwrite",
    "fd_read",
    "fd_readdir",
    "fd_renumber",
    "fd_seek",
    "fd_sync",
    "fd_tell",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "poll_oneoff",
    "proc_raise",
    "sched_yield",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];

/// Adds what is offered.
pub fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    for name in ["args_sizes_get", "environ_sizes_get"] {
        linker.func_wrap(MODULE, name, |mut caller: Caller<'_, Host>, count: u32, size: u32| {
            put(&mut caller, count, &[0; 4])?;
            put(&mut caller, size, &[0; 4])?;
            Ok(SUCCESS)
        })?;
    }
    for name in ["args_get", "environ_get"] {
        linker.func_wrap(MODULE, name, |_: u32, _: u32| SUCCESS)?;
    }
    linker.func_wrap(
        MODULE,
        "clock_res_get",
        |mut caller: Caller<'_, Host>, _: u32, at: u32| {
            put(&mut caller, at, &1u64.to_le_bytes())?;
            Ok(SUCCESS)
        },
    )?;
    let time = |mut caller: Caller<'_, Host>, _: u32, _: u64, at: u32| {
        let nanos = caller.data().clock_nanos();
        put(&mut caller, at, &nanos.to_le_bytes())?;
        Ok(SUCCESS)
    };
    linker.func_wrap(MODULE, "clock_time_get", time)?;
    linker.func_wrap(MODULE, "random_get", random)?;
    linker.func_wrap(MODULE, "fd_write", write)?;
    // There are no folders: with this answer a program stops looking for them.
    linker.func_wrap(MODULE, "fd_prestat_get", |_: u32, _: u32| EBADF)?;
    linker.func_wrap(
        MODULE,
        "proc_exit",
        |mut caller: Caller<'_, Host>, status: i32| -> wasmtime::Result<()> {
            let message = format!("the handler ended itself with the status {status}; let it return instead");
            Err(caller.data_mut().refuse(code::HANDLER_THROW, message))
        },
    )?;
    Ok(())
}

/// Adds an import that preview 1 has and that is not offered. Of anything else, nothing.
pub fn link_absent(linker: &mut Linker<Host>, name: &str, of: FuncType) -> wasmtime::Result<()> {
    let mut results = of.results();
    let is_errno = matches!((results.next(), results.next()), (Some(ValType::I32), None));
    drop(results);
    if !ABSENT.contains(&name) || !is_errno {
        return Ok(());
    }
    linker.func_new(MODULE, name, of, |mut caller, _, results| {
        charge(&mut caller, 0)?;
        if let Some(result) = results.first_mut() {
            *result = Val::I32(ENOSYS);
        }
        Ok(())
    })?;
    Ok(())
}

fn random(mut caller: Caller<'_, Host>, at: u32, length: u32) -> wasmtime::Result<i32> {
    charge_for(&mut caller, at, length)?;
    let mut bytes = Vec::new();
    while bytes.len() < length as usize {
        bytes.extend_from_slice(&caller.data_mut().next_random().to_le_bytes());
    }
    bytes.truncate(length as usize);
    put(&mut caller, at, &bytes)?;
    Ok(SUCCESS)
}

/// `fd_write` to standard output and error, which are the log.
fn write(mut caller: Caller<'_, Host>, file: u32, parts: u32, count: u32, written: u32) -> wasmtime::Result<i32> {
    if !matches!(file, 1 | 2) {
        return Ok(EBADF);
    }
    let list = bytes_of(&mut caller, parts, count.min(MAX_PARTS).saturating_mul(8))?;
    let mut text = Vec::new();
    let (entries, _) = list.as_chunks::<4>();
    let (pairs, _) = entries.as_chunks::<2>();
    for [at, length] in pairs {
        let (at, length) = (u32::from_le_bytes(*at), u32::from_le_bytes(*length));
        caller
            .data_mut()
            .need_log_room(text.len().saturating_add(length as usize))?;
        let part = bytes_of(&mut caller, at, length)?;
        text.extend_from_slice(&part);
    }
    caller.data_mut().note_log(text.trim_ascii_end())?;
    // Shorter than the log may be.
    put(&mut caller, written, &(text.len() as u32).to_le_bytes())?;
    Ok(SUCCESS)
}
