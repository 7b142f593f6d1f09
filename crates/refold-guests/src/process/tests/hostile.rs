//! Programs that mean harm, or are broken: each ends in its error, in its time, and the next one folds as if nothing had
//! been. Every one is tried behind every kind of walls that there is here.

use std::fs;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use refold_core::port::handler::HandlerProgram as _;
use refold_core::value::Value;

use super::{PROCESS_ENGINE_ID, ProcessProgram, ProgramFile, Walls, file, load, walls};
use crate::limits::GuestLimits;
use crate::tests::{events, folded, identity};

const AT_A_TIME: usize = 12;
/// How long the system may take to end what it was told to end.
const END_WAIT_MILLIS: libc::c_int = 10_000;

const LIMITS: GuestLimits = GuestLimits {
    memory_bytes: 64 << 20,
    state_bytes: 10_000,
    wall_millis: 1_500,
    ..GuestLimits::DEFAULT
};

/// Answers all that is asked, and does `body` for an event. `secret` is a file of somebody else, `parent` the test.
fn program(body: &str, secret: &Path) -> String {
    let indented: String = body.lines().map(|line| format!("        {line}\n")).collect();
    format!(
        "
secret, parent = {:?}, {}
def system(number, *arguments):
    import ctypes
    if ctypes.CDLL(None).syscall(number, *arguments) < 0: raise OSError('refused')
for line in sys.stdin:
    asked = json.loads(line)
    if asked['cmd'] == 'apply' and asked['events'][0]['type'] == 'Bad':
{indented}
        say({{'ok': True}})
    elif asked['cmd'] == 'state':
        say({{'ok': True, 'states': {{asked['key']: {{}}}}}})
    elif asked['cmd'] == 'bye':
        break
    else:
        say({{'ok': True}})
",
        secret.display().to_string(),
        std::process::id()
    )
}

/// Ends in one or another code, as the walls are.
const CLOSED: &str = "closed";

/// What it does, and the code that it ends with.
const HOSTILE: &[(&str, &str, &str)] = &[
    // Other programs.
    ("forks", "os.fork()", "RF-PROC-EXIT"),
    (
        "forks without end",
        "while True:\n    try: os.fork()\n    except OSError: pass",
        "RF-LIMIT-WALL",
    ),
    (
        "starts a program",
        "import subprocess; subprocess.run(['/usr/bin/true'])",
        "RF-PROC-EXIT",
    ),
    (
        "asks a shell",
        "if os.system('true') != 0: raise OSError('refused')",
        "RF-PROC-EXIT",
    ),
    (
        "becomes a shell that reads what is not its own",
        "os.execv('/bin/sh', ['sh', '-c', 'read secret < ' + secret + ' && echo \"{\\\\\"ok\\\\\":true}\"'])",
        "RF-PROC-EXIT",
    ),
    ("ends Refold", "os.kill(parent, 9)", "RF-PROC-EXIT"),
    ("asks Refold to end", "os.kill(os.getppid(), 15)", "RF-PROC-EXIT"),
    ("ends everybody", "os.kill(-1, 9)", "RF-PROC-EXIT"),
    (
        "ends a thread of Refold",
        "system(234, parent, parent, 9)",
        "RF-PROC-EXIT",
    ),
    ("opens Refold by its number", "os.pidfd_open(parent)", "RF-PROC-EXIT"),
    (
        "reads the memory of Refold",
        "system(310, parent, 0, 0, 0, 0, 0)",
        "RF-PROC-EXIT",
    ),
    ("traces Refold", "system(101, 16, parent, 0, 0)", "RF-PROC-EXIT"),
    ("leaves its session", "os.setsid()", "RF-PROC-EXIT"),
    (
        "makes threads without end",
        "import threading\nwhile True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        "RF-PROC-EXIT",
    ),
    // Files.
    ("reads what is not its own", "open(secret).read()", "RF-PROC-EXIT"),
    ("reads the users", "open('/etc/shadow').read()", "RF-PROC-EXIT"),
    (
        "reads the environment of Refold",
        "open(f'/proc/{parent}/environ').read()",
        "RF-PROC-EXIT",
    ),
    (
        "looks at all programs",
        "if any(it.isdigit() for it in os.listdir('/proc')): raise OSError",
        "RF-PROC-EXIT",
    ),
    (
        "looks at the user's folders",
        "os.listdir(os.path.dirname(secret))",
        "RF-PROC-EXIT",
    ),
    (
        "writes what is not its own",
        "open(secret, 'w').write('x')",
        "RF-PROC-EXIT",
    ),
    (
        "adds to what is not its own",
        "open(secret, 'a').write('x')",
        "RF-PROC-EXIT",
    ),
    ("writes beside itself", "open('made', 'w').write('x')", "RF-PROC-EXIT"),
    (
        "writes to /tmp",
        "open('/tmp/refold-made', 'w').write('x')",
        "RF-PROC-EXIT",
    ),
    (
        "writes over itself",
        "open('handler.py', 'a').write('x')",
        "RF-PROC-EXIT",
    ),
    ("takes a file away", "os.unlink(secret)", "RF-PROC-EXIT"),
    ("renames a file", "os.rename(secret, secret + '2')", "RF-PROC-EXIT"),
    ("opens a file to all", "os.chmod(secret, 0o777)", "RF-PROC-EXIT"),
    (
        "opens its own file to all",
        "os.chmod('handler.py', 0o777)",
        "RF-PROC-EXIT",
    ),
    (
        "changes the time of a file",
        "os.utime('handler.py', (0, 0))",
        "RF-PROC-EXIT",
    ),
    ("makes a folder", "os.mkdir('made')", "RF-PROC-EXIT"),
    ("makes a link", "os.symlink(secret, 'made')", "RF-PROC-EXIT"),
    (
        "makes a device",
        "os.mknod('made', 0o20666, os.makedev(1, 1))",
        "RF-PROC-EXIT",
    ),
    // The network and the machine.
    ("opens a socket", "import socket; socket.socket()", "RF-PROC-EXIT"),
    (
        "looks for a server of the machine",
        "import socket; socket.socket(socket.AF_UNIX).connect('/run/systemd/private')",
        "RF-PROC-EXIT",
    ),
    (
        "makes a pair of sockets",
        "import socket; socket.socketpair()",
        "RF-PROC-EXIT",
    ),
    (
        "asks for a name",
        "import socket; socket.create_connection(('example.org', 80))",
        "RF-PROC-EXIT",
    ),
    ("queues its calls", "system(425, 8, 0)", "RF-PROC-EXIT"),
    ("makes a world of its own", "system(272, 0x10000000)", "RF-PROC-EXIT"),
    (
        "mounts a file system",
        "system(165, 0, secret.encode(), 0, 0, 0)",
        "RF-PROC-EXIT",
    ),
    ("changes its root", "os.chroot('.')", "RF-PROC-EXIT"),
    ("loads code into the kernel", "system(321, 5, 0, 0)", "RF-PROC-EXIT"),
    (
        "calls by other numbers",
        "system(0x40000000 + 41, 2, 1, 0)",
        "RF-PROC-EXIT",
    ),
    (
        "keeps memory that outlives it",
        "system(29, 4711, 4096, 0o1666)",
        "RF-PROC-EXIT",
    ),
    (
        "raises its limits",
        "import resource; resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY,) * 2)",
        "RF-PROC-EXIT",
    ),
    (
        "becomes somebody else",
        "os.setuid(1234); raise OSError('refused')",
        "RF-PROC-EXIT",
    ),
    // Time and room.
    ("never answers", "time.sleep(600)", "RF-LIMIT-WALL"),
    (
        "will not be ended",
        "import signal\nfor number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}: signal.signal(number, signal.SIG_IGN)\nwhile True: pass",
        "RF-LIMIT-WALL",
    ),
    (
        "answers half and waits",
        "sys.stdout.write('{\"ok\":'); sys.stdout.flush(); time.sleep(600)",
        "RF-LIMIT-WALL",
    ),
    (
        "takes memory without end",
        "held = []\nwhile True: held.append(bytearray(1 << 20))",
        "RF-LIMIT-MEMORY",
    ),
    (
        "answers without end",
        "while True: sys.stdout.write('x' * 65536)",
        "RF-LIMIT-OUTPUT",
    ),
    (
        "logs without end",
        "while True: sys.stderr.write('x' * 65536)",
        "RF-LIMIT-OUTPUT",
    ),
    (
        "emits a flood",
        "say({'ok': True, 'emitted': [{'type': 'T'}] * 1001}); continue",
        "RF-LIMIT-OUTPUT",
    ),
    // What it says.
    (
        "dies in the middle of a line",
        "sys.stdout.write('{\"ok\":'); sys.stdout.flush(); os._exit(3)",
        "RF-PROC-EXIT",
    ),
    ("dies", "os.abort()", "RF-PROC-EXIT"),
    ("ends", "sys.exit(0)", "RF-PROC-EXIT"),
    ("closes its output", "os.close(1); time.sleep(600)", CLOSED),
    ("closes its input", "os.close(0); time.sleep(600)", "RF-LIMIT-WALL"),
    (
        "says nonsense",
        "print('hello', flush=True); continue",
        "RF-PROC-PROTOCOL",
    ),
    ("says a list", "say([]); continue", "RF-PROC-PROTOCOL"),
    (
        "says neither yes nor no",
        "say({'states': {}}); continue",
        "RF-PROC-PROTOCOL",
    ),
    (
        "says nothing on a line",
        "print(flush=True); continue",
        "RF-PROC-PROTOCOL",
    ),
    (
        "says what is no text",
        "os.write(1, b'{\"ok\":\"\\xff\"}\\n'); continue",
        "RF-PROC-PROTOCOL",
    ),
    (
        "says too much",
        "os.write(1, b'{\"ok\":true}\\n{\"ok\":true}\\n'); continue",
        "RF-PROC-PROTOCOL",
    ),
    (
        "nests without end",
        "os.write(1, b'[' * 500 + b'\\n'); continue",
        "RF-LIMIT-DEPTH",
    ),
    (
        "emits what is no event",
        "say({'ok': True, 'emitted': [1]}); continue",
        "RF-PROC-PROTOCOL",
    ),
    (
        "fails without a reason",
        "say({'ok': False}); continue",
        "RF-HANDLER-THROW",
    ),
    (
        "fails in another name",
        "say({'ok': False, 'error': {'code': 'RF-ENGINE', 'message': 'x'}}); continue",
        "RF-HANDLER-THROW",
    ),
];

#[test]
fn each_ends_in_its_error_and_the_next_one_folds() {
    let home = tempfile::tempdir().unwrap();
    let secret = home.path().join("secret");
    fs::write(&secret, "untouched").unwrap();
    for walls in walls() {
        // Most of them wait for their end.
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..AT_A_TIME {
                scope.spawn(|| {
                    while let Some((what, body, code)) = HOSTILE.get(next.fetch_add(1, Ordering::Relaxed)) {
                        try_hostile(&walls, what, body, code, &secret);
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&secret).unwrap(), "untouched");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
    assert!(!Path::new("/tmp/refold-made").exists());
}

fn try_hostile(walls: &Walls, what: &str, body: &str, code: &str, secret: &Path) {
    let file = file(&program(body, secret));
    let program = ProcessProgram::load(identity(PROCESS_ENGINE_ID), file.clone(), LIMITS, walls.clone());
    let program = program.unwrap_or_else(|error| panic!("{what}: {error}"));
    let three = events(&[("Good", "{}"), ("Bad", "{}"), ("Good", "{}")]);
    let (_, fault) = folded(&program, &three);
    let (moment, fault) = fault.unwrap_or_else(|| panic!("{walls:?} lets a program do this: {what}"));
    let code = match (code, walls) {
        // bubblewrap holds the other end open.
        (CLOSED, Walls::Bubblewrap(_)) => "RF-LIMIT-WALL",
        (CLOSED, _) => "RF-PROC-EXIT",
        (code, _) => code,
    };
    assert_eq!((moment, fault.code), (2, code), "{walls:?}: {what}: {fault}");
    let (_, fault) = folded(&program, &events(&[("Good", "{}")]));
    assert_eq!(fault, None, "after {what}");
    drop(program);
    let left: Vec<_> = fs::read_dir(file.folder())
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(left, ["handler.py"], "{what}");
    nothing_runs_in(file.folder(), what);
}

/// What was started in this folder was ended with the program. The system takes a world of its own down after that of the
/// process that was waited for, so that the others may still be on their way.
fn nothing_runs_in(folder: &Path, what: &str) {
    let here = folder.canonicalize().unwrap();
    let is_here = |process: &Path| fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == here);
    for process in fs::read_dir("/proc").unwrap().flatten().map(|it| it.path()) {
        let name = process.file_name().unwrap().to_string_lossy();
        let Some(pid) = name.parse::<libc::pid_t>().ok().filter(|_| is_here(&process)) else {
            continue;
        };
        // SAFETY: takes two numbers.
        let handle = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        if handle < 0 {
            assert!(!is_here(&process), "{what}");
            continue;
        }
        // SAFETY: it was opened just above, and nobody else has it.
        let handle = unsafe { OwnedFd::from_raw_fd(handle as i32) };
        let mut asked = libc::pollfd {
            fd: handle.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: the list is ours and has one entry.
        let ended = unsafe { libc::poll(&mut asked, 1, END_WAIT_MILLIS) };
        assert!(ended == 1 || !is_here(&process), "{what}");
    }
}

/// A program that cannot even be asked for its first state.
#[test]
fn what_cannot_start_is_refused_with_its_code() {
    let walls = walls().swap_remove(0);
    for (source, code) in [
        ("time.sleep(600)", "RF-LIMIT-COMPILE"),
        ("this is no Python", "RF-PROC-EXIT"),
        (
            "say({'ok': True}); sys.stdin.readline(); sys.stdin.readline(); say({'ok': True, 'states': 1})",
            "RF-PROC-PROTOCOL",
        ),
        ("sys.stdin.readline(); say({'ok': True, 'abi': 2})", "RF-PROC-PROTOCOL"),
        (
            "sys.stdin.readline(); say({'ok': True, 'types': 'all'})",
            "RF-PROC-PROTOCOL",
        ),
        (
            "sys.stdin.readline(); say({'ok': False, 'error': 'not today'})",
            "RF-HANDLER-THROW",
        ),
        (
            "sys.stdin.readline(); say({'ok': True}); sys.stdin.readline(); say({'ok': True, 'states': {'': 'x' * 20000}})",
            "RF-LIMIT-STATE",
        ),
        (
            "sys.stdin.readline(); say({'ok': True}); sys.stdin.readline(); say({'ok': True, 'states': {'': float('nan')}})",
            "RF-PROC-PROTOCOL",
        ),
    ] {
        let limits = GuestLimits {
            wall_millis: 300,
            ..LIMITS
        };
        match load(source, limits, &walls) {
            Ok(_) => panic!("it was loaded: {source}"),
            Err(error) => assert_eq!(error.code, code, "{source}: {error}"),
        }
    }
}

#[test]
fn a_command_that_leaves_the_folder_of_the_package_is_not_started() {
    let other = tempfile::NamedTempFile::new().unwrap();
    let beside = format!("../{}", other.path().file_name().unwrap().to_string_lossy());
    for command in [&beside, "/bin/sh"] {
        let file = ProgramFile::of_files([], vec![command.to_owned()], Value::Null).unwrap();
        let started = ProcessProgram::load(identity(PROCESS_ENGINE_ID), file, LIMITS, walls().swap_remove(0));
        let refused = started.err().map(|error| (error.code, error.to_string()));
        let (code, said) = refused.unwrap_or_else(|| panic!("{command} was started"));
        assert_eq!(code, "RF-PROC-START", "{said}");
        assert!(said.contains("does not lie in"), "{said}");
    }
}

#[test]
fn memory_that_refold_holds_is_not_counted_as_the_programs() {
    let held = std::hint::black_box(vec![1_u8; LIMITS.memory_bytes]);
    for walls in walls() {
        let ended = load("sys.exit(3)", LIMITS, &walls);
        assert_eq!(ended.err().map(|error| error.code), Some("RF-PROC-EXIT"), "{walls:?}");
    }
    drop(held);
}

/// What a program finds: an environment that is the same everywhere, three open files, its own folder.
#[test]
fn a_program_finds_nothing_of_ours() {
    let looks = "
for line in sys.stdin:
    asked = json.loads(line)
    if asked['cmd'] == 'state':
        open_files = []
        for number in range(200):
            try: os.fstat(number); open_files.append(number)
            except OSError: pass
        found = {'environment': sorted(os.environ), 'open': open_files, 'here': os.listdir('.')}
        say({'ok': True, 'states': {asked['key']: found}})
    else:
        say({'ok': True})
";
    // A file that whoever starts programs would inherit.
    let ours = fs::File::open("/dev/null").unwrap();
    // SAFETY: takes numbers, and the file is open.
    let inherited = unsafe { libc::fcntl(std::os::fd::AsRawFd::as_raw_fd(&ours), libc::F_SETFD, 0) };
    assert_eq!(inherited, 0);
    for walls in walls() {
        let program = load(looks, LIMITS, &walls).unwrap_or_else(|error| panic!("{walls:?}: {error}"));
        let state = crate::tests::text(&program.start().state().unwrap());
        let environment: Vec<String> = super::super::walls::ENVIRONMENT
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let mut environment = environment;
        if matches!(walls, Walls::Bubblewrap(_)) {
            // bubblewrap says where it went.
            environment.push("\"PWD\"".to_owned());
        }
        environment.sort();
        let wanted = format!(
            r#"{{"environment":[{}],"here":["handler.py"],"open":[0,1,2]}}"#,
            environment.join(",")
        );
        assert_eq!(state, wanted, "{walls:?}");
    }
}

/// Without walls nothing is started, until somebody agrees; it is said what is lacking.
#[test]
fn without_walls_a_person_must_agree() {
    let open = Walls::Open("this is a test".to_owned());
    let source = program("pass", Path::new("/nonexistent"));
    let refused = load(&source, LIMITS, &open).err().unwrap();
    assert_eq!(refused.code, "RF-PROC-WALLS");
    assert!(refused.message.contains("this is a test"), "{refused}");
    super::super::allow_programs_without_walls(true);
    let agreed = load(&source, LIMITS, &open);
    super::super::allow_programs_without_walls(false);
    assert!(agreed.is_ok(), "{:?}", agreed.err());
}
