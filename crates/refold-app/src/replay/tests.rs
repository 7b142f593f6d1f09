//! Reading a stream once gives what reading its skeleton first gives.

use std::ops::ControlFlow;

use refold_core::work::{CancelToken, Silent};
use refold_fixtures::orders::{self, Options};

use super::*;
use crate::places::Places;
use crate::wire::FindingWire;
use crate::{findings as shown, handler};

/// The track, the states at some moments, and all findings.
fn replayed(session: &Session, id: &str, opening: &Opening) -> (Vec<i64>, Vec<Folded>, Vec<FindingWire>) {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let findings = Arc::<Findings>::default();
    let (stream, mut replay) = Replay::open(&work, session, id, opening, &findings).unwrap();
    let head = stream.track.head();
    let moments = [head, Moment::START, Moment(head.0 / 2), head];
    let states = moments.map(|moment| replay.state_at(&work, moment).unwrap());
    let positions = stream.track.positions.iter().map(|position| position.0).collect();
    (positions, states.to_vec(), shown::wire(&findings))
}

#[test]
fn once_or_twice_read_it_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        events: 3_000,
        ..Options::default()
    };
    let written = orders::write(folder.path(), &options, |_, _| ControlFlow::Continue(())).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let places = Places::below(&folder.path().join("home"));
    let session = Session::open(&work, &written.store.to_string_lossy(), None, &places).unwrap();
    assert!(session.index().is_none());
    let package = written.handlers.join("order").display().to_string();
    for name in [None, Some(package.as_str())] {
        for detail in [Detail::State, Detail::Blame] {
            let once = Opening {
                program: handler::open(name).unwrap(),
                detail,
                budget: Budget::default(),
                is_whole: true,
            };
            let twice = Opening {
                is_whole: false,
                ..once.clone()
            };
            // 4713 holds an event that cannot be decoded.
            for id in ["order-4711", "order-4712", "order-4713"] {
                let (once, twice) = (replayed(&session, id, &once), replayed(&session, id, &twice));
                assert_eq!((once.0, once.1), (twice.0, twice.1), "{id}");
                assert_eq!(format!("{:?}", once.2), format!("{:?}", twice.2), "{id}");
            }
            let missing = Replay::open(&work, &session, "order-0", &once, &Arc::default());
            assert!(missing.is_err_and(|error| error.code == crate::ErrorCode::NotFound));
        }
    }
}
