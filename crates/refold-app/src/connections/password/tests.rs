use super::*;

const WANTED: Wanted<'static> = Wanted {
    host: "pg-1",
    port: 5432,
    database: "orders",
    user: "ada",
};

#[test]
fn a_source_is_read_and_a_password_in_its_place_is_refused_unseen() {
    assert_eq!(Source::parse("ask"), Ok(Source::Ask));
    assert_eq!(
        Source::parse("env DB_PASSWORD"),
        Ok(Source::Variable("DB_PASSWORD".to_owned()))
    );
    assert_eq!(Source::parse("pgpass"), Ok(Source::PassFile));
    assert_eq!(Source::parse("keychain"), Ok(Source::Keychain));
    let words = ["aws", "rds", "a b", "c\"d", ""].map(str::to_owned);
    assert_eq!(
        Source::parse("command aws rds 'a b' \"c\\\"d\" ''"),
        Ok(Source::Program(words.to_vec()))
    );
    for wrong in [
        "hunter2",
        "ask hunter2",
        "env",
        "env A=hunter2",
        "command",
        "command 'hunter2",
        "pgpass hunter2",
        "",
    ] {
        let error = Source::parse(wrong).unwrap_err();
        assert!(!error.contains("hunter2"), "{wrong}: {error}");
    }
}

#[test]
fn variables_come_before_the_file_where_nobody_says_and_not_where_somebody_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pass");
    std::fs::write(&file, "pg-1:5432:orders:ada:of-file\n").unwrap();
    private(&file);
    let path = file.display().to_string();
    let both = Surroundings::given([
        ("PGPASSWORD", "of-variable"),
        ("PGPASSFILE", path.as_str()),
        ("OWN", "own"),
    ]);
    let only_file = Surroundings::given([("PGPASSFILE", path.as_str())]);
    let text = |found| texts(found).pop().flatten();
    assert_eq!(
        text(without_source(&both, ServerKind::Postgres, &[WANTED])).as_deref(),
        Some("of-variable")
    );
    assert_eq!(
        text(without_source(&only_file, ServerKind::Postgres, &[WANTED])).as_deref(),
        Some("of-file")
    );
    assert_eq!(
        text(Source::PassFile.fetch(&both, "x", &[WANTED])).as_deref(),
        Some("of-file")
    );
    assert_eq!(
        text(Source::Variable("OWN".to_owned()).fetch(&both, "x", &[WANTED])).as_deref(),
        Some("own")
    );
    assert_eq!(text(Source::Ask.fetch(&both, "x", &[WANTED])), None);
    let other = Wanted { user: "eve", ..WANTED };
    assert_eq!(text(without_source(&only_file, ServerKind::Postgres, &[other])), None);
    let error = Source::PassFile.fetch(&both, "x", &[other]).unwrap_err();
    assert!(
        error.message.contains("pg-1:5432:orders:eve") && !error.message.contains("of-file"),
        "{error:?}"
    );
}

fn texts(found: Result<Vec<Option<Secret>>, AppError>) -> Vec<Option<String>> {
    let found = found.unwrap().into_iter();
    found.map(|one| one.map(|secret| secret.reveal().to_owned())).collect()
}

/// As libpq does: a line of the file is of one host.
#[test]
fn each_of_several_hosts_has_its_own_line_of_the_password_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pass");
    let text = "pg-2:5433:orders:ada:second\npg-1:5432:orders:ada:first\n";
    std::fs::write(&file, text).unwrap();
    private(&file);
    let path = file.display().to_string();
    let around = Surroundings::given([("PGPASSFILE", path.as_str())]);
    let hosts = [("pg-1", 5432), ("pg-2", 5433), ("pg-3", 5432)];
    let wanted = hosts.map(|(host, port)| Wanted { host, port, ..WANTED });
    let expected = [Some("first".to_owned()), Some("second".to_owned()), None];
    assert_eq!(texts(without_source(&around, ServerKind::Postgres, &wanted)), expected);
    assert_eq!(texts(Source::PassFile.fetch(&around, "x", &wanted)), expected);
    // One line is enough, whichever host it is of.
    assert_eq!(texts(Source::PassFile.fetch(&around, "x", &wanted[1..])), expected[1..]);
    let error = Source::PassFile.fetch(&around, "x", &[wanted[2], Wanted { host: "pg-4", ..WANTED }]);
    let error = error.unwrap_err().message;
    assert!(
        error.contains("pg-3:5432:orders:ada, nor pg-4:5432:orders:ada"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_program_prints_the_password_and_its_failure_does_not() {
    let program = |script: &str| Source::Program(["sh", "-c", script].map(str::to_owned).to_vec());
    let around = Surroundings::default();
    let fetched = program("printf 'tok en\\nrest'").fetch(&around, "x", &[WANTED]);
    assert_eq!(texts(fetched), [Some("tok en".to_owned())]);
    for script in ["echo hunter2; exit 3", "printf ''", "printf '\\377hunter2'"] {
        let error = program(script).fetch(&around, "x", &[WANTED]).unwrap_err();
        assert_eq!(error.code, ErrorCode::Denied);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    let absent = Source::Program(vec!["/nowhere/at-all".to_owned()])
        .fetch(&around, "x", &[WANTED])
        .unwrap_err();
    assert!(absent.message.contains("cannot be started"), "{absent:?}");
}

#[cfg(unix)]
fn private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &std::path::Path) {}
