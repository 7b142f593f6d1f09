//! Copying on write, cheaper than the standard library does it.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

/// What `shared` points to, to be changed: a copy of it when others share it. As [`Arc::make_mut`], without its two
/// locked instructions where nobody does, which a fold would pay at every level of every write. For pointers that have
/// no weak ones, which nothing of this crate makes.
#[inline(always)]
pub fn unshared<T: Clone>(shared: &mut Arc<T>) -> &mut T {
    debug_assert_eq!(Arc::weak_count(shared), 0);
    if Arc::strong_count(shared) != 1 {
        return Arc::make_mut(shared);
    }
    // What others did with it before they let go of it happened before what is done with it now.
    fence(Ordering::Acquire);
    // SAFETY: this is the only pointer to the value: there is one strong one and no weak one, and as it is borrowed
    // mutably nobody can clone it for as long as the answer lives.
    unsafe { &mut *Arc::as_ptr(shared).cast_mut() }
}
