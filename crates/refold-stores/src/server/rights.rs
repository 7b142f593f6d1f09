//! What the account may not read of what a store needs, told with what its owner has to say.
//!
//! It must not know any server: how a right is given an adapter says by [`Open::grant`].

use std::collections::BTreeSet;

use refold_core::port::store::StoreError;

use super::open::{Account, Open, Role};
use super::options::Options;
use crate::LayoutChoice;
use crate::tables::Table;
use crate::tables::barred::{Barred, Lacking};
use crate::tables::detect::{Bound, Look};

const GAP: &str = "which would be a gap that nobody sees; only a superuser and whom a superuser lets pass over it are sure to be \
                   shown all";

/// What an account may not read.
pub enum Lack<'a> {
    /// A table, or some columns of it.
    Of(&'a Lacking),
    /// Rows that their table hides from it.
    Rows,
}

impl<S: Open> Options<S> {
    /// The layout that was found, where all that it needs may be read.
    pub(super) fn with_rights(
        &self,
        found: Result<Bound, StoreError>,
        look: &Look<'_>,
        choice: Option<&LayoutChoice>,
        account: &Account<S>,
    ) -> Result<Bound, StoreError> {
        if found.as_ref().err().is_some_and(|error| !is_missing(error)) {
            return found;
        }
        let needed = look.needed(choice, found.as_ref().ok());
        if !needed.lacking.is_empty() {
            let (role, barred) = (&account.role, &look.catalogue.barred);
            // All at once: whoever was given the right to read would be turned down for these next.
            self.check_powers(role, &role.powers, &needed.tables, barred)?;
            return Err(self.lacks(&needed.lacking, &hiding(&needed.tables, barred), role));
        }
        found.map_err(|error| match S::shown_in_part(account) {
            None => error,
            Some(in_part) => self.with_unseen(error, in_part, look, choice, &account.role),
        })
    }

    /// Refuses tables that hide rows: that would be a gap which nobody sees.
    pub(super) fn check_rows(
        &self,
        tables: &[(String, String)],
        barred: &Barred,
        role: &Role,
    ) -> Result<(), StoreError> {
        let hiding = hiding(tables, barred);
        if hiding.is_empty() {
            return Ok(());
        }
        let detail = format!(
            "row-level security hides rows of {} from the {} {}, {GAP}",
            hiding.join(", "),
            S::WORDS.account,
            role.name
        );
        Err(self.ungranted(detail, S::grant(role, &Lack::Rows)))
    }

    /// Refuses these columns of a table where one of them may not be read.
    pub(super) fn check_columns(
        &self,
        table: &Table,
        columns: &[String],
        barred: &Barred,
        role: &Role,
    ) -> Result<(), StoreError> {
        let full_name = table.full_name();
        let lacking = barred.columns_of(&full_name).map(|column| column.name.clone());
        let lacking: Vec<String> = lacking.filter(|name| columns.contains(name)).collect();
        match lacking.is_empty() {
            true => Ok(()),
            false => Err(self.lacks(&[Lacking::of(table, lacking)], &[], role)),
        }
    }

    /// `hiding`: tables that hide rows beside that.
    pub(super) fn lacks(&self, lacking: &[Lacking], hiding: &[String], role: &Role) -> StoreError {
        let told = lacking.iter().map(|lacking| {
            let (schema, name) = &lacking.table;
            match lacking.columns.as_slice() {
                [] => format!("{schema}.{name}"),
                columns => format!("{} of {schema}.{name}", columns.join(", ")),
            }
        });
        let told: Vec<String> = told.collect();
        let mut detail = format!(
            "the {} {} may not read {}",
            S::WORDS.account,
            role.name,
            told.join(", nor ")
        );
        let script = lacking.iter().map(|lacking| S::grant(role, &Lack::Of(lacking)));
        let mut script: Vec<String> = script.collect();
        if !hiding.is_empty() {
            let hiding = hiding.join(", ");
            detail.push_str(&format!("; row-level security hides rows of {hiding} from it, {GAP}"));
            script.push(S::grant(role, &Lack::Rows));
        }
        self.ungranted(detail, script.join(" "))
    }

    /// Why no layout fits on a server that shows nobody what he may not read. `in_part`: tables of which it shows some
    /// columns, and may have more.
    fn with_unseen(
        &self,
        error: StoreError,
        in_part: &BTreeSet<String>,
        look: &Look<'_>,
        choice: Option<&LayoutChoice>,
        role: &Role,
    ) -> StoreError {
        let misfitting = look.misfitting(choice).into_iter();
        let misfitting = misfitting.filter(|table| in_part.contains(&table.name));
        let misfitting: Vec<Lacking> = misfitting.map(|table| Lacking::of(table, Vec::new())).collect();
        if !misfitting.is_empty() {
            return self.lacks(&misfitting, &[], role);
        }
        let meant = choice.and_then(|_| look.meant(choice).into_iter().find(|layout| layout.table.is_exact()));
        let unseen = Lacking {
            table: (
                role.database.clone(),
                meant.map_or("*", |layout| &layout.table.text).to_owned(),
            ),
            columns: Vec::new(),
        };
        let unseen = format!(
            "what the {} {} may not read is not shown to it: if the events are there, their owner lets it with {}",
            S::WORDS.account,
            role.name,
            S::grant(role, &Lack::Of(&unseen))
        );
        match error {
            StoreError::NoLayout { location, detail } => StoreError::NoLayout {
                location,
                detail: format!("{detail}; {unseen}"),
            },
            StoreError::NotAnEventStore {
                location,
                detail,
                advice,
            } => StoreError::NotAnEventStore {
                location,
                detail: format!("{detail}; {unseen}"),
                advice,
            },
            other => other,
        }
    }

    pub(super) fn ungranted(&self, detail: String, script: String) -> StoreError {
        StoreError::Ungranted {
            location: self.location().to_owned(),
            detail,
            script,
        }
    }
}

/// Those of these tables, each with its schema, that hide rows from the account.
pub(super) fn hiding(tables: &[(String, String)], barred: &Barred) -> Vec<String> {
    let names = tables.iter().map(|(schema, name)| format!("{schema}.{name}"));
    names.filter(|name| barred.rows.contains(name)).collect()
}

/// Whether it says that something is not there, which may be there and may not be read.
fn is_missing(error: &StoreError) -> bool {
    matches!(error, StoreError::NoLayout { .. } | StoreError::NotAnEventStore { .. })
}
