//! What keeps a program in: it sees its own folder and the system's programs, only to read, and nothing else: no network,
//! no other program, no environment. Which means the machine has for that is looked up once.

#[cfg(target_os = "linux")]
mod bubblewrap;
mod limits;
#[cfg(target_os = "linux")]
mod linux;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use refold_core::port::handler::HandlerFault;

use super::child::Child;
use super::file::ProgramFile;
use crate::error::{code, fault};
use crate::limits::GuestLimits;

static IS_OPEN_ALLOWED: AtomicBool = AtomicBool::new(false);

/// Says whether programs may run where nothing keeps them in. A person must have agreed to it.
pub fn allow_programs_without_walls(is_allowed: bool) {
    IS_OPEN_ALLOWED.store(is_allowed, Ordering::Relaxed);
}

/// All that a program finds in its environment: the same everywhere.
pub(super) const ENVIRONMENT: &[(&str, &str)] = &[
    ("HOME", "/nonexistent"),
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
    ("NO_COLOR", "1"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
    ("PYTHONHASHSEED", "0"),
    ("REFOLD", "1"),
    ("TZ", "UTC"),
    // .NET would ask for the machine's languages, and for a place to speak with debuggers.
    ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"),
    ("DOTNET_EnableDiagnostics", "0"),
];

/// Where programs of the system are looked for, before the folders of the user's own `PATH`.
const PROGRAM_FOLDERS: &[&str] = &["/usr/local/bin", "/usr/bin", "/bin"];

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walls {
    /// Namespaces made by this bubblewrap, a filter of system calls, limits.
    Bubblewrap(PathBuf),
    /// Landlock, a filter of system calls, limits.
    Landlock,
    /// Only limits. The text says what is lacking.
    Open(String),
}

impl Walls {
    /// The best that this machine has.
    pub fn at_hand() -> Walls {
        Walls::looked_up().0.clone()
    }

    /// What this machine lacks for better walls than those, in words; `None`: there are none.
    pub fn lacking() -> Option<&'static str> {
        Some(Walls::looked_up().1.as_str()).filter(|lacking| !lacking.is_empty())
    }

    /// What they are called; `None`: there are none.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Walls::Bubblewrap(_) => Some("bubblewrap"),
            Walls::Landlock => Some("Landlock and seccomp"),
            Walls::Open(_) => None,
        }
    }

    fn looked_up() -> &'static (Walls, String) {
        static LOOKED_UP: OnceLock<(Walls, String)> = OnceLock::new();
        LOOKED_UP.get_or_init(Walls::find)
    }

    /// All kinds of walls that this machine has, and what it lacks for the others.
    pub fn all() -> (Vec<Walls>, Vec<String>) {
        #[cfg(target_os = "linux")]
        let kinds = [bubblewrap::find(), linux::find()];
        #[cfg(not(target_os = "linux"))]
        let kinds = [Err("Refold has walls for programs on Linux only".to_owned())];
        let (mut found, mut lacking) = (Vec::new(), Vec::new());
        for kind in kinds {
            match kind {
                Ok(walls) => found.push(walls),
                Err(lack) => lacking.push(lack),
            }
        }
        (found, lacking)
    }

    fn find() -> (Walls, String) {
        let (found, lacking) = Walls::all();
        let lacking = lacking.join("; ");
        match found.into_iter().next() {
            // What others lack is nothing to one that has the best.
            Some(walls @ Walls::Bubblewrap(_)) => (walls, String::new()),
            Some(walls) => (walls, lacking),
            None => (Walls::Open(lacking.clone()), lacking),
        }
    }

    /// Starts a program behind them.
    pub(super) fn start(&self, file: &ProgramFile, limits: &GuestLimits) -> Result<Child, HandlerFault> {
        let program = Launch::of(file)?;
        let command = match self {
            #[cfg(target_os = "linux")]
            Walls::Bubblewrap(bubblewrap) => bubblewrap::command(bubblewrap, &program, limits)?,
            #[cfg(target_os = "linux")]
            Walls::Landlock => linux::command(&program, limits)?,
            #[cfg(not(target_os = "linux"))]
            Walls::Bubblewrap(_) | Walls::Landlock => {
                return Err(closed("Refold has walls for programs on Linux only"));
            }
            Walls::Open(_) if IS_OPEN_ALLOWED.load(Ordering::Relaxed) => program.command(limits),
            Walls::Open(lacking) => return Err(closed(lacking)),
        };
        Child::start(command).map_err(|error| {
            let message = format!(
                "{} cannot be started: {error}; look at `command`",
                program.program.display()
            );
            fault(code::PROC_START, message)
        })
    }
}

fn closed(lacking: &str) -> HandlerFault {
    let message = format!(
        "nothing on this machine keeps the program in, so that it could read and change what you can: {lacking}; look \
         at the program, and if you trust it, allow programs without walls (`--trust-programs`, or in the settings)"
    );
    fault(code::PROC_WALLS, message)
}

/// What is started.
struct Launch {
    /// From the root, with all links followed.
    folder: PathBuf,
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Launch {
    fn of(file: &ProgramFile) -> Result<Launch, HandlerFault> {
        let missing = |what: String| fault(code::PROC_START, format!("{what}; look at `command`"));
        let folder = file.folder().canonicalize();
        let folder = folder.map_err(|error| missing(format!("{}: {error}", file.folder().display())))?;
        let Some((name, arguments)) = file.command.split_first() else {
            return Err(missing("there is no program to start".to_owned()));
        };
        let program = match name.contains('/') {
            true => {
                let program = folder.join(name).canonicalize();
                let program = program.map_err(|error| missing(format!("{name}: {error}")))?;
                // What lies elsewhere is in no hash of the package.
                if !program.starts_with(&folder) {
                    return Err(missing(format!("{name} does not lie in the folder of the program")));
                }
                program
            }
            false => find_program(name).ok_or_else(|| missing(format!("there is no program {name} here")))?,
        };
        Ok(Launch {
            folder,
            program,
            arguments: arguments.iter().map(OsString::from).collect(),
        })
    }

    /// Starts it without anything in between, in its folder and with the environment that all have.
    fn command(&self, limits: &GuestLimits) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder);
        command.env_clear().envs(ENVIRONMENT.iter().copied());
        limits::keep(&mut command, limits);
        command
    }

    /// The folders and files that it may read: its own, and where the system, and the program itself, have theirs.
    #[cfg(target_os = "linux")]
    fn readable(&self) -> Vec<PathBuf> {
        let system = [
            "/usr",
            "/bin",
            "/sbin",
            "/lib",
            "/lib32",
            "/lib64",
            "/libx32",
            "/nix/store",
            "/etc/ld.so.cache",
            "/etc/alternatives",
            "/etc/ssl/openssl.cnf",
            "/etc/dotnet",
        ];
        let mut readable: Vec<PathBuf> = system.iter().map(PathBuf::from).collect();
        // The settings of Debian's Java lie there.
        let of_java = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("java");
        let etc = std::fs::read_dir("/etc").into_iter().flatten().flatten();
        readable.extend(etc.filter(of_java).map(|entry| entry.path()));
        if !readable.iter().any(|folder| self.program.starts_with(folder)) {
            readable.push(self.program.clone());
            // A runtime that somebody installed for themselves: `bin/python3` needs what is in `lib`.
            if let Some(bin) = self.program.parent().filter(|bin| bin.ends_with("bin")) {
                readable.extend(bin.parent().map(|prefix| prefix.join("lib")));
            }
        }
        readable.push(self.folder.clone());
        readable.retain(|path| path.exists());
        readable
    }
}

/// A program of the system, or else one that the user's `PATH` finds, with all links followed.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = PROGRAM_FOLDERS.iter().map(PathBuf::from);
    let mut folders = system.chain(std::env::split_paths(&path).filter(|folder| folder.is_absolute()));
    folders.find_map(|folder| is_program(&folder.join(name)))
}

fn is_program(path: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = path.metadata().ok()?;
    let can_run = metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
    can_run.then(|| path.canonicalize().ok()).flatten()
}

/// What a call of the system came to.
fn done(result: libc::c_int) -> io::Result<()> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
