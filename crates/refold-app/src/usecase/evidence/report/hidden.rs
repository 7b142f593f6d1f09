//! What rules of redaction hid in the events of a report: by part and path, with how often.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use refold_audit::report::model::Hidden;
use refold_core::event::EventView;
use refold_core::names::Names;
use refold_core::pointer::{Pointer, Segment};

use crate::answer::BlameAnswer;
use crate::mask::{Mask, Part};

#[derive(Default)]
pub struct HiddenPaths(BTreeMap<(&'static str, String), u64>);

impl HiddenPaths {
    pub fn add_event(&mut self, event: &EventView<'_>, names: &Names, mask: &Mask) {
        if !mask.has_rules() {
            return;
        }
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
                *self.0.entry((name, path)).or_default() += 1;
            }
        }
    }

    /// The values of a state that are hidden.
    pub fn add_state(&mut self, state: &BlameAnswer) {
        for leaf in state.leaves.iter().filter(|leaf| leaf.value.is_redacted()) {
            let path = Pointer::parse(&leaf.path).unwrap_or(Pointer::ROOT);
            let segments: Vec<Segment> = path.segments().into_iter().cloned().collect();
            *self.0.entry(("state", generic(&segments))).or_default() += 1;
        }
    }

    pub fn listed(&self) -> Vec<Hidden> {
        let one = |((part, path), count): (&(&'static str, String), &u64)| Hidden {
            part: (*part).to_owned(),
            path: path.clone(),
            count: *count,
        };
        self.0.iter().map(one).collect()
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
