//! Saved connections on the command line: kept, tried, opened by name, handed on, logged; and no password anywhere.

use std::path::Path;

use crate::lab::Lab;

fn shop() -> Lab {
    let lab = Lab::new(500);
    let added = lab.run(&["connections", "add", "shop", "orders.db", "--environment", "production"]);
    assert_eq!((added.code, added.err.as_str()), (0, ""), "{added:?}");
    lab
}

#[test]
fn a_connection_is_a_store_for_every_command_and_says_what_it_is() {
    let lab = shop();
    let by_name = lab.run(&["state", "@shop", "order-4711"]);
    let by_path = lab.run(&["state", "orders.db", "order-4711"]);
    assert_eq!((by_name.code, &by_name.out), (0, &by_path.out));
    let told = lab.run(&["info", "@shop"]);
    assert!(
        told.out.starts_with("PRODUCTION · READ-ONLY\n@shop  SQLite"),
        "{told:?}"
    );
    assert_eq!(lab.json(0, &["info", "@shop"])["counts_as"], "production");
    assert!(lab.json(0, &["info", "orders.db"])["counts_as"].is_null());
    let listed = lab.json(0, &["connections"]);
    let one = &listed["connections"][0];
    assert_eq!(
        (one["name"].as_str(), one["counts_as"].as_str()),
        (Some("shop"), Some("production"))
    );
    let absent = lab.run(&["info", "@other"]);
    assert_eq!(absent.code, 2);
    assert!(
        absent.err.contains("@shop"),
        "what there is can be chosen from: {absent:?}"
    );
    let edited = lab.run(&[
        "connections",
        "edit",
        "shop",
        "--environment",
        "test",
        "--rename",
        "store",
    ]);
    assert_eq!(edited.code, 0, "{edited:?}");
    assert_eq!(lab.json(0, &["info", "@store"])["counts_as"], "test");
    assert_eq!(lab.run(&["connections", "remove", "store"]).code, 0);
    assert_eq!(lab.run(&["info", "@store"]).code, 2);
    assert!(lab.store().exists());
}

#[test]
fn trying_a_store_says_each_step_and_ends_with_the_code_of_the_failure() {
    let lab = shop();
    let good = lab.run(&["connect", "@shop"]);
    assert_eq!((good.code, good.out.lines().count()), (0, 5), "{good:?}");
    let absent = lab.run(&["connect", "absent.db"]);
    assert_eq!(absent.code, 3, "{absent:?}");
    assert!(
        absent.out.contains("failed") && absent.err.contains("step 1 of 5"),
        "{absent:?}"
    );
    let steps = lab.json(3, &["connect", "postgres://ada@127.0.0.1:1/orders"]);
    assert_eq!(steps["steps"][0]["outcome"], "failed");
    assert_eq!(steps["failure"]["code"], "unreachable");
}

#[test]
fn what_was_done_over_a_connection_stands_in_its_log() {
    let lab = shop();
    lab.run(&["state", "@shop", "order-4711"]);
    lab.run(&["timeline", "@shop", "--svg", "/dev/null"]);
    let out = lab.home().join("figure.svg");
    assert_eq!(
        lab.run(&["timeline", "@shop", "--svg", &out.display().to_string()])
            .code,
        0
    );
    lab.run(&[
        "state",
        "@shop",
        "order-4711",
        "--reveal",
        "all",
        "--reason",
        "ticket 12",
    ]);
    std::fs::create_dir(lab.path().join("found")).unwrap();
    lab.run(&["search", "@shop", "SKU-00001", "--out", "found/some.csv"]);
    let written = lab.run(&["connections", "log", "@shop"]);
    let found = lab.path().join("found/some.csv");
    assert!(
        written
            .out
            .contains(&format!("wrote an export into {} (SHA-256", found.display())),
        "{written:?}"
    );
    assert!(written.out.contains("wrote a drawing into /"), "{written:?}");
    let lines = lab.json_lines(&["connections", "log", "@shop"]);
    let acts: Vec<&str> = lines.iter().filter_map(|line| line["act"].as_str()).collect();
    for act in ["opened", "stream", "exported", "revealed"] {
        assert!(acts.contains(&act), "{act} is missing: {acts:?}");
    }
    let told = lab.run(&["connections", "log", "@shop", "--limit", "1"]);
    assert_eq!((told.code, told.out.lines().count()), (0, 1), "{told:?}");
    let file = lab.home().join("data/access/shop.ndjson");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("order-4711", "order-4712", 1)).unwrap();
    let changed = lab.run(&["connections", "log", "@shop"]);
    assert_eq!(changed.code, 1, "{changed:?}");
    assert!(changed.err.contains("not as it was written"), "{changed:?}");
    // The last line is in no chain: what is beside the log knows of it.
    std::fs::write(&file, &text).unwrap();
    let whole = lab.run(&["connections", "log", "@shop"]);
    assert_eq!(whole.code, 0, "{whole:?}");
    assert!(
        whole.err.contains("the log ends where") && whole.err.contains("shop.end"),
        "{whole:?}"
    );
    let (kept, last) = text.trim_end().rsplit_once('\n').unwrap();
    std::fs::write(&file, format!("{kept}\n")).unwrap();
    let cut = lab.run(&["connections", "log", "@shop"]);
    assert_eq!(cut.code, 1, "{last}: {cut:?}");
    assert!(cut.err.contains("1 line at the end of the log is missing"), "{cut:?}");
    std::fs::write(&file, text.replacen("order-4711", "order-4712", 1)).unwrap();
    // The log outlives the connection.
    lab.run(&["connections", "remove", "shop"]);
    assert_eq!(lab.run(&["connections", "log", "@shop"]).code, 1);
    assert_eq!(lab.run(&["connections", "log", "@nobody"]).code, 2);
}

#[test]
fn connections_are_handed_on_without_what_is_private() {
    let lab = shop();
    let add = [
        "connections",
        "add",
        "eu",
        "postgres://ada@pg-1:5433,pg-2/orders",
        "--environment",
        "staging",
    ];
    let source = ["--password-from", "command print-it hunter2", "--ssh", "bastion"];
    assert_eq!(lab.run(&[&add[..], &source[..]].concat()).code, 0);
    let out = lab.home().join("shared.toml").display().to_string();
    assert_eq!(lab.run(&["connections", "export", "--out", &out]).code, 0);
    assert_eq!(
        lab.run(&["connections", "export", "--out", &out]).code,
        2,
        "it is not written over"
    );
    assert!(!std::fs::read_to_string(&out).unwrap().contains("hunter2"));
    let other = Lab::empty();
    let imported = other.json(0, &["connections", "import", &out]);
    assert_eq!(imported["added"].as_array().map(Vec::len), Some(2));
    let listed = other.json(0, &["connections", "list", "eu"]);
    assert_eq!(listed["connections"][0]["host"], "pg-1:5433,pg-2");
    assert_eq!(other.run(&["connections", "import", &out]).code, 2);
    assert_eq!(other.run(&["connections", "import", &out, "--replace"]).code, 0);
}

/// Every byte below a folder.
fn bytes_below(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => bytes.extend(bytes_below(&path)),
            false => bytes.extend(std::fs::read(&path).unwrap()),
        }
    }
    bytes
}

/// A password that is given in any way, right or wrong, is in no file and no answer.
#[test]
fn a_password_is_written_nowhere() {
    const CANARY: &str = "CANARY-7f3a";
    let lab = Lab::empty();
    let pass = lab.path().join("pgpass");
    std::fs::write(&pass, format!("*:*:*:*:{CANARY}\n")).unwrap();
    let url = format!("postgres://ada:{CANARY}@127.0.0.1:1/orders");
    let in_query = format!("postgres://ada@127.0.0.1:1/orders?password={CANARY}");
    let line = format!("{CANARY} in the wrong place");
    let calls: &[&[&str]] = &[
        &["info", &url],
        &["connect", &url],
        &["info", &in_query],
        &["connections", "add", "a", &url, "--environment", "test"],
        &[
            "connections",
            "add",
            "b",
            "postgres://ada@127.0.0.1:1/orders",
            "--environment",
            "test",
            "--password-from",
            &line,
        ],
        &[
            "connections",
            "add",
            "c",
            "postgres://ada@127.0.0.1:1/orders",
            "--environment",
            "test",
            "--password-from",
            "env PW",
        ],
        &["connect", "@c"],
        &["info", "@c"],
        &[
            "connections",
            "add",
            "d",
            "postgres://ada@127.0.0.1:1/orders",
            "--environment",
            "test",
            "--password-from",
            "pgpass",
        ],
        &["connect", "@d"],
        &["info", "@d"],
        &["connections"],
        &["connections", "export"],
        &["connections", "log", "@c"],
    ];
    let mut told = String::new();
    for call in calls {
        for form in [&[][..], &["--json"]] {
            let mut command = lab.command(&[form, call].concat());
            command
                .env("PW", CANARY)
                .env("PGPASSWORD", CANARY)
                .env("PGPASSFILE", &pass);
            let output = command.output().unwrap();
            told += &String::from_utf8_lossy(&output.stdout);
            told += &String::from_utf8_lossy(&output.stderr);
        }
    }
    assert!(!told.contains(CANARY), "{told}");
    let kept = bytes_below(lab.home());
    let is_in = kept.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    assert!(!is_in, "it stands in a file of ours");
}

/// Where a file may not grow, what was saved before is still there, whole.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_no_connection() {
    let lab = shop();
    let before = std::fs::read(lab.home().join("config/connections.toml")).unwrap();
    let program = env!("CARGO_BIN_EXE_refold");
    let full = |arguments: &str| {
        let script = format!("trap '' XFSZ; ulimit -f 0; exec {program} {arguments}");
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", &script])
            .current_dir(lab.path())
            .env("REFOLD_HOME", lab.home());
        shell.output().unwrap()
    };
    let refused = full("connections add other orders.db --environment test");
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert_eq!(
        std::fs::read(lab.home().join("config/connections.toml")).unwrap(),
        before
    );
    // What cannot be logged is not opened, and leaves no torn line.
    let unlogged = full("state @shop order-4711");
    assert_eq!(unlogged.status.code(), Some(3), "{unlogged:?}");
    assert_eq!(lab.run(&["state", "@shop", "order-4711"]).code, 0);
    assert_eq!(lab.run(&["connections", "log", "@shop"]).code, 0);
}

#[test]
fn files_that_a_connection_names_are_found_from_every_folder() {
    let lab = shop();
    std::fs::write(
        lab.path().join("rules.toml"),
        "refold = \"mask/1\"\n\n[[hide]]\npaths = [\"/customer\"]\n",
    )
    .expect("rules");
    let layout = "crates/refold-stores/layouts/emmett.toml";
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::copy(root.join(layout), lab.path().join("mine.toml")).expect("a layout");
    let added = lab.run(&[
        "connections",
        "add",
        "mine",
        "orders.db",
        "--environment",
        "test",
        "--layout",
        "mine.toml",
        "--mask",
        "rules.toml",
    ]);
    assert_eq!(added.code, 0, "{added:?}");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut command = lab.command(&["info", "@mine"]);
    command.current_dir(elsewhere.path());
    let told = command.output().expect("the program runs");
    assert!(told.status.success(), "{told:?}");
}

/// A connection can name programs to run.
#[cfg(unix)]
#[test]
fn connections_that_everybody_can_write_are_not_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let lab = shop();
    let file = lab.home().join("config/connections.toml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).expect("rights");
    let refused = lab.run(&["info", "@shop"]);
    assert!(
        refused.code > 1 && refused.err.contains("every user of this machine"),
        "{refused:?}"
    );
    // Nor added to, which would make them ours.
    let added = lab.run(&["connections", "add", "more", "orders.db", "--environment", "test"]);
    assert!(
        added.code > 1 && added.err.contains("every user of this machine"),
        "{added:?}"
    );
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("rights");
    assert_eq!(lab.run(&["info", "@shop"]).code, 0);
}
