//! What a person writes, adds, renames and takes away in a draft, and what nothing of that reaches.

use refold_core::work::{CancelToken, Silent, Work};

use super::*;

const FOLDER: &str = "versions/1.1.0-draft";

/// Names that lead elsewhere, that some system reads otherwise, or that are no names.
const HOSTILE: [&str; 30] = [
    "",
    "/",
    ".",
    "..",
    "/etc/passwd",
    "C:\\a.yaml",
    "draft.toml",
    "reducer.yaml",
    "versions/1.1.0/reducer.yaml",
    "versions/1.1.0-draft",
    "versions/1.1.0-draft/",
    "versions/1.1.0-draft/.",
    "versions/1.1.0-draft/..",
    "versions/1.1.0-draft/../../../draft.toml",
    "versions/1.1.0-draft/..\\..\\draft.toml",
    "versions/1.1.0-draft//a.yaml",
    "versions/1.1.0-draft/lib/a.yaml",
    "versions/1.1.0-draft/a.yaml\0",
    "versions/1.1.0-draft/a.yaml:stream",
    "versions/1.1.0-draftx/a.yaml",
    "tests",
    "tests/",
    "tests/../handler.toml",
    "tests/a.yaml",
    "tests/../a.case.yaml",
    "tests/sub/a.case.yaml",
    "tests/..\\a.case.yaml",
    "mask.toml",
    "story.yaml",
    "handler.toml/a.yaml",
];

/// Names of a new file in the folder of the version that no system, or no package, takes as they are.
const UNFIT: [&str; 18] = [
    ".hidden",
    ".refold-tmp-a",
    "a.yaml.",
    "a b.yaml",
    "a.yaml ",
    "å.yaml",
    "a\u{202e}.yaml",
    "a\n.yaml",
    "a*.yaml",
    "a\".yaml",
    "NUL",
    "nul.yaml",
    "com1.yaml",
    "LPT9.txt",
    "node_modules",
    "__pycache__",
    "Target",
    "65-letters-are-more-than-any-version-or-any-file-of-one-may-have-x",
];

fn in_version(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

/// What there is, without what only says whose turn it is.
fn below(shop: &Shop) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = all_below(shop.folder.path());
    all.retain(|path, _| !path.ends_with(TURN));
    all
}

#[test]
fn nothing_but_what_is_the_drafts_own_is_written_and_nothing_outside_of_it_ever() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    #[cfg(unix)]
    std::os::unix::fs::symlink(shop.store(), draft.package().join(in_version("link.yaml"))).unwrap();
    let before = below(&shop);
    for name in HOSTILE {
        assert!(draft.write(name, "changed", "the record").is_err(), "write {name:?}");
        assert!(draft.add(name, "new").is_err(), "add {name:?}");
        assert!(draft.remove(name, "the record").is_err(), "remove {name:?}");
        assert!(draft.rename(RULES, name).is_err(), "rename to {name:?}");
        assert!(draft.rename(name, &in_version("a.yaml")).is_err(), "rename {name:?}");
        assert_eq!(below(&shop), before, "{name:?}");
    }
    for name in UNFIT {
        assert!(draft.add(&in_version(name), "new").is_err(), "add {name:?}");
        assert!(draft.rename(RULES, &in_version(name)).is_err(), "rename to {name:?}");
        let case = format!("tests/{name}.case.yaml");
        // What is no file of a version may well be the name of a case.
        if !["node_modules", "__pycache__", "Target"].contains(&name) && !name.ends_with('.') {
            assert!(draft.add(&case, "new").is_err(), "add {case:?}");
        }
        assert_eq!(below(&shop), before, "{name:?}");
    }
    assert!(draft.add("tests/.case.yaml", "new").is_err());
    // A link is none of the draft's files, whatever it leads to.
    #[cfg(unix)]
    {
        let link = in_version("link.yaml");
        assert!(draft.write(&link, "changed", "the record").is_err());
        assert!(draft.remove(&link, "the record").is_err());
        assert!(draft.rename(&link, &in_version("a.yaml")).is_err());
        assert!(draft.add(&link, "new").is_err());
    }
    let long = " ".repeat(MOST_TEXT_BYTES + 1);
    assert!(draft.write(RULES, &long, &rules(&draft)).is_err());
    assert!(draft.add(&in_version("a.yaml"), &long).is_err());
    assert_eq!(below(&shop), before);
}

#[cfg(unix)]
#[test]
fn a_folder_that_leads_out_of_the_draft_is_none_of_it() {
    use std::os::unix::fs::symlink;

    let shop = shop();
    let draft = shop.draft("1.1.0");
    for (folder, file, new) in [
        (FOLDER, RULES.to_owned(), in_version("a.yaml")),
        (CASES, "tests/own.case.yaml".to_owned(), "tests/a.case.yaml".to_owned()),
    ] {
        if folder == CASES {
            draft.add(&file, "mine").unwrap();
        }
        let inside = draft.package().join(folder);
        let elsewhere = shop.folder.path().join("shop/elsewhere");
        fs::rename(&inside, &elsewhere).unwrap();
        symlink(&elsewhere, &inside).unwrap();
        let before = below(&shop);
        let text = fs::read_to_string(draft.package().join(&file)).unwrap();
        assert!(draft.write(&file, "changed", &text).is_err(), "{folder}");
        assert!(draft.add(&new, "new").is_err(), "{folder}");
        assert!(draft.rename(&file, &new).is_err(), "{folder}");
        assert!(draft.remove(&file, &text).is_err(), "{folder}");
        assert_eq!(below(&shop), before, "{folder}");
        fs::remove_file(&inside).unwrap();
        fs::rename(&elsewhere, &inside).unwrap();
    }
}

#[test]
fn a_file_is_added_renamed_and_taken_away_and_the_version_has_what_is_left() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    let [new, other] = ["more.yaml", "other.yaml"].map(in_version);
    draft.add(&new, "# more\n").unwrap();
    // Nothing is put in the place of something, however it is written.
    for taken in ["more.yaml", "MORE.yaml", "Reducer.YAML"] {
        let error = draft.add(&in_version(taken), "new").unwrap_err();
        assert!(error.message.contains("already"), "{error}");
        let error = draft
            .rename(&in_version("upcasters.yaml"), &in_version(taken))
            .unwrap_err();
        assert!(error.message.contains("already"), "{error}");
    }
    draft.rename(&new, &other).unwrap();
    assert!(draft.rename(&new, &other).is_err(), "it is gone");
    let path = |name: &str| draft.package().join(name);
    assert_eq!(fs::read_to_string(path(&other)).unwrap(), "# more\n");
    assert!(!path(&new).exists());
    // Only its capitals are others.
    draft.rename(&other, &in_version("Other.yaml")).unwrap();
    draft.rename(&in_version("Other.yaml"), &other).unwrap();
    let gone = in_version("invariants.yaml");
    let text = fs::read_to_string(path(&gone)).unwrap();
    assert_eq!(draft.remove(&gone, &text).unwrap(), Written::Done);

    draft.publish(&shop.store(), "1.2.0").unwrap();
    let version = shop.package().join("versions/1.2.0");
    let names: Vec<_> = fs::read_dir(version)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    let names: BTreeSet<_> = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    let wanted = ["other.yaml", "reducer.yaml", "upcasters.yaml"].map(str::to_owned);
    assert_eq!(names, wanted.into());
}

#[test]
fn no_more_files_are_added_than_the_window_shows() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    let mut count = fs::read_dir(draft.package().join(FOLDER)).unwrap().count();
    while count < MOST_SHOWN {
        draft.add(&in_version(&format!("{count}.yaml")), "").unwrap();
        count += 1;
    }
    let error = draft.add(&in_version("one-more.yaml"), "").unwrap_err();
    assert!(error.message.contains("32"), "{error}");
    // A full folder can be put in order still.
    draft.rename(&in_version("10.yaml"), &in_version("ten.yaml")).unwrap();
    draft.remove(&in_version("ten.yaml"), "").unwrap();
    draft.add(&in_version("one-more.yaml"), "").unwrap();
}

#[test]
fn what_somebody_else_wrote_meanwhile_is_not_written_over() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    let before = rules(&draft);
    // Two windows on one draft, each of which saw the same.
    let [mine, theirs] = ["mine", "theirs"].map(|who| (shop.draft("1.1.0"), format!("{before}# {who}\n")));
    assert_eq!(mine.0.write(RULES, &mine.1, &before).unwrap(), Written::Done);
    assert_eq!(theirs.0.write(RULES, &theirs.1, &before).unwrap(), Written::Meanwhile);
    assert_eq!(theirs.0.remove(RULES, &before).unwrap(), Written::Meanwhile);
    assert_eq!(rules(&draft), mine.1);
    // Whoever has seen it may.
    assert_eq!(theirs.0.write(RULES, &theirs.1, &mine.1).unwrap(), Written::Done);
    assert_eq!(rules(&draft), theirs.1);
    // What is gone is otherwise than it was, too.
    let name = in_version("upcasters.yaml");
    let text = fs::read_to_string(draft.package().join(&name)).unwrap();
    assert_eq!(draft.remove(&name, &text).unwrap(), Written::Done);
    assert_eq!(draft.write(&name, "late", &text).unwrap(), Written::Meanwhile);
    assert_eq!(draft.remove(&name, &text).unwrap(), Written::Meanwhile);
    assert!(!draft.package().join(&name).exists());
}

#[test]
fn of_many_that_write_at_once_one_does() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    let before = rules(&draft);
    let results: Vec<Written> = std::thread::scope(|scope| {
        let write = |who: usize| {
            let (draft, before) = (draft.clone(), before.clone());
            scope.spawn(move || draft.write(RULES, &format!("# {who}\n"), &before).unwrap())
        };
        let all: Vec<_> = (0..8).map(write).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let done: Vec<usize> = (0..8).filter(|who| results[*who] == Written::Done).collect();
    assert_eq!(done.len(), 1, "{results:?}");
    assert_eq!(rules(&draft), format!("# {}\n", done[0]));
}

#[test]
fn test_cases_of_a_draft_are_its_own_and_those_of_the_package_follow_it() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    let happy = fs::read_to_string(draft.package().join("tests/happy.case.yaml")).unwrap();
    assert!(draft.write("tests/happy.case.yaml", "mine", &happy).is_err());
    assert!(draft.remove("tests/happy.case.yaml", &happy).is_err());
    assert!(draft.rename("tests/happy.case.yaml", "tests/mine.case.yaml").is_err());
    assert!(draft.add("tests/HAPPY.case.yaml", "mine").is_err());

    let users = shop.users();
    draft.add("tests/mine.case.yaml", &happy).unwrap();
    write(&shop.draft("1.1.0"), "tests/mine.case.yaml", "# mine\n");
    draft.rename("tests/mine.case.yaml", "tests/own.case.yaml").unwrap();
    draft.renew().unwrap();
    let draft = shop.draft("1.1.0");
    assert_eq!(draft.own_cases(), ["tests/own.case.yaml"]);
    let text = fs::read_to_string(draft.package().join("tests/own.case.yaml")).unwrap();
    assert_eq!(text, "# mine\n");
    assert_eq!(shop.users(), users);
    assert_eq!(
        draft.kept.form, FORM,
        "what reads the first form alone would take the case away"
    );
    assert_eq!(draft.remove("tests/own.case.yaml", &text).unwrap(), Written::Done);
    let draft = shop.draft("1.1.0");
    assert_eq!((draft.kept.form, draft.own_cases()), (PLAIN_FORM, Vec::new()));
    draft.renew().unwrap();
    assert!(!draft.package().join("tests/own.case.yaml").exists());
}

#[test]
fn test_cases_go_into_the_package_with_the_version_that_they_are_for() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    let case = "refold: case/1\r\n# 1.1.0-draft\r\nversions:\r\n  - '1.1.0-draft'\r\n  - \"1.0.0\"\r\ntitle: 1.1.0-draft\r\n\
                given: { events: [{ type: OrderPlaced, payload: { orderId: 1, customerId: C } }] }\r\n\
                expect: { state: { orderId: 1 } }\r\n";
    draft.add("tests/none.case.yaml", case).unwrap();
    let reference = draft.publish(&shop.store(), "1.2.0").unwrap();
    let written = fs::read_to_string(shop.package().join("tests/none.case.yaml")).unwrap();
    // What is said of a version is, and nothing else.
    assert_eq!(written, case.replacen("- '1.1.0-draft'", "- '1.2.0'", 1));
    let cancel = CancelToken::default();
    let (folder, version) = split_version(&reference);
    let results = refold_handlers::testcase::run(&Work::new(&cancel, &Silent), &folder, version.as_deref()).unwrap();
    let own: Vec<_> = results
        .iter()
        .filter(|result| result.case == "tests/none.case.yaml")
        .collect();
    assert!(matches!(own[..], [own] if own.passed()), "{own:?}");
}

#[test]
fn a_test_case_that_is_wrong_or_in_the_way_keeps_the_version_from_being_written() {
    type Prepare = fn(&Shop);
    let nothing: Prepare = |_| {};
    let cases: [(&str, &str, Prepare); 3] = [
        ("wrong", "refold: case/1\ngiven: { events: [] }\n", nothing),
        (
            "in the way",
            "refold: case/1\ngiven: { events: [] }\nexpect: { state: {} }\n",
            |shop| fs::write(shop.package().join("tests/mine.case.yaml"), "theirs").unwrap(),
        ),
        (
            "a folder in the way",
            "refold: case/1\ngiven: { events: [] }\nexpect: { state: {} }\n",
            |shop| fs::create_dir(shop.package().join("tests/mine.case.yaml")).unwrap(),
        ),
    ];
    for (what, case, prepare) in cases {
        let shop = shop();
        let draft = shop.draft("1.1.0");
        draft.add("tests/mine.case.yaml", case).unwrap();
        prepare(&shop);
        let before = shop.users();
        draft.publish(&shop.store(), "2.0.0").unwrap_err();
        assert_eq!(shop.users(), before, "{what}");
        let there = fs::read_to_string(draft.package().join("tests/mine.case.yaml")).unwrap();
        assert_eq!(there, case, "{what}");
    }
}
