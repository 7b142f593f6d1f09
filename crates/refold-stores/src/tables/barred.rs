//! What is there and may not be read by the account, and what of it a store needs: so that a missing right is not told as a
//! missing table.

use super::detect::{Bound, Look};
use super::plan::{EVENT, Plan};
use super::{Catalogue, Column, Table, quoted};
use crate::LayoutChoice;

#[derive(Debug, Default)]
pub struct Barred {
    /// Ordinary tables.
    pub tables: Vec<Table>,
    /// Columns of tables of which others may be read, each with the full name of its table.
    pub columns: Vec<(String, Column)>,
    /// Tables of which columns may be read and not the places of rows, which a right to columns does not give.
    pub places: Vec<String>,
    /// Tables that hide rows from the account, be they readable or not.
    pub rows: Vec<String>,
    /// Tables that would hide rows from another account without any power over the server.
    pub rows_of_others: Vec<String>,
}

impl Barred {
    fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty() && self.places.is_empty()
    }

    fn has_table(&self, full_name: &str) -> bool {
        self.tables.iter().any(|table| table.full_name() == full_name)
    }

    /// Those of the columns of a table that may not be read.
    pub fn columns_of<'b>(&'b self, full_name: &'b str) -> impl Iterator<Item = &'b Column> {
        let of_table = self.columns.iter().filter(move |(table, _)| table == full_name);
        of_table.map(|(_, column)| column)
    }
}

/// What a store needs, and what of that may not be read.
#[derive(Debug, Default)]
pub struct Needed {
    /// The schema and the name of each table.
    pub tables: Vec<(String, String)>,
    pub lacking: Vec<Lacking>,
}

/// A table that is needed and may not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The schema and the name.
    pub table: (String, String),
    /// Where only these columns of it may not be read. Empty: none may.
    pub columns: Vec<String>,
}

impl Needed {
    /// What a plan needs.
    fn add(&mut self, plan: &Plan, all: &Catalogue, barred: &Barred) {
        let Some(table) = all.named(&plan.full_name) else {
            return;
        };
        let starred = plan.layout.table.matches(&table.name).unwrap_or_default();
        let joins = plan.layout.joins.iter();
        let joined = joins.filter_map(|join| {
            let joined = all.find(&join.table.replace('*', &starred), table)?;
            Some((join.alias.as_str(), joined))
        });
        for (alias, table) in [(EVENT, table)].into_iter().chain(joined) {
            let full_name = table.full_name();
            let named = Lacking::of(table, Vec::new());
            if !self.tables.contains(&named.table) {
                self.tables.push(named.table.clone());
            }
            let lacks_place = alias == EVENT && plan.is_by_place && barred.places.contains(&full_name);
            let is_read = |column: &&Column| plan.reads(&format!("{}.{}", quoted(alias), quoted(&column.name)));
            let columns = barred.columns_of(&full_name).filter(is_read);
            let columns: Vec<String> = columns.map(|column| column.name.clone()).collect();
            let lacking = match barred.has_table(&full_name) || lacks_place {
                true => Some(named),
                false => (!columns.is_empty()).then(|| Lacking::of(table, columns)),
            };
            let is_new = |lacking: &Lacking| !self.lacking.contains(lacking);
            let lacking = lacking.filter(is_new);
            self.lacking.extend(lacking);
        }
    }
}

impl Lacking {
    pub fn of(table: &Table, columns: Vec<String>) -> Lacking {
        Lacking {
            table: (table.schema.clone().unwrap_or_default(), table.name.clone()),
            columns,
        }
    }
}

impl Catalogue {
    /// As it would be if all of it might be read.
    fn unbarred(&self) -> Catalogue {
        let mut tables: Vec<Table> = self.tables.iter().chain(&self.barred.tables).cloned().collect();
        for table in &mut tables {
            let full_name = table.full_name();
            table.columns.extend(self.barred.columns_of(&full_name).cloned());
            table.has_rowid |= self.barred.places.contains(&full_name);
        }
        Catalogue {
            tables,
            ..Catalogue::default()
        }
    }
}

impl Look<'_> {
    /// What of the store may not be read: of the layout that was `chosen`, or where none fits of the one that would fit
    /// best if all might be read.
    pub fn needed(&self, choice: Option<&LayoutChoice>, chosen: Option<&Bound>) -> Needed {
        let barred = &self.catalogue.barred;
        if barred.is_empty() {
            return Needed::default();
        }
        let all = self.catalogue.unbarred();
        let look = Look {
            catalogue: &all,
            decodes: &|_| None,
            ..*self
        };
        let plans: Vec<Plan> = match (chosen, choice) {
            (Some(chosen), _) => again(&chosen.plan, &all).into_iter().collect(),
            // Of several stores each that could be meant: whoever was given one would not hear of the others.
            (None, None) => of_each_table(look.candidates()),
            (None, Some(_)) => look.choose(choice).ok().map(|bound| bound.plan).into_iter().collect(),
        };
        let mut needed = Needed::default();
        for plan in &plans {
            needed.add(plan, &all, barred);
        }
        needed
    }

    /// Tables that a layout means by their names, and that it does not fit: the layout that was chosen, or any.
    pub fn misfitting(&self, choice: Option<&LayoutChoice>) -> Vec<&Table> {
        let layouts = self.meant(choice);
        let tables = self.catalogue.tables.iter();
        tables
            .filter(|table| layouts.iter().any(|layout| layout.table.matches(&table.name).is_some()))
            .collect()
    }
}

/// Of candidates, best first, the best of each table.
fn of_each_table(candidates: Vec<Bound>) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for bound in candidates {
        if plans.iter().all(|plan| plan.full_name != bound.plan.full_name) {
            plans.push(bound.plan);
        }
    }
    plans
}

/// A plan of the same layout for the same table, bound to what else is there.
fn again(plan: &Plan, all: &Catalogue) -> Option<Plan> {
    let table = all.named(&plan.full_name)?;
    let starred = plan.layout.table.matches(&table.name)?;
    Plan::bind(&plan.layout, all, table, &starred).ok()
}
