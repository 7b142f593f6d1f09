use std::fs;

use proptest::prelude::*;

use super::*;
use crate::error::ErrorCode;
use crate::session::cache::Cache;

fn places() -> (tempfile::TempDir, Places) {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(folder.path());
    fs::create_dir_all(&places.config).unwrap();
    (folder, places)
}

fn shop(name: &str) -> Connection {
    Connection {
        name: name.to_owned(),
        environment: Some(Environment::Staging),
        store: Some("/srv/orders.db".to_owned()),
        ..Connection::default()
    }
}

fn server(name: &str) -> Connection {
    Connection {
        name: name.to_owned(),
        host: Some("pg-1:5433,pg-2".to_owned()),
        database: Some("orders".to_owned()),
        password: Some("pgpass".to_owned()),
        ssh: Some("bastion".to_owned()),
        ..Connection::default()
    }
}

#[test]
fn what_is_saved_is_there_again_and_nobody_else_may_read_it() {
    let (_folder, places) = places();
    assert_eq!(load(&places).unwrap().saved, Vec::new());
    save(&places, &shop("shop"), None).unwrap();
    let book = save(&places, &server("eu"), None).unwrap();
    assert_eq!(
        book.saved
            .iter()
            .map(|one| one.connection.name.as_str())
            .collect::<Vec<_>>(),
        ["eu", "shop"]
    );
    assert_eq!(find(&places, "@shop").unwrap(), shop("shop"));
    let found = find(&places, "eu").unwrap();
    assert_eq!(
        found,
        Connection {
            kind: Some("postgres".to_owned()),
            ..server("eu")
        }
    );
    assert_eq!(target(&found), "pg-1:5433,pg-2 / orders through bastion");
    let taken = save(&places, &shop("shop"), None).unwrap_err();
    assert!(taken.message.contains("already"), "{taken:?}");
    let book = save(&places, &shop("store"), Some("shop")).unwrap();
    assert_eq!(book.saved.len(), 2);
    assert_eq!(remove(&places, "@store").unwrap().saved.len(), 1);
    assert_eq!(remove(&places, "store").unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(find(&places, "store").unwrap_err().choices, ["@eu"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        assert_eq!(file(&places).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn comments_order_and_what_is_not_known_survive_an_edit() {
    let (_folder, places) = places();
    let written = "# mine\nrefold = \"connections/1\"\nlater = 1\n\n[[connection]]\nname = \"b\" # second\nstore = \"/b.db\"\n\
        environment = \"test\" # for now\nfuture = \"kept\"\n\n# the first\n[[connection]]\nname = \"a\"\nhost = [\"x:1\", \"y\"]\n";
    fs::write(file(&places), written).unwrap();
    let book = load(&places).unwrap();
    assert_eq!(book.saved[0].connection.host.as_deref(), Some("x:1,y"));
    // What is not known may be what keeps somebody safe: it is not passed over.
    assert_eq!(book.saved[1].problems, ["future is nothing that this version knows"]);
    assert_eq!(find(&places, "b").unwrap_err().code, ErrorCode::InvalidInput);
    let mut changed = book.saved[1].connection.clone();
    changed.environment = Some(Environment::Production);
    save(&places, &changed, Some("b")).unwrap();
    let text = fs::read_to_string(file(&places)).unwrap();
    let expected = written.replace(
        "environment = \"test\" # for now",
        "environment = \"production\" # for now",
    );
    assert_eq!(text, expected);
}

#[test]
fn a_password_in_the_file_is_refused_unseen() {
    let (_folder, places) = places();
    for line in [
        "password = \"hunter2\"",
        "hunter2 = 1\npassword = [1]",
        "sslmode = \"hunter2\"",
        "host = \"a:hunter2\"",
    ] {
        let text = format!("refold = \"connections/1\"\n[[connection]]\nname = \"a\"\nstore = \"/a\"\n{line}\n");
        fs::write(file(&places), text).unwrap();
        let error = find(&places, "a").unwrap_err();
        assert!(
            !error.message.contains("must be hunter2") && !error.message.contains("\"hunter2\""),
            "{error:?}"
        );
    }
    fs::write(file(&places), "refold = \"connections/1\"\npassword = hunter2\n").unwrap();
    let error = load(&places).unwrap_err();
    assert!(
        error.message.contains("line 2") && !format!("{error:?}").contains("hunter2"),
        "{error:?}"
    );
}

/// Whatever stands there is left as it is, to the byte.
#[test]
fn a_file_that_is_not_understood_is_never_written_over() {
    let (_folder, places) = places();
    for text in [
        "refold = \"connections/2\"\n",
        "refold = 1\n",
        "",
        "[[connection]]\nname = \"a\"\n",
        "refold = \"connections/1\"\nconnection = 3\n",
        "refold = \"connections/1\"\nconnection = [{ name = \"a\" }]\n",
        "refold = \"connections/1\"\n[[connection]]\nname = \"a",
        "\u{0}",
    ] {
        fs::write(file(&places), text).unwrap();
        for outcome in [
            load(&places).map(drop),
            save(&places, &shop("shop"), None).map(drop),
            remove(&places, "a").map(drop),
        ] {
            assert_eq!(outcome.unwrap_err().code, ErrorCode::InvalidInput, "{text:?}");
        }
        assert_eq!(fs::read_to_string(file(&places)).unwrap(), text);
    }
    fs::write(file(&places), b"refold = \"connections/1\"\n# \xff\n").unwrap();
    let error = save(&places, &shop("shop"), None).unwrap_err();
    assert!(
        error.code == ErrorCode::InvalidInput && error.hint.contains("UTF-8"),
        "{error:?}"
    );
}

#[test]
fn what_cannot_be_is_not_saved() {
    let (_folder, places) = places();
    let wrong = [
        Connection {
            name: String::new(),
            ..shop("x")
        },
        Connection {
            name: "../x".to_owned(),
            ..shop("x")
        },
        Connection {
            name: "-x".to_owned(),
            ..shop("x")
        },
        Connection {
            host: Some("pg-1".to_owned()),
            ..shop("x")
        },
        Connection {
            store: None,
            ..shop("x")
        },
        Connection {
            ssh: Some("-oProxyCommand=x".to_owned()),
            ..server("x")
        },
        Connection {
            ssh: Some("a b".to_owned()),
            ..server("x")
        },
        Connection {
            host: Some("pg-1:0".to_owned()),
            ..server("x")
        },
        Connection {
            host: Some("pg\n1".to_owned()),
            ..server("x")
        },
        Connection {
            password: Some("hunter2".to_owned()),
            ..server("x")
        },
        Connection {
            sslmode: Some("verify".to_owned()),
            ..server("x")
        },
        Connection {
            cache: Some("cloud".to_owned()),
            ..server("x")
        },
        // A key is missing, a certificate is, and one that could never be shown.
        Connection {
            sslcert: Some("/ada.pem".to_owned()),
            ssh: None,
            ..server("x")
        },
        Connection {
            sslkey: Some("/ada.key".to_owned()),
            ssh: None,
            ..server("x")
        },
        Connection {
            sslcert: Some("/ada.pem".to_owned()),
            sslkey: Some("/ada.key".to_owned()),
            ..server("x")
        },
    ];
    for connection in wrong {
        let error = save(&places, &connection, None).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    assert!(!file(&places).exists());
}

#[test]
fn an_export_holds_no_program_and_an_import_takes_none() {
    let (_folder, mine) = places();
    save(
        &mine,
        &Connection {
            password: Some("command print hunter2".to_owned()),
            ..server("eu")
        },
        None,
    )
    .unwrap();
    save(&mine, &shop("shop"), None).unwrap();
    let text = export(&mine, &[]).unwrap();
    assert!(
        text.starts_with("# Saved connections") && !text.contains("hunter2"),
        "{text}"
    );
    assert!(!export(&mine, &["@shop".to_owned()]).unwrap().contains("pg-1:5433"));
    let (_folder, other) = places();
    let imported = import(&other, &text, "x", Taken::Refused).unwrap();
    assert_eq!((imported.added.len(), imported.replaced.len()), (2, 0));
    // Nobody said what the server is, so it counts as production, and that is said.
    assert!(imported.left_out[0].contains("production"), "{imported:?}");
    let found = find(&other, "eu").unwrap();
    assert_eq!(counts_as("@eu", found.environment), Environment::Production);
    let before = fs::read_to_string(file(&other)).unwrap();
    assert!(import(&other, &text, "x", Taken::Refused).is_err());
    assert_eq!(fs::read_to_string(file(&other)).unwrap(), before, "all of them or none");
    assert_eq!(import(&other, &text, "x", Taken::Replaced).unwrap().replaced.len(), 2);
    let hostile = text.replace(
        "kind = \"postgres\"",
        "kind = \"postgres\"\npassword = \"command rm -rf hunter2\"",
    );
    let imported = import(&other, &hostile, "x", Taken::Replaced).unwrap();
    assert!(
        imported.left_out.iter().any(|said| said.contains("program")),
        "{imported:?}"
    );
    assert!(!fs::read_to_string(file(&other)).unwrap().contains("rm -rf"));
}

#[test]
fn of_a_certificate_and_its_key_only_the_places_are_handed_on() {
    let (folder, mine) = places();
    let key = folder.path().join("ada.key");
    fs::write(
        &key,
        "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    let certified = Connection {
        sslcert: Some("ada.pem".to_owned()),
        sslkey: Some(key.display().to_string()),
        ssh: None,
        ..server("eu")
    };
    save(&mine, &certified, None).unwrap();
    let found = find(&mine, "eu").unwrap();
    let certificate = std::path::absolute("ada.pem").unwrap().display().to_string();
    assert_eq!(found.sslcert, Some(certificate), "it is opened from any folder");
    let text = export(&mine, &[]).unwrap();
    assert!(text.contains("ada.key") && !text.contains("hunter2"), "{text}");
    let (_folder, other) = places();
    import(&other, &text, "x", Taken::Refused).unwrap();
    assert_eq!(find(&other, "eu").unwrap().sslkey, found.sslkey);
}

#[test]
fn many_who_write_at_once_lose_nothing() {
    let (_folder, places) = places();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let places = &places;
            scope.spawn(move || {
                for number in 0..5 {
                    save(places, &shop(&format!("s{writer}-{number}")), None).unwrap();
                }
            });
        }
    });
    assert_eq!(load(&places).unwrap().saved.len(), 40);
}

#[test]
fn a_path_is_local_until_somebody_says_otherwise_and_a_connection_is_production() {
    assert_eq!(counts_as("/srv/orders.db", None), Environment::Local);
    assert_eq!(counts_as("@shop", None), Environment::Production);
    assert_eq!(counts_as("postgres://pg-1/orders", None), Environment::Production);
    assert_eq!(counts_as("@shop", Some(Environment::Test)), Environment::Test);
}

#[test]
fn an_address_with_a_password_is_no_store() {
    let (_folder, places) = places();
    let error = Target::of("postgres://ada:hunter2@pg-1/orders", &places).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    let target = Target::of("postgres://ada@pg-1/orders", &places).unwrap();
    assert_eq!(target.location, "postgres://ada@pg-1/orders");
    assert!(target.log_name().unwrap().starts_with("url-pg-1_orders-"));
}

proptest! {
    /// What a file was cut to is read or refused; it is never written over without having been understood.
    #[test]
    fn a_truncated_file_loses_nothing(cut in 0_usize..700) {
        let (_folder, places) = places();
        save(&places, &shop("one"), None).unwrap();
        save(&places, &server("two"), None).unwrap();
        let whole = fs::read_to_string(file(&places)).unwrap();
        let end = (0..=whole.len().saturating_sub(cut)).rev().find(|at| whole.is_char_boundary(*at)).unwrap();
        let text = &whole[..end];
        fs::write(file(&places), text).unwrap();
        match save(&places, &shop("three"), None) {
            Ok(_) => prop_assert!(fs::read_to_string(file(&places)).unwrap().starts_with(text.trim_end())),
            Err(_) => prop_assert_eq!(fs::read_to_string(file(&places)).unwrap(), text),
        }
    }
}

/// One of each that an address can say.
#[test]
fn all_that_an_address_says_is_taken_and_what_it_does_not_say_stays() {
    let said = [
        ("service", "shop"),
        ("sslmode", "verify-ca"),
        ("sslrootcert", "/ca.pem"),
        ("sslcert", "/ours.pem"),
        ("sslkey", "/ours.key"),
        ("target_session_attrs", "standby"),
        ("allow_elevated", "ticket 12"),
        ("allow_scans", "yes"),
        ("megabytes_per_second", "20"),
    ];
    assert_eq!(said.map(|(name, _)| name), keys::IN_ADDRESS);
    let options: Vec<String> = said
        .iter()
        .map(|(name, text)| format!("{name}={}", crate::percent::encoded(text)))
        .collect();
    let (other, _) = url::parse(&format!("postgres://eve@db:5433/orders?{}", options.join("&"))).unwrap();
    let mut connection = Connection {
        zone: Some("Europe/Berlin".to_owned()),
        user: Some("ada".to_owned()),
        ..server("shop")
    };
    lead(&mut connection, &other).unwrap();
    for (name, text) in said.into_iter().chain([
        ("host", "db:5433"),
        ("database", "orders"),
        ("user", "eve"),
        ("zone", "Europe/Berlin"),
        ("password", "pgpass"),
        ("ssh", "bastion"),
    ]) {
        assert!(
            lines(&connection).contains(&(name, text.to_owned())),
            "{name}: {connection:?}"
        );
    }
    // Where it leads is replaced whole: a server without a database has none.
    let (other, _) = url::parse("mysql://db-2").unwrap();
    lead(&mut connection, &other).unwrap();
    assert_eq!((connection.host.as_deref(), connection.database), (Some("db-2"), None));
    assert_eq!(
        (connection.kind.as_deref(), connection.user.as_deref()),
        (Some("mysql"), Some("eve"))
    );
}

/// A folder as it is there of a server that was looked at.
fn lay_kept(connection: &Connection, places: &Places) -> std::path::PathBuf {
    let target = Target::of_named(&Named::As(Box::new(connection.clone())), places).unwrap();
    let folder = crate::session::cache::server_folder(&target, places).unwrap();
    fs::create_dir_all(folder.join("a")).unwrap();
    fs::write(folder.join("a").join("card"), "sealed").unwrap();
    folder
}

#[test]
fn what_is_kept_of_a_server_goes_as_soon_as_its_connection_says_so() {
    let (_folder, places) = places();
    let at = |cache: Option<&str>, database: &str| Connection {
        cache: cache.map(str::to_owned),
        database: Some(database.to_owned()),
        ..server("eu")
    };
    save(&places, &at(None, "orders"), None).unwrap();
    let kept = lay_kept(&at(None, "orders"), &places);
    save(&places, &at(Some("disk 5"), "orders"), Some("eu")).unwrap();
    assert!(kept.exists(), "it leads where it led, and keeps what it kept");
    for now in [
        at(Some("off"), "orders"),
        at(Some("memory"), "orders"),
        at(None, "others"),
    ] {
        lay_kept(&at(None, "orders"), &places);
        save(&places, &now, Some("eu")).unwrap();
        assert!(!kept.exists(), "{now:?}");
        save(&places, &at(None, "orders"), Some("eu")).unwrap();
    }
    lay_kept(&at(None, "orders"), &places);
    let elsewhere = "refold = \"connections/1\"\n[[connection]]\nname = \"eu\"\nkind = \"postgres\"\nhost = \"pg-9\"\n";
    import(&places, elsewhere, "x", Taken::Replaced).unwrap();
    assert!(
        !kept.exists(),
        "the connection was replaced by one that leads elsewhere"
    );
    save(&places, &at(None, "orders"), Some("eu")).unwrap();
    lay_kept(&at(None, "orders"), &places);
    let beside = Connection {
        name: "beside".to_owned(),
        ..at(None, "orders")
    };
    save(&places, &beside, None).unwrap();
    remove(&places, "eu").unwrap();
    assert!(kept.exists(), "another connection keeps it");
    remove(&places, "beside").unwrap();
    assert!(!kept.exists());
}

#[test]
fn opening_one_that_keeps_nothing_leaves_what_another_keeps() {
    let (_folder, places) = places();
    let at = |name: &str, cache: Option<&str>| Connection {
        cache: cache.map(str::to_owned),
        ..server(name)
    };
    let open = |connection: &Connection| {
        let target = Target::of_named(&Named::As(Box::new(connection.clone())), &places).unwrap();
        Cache::of(&target, (None, None), &places).map(drop)
    };
    let keeps = at("keeps", Some("disk"));
    for nothing in [at("nothing", Some("off")), at("nothing", Some("memory"))] {
        save(&places, &keeps, None).unwrap();
        save(&places, &nothing, None).unwrap();
        let kept = lay_kept(&keeps, &places);
        open(&nothing).unwrap();
        assert!(kept.exists(), "{nothing:?}");
        save(&places, &at("nothing", Some("off")), Some("nothing")).unwrap();
        assert!(kept.exists(), "nor does saving it");
        // Nobody else keeps it any more.
        remove(&places, "keeps").unwrap();
        lay_kept(&keeps, &places);
        open(&nothing).unwrap();
        assert!(!kept.exists(), "{nothing:?}");
        remove(&places, "nothing").unwrap();
    }
}

#[test]
fn a_connection_stays_where_what_is_kept_of_it_cannot_be_removed() {
    let (_folder, places) = places();
    save(&places, &server("eu"), None).unwrap();
    let kept = lay_kept(&server("eu"), &places);
    // No folder, which is what is to be removed.
    fs::remove_dir_all(&kept).unwrap();
    fs::write(&kept, "in the way").unwrap();
    let off = Connection {
        cache: Some("off".to_owned()),
        ..server("eu")
    };
    for error in [
        remove(&places, "eu").unwrap_err(),
        save(&places, &off, Some("eu")).unwrap_err(),
    ] {
        assert!(
            error.message.contains("nothing was changed") && error.message.contains("cannot be removed"),
            "{error:?}"
        );
    }
    assert_eq!(find(&places, "eu").unwrap().cache, None);
    fs::remove_file(&kept).unwrap();
    remove(&places, "eu").unwrap();
    assert!(find(&places, "eu").is_err());
}
