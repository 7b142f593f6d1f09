//! From a TOML document to a [`Layout`], with the line and column of whatever is wrong.

use std::ops::Range;

use refold_core::port::store::OrderQuality;
use sha2::{Digest as _, Sha256};
use toml::Spanned;

use super::document::*;
use super::*;

/// What is wrong with a layout document, and where. `line` and `column` count from 1; columns count characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct LayoutFault {
    pub line: u32,
    pub column: u32,
    pub message: String,
}

/// Reads and validates a layout document.
pub fn read_layout(text: &str) -> Result<Layout, LayoutFault> {
    let document: Document = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        fault_at(text, start, error.message().trim().to_owned())
    })?;
    Reader { text }.layout(document)
}

fn fault_at(text: &str, offset: usize, message: String) -> LayoutFault {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    let short = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    LayoutFault {
        line: short(line),
        column: short(column),
        message,
    }
}

/// Largest payload that is loaded when the document says nothing: 64 MiB.
const DEFAULT_MAX_BODY_BYTES: u64 = 64 << 20;

struct Reader<'t> {
    text: &'t str,
}

type Read<T> = Result<T, LayoutFault>;

impl Reader<'_> {
    fn fault<T>(&self, span: Range<usize>, message: impl Into<String>) -> Read<T> {
        Err(fault_at(self.text, span.start, message.into()))
    }

    fn layout(&self, document: Document) -> Read<Layout> {
        if *document.version.get_ref() != 1 {
            return self.fault(document.version.span(), "the only version of the layout format is 1");
        }
        let name = document.name.get_ref();
        if name.is_empty()
            || !name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.')
        {
            return self.fault(
                document.name.span(),
                "a layout's name holds letters, digits, - _ and . only",
            );
        }
        let dialect = match document.dialect.get_ref().as_str() {
            "sqlite" => Dialect::Sqlite,
            "postgres" => Dialect::Postgres,
            "mysql" => Dialect::MySql,
            "csv" => Dialect::Csv,
            "json-lines" => Dialect::JsonLines,
            other => {
                let message =
                    format!("unknown dialect \"{other}\": sqlite, postgres, mysql, csv and json-lines are supported");
                return self.fault(document.dialect.span(), message);
            }
        };
        let source_span = document.source.as_ref().map_or(document.dialect.span(), Spanned::span);
        let mut sources = document.source.map(Spanned::into_inner).unwrap_or_default();
        let source = match (sources.pop(), sources.is_empty()) {
            (Some(source), true) => source,
            // A file has nothing to choose from.
            (None, _) if dialect.is_of_files() => SourceDocument::default(),
            (None, _) => return self.fault(source_span, "one [[source]] is needed"),
            (Some(_), false) => return self.fault(source_span, "a layout describes one table: one [[source]] only"),
        };
        let (table, filter, joins) = self.source(source, source_span, dialect)?;
        let quality = match document
            .order
            .quality
            .as_ref()
            .map(|quality| quality.get_ref().as_str())
        {
            None | Some("total") => OrderQuality::Total,
            Some("approximate") => OrderQuality::Approximate,
            Some(other) => {
                let span = document.order.quality.as_ref().map_or(0..0, Spanned::span);
                return self.fault(span, format!("unknown quality \"{other}\": total or approximate"));
            }
        };
        let map = self.map(document.map, &joins, dialect)?;
        let max_body_bytes = match document.limits.max_body_bytes {
            None => DEFAULT_MAX_BODY_BYTES,
            Some(bytes) if (1..=1 << 30).contains(bytes.get_ref()) => *bytes.get_ref(),
            Some(bytes) => return self.fault(bytes.span(), "max_body_bytes lies between 1 and 1073741824"),
        };
        Ok(Layout {
            title: document.title.unwrap_or_else(|| name.clone()),
            name: name.clone(),
            dialect,
            table,
            filter,
            joins,
            quality,
            map,
            detect: Detect {
                companions: document.detect.companions,
                except: document.detect.except,
            },
            limits: Limits { max_body_bytes },
            hash: hex(&Sha256::digest(self.text.as_bytes())),
        })
    }

    fn source(
        &self,
        source: SourceDocument,
        span: Range<usize>,
        dialect: Dialect,
    ) -> Read<(TablePattern, Filter, Vec<Join>)> {
        let table = match (source.table, source.glob, dialect) {
            (Some(table), None, _) if !table.get_ref().contains('*') => table.into_inner(),
            (Some(table), None, _) => return self.fault(table.span(), "a name with * belongs in glob, not in table"),
            (None, Some(glob), Dialect::Sqlite | Dialect::Postgres | Dialect::MySql)
                if glob.get_ref().matches('*').count() == 1 =>
            {
                glob.into_inner()
            }
            (None, Some(glob), _) => return self.fault(glob.span(), "a glob holds exactly one *"),
            (None, None, Dialect::Csv | Dialect::JsonLines) => String::new(),
            _ => return self.fault(span, "a source has either table or glob"),
        };
        let filter = match &source.r#where {
            None => Filter::default(),
            Some(condition) if dialect.is_of_files() => {
                return self.fault(
                    condition.span(),
                    "where is of databases: of a file every record is read",
                );
            }
            Some(condition) => Filter::parse(condition.get_ref()).map_err(|(offset, message)| {
                let start = condition.span().start;
                let within = self
                    .text
                    .get(condition.span())
                    .map_or(0, |raw| offset_in_toml(raw, offset));
                fault_at(self.text, start + within, format!("where: {message}"))
            })?,
        };
        let mut joins: Vec<Join> = Vec::new();
        for join in source.join {
            let alias = join.alias.get_ref();
            let is_plain = !alias.is_empty() && alias.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_plain || alias == "event" || joins.iter().any(|other| other.alias == *alias) {
                return self.fault(join.alias.span(), "an alias is one word, used once, and not \"event\"");
            }
            if dialect.is_of_files() {
                return self.fault(join.table.span(), "a file cannot be joined");
            }
            joins.push(Join {
                table: join.table.into_inner(),
                alias: join.alias.into_inner(),
                left: join.on.left,
                right: join.on.right,
                first_by: join.first_by,
            });
        }
        Ok((TablePattern { text: table }, filter, joins))
    }

    fn map(&self, map: MapDocument, joins: &[Join], dialect: Dialect) -> Read<Map> {
        let optional_text =
            |value: Option<Spanned<ValueDocument>>| value.map(|value| self.text(value, joins)).transpose();
        let optional_time =
            |value: Option<Spanned<ValueDocument>>| value.map(|value| self.time(value, joins)).transpose();

        let position = match &map.global_position {
            Some(value) => self.plain_column(value, joins)?,
            None if dialect.is_of_files() => ColumnName {
                alias: None,
                spellings: Vec::new(),
            },
            None => return self.fault(map.stream_id.span(), "global_position is needed beside it"),
        };
        if let (Some(_), Some(value)) = (&position.alias, &map.global_position) {
            return self.fault(value.span(), "global_position is a column of the source's own table");
        }
        if let Some(tenant) = &map.tenant
            && !matches!(dialect, Dialect::Postgres | Dialect::MySql)
        {
            return self.fault(
                tenant.span(),
                "tenant is of servers: elsewhere stream_id is a concat of both columns where several share the table",
            );
        }
        let stream_span = map.stream_id.span();
        let stream_id = self.text(map.stream_id, joins)?;
        match &stream_id.from {
            Origin::Column(_) | Origin::Concat { .. } if stream_id.take.is_empty() => {}
            _ if dialect.is_of_files() && stream_id.take.is_empty() => {}
            _ => {
                return self.fault(
                    stream_span,
                    "stream_id is a column or a concat of columns, without take",
                );
            }
        }
        let version = match &map.stream_version {
            Some(value) => Some(self.plain_column(value, joins)?),
            None => None,
        };
        let version_base = match map
            .stream_version
            .as_ref()
            .and_then(|value| value.get_ref().base.as_ref())
        {
            None => None,
            Some(base) if matches!(base.get_ref(), 0 | 1) => Some(*base.get_ref()),
            Some(base) => return self.fault(base.span(), "base is 0 or 1"),
        };
        let gaps = map
            .stream_version
            .as_ref()
            .and_then(|value| value.get_ref().gaps.as_ref());
        let skips_versions = gaps.is_some_and(|gaps| *gaps.get_ref());
        let event_type_span = map.event_type.span();
        let event_type = self.text(map.event_type, joins)?;
        if matches!(event_type.from, Origin::EventType) {
            return self.fault(event_type_span, "event_type cannot be made of itself");
        }
        Ok(Map {
            tenant: map.tenant.map(Spanned::into_inner),
            position,
            stream_id,
            category: optional_text(map.stream_category)?,
            version,
            version_base,
            skips_versions,
            event_type,
            recorded_at: optional_time(map.recorded_at)?,
            occurred_at: optional_time(map.occurred_at)?,
            event_id: optional_text(map.event_id)?,
            correlation_id: optional_text(map.correlation_id)?,
            causation_id: optional_text(map.causation_id)?,
            schema_version: optional_text(map.schema_version)?,
            payload: self.body(map.payload, joins, dialect)?,
            metadata: map
                .metadata
                .map(|metadata| self.body(metadata, joins, dialect))
                .transpose()?,
        })
    }

    fn plain_column(&self, value: &Spanned<ValueDocument>, joins: &[Join]) -> Read<ColumnName> {
        let document = value.get_ref();
        let is_plain = document.json.is_none()
            && document.concat.is_none()
            && document.of.is_none()
            && document.r#const.is_none()
            && document.take.is_none();
        match &document.column {
            Some(column) if is_plain => self.column(column, joins),
            _ => self.fault(value.span(), "this is a plain column: { column = \"…\" }"),
        }
    }

    fn column(&self, column: &Spanned<OneOrMany>, joins: &[Join]) -> Read<ColumnName> {
        let mut alias = None;
        let mut spellings = Vec::new();
        for text in &column.get_ref().0 {
            let known = text
                .split_once('.')
                .filter(|(head, _)| joins.iter().any(|join| join.alias == *head));
            let (this_alias, name) = known.map_or((None, text.as_str()), |(head, name)| (Some(head.to_owned()), name));
            if name.is_empty() || (!spellings.is_empty() && this_alias != alias) {
                return self.fault(
                    column.span(),
                    "a column name is missing, or its spellings are of different tables",
                );
            }
            alias = this_alias;
            spellings.push(name.to_owned());
        }
        if spellings.is_empty() {
            return self.fault(column.span(), "a column name is missing");
        }
        Ok(ColumnName { alias, spellings })
    }

    fn origin(&self, value: &mut ValueDocument, span: Range<usize>, joins: &[Join]) -> Read<Origin> {
        let origin = match (&value.column, &value.json, &value.concat, &value.of, &value.r#const) {
            (Some(column), None, None, None, None) => Origin::Column(self.column(column, joins)?),
            (None, Some(json), None, None, None) => Origin::Json {
                column: self.column(&json.column, joins)?,
                paths: json
                    .path
                    .get_ref()
                    .0
                    .iter()
                    .map(|path| self.path(path, json.path.span()))
                    .collect::<Read<_>>()?,
            },
            (None, None, Some(concat), None, None) => {
                let columns = concat
                    .get_ref()
                    .iter()
                    .map(|name| self.column(&Spanned::new(concat.span(), OneOrMany(vec![name.clone()])), joins));
                let columns: Vec<ColumnName> = columns.collect::<Read<_>>()?;
                let separator = value.separator.take().unwrap_or_default();
                if columns.len() != 2 || separator.is_empty() {
                    return self.fault(concat.span(), "concat takes two columns and a separator");
                }
                Origin::Concat { columns, separator }
            }
            (None, None, None, Some(of), None) => match of.get_ref().as_str() {
                "stream_id" => Origin::StreamId,
                "event_type" => Origin::EventType,
                _ => return self.fault(of.span(), "of is \"stream_id\" or \"event_type\""),
            },
            (None, None, None, None, Some(text)) => Origin::Const(text.clone()),
            _ => return self.fault(span, "a value has exactly one of column, json, concat, of, const"),
        };
        if value.separator.is_some() {
            return self.fault(span, "separator belongs to concat");
        }
        Ok(origin)
    }

    fn text(&self, value: Spanned<ValueDocument>, joins: &[Join]) -> Read<TextSource> {
        let span = value.span();
        let mut value = value.into_inner();
        let from = self.origin(&mut value, span.clone(), joins)?;
        let form = match value.r#as.as_ref().map(|form| (form.get_ref().as_str(), form.span())) {
            None | Some(("text", _)) => TextForm::AsStored,
            Some(("uuid", _)) => TextForm::Uuid,
            Some((other, at)) => return self.fault(at, format!("unknown form \"{other}\": text or uuid")),
        };
        if let Some(zone) = &value.zone {
            return self.fault(zone.span(), "zone belongs to a time");
        }
        if let Some(base) = &value.base {
            return self.fault(base.span(), "base belongs to stream_version");
        }
        if let Some(gaps) = &value.gaps {
            return self.fault(gaps.span(), "gaps belongs to stream_version");
        }
        let mut take = Vec::new();
        if let Some(document) = value.take {
            let at = document.span();
            let document = document.into_inner();
            take.extend(document.after_first.map(Take::AfterFirst));
            take.extend(document.after_last.map(Take::AfterLast));
            take.extend(document.before_first.map(Take::BeforeFirst));
            take.extend(document.before_last.map(Take::BeforeLast));
            let marks = take.iter().map(|take| match take {
                Take::BeforeFirst(mark) | Take::AfterFirst(mark) | Take::BeforeLast(mark) | Take::AfterLast(mark) => {
                    mark
                }
            });
            if take.is_empty() || marks.clone().any(String::is_empty) {
                return self.fault(
                    at,
                    "take needs after_first, after_last, before_first or before_last with a mark",
                );
            }
        }
        Ok(TextSource {
            from,
            form,
            take,
            default: value.default,
            is_optional: value.optional,
        })
    }

    fn time(&self, value: Spanned<ValueDocument>, joins: &[Join]) -> Read<TimeSource> {
        let span = value.span();
        let mut value = value.into_inner();
        let from = self.origin(&mut value, span.clone(), joins)?;
        if !matches!(from, Origin::Column(_) | Origin::Json { .. }) {
            return self.fault(span, "a time comes from column or json");
        }
        if value.take.is_some() || value.default.is_some() || value.base.is_some() || value.gaps.is_some() {
            return self.fault(span, "take, default, base and gaps do not apply to a time");
        }
        let form = match value.r#as.as_ref().map(|form| (form.get_ref().as_str(), form.span())) {
            None | Some(("timestamp", _)) => TimeForm::Auto,
            Some(("iso8601", _)) => TimeForm::Iso8601,
            Some(("epoch_s", _)) => TimeForm::EpochSeconds,
            Some(("epoch_ms", _)) => TimeForm::EpochMillis,
            Some(("epoch_us", _)) => TimeForm::EpochMicros,
            Some(("epoch_ns", _)) => TimeForm::EpochNanos,
            Some(("dotnet_ticks", _)) => TimeForm::DotnetTicks,
            Some((other, at)) => {
                let message = format!(
                    "unknown form \"{other}\": timestamp, iso8601, epoch_s, epoch_ms, epoch_us, epoch_ns, dotnet_ticks"
                );
                return self.fault(at, message);
            }
        };
        let zone = match &value.zone {
            None => None,
            Some(zone) => match Zone::parse(zone.get_ref()) {
                Some(zone) => Some(zone),
                None => {
                    return self.fault(
                        zone.span(),
                        "a zone is UTC, an offset such as +02:00, or a name such as Europe/Berlin",
                    );
                }
            },
        };
        Ok(TimeSource {
            from,
            form,
            zone,
            is_optional: value.optional,
        })
    }

    fn body(&self, body: BodyDocument, joins: &[Join], dialect: Dialect) -> Read<BodySource> {
        let mut decode = Vec::new();
        if let Some(steps) = &body.decode {
            for step in steps.get_ref() {
                decode.push(match step.as_str() {
                    "auto" => DecodeStep::Auto,
                    "gzip" => DecodeStep::Gzip,
                    "zlib" => DecodeStep::Zlib,
                    "json" => DecodeStep::Json,
                    other => {
                        let message = format!("unknown decode step \"{other}\": auto, gzip, zlib, json");
                        return self.fault(steps.span(), message);
                    }
                });
            }
        }
        // A member of a line is a value already; a string in it is opened where the document says so.
        if decode.is_empty() && dialect != Dialect::JsonLines {
            decode.push(DecodeStep::Auto);
        }
        let unwrap = match body.unwrap {
            None => Unwrap::None,
            Some(unwrap) => match (unwrap.get_ref().kind.as_str(), &unwrap.get_ref().path) {
                ("none", None) => Unwrap::None,
                ("path", Some(path)) => Unwrap::Path(self.path(path, unwrap.span())?),
                ("serde_enum", None) => Unwrap::EventTypeMember,
                _ => {
                    let message = "unwrap is { kind = \"none\" }, { kind = \"path\", path = \"$.…\" } or { kind = \"serde_enum\" }";
                    return self.fault(unwrap.span(), message);
                }
            },
        };
        Ok(BodySource {
            column: self.column(&body.column, joins)?,
            decode,
            unwrap,
            is_optional: body.optional,
        })
    }

    /// `$.a.b` or `$['a.b']['c']`.
    fn path(&self, path: &str, span: Range<usize>) -> Read<JsonPath> {
        parse_path(path).map(JsonPath).ok_or_else(|| {
            fault_at(
                self.text,
                span.start,
                "a path is $.member.member or $['member']".to_owned(),
            )
        })
    }
}

/// Where in a TOML string, as it stands in the document with its quotes, the decoded text has this offset.
fn offset_in_toml(raw: &str, offset: usize) -> usize {
    let is_long = raw.starts_with("\"\"\"") || raw.starts_with("'''");
    let mut at = if is_long { 3 } else { 1 };
    // A line end right behind three quotes is not part of the text.
    if is_long {
        at += raw[at..].strip_prefix('\r').map_or(0, |_| 1);
        at += raw[at..].strip_prefix('\n').map_or(0, |_| 1);
    }
    let has_escapes = raw.starts_with('"');
    let mut decoded = 0;
    while decoded < offset {
        let rest = &raw[at..];
        let Some(first) = rest.chars().next() else { break };
        let (raw_bytes, decoded_bytes) = match rest.as_bytes().get(1) {
            Some(escape) if has_escapes && first == '\\' => {
                let digits = match escape {
                    b'x' => 2,
                    b'u' => 4,
                    b'U' => 8,
                    _ => 0,
                };
                let code = rest
                    .get(2..2 + digits)
                    .and_then(|digits| u32::from_str_radix(digits, 16).ok());
                (2 + digits, code.and_then(char::from_u32).map_or(1, char::len_utf8))
            }
            _ => (first.len_utf8(), first.len_utf8()),
        };
        if !raw.is_char_boundary(at + raw_bytes) {
            break;
        }
        at += raw_bytes;
        decoded += decoded_bytes;
    }
    at
}

fn parse_path(path: &str) -> Option<Vec<String>> {
    let mut rest = path.strip_prefix('$')?;
    let mut members = Vec::new();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("['") {
            let (member, after) = quoted.split_once("']")?;
            members.push(member.to_owned());
            rest = after;
        } else {
            let plain = rest.strip_prefix('.')?;
            let end = plain.find(['.', '[']).unwrap_or(plain.len());
            if end == 0 {
                return None;
            }
            members.push(plain[..end].to_owned());
            rest = &plain[end..];
        }
    }
    (!members.is_empty()).then_some(members)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
