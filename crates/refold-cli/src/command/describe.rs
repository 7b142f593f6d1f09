//! `refold info`.

use std::ffi::OsStr;

use refold_app::answer::Count;
use refold_app::text::{self, counted, grouped, size_label};
use refold_app::usecase::describe::describe;

use super::Context;
use crate::print::{self, Ended, Printer, Table};

/// More rows are for `--json`.
const SHOWN: usize = 50;

pub fn run(context: &Context<'_>, store: &OsStr) -> Result<u8, Ended> {
    let session = context.open(store)?;
    let answer = describe(context.work, &session)?;
    context.heed(&answer.findings);
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    let size = answer.byte_count.as_ref().and_then(|count| count.parse().ok());
    let size = size
        .map(|bytes| format!(" · {}", size_label(bytes)))
        .unwrap_or_default();
    if let Some(environment) = answer.counts_as {
        printer.line(&format!("{} · READ-ONLY", environment.to_uppercase()))?;
    }
    printer.line(&format!(
        "{}  {} · {}{size}",
        answer.location, answer.kind, answer.layout_title
    ))?;
    let span = match (&answer.first_recorded_at, &answer.last_recorded_at) {
        (Some(first), Some(last)) => format!(" · {first} to {last}"),
        _ => String::new(),
    };
    let events = counted(answer.events.into(), "event");
    let streams = counted(answer.streams.into(), "stream");
    let types = counted(answer.types.len() as u64, "type");
    printer.line(&format!("{events} · {streams} · {types}{span}"))?;
    list(&mut printer, &format!("layout {}", answer.layout), &answer.evidence)?;
    list(&mut printer, "read-only", &answer.read_only)?;
    let can = &answer.capabilities;
    let versions = match (&can.version_base, can.events_without_version) {
        (_, missing) if missing == answer.events => "no stream versions".to_owned(),
        (base, missing) => {
            let start = match base {
                Some(base) => format!("stream versions start at {base}"),
                None => "stream versions start neither at 0 nor at 1".to_owned(),
            };
            let of = match missing {
                0 => String::new(),
                missing => format!("; {} of {events} have none", grouped(missing.into())),
            };
            format!("{start}{of}")
        }
    };
    let look_up = if can.stream_index {
        "without the others"
    } else {
        "by the local index"
    };
    let mut capabilities = vec![
        format!("global order: {}", can.order),
        versions,
        format!("times in {}, {} fractional digits", can.time_zone, can.time_digits),
        format!("one stream is read {look_up}"),
    ];
    capabilities.extend(
        can.own_chain.map(|chain| {
            format!("a hash chain of its own, that of {chain}: `refold verify` holds the events against it")
        }),
    );
    list(&mut printer, "capabilities", &capabilities)?;
    table(&mut printer, &["#events", "type"], &answer.types)?;
    table(&mut printer, &["#streams", "category"], &answer.categories)?;
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.line("")?;
    for sentence in &answer.not_checked {
        printer.line(&format!("not looked at: {sentence}"))?;
    }
    printer.finish(Ok(0))
}

fn list(printer: &mut Printer, heading: &str, lines: &[String]) -> Result<(), Ended> {
    printer.line("")?;
    printer.line(heading)?;
    lines.iter().try_for_each(|line| printer.line(&format!("  {line}")))
}

fn table(printer: &mut Printer, headings: &[&str], counts: &[Count]) -> Result<(), Ended> {
    printer.line("")?;
    let mut table = Table::new(headings);
    for of in counts.iter().take(SHOWN) {
        let name = if of.name.is_empty() {
            text::NO_NAME.to_owned()
        } else {
            of.name.to_string()
        };
        table.row(vec![grouped(of.count.into()), name]);
    }
    table.print(printer)?;
    if counts.len() > SHOWN {
        printer.line(&format!("and {} more (all with --json)", counts.len() - SHOWN))?;
    }
    Ok(())
}
