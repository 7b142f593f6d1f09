//! Positions that are places: the block of a table that a row lies in, and where in it.
//!
//! Rows are found by their places without an index, and not in the order of these: a page looks at a few blocks, all of
//! whose rows the server puts in order.

use refold_core::port::store::Direction;

/// So many bits of a position say where in its block a row is.
const BITS_IN_BLOCK: u32 = 16;
/// A page looks at no more blocks at once: 64 MiB of the usual size.
const MOST_BLOCKS: i64 = 1 << 13;

/// The position of what lies there.
pub fn position(block: u32, item: u16) -> i64 {
    i64::from(block) << BITS_IN_BLOCK | i64::from(item)
}

/// Block and item of a position; `None` where there is no such place.
pub fn place(position: i64) -> Option<(u32, u16)> {
    let item = u16::try_from(position & 0xffff).ok()?;
    Some((u32::try_from(position >> BITS_IN_BLOCK).ok()?, item))
}

/// Which of the positions that are left a page looks at.
#[derive(Debug, Clone)]
pub struct Window {
    blocks: i64,
    /// The last position that is looked at, on the way.
    edge: i64,
}

impl Default for Window {
    fn default() -> Window {
        Window { blocks: 16, edge: 0 }
    }
}

impl Window {
    /// Looks at the first of the positions that are left: at whole blocks, but for the ends of the range.
    pub fn look_at(&mut self, (lowest, highest): (i64, i64), direction: Direction) {
        let first_of = |block: i64| block.saturating_mul(1 << BITS_IN_BLOCK);
        self.edge = match direction {
            Direction::Forward => {
                let end = (lowest.max(0) >> BITS_IN_BLOCK).saturating_add(self.blocks);
                highest.min(first_of(end).saturating_sub(1))
            }
            Direction::Backward => {
                let start = (highest.max(0) >> BITS_IN_BLOCK).saturating_sub(self.blocks - 1);
                // Below the first block nothing lies.
                if start <= 0 {
                    lowest
                } else {
                    lowest.max(first_of(start))
                }
            }
        };
    }

    /// What of the positions that are left is looked at.
    pub fn cut(&self, (lowest, highest): (i64, i64), direction: Direction) -> (i64, i64) {
        match direction {
            Direction::Forward => (lowest, self.edge),
            Direction::Backward => (self.edge, highest),
        }
    }

    pub fn edge(&self) -> i64 {
        self.edge
    }

    /// It held few rows.
    pub fn widen(&mut self) {
        self.blocks = (self.blocks * 2).min(MOST_BLOCKS);
    }

    /// It held more rows than a page.
    pub fn narrow(&mut self) {
        self.blocks = (self.blocks / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_position_is_its_place() {
        for (block, item) in [(0, 1), (7, 291), (u32::MAX, u16::MAX)] {
            assert_eq!(place(position(block, item)), Some((block, item)));
        }
        assert!([-1, i64::MIN, i64::MAX, 1 << 48].iter().all(|at| place(*at).is_none()));
    }

    proptest! {
        /// Window after window is the whole range, each position once, however wide they become.
        #[test]
        fn windows_cover_a_range(
            lowest in prop_oneof![Just(i64::MIN), 0..5_000_000_i64],
            blocks in 0..200_i64,
            is_backward: bool,
            changes in proptest::collection::vec(any::<bool>(), 400),
        ) {
            let direction = if is_backward { Direction::Backward } else { Direction::Forward };
            let whole = (lowest, lowest.max(0) + (blocks << 16));
            let (mut rest, mut window) = (whole, Window::default());
            for is_wide in changes {
                window.look_at(rest, direction);
                let (from, to) = window.cut(rest, direction);
                prop_assert!(rest.0 <= from && from <= to && to <= rest.1);
                let goes_on = if is_backward { to == rest.1 } else { from == rest.0 };
                prop_assert!(goes_on, "{from} to {to} of {rest:?}");
                if (from, to) == rest {
                    return Ok(());
                }
                match direction {
                    Direction::Forward => rest.0 = window.edge() + 1,
                    Direction::Backward => rest.1 = window.edge() - 1,
                }
                if is_wide { window.widen() } else { window.narrow() }
            }
            prop_assert!(false, "it comes to an end");
        }
    }
}
