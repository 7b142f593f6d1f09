//! Looks up what a layout names in the tables of one database.

use super::{EVENT, Member, Misfit, StreamKey, Tables};
use crate::layout::{
    ColumnName, Comparison, Condition, Dialect, Layout, Literal, Origin, TextSource, TimeSource, normalised,
};
use crate::tables::{Catalogue, Index, Table, literal_sql, quoted};

pub struct PositionColumn {
    pub sql: String,
    pub has_index: bool,
    pub is_unique: bool,
    pub is_place: bool,
}

/// The tables that are read beside the events.
#[derive(Debug, Clone, Default)]
pub struct Joins {
    /// `LEFT JOIN …`, each with a blank before it.
    pub sql: String,
    /// The order of rows with equal position, when one event may have several rows.
    pub first_by: Option<String>,
    /// Keeps rows of the home stream only, where an event may be in several.
    pub home_condition: Option<String>,
}

pub struct Binder<'a> {
    layout: &'a Layout,
    table: &'a Table,
    /// Tables that are joined, by their aliases.
    joined: Vec<(&'a str, &'a Table)>,
    pub bound: Tables,
    pub members: Vec<Member>,
}

impl<'a> Binder<'a> {
    pub fn new(layout: &'a Layout, table: &'a Table) -> Binder<'a> {
        Binder {
            layout,
            table,
            joined: Vec::new(),
            bound: Tables::default(),
            members: Vec::new(),
        }
    }

    /// Joins the tables that the layout reads beside the events. `starred` is what the `*` of its table name matched.
    pub fn joins(&mut self, catalogue: &'a Catalogue, starred: &str) -> Result<Joins, Misfit> {
        let mut joins = Joins::default();
        for join in &self.layout.joins {
            let name = join.table.replace('*', starred);
            let joined = catalogue
                .find(&name, self.table)
                .ok_or_else(|| format!("there is no table {name}"))?;
            let column = |table: &Table, name: &str| match table.column(&[name.to_owned()]) {
                Some(column) => Ok(quoted(&column.name)),
                None => Err(format!("table {} has no column {name}", table.name)),
            };
            // Of the events, or of a table that was joined before.
            let of_joined = join.left.split_once('.').and_then(|(alias, name)| {
                let (alias, table) = self.joined.iter().find(|(of, _)| *of == alias)?;
                Some((*alias, *table, name))
            });
            let (of, left_table, left) = of_joined.unwrap_or((EVENT, self.table, join.left.as_str()));
            let (left, right) = (column(left_table, left)?, column(joined, &join.right)?);
            let (joined_name, alias) = (joined.sql(), quoted(&join.alias));
            joins.sql.push_str(&format!(
                " LEFT JOIN {joined_name} AS {alias} ON {alias}.{right} = {}.{left}",
                quoted(of)
            ));
            if let Some(first) = &join.first_by {
                let first = column(joined, first)?;
                joins.first_by = Some(format!("{alias}.{first}"));
                joins.home_condition = Some(format!(
                    "NOT EXISTS (SELECT 1 FROM {joined_name} AS \"earlier\" WHERE \"earlier\".{right} = {alias}.{right} \
                     AND \"earlier\".{first} < {alias}.{first})"
                ));
            }
            self.joined.push((join.alias.as_str(), joined));
        }
        Ok(joins)
    }

    pub fn stream_key(&mut self, source: &TextSource) -> Result<StreamKey, Misfit> {
        match &source.from {
            Origin::Column(column) => Ok(StreamKey::Column {
                sql: self.bind(column)?,
                form: source.form,
            }),
            Origin::Concat { columns, separator } => match columns.as_slice() {
                [first, second] => Ok(StreamKey::Pair {
                    first: self.bind(first)?,
                    second: self.bind(second)?,
                    separator: separator.clone(),
                }),
                _ => Err("its stream id is not made of two columns".to_owned()),
            },
            _ => Err("its stream id is neither a column nor a concat of columns".to_owned()),
        }
    }

    pub fn bind(&mut self, column: &ColumnName) -> Result<String, Misfit> {
        if let Some(sql) = self.bound.sql(column) {
            return Ok(sql.clone());
        }
        let (alias, table) = match &column.alias {
            None => ("event", self.table),
            Some(alias) => match self.joined.iter().find(|(name, _)| name == alias) {
                Some((name, table)) => (*name, *table),
                None => return Err(format!("no join has the alias {alias}")),
            },
        };
        let sql = match table.column(&column.spellings) {
            Some(found) => format!("{}.{}", quoted(alias), quoted(&found.name)),
            None if is_named(column, self.row_number()) && table.has_rowid => {
                format!("{}.{}", quoted(alias), self.row_number())
            }
            None if let Some((name, member)) = self.member(table, column) => {
                let document = format!("{}.{}", quoted(alias), quoted(name));
                let literal = literal_sql(&Literal::Text(member.to_owned()));
                let sql = format!("({document} OPERATOR(pg_catalog.->>) {literal})");
                self.members.push(Member {
                    sql: sql.clone(),
                    document,
                    is_number: false,
                });
                sql
            }
            None if is_named(column, "ctid") && self.row_number() == "ctid" => {
                return Err(format!(
                    "rows of table {} are not found by their places, which takes PostgreSQL 14 and one plain table or a single \
                     partition",
                    table.name
                ));
            }
            None => {
                return Err(format!(
                    "table {} has no column {}",
                    table.name,
                    column.spellings.join(" or ")
                ));
            }
        };
        self.bound
            .bound
            .push((column.alias.clone(), column.clone(), sql.clone()));
        Ok(sql)
    }

    /// The column and the member that `metadata#/id` stands for, where that is no column itself.
    fn member<'c>(&self, table: &'c Table, column: &'c ColumnName) -> Option<(&'c str, &'c str)> {
        let is_known = self.layout.dialect == Dialect::Postgres;
        column.spellings.iter().filter(|_| is_known).find_map(|spelling| {
            let (name, member) = spelling.split_once("#/")?;
            let found = table.column(&[name.to_owned()])?;
            // A backslash is not the same to every server.
            (!member.contains('\\')).then_some((found.name.as_str(), member))
        })
    }

    /// As [`Binder::bind`], for a number: of a member its digits, and NULL where it is anything else.
    pub fn number(&mut self, column: &ColumnName) -> Result<String, Misfit> {
        let sql = self.bind(column)?;
        let Some(member) = self.members.iter().find(|member| member.sql == sql) else {
            return Ok(sql);
        };
        let document = member.document.clone();
        let sql = format!("CASE WHEN {sql} OPERATOR(pg_catalog.~) '^[0-9]{{1,18}}$' THEN {sql}::bigint END");
        self.members.push(Member {
            sql: sql.clone(),
            document,
            is_number: true,
        });
        Ok(sql)
    }

    /// In SQLite a position must be a key: pages of events begin after the last position of the page before.
    pub fn position(&mut self, column: &ColumnName) -> Result<PositionColumn, Misfit> {
        let sql = self.bind(column)?;
        let found = self.table.column(&column.spellings);
        let fixed = self.fixed_columns();
        let is_fixed = |name: &String| fixed.contains(&name.as_str());
        // An index leads there when whatever stands before the position in it has one value among the events.
        let leads = |index: &Index, name: &String| index.columns.iter().find(|column| !is_fixed(column)) == Some(name);
        let keeps_apart = |index: &Index, name: &String| {
            index.is_unique && index.columns.iter().all(|column| column == name || is_fixed(column))
        };
        let mut indexes = self.table.indexes.iter();
        let is_unique = found.is_none_or(|found| {
            found.is_rowid
                || indexes
                    .clone()
                    .any(|index| leads(index, &found.name) && keeps_apart(index, &found.name))
        });
        let has_index = is_unique || found.is_some_and(|found| indexes.any(|index| leads(index, &found.name)));
        if let (false, Dialect::Sqlite, Some(found)) = (is_unique, self.layout.dialect, found) {
            return Err(format!(
                "column {} of table {} has no unique index, so events cannot be read in its order; map global_position to \
                 rowid instead",
                found.name, self.table.name
            ));
        }
        Ok(PositionColumn {
            sql,
            has_index,
            is_unique,
            is_place: found.is_none() && self.layout.dialect == Dialect::Postgres,
        })
    }

    /// How the database calls the number of a row that is in no column.
    fn row_number(&self) -> &'static str {
        match self.layout.dialect {
            Dialect::Postgres => "ctid",
            Dialect::Sqlite | Dialect::MySql | Dialect::Csv | Dialect::JsonLines => "rowid",
        }
    }

    /// Columns of the source that have the same value in all events, by the layout's condition.
    fn fixed_columns(&self) -> Vec<&str> {
        let conditions = self.layout.filter.conditions.iter();
        let equal = conditions.filter(|condition| matches!(condition.comparison, Comparison::Compare("=", _)));
        let named = equal.filter_map(|condition| self.table.column(std::slice::from_ref(&condition.column)));
        named.map(|column| column.name.as_str()).collect()
    }

    pub fn text(&mut self, text: &TextSource) -> Result<(), Misfit> {
        self.origin(&text.from, text.is_optional || text.default.is_some())
    }

    pub fn time(&mut self, time: &TimeSource) -> Result<(), Misfit> {
        self.origin(&time.from, time.is_optional)
    }

    fn origin(&mut self, origin: &Origin, is_optional: bool) -> Result<(), Misfit> {
        let column = match origin {
            Origin::Column(column) | Origin::Json { column, .. } => column,
            Origin::Concat { .. } => return Err("concat is for the stream id only".to_owned()),
            Origin::StreamId | Origin::EventType | Origin::Const(_) => return Ok(()),
        };
        match self.bind(column) {
            Err(misfit) if !is_optional => Err(misfit),
            _ => Ok(()),
        }
    }

    pub fn condition(&mut self, condition: &Condition) -> Result<String, Misfit> {
        let alias = condition
            .column
            .split_once('.')
            .filter(|(alias, _)| self.joined.iter().any(|(name, _)| name == alias));
        let (alias, name) = alias.map_or((None, condition.column.as_str()), |(alias, name)| {
            (Some(alias.to_owned()), name)
        });
        let column = self.bind(&ColumnName {
            alias,
            spellings: vec![name.to_owned()],
        })?;
        Ok(match &condition.comparison {
            Comparison::Compare(operator, literal) => format!("{column} {operator} {}", literal_sql(literal)),
            Comparison::In(literals) => {
                format!(
                    "{column} IN ({})",
                    literals.iter().map(literal_sql).collect::<Vec<_>>().join(", ")
                )
            }
            Comparison::IsNull => format!("{column} IS NULL"),
            Comparison::IsNotNull => format!("{column} IS NOT NULL"),
        })
    }

    /// The indexes by which rows of one stream are found, in version order, without looking at all rows; `None`: there are
    /// none.
    pub fn stream_indexes(&self) -> Option<Vec<StreamIndex>> {
        let name_in = |table: &Table, column: &ColumnName| match table.column(&column.spellings) {
            Some(found) => Some(found.name.clone()),
            None => self
                .member(table, column)
                .map(|(name, member)| format!("{name}#/{member}")),
        };
        let columns = match &self.layout.map.stream_id.from {
            Origin::Column(column) => vec![column],
            Origin::Concat { columns, .. } => columns.iter().collect(),
            _ => return None,
        };
        let alias = columns.first().and_then(|column| column.alias.as_deref());
        let join = alias.and_then(|alias| self.layout.joins.iter().find(|join| join.alias == alias));
        let table = alias
            .and_then(|alias| self.joined.iter().find(|(name, _)| *name == alias))
            .map_or(self.table, |j| j.1);
        let names: Vec<String> = columns.iter().filter_map(|column| name_in(table, column)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let named = |table: &Table, alias: &str, columns: &[&str]| {
            let indexes = table.indexes_on(columns).map(|index| StreamIndex {
                alias: alias.to_owned(),
                name: index.name.clone(),
            });
            Some(indexes.collect::<Vec<_>>()).filter(|found| !found.is_empty() && !columns.is_empty())
        };
        let mut found = named(table, alias.unwrap_or(EVENT), &names)?;
        if let Some(join) = join {
            // The events of the stream row that was found must be found too.
            let left = self.table.column(std::slice::from_ref(&join.left))?;
            match named(self.table, EVENT, &[&left.name]) {
                Some(leading) => found.extend(leading),
                None if left.is_rowid => {}
                None => return None,
            }
        }
        Some(found)
    }
}

/// An index that leads to the rows of a stream, or to those that belong to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamIndex {
    /// Of the table that has it.
    pub alias: String,
    /// As in [`crate::tables::Index`].
    pub name: Option<String>,
}

fn is_named(column: &ColumnName, name: &str) -> bool {
    column.spellings.iter().any(|spelling| normalised(spelling) == name)
}
