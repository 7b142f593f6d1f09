use std::fs;

use proptest::prelude::*;

use super::*;

const WANTED: Wanted<'static> = Wanted {
    host: "pg-1",
    port: 5432,
    database: "orders",
    user: "ada",
};

fn found(text: &str, wanted: &Wanted<'_>) -> Option<String> {
    find(text, wanted).map(|secret| secret.reveal().to_owned())
}

/// What PostgreSQL's manual says of the file, line by line.
#[test]
fn lines_mean_what_the_manual_says() {
    let cases: &[(&str, Option<&str>)] = &[
        ("pg-1:5432:orders:ada:one\n", Some("one")),
        // The first line that fits counts, so that general ones come last.
        ("pg-1:5432:orders:ada:one\n*:*:*:*:two\n", Some("one")),
        ("*:*:*:*:two\npg-1:5432:orders:ada:one\n", Some("two")),
        ("*:5432:*:ada:one", Some("one")),
        // A star is a whole field or a letter.
        ("pg-*:5432:orders:ada:one\n", None),
        ("pg-1:5433:orders:ada:one\n", None),
        ("pg-1:5432:Orders:ada:one\n", None),
        ("pg-12:5432:orders:ada:one\npg:5432:orders:ada:two\n", None),
        ("# pg-1:5432:orders:ada:one\n#*:*:*:*:two\n", None),
        // Only at the beginning of a line.
        (" # a comment\n*:*:*:*:#one\n", Some("#one")),
        (" pg-1:5432:orders:ada:one\n", None),
        ("pg-1:5432:orders:ada:a\\:b\\\\c\n", Some("a:b\\c")),
        // What follows a further colon is nothing of the password.
        ("pg-1:5432:orders:ada:one:two\n", Some("one")),
        ("pg-1:5432:orders:ada:  blanks  \n", Some("  blanks  ")),
        ("pg-1:5432:orders:ada:one\r\n", Some("one")),
        ("pg-1:5432:orders:ada:\n", Some("")),
        ("pg-1:5432:orders:ada:end\\", Some("end\\")),
        ("p\\g-1:5432:orders:ada:one\n", Some("one")),
        ("pg-1:5432:orders\n\n:::\n", None),
        ("pg-1:5432:orders:ada\\", None),
    ];
    for (text, expected) in cases {
        assert_eq!(found(text, &WANTED).as_deref(), *expected, "{text:?}");
    }
}

#[test]
fn localhost_speaks_of_default_sockets_too() {
    let text = "localhost:5432:orders:ada:one\n/run/mine:5432:orders:ada:two\n";
    for (host, expected) in [
        ("", Some("one")),
        ("/tmp", Some("one")),
        ("/var/run/postgresql", Some("one")),
        ("localhost", Some("one")),
        ("/run/mine", Some("two")),
        ("127.0.0.1", None),
    ] {
        assert_eq!(found(text, &Wanted { host, ..WANTED }).as_deref(), expected, "{host}");
    }
    let address = "\\:\\:1:5432:orders:ada:one\n";
    assert_eq!(
        found(address, &Wanted { host: "::1", ..WANTED }).as_deref(),
        Some("one")
    );
    assert_eq!(found("*:*:*:*:one", &Wanted { database: "", ..WANTED }), None);
    assert_eq!(found("*:*:*:*:one", &Wanted { user: "", ..WANTED }), None);
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_is_not_used_and_that_is_said() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pgpass");
    assert_eq!(look_up(&file, &WANTED), Ok(None));
    fs::write(&file, "*:*:*:*:hunter2\n").unwrap();
    for (mode, is_used) in [
        (0o600, true),
        (0o400, true),
        (0o640, false),
        (0o604, false),
        (0o620, false),
    ] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let looked = look_up(&file, &WANTED);
        assert_eq!(looked.is_ok(), is_used, "{mode:o}");
        assert!(!format!("{looked:?}").contains("hunter2"), "{looked:?}");
    }
    assert_eq!(look_up(folder.path(), &WANTED), Err("it is no plain file".to_owned()));
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(':', "\\:")
}

fn field() -> impl Strategy<Value = String> {
    "[a-z*:\\\\#. é-]{1,6}"
}

proptest! {
    /// What is written as the manual says is found again, whatever it is.
    #[test]
    fn what_is_escaped_is_found(
        host in field(), database in field(), user in field(), password in "[^\\n\\r\\x00]{0,12}", port in 1_u16..,
        others in proptest::collection::vec("[a-z:\\\\#]{0,10}\\n", 0..3),
    ) {
        let wanted = Wanted { host: &host, port, database: &database, user: &user };
        let line = [host.as_str(), &port.to_string(), &database, &user, &password].map(escaped).join(":");
        prop_assume!(!line.starts_with('#'));
        // What stands before it speaks of a user without a password field, or of another one: of nobody who is looked for.
        let before: String = others.iter().filter(|line| found(line, &wanted).is_none()).cloned().collect();
        prop_assert_eq!(found(&format!("{before}{line}\n*:*:*:*:other\n"), &wanted), Some(password));
    }

    #[test]
    fn no_text_breaks_it(text in "\\PC{0,60}", host in "\\PC{0,6}") {
        let _ = found(&text, &Wanted { host: &host, ..WANTED });
    }
}
