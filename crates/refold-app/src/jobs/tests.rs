use proptest::prelude::*;

use super::*;
use crate::error::ErrorCode;
use crate::wire::PhaseWire;

#[test]
fn the_first_update_names_the_job_and_the_last_one_arrives() {
    let seen = Mutex::new(Vec::new());
    let jobs = Jobs::default();
    let answer = jobs.run("test", 0, &|update| seen.lock().unwrap().push(update), |work| {
        for done in 1..=1000 {
            work.tick(Phase::CountingEvents, done, Some(1000))?;
        }
        Ok(thread::current().name().map(str::to_owned))
    });
    assert_eq!(answer.unwrap().as_deref(), Some("test"));
    let seen = seen.into_inner().unwrap();
    assert_eq!((seen[0].job, seen[0].phase), (1, Some(PhaseWire::Starting)));
    assert_eq!(
        (seen.last().unwrap().done, seen.last().unwrap().total),
        (1000, Some(1000))
    );
    assert!(seen.len() < 1000);
}

#[test]
fn a_job_is_cancelled_by_its_number_and_by_its_owner() {
    let jobs = Jobs::default();
    for by_owner in [false, true] {
        let stop = |update: JobUpdate| {
            if by_owner {
                jobs.cancel_of(9)
            } else {
                jobs.cancel(update.job)
            }
        };
        let outcome = jobs.run("test", 9, &stop, |work| {
            loop {
                work.tick(Phase::ReadingEvents, 0, None)?;
            }
            #[expect(unreachable_code, reason = "names the type of the answer")]
            Ok(())
        });
        assert_eq!(outcome.unwrap_err().code, ErrorCode::Cancelled);
    }
    assert!(jobs.lock().is_empty());
}

#[test]
fn a_panic_is_a_failure_and_not_the_end() {
    let jobs = Jobs::default();
    let outcome = jobs.run("test", 0, &|_| {}, |_| -> Result<(), AppError> { panic!("on purpose") });
    let error = outcome.unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal);
    assert!(error.message.contains("on purpose"));
    assert_eq!(jobs.run("test", 0, &|_| {}, |_| Ok(1)).unwrap(), 1);
}

proptest! {
    /// Whatever is counted, what crosses is it but for what is lost by halving, and no more is halved than must be.
    #[test]
    fn a_count_of_any_size_crosses(total in any::<u64>(), shift in 0..64_u32, part in 0..=1_000_u64, has_total: bool) {
        let total = total >> shift;
        let done = u64::try_from(u128::from(total) * u128::from(part) / 1_000).unwrap();
        let told = JobUpdate::of(7, Phase::ReadingTheFile, done, has_total.then_some(total));
        let most = if has_total { total } else { done };
        prop_assert_eq!(told.doublings == 0, most <= u64::from(u32::MAX));
        for (count, said) in [(done, Some(told.done)), (total, told.total)] {
            let Some(said) = said else { continue };
            let doubled = u64::from(said) << told.doublings;
            prop_assert!(doubled <= count && count - doubled < 1 << told.doublings, "{} for {}", doubled, count);
        }
        if told.doublings > 0 {
            prop_assert!(most >> (told.doublings - 1) > u64::from(u32::MAX), "no more is halved than must be");
        }
    }
}
