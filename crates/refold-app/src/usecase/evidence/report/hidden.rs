//! What masking rules hid in the events of a report: by part and path, with how often.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use refold_audit::report::model::Hidden;
use refold_core::event::EventView;
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::pointer::{Pointer, Segment};
use refold_core::value::Value;

use super::super::impact::Impact;
use crate::answer::{BlameAnswer, Literal};
use crate::mask::{Mask, Part, Rule};
use crate::usecase::lab::shown_at;

pub struct HiddenPaths {
    counts: BTreeMap<(&'static str, String), u64>,
    /// Rules of the file that was named which hid nothing so far.
    idle: Vec<Rule>,
}

impl HiddenPaths {
    /// `redact`: a file of rules, each of which is meant to hide something.
    pub fn of(mask: &Mask, redact: Option<&Path>) -> HiddenPaths {
        HiddenPaths {
            counts: BTreeMap::new(),
            idle: redact.map(|file| mask.rules_of(file)).unwrap_or_default(),
        }
    }

    /// Takes from the rules that hid nothing those that hide something of this event.
    pub fn try_idle(&mut self, event: &EventView<'_>, names: &Names) {
        self.idle.retain(|rule| !rule.hides_in(event, names));
    }

    pub fn add_event(&mut self, event: &EventView<'_>, names: &Names, mask: &Mask) {
        if !mask.has_rules() {
            return;
        }
        self.try_idle(event, names);
        for (part, name, bytes) in [
            (Part::Payload, "payload", event.payload),
            (Part::Metadata, "metadata", event.metadata),
        ] {
            let cover = mask.of_event(event, names, part);
            let Some(bytes) = bytes.filter(|_| !cover.is_empty()) else {
                continue;
            };
            let mut paths = Vec::new();
            let is_json = cover.each_hidden(bytes, &mut |path, _| paths.push(generic(path)));
            if is_json.is_none() {
                paths = vec![String::new()];
            }
            for path in paths {
                *self.counts.entry((name, path)).or_default() += 1;
            }
        }
    }

    /// The values of a state that are hidden.
    pub fn add_state(&mut self, state: &BlameAnswer) {
        for leaf in &state.leaves {
            self.add_value(&leaf.path, &leaf.value);
        }
    }

    /// Those of both states that a difference made other.
    pub fn add_impact(&mut self, impact: &Impact) {
        for change in &impact.changes {
            for value in [&change.before, &change.after].into_iter().flatten() {
                self.add_value(&change.path, value);
            }
        }
    }

    /// What is hidden in a value at a place of a state.
    pub fn add_value(&mut self, path: &str, Literal(value): &Literal) {
        let mut ahead = vec![(Pointer::parse(path).unwrap_or(Pointer::ROOT), value)];
        while let Some((path, value)) = ahead.pop() {
            match value {
                Value::Redacted(_) => {
                    let text = path.to_string();
                    self.idle.retain(|rule| {
                        !matches!(shown_at(&rule.alone(), &text, &Value::Bool(true)), Value::Redacted(_))
                    });
                    let segments: Vec<Segment> = path.segments().into_iter().cloned().collect();
                    *self.counts.entry(("state", generic(&segments))).or_default() += 1;
                }
                Value::Object(members) => {
                    let member = |(key, value)| (path.push_key(key), value);
                    ahead.extend(members.iter().map(member));
                }
                Value::Array(elements) => {
                    let element = |(index, value)| (path.push_index(index), value);
                    ahead.extend(elements.iter().enumerate().map(element));
                }
                Value::Repeated(values) => ahead.extend(values.iter().map(|value| (path.clone(), value))),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
            }
        }
    }

    /// What stands in the place of values at a path of a part.
    pub fn add(&mut self, part: &'static str, path: String) {
        *self.counts.entry((part, path)).or_default() += 1;
    }

    pub fn listed(&self) -> Vec<Hidden> {
        let one = |((part, path), count): (&(&'static str, String), &u64)| Hidden {
            part: (*part).to_owned(),
            path: path.clone(),
            count: *count,
        };
        self.counts.iter().map(one).collect()
    }

    /// The paths of rules that hid nothing: a slip of the pen in one leaves in the report what it was to hide.
    pub fn idle(&self) -> Vec<String> {
        self.idle.iter().map(|rule| rule.text.clone()).collect()
    }

    pub fn report_idle(&self, findings: &Findings) {
        for rule in self.idle() {
            findings.report(Finding {
                code: "redaction-idle",
                severity: Severity::Warning,
                stream: None,
                version: None,
                position: None,
                detail: format!("the masking rule {rule} hid nothing of these events"),
            });
        }
    }
}

/// As a pointer, with `*` for every element.
pub(super) fn generic(path: &[Segment]) -> String {
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Index(_) => out.push_str("/*"),
            Segment::Key(_) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "{}", Pointer::ROOT.push(segment.clone()));
            }
        }
    }
    out
}
