use super::*;

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
    ] {
        assert_eq!(parsed(url).encryption(), expected, "{url}");
    }
}

#[test]
fn what_would_give_up_encryption_unseen_is_turned_down() {
    for mode in ["prefer", "allow", "sometimes", ""] {
        let error = Options::parse(&format!("postgres://a@b/c?sslmode={mode}")).unwrap_err();
        assert!(matches!(error, StoreError::Address { .. }), "{error}");
    }
}

#[test]
fn a_password_is_shown_nowhere() {
    for (url, shown) in [
        ("postgres://a:geheim@b/c", "postgres://a@b/c"),
        (
            "postgres://a:ge:he@im@b/c?sslmode=disable",
            "postgres://a@b/c?sslmode=disable",
        ),
        ("postgres://b/c?password=geheim&user=a", "postgres://b/c?user=a"),
        ("postgres://a:geheim@b:1/c?sslmode=x", "postgres://a@b:1/c?sslmode=x"),
        ("postgres://a:geheim@b:none/c", "postgres://a@b:none/c"),
        ("postgres://a@b/c", "postgres://a@b/c"),
    ] {
        assert_eq!(without_password(url), shown);
        let said = match Options::parse(url) {
            Ok(options) => format!("{options:?} {}", options.location()),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!said.contains("geheim") && !said.contains("ge:he"), "{said}");
    }
    let options = parsed("postgres://a@b/c").with_password(&Secret::new("geheim".to_owned()));
    assert!(options.has_password() && !format!("{options:?}").contains("geheim"));
}

#[test]
fn what_is_ours_is_understood_and_what_nobody_knows_is_an_error() {
    let options = parsed("postgres://a@b/c?allow_elevated=post%20gres&allow_scans=yes&sslrootcert=%2Fca.pem");
    assert_eq!(options.elevated_role.as_deref(), Some("post gres"));
    assert!(options.may_scan);
    assert_eq!(options.roots(), Some(Path::new("/ca.pem")));
    for wrong in ["allow_scans=maybe", "colour=red", "sslrootcert=%2", "sslrootcert=%ff"] {
        assert!(Options::parse(&format!("postgres://a@b/c?{wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn no_mark_in_a_password_brings_it_to_light() {
    for mark in [":", "@", "?", "#", "/", "%", "?x=", "?x=/", "/?", "@/?", "?password="] {
        for url in [
            format!("postgres://ada:gehe{mark}heim@db/shop"),
            format!("postgres://ada:gehe{mark}heim@db/shop?sslmode=disable"),
            format!("postgres://ada@db/shop?password=gehe{mark}heim"),
            format!("postgres://ada@db/shop?pass%77ord=gehe{mark}heim"),
        ] {
            let said = match Options::parse(&url) {
                Ok(options) => format!("{options:?} {}", options.location()),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!said.contains("gehe") && !said.contains("heim"), "{url}: {said}");
        }
    }
    for mark in ["?", "#"] {
        let error = Options::parse(&format!("postgres://ada:gehe{mark}heim@db/shop")).unwrap_err();
        assert!(matches!(error, StoreError::Address { .. }), "{error}");
        assert!(error.to_string().contains("%3F"), "{error}");
    }
}
