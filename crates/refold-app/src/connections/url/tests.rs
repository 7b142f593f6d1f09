use proptest::prelude::*;

use super::*;

fn parsed(url: &str) -> Connection {
    parse(url).unwrap().0
}

#[test]
fn addresses_mean_what_libpq_means() {
    let of = parsed("postgresql://ada@pg-1:5433,pg-2/orders?sslmode=verify-ca&target_session_attrs=prefer-standby");
    assert_eq!(of.user.as_deref(), Some("ada"));
    assert_eq!(of.host.as_deref(), Some("pg-1:5433,pg-2"));
    assert_eq!(of.database.as_deref(), Some("orders"));
    assert_eq!(of.sslmode.as_deref(), Some("verify-ca"));
    assert_eq!(of.target_session_attrs.as_deref(), Some("prefer-standby"));
    let host = |name: &str, port| Host {
        kind: ServerKind::Postgres,
        name: name.to_owned(),
        port,
    };
    for (url, hosts) in [
        ("postgres://", vec![]),
        ("postgres:///orders", vec![]),
        ("postgres://[::1]:6000/orders", vec![host("::1", 6000)]),
        (
            "postgres://%2Fvar%2Frun%2Fpostgresql:5433/orders",
            vec![host("/var/run/postgresql", 5433)],
        ),
        ("postgres:///orders?host=/tmp&port=5434", vec![host("/tmp", 5434)]),
        (
            "postgres:///orders?host=a,::1&port=1,2",
            vec![host("a", 1), host("::1", 2)],
        ),
        ("postgres://a,b/?port=7", vec![host("a", 7), host("b", 7)]),
        ("postgres://a:/orders", vec![host("a", 5432)]),
    ] {
        let of = parsed(url);
        assert_eq!(
            hosts_of(ServerKind::Postgres, of.host.as_deref().unwrap_or_default()).unwrap(),
            hosts,
            "{url}"
        );
        assert_eq!(parsed(&super::of(&of)), of, "{url} comes back from its own text");
    }
}

#[test]
fn a_certificate_of_ours_is_named_as_the_tools_of_the_server_name_it() {
    for url in [
        "postgres://ada@pg-1/shop?sslrootcert=/ca.pem&sslcert=/ada.pem&sslkey=/ada.key",
        "mysql://ada@db-1/shop?sslrootcert=/ca.pem&sslcert=/ada.pem&sslkey=/ada.key",
        "mariadb://ada@db-1/shop?ssl-ca=/ca.pem&ssl-cert=/ada.pem&ssl-key=/ada.key",
    ] {
        let of = parsed(url);
        let files = [&of.sslrootcert, &of.sslcert, &of.sslkey].map(|file| file.as_deref().unwrap_or_default());
        assert_eq!(files, ["/ca.pem", "/ada.pem", "/ada.key"], "{url}");
        assert_eq!(parsed(&super::of(&of)), of, "{url} comes back from its own text");
    }
    for wrong in [
        "postgres://ada@pg-1/shop?ssl-cert=/ada.pem",
        "mysql://ada@db-1/shop?ssl-cert=/ada.pem",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_password_is_taken_out_and_never_told() {
    let (of, secret) = parse("postgres://ada:hunt%40er2@pg-1/orders?password=hunter3").unwrap();
    assert_eq!(secret.unwrap().reveal(), "hunter3");
    assert!(!format!("{of:?} {}", super::of(&of)).contains("hunt"));
    for url in [
        "postgres://ada:hunter2@pg-1:x/orders",
        "postgres://ada:hunter2@pg-1/orders?sslmode=hunter2",
        "postgres://ada:hunter2@pg-1/orders?nonsense=hunter2",
        "postgres://ada:hunter2@pg-1/orders?hunter2",
        "postgres://ada:hunter2%zz@pg-1/orders",
        "postgres://ada:hunter2%00@pg-1/orders",
        "postgres://ada:12/hunter2@pg-1/orders",
        "postgres://ada:1?hunter2@pg-1/orders",
        "oracle://ada:hunter2@pg-1/orders",
        "postgres://ada:hunter2/orders",
        "mysql://ada:x:hunter2/orders",
        "mysql://ada@db/shop?password=x&hunter2=y",
        "mysql://ada@db/shop?password=x&hunter2",
    ] {
        let error = parse(url).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{url}: {error:?}");
    }
}

proptest! {
    #[test]
    fn an_address_comes_back_from_its_text(
        user in "\\PC{1,8}", database in "\\PC{1,8}", hosts in proptest::collection::vec("[a-z]{1,4}(:[1-9][0-9]{0,3})?", 1..4),
        root in proptest::option::of("/\\PC{1,9}"),
    ) {
        let of = Connection {
            kind: Some("postgres".to_owned()),
            user: Some(user), database: Some(database), host: Some(hosts.join(",")), sslrootcert: root,
            ..Connection::default()
        };
        prop_assert_eq!(parse(&super::of(&of)).map(|(of, _)| of), Ok(of));
    }

    #[test]
    fn no_text_breaks_it_and_no_refusal_repeats_it(rest in "\\PC{0,40}") {
        if let Err(error) = parse(&format!("postgres://u:Zq7Zq7@{rest}")) {
            let told = format!("{error:?}");
            prop_assert!(!told.contains("Zq7Zq7"));
        }
    }
}

#[test]
fn addresses_of_mysql_are_written_in_the_same_way() {
    let of = parsed("mariadb://ada@db-1:3307,db-2/shop?sslmode=verify-ca&allow_elevated=root");
    assert_eq!(of.kind.as_deref(), Some("mysql"));
    assert_eq!(
        super::of(&of),
        "mysql://ada@db-1:3307,db-2/shop?sslmode=verify-ca&allow_elevated=root"
    );
    let hosts = hosts_of(ServerKind::MySql, of.host.as_deref().unwrap()).unwrap();
    assert_eq!(hosts.iter().map(|host| host.port).collect::<Vec<_>>(), [3307, 3306]);
    let of = parsed("mysql://ada@%2Frun%2Fmysqld%2Fmysqld.sock/shop");
    let hosts = hosts_of(ServerKind::MySql, of.host.as_deref().unwrap()).unwrap();
    assert_eq!(hosts[0].socket(), std::path::Path::new("/run/mysqld/mysqld.sock"));
    assert!(parse("mysql://ada@db/shop?service=x").is_err());
    let of = parsed("mysql://ada@db-1,db-2/shop?target_session_attrs=primary");
    assert_eq!(of.target_session_attrs.as_deref(), Some("primary"));
    assert_eq!(
        super::of(&of),
        "mysql://ada@db-1,db-2/shop?target_session_attrs=primary"
    );
    assert!(parse("mysql://ada@db/shop?target_session_attrs=fastest").is_err());
}
