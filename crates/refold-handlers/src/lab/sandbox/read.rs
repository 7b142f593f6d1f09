//! Reads a file of edits: TOML or JSON where its name ends so, else YAML.

use std::sync::Arc;

use refold_core::pointer::Pointer;
use refold_core::time::Timestamp;

use super::edits::{Change, Edit, Edits, EventRef, NewEvent, PayloadEdit, Revision, Spot};
use crate::document::{Body, Document, Members, Node, find};
use crate::error::{PackageError, code};

/// The value of `refold` in a file of edits.
const FORMAT: &str = "whatif/1";

const KNOWN: [&str; 3] = ["refold", "name", "edits"];
/// What an edit can be; it is exactly one of these.
const KINDS: [&str; 4] = ["skip", "edit", "insert", "move"];

impl Edits {
    /// `file`: its name, which says what it is written in, and which messages name.
    pub fn read(file: &str, source: &[u8]) -> Result<Edits, PackageError> {
        let name: Arc<str> = Arc::from(file);
        let document = if file.ends_with(".toml") {
            Document::from_toml(&name, source)?
        } else if file.ends_with(".json") {
            Document::from_json(&name, source)?
        } else {
            Document::from_yaml(&name, source)?
        };
        Reader { document: &document }.edits()
    }
}

struct Reader<'d> {
    document: &'d Document,
}

impl Reader<'_> {
    fn edits(&self) -> Result<Edits, PackageError> {
        let root = &self.document.root;
        // As it is typed in the sandbox, which is no file with a head.
        if let Body::List(list) = &root.body {
            return self.named(None, list);
        }
        let members = self.known(root, "a file of edits", &KNOWN)?;
        if self.text(members, "refold")?.as_deref() != Some(FORMAT) {
            return Err(self.error(
                root,
                format!("the file must say `refold`: `{FORMAT}`, the format of its edits"),
            ));
        }
        let Some(list) = find(members, "edits") else {
            return Err(self.error(root, "a file of edits needs `edits`, a list"));
        };
        let name = self.text(members, "name")?.filter(|name| !name.trim().is_empty());
        self.named(name, self.document.list(code::EDITS, list, "`edits`")?)
    }

    fn named(&self, name: Option<String>, list: &[Node]) -> Result<Edits, PackageError> {
        Ok(Edits {
            file: Arc::clone(&self.document.file),
            name,
            edits: list.iter().map(|node| self.edit(node)).collect::<Result<_, _>>()?,
        })
    }

    fn edit(&self, node: &Node) -> Result<Edit, PackageError> {
        let members = self.document.map(code::EDITS, node, "an edit")?;
        let mut kinds = members.iter().filter(|(key, _)| KINDS.contains(&key.text.as_str()));
        let (Some((kind, named)), None) = (kinds.next(), kinds.next()) else {
            return Err(self.error(node, format!("an edit is exactly one of {}", KINDS.join(", "))));
        };
        let change = match kind.text.as_str() {
            "skip" => {
                self.known(node, "an edit", &["skip"])?;
                Change::Skip(self.event(named)?)
            }
            "move" => {
                self.known(node, "an edit", &["move", "before", "after"])?;
                Change::Move(self.event(named)?, self.spot(node, members)?)
            }
            "edit" => {
                let known = ["edit", "payload", "set", "remove", "recorded_at", "occurred_at"];
                self.known(node, "an edit", &known)?;
                Change::Revise(self.event(named)?, self.revision(node, members)?)
            }
            _ => {
                let known = [
                    "insert",
                    "before",
                    "after",
                    "payload",
                    "metadata",
                    "schema_version",
                    "recorded_at",
                    "occurred_at",
                ];
                self.known(node, "an edit", &known)?;
                Change::Insert(self.spot(node, members)?, self.new_event(named, members)?)
            }
        };
        Ok(Edit {
            mark: node.mark,
            change,
        })
    }

    fn revision(&self, node: &Node, members: Members<'_>) -> Result<Revision, PackageError> {
        let mut payload: Vec<PayloadEdit> = Vec::new();
        payload.extend(find(members, "payload").map(|node| PayloadEdit::Whole(node.to_value())));
        if let Some(set) = find(members, "set") {
            for (key, value) in self.document.map(code::EDITS, set, "`set`")? {
                payload.push(PayloadEdit::Set(self.pointer(&key.text, key.mark)?, value.to_value()));
            }
        }
        if let Some(remove) = find(members, "remove") {
            for node in self.document.list(code::EDITS, remove, "`remove`")? {
                let path = self.document.text(code::EDITS, node, "a path")?;
                payload.push(PayloadEdit::Remove(self.pointer(path, node.mark)?));
            }
        }
        let revision = Revision {
            payload,
            recorded_at: self.time(members, "recorded_at")?,
            occurred_at: self.time(members, "occurred_at")?,
        };
        if revision == Revision::default() {
            let message = "nothing is edited; say `set`, `remove`, `payload`, `recorded_at` or `occurred_at`";
            return Err(self.error(node, message));
        }
        Ok(revision)
    }

    fn new_event(&self, event_type: &Node, members: Members<'_>) -> Result<NewEvent, PackageError> {
        Ok(NewEvent {
            event_type: self
                .document
                .text(code::EDITS, event_type, "the type of an event")?
                .to_owned(),
            payload: find(members, "payload").map(Node::to_value).unwrap_or_default(),
            metadata: find(members, "metadata").map(Node::to_value),
            schema_version: self.text(members, "schema_version")?,
            recorded_at: self.time(members, "recorded_at")?,
            occurred_at: self.time(members, "occurred_at")?,
        })
    }

    fn spot(&self, node: &Node, members: Members<'_>) -> Result<Spot, PackageError> {
        match (find(members, "before"), find(members, "after")) {
            (Some(event), None) => self.event(event).map(Spot::Before),
            (None, Some(event)) => self.event(event).map(Spot::After),
            _ => Err(self.error(node, "say where: either `before` or `after` an event")),
        }
    }

    fn event(&self, node: &Node) -> Result<EventRef, PackageError> {
        let text = self.document.text(code::EDITS, node, "an event")?;
        EventRef::parse(text).ok_or_else(|| self.error(node, EventRef::wrong(text)))
    }

    fn pointer(&self, text: &str, mark: crate::error::Mark) -> Result<Pointer, PackageError> {
        Pointer::parse(text).map_err(|error| self.document.error(code::EDITS, mark, error.to_string()))
    }

    fn time(&self, members: Members<'_>, name: &str) -> Result<Option<Timestamp>, PackageError> {
        let Some(node) = find(members, name) else {
            return Ok(None);
        };
        let text = self.document.text(code::EDITS, node, &format!("`{name}`"))?;
        let time = Timestamp::parse(text);
        let wrong = || self.error(node, format!("`{name}` must be a time such as 2026-08-03T14:00:00Z"));
        time.map(Some).ok_or_else(wrong)
    }

    fn known<'n>(&self, node: &'n Node, what: &str, known: &[&str]) -> Result<Members<'n>, PackageError> {
        self.document.members(code::EDITS, node, what, known)
    }

    fn text(&self, members: Members<'_>, name: &str) -> Result<Option<String>, PackageError> {
        self.document.text_member(code::EDITS, members, name)
    }

    fn error(&self, node: &Node, message: impl Into<String>) -> PackageError {
        self.document.error(code::EDITS, node.mark, message)
    }
}
