//! Pieces of work that several threads do, and whose results one thread takes in their order.
//!
//! It must not know what a piece is. It bounds how far the threads run ahead, and with that the memory of results.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::error::AppError;

/// Pieces for each thread that are being made or wait to be taken.
const AHEAD_A_THREAD: usize = 3;

struct Course<T> {
    /// The first piece that nobody began.
    next: usize,
    /// Pieces that were taken.
    taken: usize,
    made: BTreeMap<usize, Result<T, AppError>>,
    is_over: bool,
}

struct Line<T> {
    count: usize,
    most_ahead: usize,
    course: Mutex<Course<T>>,
    changed: Condvar,
}

/// Makes the pieces from 0 to `count` by so many threads besides this one, which takes each when those before it were
/// taken. The first failure in that order is the outcome, and nothing is taken after it.
pub fn in_order<T: Send>(
    threads: usize,
    count: usize,
    make: impl Fn(usize) -> Result<T, AppError> + Sync,
    mut take: impl FnMut(T) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let line = &Line {
        count,
        most_ahead: threads.max(1).saturating_mul(AHEAD_A_THREAD),
        course: Mutex::new(Course {
            next: 0,
            taken: 0,
            made: BTreeMap::new(),
            is_over: false,
        }),
        changed: Condvar::new(),
    };
    let make = &make;
    thread::scope(|scope| {
        // However this ends, nobody waits for a place in the line.
        let _over = OverAtEnd(line);
        let started = (0..threads.min(count)).filter(|number| {
            let named = thread::Builder::new().name(format!("pieces-{number}"));
            let run = move || {
                let _over = OverAtPanic(line);
                while let Some(number) = line.begin() {
                    line.put(number, make(number));
                }
            };
            named.spawn_scoped(scope, run).is_ok()
        });
        let is_alone = started.count() == 0;
        for number in 0..count {
            let made = if is_alone {
                Some(make(number))
            } else {
                line.take(number)
            };
            // Nothing comes of a thread that panicked: the scope passes its panic on.
            let Some(made) = made else { return Ok(()) };
            take(made?)?;
        }
        Ok(())
    })
}

impl<T> Line<T> {
    /// The piece that a thread makes next, when there is room for it.
    fn begin(&self) -> Option<usize> {
        let mut course = self.lock();
        while !course.is_over && course.next < self.count && course.next - course.taken >= self.most_ahead {
            course = self.changed.wait(course).unwrap_or_else(PoisonError::into_inner);
        }
        let number = course.next;
        course.next += 1;
        (!course.is_over && number < self.count).then_some(number)
    }

    fn put(&self, number: usize, made: Result<T, AppError>) {
        self.lock().made.insert(number, made);
        self.changed.notify_all();
    }

    /// Waits for a piece; `None`: it never comes.
    fn take(&self, number: usize) -> Option<Result<T, AppError>> {
        let mut course = self.lock();
        loop {
            if let Some(made) = course.made.remove(&number) {
                course.taken += 1;
                self.changed.notify_all();
                return Some(made);
            }
            if course.is_over {
                return None;
            }
            course = self.changed.wait(course).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn end(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Course<T>> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct OverAtEnd<'a, T>(&'a Line<T>);

impl<T> Drop for OverAtEnd<'_, T> {
    fn drop(&mut self) {
        self.0.end();
    }
}

struct OverAtPanic<'a, T>(&'a Line<T>);

impl<T> Drop for OverAtPanic<'_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn everything_is_taken_once_and_in_order_and_nobody_runs_far_ahead() {
        for (threads, count) in [(0, 5), (1, 40), (3, 0), (3, 2), (4, 500)] {
            let (made, mut taken) = (AtomicUsize::new(0), Vec::new());
            let make = |number| {
                made.fetch_add(1, Ordering::SeqCst);
                Ok(number)
            };
            in_order(threads, count, make, |number| {
                let ahead = made.load(Ordering::SeqCst) - taken.len();
                assert!(
                    ahead <= threads.max(1) * AHEAD_A_THREAD + 1,
                    "{ahead} ahead of {threads}"
                );
                taken.push(number);
                Ok(())
            })
            .unwrap();
            assert_eq!(taken, (0..count).collect::<Vec<_>>(), "{threads} threads");
        }
    }

    #[test]
    fn the_first_failure_in_order_is_the_outcome() {
        let failed = |number: usize| AppError::invalid(format!("piece {number}"), "nothing");
        for threads in [0, 1, 3] {
            let mut taken = Vec::new();
            let make = |number| if number >= 20 { Err(failed(number)) } else { Ok(number) };
            let outcome = in_order(threads, 100, make, |number| {
                taken.push(number);
                Ok(())
            });
            assert_eq!(outcome.unwrap_err().message, "piece 20");
            assert_eq!(taken, (0..20).collect::<Vec<_>>());
            let outcome = in_order(
                threads,
                100,
                Ok,
                |number| if number == 7 { Err(failed(number)) } else { Ok(()) },
            );
            assert_eq!(outcome.unwrap_err().message, "piece 7");
        }
    }

    #[test]
    fn a_panic_is_passed_on() {
        let make = |number| {
            if number == 5 {
                panic!("piece {number}")
            } else {
                Ok(number)
            }
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| in_order(2, 50, make, |_| Ok(()))));
        assert!(outcome.is_err());
    }
}
