//! Names, quoted texts and comments, as languages want them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use refold_core::value::{Value, is_hidden};

use super::{GivenEvent, Leaf, TestText};

/// Names longer than this are cut: files and methods are called by them.
const MOST_LETTERS: usize = 60;

/// `OrderBalancedOncePaid`. Always an identifier of each of the languages.
pub fn pascal(text: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    identifier(words_of(text).iter().map(|word| capital(word)).collect())
}

/// `order_balanced_once_paid`.
pub fn snake(text: &str) -> String {
    identifier(words_of(text).join("_").to_ascii_lowercase())
}

/// The class of an event: `ItemAdded` of `ItemAdded`, `shop.order:Order.ItemAdded` and `item-added.v2`.
pub fn class_of(event_type: &str) -> String {
    let parts = event_type.split(['.', ':', '/', '+', '$']);
    let is_version = |part: &&str| {
        let digits = part.strip_prefix(['v', 'V']).unwrap_or(part);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let class = parts.rev().find(|part| !part.is_empty() && !is_version(part));
    pascal(class.unwrap_or("Event"))
}

/// The classes of the events by their stored types. No two have the same: where the last part of the types is not enough
/// the whole type counts, and then a number.
pub struct Classes<'a>(BTreeMap<&'a str, String>);

impl<'a> Classes<'a> {
    pub fn of(given: &'a [GivenEvent]) -> Classes<'a> {
        let types: BTreeSet<&str> = given.iter().map(|event| event.event_type.as_str()).collect();
        let mut users: BTreeMap<String, u32> = BTreeMap::new();
        for event_type in &types {
            *users.entry(class_of(event_type)).or_default() += 1;
        }
        let (shared, own): (Vec<&str>, Vec<&str>) = types
            .into_iter()
            .partition(|event_type| users.get(&class_of(event_type)) != Some(&1));
        let mut classes: BTreeMap<&str, String> = own.into_iter().map(|it| (it, class_of(it))).collect();
        let mut taken: BTreeSet<String> = classes.values().cloned().collect();
        for event_type in shared {
            let whole = pascal(event_type);
            let numbered = (2_u32..).map(|number| format!("{whole}{number}"));
            let free = std::iter::once(whole.clone())
                .chain(numbered)
                .find(|it| !taken.contains(it));
            // There are more numbers than types.
            let class = free.unwrap_or(whole);
            taken.insert(class.clone());
            classes.insert(event_type, class);
        }
        Classes(classes)
    }

    pub fn class(&self, event_type: &str) -> &str {
        self.0.get(event_type).map_or("Event", String::as_str)
    }

    /// A line for the head of a file: which classes are called otherwise than the types.
    pub fn note(&self) -> String {
        let renamed: Vec<String> = self
            .0
            .iter()
            .filter(|(event_type, class)| event_type != class)
            .map(|(event_type, class)| format!("{event_type} is {class}"))
            .collect();
        match renamed.as_slice() {
            [] => "Events are called by their stored types.".to_owned(),
            renamed => format!("Types that are no names of their own: {}.", renamed.join(", ")),
        }
    }
}

/// A text in double quotes with the escapes that C, JavaScript, Java and Python share. `dollar` is escaped too where a
/// text would otherwise quote an expression.
pub fn quoted(text: &str, has_templates: bool) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '$' if has_templates => out.push_str("\\$"),
            // Not as `\u`, which Java reads before it knows of texts.
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            letter if is_hidden(letter) => {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// One line of a comment: nothing in it can end it, nor `\u000a`, which Java takes for the end of the line.
pub fn comment(text: &str) -> String {
    let shown = |letter| if is_hidden(letter) { '\u{fffd}' } else { letter };
    text.chars().map(shown).collect::<String>().replace("\\u", "\\ u")
}

/// The head of a file: what it shows and where it comes from, a comment each line.
pub fn head<'n>(test: &TestText<'_>, mark: &str, notes: impl IntoIterator<Item = &'n str>) -> String {
    let mut out = String::new();
    let comments = test.comments.iter().map(String::as_str);
    for line in [test.title].into_iter().chain(comments) {
        let _ = writeln!(out, "{mark} {}", comment(line));
    }
    let _ = writeln!(out, "{mark}");
    for line in notes {
        let _ = writeln!(out, "{mark} {}", comment(line));
    }
    out
}

/// What stands for a place where nothing is: no JSON.
pub const NOTHING: &str = "(nothing)";

/// What a leaf is as JSON; [`NOTHING`] where there is nothing. Numbers keep their literal.
pub fn json_of(leaf: &Leaf) -> String {
    leaf.value.as_ref().map_or(NOTHING.to_owned(), json)
}

/// One line of JSON without a character that would not show itself.
pub fn json(value: &Value) -> String {
    value.display_json()
}

fn words_of(text: &str) -> Vec<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).collect()
}

fn identifier(mut name: String) -> String {
    name.truncate(MOST_LETTERS);
    let starts_well = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if starts_well { name } else { format!("x{name}") }
}
