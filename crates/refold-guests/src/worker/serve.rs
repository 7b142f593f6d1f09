//! What a worker does with what it is asked: it loads a handler, and has guests of it by number.
//!
//! It does nothing that it is not asked for, and knows neither files nor descriptors. Where there are no workers, the
//! same is done in the process of whoever asks.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use refold_core::count::counted;
use refold_core::port::handler::HandlerFault;
use refold_core::time::Timestamp;

use super::frame::{self, HAS_RECORDED, Reading, Wish, ask, emptied, put_number, put_part, put_part_of, status, tail};
use crate::error::{code, fault};
use crate::hosted::Hosted;
use crate::js::{self, Dialect, Language, Script};
use crate::limits::GuestLimits;
use crate::undo::Folded;
use crate::{wasm, worker};

/// An answer ends where it has so much, or took so long: the rest is asked again. No state hangs on where that is.
const ANSWER_BYTES: usize = 1 << 20;
/// It is less than who asked waits for it once it was cancelled.
const ANSWER_WITHIN: Duration = Duration::from_millis(40);

/// See the module.
#[derive(Default)]
pub struct Server {
    loaded: Option<(Box<dyn Host>, GuestLimits)>,
    guests: HashMap<u32, Box<dyn Hosted>>,
}

/// Where an answer is long enough.
struct Enough {
    bytes: usize,
    begun: Instant,
}

impl Enough {
    fn is_in(&self, out: &[u8]) -> bool {
        out.len() > self.bytes || self.begun.elapsed() > ANSWER_WITHIN
    }
}

/// A handler that was loaded, where it runs.
pub trait Host: Send {
    fn guest(&self) -> Result<Box<dyn Hosted>, HandlerFault>;
}

/// What is said of a handler when it is loaded, and of its state before the first event.
pub struct About {
    pub about: Vec<u8>,
    pub state: Vec<u8>,
    pub saved: Vec<u8>,
}

impl Server {
    /// Answers a request. `None`: it does not hold together, which no request of ours does.
    pub fn answer(&mut self, request: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let mut reading = Reading(request);
        let start = out.len();
        let answered = match reading.byte()? {
            ask::SCRIPT => {
                let limits = reading.limits()?;
                let dialect = Dialect::of(reading.byte()?)?;
                let language = Language::of(reading.byte()?)?;
                let file = std::str::from_utf8(reading.part()?).ok()?.to_owned();
                let source = std::str::from_utf8(reading.part()?).ok()?.to_owned();
                let script = Script {
                    file,
                    source,
                    language,
                    dialect,
                };
                let loaded = js::host(reading.0, script, limits);
                self.load(loaded, limits, out)
            }
            ask::MODULE => {
                let limits = reading.limits()?;
                let loaded = wasm::host(reading.0, limits);
                self.load(loaded, limits, out)
            }
            ask::COMPILE => wasm::compile(reading.0).map(|code| {
                out.push(status::DONE);
                out.extend_from_slice(&code);
            }),
            ask::STRIP => {
                let limits = reading.limits()?;
                let source = std::str::from_utf8(reading.part()?).ok()?;
                js::without_types(reading.0, source, &limits).map(|source| {
                    out.push(status::DONE);
                    out.extend_from_slice(source.as_bytes());
                })
            }
            ask::FOLD => {
                self.forget(&mut reading)?;
                return self.fold(&mut reading, out);
            }
            ask::ASIDE => {
                self.forget(&mut reading)?;
                let (guest, number) = (reading.number()?, reading.number()?);
                let time = Timestamp(reading.long()?.cast_signed());
                self.aside(guest, number, reading.0, time, out)
            }
            #[cfg(test)]
            ask::DOOR => {
                out.push(status::DONE);
                super::door::tried(reading.byte()?, out);
                Ok(())
            }
            _ => return None,
        };
        if let Err(fault) = answered {
            fail(out, start, &fault);
        }
        Some(())
    }

    fn load(
        &mut self,
        loaded: Result<(Box<dyn Host>, About), HandlerFault>,
        limits: GuestLimits,
        out: &mut Vec<u8>,
    ) -> Result<(), HandlerFault> {
        let (host, about) = loaded?;
        self.loaded = Some((host, limits));
        out.push(status::DONE);
        for part in [about.about, about.state, about.saved] {
            put_part(out, &part);
        }
        Ok(())
    }

    /// Lets go of guests that nobody asks any more.
    fn forget(&mut self, reading: &mut Reading<'_>) -> Option<()> {
        for _ in 0..reading.number()? {
            self.guests.remove(&reading.number()?);
        }
        Some(())
    }

    fn guest(&mut self, number: u32) -> Result<&mut Box<dyn Hosted>, HandlerFault> {
        match self.guests.entry(number) {
            std::collections::hash_map::Entry::Occupied(guest) => Ok(guest.into_mut()),
            std::collections::hash_map::Entry::Vacant(place) => match &self.loaded {
                Some((loaded, _)) => match loaded.guest() {
                    Ok(guest) => Ok(place.insert(guest)),
                    // It was loaded once already, so there is no memory left.
                    Err(fault) if fault.code == code::ENGINE => Err(worker::give_up(fault)),
                    Err(fault) => Err(fault),
                },
                None => Err(frame::odd("before it had a handler")),
            },
        }
    }

    /// Folds one fold after the other, up to the first that does not come to its end. A guest that failed at anything is
    /// let go of: what is asked of it next begins with a saved state.
    fn fold(&mut self, reading: &mut Reading<'_>, out: &mut Vec<u8>) -> Option<()> {
        let start = out.len();
        let number = reading.number()?;
        let folds = reading.number()?;
        let enough = Enough {
            bytes: start + ANSWER_BYTES,
            begun: Instant::now(),
        };
        out.push(status::DONE);
        for place in 0..folds {
            match self.fold_one(number, reading, &enough, out)? {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) => {
                    // A later one is asked by itself, and is told why then.
                    if place == 0 {
                        fail(out, start, &fault);
                    }
                    break;
                }
            }
        }
        Some(())
    }

    /// Folds events one after the other, and says of each what became of it, up to the first that fails. Gives whether the
    /// next fold is to follow; a fault is of its saved state, and nothing was written then.
    fn fold_one(
        &mut self,
        number: u32,
        reading: &mut Reading<'_>,
        enough: &Enough,
        out: &mut Vec<u8>,
    ) -> Option<Result<bool, HandlerFault>> {
        let restored = match reading.byte()? {
            0 => None,
            _ => Some(reading.part()?),
        };
        let wish = Wish::of(reading.byte()?)?;
        let count = reading.number()?;
        let most_recorded = self.loaded.as_ref().map_or(0, |(_, limits)| limits.state_bytes);
        let guest = self.guest(number).and_then(|guest| match restored {
            Some(saved) => guest.restore(saved).map(|()| guest),
            None => Ok(guest),
        });
        let guest = match guest {
            Ok(guest) => guest,
            Err(fault) => {
                self.guests.remove(&number);
                return Some(Err(fault));
            }
        };
        let count_at = out.len();
        put_number(out, 0);
        let (mut done, mut failed, mut is_spent, mut is_enough) = (0, None, false, false);
        let mut recorded = Vec::new();
        while done < count {
            let time = Timestamp(reading.long()?.cast_signed());
            let event = reading.part()?;
            let outcome = match folded(guest.as_mut(), event, time, most_recorded, &mut recorded, out) {
                Ok(outcome) => outcome,
                Err(fault) => {
                    failed = Some(fault);
                    break;
                }
            };
            done += 1;
            is_enough = enough.is_in(out);
            if wish == Wish::Each {
                let flag_at = out.len();
                out.push(1);
                // Whoever asks for it by itself is told why.
                if wished(guest.as_mut(), wish, out).is_err() {
                    out.truncate(flag_at);
                    out.push(0);
                    is_spent = true;
                    is_enough = true;
                }
            }
            if is_enough || outcome == Folded::Unread && !guest.is_whole_after_unread() {
                break;
            }
        }
        if let Some(place) = out.get_mut(count_at..count_at + 4) {
            place.copy_from_slice(&done.to_le_bytes());
        }
        match (failed, wish) {
            (Some(fault), _) => {
                is_spent = true;
                out.push(tail::EVENT_FAILED);
                frame::put_fault(out, &fault);
            }
            (None, Wish::State | Wish::Saved) if done == count => {
                out.push(tail::WISHED);
                let flag_at = out.len() - 1;
                if let Err(fault) = wished(guest.as_mut(), wish, out) {
                    out.truncate(flag_at);
                    is_spent = true;
                    out.push(tail::NOT_HAD);
                    frame::put_fault(out, &fault);
                }
            }
            _ => out.push(tail::NOTHING),
        }
        if is_spent {
            self.guests.remove(&number);
        }
        Some(Ok(!is_spent && !is_enough && done == count))
    }

    fn aside(
        &mut self,
        guest: u32,
        number: u32,
        frame: &[u8],
        time: Timestamp,
        out: &mut Vec<u8>,
    ) -> Result<(), HandlerFault> {
        let asked = self.guest(guest)?;
        out.push(status::DONE);
        let answer = asked.aside(number, frame, time, out);
        if answer.is_err() || !asked.rewind() {
            self.guests.remove(&guest);
        }
        answer
    }
}

/// Folds one event and writes what became of it. Of an event that fails, nothing is written.
fn folded(
    guest: &mut dyn Hosted,
    event: &[u8],
    time: Timestamp,
    most_recorded: usize,
    recorded: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> Result<Folded, HandlerFault> {
    let outcome = guest.apply(event, time)?;
    let (mut count, mut bytes) = (0u32, 0);
    emptied(recorded);
    guest.recorded(&mut |json| {
        count += 1;
        bytes += json.len();
        put_part(recorded, json);
    })?;
    if bytes > most_recorded {
        let message = format!(
            "the handler emits more than {} for one event; emit less",
            counted(most_recorded as u64, "byte")
        );
        return Err(fault(code::LIMIT_OUTPUT, message));
    }
    let number = frame::outcome_number(outcome);
    match count {
        0 => out.push(number),
        _ => {
            out.push(number | HAS_RECORDED);
            put_number(out, count);
            out.extend_from_slice(recorded);
        }
    }
    Ok(outcome)
}

/// Writes what was wished for as a part; where it cannot be had, nothing of it.
fn wished(guest: &mut dyn Hosted, wish: Wish, out: &mut Vec<u8>) -> Result<(), HandlerFault> {
    let start = out.len();
    let written = put_part_of(out, |out| match wish {
        Wish::Saved => guest.save(out),
        Wish::State | Wish::Each | Wish::Nothing => guest.state(out),
    });
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// Answers with a fault, in place of what was written since `start`.
fn fail(out: &mut Vec<u8>, start: usize, fault: &HandlerFault) {
    out.truncate(start);
    out.push(status::FAULT);
    frame::put_fault(out, fault);
}
