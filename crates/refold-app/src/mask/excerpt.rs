//! What is shown of events about a person, and it alone: the fields on a list. Of fields that name people others than this
//! one get pseudonyms, and whatever is on no list is hidden. It must not know how pseudonyms are made.

mod left;

use std::path::Path;

use refold_core::value::{Redacted, Value};
use serde::Deserialize;

pub use self::left::{Fate, Left};
use self::left::{ShownKey, Writer};
use super::Part;
use super::cover::{Cover, Places, Verdict};
use super::rules::{self, Fields, Rule, Step};
use crate::error::AppError;
use crate::payload::scan::{Token, Tokens};
use crate::text::toml_fault;

const FORMAT: &str = "excerpt/1";

/// A column of an event that the store, or who wrote to it, filled as they liked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    Stream,
    Category,
    Type,
    SchemaVersion,
    OccurredAt,
    EventId,
    CorrelationId,
    CausationId,
}

/// A list of what may be shown. The default shows nothing.
#[derive(Debug, Default)]
pub struct Excerpt {
    show: Vec<Rule>,
    /// With their domains: a value has one pseudonym in a domain, whichever of its fields it stands in.
    pseudonyms: Vec<(Rule, String)>,
    columns: Vec<Column>,
}

/// A field by which a person is known, with the value that is this person's.
#[derive(Debug, Clone)]
pub struct PersonKey {
    /// As it was written.
    pub path: String,
    pub value: String,
    steps: Vec<Step>,
}

/// Whose a JSON text is, by what stands at the path of a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// Nothing stands there.
    #[default]
    Nobody,
    /// Values that are not the person's, or something that nobody could look into: what rules hide, what is no JSON.
    Others,
    /// The value of the person, whoever else.
    Person,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    refold: String,
    #[serde(default)]
    columns: Vec<Column>,
    #[serde(default)]
    show: Vec<Fields>,
    #[serde(default)]
    pseudonym: Vec<Pseudonym>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pseudonym {
    domain: String,
    paths: Vec<String>,
    category: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    #[serde(rename = "in")]
    parts: Option<Vec<Part>>,
}

impl Excerpt {
    /// The list in a file. One that cannot be understood is an error.
    pub fn read(file: &Path) -> Result<Excerpt, AppError> {
        Excerpt::parse(&rules::text(file)?).map_err(|reason| {
            AppError::invalid(
                format!("the list of what is shown cannot be used: {reason}: {}", file.display()),
                "correct the file; docs/evidence.md says what it may hold",
            )
        })
    }

    fn parse(text: &str) -> Result<Excerpt, String> {
        let document: Document = toml::from_str(text).map_err(|error| toml_fault(text, &error))?;
        if document.refold != FORMAT {
            return Err(format!("its first line must be `refold = \"{FORMAT}\"`"));
        }
        let mut excerpt = Excerpt {
            columns: document.columns,
            ..Excerpt::default()
        };
        for fields in document.show {
            excerpt.show.extend(fields.rules()?);
        }
        for named in document.pseudonym {
            let Pseudonym {
                domain,
                paths,
                category,
                event_type,
                parts,
            } = named;
            let fields = Fields {
                paths,
                category,
                event_type,
                parts,
            };
            let rules = fields.rules()?.into_iter().map(|rule| (rule, domain.clone()));
            excerpt.pseudonyms.extend(rules);
        }
        Ok(excerpt)
    }

    /// Every entry, to see which of them find something.
    pub fn entries(&self) -> Vec<Rule> {
        let named = self.pseudonyms.iter().map(|(rule, _)| rule);
        self.show.iter().chain(named).cloned().collect()
    }

    pub fn shows(&self, column: Column) -> bool {
        self.columns.contains(&column)
    }

    /// What is shown of a part of the events of a type, and of the person by these keys.
    pub fn of(&self, category: &[u8], event_type: &[u8], part: Part, keys: &[PersonKey]) -> Shown {
        let speaks = |rule: &Rule| rule.speaks_of(part, category, Some(event_type));
        let show = self.show.iter().filter(|rule| speaks(rule));
        let others = self.pseudonyms.iter().filter(|(rule, _)| speaks(rule));
        let others = others.map(|(rule, domain)| Named {
            cover: rule.alone(),
            domain: domain.clone(),
            own: None,
        });
        let keys = keys.iter().map(|key| Named {
            cover: key.cover(),
            domain: key.path.clone(),
            own: Some(key.value.clone()),
        });
        Shown {
            show: Cover::new(show.map(|rule| rule.path.clone()).collect(), Vec::new()),
            named: others.chain(keys).collect(),
        }
    }
}

impl PersonKey {
    /// `/customerId=C-7`: in payloads and metadata.
    pub fn parse(text: &str) -> Result<PersonKey, AppError> {
        let refused = |reason: &str| {
            AppError::invalid(
                format!("this names nobody: {text}: {reason}"),
                "write it as /customerId=C-7: the path of a field, and the value that is this person's",
            )
        };
        let (path, value) = text.split_once('=').ok_or_else(|| refused("it has no '='"))?;
        let steps = rules::steps(path).map_err(|reason| refused(&reason))?;
        if steps.is_empty() || value.is_empty() {
            return Err(refused("a path and a value are needed"));
        }
        if steps.last() == Some(&Step::Deep) {
            return Err(refused("`**` at the end means every field, and names none"));
        }
        Ok(PersonKey {
            path: path.to_owned(),
            value: value.to_owned(),
            steps,
        })
    }

    /// Whose a JSON text is by this key: the person's where the value stands at such a place, or in an array there.
    pub fn holder(&self, json: &[u8]) -> Holder {
        self.read_holder(json).unwrap_or(Holder::Others)
    }

    /// `None`: it is no JSON.
    fn read_holder(&self, json: &[u8]) -> Option<Holder> {
        let cover = self.cover();
        let mut places = Places::new(&cover);
        let mut holder = Holder::Nobody;
        let mut tokens = Tokens::new(json).ok()?;
        while let Some(token) = tokens.next().transpose().ok()? {
            match token {
                Token::Key { start, .. } => places.name(tokens.text(start)),
                Token::Close { .. } => places.leave(),
                Token::Open { is_array, .. } => {
                    places.enter();
                    places.open(is_array);
                }
                Token::Leaf { start, end } => {
                    let raw = json.get(start..end).unwrap_or_default();
                    holder = holder.max(match places.enter() {
                        Verdict::Hidden if raw == b"null" => Holder::Nobody,
                        Verdict::Hidden if places.is_at() && plain(raw).as_deref() == Some(self.value.as_bytes()) => {
                            Holder::Person
                        }
                        Verdict::Hidden => Holder::Others,
                        // The field may be in what is hidden.
                        Verdict::Looked if is_redacted(raw) => Holder::Others,
                        Verdict::Looked | Verdict::Shown => Holder::Nobody,
                    });
                    places.leave();
                }
            }
        }
        Some(holder)
    }

    fn cover(&self) -> Cover {
        Cover::new(vec![self.steps.clone()], Vec::new())
    }
}

/// See [`Excerpt::of`].
pub struct Shown {
    show: Cover,
    named: Vec<Named>,
}

/// Fields that name people.
struct Named {
    /// To which they are what is hidden.
    cover: Cover,
    domain: String,
    /// The value that is the person's own, which has no pseudonym.
    own: Option<String>,
}

impl Shown {
    /// The same where the list does not hold.
    pub fn without_list(self) -> Shown {
        Shown {
            show: Cover::default(),
            ..self
        }
    }

    /// What is left of a JSON text. `name` answers the pseudonym of a value in a domain: of a text without its quotes and
    /// escapes, of anything else as it is written. `None`: it is no JSON; nothing of it is shown then.
    pub fn left(&self, bytes: &[u8], name: &dyn Fn(&str, &[u8]) -> String) -> Option<Left<'_>> {
        let mut walk = Walk {
            show: Places::new(&self.show),
            named: self.named.iter().map(|named| Places::new(&named.cover)).collect(),
        };
        let mut writer = Writer::new(bytes);
        let mut ahead: Option<ShownKey> = None;
        let mut tokens = Tokens::new(bytes).ok()?;
        while let Some(token) = tokens.next().transpose().ok()? {
            let start = match token {
                Token::Key { start, end } => {
                    let name = tokens.text(start);
                    walk.each(|places| places.name(name.clone()));
                    let place = start..end;
                    ahead = Some(ShownKey { place, name });
                    continue;
                }
                Token::Close { .. } => {
                    writer.close();
                    walk.each(Places::leave);
                    continue;
                }
                Token::Open { start, .. } | Token::Leaf { start, .. } => start,
            };
            let (show, named) = walk.enter();
            // One that `*` or `**` stands for may be anybody's name.
            let key = ahead.take().filter(|_| writer.is_listed() || walk.is_named());
            if let Token::Open { is_array, .. } = token {
                walk.each(|places| places.open(is_array));
                writer.open(key, is_array, show == Verdict::Hidden);
                continue;
            }
            let place = start..tokens.at();
            let raw = bytes.get(place.clone()).unwrap_or_default();
            let value = plain(raw);
            match self.becomes(raw, value.as_deref(), show, &named) {
                Becomes::Shown => writer.show(key.as_ref(), place),
                Becomes::Hidden => writer.hide(key.as_ref()),
                Becomes::Pseudonym { domain, value } => writer.name(key.as_ref(), domain, &name(domain, value)),
            }
            walk.each(Places::leave);
        }
        Some(writer.left)
    }

    /// `value`: what a single value is named by. `show`, `named`: what the lists say of it.
    fn becomes<'a, 'v>(&'a self, raw: &[u8], value: Option<&'v [u8]>, show: Verdict, named: &[Met]) -> Becomes<'a, 'v> {
        let hits = self.named.iter().zip(named);
        let mut hits = hits.filter(|(_, met)| met.verdict == Verdict::Hidden).peekable();
        match (hits.peek().map(|(named, _)| &*named.domain), value) {
            // Nobody is nobody.
            (Some(_), None) if raw == b"null" => Becomes::Shown,
            (None, _) if show == Verdict::Hidden && !is_redacted(raw) => Becomes::Shown,
            (None, _) | (Some(_), None) => Becomes::Hidden,
            (Some(domain), Some(value)) => {
                let is_own = |named: &Named| named.own.as_deref().is_some_and(|own| own.as_bytes() == value);
                match hits.any(|(named, met)| met.is_at && is_own(named)) {
                    true => Becomes::Shown,
                    false => Becomes::Pseudonym { domain, value },
                }
            }
        }
    }
}

/// What becomes of a single value, and by what.
enum Becomes<'a, 'v> {
    Shown,
    Hidden,
    Pseudonym { domain: &'a str, value: &'v [u8] },
}

/// One text, walked for every list at once. A value that a list speaks of is `Hidden` to its cover.
struct Walk<'a> {
    show: Places<'a>,
    named: Vec<Places<'a>>,
}

/// What a list that names people says of a value.
struct Met {
    verdict: Verdict,
    is_at: bool,
}

impl<'a> Walk<'a> {
    fn each(&mut self, mut to: impl FnMut(&mut Places<'a>)) {
        to(&mut self.show);
        self.named.iter_mut().for_each(to);
    }

    fn enter(&mut self) -> (Verdict, Vec<Met>) {
        let met = |places: &mut Places<'a>| Met {
            verdict: places.enter(),
            is_at: places.is_at(),
        };
        (self.show.enter(), self.named.iter_mut().map(met).collect())
    }

    /// Whether a list names the key of the value that began last.
    fn is_named(&self) -> bool {
        self.show.is_named() || self.named.iter().any(Places::is_named)
    }
}

/// What a single value is compared and named by: a text without its quotes and escapes, anything else as it is written.
/// `None`: nothing, or what is hidden already.
fn plain(raw: &[u8]) -> Option<Vec<u8>> {
    match raw.first()? {
        b'n' | b'{' | b'[' => None,
        _ if is_redacted(raw) => None,
        b'"' => match Value::from_json(raw, 1).ok()? {
            Value::Text(text) => Some(text.as_wtf8().to_vec()),
            _ => None,
        },
        _ => Some(raw.to_vec()),
    }
}

/// Whether rules that hide left this.
fn is_redacted(raw: &[u8]) -> bool {
    let inside = raw.strip_prefix(b"\"").and_then(|raw| raw.strip_suffix(b"\""));
    inside.is_some_and(|inside| inside == Redacted::SHOWN.as_bytes())
}

#[cfg(test)]
mod tests;
