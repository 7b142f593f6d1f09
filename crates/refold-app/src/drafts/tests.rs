//! What a draft may touch and what not, and what becomes of it.

use std::collections::BTreeMap;

use super::*;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/orders/handlers/order");
const RULES: &str = "versions/1.1.0-draft/reducer.yaml";

/// A shop with a package beside its store, and the application's own folders.
struct Shop {
    folder: tempfile::TempDir,
    places: Places,
}

fn shop() -> Shop {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(FIXTURE), &folder.path().join("shop/handlers/order"));
    fs::write(folder.path().join("shop/orders.db"), "the record").unwrap();
    let places = Places::below(&folder.path().join("home"));
    Shop { folder, places }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, to).unwrap()),
        }
    }
}

/// Everything below a folder, links as where they lead.
fn all_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match fs::symlink_metadata(&path).unwrap() {
                it if it.is_dir() => folders.push(path.clone()),
                it if it.is_symlink() => {
                    let target = fs::read_link(&path).unwrap();
                    found.insert(path.clone(), target.into_os_string().into_encoded_bytes());
                    continue;
                }
                _ => {}
            }
            found.insert(path.clone(), fs::read(&path).unwrap_or_default());
        }
    }
    found
}

impl Shop {
    fn package(&self) -> PathBuf {
        self.folder.path().join("shop/handlers/order")
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("shop/orders.db")
    }

    fn draft(&self, version: &str) -> Draft {
        Draft::of(&self.places, &format!("{}@{version}", self.package().display())).unwrap()
    }

    fn users(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        all_below(&self.folder.path().join("shop"))
    }
}

fn rules(draft: &Draft) -> String {
    fs::read_to_string(draft.package().join(RULES)).unwrap()
}

#[test]
fn a_draft_is_a_package_of_its_own_that_outlives_the_window_and_leaves_the_users_alone() {
    let shop = shop();
    let before = shop.users();
    let draft = shop.draft("1.1.0");
    let mended = rules(&draft).replace("inc: failedPayments", "add: { failedPayments: 2 }");
    draft.write(RULES, &mended).unwrap();

    let origin = refold_handlers::package::open(&draft.origin()).unwrap();
    let program = refold_handlers::package::open(&draft.reference()).unwrap();
    assert_eq!(program.identity().name, "order");
    assert_eq!(program.identity().version, "1.1.0-draft");
    assert_ne!(program.identity().hash, origin.identity().hash);

    // Another window, after this one was killed.
    let [found] = &Draft::of_package(&shop.places, &shop.package())[..] else {
        panic!("one draft");
    };
    assert_eq!((found.reference(), rules(found)), (draft.reference(), mended.clone()));
    assert_eq!(rules(&shop.draft("1.1.0")), mended, "it is found, not made again");
    assert_eq!(shop.users(), before);
}

#[test]
fn a_draft_that_nobody_wrote_on_folds_as_the_version_does() {
    let shop = shop();
    let draft = shop.draft("1.0.0");
    let [origin, own] = [draft.origin(), draft.reference()].map(|it| refold_handlers::package::open(&it).unwrap());
    assert_eq!(own.identity().hash, origin.identity().hash);
}

#[test]
fn nothing_but_the_files_of_the_version_is_written() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    #[cfg(unix)]
    std::os::unix::fs::symlink(shop.store(), draft.package().join("versions/1.1.0-draft/link.yaml")).unwrap();
    let before = all_below(shop.folder.path());
    for name in [
        "handler.toml",
        "reducer.yaml",
        "versions/1.1.0/reducer.yaml",
        "versions/1.1.0-draft",
        "versions/1.1.0-draft/",
        "versions/1.1.0-draft/..",
        "versions/1.1.0-draft/new.yaml",
        "versions/1.1.0-draft/../../../draft.toml",
        "versions/1.1.0-draft/..\\..\\draft.toml",
        "versions/1.1.0-draft//reducer.yaml",
        "versions/1.1.0-draft/link.yaml",
        "/etc/passwd",
        "",
    ] {
        assert!(draft.write(name, "changed").is_err(), "{name}");
    }
    assert!(draft.write(RULES, &" ".repeat(MOST_TEXT_BYTES + 1)).is_err());
    assert_eq!(all_below(shop.folder.path()), before);
}

#[test]
fn what_is_no_draft_is_not_opened_as_one() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    let package = draft.package();
    for reference in [
        draft.origin(),
        format!("{}@1.1.0", package.display()),
        format!("{}/../package@1.1.0-draft", package.display()),
        format!("{}/package@1.1.0-draft", shop.places.drafts().display()),
        "builtin:merge".to_owned(),
    ] {
        assert!(Draft::open(&shop.places, &reference).is_err(), "{reference}");
        assert!(Draft::restore(&shop.places, &reference).is_err(), "{reference}");
    }
}

#[test]
fn a_version_with_a_link_in_it_becomes_no_draft() {
    #[cfg(unix)]
    for (target, link) in [
        ("/etc/passwd", "versions/1.1.0/more.yaml"),
        ("/etc", "versions/1.1.0/more"),
    ] {
        let shop = shop();
        std::os::unix::fs::symlink(target, shop.package().join(link)).unwrap();
        let error = Draft::of(&shop.places, &format!("{}@1.1.0", shop.package().display())).unwrap_err();
        assert!(error.message.contains("no links"), "{error}");
        assert!(!shop.places.drafts().exists());
    }
}

#[test]
fn what_stands_beside_a_version_follows_the_package() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    let mask = "format = \"refold-mask/1\"\n";
    fs::write(shop.package().join("mask.toml"), mask).unwrap();
    fs::remove_file(shop.package().join("tests/happy.case.yaml")).unwrap();
    let manifest = fs::read_to_string(shop.package().join(MANIFEST)).unwrap();
    fs::write(shop.package().join(MANIFEST), manifest.replace("Orders", "Sales")).unwrap();
    draft.renew().unwrap();
    assert_eq!(fs::read_to_string(draft.package().join("mask.toml")).unwrap(), mask);
    assert!(!draft.package().join("tests/happy.case.yaml").exists());
    assert!(draft.package().join("tests/removed.case.yaml").exists());
    let opened = Package::open(&draft.package()).unwrap();
    assert_eq!(opened.manifest.title.as_deref(), Some("Sales"));
    opened.compile(opened.select(Some("1.1.0-draft")).unwrap()).unwrap();
    let before = all_below(&draft.package());
    draft.renew().unwrap();
    assert_eq!(all_below(&draft.package()), before);
}

#[test]
fn what_was_thrown_away_comes_back_until_another_draft_is_made() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    draft.write(RULES, "mine").unwrap();
    draft.discard().unwrap();
    assert!(Draft::of_package(&shop.places, &shop.package()).is_empty());
    let back = Draft::restore(&shop.places, &draft.reference()).unwrap();
    assert_eq!(rules(&back), "mine");
    back.discard().unwrap();
    assert_ne!(rules(&shop.draft("1.1.0")), "mine");
    assert!(Draft::restore(&shop.places, &draft.reference()).is_err());
}

#[test]
fn a_draft_becomes_a_version_after_all_others_and_what_stood_there_stays() {
    let shop = shop();
    let before = fs::read_to_string(shop.package().join(MANIFEST)).unwrap();
    let draft = shop.draft("1.0.0");
    let rules_file = "versions/1.0.0-draft/reducer.yaml";
    let mended = fs::read_to_string(shop.package().join("versions/1.1.0/reducer.yaml")).unwrap();
    draft.write(rules_file, &mended).unwrap();
    let users = shop.users();

    let reference = draft.publish(&shop.store(), "1.2.0").unwrap();
    assert_eq!(reference, format!("{}@1.2.0", shop.package().display()));
    let after = fs::read_to_string(shop.package().join(MANIFEST)).unwrap();
    let added = after.strip_prefix(&before).expect("nothing that was there is changed");
    assert_eq!(
        added.trim_start(),
        "[[version]]\nid = \"1.2.0\"\nruntime = \"declarative\"\nevents = { OrderPlaced = 2, ItemAdded = 2 }\npath = \
         \"versions/1.2.0\"\n"
    );
    let package = Package::open(&shop.package()).unwrap();
    assert_eq!(package.select(None).unwrap().id, "1.2.0");
    let program = refold_handlers::package::open(&reference).unwrap();
    let as_mended = refold_handlers::package::open(&format!("{}@1.1.0", shop.package().display())).unwrap();
    assert_eq!(program.identity().hash, as_mended.identity().hash);
    // Only the manifest changed, and only files of the version came.
    for (path, bytes) in shop.users() {
        let is_new = path.starts_with(shop.package().join("versions/1.2.0"));
        let is_changed = users.get(&path) != Some(&bytes);
        assert_eq!(is_changed, is_new || path.ends_with(MANIFEST), "{}", path.display());
    }
    assert!(Draft::of_package(&shop.places, &shop.package()).is_empty());
}

#[test]
fn a_version_is_held_to_its_files_where_the_one_before_was() {
    let shop = shop();
    let manifest = shop.package().join(MANIFEST);
    let hash = refold_handlers::package::open(&format!("{}@1.1.0", shop.package().display())).unwrap();
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, format!("{text}hash = \"{}\"\n", hash.identity().hash)).unwrap();
    let draft = shop.draft("1.1.0");
    let mended = rules(&draft).replace("inc: failedPayments", "add: { failedPayments: 2 }");
    draft.write(RULES, &mended).unwrap();
    let reference = draft.publish(&shop.store(), "1.2.0").unwrap();
    let program = refold_handlers::package::open(&reference).unwrap();
    let text = fs::read_to_string(&manifest).unwrap();
    assert!(
        text.ends_with(&format!("hash = \"{}\"\n", program.identity().hash)),
        "{text}"
    );
}

#[test]
fn a_list_of_versions_in_one_line_gets_one_more() {
    let text = "format = \"refold-handler/1\"\nname = \"a\"\nversion = [{ id = \"1\", effective_from = 2026-01-01 }]\n";
    let added = manifest::Added {
        of: "1",
        id: "2",
        path: "versions/2",
        is_draft: false,
        hash: None,
    };
    let text = manifest::with_version(text, &added).unwrap();
    assert!(text.contains("id = \"1\", effective_from"), "{text}");
    assert!(text.contains("id = \"2\", path = \"versions/2\""), "{text}");
    let twice = manifest::with_version(&text, &added).unwrap_err();
    assert!(twice.message.contains("already"), "{twice}");
}

#[test]
fn what_cannot_become_a_version_leaves_the_package_as_it_was() {
    type Prepare = fn(&Shop, &Draft);
    let nothing: Prepare = |_, _| {};
    let cases: [(&str, &str, Prepare); 16] = [
        ("one that is there", "1.0.0", nothing),
        ("nothing", "", nothing),
        ("a way out", "../2", nothing),
        ("a folder below", "a/b", nothing),
        ("a way out of Windows", "..\\2", nothing),
        ("a hidden folder", ".git", nothing),
        ("itself", ".", nothing),
        ("a stream of a file", "2:a", nothing),
        ("as it was deployed", refold_handlers::package::AS_DEPLOYED, nothing),
        (
            "too long",
            "1111111111111111111111111111111111111111111111111111111111111111.0",
            nothing,
        ),
        ("a folder that is there", "2.0.0", |shop, _| {
            fs::create_dir(shop.package().join("versions/2.0.0")).unwrap()
        }),
        ("a file that is there", "2.0.0", |shop, _| {
            fs::write(shop.package().join("versions/2.0.0"), "mine").unwrap()
        }),
        ("what cannot be used", "2.0.0", |_, draft| {
            draft.write(RULES, "refold: [").unwrap()
        }),
        ("a manifest that cannot be read", "2.0.0", |shop, _| {
            fs::write(shop.package().join(MANIFEST), "format = ").unwrap()
        }),
        ("a package that is gone", "2.0.0", |shop, _| {
            fs::remove_dir_all(shop.package()).unwrap()
        }),
        ("the folder of the store", "2.0.0", |shop, _| {
            fs::write(shop.package().join("orders.db"), "the record").unwrap();
        }),
    ];
    for (what, id, prepare) in cases {
        let shop = shop();
        let draft = shop.draft("1.1.0");
        prepare(&shop, &draft);
        let store = match what {
            "the folder of the store" => shop.package().join("orders.db"),
            _ => shop.store(),
        };
        let before = shop.users();
        assert!(draft.publish(&store, id).is_err(), "{what}");
        assert_eq!(shop.users(), before, "{what}");
        assert_eq!(
            Draft::open(&shop.places, &draft.reference()).unwrap().kept,
            draft.kept,
            "{what}"
        );
    }
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_out_of_the_package() {
    use std::os::unix::fs::symlink;

    type Prepare = fn(&Shop);
    let cases: [Prepare; 3] = [
        |shop| symlink("/nowhere", shop.package().join("versions/2.0.0")).unwrap(),
        |shop| {
            let elsewhere = shop.folder.path().join("shop/elsewhere");
            fs::rename(shop.package().join("versions"), &elsewhere).unwrap();
            symlink(elsewhere, shop.package().join("versions")).unwrap();
        },
        |shop| {
            let elsewhere = shop.folder.path().join("shop/elsewhere.toml");
            fs::rename(shop.package().join(MANIFEST), &elsewhere).unwrap();
            symlink(elsewhere, shop.package().join(MANIFEST)).unwrap();
        },
    ];
    for prepare in cases {
        let shop = shop();
        let draft = shop.draft("1.1.0");
        prepare(&shop);
        let before = shop.users();
        draft.publish(&shop.store(), "2.0.0").unwrap_err();
        assert_eq!(shop.users(), before);
    }
}

/// A disk says no in the middle: here because the path of the second file is longer than any may be.
#[cfg(target_os = "linux")]
#[test]
fn a_version_that_cannot_be_written_whole_is_not_there_at_all() {
    /// With the byte that ends it.
    const LONGEST: usize = 4_096;
    let shop = shop();
    let mut deep = shop.folder.path().join("shop");
    let long = format!("z{}.yaml", "z".repeat(200));
    let rest = LONGEST - "/versions/1.1.0/".len() - long.len() - 1;
    while deep.as_os_str().len() < rest {
        let length = (rest - deep.as_os_str().len() - 1).min(200);
        if length == 0 {
            break;
        }
        deep.push("d".repeat(length));
    }
    fs::create_dir_all(deep.parent().unwrap()).unwrap();
    fs::rename(shop.package(), &deep).unwrap();
    fs::write(deep.join("versions/1.1.0").join(&long), "# long\n").unwrap();
    let draft = Draft::of(&shop.places, &format!("{}@1.1.0", deep.display())).unwrap();
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    let before = (
        names(&deep),
        names(&deep.join("versions")),
        fs::read(deep.join(MANIFEST)).unwrap(),
    );
    let error = draft.publish(&shop.store(), "2.0.0").unwrap_err();
    assert!(error.message.contains("cannot write"), "{error}");
    let after = (
        names(&deep),
        names(&deep.join("versions")),
        fs::read(deep.join(MANIFEST)).unwrap(),
    );
    assert_eq!(after, before);
    Draft::open(&shop.places, &draft.reference()).unwrap();
}
