//! How a chain makes the hash of an event: as data, one [`Rule`] for each version.
//!
//! The rules are those of EventSourcingDB. The first version covers eight members and the data; the second also what
//! tracing says, and tells itself by how its hashes begin.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

use super::super::anchor::hex;

/// What a hash covers of an event besides its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    SpecVersion,
    Id,
    Predecessor,
    Time,
    Source,
    Subject,
    Type,
    ContentType,
    TraceParent,
    TraceState,
}

/// The names that these members have in an event.
pub const MEMBERS: [(Member, &str); 10] = [
    (Member::SpecVersion, "specversion"),
    (Member::Id, "id"),
    (Member::Predecessor, "predecessorhash"),
    (Member::Time, "time"),
    (Member::Source, "source"),
    (Member::Subject, "subject"),
    (Member::Type, "type"),
    (Member::ContentType, "datacontenttype"),
    (Member::TraceParent, "traceparent"),
    (Member::TraceState, "tracestate"),
];

/// What the first event of a chain names as the hash of the one before it.
pub const GENESIS: &[u8] = b"0000000000000000000000000000000000000000000000000000000000000000";

/// An event as its chain sees it.
#[derive(Debug, Clone, Default)]
pub struct Sealed<'a> {
    /// By [`Member`], in the order of [`MEMBERS`]: texts without quotes and escapes. `None`: the event has none.
    pub members: [Option<Cow<'a, [u8]>>; MEMBERS.len()],
    /// The JSON of the data, byte for byte.
    pub data: &'a [u8],
    /// What the event says that its hash is.
    pub hash: Option<Cow<'a, [u8]>>,
    pub signature: Option<Cow<'a, [u8]>>,
}

impl Sealed<'_> {
    pub fn member(&self, member: Member) -> Option<&[u8]> {
        // Each has its place in the array.
        self.members[member as usize].as_deref()
    }

    /// The event if this member were another.
    pub fn with(&self, member: Member, text: &[u8]) -> Sealed<'_> {
        let mut other = Sealed {
            members: self.members.each_ref().map(|of| of.as_deref().map(Cow::Borrowed)),
            data: self.data,
            hash: self.hash.as_deref().map(Cow::Borrowed),
            signature: self.signature.as_deref().map(Cow::Borrowed),
        };
        other.members[member as usize] = Some(Cow::Owned(text.to_vec()));
        other
    }
}

/// One version of a chain.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    pub version: &'static str,
    /// What its hashes begin with.
    prefix: &'static str,
    /// So many of [`MEMBERS`], the first ones.
    covers: usize,
    between: u8,
    /// What stands for a member that is not there.
    missing: &'static [u8],
    makes: Makes,
}

#[derive(Debug, PartialEq, Eq)]
enum Makes {
    /// The hash of two hashes in hexadecimal digits: that of the members, that of the data.
    Nested,
    /// The hash of all, prefix first and data last, a separator between any two.
    Flat,
}

pub static V1: Rule = Rule {
    version: "1",
    prefix: "",
    covers: 8,
    between: b'|',
    missing: b"",
    makes: Makes::Nested,
};

pub static V2: Rule = Rule {
    version: "2",
    prefix: "esdb:hash:v2:",
    covers: MEMBERS.len(),
    between: b'\n',
    missing: b"-",
    makes: Makes::Flat,
};

/// What hashes of any version after the first begin with.
const VERSIONED: &[u8] = b"esdb:hash:";

/// How the data, or the time, had to be written for the hash to come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    /// As it stands there.
    AsWritten,
    /// Without blanks between its parts.
    Unspaced,
    /// And every text with the fewest escapes, as JavaScript writes it.
    Plain,
    /// And with `<`, `>`, `&` escaped too, as Go writes it.
    Html,
    /// And with every character escaped that is not ASCII, as Python writes it.
    Ascii,
}

/// In the order in which they are tried.
const SPELLINGS: [Spelling; 5] = [
    Spelling::AsWritten,
    Spelling::Unspaced,
    Spelling::Plain,
    Spelling::Html,
    Spelling::Ascii,
];

impl Spelling {
    /// In words, after "its hash is that of".
    pub fn in_words(self) -> &'static str {
        match self {
            Spelling::AsWritten => "the event as it stands there",
            Spelling::Unspaced => "the same data without blanks between its parts",
            Spelling::Plain => "the same data with its texts as JavaScript writes them",
            Spelling::Html => "the same data with its texts as Go writes them",
            Spelling::Ascii => "the same data with its texts as Python writes them",
        }
    }
}

/// What an event's hash says of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The content gives the hash, the data in this spelling.
    Holds { spelling: Spelling, rule: &'static Rule },
    /// It does not. `made`: the hash of what stands there.
    Differs { made: Vec<u8> },
    /// The hash is of a version that nobody knows here.
    Unknown { version: String },
    /// It has none.
    Bare,
}

impl Rule {
    /// By how a hash begins. Fails with the version that is not known.
    pub fn of(hash: &[u8]) -> Result<&'static Rule, String> {
        let Some(rest) = hash.strip_prefix(VERSIONED) else {
            return Ok(&V1);
        };
        if hash.starts_with(V2.prefix.as_bytes()) {
            return Ok(&V2);
        }
        let version = rest.split(|byte| *byte == b':').next().unwrap_or(rest);
        Err(String::from_utf8_lossy(version).into_owned())
    }

    /// The hash of an event, with its data written so.
    pub fn hash(&self, sealed: &Sealed<'_>, data: &[u8]) -> Vec<u8> {
        let mut content = Vec::with_capacity(512);
        if self.makes == Makes::Flat {
            content.extend_from_slice(self.prefix.as_bytes());
            content.push(self.between);
        }
        for (at, (member, _)) in MEMBERS.iter().take(self.covers).enumerate() {
            if at > 0 {
                content.push(self.between);
            }
            content.extend_from_slice(sealed.member(*member).unwrap_or(self.missing));
        }
        let digest = match self.makes {
            Makes::Nested => Sha256::new()
                .chain_update(hex(&Sha256::digest(&content)))
                .chain_update(hex(&Sha256::digest(data)))
                .finalize(),
            Makes::Flat => {
                content.push(self.between);
                Sha256::new().chain_update(content).chain_update(data).finalize()
            }
        };
        format!("{}{}", self.prefix, hex(&digest)).into_bytes()
    }
}

/// Holds an event against its own hash: first its bytes as they stand there, then the same JSON as writers spell it.
pub fn judge(sealed: &Sealed<'_>) -> Verdict {
    let Some(hash) = sealed.hash.as_deref() else {
        return Verdict::Bare;
    };
    let rule = match Rule::of(hash) {
        Ok(rule) => rule,
        Err(version) => return Verdict::Unknown { version },
    };
    let made = rule.hash(sealed, sealed.data);
    if made == hash {
        return Verdict::Holds {
            spelling: Spelling::AsWritten,
            rule,
        };
    }
    // Blanks may go from between the parts of a JSON text, and not from what is none: `1 2` is not `12`.
    if serde_json::from_slice::<IgnoredAny>(sealed.data).is_err() {
        return Verdict::Differs { made };
    }
    let mut last = sealed.data.to_vec();
    for spelling in SPELLINGS {
        let Some(data) = spelled(sealed.data, spelling).filter(|data| *data != last) else {
            continue;
        };
        if rule.hash(sealed, &data) == hash {
            return Verdict::Holds { spelling, rule };
        }
        last = data;
    }
    Verdict::Differs { made }
}

/// A JSON text in another spelling of the same value: numbers and the order of members stay. `None`: it is no whole text.
fn spelled(data: &[u8], spelling: Spelling) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len());
    let mut at = 0;
    while let Some(byte) = data.get(at) {
        match byte {
            b'"' => {
                let end = string_end(data, at)?;
                let inner = data.get(at + 1..end - 1)?;
                out.push(b'"');
                match spelling {
                    Spelling::AsWritten | Spelling::Unspaced => out.extend_from_slice(inner),
                    Spelling::Plain | Spelling::Html | Spelling::Ascii => {
                        write_text(&text_of(inner)?, spelling, &mut out)
                    }
                }
                out.push(b'"');
                at = end;
                continue;
            }
            b' ' | b'\t' | b'\n' | b'\r' if spelling != Spelling::AsWritten => {}
            other => out.push(*other),
        }
        at += 1;
    }
    Some(out)
}

/// Behind the closing quote of the string that begins at `start`.
fn string_end(data: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match data.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// What a JSON string says; `None` where it is none that is text.
fn text_of(inner: &[u8]) -> Option<String> {
    let quoted = [b"\"", inner, b"\""].concat();
    serde_json::from_slice(&quoted).ok()
}

fn write_text(text: &str, spelling: Spelling, out: &mut Vec<u8>) {
    let mut units = [0; 2];
    for letter in text.chars() {
        match letter {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\0'..='\u{1f}' => escape(u16::try_from(u32::from(letter)).unwrap_or_default(), out),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if spelling == Spelling::Html => {
                letter
                    .encode_utf16(&mut units)
                    .iter()
                    .for_each(|unit| escape(*unit, out));
            }
            '\u{7f}'.. if spelling == Spelling::Ascii => {
                letter
                    .encode_utf16(&mut units)
                    .iter()
                    .for_each(|unit| escape(*unit, out));
            }
            other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn escape(unit: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
}
