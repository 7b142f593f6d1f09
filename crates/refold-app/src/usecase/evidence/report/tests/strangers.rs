//! Stores, people, lists and rules made at random: of everything that is not on the list nothing is in any file of a report
//! about a person, in whatever layer and writing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::layers::{layers, writings};
use super::*;
use crate::mask::Reveal;

/// What the lists can name. What a stranger is called is none of them.
const KEYS: [&str; 4] = ["a", "b", "c", "id"];
const STEPS: [&str; 7] = ["a", "b", "c", "id", "*", "**", "*"];
const PERSON: &str = "the-person";
/// How a value of a stranger begins, as a text and as a number.
const BEGINS: [&str; 2] = ["qzk", "9173"];
const DIGITS: usize = 8;
/// How it ends: of the last letter base64 shows only a part, by which names are not told apart.
const ENDS: &str = "9";

/// A store, and what is known of it.
struct Town {
    random: Random,
    /// Names so far.
    count: usize,
    /// Those that may be shown.
    allowed: BTreeSet<String>,
    /// Those that must be: no rule hides them.
    wanted: BTreeSet<String>,
}

/// What the list says.
struct Listed {
    show: Vec<Vec<&'static str>>,
    named: Vec<Vec<&'static str>>,
    columns: BTreeSet<&'static str>,
    key: Vec<&'static str>,
}

impl Town {
    fn name(&mut self, begins: &str) -> String {
        self.count += 1;
        format!("{begins}{:0DIGITS$}{ENDS}", self.count)
    }

    fn stranger(&mut self) -> String {
        self.name(BEGINS[0])
    }

    fn is(&mut self, one_in: usize) -> bool {
        self.random.below(one_in) == 0
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.random.below(of.len())]
    }

    fn pattern(&mut self) -> Vec<&'static str> {
        (0..1 + self.random.below(3)).map(|_| self.one_of(&STEPS)).collect()
    }

    fn patterns(&mut self, most: usize) -> Vec<Vec<&'static str>> {
        (0..self.random.below(most)).map(|_| self.pattern()).collect()
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.random.below(if depth == 0 { 4 } else { 9 }) {
            0 | 1 => json!(self.stranger()),
            2 => serde_json::from_str(&self.name(BEGINS[1])).expect("a number"),
            3 => match self.is(3) {
                true => Value::Null,
                false => json!(PERSON),
            },
            4 | 5 => (0..self.random.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => {
                let mut members = serde_json::Map::new();
                for _ in 0..self.random.below(5) {
                    let key = match self.is(3) {
                        true => self.stranger(),
                        false => self.one_of(&KEYS).to_owned(),
                    };
                    members.insert(key, self.value(depth - 1));
                }
                Value::Object(members)
            }
        }
    }

    fn listed(&mut self) -> Listed {
        let columns = [
            "stream",
            "category",
            "type",
            "schema_version",
            "event_id",
            "correlation_id",
            "causation_id",
        ];
        Listed {
            show: self.patterns(4),
            named: self.patterns(3),
            columns: columns.into_iter().filter(|_| self.is(4)).collect(),
            key: self
                .one_of(&[&["id"][..], &["*", "id"], &["**", "id"], &["a", "*"]])
                .to_vec(),
        }
    }

    /// The list as a file, with entries that name strangers of whom there is nothing.
    fn list(&mut self, listed: &Listed) -> String {
        let unknown = [self.stranger(), self.stranger(), self.stranger()];
        format!(
            "refold = \"excerpt/1\"\ncolumns = {:?}\n[[show]]\npaths = {}\n[[show]]\npaths = [\"\"]\ncategory = \"{}\"\n\
             [[show]]\npaths = [\"/{}\"]\n[[pseudonym]]\ndomain = \"others\"\npaths = {}\n[[pseudonym]]\ndomain = \"{}\"\n\
             paths = [\"/nowhere\"]\n",
            listed.columns.iter().collect::<Vec<_>>(),
            written(&listed.show),
            unknown[0],
            unknown[1],
            written(&listed.named),
            unknown[2],
        )
    }

    /// Marks what the list shows of a value, read plainly.
    fn allow(&mut self, value: &Value, path: &mut Vec<String>, listed: &Listed, is_wanted: bool) {
        let is_shown = holds(&listed.show, path);
        let mut inside = |town: &mut Town, name: String, value: &Value| {
            path.push(name);
            town.allow(value, path, listed, is_wanted);
            path.pop();
        };
        match value {
            Value::Array(elements) => {
                let elements = elements.iter().enumerate();
                elements.for_each(|(at, element)| inside(self, at.to_string(), element));
            }
            Value::Object(members) => {
                for (key, member) in members {
                    if is_shown {
                        self.allowed.insert(key.clone());
                    }
                    inside(self, key.clone(), member);
                }
            }
            leaf => {
                let text = leaf.as_str().map_or_else(|| leaf.to_string(), str::to_owned);
                if is_shown && !holds(&listed.named, path) && !holds(std::slice::from_ref(&listed.key), path) {
                    self.wanted.extend(is_wanted.then(|| text.clone()));
                    self.allowed.insert(text);
                }
            }
        }
    }
}

fn written(patterns: &[Vec<&str>]) -> String {
    let path = |steps: &Vec<&str>| steps.iter().map(|step| format!("/{step}")).collect::<String>();
    format!("{:?}", patterns.iter().map(path).collect::<Vec<_>>())
}

/// Whether a pattern leads to a path.
fn leads(pattern: &[&str], path: &[String]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => leads(rest, path) || path.split_first().is_some_and(|(_, on)| leads(pattern, on)),
        ([first, rest @ ..], [name, on @ ..]) => (*first == "*" || first == name) && leads(rest, on),
        _ => false,
    }
}

/// Whether one leads to a path or to something that it is in.
fn holds(patterns: &[Vec<&str>], path: &[String]) -> bool {
    (0..=path.len()).any(|end| patterns.iter().any(|pattern| leads(pattern, &path[..end])))
}

/// Whether the person stands at a place of the key or in an array there, and whether anybody else stands at or below one.
/// `is_element`: of an array that stands there.
fn held_by(value: &Value, path: &mut Vec<String>, key: &[&'static str], is_element: bool) -> (bool, bool) {
    let is_at = is_element || leads(key, path);
    let mut inside = |name: String, value: &Value, is_element: bool| {
        path.push(name);
        let held_by = held_by(value, path, key, is_element);
        path.pop();
        held_by
    };
    let both = |all: (bool, bool), one: (bool, bool)| (all.0 || one.0, all.1 || one.1);
    match value {
        Value::Array(elements) => {
            let elements = elements.iter().enumerate();
            let held_by = elements.map(|(at, of)| inside(at.to_string(), of, is_at));
            held_by.fold((false, false), both)
        }
        Value::Object(members) => {
            let held_by = members.iter().map(|(name, of)| inside(name.clone(), of, false));
            held_by.fold((false, false), both)
        }
        Value::Null => (false, false),
        leaf if is_at && leaf == PERSON => (true, false),
        _ => (false, holds(&[key.to_vec()], path)),
    }
}

/// Names of strangers that stand in a text as they are.
fn names_in(text: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for begins in BEGINS {
        for at in memchr::memmem::find_iter(text, begins) {
            let name = text
                .get(at..at + begins.len() + DIGITS + ENDS.len())
                .unwrap_or_default();
            found.extend(String::from_utf8(name.to_vec()));
        }
    }
    found
}

/// The first name of `names` that stands in a file, in whatever layer and writing, and the file.
fn first_told(dir: &str, names: &BTreeSet<String>) -> Option<(String, String)> {
    // What all of them begin with, in the writings in which a name is not seen as it is; few texts hold it.
    let marks: Vec<Vec<Vec<u8>>> = BEGINS.iter().map(|begins| writings(begins.as_bytes())).collect();
    for (file, bytes) in bytes_of(dir) {
        for layer in layers(&bytes) {
            if let Some(name) = names_in(&layer).intersection(names).next() {
                return Some((file, name.clone()));
            }
            let is_suspect = marks
                .iter()
                .flatten()
                .any(|mark| memchr::memmem::find(&layer, mark).is_some());
            if !is_suspect {
                continue;
            }
            for name in names {
                if writings(name.as_bytes())
                    .iter()
                    .any(|text| memchr::memmem::find(&layer, text).is_some())
                {
                    return Some((file, name.clone()));
                }
            }
        }
    }
    None
}

/// One store, one question, one report.
fn grind(seed: u64) {
    let mut town = Town {
        random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        count: 0,
        allowed: BTreeSet::new(),
        wanted: BTreeSet::new(),
    };
    let listed = town.listed();
    let list = town.list(&listed);
    let has_rules = town.is(2);
    let hide = town.patterns(3);
    let mut streams: Vec<(String, String)> = (0..4).map(|_| (town.stranger(), town.stranger())).collect();
    if town.is(2) {
        // One is shown as the other is called.
        streams[1].0 = format!("{}\\u{{a}}", streams[0].0);
        streams[0].0.push('\n');
    }
    let mut held: BTreeSet<usize> = (0..streams.len()).filter(|_| town.is(5)).collect();
    let mut events: Vec<(usize, Value, BTreeMap<&'static str, String>, bool)> = Vec::new();
    let mut lines = Vec::new();
    // Somebody is there, whatever the key.
    let first = match &listed.key[..] {
        ["*", "id"] => json!({"b": {"id": PERSON}}),
        ["a", "*"] => json!({"a": [PERSON]}),
        _ => json!({"id": PERSON}),
    };
    for at in 0..3 + town.random.below(9) {
        let of = if at == 0 { 0 } else { town.random.below(streams.len()) };
        let payload = if at == 0 { first.clone() } else { town.value(4) };
        let metadata = town.value(2);
        let columns: BTreeMap<&'static str, String> =
            ["type", "schema_version", "event_id", "correlation_id", "causation_id"]
                .into_iter()
                .map(|column| (column, town.stranger()))
                .chain([("stream", streams[of].0.clone()), ("category", streams[of].1.clone())])
                .collect();
        let mut line = json!({"version": at, "recorded_at": "2026-08-01T00:00:00Z", "metadata": metadata});
        for (column, text) in &columns {
            line[*column] = json!(text);
        }
        // What is no JSON is looked into by nobody, and not shown.
        let is_json = at == 0 || !town.is(6);
        line["payload"] = match is_json {
            true => payload.clone(),
            false => json!({"base64": crate::answer::base64(town.stranger().as_bytes()), "content_type": "text/plain"}),
        };
        lines.push(line.to_string());
        if town.is(9) {
            lines.push(format!("{{\"stream\":\"{}\"", town.stranger()));
        }
        let parts = json!([if is_json { payload } else { Value::Null }, metadata]);
        events.push((of, parts, columns, is_json));
    }
    held.retain(|at| events.iter().any(|(of, ..)| of == at));
    let named: Vec<String> = held.iter().map(|at| streams[*at].0.clone()).collect();
    let cover: Vec<Vec<&str>> = if has_rules { hide.clone() } else { Vec::new() };
    for (of, parts, ..) in &events {
        let parts = parts.as_array().expect("two parts");
        let is_held = |part: &Value| held_by(part, &mut Vec::new(), &listed.key, false).0;
        if cover.is_empty() && parts.iter().any(is_held) {
            held.insert(*of);
        }
    }
    for (of, parts, columns, is_json) in &events {
        // With rules nobody is found by what they hide: then any stream may be in it.
        if !cover.is_empty() || held.contains(of) {
            let parts = parts.as_array().expect("two parts");
            let mut whose: Vec<(bool, bool)> = parts
                .iter()
                .map(|part| held_by(part, &mut Vec::new(), &listed.key, false))
                .collect();
            if !is_json {
                whose[0] = (false, true);
            }
            let is_of_others = whose.contains(&(false, true));
            for (part, (is_own, _)) in parts.iter().zip(&whose) {
                if !cover.is_empty() || *is_own || !is_of_others {
                    town.allow(part, &mut Vec::new(), &listed, cover.is_empty());
                }
            }
            let shown = columns.iter().filter(|(column, _)| listed.columns.contains(*column));
            town.allowed
                .extend(shown.flat_map(|(_, text)| names_in(text.as_bytes())));
        }
    }
    let hidden_name = town.stranger();
    let case = Case::of(&lines);
    std::fs::write(case.path("list.toml"), list).expect("a list");
    let rules = format!(
        "refold = \"mask/1\"\n[[hide]]\npaths = {}\n[[hide]]\npaths = [\"/{hidden_name}\"]\n",
        written(&hide)
    );
    std::fs::write(case.path("rules.toml"), rules).expect("rules");
    let asked = ReportAsked {
        streams: named,
        subject: Some(SubjectAsked {
            keys: vec![format!("/{}={PERSON}", listed.key.join("/"))],
            allow: Some(case.path("list.toml")),
            case_key: None,
        }),
        redact: has_rules.then(|| case.path("rules.toml")),
        key: Some(case.path("key")),
        ..case.asked()
    };
    let made = case.with_session(&Silent, |work, session| {
        if has_rules {
            session.mask().add(&case.path("rules.toml")).expect("rules");
            let reveal = Reveal {
                stream: Some(streams[0].0.clone().into_bytes()),
                ..Reveal::everywhere(&format!("/{hidden_name}")).expect("a path")
            };
            session.mask().reveal(reveal, "to see it").expect("it is revealed");
        }
        report(work, session, &asked, None)
    });
    let made = match made {
        Ok(made) => made,
        // Rules hide the person from the search.
        Err(error) if has_rules && error.code == ErrorCode::NotFound => return,
        Err(error) => panic!("{seed}: {error:?}"),
    };
    let all: BTreeSet<String> = (1..=town.count)
        .flat_map(|at| BEGINS.map(|begins| format!("{begins}{at:0DIGITS$}{ENDS}")))
        .collect();
    let others: BTreeSet<String> = all.difference(&town.allowed).cloned().collect();
    assert_eq!(first_told(&made.dir, &others), None, "seed {seed}, in {}", made.dir);
    // All of the person's is there.
    let record = bytes_of(&made.dir)[RECORD_JSON].clone();
    let wanted = town.wanted.intersection(&all).cloned().collect::<BTreeSet<_>>();
    let told = names_in(&record);
    assert!(
        wanted.is_subset(&told),
        "seed {seed}: {:?}",
        wanted.difference(&told).collect::<Vec<_>>()
    );
    // And what is counted is what is written.
    let record = String::from_utf8(record).expect("text");
    let redaction = manifest(&made.dir).report.redaction;
    let hidden: u64 = redaction.hidden.iter().map(|of| of.count).sum();
    let values = record.matches("\"[redacted]\"").count() - record.matches("\"[redacted]\":").count();
    assert_eq!(hidden, values as u64, "seed {seed}");
    let named: u64 = redaction
        .pseudonyms
        .expect("they are told")
        .of
        .iter()
        .map(|of| of.count)
        .sum();
    assert_eq!(named, record.matches("[pseudonym ").count() as u64, "seed {seed}");
    assert_eq!(
        checked(Path::new(&made.dir), None).expect("an answer").outcome,
        "verified",
        "seed {seed}"
    );
}

/// Of a few stores, or of as many as `REFOLD_STRANGERS` says.
#[test]
fn nothing_of_strangers_is_in_any_file() {
    let count = std::env::var("REFOLD_STRANGERS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(24);
    for seed in 1..=count {
        grind(seed);
    }
}
