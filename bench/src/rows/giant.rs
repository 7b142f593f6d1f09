//! Rows 3 and 4a: one stream with very many events, to its head and at any version.

use std::process::Command;
use std::time::Duration;

use refold_app::{Monotonic, Opening, Replay, Session, Stream};
use refold_core::count::grouped;
use refold_core::event::EventBatch;
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold};
use refold_core::history::{Budget, EventSource, History};
use refold_core::port::handler::HandlerProgram;
use refold_core::track::Moment;
use refold_core::work::Work;
use serde_json::json;

use std::sync::Arc;

use super::{Samples, timed, verdict_where};
use crate::lab::{GIANT, Lab, OrderStore, open, quietly};
use crate::machine::free_cores;
use crate::memory::Case;
use crate::pairs::{Contender, Measured, Run, alternate, seconds};
use crate::table::{Row, Verdict};
use crate::{Failure, fold, memory};

/// Events read at a time for a plain fold.
const READ_EVENTS: u32 = 4096;
const SEEKS: usize = 2000;
const STEPS: usize = 500;

pub fn head(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let store = &lab.middle;
    let program = lab.handler()?;
    let peers = lab.peers()?;
    let copy = lab.copy_for_emmett(store)?;
    let pyeventsourcing = lab.pyeventsourcing_path(store);
    let (mut node, mut python) = (peers.node()?, peers.python()?);
    if !pyeventsourcing.exists() {
        eprintln!("writing the same events as pyeventsourcing stores them");
        python.run(
            "pyeventsourcing-prepare",
            json!({ "store": store.path, "target": pyeventsourcing }),
        )?;
    }
    let home = lab.folder()?;
    let opened = lab.indexed(store)?;
    quietly(|work| opened.build_arena(work).map(|_| ()))?;
    let mut emmett = peers.node()?;
    let mut orjson = peers.python()?;
    let free = free_cores();
    let measured = alternate(
        lab.pairs,
        vec![
            Contender::here("ours", || head_of_giant(store, home.path(), &program)),
            Contender::here("ours, index and arena there", || head_in(&opened, &program)),
            Contender::elsewhere("pyeventsourcing", || {
                python.run(
                    "pyeventsourcing-one",
                    json!({ "store": pyeventsourcing, "stream": GIANT }),
                )
            }),
            Contender::elsewhere("Emmett", || {
                emmett.run("emmett-one", json!({ "store": copy, "stream": GIANT }))
            }),
            Contender::elsewhere("better-sqlite3", || {
                node.run("sqlite-one", json!({ "store": store.path, "stream": GIANT }))
            }),
            Contender::elsewhere("Python sqlite3 + orjson", || {
                orjson.run("orjson-one", json!({ "store": store.path, "stream": GIANT }))
            }),
        ],
    )?;
    let shell = shell_head(lab, store, measured.first())?;
    let [closed, kept, pyes, emmett, better, orjson] = measured.as_slice() else {
        return Ok(Vec::new());
    };
    let at_least = "10 × pyeventsourcing and Emmett, 2 × better-sqlite3 by hand, under 120 MB";
    let line = |what: &str, ours: &Measured, case: Case, home| -> Result<Row, Failure> {
        let peak = memory::spent_on(case, &store.path, home)?.peak;
        let ratios = [pyes, emmett, better, orjson].map(|peer| ours.times_faster(peer));
        let cheaper = [pyes, emmett, better, orjson].map(|peer| ours.times_cheaper(peer));
        let holds = ratios[0] >= 10.0 && ratios[1] >= 10.0 && ratios[2] >= 2.0 && peak <= 120 << 20;
        let peers = [pyes, emmett, better, orjson];
        let beside = peers.iter().zip(ratios.iter().zip(cheaper)).map(|(peer, (wall, cpu))| {
            let mib = peer.peak_bytes() >> 20;
            format!(
                "{} {}, {mib} MiB: {wall:.1} × ({cpu:.1} × by CPU)",
                peer.name,
                peer.shown()
            )
        });
        Ok(Row {
            id: "3",
            what: format!(
                "giant stream ({} events) to its state at head, {what}",
                grouped(ours.events())
            ),
            at_least: at_least.to_owned(),
            measured: format!(
                "{}, {} MiB; {}; sqlite3 | jq {}; {free:.2} free cores",
                ours.shown(),
                peak >> 20,
                beside.collect::<Vec<_>>().join("; "),
                seconds(shell.seconds),
            ),
            verdict: verdict_where(holds, free >= 1.8),
        })
    };
    Ok(vec![
        line("from the closed store, nothing kept", closed, Case::Head, None)?,
        line(
            "in an opened store with index and arena",
            kept,
            Case::HeadOfArena,
            Some(lab.home(store).as_path()),
        )?,
    ])
}

/// Opens the store and folds the giant to its head, as `refold state` does.
pub fn head_of_giant(
    store: &OrderStore,
    home: &std::path::Path,
    program: &Arc<dyn HandlerProgram>,
) -> Result<(u64, i64), Failure> {
    head_in(&open(&store.path, home)?, program)
}

/// The same in a session that is open.
fn head_in(session: &Session, program: &Arc<dyn HandlerProgram>) -> Result<(u64, i64), Failure> {
    let findings = Arc::new(Findings::default());
    quietly(|work| {
        let opening = Opening {
            program: Arc::clone(program),
            detail: Detail::State,
            budget: Budget::default(),
            is_whole: true,
        };
        let (stream, mut replay) = Replay::open(work, session, GIANT, &opening, &findings)?;
        let folded = replay.state_at(work, stream.track.head())?;
        let checksum = fold::checksum(&folded.state).ok_or_else(no_state)?;
        Ok((u64::from(folded.moment.0), checksum))
    })
}

/// The sqlite3 command line and jq, once: its start counts, because a person who uses it waits for it.
fn shell_head(lab: &Lab, store: &OrderStore, ours: Option<&Measured>) -> Result<Run, Failure> {
    let start = std::time::Instant::now();
    let script = "sqlite3 -readonly \"$1\" \"SELECT '[\\\"' || stream_id || '\\\",\\\"' || message_type || '\\\",' || \
                  message_data || ']' FROM emt_messages WHERE stream_id = '$2' ORDER BY stream_position\" | jq -n -c -f \"$3\"";
    let output = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(&store.path)
        .arg(GIANT)
        .arg(lab.peers()?.jq_program())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let answer: serde_json::Value =
        serde_json::from_str(&text).map_err(|_| Failure::Peer(String::from_utf8_lossy(&output.stderr).into_owned()))?;
    let run = Run {
        seconds: start.elapsed().as_secs_f64(),
        checksum: answer["checksum"].as_i64().unwrap_or(0),
        events: answer["events"].as_u64().unwrap_or(0),
        ..Run::default()
    };
    let expected = ours
        .and_then(|ours| ours.runs.first())
        .map(|run| (run.events, run.checksum));
    if expected.is_some_and(|expected| expected != (run.events, run.checksum)) {
        return Err(Failure::Differ {
            one: format!("ours {expected:?}"),
            other: format!("jq {run:?}"),
        });
    }
    Ok(run)
}

pub fn random_versions(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let program = lab.handler()?;
    let session = lab.indexed(&lab.large)?;
    let findings = Findings::default();
    let stream = quietly(|work| Stream::load(work, &session, GIANT, &findings))?;
    let mut rows = Vec::new();
    for (detail, named) in [
        (Detail::State, "state"),
        (Detail::Blame, "state with blame, as the window asks"),
    ] {
        let shape = Shape {
            lab,
            session: &session,
            stream: &stream,
            program: &program,
            detail,
        };
        let (measured, verdict) = quietly(|work| shape.measure(work, &findings))?;
        rows.push(Row {
            id: "4a",
            what: format!(
                "{named} at a random version of the stream of {} events",
                grouped(stream.track.len() as u64)
            ),
            at_least: "p50 ≤ 0.3 ms, p99 ≤ 1 ms; warm-up ≤ 1.2 × one fold; checkpoints ≤ 100 MiB; step ±1 ≤ 0.1 ms"
                .to_owned(),
            measured,
            // The target speaks of the state alone.
            verdict: if detail == Detail::Blame && verdict != Verdict::Holds {
                Verdict::Open
            } else {
                verdict
            },
        });
    }
    Ok(rows)
}

struct Shape<'a> {
    lab: &'a Lab,
    session: &'a Session,
    stream: &'a Stream,
    program: &'a Arc<dyn HandlerProgram>,
    detail: Detail,
}

impl Shape<'_> {
    fn measure(&self, work: &Work<'_>, findings: &Findings) -> Result<(String, Verdict), Failure> {
        let head = self.stream.track.head();
        let mut events = self.stream.events(self.session.store(), self.program.columns());
        let warm_up = || {
            let mut events = self.stream.events(self.session.store(), self.program.columns());
            let mut history = history_of(self.stream, self.program, self.detail)?;
            history.warm_up(work, &mut events, findings)?;
            Ok((u64::from(head.0), 0))
        };
        let one_fold = || {
            let mut events = self.stream.events(self.session.store(), self.program.columns());
            plain_fold(work, self.program, self.detail, &mut events, head)?;
            Ok((u64::from(head.0), 0))
        };
        let pairs = self.lab.pairs;
        let measured = alternate(
            pairs,
            vec![
                Contender::here("warm-up", warm_up),
                Contender::here("one fold", one_fold),
            ],
        )?;
        let [warm_up, one_fold] = measured.as_slice() else {
            return Ok((String::new(), Verdict::Open));
        };
        let (ratio, cpu_ratio) = (
            1.0 / warm_up.times_faster(one_fold),
            1.0 / warm_up.times_cheaper(one_fold),
        );

        let mut history = history_of(self.stream, self.program, self.detail)?;
        history.warm_up(work, &mut events, findings)?;
        let (checkpoints, checkpoint_bytes) = history.checkpoint_use();
        let any = |n: usize| ((n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) as u32 % (head.0 + 1);
        let seeks = Samples::take(SEEKS, |n| {
            let (folded, elapsed) = timed(|| Ok(history.state_at(work, &mut events, findings, Moment(any(n)))?))?;
            std::hint::black_box(&folded.state);
            Ok(elapsed)
        })?;
        let here = Moment(head.0 / 2);
        history.fill_window(work, &mut events, findings, here)?;
        let steps = Samples::take(STEPS, |n| {
            let moment = Moment(here.0 + (n as u32 % 400) - 200);
            let (folded, elapsed) = timed(|| Ok(history.state_at(work, &mut events, findings, moment)?))?;
            std::hint::black_box(&folded.state);
            Ok(elapsed)
        })?;
        for n in 0..3 {
            let moment = Moment(any(n * 7 + 1) / 16);
            let sought = history.state_at(work, &mut events, findings, moment)?;
            let plain = plain_fold(work, self.program, self.detail, &mut events, moment)?;
            if sought.state != plain.state {
                return Err(Failure::Differ {
                    one: format!("the state at {moment:?}"),
                    other: "a plain fold".to_owned(),
                });
            }
        }
        let is_large = self.lab.large.giant >= 1_000_000;
        let holds = seeks.median <= Duration::from_micros(300)
            && seeks.is_within(Duration::from_millis(1))
            && cpu_ratio.min(ratio) <= 1.2
            && checkpoint_bytes <= 100 << 20
            && steps.is_within(Duration::from_micros(100));
        let measured = format!(
            "{}; warm-up {}, {ratio:.2} × one fold ({cpu_ratio:.2} × by CPU); {checkpoints} checkpoints, {:.1} MiB; step {}",
            seeks.shown(),
            warm_up.shown(),
            checkpoint_bytes as f64 / f64::from(1 << 20),
            steps.shown()
        );
        Ok((measured, verdict_where(holds, is_large)))
    }
}

pub fn history_of(stream: &Stream, program: &Arc<dyn HandlerProgram>, detail: Detail) -> Result<History, Failure> {
    Ok(History::new(
        Arc::clone(program),
        Arc::clone(&stream.track),
        detail,
        Budget::default(),
        Arc::new(Monotonic),
    )?)
}

/// The fold without checkpoints.
fn plain_fold(
    work: &Work<'_>,
    program: &Arc<dyn HandlerProgram>,
    detail: Detail,
    events: &mut dyn EventSource,
    to: Moment,
) -> Result<refold_core::fold::Folded, Failure> {
    let mut fold = Fold::new(program.as_ref(), detail)?;
    let mut batch = EventBatch::default();
    while fold.moment() < to {
        events.read(
            work,
            fold.moment(),
            Moment(to.0.min(fold.moment().0 + READ_EVENTS)),
            &mut batch,
        )?;
        for row in 0..batch.len() {
            fold.step(&batch.event(row), events.names(), None)?;
        }
    }
    Ok(fold.folded()?)
}

fn no_state() -> Failure {
    Failure::Call("the handler's state is not that of an order".to_owned())
}
