//! The call of the command line that makes a report again.

use refold_core::time::Timestamp;

use super::ReportAsked;
use super::judged::Judged;

/// The call that makes the same report again.
pub(super) fn again(location: &str, asked: &ReportAsked, judged: Option<&Judged>, now: Timestamp) -> String {
    let mut words = vec!["refold".to_owned(), "report".to_owned(), quoted(location)];
    words.extend(asked.streams.iter().map(|stream| quoted(stream)));
    let formats: Vec<&str> = asked.formats.iter().map(|format| format.name()).collect();
    let options = [
        ("--category", asked.category.clone()),
        ("--from", asked.from.clone()),
        ("--to", asked.to.clone()),
        ("--handler", asked.handler.clone()),
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
    words.extend(judged.into_iter().flat_map(|judged| judged.options.clone()));
    for (name, value) in options {
        words.extend(value.map(|value| format!("{name} {}", quoted(&value))));
    }
    if asked.is_source_unhashed {
        words.push("--no-source-digest".to_owned());
    }
    words.push("--out DIR".to_owned());
    words.join(" ")
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@+=,".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
