//! The budget of one event.

use refold_core::value::{Redacted, Value};

use crate::limits::Limits;

/// Counts down what an event may use. Begun anew for each event.
#[derive(Debug, Clone, Copy)]
pub struct Meter {
    steps_left: u32,
    bytes_left: usize,
}

/// Which budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhausted {
    Steps,
    Memory,
}

impl Meter {
    pub fn new(limits: &Limits) -> Meter {
        Meter {
            steps_left: limits.steps,
            bytes_left: limits.memory_bytes,
        }
    }

    #[inline]
    pub fn step(&mut self) -> Result<(), Exhausted> {
        self.steps(1)
    }

    #[inline]
    pub fn steps(&mut self, count: usize) -> Result<(), Exhausted> {
        match u32::try_from(count)
            .ok()
            .and_then(|count| self.steps_left.checked_sub(count))
        {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(Exhausted::Steps),
        }
    }

    /// Work on text: a step for each begun 64 bytes.
    pub fn text_steps(&mut self, byte_count: usize) -> Result<(), Exhausted> {
        self.steps(byte_count / 64 + 1)
    }

    pub fn allocate(&mut self, byte_count: usize) -> Result<(), Exhausted> {
        match self.bytes_left.checked_sub(byte_count) {
            Some(left) => {
                self.bytes_left = left;
                Ok(())
            }
            None => Err(Exhausted::Memory),
        }
    }
}

/// The size of a value as compact JSON, about: escapes are not counted. `None` when it passes `most` bytes or nests
/// deeper than `levels`; the walk ends there, so that a value which shares its parts many times costs no more than that.
pub fn measured(value: &Value, most: usize, levels: usize) -> Result<usize, TooBig> {
    let mut size = 0;
    add_size(value, most, levels, &mut size)?;
    Ok(size)
}

/// What [`measured`] gives for a value that has nothing in it.
#[inline(always)]
pub fn scalar_size(value: &Value) -> Option<usize> {
    match value {
        Value::Null | Value::Bool(_) => Some(4),
        Value::Number(number) => Some(super::number::literal_length(number)),
        Value::Text(text) => Some(text.byte_len() + 2),
        Value::Redacted(_) => Some(Redacted::SHOWN.len() + 2),
        Value::Array(_) | Value::Object(_) | Value::Repeated(_) => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooBig {
    Size,
    Depth,
}

fn add_size(value: &Value, most: usize, levels: usize, size: &mut usize) -> Result<(), TooBig> {
    *size += scalar_size(value).unwrap_or(2);
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Redacted(_) => {}
        // An object's member that is repeated nests no deeper than one that is not.
        Value::Repeated(values) => {
            for value in values.iter() {
                add_size(value, most, levels, size)?;
            }
        }
        Value::Array(values) => {
            let levels = levels.checked_sub(1).ok_or(TooBig::Depth)?;
            for value in values.iter() {
                *size += 1;
                add_size(value, most, levels, size)?;
            }
        }
        Value::Object(members) => {
            let levels = levels.checked_sub(1).ok_or(TooBig::Depth)?;
            for (key, value) in members.iter() {
                *size += key.byte_len() + 4;
                match scalar_size(value) {
                    // Most members have nothing in them: no call for these.
                    Some(own) => {
                        *size += own;
                        if *size > most {
                            return Err(TooBig::Size);
                        }
                    }
                    None => add_size(value, most, levels, size)?,
                }
            }
        }
    }
    if *size > most { Err(TooBig::Size) } else { Ok(()) }
}
