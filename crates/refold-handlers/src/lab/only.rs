//! A program that folds the streams of one category and passes by all others.

use std::sync::Arc;

use refold_core::event::{Columns, EventView};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{
    Applied, Checkpoint, Coming, HandlerFault, HandlerIdentity, HandlerInstance, HandlerProgram, StatesAsked, Untold,
    Written,
};
use refold_core::value::Value;

#[cfg(test)]
mod tests;

/// See the module. Its identity is that of the program it passes events on to.
pub struct OnlyCategory {
    program: Arc<dyn HandlerProgram>,
    category: Arc<[u8]>,
}

impl OnlyCategory {
    pub fn new(program: Arc<dyn HandlerProgram>, category: &[u8]) -> OnlyCategory {
        OnlyCategory {
            program,
            category: category.into(),
        }
    }
}

impl HandlerProgram for OnlyCategory {
    fn identity(&self) -> &HandlerIdentity {
        self.program.identity()
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(OnlyCategoryInstance {
            inner: self.program.start(),
            category: Arc::clone(&self.category),
        })
    }

    fn columns(&self) -> Columns {
        self.program.columns()
    }

    fn events_ahead(&self) -> usize {
        self.program.events_ahead()
    }

    fn array_keys(&self) -> &[(String, String)] {
        self.program.array_keys()
    }
}

struct OnlyCategoryInstance {
    inner: Box<dyn HandlerInstance>,
    category: Arc<[u8]>,
}

impl HandlerInstance for OnlyCategoryInstance {
    fn reset(&mut self) {
        self.inner.reset();
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        if names.category(event.stream) == &*self.category {
            self.inner.apply(event, names, written)
        } else {
            Ok(Applied::Ignored)
        }
    }

    fn look_ahead<'e>(&mut self, coming: &mut dyn Iterator<Item = EventView<'e>>, names: &Names, asked: StatesAsked) {
        let mut own = coming.filter(|event| names.category(event.stream) == &*self.category);
        self.inner.look_ahead(&mut own, names, asked);
    }

    fn look_ahead_over<'e>(&mut self, coming: &mut dyn Iterator<Item = Coming<'e>>, names: &Names) {
        let is_own = |next: &Coming<'e>| match next {
            Coming::Event(event) => names.category(event.stream) == &*self.category,
            _ => true,
        };
        let mut own = coming.filter(is_own);
        self.inner.look_ahead_over(&mut own, names);
    }

    fn repeated_keys(&self) -> &[Pointer] {
        self.inner.repeated_keys()
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        self.inner.state()
    }

    fn tells_late(&self) -> bool {
        self.inner.tells_late()
    }

    fn is_told(&self) -> bool {
        self.inner.is_told()
    }

    fn take_untold(&mut self) -> Option<Untold> {
        self.inner.take_untold()
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        self.inner.checkpoint()
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        self.inner.restore(checkpoint)
    }
}
