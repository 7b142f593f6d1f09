//! What a worker is asked and what it answers, byte by byte. Numbers have their least byte first; a part is its length in
//! 32 bits and its bytes. Of an answer nothing is believed that does not hold together.

use refold_core::port::handler::HandlerFault;

use crate::error::{code, known};
use crate::limits::GuestLimits;
use crate::undo::Folded;

/// What stands before every frame: how many bytes it has.
pub const LENGTH_BYTES: usize = 4;
/// Room that is kept for the next frame; what one needed beyond is let go of.
pub const KEPT_BYTES: usize = 1 << 20;
/// The message of a fault, and its place, are cut there: a handler may throw whatever it can hold.
const SAID_BYTES: usize = 64 << 10;

/// Which walls are up: what a worker says first, before it is sent anything.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub const HELLO: u8 = b'R';
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub const HAS_LANDLOCK: u8 = 1;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub const HAS_FILTER: u8 = 2;

/// The first byte of a request.
pub mod ask {
    /// Loads a script.
    pub const SCRIPT: u8 = 1;
    /// Loads a module.
    pub const MODULE: u8 = 2;
    /// Compiles a module.
    pub const COMPILE: u8 = 3;
    /// Takes the types out of a script.
    pub const STRIP: u8 = 4;
    /// Folds events, and says what became of the state.
    pub const FOLD: u8 = 5;
    /// Asks a guest beside its folds.
    pub const ASIDE: u8 = 6;
    /// Tries the walls from inside.
    #[cfg(test)]
    pub const DOOR: u8 = 250;
}

/// The first byte of an answer.
pub mod status {
    pub const DONE: u8 = 0;
    pub const FAULT: u8 = 1;
}

/// What is to be said of the state after events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Nothing,
    /// As JSON, after the last.
    State,
    /// As the guest saves it, after the last.
    Saved,
    /// As JSON, after each.
    Each,
}

impl Wish {
    pub fn number(self) -> u8 {
        match self {
            Wish::Nothing => 0,
            Wish::State => 1,
            Wish::Saved => 2,
            Wish::Each => 3,
        }
    }

    pub fn of(number: u8) -> Option<Wish> {
        [Wish::Nothing, Wish::State, Wish::Saved, Wish::Each]
            .into_iter()
            .find(|wish| wish.number() == number)
    }
}

/// What of an outcome says that more follows it.
pub const HAS_RECORDED: u8 = 0x80;
pub const OUTCOME: u8 = 0x7f;

pub fn outcome_number(folded: Folded) -> u8 {
    match folded {
        Folded::Done => 0,
        Folded::Repeated => 1,
        Folded::Ignored => 2,
        Folded::Unknown => 3,
        Folded::Unread => 4,
    }
}

pub fn outcome_of(number: u8) -> Option<Folded> {
    [
        Folded::Done,
        Folded::Repeated,
        Folded::Ignored,
        Folded::Unknown,
        Folded::Unread,
    ]
    .into_iter()
    .find(|folded| outcome_number(*folded) == number)
}

/// What follows the events of an answer.
pub mod tail {
    pub const NOTHING: u8 = 0;
    /// What was wished for.
    pub const WISHED: u8 = 1;
    /// What was wished for could not be had.
    pub const NOT_HAD: u8 = 2;
    /// The next event failed.
    pub const EVENT_FAILED: u8 = 3;
}

/// A part longer than its length can say is said to be too long, and nobody reads it: limits are below it.
pub fn put_part(out: &mut Vec<u8>, part: &[u8]) {
    put_number(out, u32::try_from(part.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(part);
}

pub fn put_number(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}

/// Lets `write` write a part after what `out` holds, whose length is known afterwards.
pub fn put_part_of<T>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let start = out.len();
    put_number(out, 0);
    let written = write(out);
    set_length(out, start);
    written
}

/// Sets the length that stands at a place to that of what follows it.
pub fn set_length(out: &mut [u8], at: usize) {
    let length = out.len().saturating_sub(at + LENGTH_BYTES);
    let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    if let Some(place) = out.get_mut(at..at + LENGTH_BYTES) {
        place.copy_from_slice(&length);
    }
}

pub fn put_fault(out: &mut Vec<u8>, fault: &HandlerFault) {
    put_part(out, fault.code.as_bytes());
    put_part(out, cut(&fault.message).as_bytes());
    out.push(fault.place.is_some().into());
    put_part(out, cut(fault.place.as_deref().unwrap_or_default()).as_bytes());
}

fn cut(text: &str) -> &str {
    let ends = (0..=SAID_BYTES.min(text.len())).rev();
    let end = ends.into_iter().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

/// No bytes, in the room that is kept for more.
pub fn emptied(bytes: &mut Vec<u8>) -> &mut Vec<u8> {
    bytes.clear();
    bytes.shrink_to(KEPT_BYTES);
    bytes
}

pub fn put_limits(out: &mut Vec<u8>, limits: &GuestLimits) {
    let GuestLimits {
        fuel,
        load_fuel,
        memory_bytes,
        state_bytes,
        depth,
        output_events,
        payload_bytes,
        wall_millis,
    } = *limits;
    let sizes = [memory_bytes, state_bytes, depth, output_events, payload_bytes].map(|size| size as u64);
    for number in [fuel, load_fuel, wall_millis].into_iter().chain(sizes) {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// A frame that is read from its beginning. `None` of any of its calls: it does not hold together.
pub struct Reading<'f>(pub &'f [u8]);

impl<'f> Reading<'f> {
    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    pub fn long(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    pub fn part(&mut self) -> Option<&'f [u8]> {
        let length = self.number()?;
        let (part, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        Some(part)
    }

    fn text(&mut self) -> Option<&'f str> {
        let text = self.part().filter(|text| text.len() <= SAID_BYTES)?;
        std::str::from_utf8(text).ok()
    }

    /// A fault has one of the codes that guests may end with.
    pub fn fault(&mut self) -> Option<HandlerFault> {
        let code = known(self.text()?)?;
        let message = self.text()?.to_owned();
        let has_place = self.byte()?;
        let place = self.text()?;
        Some(HandlerFault {
            code,
            message,
            place: (has_place == 1).then(|| place.to_owned()),
        })
    }

    pub fn limits(&mut self) -> Option<GuestLimits> {
        let (fuel, load_fuel, wall_millis) = (self.long()?, self.long()?, self.long()?);
        let mut size = || usize::try_from(self.long()?).ok();
        Some(GuestLimits {
            fuel,
            load_fuel,
            wall_millis,
            memory_bytes: size()?,
            state_bytes: size()?,
            depth: size()?,
            output_events: size()?,
            payload_bytes: size()?,
        })
    }

    pub fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// The fault of a worker that answered something else than it was asked.
pub fn odd(what: &str) -> HandlerFault {
    crate::error::fault(
        code::ENGINE_PROTOCOL,
        format!(
            "the process that runs the handler answered {what}, and was ended: either Refold has a fault, or the handler \
             broke out of its engine; look at where it is from, and report it"
        ),
    )
}
