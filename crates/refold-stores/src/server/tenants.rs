//! Tenants that share a table: whether there are several, so that their streams are told apart.

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;

use super::ColumnKind;
use super::bound::Bound;
use super::link::{Asked, Blame, Fault, Link as _, one};
use super::open::Open;
use super::options::Options;
use super::survey::{Found, Survey};
use crate::layout::Origin;
use crate::tables::plan::Plan;
use crate::tables::{Table, quoted};

/// Events as they are read where several tenants share their table.
pub struct ByTenant {
    pub plan: Plan,
    /// What is said of it, as a sentence.
    pub evidence: String,
}

/// How many tenants there are, as far as it was looked at.
enum Tenants {
    One,
    Several,
    /// It would take a search through the whole of a large table.
    Unknown,
}

impl<S: Open> Options<S> {
    /// How the streams of several tenants are told apart; `None`: there are not several.
    pub(super) fn by_tenant(
        &self,
        link: &mut S::Link,
        bound: &Bound<S>,
        (survey, found): (&Survey<S>, &Found<'_, S>),
        cancel: &CancelToken,
    ) -> Result<Option<ByTenant>, StoreError> {
        let (plan, table) = (&bound.plan, found.table);
        let Some((layout, column)) = plan.layout.by_tenant().zip(tenant_column(plan, table)) else {
            return Ok(None);
        };
        let misfit = |why: String| StoreError::NoLayout {
            location: self.location().to_owned(),
            detail: format!("several tenants may share the table, and their streams cannot be told apart: {why}"),
        };
        let kind = survey.kind(table, column).filter(ColumnKind::is_key);
        let kind = kind.ok_or_else(|| misfit(format!("{column} is no text, uuid or integer")))?;
        // Before anything of the table is read.
        let extent = S::extent(link, found.beside, cancel).map_err(|fault| fault.at(self.location()))?;
        self.check_place(bound, &extent)?;
        let asked = S::tenants(table, &quoted(column), &kind);
        let why = match self.tenants(link, &asked, self.is_searchable(&extent), cancel) {
            Ok(Tenants::One) => return Ok(None),
            Ok(Tenants::Several) => "several tenants share the table",
            // Streams that are told apart without need are right, and those that are not are none.
            Ok(Tenants::Unknown) => "only a search through the whole table would tell whether several tenants share it",
            Err(fault) if fault.is_of_load() => "whether several tenants share the table could not be found out",
            Err(fault) => return Err(fault.at(self.location())),
        };
        let starred = layout.table.matches(&table.name).unwrap_or_default();
        let plan = Plan::bind(&layout, &survey.catalogue, table, &starred);
        Ok(Some(ByTenant {
            plan: plan.map_err(|why| misfit(why.to_string()))?,
            evidence: format!("{why}, so ids of streams begin with {column} and a slash"),
        }))
    }

    /// `is_searchable`: it may look through the whole table.
    fn tenants(
        &self,
        link: &mut S::Link,
        sql: &str,
        is_searchable: bool,
        cancel: &CancelToken,
    ) -> Result<Tenants, Fault> {
        let asked = |sql: &str| vec![Asked::new(sql, Vec::new())];
        if !is_searchable {
            match link.ask(asked(&S::explained(sql)), cancel) {
                Ok(plan) => {
                    if !S::searched(&one(plan).rows).is_empty() {
                        return Ok(Tenants::Unknown);
                    }
                }
                // Something that only speaks like such a server may show no plans.
                Err(Fault::Said {
                    blame: Blame::Statement,
                    ..
                }) => return Ok(Tenants::Unknown),
                Err(fault) => return Err(fault),
            }
        }
        let rows = one(link.ask(asked(sql), cancel)?).rows;
        let are_several = rows.first().and_then(|row| S::held(row).integer(0)) == Some(1);
        Ok(if are_several { Tenants::Several } else { Tenants::One })
    }
}

/// The column with the tenants, where streams of two may have one id. Where no two events of one stream id may have one
/// version, whosever they are, the database itself sees to it that they do not.
fn tenant_column<'t>(plan: &Plan, table: &'t Table) -> Option<&'t str> {
    let map = &plan.layout.map;
    let Origin::Column(id) = &map.stream_id.from else {
        return None;
    };
    let tenant = &table.column(&[map.tenant.clone()?])?.name;
    let id = &table.column(&id.spellings)?.name;
    let of_all = |columns: &[String]| columns.contains(id) && !columns.contains(tenant);
    let is_unique = table
        .indexes
        .iter()
        .any(|index| index.is_unique && of_all(&index.columns));
    (!is_unique).then_some(tenant.as_str())
}
