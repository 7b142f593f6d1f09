use std::thread;

use proptest::prelude::*;

use super::*;

/// Lets `threads` threads run over `ranges` ranges. Returns which each folded, in its order, and which were read.
fn run(ranges: usize, threads: usize, stop_at: Option<usize>) -> (Vec<Vec<usize>>, Vec<usize>) {
    let relay: Relay<Vec<usize>> = Relay::new(ranges);
    let read = Mutex::new(Vec::new());
    let member = || {
        let mut folded = Vec::new();
        while let Some(task) = relay.next(folded.len(), threads) {
            match task {
                Task::Read(number, mut range) => {
                    read.lock().unwrap().push(number);
                    range.clear();
                    range.push(number);
                    relay.put(number, range);
                }
                Task::Fold(range) => {
                    let number = folded.len();
                    folded.push(range[0]);
                    drop(range);
                    relay.folded(number, threads);
                    if stop_at == Some(number) {
                        relay.stop();
                    }
                }
            }
        }
        assert!(stop_at.is_some() || relay.is_all_folded());
        folded
    };
    let folded = thread::scope(|scope| {
        let members: Vec<_> = (0..threads).map(|_| scope.spawn(member)).collect();
        members.into_iter().map(|member| member.join().unwrap()).collect()
    });
    let mut read = read.into_inner().unwrap();
    read.sort_unstable();
    (folded, read)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_range_is_read_once_and_folded_by_all_in_order(ranges in 0..40_usize, threads in 1..6_usize) {
        let (folded, read) = run(ranges, threads, None);
        let all: Vec<usize> = (0..ranges).collect();
        prop_assert_eq!(read, all.clone());
        prop_assert!(folded.iter().all(|folded| *folded == all));
    }

    #[test]
    fn nobody_waits_for_one_who_stopped(ranges in 1..20_usize, threads in 1..6_usize, stop_at in 0..20_usize) {
        let stop_at = stop_at.min(ranges - 1);
        let (folded, _) = run(ranges, threads, Some(stop_at));
        prop_assert!(folded.iter().any(|folded| folded.len() > stop_at));
    }
}
