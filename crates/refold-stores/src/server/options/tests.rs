use proptest::prelude::*;

use super::*;
use crate::mysql::MySql;
use crate::postgres::Postgres;

/// All that is ever said of an address, right or wrong.
fn said<S: Open>(url: &str) -> String {
    match Options::<S>::parse(url) {
        Ok(options) => format!("{options:?} {}", options.location()),
        Err(error) => format!("{error} {error:?}"),
    }
}

/// Where a password may stand, and where people write one who leave something out.
const PLACES: [&str; 9] = [
    "ada:PW@db/shop",
    "ada:PW@db:1/shop?sslmode=disable",
    "ada:PW@db:none/shop?sslmode=x",
    "ada:PW/shop",
    "ada:PW",
    "db,ada:PW/shop?sslmode=disable",
    "ada@db/shop?password=PW",
    "ada@db/shop?sslmode=disable&pass%77ord=PW&allow_scans=yes",
    "ada@db/shop?nonsense=1&password=PW",
];

fn check(place: &str, password: &str, secrets: &[&str]) {
    let place = place.replace("PW", password);
    let told = [
        said::<MySql>(&format!("mysql://{place}")),
        said::<Postgres>(&format!("postgres://{place}")),
    ];
    for told in told {
        let shown = secrets.iter().find(|secret| told.contains(**secret));
        assert_eq!(shown, None, "{place}: {told}");
    }
}

#[test]
fn no_mark_in_a_password_brings_it_to_light() {
    for mark in [
        "",
        ":",
        "@",
        "?",
        "#",
        "/",
        "%",
        "&",
        "&x=",
        "&sslmode=",
        ",",
        "?x=",
        "?x=/",
        "/?",
        "@/?",
        "?password=",
    ] {
        for place in PLACES {
            // What follows an @ is a host where no user was meant.
            let is_host = mark.contains('@') && place.contains("ada:PW") && !place.contains("PW@");
            if !is_host {
                check(place, &format!("gehe{mark}heim"), &["gehe", "heim"]);
            }
        }
    }
}

proptest! {
    #[test]
    fn no_password_is_shown_wherever_it_stands(inside in "[^@]{0,6}") {
        for place in PLACES {
            check(place, &format!("Zq7{inside}7qZ"), &["Zq7", "7qZ"]);
        }
    }
}

#[test]
fn what_is_no_password_is_shown() {
    for url in [
        "postgres://a@b:1,c/d?sslmode=require",
        "postgres://b:1/c",
        "postgres://[::1]:5432,10.0.0.1/c",
        "postgres://::1/c",
        "postgres://%2Fvar%2Frun:5432/c",
        "mysql://%2Frun%2Fmy:sql.sock/c",
        "postgres:///c",
    ] {
        assert_eq!(without_password(url), url);
    }
    for (url, shown) in [
        (
            "postgres://a:ge:he@im@b/c?sslmode=disable",
            "postgres://a@b/c?sslmode=disable",
        ),
        (
            "postgres://b/c?user=a&password=geheim&sslmode=x",
            "postgres://b/c?user=a",
        ),
        ("mysql://a:geheim/c", "mysql://…"),
        ("mysql://a:1?geheim@b/c", "mysql://…"),
    ] {
        assert_eq!(without_password(url), shown);
    }
}

#[test]
fn what_is_wrong_with_an_address_says_how_it_is_written() {
    for (url, what) in [
        ("mysql://ada:gehe?heim@db/shop", "%3F"),
        ("mysql://ada:gehe#heim@db/shop", "%23"),
        ("mysql://ada@db/shop?password=gehe&heim", "%26"),
        ("http://db/shop", "neither with mysql:// nor with mariadb://"),
    ] {
        let error = Options::<MySql>::parse(url).unwrap_err();
        assert!(matches!(error, StoreError::Address { .. }), "{error}");
        assert!(error.to_string().contains(what), "{error}");
    }
    for mode in ["prefer", "allow", "sometimes", ""] {
        for (scheme, error) in [
            (
                "postgres",
                Options::<Postgres>::parse(&format!("postgres://a@b/c?sslmode={mode}")).map(drop),
            ),
            (
                "mysql",
                Options::<MySql>::parse(&format!("mysql://a@b/c?sslmode={mode}")).map(drop),
            ),
        ] {
            assert!(matches!(error, Err(StoreError::Address { .. })), "{scheme}");
        }
    }
}

#[test]
fn what_holds_of_every_server_is_understood() {
    let options = Options::<MySql>::parse(
        "mariadb://a@b/c?allow_elevated=ro%25ot&allow_scans=yes&sslrootcert=%2Fca.pem&megabytes_per_second=5",
    );
    let options = options.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(options.elevated_role.as_deref(), Some("ro%ot"));
    assert!(options.may_scan);
    assert_eq!(options.rate.to_string(), "5");
    for (host, rate) in [("b", "32"), ("localhost", "unlimited"), ("127.0.0.1", "unlimited")] {
        let usual = Options::<Postgres>::parse(&format!("postgres://a@{host}/c"));
        assert_eq!(
            usual.map(|options| options.rate.to_string()).ok().as_deref(),
            Some(rate),
            "{host}"
        );
    }
    assert_eq!(options.roots, Some(PathBuf::from("/ca.pem")));
    for wrong in [
        "allow_scans=maybe",
        "megabytes_per_second=0",
        "megabytes_per_second=1.5",
        "colour=red",
        "sslrootcert=%2",
        "sslrootcert=%ff",
        "allow_elevated=%00",
    ] {
        assert!(
            Options::<MySql>::parse(&format!("mysql://a@b/c?{wrong}")).is_err(),
            "{wrong}"
        );
        assert!(
            Options::<Postgres>::parse(&format!("postgres://a@b/c?{wrong}")).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn a_certificate_of_ours_goes_with_its_key_and_is_shown_only_where_it_is_encrypted() {
    let named = "sslcert=%2Fada.pem&sslkey=%2Fada.key";
    for (place, more, encryption) in [
        ("a@b/c", "", Encryption::Host),
        ("a@127.0.0.1/c", "", Encryption::Host),
        ("a@127.0.0.1/c", "&sslmode=require", Encryption::Unverified),
        ("a@b/c", "&sslmode=disable", Encryption::None),
        ("a@%2Frun%2Fserver/c", "", Encryption::None),
    ] {
        let check = |encryption_of: Encryption, ours: Option<&OurCertificate>| {
            assert_eq!(encryption_of, encryption, "{place} {more}");
            assert_eq!(ours.is_some(), encryption != Encryption::None, "{place} {more}");
        };
        let options = Options::<MySql>::parse(&format!("mysql://{place}?{named}{more}"));
        let options = options.unwrap_or_else(|error| panic!("{error}"));
        check(options.encryption, options.ours.as_ref());
        let options = Options::<Postgres>::parse(&format!("postgres://{place}?{named}{more}"));
        let options = options.unwrap_or_else(|error| panic!("{error}"));
        check(options.encryption, options.ours.as_ref());
    }
    for alone in ["sslcert=%2Fada.pem", "sslkey=%2Fada.key"] {
        let error = Options::<MySql>::parse(&format!("mysql://a@b/c?{alone}")).unwrap_err();
        assert!(error.to_string().contains("go together"), "{error}");
    }
}
