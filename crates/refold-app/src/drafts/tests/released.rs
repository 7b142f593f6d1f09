//! The manifest of a draft, as a person writes it: what it may say, and what of it reaches the package.

use refold_handlers::error::{Mark, code};

use super::*;

fn manifest(draft: &Draft) -> String {
    fs::read_to_string(draft.package().join(MANIFEST)).unwrap()
}

/// Writes something of the manifest of a draft otherwise.
fn change(draft: &Draft, from: &str, to: &str) {
    let before = manifest(draft);
    assert!(before.contains(from), "{before}");
    write(draft, MANIFEST, &before.replacen(from, to, 1));
}

fn again(shop: &Shop) -> Draft {
    Draft::of(&shop.places, &format!("{}@1.1.0", shop.package().display())).unwrap()
}

#[test]
fn a_manifest_that_a_person_writes_in_is_left_so_until_it_follows_again() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    let first = manifest(&draft);
    change(&draft, "title = \"Orders\"", "title = \"Sales\" # mine");
    let draft = again(&shop);
    assert!(draft.has_own_manifest());
    let users = fs::read_to_string(shop.package().join(MANIFEST)).unwrap();
    fs::write(
        shop.package().join(MANIFEST),
        users.replace("owner = \"shop\"", "owner = \"desk\""),
    )
    .unwrap();
    draft.renew().unwrap();
    assert_eq!(
        manifest(&draft),
        first.replace("title = \"Orders\"", "title = \"Sales\" # mine")
    );

    assert_eq!(draft.remove(MANIFEST, &manifest(&draft)).unwrap(), Written::Done);
    let draft = again(&shop);
    assert!(!draft.has_own_manifest());
    assert_eq!(manifest(&draft), first.replace("owner = \"shop\"", "owner = \"desk\""));
    // What is taken back by hand follows again, too.
    change(&draft, "title = \"Orders\"", "title = \"Sales\"");
    assert!(again(&shop).has_own_manifest());
    change(&draft, "title = \"Sales\"", "title = \"Orders\"");
    assert!(!again(&shop).has_own_manifest());
}

#[test]
fn what_a_draft_must_not_say_has_a_line_and_keeps_it_from_becoming_a_version() {
    // What is written, what the message says, and at what of the text it stands.
    let cases = [
        ("id = \"1.1.0-draft\"", "id = \"2.0.0\"", "keeps its id", "\"2.0.0\""),
        (
            "path = \"versions/1.1.0-draft\"",
            "path = \"versions/1.1.0\"",
            "keeps its folder",
            "\"1.1.0-draft\"",
        ),
        ("draft = true", "draft = false", "`draft = true`", "\"1.1.0-draft\""),
        ("draft = true\n", "", "`draft = true`", "\"1.1.0-draft\""),
        ("name = \"order\"", "name = \"sales\"", "of its package", "name"),
        ("id = \"1.0.0\"", "id = \"0.9.0\"", "the entry of 1.0.0", "\"0.9.0\""),
        (
            "effective_to = 2026-08-20T00:00:00Z\n",
            "",
            "the entry of 1.0.0",
            "\"1.0.0\"",
        ),
        (
            "[[version]]\nid = \"1.1.0\"",
            "[[version]]\nid = \"3\"\n\n[[version]]\nid = \"1.1.0\"",
            "take 3 out",
            "\"3\"",
        ),
    ];
    for (from, to, said, at) in cases {
        let shop = shop();
        let draft = shop.draft("1.1.0");
        change(&draft, from, to);
        let error = again(&shop).manifest_problem().unwrap_or_else(|| panic!("{to}"));
        assert_eq!(error.code, code::PKG_MANIFEST);
        assert!(error.message.contains(said), "{to}: {error}");
        let text = manifest(&draft);
        let place = error.place.unwrap();
        let offset = text.find(at).unwrap();
        assert_eq!(
            (&*place.file, place.mark),
            (MANIFEST, Mark::from_offset(&text, offset)),
            "{to}: {text}"
        );
        let before = shop.users();
        draft.publish(&shop.store(), "2.0.0").unwrap_err();
        assert_eq!(shop.users(), before, "{to}");
    }
}

#[test]
fn a_hash_is_no_part_of_a_draft_and_one_of_another_version_is_kept_true() {
    let shop = shop();
    let opened = refold_handlers::package::open(&format!("{}@1.0.0", shop.package().display())).unwrap();
    let (hash, file) = (opened.identity().hash.clone(), shop.package().join(MANIFEST));
    let text = fs::read_to_string(&file).unwrap();
    let pinned = text.replacen("id = \"1.0.0\"\n", &format!("id = \"1.0.0\"\nhash = \"{hash}\"\n"), 1);
    fs::write(&file, pinned).unwrap();
    for (from, to, said) in [
        (
            "draft = true",
            format!("draft = true\nhash = \"{hash}\""),
            "held to no hash",
        ),
        (
            "[partition]",
            "[determinism]\n\n[partition]".to_owned(),
            "1.0.0 is held to its hash",
        ),
    ] {
        let draft = shop.draft("1.1.0");
        change(&draft, from, &to);
        let error = again(&shop).manifest_problem().unwrap_or_else(|| panic!("{to}"));
        assert!(error.message.contains(said), "{error}");
        draft.remove(MANIFEST, &manifest(&draft)).unwrap();
        assert!(again(&shop).manifest_problem().is_none());
    }
}

#[test]
fn what_was_written_in_the_manifest_reaches_the_package_with_the_version_and_nothing_else_does() {
    let plain = fs::read_to_string(Path::new(FIXTURE).join(MANIFEST)).unwrap();
    let returns = plain.replace('\n', "\r\n");
    for (what, users) in [
        ("as it is", plain.clone()),
        ("with a mark", format!("\u{feff}{plain}")),
        ("with other ends", returns.clone()),
        ("with both", format!("\u{feff}{returns}")),
    ] {
        let shop = shop();
        let end = if users.contains("\r\n") { "\r\n" } else { "\n" };
        fs::write(shop.package().join(MANIFEST), &users).unwrap();
        let draft = shop.draft("1.1.0");
        let written = manifest(&draft);
        assert_eq!(written.starts_with('\u{feff}'), users.starts_with('\u{feff}'), "{what}");
        change(&draft, "title = \"Orders\"", "title = \"Sales\"  # said anew");
        change(
            &draft,
            "draft = true",
            &format!("draft = true{end}# For whoever reads this.{end}deploy = \"rebuild\""),
        );
        again(&shop).publish(&shop.store(), "1.2.0").unwrap();
        let after = fs::read_to_string(shop.package().join(MANIFEST)).unwrap();
        let kept = users.replacen("title = \"Orders\"", "title = \"Sales\"  # said anew", 1);
        let added = after.strip_prefix(&kept).unwrap_or_else(|| panic!("{what}: {after}"));
        let lines: Vec<&str> = added
            .split(end)
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
            .collect();
        for line in [
            "[[version]]",
            "id = \"1.2.0\"",
            "path = \"versions/1.2.0\"",
            "# For whoever reads this.",
            "deploy = \"rebuild\"",
        ] {
            assert!(lines.contains(&line), "{what}: {added}");
        }
        assert!(!after.contains("draft"), "{what}: {after}");
        let package = Package::open(&shop.package()).unwrap();
        assert_eq!(package.select(None).unwrap().id, "1.2.0");
        package.compile(package.select(None).unwrap()).unwrap();
    }
}

#[test]
fn a_manifest_that_was_written_from_another_one_reaches_no_package() {
    let shop = shop();
    let draft = shop.draft("1.1.0");
    change(&draft, "title = \"Orders\"", "title = \"Sales\"");
    let file = shop.package().join(MANIFEST);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("owner = \"shop\"", "owner = \"desk\"")).unwrap();
    let before = shop.users();
    let error = draft.publish(&shop.store(), "1.2.0").unwrap_err();
    assert!(error.message.contains("another one"), "{error}");
    assert_eq!(shop.users(), before);
    let draft = again(&shop);
    draft.remove(MANIFEST, &manifest(&draft)).unwrap();
    draft.publish(&shop.store(), "1.2.0").unwrap();
    assert!(fs::read_to_string(&file).unwrap().contains("owner = \"desk\""));
}
