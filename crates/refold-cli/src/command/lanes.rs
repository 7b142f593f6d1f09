//! `refold lanes`.

use refold_app::text::counted;
use refold_app::usecase::lanes::{Lanes, MOST_LANES, of_correlation_id};
use refold_app::wire::Clock;

use super::{Context, place};
use crate::arguments::{ClockName, LanesAsked};
use crate::print::{self, Ended};

pub fn run(context: &Context<'_>, asked: &LanesAsked) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let mut streams = asked.streams.clone();
    let mut is_cut = false;
    if let Some(correlation) = &asked.correlation {
        let found = of_correlation_id(context.work, &session, correlation)?;
        is_cut = found.is_cut;
        streams.extend(found.streams);
    }
    let clock = match asked.clock {
        ClockName::Recorded => Clock::Recorded,
        ClockName::Occurred => Clock::Occurred,
    };
    let lanes = Lanes::open(context.work, &session, &streams, clock)?;
    let mut printer = context.printer();
    let most = asked.limit.unwrap_or(u64::MAX);
    let outcome = lanes.merged(context.work, most, &mut |event| {
        if context.json {
            return printer.json_of_stream(&event);
        }
        let place = place(event.version.as_ref(), event.position.as_ref());
        let (time, stream, event_type) = (&event.time, &event.stream, &event.event_type);
        printer.line_of_stream(&format!("{time}  {stream} {place}  {event_type}"))
    });
    printer.finish(outcome)?;
    let lacking = lanes.lacking();
    context.heed(&lacking);
    print::findings_aside(&lacking);
    let mut left_out = Vec::new();
    for stream in lanes
        .describe(0)
        .streams
        .iter()
        .filter(|stream| stream.without_time > 0)
    {
        let events = counted(stream.without_time.into(), "event");
        left_out.push(format!("{}: {events} without such a time left out", stream.stream));
    }
    if is_cut {
        left_out.push(format!(
            "the correlation has more streams; these are the first {MOST_LANES}"
        ));
    }
    for line in left_out {
        if context.json {
            print::aside(&line);
        } else {
            printer.line(&line)?;
        }
    }
    printer.finish(Ok(0))
}
