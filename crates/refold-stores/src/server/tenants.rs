//! Tenants that share a table: whether there are several, so that their streams are told apart.

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;

use super::link::{Asked, Link as _, one};
use super::open::Open;
use super::options::Options;
use crate::layout::Origin;
use crate::tables::plan::Plan;
use crate::tables::{Catalogue, Table, quoted};

/// Events as they are read where several tenants share their table.
pub struct ByTenant {
    pub plan: Plan,
    /// What is said of it, as a sentence.
    pub evidence: String,
}

impl<S: Open> Options<S> {
    /// How the streams of several tenants are told apart; `None`: there are not several.
    pub(super) fn by_tenant(
        &self,
        link: &mut S::Link,
        plan: &Plan,
        (catalogue, table): (&Catalogue, &Table),
        cancel: &CancelToken,
    ) -> Result<Option<ByTenant>, StoreError> {
        let Some((layout, column)) = plan.layout.by_tenant().zip(tenant_column(plan, table)) else {
            return Ok(None);
        };
        let asked = Asked::new(S::tenants(table, &quoted(column)), Vec::new());
        let are_several = match link.ask(vec![asked], cancel) {
            Ok(answers) => {
                let rows = one(answers).rows;
                rows.first().and_then(|row| S::held(row).integer(0)) == Some(1)
            }
            // Streams that are told apart without need are right, and those that are not are none.
            Err(fault) if fault.is_of_load() => true,
            Err(fault) => return Err(fault.at(self.location())),
        };
        if !are_several {
            return Ok(None);
        }
        let starred = layout.table.matches(&table.name).unwrap_or_default();
        let plan = Plan::bind(&layout, catalogue, table, &starred).map_err(|misfit| StoreError::NoLayout {
            location: self.location().to_owned(),
            detail: format!("several tenants share the table, and their streams cannot be told apart: {misfit}"),
        })?;
        Ok(Some(ByTenant {
            plan,
            evidence: format!("several tenants share the table, so ids of streams begin with {column} and a slash"),
        }))
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
