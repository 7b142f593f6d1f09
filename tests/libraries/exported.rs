//! The smallest history that shows the bug of `order@1.0.0`, as a test in other languages, run by their own runners with
//! the libraries whose idiom it has: it fails on a model with that bug and passes on one without.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use refold_app::usecase::lab::Scope;
use refold_app::usecase::lab::check::check;
use refold_app::usecase::lab::kept::Keeping;
use refold_app::usecase::lab::minimize::{Extent, Failure, Language, TestFile, minimize};
use refold_app::{Places, Session};
use refold_core::work::{CancelToken, Silent, Work};
use refold_fixtures::orders::{self, Options};

use crate::{fixtures, installed};

const INVARIANT: &str = "balanced-once-paid";

/// The tests of one bug in the sample store, one in each language.
fn exported(language: Language) -> &'static TestFile {
    static EXPORTED: OnceLock<Vec<TestFile>> = OnceLock::new();
    let tests = EXPORTED.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder for the sample");
        let shop = folder.path().join("shop");
        let options = Options {
            events: 4_000,
            streams: Some(300),
            giant: Some(400),
            ..Options::default()
        };
        orders::write(&shop, &options, |_, _| std::ops::ControlFlow::Continue(())).expect("the sample is written");
        let token = CancelToken::default();
        let work = Work::new(&token, &Silent);
        let store = shop.join("orders.db").display().to_string();
        let session = Session::open(&work, &store, None, &Places::below(folder.path())).expect("the sample opens");
        let handler = format!("{}@1.0.0", shop.join("handlers/order").display());
        let checked = check(&work, &session, Scope::All, Some(&handler), None, Keeping::Anew).expect("it is checked");
        let broken = checked.answer.violations.iter().find(|of| of.invariant == INVARIANT);
        let stream = broken.expect("the bug is in the sample").stream.text().into_owned();
        let failure = Failure::Invariant {
            id: INVARIANT,
            unless: None,
        };
        let found = minimize(&work, &session, &stream, Some(&handler), failure, Extent::Smallest);
        found.expect("it is minimized").library_tests
    });
    let test = tests.iter().find(|test| test.language == language);
    test.expect("there is one in each language")
}

/// Copies a model without its bug, or with: `right` stands in it once, and `wrong` is what `order@1.0.0` does instead.
fn write_model(from: &Path, to: &Path, bug: Option<(&str, &str)>) {
    let model = fs::read_to_string(from).unwrap_or_else(|error| panic!("{error}: {}", from.display()));
    let model = match bug {
        Some((right, wrong)) => {
            assert_eq!(model.matches(right).count(), 1, "{right} in {}", from.display());
            model.replace(right, wrong)
        }
        None => model,
    };
    fs::write(to, model).expect("the model is written");
}

fn ran(mut command: Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [stdout, stderr].concat();
    (status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Runs a test on both models. `fails`: what the runner prints of an expectation that is not met, so that a test that
/// does not even build is told from one that fails.
fn fails_with_the_bug_alone(
    bug: (&str, &str),
    fails: &str,
    passes: &str,
    run: impl Fn(Option<(&str, &str)>) -> Command,
) {
    let (is_good, text) = ran(run(Some(bug)));
    assert!(!is_good && text.contains(fails), "with the bug:\n{text}");
    let (is_good, text) = ran(run(None));
    assert!(is_good && text.contains(passes), "without the bug:\n{text}");
}

#[test]
fn a_bug_is_a_test_in_rust() {
    let (test, place) = (exported(Language::Rust), installed("REFOLD_CQRS_ES"));
    let folder = tempfile::tempdir().expect("a folder for the crate");
    let bug = ("self.total -= qty as f64 * price;", "self.total -= price;");
    fails_with_the_bug_alone(bug, "(\"/total\", ", "1 passed", |bug| {
        let from = fixtures().join("cqrs-es");
        let to = folder.path().join(if bug.is_some() { "wrong" } else { "right" });
        for inner in ["src", "tests"] {
            fs::create_dir_all(to.join(inner)).expect("a folder");
        }
        for file in ["Cargo.toml", "Cargo.lock"] {
            fs::copy(from.join(file), to.join(file)).expect("the crate is copied");
        }
        write_model(&from.join("src/lib.rs"), &to.join("src/lib.rs"), bug);
        fs::write(to.join("tests").join(&test.name), &test.text).expect("the test is written");
        let mut command = Command::new("cargo");
        command
            .current_dir(&to)
            .args(["test", "--locked", "--offline", "--target-dir"]);
        command
            .arg(place.join("target"))
            .args(["--test", test.name.trim_end_matches(".rs")]);
        command
    });
}

#[test]
fn a_bug_is_a_test_in_typescript() {
    let (test, place) = (exported(Language::TypeScript), installed("REFOLD_EMMETT"));
    // Below the packages, where node and the compiler look for them.
    let folder = tempfile::tempdir_in(&place).expect("a folder for the test");
    let bug = ("order.total - qty * price", "order.total - price");
    fails_with_the_bug_alone(bug, "is not equal to", "# pass 1", |bug| {
        let from = folder.path().join(if bug.is_some() { "wrong" } else { "right" });
        fs::create_dir_all(&from).expect("a folder");
        write_model(&fixtures().join("emmett/order.ts"), &from.join("order.ts"), bug);
        fs::write(from.join(&test.name), &test.text).expect("the test is written");
        let mut compile = Command::new(place.join("node_modules/.bin/tsc"));
        compile
            .current_dir(&from)
            .args(["--strict", "--skipLibCheck", "--target", "es2022", "--types", "node"]);
        compile.args(["--module", "nodenext", "--outDir", "out", "order.ts", &test.name]);
        let (is_good, text) = ran(compile);
        assert!(is_good, "{text}\n{}", test.text);
        let mut command = Command::new("node");
        command.current_dir(&from).args(["--test", "--test-reporter", "tap"]);
        command.arg(Path::new("out").join(&test.name).with_extension("js"));
        command
    });
}

#[test]
fn a_bug_is_a_test_in_python() {
    let (test, place) = (exported(Language::Python), installed("REFOLD_PYEVENTSOURCING"));
    let folder = tempfile::tempdir().expect("a folder for the test");
    fails_with_the_bug_alone(
        ("self.total -= qty * price", "self.total -= price"),
        "AssertionError",
        "Ran 1 test",
        |bug| {
            let to = folder.path().join(if bug.is_some() { "wrong" } else { "right" });
            fs::create_dir_all(&to).expect("a folder");
            write_model(&fixtures().join("pyeventsourcing/order.py"), &to.join("order.py"), bug);
            fs::write(to.join(&test.name), &test.text).expect("the test is written");
            let mut command = Command::new(place.join("bin/python"));
            command
                .current_dir(&to)
                .args(["-m", "unittest", test.name.trim_end_matches(".py")]);
            command
        },
    );
}
