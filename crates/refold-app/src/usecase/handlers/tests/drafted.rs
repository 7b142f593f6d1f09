//! What is told of a draft that a person writes on, and the test cases that are made with it.

use refold_handlers::error::code;
use refold_handlers::package::MANIFEST;

use super::*;
use crate::drafts::Draft;

const FOLDER: &str = "versions/1.1.0-draft";

fn draft(lab: &Lab) -> Draft {
    let reference = format!("{}@1.1.0", lab.folder.path().join("shop/handlers/order").display());
    Draft::of(&lab.places(), &reference).unwrap()
}

fn write(draft: &Draft, file: &str, from: &str, to: &str) {
    let before = fs::read_to_string(draft.package().join(file)).unwrap();
    assert!(before.contains(from), "{before}");
    draft.write(file, &before.replacen(from, to, 1), &before).unwrap();
}

fn make(
    lab: &Lab,
    draft: &Draft,
    stream: &str,
    at: &str,
    name: &str,
) -> Result<crate::wire::DraftCaseMade, crate::error::AppError> {
    with_work(|work| make_case(work, &lab.session, draft, stream, at, name))
}

#[test]
fn a_draft_whose_manifest_is_broken_has_its_files_all_the_same() {
    let lab = shop();
    let draft = draft(&lab);
    let names = |told: &HandlerTold| told.files.iter().map(|file| file.name.clone()).collect::<Vec<_>>();
    let whole = told(&draft.reference());
    assert!(whole.problem.is_none() && whole.handler.is_some());
    let own = |told: &HandlerTold| {
        let own = told.files.iter().filter(|file| file.is_own);
        own.map(|file| file.name.clone()).collect::<BTreeSet<_>>()
    };
    let wanted = ["invariants.yaml", "reducer.yaml", "upcasters.yaml"].map(|name| format!("{FOLDER}/{name}"));
    assert_eq!(own(&whole), wanted.into_iter().chain([MANIFEST.to_owned()]).collect());
    write(&draft, MANIFEST, "title = \"", "title = ");
    let broken = told(&draft.reference());
    assert_eq!(names(&broken), names(&whole));
    let problem = broken.problem.unwrap();
    assert_eq!(
        (problem.code.as_str(), problem.file.as_deref()),
        (code::PKG_SYNTAX, Some(MANIFEST))
    );
    let text = fs::read_to_string(draft.package().join(MANIFEST)).unwrap();
    let line = text.lines().position(|line| line.starts_with("title = ")).unwrap() + 1;
    assert_eq!(problem.line as usize, line);
    assert!(broken.further_problems.is_empty(), "{:?}", broken.further_problems);
    assert!(broken.draft.unwrap().has_own_manifest);
}

#[test]
fn what_is_wrong_is_told_of_each_file() {
    let lab = shop();
    let draft = draft(&lab);
    draft
        .add("tests/mine.case.yaml", "refold: case/1\nnonsense: 1\n")
        .unwrap();
    write(
        &draft,
        &format!("{FOLDER}/reducer.yaml"),
        "inc: failedPayments",
        "oops: failedPayments",
    );
    write(&draft, MANIFEST, "draft = true", "draft = false");
    write(&draft, &format!("{FOLDER}/invariants.yaml"), "refold: ", "refold: no ");
    let told = told(&draft.reference());
    let problems: Vec<_> = told.problem.iter().chain(&told.further_problems).collect();
    let files: Vec<_> = problems
        .iter()
        .map(|problem| problem.file.as_deref().unwrap_or_default())
        .collect();
    assert_eq!(
        files,
        [
            MANIFEST,
            &format!("{FOLDER}/reducer.yaml"),
            &format!("{FOLDER}/invariants.yaml"),
            "tests/mine.case.yaml",
        ]
    );
    assert!(problems.iter().all(|problem| problem.line > 0), "{problems:?}");
}

/// What is made of a stream passes as it is, and fails as soon as the draft makes another state.
#[test]
fn a_test_case_of_a_stream_asks_for_the_state_that_there_is() {
    let lab = shop();
    let draft = draft(&lab);
    let made = make(&lab, &draft, "order-4711", "v7", "early").unwrap();
    assert_eq!(
        (made.file.as_str(), made.events, made.replaced, made.has_state),
        ("tests/early.case.yaml", 7, 0, true)
    );
    let cases = made.told.draft.unwrap().cases;
    assert_eq!(
        (cases[0].file.as_str(), cases[0].is_own),
        ("tests/early.case.yaml", true)
    );
    assert!(
        cases.iter().skip(1).all(|case| !case.is_own) && cases.len() > 1,
        "{cases:?}"
    );
    make(&lab, &draft, "order-4711", "head", "whole").unwrap();
    let run = || with_work(|work| crate::usecase::test::test(work, &draft.reference())).unwrap();
    let own = |answer: crate::usecase::test::TestAnswer| {
        let cases = answer.cases.into_iter();
        cases
            .filter(|case| ["tests/early.case.yaml", "tests/whole.case.yaml"].contains(&case.case.as_str()))
            .collect::<Vec<_>>()
    };
    let passed = own(run());
    assert!(passed.len() == 2 && passed.iter().all(|case| case.passed), "{passed:?}");
    // The state as a person corrects it: a member stands on a line of its own.
    write(
        &draft,
        "tests/early.case.yaml",
        "    'failedPayments': 1\n",
        "    'failedPayments': 3\n",
    );
    let failed = own(run());
    let failure = &failed[0].failures[0];
    assert_eq!(
        (failure.path.as_str(), failure.expected.as_str(), failure.found.as_str()),
        ("/failedPayments", "3", "1")
    );
    write(
        &draft,
        &format!("{FOLDER}/reducer.yaml"),
        "inc: failedPayments",
        "add: { failedPayments: 3 }",
    );
    let now = own(run());
    assert_eq!(
        now.iter().map(|case| case.passed).collect::<Vec<_>>(),
        [true, false],
        "{now:?}"
    );
}

#[test]
fn no_test_case_is_made_where_it_would_ask_for_too_little_or_stand_in_the_way() {
    let lab = shop();
    let draft = draft(&lab);
    let files = || fs::read_dir(draft.package().join("tests")).unwrap().count();
    let before = files();
    for name in ["", "..", "../a", "a/b", "happy", "a b", "nul", "handler.toml/x"] {
        assert!(make(&lab, &draft, "order-4711", "head", name).is_err(), "{name}");
    }
    assert!(
        make(&lab, &draft, "no-such-stream", "head", "a").is_err(),
        "there is no such stream"
    );
    let rules = format!("{FOLDER}/reducer.yaml");
    write(
        &draft,
        &rules,
        "inc: failedPayments",
        "set: { failedPayments: 1 / state.failedPayments }",
    );
    let error = make(&lab, &draft, "order-4711", "head", "a").unwrap_err();
    assert!(error.message.contains("fails at v7"), "{error}");
    assert_eq!(files(), before);
    // Before that event nothing is wrong.
    make(&lab, &draft, "order-4711", "v6", "a").unwrap();
}

/// What masking rules hide is in no test case: neither in its events nor in the state.
#[test]
fn a_test_case_holds_nothing_that_is_hidden() {
    let lab = shop();
    let rules = "refold = \"mask/1\"\n[[hide]]\npaths = [\"/sku\", \"/status\"]\n";
    fs::write(lab.folder.path().join("shop/handlers/order/mask.toml"), rules).unwrap();
    let draft = draft(&lab);
    draft.renew().unwrap();
    let made = make(&lab, &draft, "order-4711", "head", "masked").unwrap();
    assert!(made.replaced > 0 && !made.has_state, "{made:?}");
    let text = fs::read_to_string(draft.package().join(&made.file)).unwrap();
    assert!(text.contains("state: {}"), "{text}");
}
