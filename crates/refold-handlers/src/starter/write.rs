//! Writes the files of a starter.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use refold_core::value::{Text, Value, is_hidden};

use super::Starter;
use super::guess::{Guess, guesses};
use super::sighting::{FieldSighting, TypeSighting};
use crate::expr::parser;

/// Lower-case letters, digits and hyphens, at most 64.
pub fn package_name(name: &str) -> String {
    let kept = name.chars().map(|next| {
        if next.is_ascii_alphanumeric() {
            next.to_ascii_lowercase()
        } else {
            '-'
        }
    });
    let kept: String = kept.take(64).collect();
    let kept = kept.trim_matches('-');
    if kept.is_empty() {
        "handler".to_owned()
    } else {
        kept.to_owned()
    }
}

pub fn manifest(name: &str) -> String {
    format!(
        "format = \"refold-handler/1\"\nname = \"{name}\"\ntitle = \"{name}\"\n\n[[version]]\nid = \"0.1.0\"\npath = \
         \"versions/0.1.0\"\nruntime = \"declarative\"\ndraft = true\n"
    )
}

pub fn reducer(starter: &Starter, name: &str) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&format!(
        "# A first guess at the state of {name}, made from the events that were found."
    ));
    line("# Read it, correct it, and delete the comments that you no longer need.");
    line("# Operations: set, add, sub, inc, dec, min, max, append, prepend, removeValue, merge, child, remove, clear,");
    line(
        "# delete, let, require, emit; each may have a `when`. Texts stand in quotes inside of the expression: \"'paid'\".",
    );
    line("refold: reducer/1");
    line("");
    line("initial: {}");
    line("");
    line("on:");
    for (event_type, sighting, guess) in guesses(starter) {
        describe(event_type, sighting, &mut line);
        rules(event_type, sighting, &guess, &mut line);
        line("");
    }
    if starter.types.is_empty() {
        line("  {}");
        line("");
    }
    if starter.unlisted > 0 {
        line(&format!(
            "# {} events are of types that are not listed: too many, or with a name that is no UTF-8 or too long.",
            starter.unlisted
        ));
        line("");
    }
    line("# Runs after every event.");
    line("every:");
    line("  - set: { lastEvent: event.type, lastEventAt: event.time }");
    line("");
    line("# What to do about types without rules: ignore, warn or error.");
    line("unhandled: warn");
    out
}

fn describe(event_type: &str, sighting: &TypeSighting, line: &mut impl FnMut(&str)) {
    let ending = if sighting.events == 1 { "" } else { "s" };
    line(&format!(
        "  # {}: {} event{ending}.",
        shown(event_type),
        sighting.events
    ));
    if sighting.unreadable > 0 {
        line(&format!(
            "  #   {} of them have no payload, or one that is no JSON.",
            sighting.unreadable
        ));
    }
    if sighting.bare > 0 {
        line(&format!(
            "  #   {} of them have a payload that is no object: read it as `event.data`.",
            sighting.bare
        ));
    }
    describe_fields(&sighting.fields, sighting.objects(), 1, line);
}

fn describe_fields(fields: &BTreeMap<String, FieldSighting>, of: u64, level: usize, line: &mut impl FnMut(&str)) {
    for (name, field) in fields {
        let mut text = format!(
            "  # {:indent$}{}: {}",
            "",
            shown(name),
            field.kinds.words(),
            indent = level * 2
        );
        if field.seen < of {
            // Writing to a string cannot fail.
            let _ = write!(text, ", in {} of {of}", field.seen);
        }
        if !field.examples.is_empty() {
            let _ = write!(text, "; such as {}", field.examples.join(", "));
        }
        line(&text);
        describe_fields(&field.fields, field.kinds.objects, level + 1, line);
    }
}

fn rules(event_type: &str, sighting: &TypeSighting, guess: &Guess, line: &mut impl FnMut(&str)) {
    let key = yaml_text(event_type);
    match guess {
        Guess::Set { into, fields } if !fields.is_empty() => {
            line(&format!("  {key}:"));
            let path = |field: &str| match into {
                None => target(field, false),
                Some(into) if is_plain_name(field) => format!("{into}.{field}"),
                Some(into) => format!("{into}[{}]", quoted(field)),
            };
            set(fields, sighting, 4, &path, line);
        }
        Guess::Child {
            collection,
            key: id,
            fields,
        } => {
            line(&format!("  {key}:"));
            line(&format!(
                "    - child: {}",
                yaml_text(&format!("{}[{}]", target(collection, false), source(id)))
            ));
            if !fields.is_empty() {
                line("      do:");
                set(fields, sighting, 8, &|field| target(field, true), line);
            }
        }
        Guess::Remove { collection, key: id } => {
            line(&format!("  {key}:"));
            line(&format!(
                "    - remove: {}",
                yaml_text(&format!("{}[{}]", target(collection, false), source(id)))
            ));
        }
        Guess::Append { collection, fields } => {
            line(&format!("  {key}:"));
            line("    - append:");
            line(&format!("        {}:", yaml_text(&target(collection, false))));
            for field in fields {
                line(&format!(
                    "          {}: {}",
                    yaml_text(field),
                    yaml_text(&source(field))
                ));
            }
            if fields.is_empty() {
                line("          at: event.time");
            }
        }
        Guess::Set { .. } | Guess::Mark => line(&format!("  {key}: []")),
    }
}

/// Sets fields: those of every event at once, then each of the others where an event has it, for what it lacks is no null.
fn set(
    fields: &[String],
    sighting: &TypeSighting,
    indent: usize,
    path: &dyn Fn(&str) -> String,
    line: &mut impl FnMut(&str),
) {
    let is_in_all = |field: &&String| {
        let seen = sighting.fields.get(*field).map_or(0, |field| field.seen);
        seen == sighting.events
    };
    let (always, sometimes): (Vec<&String>, Vec<&String>) = fields.iter().partition(is_in_all);
    let setting = |field: &str| {
        format!(
            "{:indent$}    {}: {}",
            "",
            yaml_text(&path(field)),
            yaml_text(&source(field))
        )
    };
    if !always.is_empty() {
        line(&format!("{:indent$}- set:", ""));
        always.into_iter().for_each(|field| line(&setting(field)));
    }
    for field in sometimes {
        line(&format!("{:indent$}- set:", ""));
        line(&setting(field));
        let has = format!("has({})", source(field));
        line(&format!("{:indent$}  when: {}", "", yaml_text(&has)));
    }
}

/// The expression that reads a field.
fn source(field: &str) -> String {
    if is_plain_name(field) {
        format!("event.data.{field}")
    } else {
        format!("event.data[{}]", quoted(field))
    }
}

/// The path that writes a member; inside a child it begins at the child.
fn target(member: &str, is_in_child: bool) -> String {
    let is_free = is_plain_name(member) && !matches!(member, "event" | "state" | "this" | "true" | "false" | "null");
    match (is_free && parser::parse(member).is_ok(), is_in_child) {
        (true, _) => member.to_owned(),
        (false, true) => format!("this[{}]", quoted(member)),
        (false, false) => format!("state[{}]", quoted(member)),
    }
}

fn is_plain_name(name: &str) -> bool {
    name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
        && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

/// A text literal of an expression.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for character in text.chars() {
        match character {
            '\'' | '\\' => quoted.extend(['\\', character]),
            _ if is_hidden(character) => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\U{:08x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('\'');
    quoted
}

/// Whether YAML takes this text for a key.
pub fn is_key(text: &str) -> bool {
    yaml_text(text).chars().count() <= super::MAX_KEY_LETTERS
}

/// A YAML scalar that reads as this text: plain where that is sure, else in double quotes as JSON writes it.
fn yaml_text(text: &str) -> String {
    let is_plain = text
        .bytes()
        .all(|byte| byte == b'_' || byte == b'.' || byte.is_ascii_alphanumeric())
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off"
        );
    if is_plain {
        text.to_owned()
    } else {
        Value::Text(Text::from(text)).display_json()
    }
}

/// A name in a comment: on one line, with nothing hidden.
fn shown(name: &str) -> String {
    let json = Value::Text(Text::from(name)).display_json();
    if is_plain_name(name) { name.to_owned() } else { json }
}
