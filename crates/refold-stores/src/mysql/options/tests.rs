use super::*;

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
    assert_eq!((one.user(), one.database()), ("ada@x", "shop"));
    assert_eq!(one.password().map(Secret::reveal), Some("ge/heim"));
    let hosts: Vec<String> = one.hosts().iter().map(Host::to_string).collect();
    assert_eq!(hosts, ["db-1:3306", "::1:3307"]);
    assert_eq!(one.encryption(), Encryption::Authority);
    assert!(!format!("{one:?}").contains("heim"));
}

#[test]
fn a_socket_and_this_machine_are_not_encrypted_and_all_else_is() {
    let socket = options("mysql://a@%2Frun%2Fmy%2Ea:3306/b");
    assert_eq!(socket.hosts(), [Host::Socket(PathBuf::from("/run/my.a"))]);
    assert_eq!(socket.encryption(), Encryption::None);
    assert!(matches!(options("mysql:///b").hosts(), [Host::Socket(_)]));
    assert_eq!(options("mysql://a@localhost/b").encryption(), Encryption::None);
    assert_eq!(options("mysql://a@db/b").encryption(), Encryption::Host);
    assert_eq!(options("mysql://a@localhost,db/b").encryption(), Encryption::Host);
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

#[test]
fn no_mark_in_a_password_brings_it_to_light() {
    for mark in [":", "@", "?", "#", "/", "%", "?x=", "?x=/", "/?", "@/?", "?password="] {
        for url in [
            format!("mysql://ada:gehe{mark}heim@db/shop"),
            format!("mysql://ada:gehe{mark}heim@db/shop?sslmode=disable"),
            format!("mysql://ada@db/shop?password=gehe{mark}heim"),
            format!("mysql://ada@db/shop?pass%77ord=gehe{mark}heim"),
        ] {
            let said = match Options::parse(&url) {
                Ok(options) => format!("{options:?} {}", options.location()),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!said.contains("gehe") && !said.contains("heim"), "{url}: {said}");
        }
    }
    for mark in ["?", "#"] {
        let error = Options::parse(&format!("mysql://ada:gehe{mark}heim@db/shop")).unwrap_err();
        assert!(matches!(error, StoreError::Address { .. }), "{error}");
        assert!(error.to_string().contains("%3F"), "{error}");
    }
}
