//! `refold compare` of two whole stores.

use refold_app::text::{counted, grouped};
use refold_app::usecase::stores::answer::{DifferingAnswer, FirstAnswer, OrderAnswer, StoreAnswer, StoresAnswer};
use refold_app::usecase::stores::{By, EventPart, StoresAsked, StoresComparison};

use super::{Context, compare, diff, place};
use crate::arguments::{Compare, CompareBy};
use crate::print::{self, Ended, Printer, Table};

pub fn run(context: &Context<'_>, asked: &Compare) -> Result<u8, Ended> {
    let handlers = compare::both("--handler", &asked.handlers)?;
    let left = context.open(&asked.a)?;
    let right = context.open(asked.b.as_deref().unwrap_or(&asked.a))?;
    let how = StoresAsked {
        by: match asked.by {
            CompareBy::Bytes => By::Bytes,
            CompareBy::Meaning => By::Meaning,
        },
        ignored: asked
            .ignore
            .iter()
            .filter_map(|word| EventPart::of_word(word))
            .collect(),
        handlers: (!asked.handlers.is_empty()).then(|| handlers.map(Option::<&String>::cloned)),
    };
    let found = StoresComparison::run(context.work, &left, &right, &how)?;
    let answer = found.answer(context.work, asked.limit)?;
    // What is not clear is no pass.
    let code = u8::from(answer.outcome != "same");
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    print_stores(&mut printer, &answer)?;
    print_counts(&mut printer, &answer)?;
    if !answer.differing.is_empty() {
        printer.line("")?;
        print_differing(&mut printer, &answer, how.handlers.is_some())?;
    }
    for (name, side) in [("left", &answer.left), ("right", &answer.right)] {
        if !side.findings.is_empty() {
            printer.line("")?;
            printer.line(&format!("found in the {name} store:"))?;
            print::findings(&mut printer, &side.findings)?;
        }
    }
    printer.finish(Ok(code))
}

fn print_stores(printer: &mut Printer, answer: &StoresAnswer) -> Result<(), Ended> {
    for (name, side) in [("left ", &answer.left), ("right", &answer.right)] {
        printer.line(&format!("{name}  {}", side_line(side)))?;
        if side.grew {
            printer.line("       it has grown since it was opened: what came is not judged")?;
        }
    }
    if answer.left.counts_as != answer.right.counts_as {
        let (left, right) = (answer.left.counts_as, answer.right.counts_as);
        printer.line(&format!(
            "DIFFERENT ENVIRONMENTS: the left store is {left}, the right one {right}"
        ))?;
    }
    let ignored: Vec<&str> = answer.ignored.iter().map(|part| part.word()).collect();
    let without = match ignored.is_empty() {
        true => String::new(),
        false => format!(", without {}", ignored.join(", ")),
    };
    printer.line(&format!("compared by {}{without}", answer.by))?;
    printer.line("")?;
    printer.line(&answer.sentence)
}

fn side_line(side: &StoreAnswer) -> String {
    let last = side.last_position.as_ref().map(|last| format!(" up to #{last}"));
    format!(
        "{}  {} · {}  {} in {}{}",
        side.store,
        side.kind,
        side.layout,
        counted(side.events, "event"),
        counted(side.streams.into(), "stream"),
        last.unwrap_or_default()
    )
}

fn print_counts(printer: &mut Printer, answer: &StoresAnswer) -> Result<(), Ended> {
    let (streams, events) = (&answer.streams, &answer.events);
    if answer.outcome != "same" {
        printer.line(&format!(
            "streams  {}",
            counts(&[
                (streams.equal.into(), "equal"),
                (streams.changed.into(), "changed"),
                (streams.missing.into(), "with events missing or more"),
                (streams.order.into(), "in another order"),
                (streams.left_behind.into(), "behind on the left"),
                (streams.right_behind.into(), "behind on the right"),
                (streams.only_left.into(), "only left"),
                (streams.only_right.into(), "only right"),
                (streams.unclear.into(), "unclear"),
            ])
        ))?;
        printer.line(&format!(
            "events   {}",
            counts(&[
                (events.equal, "equal"),
                (events.different, "different"),
                (events.only_left, "only left"),
                (events.only_right, "only right"),
                (events.unclear_left, "unclear on the left"),
                (events.unclear_right, "unclear on the right"),
            ])
        ))?;
    }
    if streams.renamed > 0 {
        let renamed = counted(streams.renamed.into(), "stream");
        printer.line(&format!("{renamed} of those only left are only right under another id"))?;
    }
    if !answer.parts.is_empty() {
        let parts: Vec<String> = answer
            .parts
            .iter()
            .map(|of| format!("{} {}", of.part.word(), grouped(of.events)))
            .collect();
        printer.line(&format!("differ   {}", parts.join(" · ")))?;
    }
    for absent in &answer.absent {
        let (word, side) = (absent.part.word(), absent.side);
        printer.line(&format!("the {side} store has no {word} anywhere (--ignore {word})"))?;
    }
    if answer.form_only {
        printer.line("each first difference that is listed is one of form, and says the same (--by meaning)")?;
    }
    printer.line(&order_line(&answer.order))
}

fn counts(of: &[(u64, &str)]) -> String {
    let told = of.iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told
        .map(|(count, word)| format!("{} {word}", grouped(*count)))
        .collect();
    told.join(" · ")
}

fn order_line(order: &OrderAnswer) -> String {
    let told = match (&order.left_position, &order.right_position, order.not_compared) {
        (_, _, Some(why)) => format!("not compared: {why}"),
        (Some(left), Some(right), None) => format!(
            "other from #{left} on the left, #{right} on the right, behind {}",
            counted(order.events, "event")
        ),
        _ if order.left_out > 0 => format!(
            "the same for {} of the {} that both share, up to the first difference of each stream",
            grouped(order.events),
            counted(order.events + order.left_out, "event")
        ),
        _ => format!("the same for the {} that both share", counted(order.events, "event")),
    };
    format!("order    {told}")
}

fn print_differing(printer: &mut Printer, answer: &StoresAnswer, has_handler: bool) -> Result<(), Ended> {
    let mut headings = vec!["stream", "how", "#left", "#right", "first difference"];
    if has_handler {
        headings.push("state at the head");
    }
    let mut table = Table::new(&headings);
    for of in &answer.differing {
        let mut cells = vec![
            of.stream.to_string(),
            how(of),
            grouped(of.left_events.into()),
            grouped(of.right_events.into()),
            first_cell(of),
        ];
        if has_handler {
            cells.push(state_cell(of));
        }
        table.row(cells);
    }
    table.print(printer)?;
    let more = u64::from(answer.differing_count).saturating_sub(answer.differing.len() as u64);
    if more > 0 {
        printer.line(&format!("… and {} more: --limit N", counted(more, "stream")))?;
    }
    Ok(())
}

fn how(of: &DifferingAnswer) -> String {
    let by = |count: u32| counted(count.into(), "event");
    let different = match of.by_place {
        true => "different by their places",
        false => "different",
    };
    match of.kind {
        "left_behind" => format!("left behind by {}", by(of.only_right)),
        "right_behind" => format!("right behind by {}", by(of.only_left)),
        "only_left" => "only left".to_owned(),
        "only_right" => "only right".to_owned(),
        "order" => "another order".to_owned(),
        "missing" => counts(&[
            (of.only_left.into(), "only left"),
            (of.only_right.into(), "only right"),
            (of.different.into(), different),
        ]),
        "changed" => format!("{} {different}", grouped(of.different.into())),
        kind => kind.to_owned(),
    }
}

fn first_cell(of: &DifferingAnswer) -> String {
    if let Some(other) = &of.renamed {
        return format!("the same events as {other} of the other store");
    }
    let Some(first) = &of.first else {
        return String::new();
    };
    let event = first.left.as_ref().or(first.right.as_ref());
    let event = event.map(|event| {
        let at = place(event.version.as_ref(), Some(&event.position));
        format!("{at} {}", event.event_type)
    });
    let event = event.unwrap_or_default();
    match (&first.left, &first.right) {
        (Some(_), Some(_)) if first.parts.is_empty() => format!("{event}: cannot be read"),
        (Some(_), Some(_)) => format!("{event}: {}", differing_parts(first)),
        (Some(_), None) => format!("{event}: only left"),
        (None, _) => format!("{event}: only right"),
    }
}

/// What differs of an event, with the first changed path of each body.
fn differing_parts(first: &FirstAnswer) -> String {
    let part = |part: &EventPart| {
        let changes = match part {
            EventPart::Payload => &first.payload,
            EventPart::Metadata => &first.metadata,
            _ => return plain_part(first, *part), // the others have no paths
        };
        let Some(change) = changes.first() else {
            let how = if first.hidden { " (hidden)" } else { "" };
            return format!("{}{how}", part.word());
        };
        let [_, path, before, after, _] = &diff::row(change)[..] else {
            return part.word().to_owned();
        };
        let is_hidden = |side: &Option<refold_app::answer::Literal>| side.as_ref().is_some_and(|it| it.is_redacted());
        let told = match is_hidden(&change.before) || is_hidden(&change.after) {
            true => format!("{path} differs, hidden"),
            false => format!("{path} {before} | {after}"),
        };
        let more = match changes.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        format!("{} {told}{more}", part.word())
    };
    first.parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// A part that both events show as one text.
fn plain_part(first: &FirstAnswer, part: EventPart) -> String {
    let (Some(left), Some(right)) = (&first.left, &first.right) else {
        return part.word().to_owned();
    };
    let sides = [left, right].map(|event| match part {
        EventPart::Type => Some(event.event_type.to_string()),
        EventPart::Recorded => event.recorded_at.clone(),
        EventPart::Occurred => event.occurred_at.clone(),
        EventPart::Version => event.version.clone(),
        EventPart::Id => event.event_id.as_ref().map(ToString::to_string),
        EventPart::Schema => event.schema_version.as_ref().map(ToString::to_string),
        EventPart::Correlation => event.correlation_id.as_ref().map(ToString::to_string),
        EventPart::Causation => event.causation_id.as_ref().map(ToString::to_string),
        EventPart::Payload | EventPart::Metadata | EventPart::Order | EventPart::Position => None,
    });
    match sides {
        [None, None] => part.word().to_owned(),
        sides => {
            let [left, right] = sides.map(|side| side.unwrap_or_else(|| "none".to_owned()));
            format!("{} {left} | {right}", part.word())
        }
    }
}

fn state_cell(of: &DifferingAnswer) -> String {
    let Some(states) = &of.states else {
        return String::new();
    };
    match (&states.fault, states.changes) {
        (Some(fault), _) => format!("not compared: {fault}"),
        (None, Some(0) | None) => "the same".to_owned(),
        (None, Some(changes)) => counted(changes.into(), "difference"),
    }
}
