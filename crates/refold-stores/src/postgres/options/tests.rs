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
    ] {
        assert_eq!(parsed(url).encryption, expected, "{url}");
    }
}

#[test]
fn a_password_is_taken_and_its_value_is_not_shown() {
    for url in ["postgres://a:geheim@b/c", "postgres://b/c?password=geheim"] {
        let options = parsed(url);
        assert_eq!(options.to.get_password(), Some(b"geheim".as_slice()));
    }
    let options = parsed("postgres://a@b/c").with_password(&Secret::new("geheim".to_owned()));
    assert_eq!(options.to.get_password(), Some(b"geheim".as_slice()));
    assert!(!format!("{options:?}").contains("geheim"));
}
