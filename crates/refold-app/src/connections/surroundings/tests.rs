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
        "[shop]\nhost=of-service\ndbname=orders\nport=5433\npassword=hunter2\n",
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
    ]);
    let completed = around.complete(&connection()).unwrap();
    let of = &completed.connection;
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
