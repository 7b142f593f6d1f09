//! The shape of a layout document as TOML has it, with the place of each value that can be wrong.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub version: Spanned<u32>,
    pub name: Spanned<String>,
    pub title: Option<String>,
    pub dialect: Spanned<String>,
    pub source: Option<Spanned<Vec<SourceDocument>>>,
    #[serde(default)]
    pub order: OrderDocument,
    pub map: MapDocument,
    #[serde(default)]
    pub detect: DetectDocument,
    #[serde(default)]
    pub limits: LimitsDocument,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct SourceDocument {
    pub table: Option<Spanned<String>>,
    pub glob: Option<Spanned<String>>,
    pub r#where: Option<Spanned<String>>,
    #[serde(default)]
    pub join: Vec<JoinDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinDocument {
    pub table: Spanned<String>,
    pub alias: Spanned<String>,
    pub on: OnDocument,
    pub first_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnDocument {
    pub left: String,
    pub right: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct OrderDocument {
    pub quality: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapDocument {
    pub global_position: Option<Spanned<ValueDocument>>,
    pub stream_id: Spanned<ValueDocument>,
    pub tenant: Option<Spanned<String>>,
    pub stream_category: Option<Spanned<ValueDocument>>,
    pub stream_version: Option<Spanned<ValueDocument>>,
    pub event_type: Spanned<ValueDocument>,
    pub recorded_at: Option<Spanned<ValueDocument>>,
    pub occurred_at: Option<Spanned<ValueDocument>>,
    pub event_id: Option<Spanned<ValueDocument>>,
    pub correlation_id: Option<Spanned<ValueDocument>>,
    pub causation_id: Option<Spanned<ValueDocument>>,
    pub schema_version: Option<Spanned<ValueDocument>>,
    pub payload: BodyDocument,
    pub metadata: Option<BodyDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueDocument {
    pub column: Option<Spanned<OneOrMany>>,
    pub json: Option<JsonDocument>,
    pub concat: Option<Spanned<Vec<String>>>,
    pub separator: Option<String>,
    pub of: Option<Spanned<String>>,
    pub r#const: Option<String>,
    pub take: Option<Spanned<TakeDocument>>,
    pub default: Option<String>,
    pub r#as: Option<Spanned<String>>,
    pub zone: Option<Spanned<String>>,
    pub base: Option<Spanned<i64>>,
    pub gaps: Option<Spanned<bool>>,
    #[serde(default)]
    pub optional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonDocument {
    pub column: Spanned<OneOrMany>,
    pub path: Spanned<OneOrMany>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakeDocument {
    pub before_first: Option<String>,
    pub after_first: Option<String>,
    pub before_last: Option<String>,
    pub after_last: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyDocument {
    pub column: Spanned<OneOrMany>,
    pub decode: Option<Spanned<Vec<String>>>,
    pub unwrap: Option<Spanned<UnwrapDocument>>,
    #[serde(default)]
    pub optional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnwrapDocument {
    pub kind: String,
    pub path: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct DetectDocument {
    #[serde(default)]
    pub companions: Vec<String>,
    #[serde(default)]
    pub except: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct LimitsDocument {
    pub max_body_bytes: Option<Spanned<u64>>,
}

/// `"a"` or `["a", "b"]`.
pub struct OneOrMany(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OneOrMany, D::Error> {
        struct TextOrList;
        impl<'de> Visitor<'de> for TextOrList {
            type Value = OneOrMany;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }
        deserializer.deserialize_any(TextOrList)
    }
}
