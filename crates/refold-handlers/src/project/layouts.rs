//! What payloads of one kind looked like lately: writers of JSON put the same keys in the same order.
//!
//! A layout is a payload without its values: the bytes between one value and the next, and what becomes of each value. A
//! payload that has the same bytes between its values is read by comparing them; at the first difference the payload is
//! scanned from its start, and what it looks like is kept. So what is read never hangs on what was read before. It must
//! not know what the values mean.

use super::plain::equal_bytes;
use super::scan::{Malformed, Next, Scanned, Scanner, Stopped};
use super::{Projection, Slots};

/// The layouts of one projection that were met lately. They fit no other projection.
#[derive(Debug)]
pub struct Layouts {
    kept: Vec<Layout>,
    /// The one that fitted last.
    last: usize,
    /// The one that a new one replaces.
    oldest: usize,
    /// Falls with each payload that no layout fits and rises with each other event: without it nothing is learned, so that
    /// payloads without a layout cost little more than scanning them.
    credit: u16,
    /// Objects of which nothing is needed are part of a layout; not once they proved to be of many kinds.
    goes_everywhere: bool,
}

#[derive(Debug)]
struct Layout {
    pieces: Vec<Piece>,
    /// Slots that such a payload does not fill.
    missing: Vec<usize>,
}

/// Up to sixteen bytes that stand between values, and what follows them.
#[derive(Debug, Clone, Copy)]
struct Piece {
    bytes: [u8; 16],
    /// A bit for each byte that counts.
    counted: u32,
    len: u8,
    follows: Follows,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// The next piece.
    More,
    /// A value that nobody needs.
    Skipped { depth: u16 },
    /// The value of a slot.
    Taken { depth: u16, slot: u16 },
    /// A value of which some parts are needed: it is placed as it comes.
    Placed { depth: u16, node: u16 },
    /// Nothing but blanks.
    End,
}

const MOST_LAYOUTS: usize = 4;
/// A longer payload is mostly values.
const MOST_PIECES: usize = 96;
const MOST_CREDIT: u16 = 256;
const MISS_COST: u16 = 16;

impl Default for Layouts {
    fn default() -> Layouts {
        Layouts {
            kept: Vec::new(),
            last: 0,
            oldest: 0,
            credit: MOST_CREDIT,
            goes_everywhere: true,
        }
    }
}

impl Layouts {
    /// As [`Projection::project`], which these layouts are of.
    ///
    /// # Errors
    /// The same.
    pub fn project(
        &mut self,
        projection: &Projection,
        payload: &[u8],
        max_depth: usize,
        slots: &mut Slots,
    ) -> Result<(), Malformed> {
        projection.make_room(slots);
        let mut scanner = Scanner::new(payload, max_depth)?;
        let mut at = self.last;
        for _ in 0..self.kept.len() {
            if let Some(layout) = self.kept.get(at)
                && layout.read(projection, &mut scanner, slots).is_ok()
            {
                self.last = at;
                self.credit = MOST_CREDIT.min(self.credit + 1);
                return Ok(());
            }
            at = if at + 1 < self.kept.len() { at + 1 } else { 0 };
        }
        projection.project(payload, max_depth, slots)?;
        if self.credit < MISS_COST {
            self.credit += 1;
            return Ok(());
        }
        self.credit -= MISS_COST;
        if self.credit < MISS_COST && self.goes_everywhere {
            *self = Layouts {
                goes_everywhere: false,
                ..Layouts::default()
            };
        }
        self.learn(projection, payload, max_depth);
        Ok(())
    }

    /// Keeps the layout of a payload that was read.
    fn learn(&mut self, projection: &Projection, payload: &[u8], max_depth: usize) {
        let Ok(scanner) = Scanner::new(payload, max_depth) else {
            return;
        };
        let mut learning = Learning {
            projection,
            scanner,
            goes_everywhere: self.goes_everywhere,
            layout: Layout {
                pieces: Vec::new(),
                missing: (0..projection.slot_count).collect(),
            },
            from: 0,
        };
        if learning.payload().is_err() {
            return;
        }
        let layout = learning.layout;
        if self.kept.len() < MOST_LAYOUTS {
            self.last = self.kept.len();
            self.kept.push(layout);
        } else if let Some(kept) = self.kept.get_mut(self.oldest) {
            *kept = layout;
            self.last = self.oldest;
            self.oldest = (self.oldest + 1) % MOST_LAYOUTS;
        }
    }
}

impl Layout {
    /// Fills the slots from a payload of this layout. `Err` when it has another, or is malformed.
    fn read(&self, projection: &Projection, scanner: &mut Scanner<'_>, slots: &mut Slots) -> Scanned<()> {
        let mut at = 0;
        for piece in &self.pieces {
            at = piece.end_at(scanner.bytes(), at).ok_or(Stopped)?;
            at = match piece.follows {
                Follows::More => at,
                Follows::Skipped { depth } => scanner.skip(at, depth.into())?,
                // Slots and nodes are of this projection, for which there is room.
                Follows::Taken { depth, slot } => scanner.value(at, depth.into(), &mut slots[usize::from(slot)])?,
                Follows::Placed { depth, node } => projection.place(scanner, node.into(), at, depth.into(), slots)?,
                Follows::End => {
                    scanner.finish(at)?;
                    for slot in &self.missing {
                        slots[*slot] = None; // of this projection
                    }
                    return Ok(());
                }
            };
        }
        Err(Stopped)
    }
}

impl Piece {
    /// Where it ends if it stands at `at`.
    #[inline(always)]
    fn end_at(&self, payload: &[u8], at: usize) -> Option<usize> {
        let rest = payload.get(at..)?;
        let len = usize::from(self.len);
        let is_here = match rest.first_chunk::<16>() {
            Some(chunk) => equal_bytes(chunk, &self.bytes) & self.counted == self.counted,
            None => rest.get(..len)? == self.bytes.get(..len)?,
        };
        is_here.then_some(at + len)
    }
}

/// Walks a payload once more to write its layout down. What no layout can say stops it.
struct Learning<'p, 'b> {
    projection: &'p Projection,
    scanner: Scanner<'b>,
    goes_everywhere: bool,
    layout: Layout,
    /// Where the value before ended.
    from: usize,
}

impl Learning<'_, '_> {
    fn payload(&mut self) -> Scanned<()> {
        let at = self.scanner.blanks(0);
        // Of a payload that is needed whole, or is no object, nothing can be told before.
        let is_whole = self.projection.nodes.first().is_none_or(|root| root.slot.is_some());
        if is_whole || !self.scanner.stands_at_object(at) {
            return Err(Stopped);
        }
        let end = self.object(Some(0), at, 0)?;
        self.write(end, Follows::End)
    }

    /// Goes through the object at `at`. `node` is its place among what is needed.
    fn object(&mut self, node: Option<usize>, at: usize, depth: usize) -> Scanned<usize> {
        let mut seen = Vec::new();
        let mut next = self.scanner.enter(at, depth, b'}')?;
        loop {
            let at = match next {
                Next::End(end) => return Ok(end),
                Next::At(at) => at,
            };
            let (member, end) = match node.and_then(|node| self.projection.nodes.get(node)) {
                Some(needed) => needed.member(&mut self.scanner, at, &mut 0)?,
                None => {
                    let inside = self.scanner.open_key(at)?;
                    (None, self.scanner.text_end(inside)?.0)
                }
            };
            if let Some(member) = member {
                // Of a repeated key the last counts, which nothing here says.
                if seen.contains(&member) {
                    return Err(Stopped);
                }
                seen.push(member);
            }
            let at = self.scanner.member_value(end)?;
            let end = self.value(member, at, depth + 1)?;
            next = self.scanner.next(end, b'}')?;
        }
    }

    fn value(&mut self, node: Option<usize>, at: usize, depth: usize) -> Scanned<usize> {
        let needed = node.and_then(|node| Some((node, self.projection.nodes.get(node)?)));
        let is_object = self.scanner.stands_at_object(at);
        let short = |number: usize| u16::try_from(number).map_err(|_| Stopped);
        let follows = match needed {
            None if is_object && self.goes_everywhere => return self.object(None, at, depth),
            None => Follows::Skipped { depth: short(depth)? },
            Some((_, place)) if place.slot.is_some() && place.members.is_empty() => {
                let slot = place.slot.ok_or(Stopped)?;
                self.layout.missing.retain(|missing| *missing != slot);
                Follows::Taken {
                    depth: short(depth)?,
                    slot: short(slot)?,
                }
            }
            Some((node, place)) if place.slot.is_none() && is_object => {
                let _ = place;
                return self.object(Some(node), at, depth);
            }
            Some((node, place)) => {
                let filled = |slot: &usize| place.below.contains(slot) || place.slot == Some(*slot);
                self.layout.missing.retain(|missing| !filled(missing));
                Follows::Placed {
                    depth: short(depth)?,
                    node: short(node)?,
                }
            }
        };
        self.write(at, follows)?;
        self.from = self.scanner.skip(at, depth)?;
        Ok(self.from)
    }

    /// Writes down what stands between the value before and `to`, where `follows` is.
    fn write(&mut self, to: usize, follows: Follows) -> Scanned<()> {
        let between = self.scanner.bytes().get(self.from..to).ok_or(Stopped)?;
        let mut rest = between;
        loop {
            let (part, behind) = rest.split_at(rest.len().min(16));
            let mut bytes = [0; 16];
            for (place, byte) in bytes.iter_mut().zip(part) {
                *place = *byte;
            }
            rest = behind;
            self.layout.pieces.push(Piece {
                bytes,
                counted: (1 << part.len()) - 1,
                // At most 16.
                len: part.len() as u8,
                follows: if rest.is_empty() { follows } else { Follows::More },
            });
            if self.layout.pieces.len() > MOST_PIECES {
                return Err(Stopped);
            }
            if rest.is_empty() {
                return Ok(());
            }
        }
    }
}
