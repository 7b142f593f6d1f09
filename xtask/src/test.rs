//! `cargo xtask test`: every check, in the order in which a mistake shows soonest.

use crate::programs::{Build, cargo, suite_of_tests};
use crate::step::Steps;
use crate::surroundings::Surroundings;
use crate::{Outcome, bundle, interface, js_engine, libraries, modules, system};

type Part = fn(&mut Steps) -> Outcome;

/// The parts that can be asked for by name; without a name all of them run.
const PARTS: [(&str, Part); 9] = [
    ("format", format),
    ("interface", check_interface),
    ("lint", lint),
    ("unit", unit),
    ("engine", js_engine::check),
    ("modules", modules::check),
    ("libraries", libraries::test),
    ("window", window),
    ("bundle", |steps| bundle::make(steps, Build::Tested, "deb").map(drop)),
];

pub fn run(arguments: &[String]) -> Outcome {
    if let Some(unknown) = arguments
        .iter()
        .find(|asked| PARTS.iter().all(|(name, _)| name != asked))
    {
        let names = PARTS.map(|(name, _)| name).join(", ");
        return Err(format!("there is no part with this name, only {names}: {unknown}"));
    }
    let mut steps = Steps::default();
    let mut fault = system::need(&[system::WINDOW, system::SCREENLESS, system::TESTS, system::BUNDLES]).err();
    for (name, part) in PARTS {
        if arguments.is_empty() || arguments.iter().any(|asked| asked == name) {
            // A part that cannot go on leaves the others to be run: they may say why.
            if let Err(sentence) = part(&mut steps) {
                eprintln!("xtask: {name}: {sentence}");
                fault = fault.or(Some(sentence));
            }
        }
    }
    steps.print();
    let mut total = steps.total();
    if fault.is_some() && total.failed == 0 {
        total.failed = 1;
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    match (total.failed, fault) {
        (0, None) => Ok(()),
        (_, Some(sentence)) => Err(sentence),
        (_, None) => Err("not every check passed".to_owned()),
    }
}

fn format(steps: &mut Steps) -> Outcome {
    steps.run("format", cargo(&["fmt", "--all", "--check"])).map(drop)
}

/// The interface is built here too, because the window embeds it.
fn check_interface(steps: &mut Steps) -> Outcome {
    interface::install(steps)?;
    steps.run("interface: types and rules", interface::npm(&["run", "check"]))?;
    steps.run_tests("interface: tests", interface::npm(&["test"]))?;
    interface::build(steps)?;
    interface::weigh(steps)
}

fn lint(steps: &mut Steps) -> Outcome {
    let mut command = cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        // The tests behind features too: what no lint compiles breaks unseen.
        "refold-desktop/window,refold-tests/e2e,refold-tests/libraries",
    ]);
    command.args(["--", "--deny", "warnings"]);
    steps.run("clippy", command).map(drop)
}

fn unit(steps: &mut Steps) -> Outcome {
    let command = cargo(&[
        "test",
        "--workspace",
        "--features",
        "refold-desktop/window",
        "--no-fail-fast",
    ]);
    steps.run_tests("tests", command).map(drop)
}

/// The real window, driven through WebDriver on a virtual screen.
fn window(steps: &mut Steps) -> Outcome {
    window_where(steps, None)
}

/// As [`window`], only the tests with this text in their names.
pub fn window_where(steps: &mut Steps, only: Option<&str>) -> Outcome {
    interface::install(steps)?;
    interface::build(steps)?;
    let surroundings = Surroundings::set(steps, Build::Tested)?;
    let mut command = suite_of_tests("e2e");
    command.args(only);
    surroundings.show(&mut command);
    steps.run_tests("the window, driven", command).map(drop)
}
