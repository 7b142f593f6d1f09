//! Who reads which range, and when each can be folded.
//!
//! Every thread folds every range, in order; a range is read by a thread whose next one is not there yet. It must not
//! know what is in a range.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Ranges for each thread that are read or being read and not yet folded by all. It bounds the memory, and a thread
/// that is behind has reading of others to catch up with.
const AHEAD_A_THREAD: usize = 3;

pub struct Relay<R> {
    range_count: usize,
    course: Mutex<Course<R>>,
    changed: Condvar,
}

/// What a thread does next.
pub enum Task<R> {
    /// Read the range of this number into that.
    Read(usize, R),
    /// Fold the range that was asked for, drop it, and say so.
    Fold(Arc<R>),
}

struct Course<R> {
    /// The first range that some thread has not folded.
    first: usize,
    /// The first range that nobody began to read.
    next_read: usize,
    /// From `first` on; `None` while it is read.
    ranges: VecDeque<Option<Ready<R>>>,
    /// For their memory.
    spare: Vec<R>,
    is_stopped: bool,
}

struct Ready<R> {
    range: Arc<R>,
    /// So many threads folded it.
    folded: usize,
}

impl<R: Default> Relay<R> {
    pub fn new(range_count: usize) -> Relay<R> {
        Relay {
            range_count,
            course: Mutex::new(Course {
                first: 0,
                next_read: 0,
                ranges: VecDeque::new(),
                spare: Vec::new(),
                is_stopped: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// What one of `threads` threads does that has folded all ranges before `next`; waits until there is something.
    /// `None`: it folded all, or all stopped.
    pub fn next(&self, next: usize, threads: usize) -> Option<Task<R>> {
        let mut course = self.lock();
        loop {
            if course.is_stopped || next >= self.range_count {
                return None;
            }
            let at = next - course.first; // nobody is behind the first
            if let Some(Some(ready)) = course.ranges.get(at) {
                return Some(Task::Fold(Arc::clone(&ready.range)));
            }
            let number = course.next_read;
            if number < self.range_count && course.ranges.len() < threads.saturating_mul(AHEAD_A_THREAD) {
                course.next_read += 1;
                course.ranges.push_back(None);
                let range = course.spare.pop().unwrap_or_default();
                return Some(Task::Read(number, range));
            }
            course = self.changed.wait(course).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A range that was read.
    pub fn put(&self, number: usize, range: R) {
        let mut course = self.lock();
        let at = number - course.first; // nobody folded it yet
        if let Some(place) = course.ranges.get_mut(at) {
            *place = Some(Ready {
                range: Arc::new(range),
                folded: 0,
            });
        }
        drop(course);
        self.changed.notify_all();
    }

    /// One of `threads` threads has folded a range and holds it no longer.
    pub fn folded(&self, number: usize, threads: usize) {
        let mut course = self.lock();
        let at = number - course.first; // this thread had not folded it yet
        if let Some(Some(ready)) = course.ranges.get_mut(at) {
            ready.folded += 1;
        }
        // Every thread folds in order, so the first is over before any other.
        let is_over = |ready: &Option<Ready<R>>| ready.as_ref().is_some_and(|ready| ready.folded == threads);
        if course.ranges.front().is_some_and(is_over) {
            let over = course.ranges.pop_front().flatten();
            course.spare.extend(over.and_then(|ready| Arc::into_inner(ready.range)));
            course.first += 1;
            drop(course);
            self.changed.notify_all();
        }
    }

    /// Waits until every range was folded by every thread; `false` when all stopped before.
    pub fn is_all_folded(&self) -> bool {
        let mut course = self.lock();
        while !course.is_stopped && course.first < self.range_count {
            course = self.changed.wait(course).unwrap_or_else(PoisonError::into_inner);
        }
        course.first >= self.range_count
    }

    /// Wakes everybody who waits for what will not come.
    pub fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Course<R>> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stops the relay when it is dropped: a thread that ended folds no more, and where it had folded all nobody waits.
pub struct StopAtEnd<'a, R: Default>(pub &'a Relay<R>);

impl<R: Default> Drop for StopAtEnd<'_, R> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

#[cfg(test)]
mod tests;
