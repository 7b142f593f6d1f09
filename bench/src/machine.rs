//! What the figures were measured on: the machine, CPU time, memory, and how free the cores are.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// CPU time of this process so far, all threads, and of the processes that it started and that are there: scripts and
/// modules run in one of their own.
pub fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9 + cpu_seconds_of_children()
}

fn cpu_seconds_of_children() -> f64 {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let of_child = |process: fs::DirEntry| -> Option<f64> {
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        // The name may have anything in it, and ends with the last bracket; the state comes first then, and the parent.
        let (_, rest) = stat.rsplit_once(')')?;
        let is_child = rest.split_whitespace().nth(1) == Some(own.as_str());
        let times = is_child.then(|| fs::read_to_string(process.path().join("schedstat")).ok())??;
        times.split_whitespace().next()?.parse().ok()
    };
    processes.filter_map(of_child).sum::<f64>() / 1e9
}

/// Anonymous memory of this process now, in bytes: what mapped files and the page cache do not count into.
pub fn anonymous_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|kilobytes| kilobytes.trim().parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes * 1024)
}

/// Processor, cores, memory and system in one line.
pub fn describe() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .and_then(|kilobytes| kilobytes.trim().parse().ok())
        .unwrap_or(0);
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{}, {cores} cores, {} GiB, Linux {}",
        model.trim_start_matches([' ', '\t', ':']),
        kilobytes >> 20,
        system.trim()
    )
}

/// How many cores' worth of work two threads get done in the time that one thread takes alone.
pub fn free_cores() -> f64 {
    let rounds = 40_000_000;
    let one = timed(|| spin(rounds));
    let two = timed(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| spin(rounds));
            spin(rounds);
        });
    });
    2.0 * one.as_secs_f64() / two.as_secs_f64()
}

/// A busy loop of a chosen length: what the machine adds to any figure of that length.
pub struct Spin {
    rounds: u64,
}

impl Spin {
    /// A loop that takes about `typical` on a core of its own.
    pub fn of(typical: Duration) -> Spin {
        let rounds = 200_000;
        let fastest = (0..10).map(|_| timed(|| spin(rounds))).min().unwrap_or_default();
        let per_round = fastest.as_secs_f64() / rounds as f64;
        Spin {
            rounds: (typical.as_secs_f64() / per_round).max(1.0) as u64,
        }
    }

    pub fn run(&self) -> Duration {
        timed(|| spin(self.rounds))
    }
}

/// Sorts the samples and takes the one at that percentile.
pub fn percentile(samples: &mut [Duration], percent: usize) -> Duration {
    samples.sort_unstable();
    samples
        .get(samples.len().saturating_sub(1) * percent / 100)
        .copied()
        .unwrap_or_default()
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn spin(rounds: u64) {
    let mut state = 1_u64;
    for _ in 0..rounds {
        state = black_box(state.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (state >> 7));
    }
}
