//! Guesses what an event does from the words of its type and the kinds of its fields.

use std::collections::BTreeSet;

use super::Starter;
use super::sighting::TypeSighting;

/// What the starter makes of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guess {
    /// Takes its fields over, into an object of that name or the state itself.
    Set { into: Option<String>, fields: Vec<String> },
    /// Takes its fields over into a member of a collection.
    Child {
        collection: String,
        key: String,
        fields: Vec<String>,
    },
    /// Takes a member out of a collection.
    Remove { collection: String, key: String },
    /// Keeps its fields in a list; only where there are few.
    Append { collection: String, fields: Vec<String> },
    /// Changes nothing of its own.
    Mark,
}

const CREATING: [&str; 8] = [
    "placed",
    "created",
    "opened",
    "registered",
    "started",
    "initiated",
    "submitted",
    "drafted",
];
const ADDING: [&str; 3] = ["added", "attached", "appended"];
const REMOVING: [&str; 3] = ["removed", "detached", "deleted"];
const CHANGING: [&str; 7] = ["changed", "updated", "renamed", "corrected", "moved", "set", "edited"];

/// A list that grows with every event must stay small.
const MAX_APPENDED: u64 = 10_000;

/// A guess for each type, in the order of their names.
pub fn guesses(starter: &Starter) -> Vec<(&str, &TypeSighting, Guess)> {
    // A collection must not bear the name of a field that some type sets: that may be no object.
    let taken: BTreeSet<&str> = starter
        .types
        .values()
        .flat_map(|sighting| sighting.fields.keys().map(String::as_str))
        .collect();
    let shared = shared_fields(starter);
    // What is created is the state itself: `Order` of `OrderPlaced`.
    let roots: BTreeSet<String> = starter
        .types
        .keys()
        .map(|name| words(name))
        .filter(|words| words.last().is_some_and(|verb| CREATING.contains(&verb.as_str())))
        .filter_map(|words| words.into_iter().nth_back(1))
        .collect();
    let guess = |name: &str, sighting: &TypeSighting| {
        let words = words(name);
        let verb = words.last().map_or("", String::as_str);
        let fields = || sighting.fields.keys().cloned().collect::<Vec<_>>();
        let noun = if words.len() >= 2 {
            words.get(words.len() - 2)
        } else {
            None
        };
        let collection = noun.map(|noun| free_name(&plural(noun), &taken));
        let key = key_of(sighting, &shared);
        match (collection, key) {
            (Some(collection), Some(key)) if ADDING.contains(&verb) => {
                let fields = fields().into_iter().filter(|field| *field != key).collect();
                Guess::Child {
                    collection,
                    key,
                    fields,
                }
            }
            (Some(collection), None) if ADDING.contains(&verb) && sighting.events <= MAX_APPENDED => Guess::Append {
                collection: format!("{collection}List"),
                fields: fields(),
            },
            (Some(collection), Some(key)) if REMOVING.contains(&verb) => Guess::Remove { collection, key },
            _ if CREATING.contains(&verb) || CHANGING.contains(&verb) => Guess::Set {
                into: None,
                fields: fields(),
            },
            _ => {
                let own: Vec<String> = fields()
                    .into_iter()
                    .filter(|field| !shared.contains(field.as_str()))
                    .collect();
                match noun {
                    _ if own.is_empty() => Guess::Mark,
                    Some(noun) if !roots.contains(noun) => Guess::Set {
                        into: Some(free_name(&format!("last{}", capital(noun)), &taken)),
                        fields: own,
                    },
                    _ => Guess::Set {
                        into: None,
                        fields: own,
                    },
                }
            }
        }
    };
    starter
        .types
        .iter()
        .map(|(name, sighting)| (name.as_str(), sighting, guess(name, sighting)))
        .collect()
}

/// Fields that most types have tell nothing apart inside a stream: its own id, times.
fn shared_fields(starter: &Starter) -> BTreeSet<&str> {
    let most = starter.types.len();
    let mut shared = BTreeSet::new();
    for name in starter.types.values().flat_map(|sighting| sighting.fields.keys()) {
        let having = starter
            .types
            .values()
            .filter(|sighting| sighting.fields.contains_key(name))
            .count();
        if most > 2 && having * 2 > most {
            shared.insert(name.as_str());
        }
    }
    shared
}

/// The field that tells the members of a collection apart: always there, text or a whole number, named like an id.
fn key_of(sighting: &TypeSighting, shared: &BTreeSet<&str>) -> Option<String> {
    let rank = |name: &str| {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "sku" | "ean" | "isbn" => Some(0),
            "id" | "key" | "code" => Some(1),
            _ if name.ends_with("Id") || lower.ends_with("_id") || name.ends_with("ID") => Some(2),
            _ => None,
        }
    };
    let always = |seen: u64| seen == sighting.events;
    let candidates = sighting
        .fields
        .iter()
        .filter(|(name, field)| always(field.seen) && field.kinds.can_be_key() && !shared.contains(name.as_str()));
    candidates
        .filter_map(|(name, _)| Some((rank(name)?, name)))
        .min()
        .map(|(_, name)| name.clone())
}

/// The words of a type name, in lower case: `OrderItemAdded`, `order-item-added`, `shop.order_item_added.v2`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() {
            was_lower = false;
            words.push(String::new());
            continue;
        }
        if words.is_empty() || (character.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = character.is_lowercase() || character.is_ascii_digit();
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
    }
    let is_version = |word: &str| {
        word.strip_prefix('v')
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    };
    words.retain(|word| !word.is_empty() && !is_version(word) && word != "event");
    words
}

fn capital(noun: &str) -> String {
    let mut letters = noun.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn plural(noun: &str) -> String {
    match noun {
        _ if noun.ends_with('s') => format!("{noun}es"),
        _ if noun.ends_with('y') => format!("{}ies", noun.get(..noun.len() - 1).unwrap_or(noun)),
        _ => format!("{noun}s"),
    }
}

fn free_name(name: &str, taken: &BTreeSet<&str>) -> String {
    let mut free = name.to_owned();
    while taken.contains(free.as_str()) || matches!(free.as_str(), "lastEvent" | "events") {
        free.push_str("ById");
    }
    free
}
