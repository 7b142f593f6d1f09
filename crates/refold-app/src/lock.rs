//! Mutexes of what stays right when somebody fell over in the middle: every change to it is whole in itself.
//!
//! What may be half changed then (a fold) looks for itself whether its mutex is poisoned.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for the mutex, whoever fell over while holding it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
