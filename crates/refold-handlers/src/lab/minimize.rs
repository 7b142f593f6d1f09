//! Shrinks a history that shows a failure to one from which nothing can be left out: delta debugging.
//!
//! Algorithm: ddmin (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), after whole
//! groups were tried, which takes away most at once.

#[cfg(test)]
mod tests;

/// The smallest history that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minimized {
    /// Ascending.
    pub kept: Vec<usize>,
    /// How many histories were tried.
    pub tests: u32,
    /// Whether it is known that no single event can be left out. `false`: the tests were used up before.
    pub is_minimal: bool,
}

/// Shrinks the events `0..count`, which show the failure together.
///
/// `group_of`: events that are likely to go together, by number (their type, say). `shows` tries a history, given as
/// ascending numbers, and must answer the same for the same. At most `most_tests` are tried.
pub fn smallest<E>(
    count: usize,
    group_of: impl Fn(usize) -> u32,
    most_tests: u32,
    shows: impl FnMut(&[usize]) -> Result<bool, E>,
) -> Result<Minimized, E> {
    let mut search = Search {
        kept: (0..count).collect(),
        tests: 0,
        most_tests,
        shows,
    };
    search.drop_groups(group_of)?;
    let is_minimal = search.ddmin()?;
    Ok(Minimized {
        kept: search.kept,
        tests: search.tests,
        is_minimal,
    })
}

struct Search<Shows> {
    kept: Vec<usize>,
    tests: u32,
    most_tests: u32,
    shows: Shows,
}

impl<E, Shows: FnMut(&[usize]) -> Result<bool, E>> Search<Shows> {
    /// Keeps `smaller` instead, when it still shows the failure. `None`: the tests are used up.
    fn try_instead(&mut self, smaller: Vec<usize>) -> Result<Option<bool>, E> {
        if self.tests == self.most_tests {
            return Ok(None);
        }
        self.tests += 1;
        let shows = (self.shows)(&smaller)?;
        if shows {
            self.kept = smaller;
        }
        Ok(Some(shows))
    }

    fn drop_groups(&mut self, group_of: impl Fn(usize) -> u32) -> Result<(), E> {
        let mut groups: Vec<u32> = self.kept.iter().map(|event| group_of(*event)).collect();
        groups.sort_unstable();
        groups.dedup();
        for group in groups {
            let rest = self.kept.iter().copied().filter(|event| group_of(*event) != group);
            let rest = rest.collect();
            if self.try_instead(rest)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Leaves out ever smaller parts, until no single event can be left out. `false`: the tests were used up before.
    fn ddmin(&mut self) -> Result<bool, E> {
        let mut parts = 2;
        while !self.kept.is_empty() {
            let size = self.kept.len().div_ceil(parts);
            let Some(is_smaller) = self.drop_one_part(size)? else {
                return Ok(false);
            };
            if is_smaller {
                parts = (parts - 1).max(2);
            } else if size == 1 {
                return Ok(true);
            } else {
                parts = (parts * 2).min(self.kept.len());
            }
        }
        Ok(true)
    }

    /// Leaves out the first part of that size that can be. The latest parts are tried first: what came last is least
    /// likely to matter to what came before.
    fn drop_one_part(&mut self, size: usize) -> Result<Option<bool>, E> {
        let starts: Vec<usize> = (0..self.kept.len()).step_by(size).rev().collect();
        for start in starts {
            let end = (start + size).min(self.kept.len());
            let rest = self
                .kept
                .iter()
                .enumerate()
                .filter(|(at, _)| !(start..end).contains(at));
            let rest = rest.map(|(_, event)| *event).collect();
            match self.try_instead(rest)? {
                Some(false) => {}
                outcome => return Ok(outcome),
            }
        }
        Ok(Some(false))
    }
}
