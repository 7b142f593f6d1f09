//! `handler.toml`: who a handler is, its versions, and when each was live.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use refold_core::time::Timestamp;
use refold_core::value::{Object, Text, Value};
use refold_guests::{Dialect, JS_ENGINE_ID, PROCESS_ENGINE_ID, WASM_ENGINE_ID};

use crate::document::{Body, Document, Members, Node, ScalarKind, find};
use crate::error::{Mark, PackageError, code};
use crate::limits::Limits;

/// The value of `format` in a manifest.
pub const FORMAT: &str = "refold-handler/1";

/// A manifest, read and checked.
#[derive(Debug, Clone)]
pub struct Manifest {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub owner: Option<String>,
    pub license: Option<String>,
    /// The category of the streams that the handler is for, if it says so.
    pub category: Option<String>,
    /// In the order of the file; the last is the newest.
    pub versions: Vec<ManifestVersion>,
    pub limits: Limits,
    /// What of the manifest changes what the handler does, for the content hash.
    semantic: Object,
}

/// What a version is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    Declarative,
    Js(Dialect),
    Wasm,
    Process,
}

impl Runtime {
    /// As a manifest names it.
    pub fn name(self) -> &'static str {
        match self {
            Runtime::Declarative => "declarative",
            Runtime::Js(_) => "js",
            Runtime::Wasm => "wasm",
            Runtime::Process => "process",
        }
    }

    pub fn dialect(self) -> &'static str {
        match self {
            Runtime::Declarative | Runtime::Wasm | Runtime::Process => "",
            Runtime::Js(Dialect::Module) => "module",
            Runtime::Js(Dialect::KurrentDb) => "kurrentdb",
        }
    }

    /// What runs it. Another engine may come to other answers.
    pub fn engine(self) -> &'static str {
        match self {
            Runtime::Declarative => "declarative",
            Runtime::Js(_) => JS_ENGINE_ID,
            Runtime::Wasm => WASM_ENGINE_ID,
            Runtime::Process => PROCESS_ENGINE_ID,
        }
    }
}

/// One version of a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestVersion {
    pub id: String,
    pub runtime: Runtime,
    pub mark: Mark,
    /// The folder of the version, from the package's.
    pub path: String,
    /// `sha256:` and 64 hex digits, which the files must have.
    pub hash: Option<(String, Mark)>,
    /// Still worked on: a hash that differs is no error.
    pub is_draft: bool,
    /// When it was live, with overrides for environments and tenants after.
    pub effective: Vec<Effective>,
    /// What became of the state when it was deployed.
    pub deploy: Deploy,
    /// The event versions that the rules expect.
    pub events: BTreeMap<String, u32>,
    /// Where each of them stands.
    pub event_marks: BTreeMap<String, Mark>,
}

/// What a deployment did with the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deploy {
    /// Every event is folded anew whenever the state is asked for.
    #[default]
    Refold,
    /// The state of the version before goes on.
    Carry,
    /// The read model is made anew once; how long that took is not known.
    Rebuild,
}

/// A half-open span in which a version was live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    pub environment: Option<String>,
    pub tenant: Option<String>,
    pub from: Option<Bound>,
    pub to: Option<Bound>,
}

/// An end of the span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    Position(i64),
    Recorded(Timestamp),
    /// The name of a deployment.
    Deployment(String),
}

const KNOWN: [&str; 12] = [
    "format",
    "name",
    "title",
    "description",
    "owner",
    "license",
    "source",
    "partition",
    "version",
    "limits",
    "determinism",
    "capabilities",
];
const VERSION_KNOWN: [&str; 14] = [
    "id",
    "path",
    "runtime",
    "dialect",
    "abi",
    "engine",
    "hash",
    "draft",
    "effective_from",
    "effective_to",
    "effective",
    "deploy",
    "events",
    "title",
];
const LIMITS_KNOWN: [&str; 8] = [
    "steps",
    "fuel",
    "memory_mb",
    "state_kb",
    "depth",
    "output_events",
    "payload_kb",
    "wall_ms",
];

impl Manifest {
    pub fn read(document: &Document) -> Result<Manifest, PackageError> {
        Reader { document }.manifest()
    }

    /// Canonical JSON of what of the manifest changes what `version` does.
    pub fn semantic_json(&self, version: &ManifestVersion) -> Vec<u8> {
        let mut semantic = self.semantic.clone();
        let events = version.events.iter();
        let events = events.map(|(name, wanted)| (Text::from(name.as_str()), Value::Number(i64::from(*wanted).into())));
        semantic.insert(Text::from("events"), Value::Object(events.collect()));
        Value::Object(semantic).to_canonical()
    }

    /// The version of that id, or the last.
    pub fn select(&self, id: Option<&str>) -> Option<&ManifestVersion> {
        match id {
            Some(id) => self.versions.iter().find(|version| version.id == id),
            None => self.versions.last(),
        }
    }
}

struct Reader<'d> {
    document: &'d Document,
}

impl Reader<'_> {
    fn manifest(&self) -> Result<Manifest, PackageError> {
        let members = self.known(&self.document.root, "a manifest", &KNOWN)?;
        match self.text(members, "format")? {
            Some(format) if format == FORMAT => {}
            Some(format) => {
                let mark = find(members, "format").map_or(Mark::START, |node| node.mark);
                return Err(self.error(mark, format!("this Refold reads `{FORMAT}`, not `{format}`")));
            }
            None => return Err(self.error(Mark::START, format!("the line `format = \"{FORMAT}\"` is missing"))),
        }
        let name = self.text(members, "name")?.unwrap_or_default();
        let is_name = (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !is_name {
            let mark = find(members, "name").map_or(Mark::START, |node| node.mark);
            return Err(self.error(mark, "`name` must be 1 to 64 lower-case letters, digits and hyphens"));
        }
        let mut versions: Vec<ManifestVersion> = Vec::new();
        if let Some(list) = find(members, "version") {
            for node in self.document.list(code::PKG_MANIFEST, list, "`version`")? {
                let version = self.version(node)?;
                if versions.iter().any(|known| known.id == version.id) {
                    return Err(self.error(version.mark, format!("the version `{}` occurs twice", version.id)));
                }
                versions.push(version);
            }
        }
        if versions.is_empty() {
            return Err(self.error(Mark::START, "a manifest needs at least one `[[version]]` with an `id`"));
        }
        let mut semantic = Object::default();
        for part in ["partition", "determinism", "capabilities"] {
            if let Some(node) = find(members, part) {
                semantic.insert(Text::from(part), node.to_value());
            }
        }
        if let Some(partition) = find(members, "partition") {
            let members = self.known(partition, "`partition`", &["by"])?;
            if self.text(members, "by")?.is_some_and(|by| by != "stream") {
                return Err(self.error(
                    partition.mark,
                    "only `by = \"stream\"` is known: each stream has a state of its own",
                ));
            }
        }
        let category = match find(members, "source") {
            None => None,
            Some(source) => {
                let members = self.known(source, "`source`", &["category"])?;
                self.text(members, "category")?
            }
        };
        Ok(Manifest {
            name,
            title: self.text(members, "title")?,
            description: self.text(members, "description")?,
            owner: self.text(members, "owner")?,
            license: self.text(members, "license")?,
            category,
            versions,
            limits: find(members, "limits")
                .map(|node| self.limits(node))
                .transpose()?
                .unwrap_or_default(),
            semantic,
        })
    }

    fn version(&self, node: &Node) -> Result<ManifestVersion, PackageError> {
        let members = self.known(node, "a version", &VERSION_KNOWN)?;
        let mark = find(members, "id").map_or(node.mark, |node| node.mark);
        let Some(id) = self.text(members, "id")? else {
            return Err(self.error(node.mark, "a version needs an `id`, such as \"1.0.0\""));
        };
        let runtime = self.runtime(members)?;
        let path = self.text(members, "path")?.unwrap_or_else(|| format!("versions/{id}"));
        if path.starts_with('/') || path.contains(['\\', ':']) || path.split('/').any(|part| part == "..") {
            let mark = find(members, "path").map_or(mark, |node| node.mark);
            return Err(self.error(
                mark,
                "`path` must lie inside the package: relative, with `/`, without `..`",
            ));
        }
        let hash = match find(members, "hash") {
            None => None,
            Some(node) => {
                let hash = self.document.text(code::PKG_MANIFEST, node, "`hash`")?;
                let digits = hash.strip_prefix("sha256:").unwrap_or_default();
                if digits.len() != 64 || !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
                    return Err(self.error(node.mark, "`hash` must be `sha256:` and 64 lower-case hex digits"));
                }
                Some((hash.to_owned(), node.mark))
            }
        };
        let is_draft = match find(members, "draft") {
            None => false,
            Some(node) => self.truth(node, "`draft`")?,
        };
        let (mut events, mut event_marks) = (BTreeMap::new(), BTreeMap::new());
        if let Some(node) = find(members, "events") {
            for (key, version) in self.document.map(code::PKG_MANIFEST, node, "`events`")? {
                let version = self
                    .document
                    .natural(code::PKG_MANIFEST, version, "the version of an event")?;
                events.insert(key.text.clone(), u32::try_from(version).unwrap_or(u32::MAX));
                event_marks.insert(key.text.clone(), key.mark);
            }
        }
        Ok(ManifestVersion {
            id,
            runtime,
            mark,
            path,
            hash,
            is_draft,
            effective: self.effective(members)?,
            deploy: self.deploy(members)?,
            events,
            event_marks,
        })
    }

    fn runtime(&self, members: Members<'_>) -> Result<Runtime, PackageError> {
        let mark = |name| find(members, name).map_or(Mark::START, |node| node.mark);
        let dialect = self.text(members, "dialect")?;
        let runtime = match self.text(members, "runtime")?.as_deref() {
            None | Some("declarative") => Runtime::Declarative,
            Some("js") => match dialect.as_deref() {
                None | Some("module") => Runtime::Js(Dialect::Module),
                Some("kurrentdb") => Runtime::Js(Dialect::KurrentDb),
                Some(_) => return Err(self.error(mark("dialect"), "a dialect is `module` or `kurrentdb`")),
            },
            Some("wasm") => Runtime::Wasm,
            Some("process") => Runtime::Process,
            Some(_) => {
                let message = "a runtime is `declarative`, `js`, `wasm` or `process`";
                return Err(self.error(mark("runtime"), message));
            }
        };
        if dialect.is_some() && !matches!(runtime, Runtime::Js(_)) {
            return Err(self.error(mark("dialect"), "only the runtime `js` has dialects"));
        }
        if let Some(node) = find(members, "abi")
            && runtime == Runtime::Wasm
            && self.document.natural(code::PKG_MANIFEST, node, "`abi`")? != 1
        {
            return Err(self.error(
                node.mark,
                "this Refold speaks refold-abi/1 with modules: write `abi = 1`",
            ));
        }
        let ours = runtime.engine();
        match self.text(members, "engine")? {
            Some(engine) if runtime != Runtime::Declarative && engine != ours => {
                let message = format!("the version wants the engine `{engine}`, but this Refold has `{ours}`");
                Err(self.error(mark("engine"), message))
            }
            _ => Ok(runtime),
        }
    }

    fn effective(&self, members: Members<'_>) -> Result<Vec<Effective>, PackageError> {
        let mut spans = Vec::new();
        let (from, to) = (find(members, "effective_from"), find(members, "effective_to"));
        if from.is_some() || to.is_some() {
            let (from, to) = (from.map(|node| self.bound(node)), to.map(|node| self.bound(node)));
            spans.push(Effective {
                environment: None,
                tenant: None,
                from: from.transpose()?,
                to: to.transpose()?,
            });
        }
        if let Some(list) = find(members, "effective") {
            for node in self.document.list(code::PKG_MANIFEST, list, "`effective`")? {
                let members = self.known(node, "an effective span", &["env", "tenant", "from", "to"])?;
                spans.push(Effective {
                    environment: self.text(members, "env")?,
                    tenant: self.text(members, "tenant")?,
                    from: find(members, "from").map(|node| self.bound(node)).transpose()?,
                    to: find(members, "to").map(|node| self.bound(node)).transpose()?,
                });
            }
        }
        Ok(spans)
    }

    fn deploy(&self, members: Members<'_>) -> Result<Deploy, PackageError> {
        match self.text(members, "deploy")?.as_deref() {
            None | Some("refold") => Ok(Deploy::Refold),
            Some("carry") => Ok(Deploy::Carry),
            Some("rebuild") => Ok(Deploy::Rebuild),
            Some(other) => {
                let mark = find(members, "deploy").map_or(Mark::START, |node| node.mark);
                Err(self.error(mark, format!("`deploy` is refold, carry or rebuild, not `{other}`")))
            }
        }
    }

    /// A number is a position, a time a recorded time, other text the name of a deployment.
    fn bound(&self, node: &Node) -> Result<Bound, PackageError> {
        let text = self.document.text(code::PKG_MANIFEST, node, "an effective bound")?;
        if let Body::Scalar(scalar) = &node.body
            && let ScalarKind::Number(_) = scalar.kind()
        {
            let position = text
                .parse()
                .map_err(|_| self.error(node.mark, "a position is a whole number of 64 bits"))?;
            return Ok(Bound::Position(position));
        }
        Ok(match Timestamp::parse(text) {
            Some(time) => Bound::Recorded(time),
            None => Bound::Deployment(text.to_owned()),
        })
    }

    fn limits(&self, node: &Node) -> Result<Limits, PackageError> {
        let members = self.known(node, "`limits`", &LIMITS_KNOWN)?;
        let most = Limits::DEFAULT;
        // In the unit of the key, of which each stands for `unit` bytes or counts.
        let limit = |name: &str, unit: usize, most: usize| -> Result<usize, PackageError> {
            let Some(node) = find(members, name) else {
                return Ok(most);
            };
            let value = self.document.natural(code::PKG_MANIFEST, node, &format!("`{name}`"))?;
            match usize::try_from(value).ok().and_then(|value| value.checked_mul(unit)) {
                Some(own) if own <= most => Ok(own),
                _ => {
                    let message = format!(
                        "`{name}` may only lower the limit of {}; lower it, or leave it out",
                        most / unit
                    );
                    Err(self.error(node.mark, message))
                }
            }
        };
        Ok(Limits {
            // At most the default, which has 32 bits.
            steps: limit("steps", 1, most.steps as usize)? as u32,
            fuel: limit("fuel", 1, most.fuel as usize)? as u64,
            memory_bytes: limit("memory_mb", 1 << 20, most.memory_bytes)?,
            state_bytes: limit("state_kb", 1 << 10, most.state_bytes)?,
            depth: limit("depth", 1, most.depth)?,
            output_events: limit("output_events", 1, most.output_events)?,
            payload_bytes: limit("payload_kb", 1 << 10, most.payload_bytes)?,
            wall_millis: limit("wall_ms", 1, most.wall_millis as usize)? as u64,
        })
    }

    fn truth(&self, node: &Node, what: &str) -> Result<bool, PackageError> {
        match &node.body {
            Body::Scalar(scalar) => match scalar.kind() {
                ScalarKind::Bool(truth) => Some(truth),
                ScalarKind::Null | ScalarKind::Number(_) | ScalarKind::Text => None,
            },
            Body::List(_) | Body::Map(_) => None,
        }
        .ok_or_else(|| self.error(node.mark, format!("{what} is true or false, but it is {}", node.kind())))
    }

    fn known<'n>(&self, node: &'n Node, what: &str, known: &[&str]) -> Result<Members<'n>, PackageError> {
        self.document.members(code::PKG_MANIFEST, node, what, known)
    }

    fn text(&self, members: Members<'_>, name: &str) -> Result<Option<String>, PackageError> {
        self.document.text_member(code::PKG_MANIFEST, members, name)
    }

    fn error(&self, mark: Mark, message: impl Into<String>) -> PackageError {
        self.document.error(code::PKG_MANIFEST, mark, message)
    }
}
