//! A window of its own for every story: its driver, its home folder, its sample store.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::webdriver::WebDriver;

/// One window at a time: two would spoil each other's frames, and the keyboard is one.
static SCREEN: Mutex<()> = Mutex::new(());

/// The window with everything that it was started from. Fields are dropped in this order: the window first.
pub struct Shown {
    pub web: WebDriver,
    _driver: Driver,
    home: PathBuf,
    host: String,
    _home: Option<TempDir>,
    _screen: MutexGuard<'static, ()>,
}

/// tauri-driver, ended when dropped, in a process group with all that it starts. It is told, not killed: it has a
/// WebKitWebDriver of its own to end. That loses a window now and then, which would outlive the tests.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
    }
}

/// Opens the window with `arguments`, in a home folder where nothing was ever opened.
pub fn open(arguments: &[&str]) -> Shown {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut shown = open_in(home.path(), arguments);
    shown._home = Some(home);
    shown
}

/// Opens the window in a home folder that outlives it, as a person does who comes back.
pub fn open_in(home: &Path, arguments: &[&str]) -> Shown {
    let screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let (port, native_port) = (free_port(), free_port());
    let driver = start_driver(home, port, native_port);
    let window = window();
    let address = format!("127.0.0.1:{port}");
    let web =
        WebDriver::start(&address, &window.to_string_lossy(), arguments).unwrap_or_else(|error| panic!("{error}"));
    // The application is drawn after the page is complete; keys that come before it are nobody's.
    web.wait_for("document.readyState === 'complete' && document.querySelector('#app > *')");
    web.run("window.__violations = []; addEventListener('securitypolicyviolation', it => window.__violations.push(it.violatedDirective + ' ' + it.blockedURI))");
    Shown {
        web,
        _driver: driver,
        home: home.to_owned(),
        host: window.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        _home: None,
        _screen: screen,
    }
}

impl Shown {
    /// What the kernel calls the process of the window.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Starts the application a second time, as a person or the system does, and gives its exit code once it ends.
    pub fn start_again(&self, arguments: &[&str]) -> Option<i32> {
        let mut command = Command::new(window());
        live_in(&self.home, &mut command);
        let ended = command.args(arguments).status();
        ended.expect("the window can be started").code()
    }
}

fn window() -> PathBuf {
    PathBuf::from(std::env::var_os("REFOLD_WINDOW").expect("REFOLD_WINDOW names the built window"))
}

fn start_driver(home: &Path, port: u16, native_port: u16) -> Driver {
    let program = std::env::var_os("REFOLD_DRIVER").unwrap_or_else(|| "tauri-driver".into());
    let mut command = Command::new(&program);
    command.args(["--port", &port.to_string(), "--native-port", &native_port.to_string()]);
    live_in(home, &mut command);
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn();
    let driver = Driver(child.unwrap_or_else(|error| panic!("{error}: {}", program.to_string_lossy())));
    // It listens before the driver behind it does.
    wait_for_port(native_port);
    wait_for_port(port);
    driver
}

/// The surroundings of a program whose home folder is `home`.
fn live_in(home: &Path, command: &mut Command) {
    for (name, folder) in [
        ("HOME", ""),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_RUNTIME_DIR", "run"),
    ] {
        command.env(name, home.join(folder));
    }
    std::fs::create_dir_all(home.join("run")).expect("a folder can be made");
    command
        .env_remove("WAYLAND_DISPLAY")
        .env("GDK_BACKEND", "x11")
        .env("NO_AT_BRIDGE", "1");
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

fn wait_for_port(port: u16) {
    let started = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "the driver does not listen"
        );
        std::thread::park_timeout(Duration::from_millis(25));
    }
}
