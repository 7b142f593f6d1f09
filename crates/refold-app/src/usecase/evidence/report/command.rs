//! The call of the command line that makes a report again. Files are in it by what they are, and not by the paths that they
//! had on one machine.

use refold_core::time::Timestamp;

use super::ReportAsked;
use super::judged::Judged;
use crate::handler;
use crate::session::Session;
use crate::wire::HandlerWire;

/// The call that makes the same report again. `store`: what the report calls it. `handler`: what states were folded with.
pub(super) fn again(
    (store, session): (&str, &Session),
    handler: Option<&HandlerWire>,
    asked: &ReportAsked,
    judged: Option<&Judged>,
    now: Timestamp,
) -> String {
    let mut words = vec!["refold".to_owned(), "report".to_owned(), quoted(store)];
    let is_told = asked.subject.is_none();
    words.extend(asked.streams.iter().map(|stream| match is_told {
        true => quoted(stream),
        false => "STREAM".to_owned(),
    }));
    let handler = match (handler, asked.handler.as_deref()) {
        (Some(handler), of) => Some(named(of, handler)),
        // Nothing was folded: it was named for the rules that are in its package.
        (None, Some(of)) => Some(if of.starts_with("builtin:") { of } else { "HANDLER" }.to_owned()),
        (None, None) => None,
    };
    let formats: Vec<&str> = asked.formats.iter().map(|format| format.name()).collect();
    let options = [
        (
            "--layout",
            session
                .said()
                .layout
                .as_deref()
                .map(|layout| layout_word(layout, is_told)),
        ),
        ("--zone", session.said().zone.clone()),
        ("--category", asked.category.clone()),
        ("--from", asked.from.clone()),
        ("--to", asked.to.clone()),
        ("--handler", handler),
        ("--format", Some(formats.join(","))),
        ("--redact", asked.redact.as_ref().map(|_| "FILE".to_owned())),
        ("--key", asked.key.as_ref().map(|_| "FILE".to_owned())),
        ("--title", asked.title.clone()),
        ("--operator", asked.operator.clone()),
        ("--organisation", asked.organisation.clone()),
        ("--case", asked.case_number.clone()),
        ("--classification", asked.classification.clone()),
        ("--time", Some(now.display(0).to_string())),
    ];
    if let Some(subject) = &asked.subject {
        words.extend(subject.keys.iter().map(|key| format!("--subject {}", quoted(key))));
        words.extend(subject.allow.as_ref().map(|_| "--allow FILE".to_owned()));
        words.push("--case-key FILE".to_owned());
    }
    words.extend(judged.into_iter().flat_map(|judged| judged.options.clone()));
    for (name, value) in options {
        words.extend(value.map(|value| format!("{name} {}", quoted(&value))));
    }
    // Of what was revealed in the window some can be said there only.
    let reveals = session.mask().reveals().into_iter();
    let mut everywhere = reveals.filter(|of| of.stream.is_none() && of.part.is_none()).peekable();
    words.extend(everywhere.peek().map(|_| "--reason REASON".to_owned()));
    words.extend(everywhere.map(|of| match is_told {
        true => format!("--reveal {}", quoted(&of.path.to_string())),
        false => "--reveal PATH".to_owned(),
    }));
    if asked.is_source_unhashed {
        words.push("--no-source-digest".to_owned());
    }
    words.push("--out DIR".to_owned());
    words.join(" ")
}

/// A built-in layout as it is called; of a file its place is that of one machine. In a report about a person its name is
/// not told.
fn layout_word(layout: &str, is_told: bool) -> String {
    match is_told {
        _ if layout.ends_with(".toml") => "FILE".to_owned(),
        true => layout.to_owned(),
        false => "LAYOUT".to_owned(),
    }
}

/// A built-in handler as it is called; a package by its own name, for its place is that of one machine.
pub(super) fn named(asked: Option<&str>, of: &HandlerWire) -> String {
    match asked {
        Some(built_in) if built_in.starts_with("builtin:") => built_in.to_owned(),
        None => handler::DEFAULT.to_owned(),
        Some(_) => format!("{}@{}", of.name, of.version),
    }
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@+=,".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
