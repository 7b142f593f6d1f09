//! The method: contenders run by turns, at least five times each, and what counts is the median of the ratios.

use std::time::Instant;

use crate::Failure;
use crate::machine::cpu_seconds;

/// One run of one contender.
#[derive(Debug, Clone, Copy, Default)]
pub struct Run {
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub events: u64,
    /// What it came to; equal for contenders that do the same work. 0 where there is nothing to compare.
    pub checksum: i64,
    /// Peak resident memory, where the contender is another process.
    pub peak_bytes: u64,
}

/// Something that is measured.
pub struct Contender<'a> {
    pub name: &'static str,
    run: Box<dyn FnMut() -> Result<Run, Failure> + 'a>,
}

impl<'a> Contender<'a> {
    /// Work in this process: `work` returns events and checksum, and is timed here.
    pub fn here(name: &'static str, mut work: impl FnMut() -> Result<(u64, i64), Failure> + 'a) -> Contender<'a> {
        Contender::here_in(name, || Ok(()), move |()| work())
    }

    /// The same in something that is made before the clock starts and goes after it stopped: a folder, whose removal may
    /// wait for the disk.
    pub fn here_in<P>(
        name: &'static str,
        mut place: impl FnMut() -> Result<P, Failure> + 'a,
        mut work: impl FnMut(&P) -> Result<(u64, i64), Failure> + 'a,
    ) -> Contender<'a> {
        let run = move || {
            let place = place()?;
            let (start, cpu) = (Instant::now(), cpu_seconds());
            let (events, checksum) = work(&place)?;
            Ok(Run {
                seconds: start.elapsed().as_secs_f64(),
                cpu_seconds: cpu_seconds() - cpu,
                events,
                checksum,
                peak_bytes: 0,
            })
        };
        Contender {
            name,
            run: Box::new(run),
        }
    }

    /// Work that times itself, in another process.
    pub fn elsewhere(name: &'static str, run: impl FnMut() -> Result<Run, Failure> + 'a) -> Contender<'a> {
        Contender {
            name,
            run: Box::new(run),
        }
    }
}

/// All runs of one contender.
#[derive(Debug)]
pub struct Measured {
    pub name: &'static str,
    pub runs: Vec<Run>,
}

/// Runs all contenders by turns: `pairs` rounds, each contender once a round, after one round that does not count.
/// Fails when two of them disagree about the checksum.
pub fn alternate(pairs: usize, mut contenders: Vec<Contender<'_>>) -> Result<Vec<Measured>, Failure> {
    let mut measured: Vec<Measured> = contenders
        .iter()
        .map(|contender| Measured {
            name: contender.name,
            runs: Vec::new(),
        })
        .collect();
    for round in 0..=pairs {
        for (contender, measured) in contenders.iter_mut().zip(&mut measured) {
            let run = (contender.run)()?;
            if round > 0 {
                measured.runs.push(run);
            }
        }
    }
    let sums: Vec<(&str, u64, i64)> = measured
        .iter()
        .flat_map(|measured| {
            measured
                .runs
                .iter()
                .map(|run| (measured.name, run.events, run.checksum))
        })
        .filter(|(_, _, checksum)| *checksum != 0)
        .collect();
    if let Some([first, other]) = sums
        .windows(2)
        .find(|pair| (pair[0].1, pair[0].2) != (pair[1].1, pair[1].2))
        .and_then(|pair| pair.first_chunk())
    {
        return Err(Failure::Differ {
            one: format!("{first:?}"),
            other: format!("{other:?}"),
        });
    }
    Ok(measured)
}

impl Measured {
    pub fn seconds(&self) -> f64 {
        median(self.runs.iter().map(|run| run.seconds))
    }

    pub fn cpu_seconds(&self) -> f64 {
        median(self.runs.iter().map(|run| run.cpu_seconds))
    }

    pub fn events(&self) -> u64 {
        self.runs.first().map_or(0, |run| run.events)
    }

    pub fn peak_bytes(&self) -> u64 {
        self.runs.iter().map(|run| run.peak_bytes).max().unwrap_or(0)
    }

    /// How many times faster this is than `other`: the median over the pairs, by wall time.
    pub fn times_faster(&self, other: &Measured) -> f64 {
        median(
            self.runs
                .iter()
                .zip(&other.runs)
                .map(|(ours, theirs)| theirs.seconds / ours.seconds),
        )
    }

    /// The same by CPU time: what other work on the machine does not change.
    pub fn times_cheaper(&self, other: &Measured) -> f64 {
        median(
            self.runs
                .iter()
                .zip(&other.runs)
                .map(|(ours, theirs)| theirs.cpu_seconds / ours.cpu_seconds),
        )
    }

    /// `0.213 s (0.41 CPU s)`.
    pub fn shown(&self) -> String {
        format!("{} ({} CPU)", seconds(self.seconds()), seconds(self.cpu_seconds()))
    }
}

pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A duration with the unit that reads well.
pub fn seconds(seconds: f64) -> String {
    match seconds {
        s if s >= 10.0 => format!("{s:.1} s"),
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 0.01 => format!("{:.0} ms", s * 1e3),
        s if s >= 1e-4 => format!("{:.2} ms", s * 1e3),
        s => format!("{:.1} µs", s * 1e6),
    }
}
