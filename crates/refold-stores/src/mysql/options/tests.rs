use super::*;
use crate::server::address::Encryption;

fn options(url: &str) -> Options {
    Options::parse(url).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_address_is_taken_apart() {
    let one = options("mariadb://ada%40x:ge%2Fheim@db-1,[::1]:3307/shop?sslmode=verify-ca&allow_elevated=root");
    assert_eq!(
        one.location(),
        "mariadb://ada%40x@db-1,[::1]:3307/shop?sslmode=verify-ca&allow_elevated=root"
    );
    assert_eq!((one.to.user.as_str(), one.to.database.as_str()), ("ada@x", "shop"));
    assert_eq!(one.to.password.as_ref().map(Secret::reveal), Some("ge/heim"));
    let hosts: Vec<String> = one.to.hosts.iter().map(Host::to_string).collect();
    assert_eq!(hosts, ["db-1:3306", "::1:3307"]);
    assert_eq!(one.encryption, Encryption::Authority);
    assert!(!format!("{one:?}").contains("heim"));
}

#[test]
fn of_several_hosts_one_that_follows_another_is_preferred() {
    for (url, wanted) in [
        ("mysql://a@db/shop", Wanted::Any),
        ("mysql://a@one,two/shop", Wanted::PreferStandby),
        ("mysql://a@one,two/shop?target_session_attrs=any", Wanted::Any),
        ("mariadb://a@db/shop?target_session_attrs=read%2Donly", Wanted::Standby),
        ("mysql://a@one,two/shop?target_session_attrs=primary", Wanted::Primary),
    ] {
        assert_eq!(options(url).to.wanted, wanted, "{url}");
    }
    let error = Options::parse("mysql://a@db/b?target_session_attrs=fastest")
        .unwrap_err()
        .to_string();
    assert!(error.contains("prefer-standby"), "{error}");
}

#[test]
fn a_socket_and_this_machine_are_not_encrypted_and_all_else_is() {
    let socket = options("mysql://a@%2Frun%2Fmy%2Ea:3306/b");
    assert_eq!(socket.to.hosts, [Host::Socket(PathBuf::from("/run/my.a"))]);
    assert_eq!(socket.encryption, Encryption::None);
    assert!(matches!(options("mysql:///b").to.hosts[..], [Host::Socket(_)]));
    assert_eq!(options("mysql://a@localhost/b").encryption, Encryption::None);
    assert_eq!(options("mysql://a@db/b").encryption, Encryption::Host);
    assert_eq!(options("mysql://a@localhost,db/b").encryption, Encryption::Host);
}

#[test]
fn what_is_wrong_with_an_address_is_said_without_its_password() {
    for (url, what) in [
        ("mysql://a:geheim@db", "no database"),
        ("mysql://a:geheim@db:0/b", "host"),
        ("mysql://a:geheim@db/b?sslmode=prefer", "switch encryption off"),
        ("mysql://a:geheim@db/b?allow_scans=no", "allow_scans"),
        ("mysql://a:geheim@db/b?local_infile=1", "local_infile"),
        ("mysql://a:gehe%im@db/b", "hexadecimal"),
    ] {
        let error = Options::parse(url).unwrap_err().to_string();
        assert!(error.contains(what) && !error.contains("gehe"), "{error}");
    }
}

/// In whatever order, and by whatever way they are reached.
#[test]
fn several_servers_are_one_store_by_their_names() {
    let servers = |url: &str| Options::parse(url).unwrap();
    assert_eq!(servers("mysql://a@x:1/d").to.servers(), None);
    assert_eq!(servers("mysql://a@x:1,x:1/d").to.servers(), None);
    let both = servers("mysql://a@x:1,y:2/d").to.servers();
    assert_eq!(both.as_deref(), Some("x:1,y:2"));
    assert_eq!(servers("mysql://b:c@y:2,x:1/d?allow_scans=yes").to.servers(), both);
    let near = servers("mysql://a@%2Ftmp%2F0%2Fs,%2Ftmp%2F1%2Fs/d").called("x:1,y:2".to_owned());
    assert_eq!(near.to.servers(), both);
    let near = servers("mysql://a@%2Ftmp%2F0%2Fs/d").called("x:1".to_owned());
    assert_eq!(near.to.servers(), None, "one tells by itself which it is");
}
