use super::*;
use crate::server::address::Encryption;

fn parsed(url: &str) -> Options {
    Options::parse(url).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn whoever_is_not_on_this_machine_is_spoken_to_in_secret() {
    for (url, expected) in [
        ("postgres://a@db.example.org/shop", Encryption::Host),
        ("postgres://a@10.0.0.7:5433/shop", Encryption::Host),
        ("postgres://a@localhost,db.example.org/shop", Encryption::Host),
        ("postgres://a@localhost/shop", Encryption::None),
        ("postgres://a@127.0.0.1:5433/shop", Encryption::None),
        ("postgres://a@%2Ftmp%2Fsockets/shop", Encryption::None),
        ("postgresql:///shop", Encryption::None),
        ("postgres://a@db.example.org/shop?sslmode=disable", Encryption::None),
        (
            "postgres://a@db.example.org/shop?sslmode=require",
            Encryption::Unverified,
        ),
        ("postgres://a@localhost/shop?sslmode=verify-ca", Encryption::Authority),
        ("postgres://a@localhost/shop?sslmode=verify-full", Encryption::Host),
        // Nothing is encrypted there, whatever is asked for.
        (
            "postgres://a@%2Ftmp%2Fsockets/shop?sslmode=verify-full",
            Encryption::None,
        ),
        (
            "postgres://a@%2Ftmp%2Fsockets,db/shop?sslmode=verify-full",
            Encryption::Host,
        ),
    ] {
        assert_eq!(parsed(url).encryption, expected, "{url}");
    }
}

#[test]
fn a_password_is_taken_and_its_value_is_not_shown() {
    for url in ["postgres://a:geheim@b/c", "postgres://b/c?password=geheim"] {
        let options = parsed(url);
        assert_eq!(options.to.config.get_password(), Some(b"geheim".as_slice()));
    }
    let options = parsed("postgres://a@b/c").with_password(&Secret::new("geheim".to_owned()));
    assert_eq!(options.to.config.get_password(), Some(b"geheim".as_slice()));
    assert!(!format!("{options:?}").contains("geheim"));
}

#[test]
fn which_of_several_servers_is_meant_is_said_in_the_words_of_its_own_tools() {
    for (url, expected) in [
        ("postgres://a@db/shop", Wanted::Any),
        ("postgres://a@one,two/shop", Wanted::PreferStandby),
        ("postgres://a@one,two/shop?target_session_attrs=any", Wanted::Any),
        (
            "postgres://a@one,two/shop?target_session_attrs=read-write",
            Wanted::Primary,
        ),
        ("postgres://a@db/shop?target_session_attrs=primary", Wanted::Primary),
        ("postgres://a@db/shop?target_session_attrs=read-only", Wanted::Standby),
        ("postgres://a@db/shop?target_session_attrs=standby", Wanted::Standby),
        (
            "postgres://a@db/shop?target_session_attrs=prefer%2Dstandby",
            Wanted::PreferStandby,
        ),
    ] {
        assert_eq!(parsed(url).to.wanted, expected, "{url}");
    }
    for wrong in [
        "a@db/shop?target_session_attrs=nearest",
        "a@one:1,two:2,three/shop?port=1,2",
        "a@one,two/shop?hostaddr=10.0.0.1",
    ] {
        assert!(Options::parse(&format!("postgres://{wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn each_host_has_all_that_is_said_of_them() {
    let options = parsed("postgres://a:geheim@one:1,%2Frun%2Fpg,three:3/shop?connect_timeout=7&application_name=x");
    let hosts = options.to.hosts();
    let told: Vec<String> = hosts.iter().map(named).collect();
    assert_eq!(told, ["one:1", "/run/pg", "three:3"]);
    for host in &hosts {
        assert_eq!((host.get_hosts().len(), host.get_ports().len()), (1, 1));
        assert_eq!(host.get_password(), Some(b"geheim".as_slice()));
        assert_eq!((host.get_user(), host.get_dbname()), (Some("a"), Some("shop")));
        assert_eq!(host.get_application_name(), Some("x"));
        assert_eq!(host.get_connect_timeout(), Some(&Duration::from_secs(7)));
    }
}

/// As libpq does with its password file.
#[test]
fn each_host_is_shown_its_own_password_and_no_other() {
    let options = Options::parse("postgres://ada@pg-1,pg-2,pg-3/orders").unwrap();
    let secret = |text: &str| Some(Secret::new(text.to_owned()));
    let options = options.with_passwords(vec![secret("first"), None, secret("third")]);
    let shown: Vec<Option<Vec<u8>>> = options
        .to
        .hosts()
        .iter()
        .map(|host| host.get_password().map(<[u8]>::to_vec))
        .collect();
    assert_eq!(shown, [Some(b"first".to_vec()), None, Some(b"third".to_vec())]);
}
