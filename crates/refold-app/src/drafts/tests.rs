//! What a draft may touch and what not, and what becomes of it.

mod own;
mod released;

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

/// Over what is there.
fn write(draft: &Draft, name: &str, text: &str) {
    let before = fs::read_to_string(draft.package().join(name)).unwrap();
    assert_eq!(draft.write(name, text, &before).unwrap(), Written::Done, "{name}");
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
    write(&draft, RULES, &mended);

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
fn a_version_that_is_called_as_a_way_out_writes_nothing() {
    let shop = shop();
    let manifest = shop.package().join(MANIFEST);
    let text = fs::read_to_string(&manifest).unwrap();
    let id = "../../../../../away";
    let entry = format!("\n[[version]]\nid = \"{id}\"\nruntime = \"declarative\"\npath = \"versions/1.1.0\"\n");
    fs::write(&manifest, text + &entry).unwrap();
    let before = all_below(shop.folder.path());
    Draft::of(&shop.places, &format!("{}@{id}", shop.package().display())).unwrap_err();
    let mut after = all_below(shop.folder.path());
    // The folder of the drafts may be there, and nothing in it.
    after.retain(|path, _| !shop.places.drafts().starts_with(path));
    assert_eq!(after, before);
}

#[test]
fn a_draft_is_of_its_package_wherever_the_next_window_is_started() {
    let home = tempfile::tempdir().unwrap();
    let places = Places::below(home.path());
    let draft = Draft::of(&places, "../../fixtures/orders/handlers/order@1.1.0").unwrap();
    let (path, version) = split_version(&draft.origin());
    assert!(
        path.is_absolute() && path.join(MANIFEST).is_file(),
        "{}",
        path.display()
    );
    assert_eq!(version.as_deref(), Some("1.1.0"));
}

#[test]
fn the_folder_of_a_program_is_part_of_it_whole_and_of_others_what_tools_leave_is_not() {
    let shop = shop();
    let manifest = shop.package().join(MANIFEST);
    let text = fs::read_to_string(&manifest).unwrap();
    let entry = "\n[[version]]\nid = \"2.0.0\"\nruntime = \"process\"\n";
    fs::write(&manifest, text + entry).unwrap();
    for version in ["1.1.0", "2.0.0"] {
        for name in [
            "node_modules/money/index.js",
            "__pycache__/a.pyc",
            ".git/HEAD",
            "target/a",
            "lib/a.js",
        ] {
            let file = shop.package().join("versions").join(version).join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
    }
    fs::write(
        shop.package().join("versions/2.0.0/process.toml"),
        "command = [\"node\"]\n",
    )
    .unwrap();
    let names = |version: &str| {
        let draft = shop.draft(version);
        let folder = draft.package().join(draft.version_path());
        let files = all_below(&folder).into_keys().filter(|path| path.is_file());
        let names = files.map(|path| path.strip_prefix(&folder).unwrap().to_string_lossy().replace('\\', "/"));
        names.collect::<BTreeSet<_>>()
    };
    let program = [
        ".git/HEAD",
        "lib/a.js",
        "node_modules/money/index.js",
        "process.toml",
        "target/a",
    ];
    assert_eq!(names("2.0.0"), program.map(str::to_owned).into());
    let rules = names("1.1.0");
    assert!(
        rules.contains("lib/a.js") && rules.contains("reducer.yaml"),
        "{rules:?}"
    );
    let is_left = |name: &String| {
        ["node_modules", "__pycache__", ".git", "target"]
            .iter()
            .any(|it| name.starts_with(it))
    };
    assert!(!rules.iter().any(is_left), "{rules:?}");
}

#[cfg(unix)]
#[test]
fn masking_rules_follow_the_package_where_the_rest_cannot() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    std::os::unix::fs::symlink("/etc/passwd", shop.package().join("tests/link.yaml")).unwrap();
    for text in ["refold = \"mask/1\"\n", "refold = \"mask/1\"\n# more\n"] {
        fs::write(shop.package().join(mask::FILE), text).unwrap();
        draft.renew().unwrap();
        assert_eq!(fs::read_to_string(draft.package().join(mask::FILE)).unwrap(), text);
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
    write(&draft, RULES, "mine");
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
    write(&draft, rules_file, &mended);
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
    write(&draft, RULES, &mended);
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
fn a_manifest_keeps_its_mark_and_the_ends_of_its_lines() {
    let plain = fs::read_to_string(Path::new(FIXTURE).join(MANIFEST)).unwrap();
    let added = manifest::Added {
        of: "1.0.0",
        id: "2",
        path: "versions/2",
        is_draft: false,
        hash: None,
    };
    let wanted = manifest::with_version(&plain, &added).unwrap();
    let returns = |text: &str| text.replace('\n', "\r\n");
    let marked = |text: &str| format!("\u{feff}{text}");
    for (plain, wanted) in [
        (marked(&plain), marked(&wanted)),
        (returns(&plain), returns(&wanted)),
        (marked(&returns(&plain)), marked(&returns(&wanted))),
    ] {
        assert_eq!(manifest::with_version(&plain, &added).unwrap(), wanted);
    }
    let mixed = format!("# one\n{}", returns(&plain));
    let error = manifest::with_version(&mixed, &added).unwrap_err();
    assert!(error.message.contains("CR LF"), "{error}");
}

#[test]
fn a_manifest_that_somebody_wrote_meanwhile_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(MANIFEST);
    fs::write(&file, "theirs").unwrap();
    let error = publish::replace(&file, "before", "after").unwrap_err();
    assert!(error.message.contains("meanwhile"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
    publish::replace(&file, "theirs", "after").unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "after");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_version_that_is_written_is_answered_also_where_the_draft_stays() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    // In the way of the draft that is thrown away.
    fs::write(draft.folder.with_extension(DISCARDED), "").unwrap();
    draft.discard().unwrap_err();
    let reference = draft.publish(&shop.store(), "2.0.0").unwrap();
    refold_handlers::package::open(&reference).unwrap();
    Draft::open(&shop.places, &draft.reference()).unwrap();
}

#[test]
fn what_cannot_become_a_version_leaves_the_package_as_it_was() {
    type Prepare = fn(&Shop, &Draft);
    let nothing: Prepare = |_, _| {};
    let cases: [(&str, &str, Prepare); 18] = [
        ("one that is there", "1.0.0", nothing),
        ("nothing", "", nothing),
        ("a way out", "../2", nothing),
        ("a folder below", "a/b", nothing),
        ("a way out of Windows", "..\\2", nothing),
        ("a hidden folder", ".git", nothing),
        ("itself", ".", nothing),
        ("a stream of a file", "2:a", nothing),
        ("a device of Windows", "NUL.1", nothing),
        ("a port of Windows", "com7", nothing),
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
            write(draft, RULES, "refold: [")
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
