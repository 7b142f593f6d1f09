//! Which rows ahead of a read lie on sound pages of the table, and where the next damaged part begins.
//!
//! SQLite looks for a row by halving, and believes every rowid that it meets: a damaged one leads it past rows without an
//! error. So statements are run over sound parts alone, and what is damaged is gone through page by page.

use std::sync::Arc;

use refold_core::port::store::Direction;

use super::bulk::position_root;
use super::image::Image;
use super::image::salvage::Salvage;
use super::image::table::TableCursor;
use super::image::tree::Part;
use crate::tables::Catalogue;
use crate::tables::plan::Plan;

/// So many rows are looked over at once, at least.
const LEAST_ROWS: usize = 1024;

/// A table whose positions are its rowids, and its pages.
#[derive(Clone)]
pub struct Ground {
    image: Arc<Image>,
    root: u32,
}

/// Looks over the pages ahead of one read.
pub struct Survey {
    ground: Ground,
    table: TableCursor,
}

/// What comes next on a way through all positions.
pub enum Ahead {
    /// Rows up to this position, in the direction of the way, lie on sound pages.
    Sound(i64),
    Damaged(Part),
}

impl Ground {
    /// `None` where positions are no rowids.
    pub fn bind(plan: &Plan, catalogue: &Catalogue, image: &Arc<Image>) -> Option<Ground> {
        Some(Ground {
            image: Arc::clone(image),
            root: position_root(plan, catalogue)?,
        })
    }

    pub fn survey(&self) -> Survey {
        Survey {
            ground: self.clone(),
            table: TableCursor::new(&self.image, self.root),
        }
    }
}

impl Survey {
    /// Looks over what lies from position `from` to `bound`, in the direction of the way, as far as about `row_count`
    /// rows reach.
    pub fn ahead(&mut self, (from, bound): (i64, i64), direction: Direction, row_count: usize) -> Ahead {
        let (mut at, mut seen) = (from, 0);
        let mut sound = None;
        while seen < row_count.max(LEAST_ROWS) {
            let part = self.table.part(at);
            let Some(rows) = part.row_count else {
                return sound.map_or(Ahead::Damaged(part), Ahead::Sound);
            };
            seen += rows.max(1);
            // The last position of the part on the way, and the first one behind it.
            let (end, next) = match direction {
                Direction::Forward => (part.bounds.up_to, part.bounds.up_to.and_then(|end| end.checked_add(1))),
                Direction::Backward => (
                    part.bounds.after.and_then(|after| after.checked_add(1)),
                    part.bounds.after,
                ),
            };
            let is_last = end.is_none_or(|end| match direction {
                Direction::Forward => end >= bound,
                Direction::Backward => end <= bound,
            });
            let (Some(end), Some(next), false) = (end, next, is_last) else {
                return Ahead::Sound(bound);
            };
            (at, sound) = (next, Some(end));
        }
        Ahead::Sound(sound.unwrap_or(bound))
    }

    /// The damaged part where `position` would be; `None` where it would be on a sound page.
    pub fn damaged_at(&mut self, position: i64) -> Option<Part> {
        Some(self.table.part(position)).filter(|part| part.row_count.is_none())
    }

    pub fn salvage(&self, part: Part, direction: Direction) -> Salvage {
        Salvage::new(&self.ground.image, part, direction == Direction::Backward)
    }
}
