use std::fs;
use std::path::Path;

use super::*;

const HANDLERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/orders/handlers");

/// A package of one version, with these files.
fn package(files: &[(&str, &str)]) -> (tempfile::TempDir, Package) {
    let folder = tempfile::tempdir().unwrap();
    let version = folder.path().join("versions/1");
    fs::create_dir_all(&version).unwrap();
    let manifest = "format = \"refold-handler/1\"\nname = \"a\"\n[[version]]\nid = \"1\"\n";
    fs::write(folder.path().join("handler.toml"), manifest).unwrap();
    for (name, text) in files {
        fs::write(version.join(name), text).unwrap();
    }
    let package = Package::open(folder.path()).unwrap();
    (folder, package)
}

fn places(package: &Package) -> Vec<String> {
    let problems = package.problems(package.select(None).unwrap());
    let places = problems
        .into_iter()
        .map(|error| error.place.map_or(error.message, |place| place.to_string()));
    places.collect()
}

const RULES: &str =
    "refold: reducer/1\non:\n  A:\n    - oops: 1\n  B:\n    - set: { b: 1 }\n  C:\n    - set: { c: \"1 +\" }\n";

#[test]
fn each_type_each_invariant_and_each_file_is_told_of() {
    let invariants = "refold: invariants/1\ninvariants:\n  - { id: a, expr: \"1 +\" }\n  - { id: b, expr: \"true\" }\n  - { nonsense: 1 }\n";
    let (_folder, package) = package(&[
        (
            "reducer.yaml",
            &RULES.replace("oops: 1", "set: { a: 1 }").replace("\"1 +\"", "1"),
        ),
        ("invariants.yaml", invariants),
        ("upcasters.yaml", "nonsense: 1\n"),
    ]);
    let told = places(&package);
    let lines: Vec<&str> = told.iter().filter_map(|place| place.rsplitn(2, ':').last()).collect();
    let wanted = ["upcasters.yaml:1", "invariants.yaml:3", "invariants.yaml:5"].map(|of| format!("versions/1/{of}"));
    assert_eq!(lines, wanted);
}

#[test]
fn the_first_is_what_keeps_it_from_being_used_and_right_types_are_none() {
    let (_folder, package) = package(&[("reducer.yaml", RULES)]);
    let version = package.select(None).unwrap();
    let problems = package.problems(version);
    let lines: Vec<u32> = problems
        .iter()
        .filter_map(|error| Some(error.place.as_ref()?.mark.line))
        .collect();
    assert_eq!(lines, [4, 8]);
    assert_eq!(package.compile(version).err(), problems.first().cloned());
}

#[test]
fn what_is_wrong_with_all_of_a_file_ends_the_search() {
    for (rules, count) in [
        ("refold: [", 1),
        ("refold: reducer/2\non: { A: [{ oops: 1 }] }\n", 1),
        ("refold: reducer/1\nnonsense: 1\non: { A: [{ oops: 1 }] }\n", 1),
        ("refold: reducer/1\non: 1\n", 1),
    ] {
        let (_folder, package) = package(&[("reducer.yaml", rules)]);
        assert_eq!(places(&package).len(), count, "{rules}");
    }
    let many: String = (0..100).map(|at| format!("  T{at}: [{{ oops: 1 }}]\n")).collect();
    let (_folder, package) = package(&[("reducer.yaml", &format!("refold: reducer/1\non:\n{many}"))]);
    assert_eq!(places(&package).len(), MOST);
}

#[test]
fn what_can_be_used_has_no_problems() {
    let package = Package::open(&Path::new(HANDLERS).join("order")).unwrap();
    for version in &package.manifest.versions {
        assert_eq!(package.problems(version), [], "{}", version.id);
    }
}
