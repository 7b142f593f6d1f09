use super::*;

#[track_caller]
fn check(output: &str, passed: u64, failed: u64) {
    let mut tally = Tally::default();
    output.lines().for_each(|line| count_line(line, &mut tally));
    assert_eq!(tally, Tally { passed, failed }, "{output}");
}

#[test]
fn summaries_of_both_runners_are_counted() {
    check(
        "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.01s",
        12,
        0,
    );
    check(
        "test result: FAILED. 10 passed; 2 failed; 0 ignored\ntest result: ok. 5 passed; 0 failed; 0 ignored",
        15,
        2,
    );
    check("      Tests  48 passed (48)", 48, 0);
    check("      Tests  1 failed | 11 passed (12)", 11, 1);
    check(" Test Files  9 passed (9)\nrunning 3 tests\ntest a ... ok", 0, 0);
}

#[test]
fn a_run_without_a_test_or_with_a_bad_end_has_failed() {
    let none = Tally::default();
    let some = Tally { passed: 3, failed: 0 };
    assert_eq!(tally_from_outcome(none, true, true), Tally { passed: 0, failed: 1 });
    assert_eq!(tally_from_outcome(some, true, false), Tally { passed: 3, failed: 1 });
    assert_eq!(tally_from_outcome(some, true, true), some);
    assert_eq!(tally_from_outcome(none, false, true), Tally { passed: 1, failed: 0 });
    assert_eq!(tally_from_outcome(none, false, false), Tally { passed: 0, failed: 1 });
}

#[test]
fn what_failed_is_said_again_by_the_lines_that_say_it() {
    let output = "\
running 2 tests
test a::errors_are_told ... ok
test a::b ... FAILED
   Compiling proc-macro-error v1.0.4
error: could not compile `refold` (lib) due to 1 previous error
  = note: ld: final link failed: No space left on device
 FAIL  src/list/grid.test.ts > follows the bar
error[E0277]: `?` could not convert";
    let mut faults = Vec::new();
    output.lines().for_each(|line| note_fault(line, &mut faults));
    let expected = [
        "test a::b ... FAILED",
        "error: could not compile `refold` (lib) due to 1 previous error",
        "= note: ld: final link failed: No space left on device",
        "FAIL  src/list/grid.test.ts > follows the bar",
        "error[E0277]: `?` could not convert",
    ];
    assert_eq!(faults, expected);
}

/// What it starts goes on and holds its pipes, as long as this test does: a step that waited for it would never end.
#[cfg(unix)]
#[test]
fn a_step_ends_with_its_program_and_loses_no_line_of_it() {
    let mut steps = Steps::default();
    let script = format!(
        "while kill -0 {}; do sleep 0.1; done &
         echo 'error: it could not be done'
         exit 1",
        std::process::id()
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]);
    assert_eq!(steps.run("leaves something behind", command), Ok(false));
    assert_eq!(steps.done[0].faults, ["error: it could not be done"]);
}
