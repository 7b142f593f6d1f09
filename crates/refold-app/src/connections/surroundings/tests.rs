use super::*;

fn connection() -> Connection {
    Connection {
        host: Some("pg-1".to_owned()),
        ..Connection::default()
    }
}

#[test]
fn what_a_connection_says_comes_before_its_service_and_that_before_variables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services");
    std::fs::write(
        &file,
        "[shop]\nhost=of-service\ndbname=orders\nport=5433\npassword=hunter2\nsslcert=/of-service.pem\n",
    )
    .unwrap();
    let path = file.display().to_string();
    let around = Surroundings::given([
        ("PGSERVICEFILE", path.as_str()),
        ("PGSERVICE", "shop"),
        ("PGHOST", "of-variable"),
        ("PGDATABASE", "of-variable"),
        ("PGUSER", "of-variable"),
        ("PGSSLMODE", "require"),
        ("PGSSLCERT", "/ada.pem"),
        ("PGSSLKEY", "/ada.key"),
    ]);
    let completed = around.complete(&connection()).unwrap();
    let of = &completed.connection;
    assert_eq!(of.sslcert.as_deref(), Some("/of-service.pem"));
    assert_eq!(of.sslkey, None, "the key of another certificate");
    assert_eq!(of.host.as_deref(), Some("pg-1"));
    assert_eq!(of.database.as_deref(), Some("orders"));
    assert_eq!(of.user.as_deref(), Some("of-variable"));
    assert_eq!(of.sslmode.as_deref(), Some("require"));
    assert_eq!(completed.port.as_deref(), Some("5433"));
    assert!(!format!("{completed:?} {around:?}").contains("hunter2"));
}

#[test]
fn a_database_is_called_as_its_user_where_nobody_says_otherwise() {
    let around = Surroundings::given([("PGUSER", "ada")]);
    assert_eq!(
        around.complete(&connection()).unwrap().connection.database.as_deref(),
        Some("ada")
    );
    let nobody = Surroundings::given([]);
    let completed = nobody.complete(&connection()).unwrap().connection;
    assert_eq!(completed.user, Some(crate::who::name()));
}

#[test]
fn a_service_that_nobody_defines_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let around = Surroundings::given([
        ("HOME", path.as_str()),
        ("PGSYSCONFDIR", path.as_str()),
        ("PGSERVICE", "shop"),
    ]);
    let error = around.complete(&connection()).unwrap_err();
    assert!(error.message.contains("defines the service shop"), "{error:?}");
    std::fs::write(folder.path().join("pg_service.conf"), "[shop]\nuser=ada\n").unwrap();
    assert_eq!(
        around.complete(&connection()).unwrap().connection.user.as_deref(),
        Some("ada")
    );
    std::fs::write(folder.path().join(".pg_service.conf"), "[shop]\nnonsense=hunter2\n").unwrap();
    let error = around.complete(&connection()).unwrap_err();
    assert!(
        error.message.contains("nonsense") && !error.message.contains("hunter2"),
        "{error:?}"
    );
}

#[test]
fn a_connection_to_mysql_is_completed_by_its_own_file_and_variables() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".my.cnf");
    std::fs::write(
        &file,
        format!(
            "[client]\nuser=ada\nport=3307\npassword=hunter2\nhost=of-file\nssl-cert={}\nssl-key=/a.key\n",
            file.display()
        ),
    )
    .unwrap();
    let path = folder.path().display().to_string();
    let around = Surroundings::given([
        ("HOME", path.as_str()),
        ("MYSQL_HOST", "of-variable"),
        ("PGUSER", "eve"),
    ]);
    let open = Connection {
        kind: Some("mysql".to_owned()),
        database: Some("shop".to_owned()),
        ..Connection::default()
    };
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = around.complete(&open).unwrap_err();
    assert!(
        error.message.contains("others may read") && !error.message.contains("hunter2"),
        "{error:?}"
    );
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let completed = around.complete(&open).unwrap();
    assert_eq!(completed.connection.host.as_deref(), Some("of-variable"));
    assert_eq!(completed.connection.user.as_deref(), Some("ada"));
    assert_eq!(completed.port.as_deref(), Some("3307"));
    assert_eq!(completed.connection.sslcert, Some(file.display().to_string()));
    assert_eq!(completed.connection.sslkey.as_deref(), Some("/a.key"));
    assert!(completed.password.is_some() && !format!("{completed:?}").contains("hunter2"));
}

#[test]
fn a_certificate_that_only_surrounds_keeps_nobody_from_a_server_that_asks_for_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ada.pem");
    std::fs::write(&file, "").unwrap();
    let file = file.display().to_string();
    let taken = |host: Option<&str>, sslmode: Option<&str>, around: &[(&str, &str)]| {
        let open = Connection {
            host: host.map(str::to_owned),
            sslmode: sslmode.map(str::to_owned),
            ..connection()
        };
        let of = Surroundings::given(around.iter().copied())
            .complete(&open)
            .unwrap()
            .connection;
        assert_eq!(of.sslcert.is_some(), of.sslkey.is_some());
        of.sslcert.is_some()
    };
    let pair = [("PGSSLCERT", file.as_str()), ("PGSSLKEY", "/ada.key")];
    assert!(taken(Some("pg-1"), None, &pair));
    assert!(taken(Some("localhost,pg-1:5433"), None, &pair));
    for host in [
        "localhost",
        "127.0.0.1:5433",
        "[::1]:5433",
        "::1",
        "/run/postgresql",
        "localhost,127.0.0.2",
    ] {
        assert!(!taken(Some(host), None, &pair), "{host}");
        assert!(taken(Some(host), Some("verify-full"), &pair), "{host}");
    }
    assert!(!taken(None, None, &pair));
    assert!(!taken(Some("pg-1"), None, &pair[..1]), "without its key");
    assert!(!taken(Some("pg-1"), None, &[("PGSSLCERT", "/nowhere.pem"), pair[1]]));
}
