//! What holds for every input: shared by the fuzz target and by the test that replays its corpus.

use super::reply::{Outcome, read_reply};

/// The first byte says how many events the batch had; the rest is what the module gave.
pub fn reply(input: &[u8]) {
    let Some((events, frame)) = input.split_first() else {
        return;
    };
    let events = u32::from(events % 8);
    let Ok(reply) = read_reply(frame, events) else { return };
    match reply.failure {
        None => assert_eq!(reply.outcomes.len(), events as usize),
        Some(_) => assert!(
            reply.outcomes.len() < events as usize,
            "the one that failed is of the batch"
        ),
    }
    let mut again = u32::from(reply.failure.is_some()).to_le_bytes().to_vec();
    again.extend_from_slice(&(reply.outcomes.len() as u32).to_le_bytes());
    again.extend(reply.outcomes.iter().map(|outcome| match outcome {
        Outcome::Folded => 0u8,
        Outcome::Ignored => 1,
        Outcome::Unknown => 2,
        Outcome::Unread => 3,
    }));
    if let Some(failure) = reply.failure {
        for part in [failure.code, failure.message] {
            again.extend_from_slice(&(part.len() as u32).to_le_bytes());
        }
        again.extend_from_slice(failure.code);
        again.extend_from_slice(failure.message);
    }
    assert_eq!(again, frame, "a reply is written again as it was");
}
