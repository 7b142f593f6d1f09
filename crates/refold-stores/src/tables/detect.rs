//! Which layouts fit a database, with the evidence for each.

use refold_core::count::counted;
use refold_core::port::store::StoreError;

use super::plan::Plan;
use super::{Catalogue, Table};
use crate::layout::{Dialect, Layout, TablePattern, built_in, built_in_layouts};
use crate::{Candidate, LayoutChoice};

/// Two candidates whose scores differ by no more than this are not told apart without asking.
const CLOSE: u32 = 10;

/// A layout that fits, bound to a table.
pub struct Bound {
    pub candidate: Candidate,
    pub plan: Plan,
}

/// What is looked at to find the layout of a database.
pub struct Look<'a> {
    pub catalogue: &'a Catalogue,
    pub dialect: Dialect,
    pub location: &'a str,
    /// Whether the first payloads decode as a plan says; `None` where there are none.
    pub decodes: &'a dyn Fn(&Plan) -> Option<bool>,
    /// What to do when there is no table at all.
    pub advice_when_empty: &'static str,
}

impl Look<'_> {
    /// All built-in layouts that fit, best first.
    pub fn candidates(&self) -> Vec<Bound> {
        let layouts = built_in_layouts(self.dialect);
        let mut found: Vec<Bound> = layouts.flat_map(|layout| self.fits(layout)).collect();
        found.sort_by(|a, b| (b.candidate.score, &a.candidate.layout).cmp(&(a.candidate.score, &b.candidate.layout)));
        found
    }

    /// The layout to read with: the one that was named, or the only one that fits well.
    pub fn choose(&self, choice: Option<&LayoutChoice>) -> Result<Bound, StoreError> {
        let location = self.location.to_owned();
        let (layout, table) = match choice {
            None => return self.choose_alone(),
            Some(LayoutChoice::Document(layout)) => (layout.as_ref(), None),
            Some(LayoutChoice::Named { name, table }) => match built_in(name, self.dialect) {
                Some(layout) => (layout, table.as_deref()),
                None => {
                    let known = built_in_layouts(self.dialect);
                    let known = known.map(|layout| layout.name.clone()).collect();
                    let name = name.clone();
                    return Err(StoreError::UnknownLayout { location, name, known });
                }
            },
        };
        let mut fitting = self.fits(layout);
        fitting.retain(|bound| table.is_none_or(|table| bound.plan.table == table || bound.plan.full_name == table));
        if fitting.len() > 1 {
            let candidates = fitting.into_iter().map(|bound| bound.candidate.layout).collect();
            return Err(StoreError::Ambiguous { location, candidates });
        }
        fitting.pop().ok_or_else(|| {
            let has = |name: &str| {
                let mut tables = self.catalogue.tables.iter();
                tables.any(|table| table.name == name || table.full_name() == name)
            };
            let why = match table {
                Some(table) if !has(table) => format!("there is no table {table}"),
                Some(table) if layout.table.matches(table).is_none() => {
                    format!("it reads {}, and not {table}", layout.table.text)
                }
                _ => misfit(self.catalogue, layout),
            };
            let detail = format!("layout {} does not fit: {why}", layout.name);
            StoreError::NoLayout { location, detail }
        })
    }

    /// The layouts that mean tables by their names: the one that was chosen, or those of libraries that give them theirs.
    pub fn meant<'l>(&self, choice: Option<&'l LayoutChoice>) -> Vec<&'l Layout> {
        match choice {
            Some(LayoutChoice::Document(layout)) => vec![layout.as_ref()],
            Some(LayoutChoice::Named { name, .. }) => built_in(name, self.dialect).into_iter().collect(),
            None => built_in_layouts(self.dialect)
                .filter(|layout| layout.table.is_exact())
                .collect(),
        }
    }

    fn choose_alone(&self) -> Result<Bound, StoreError> {
        let mut found = self.candidates();
        let Some(best) = found.first().map(|bound| bound.candidate.score) else {
            return Err(self.nothing_fits());
        };
        let is_close = |bound: &&Bound| bound.candidate.score + CLOSE >= best;
        let mut named: Vec<&Bound> = found.iter().filter(is_close).collect();
        if named.len() > 1 {
            // Whoever has to choose hears of every table that could be meant, whatever speaks for it.
            for bound in &found {
                if named.iter().all(|known| known.plan.full_name != bound.plan.full_name) {
                    named.push(bound);
                }
            }
            return Err(StoreError::Ambiguous {
                location: self.location.to_owned(),
                candidates: named.iter().map(|bound| bound.candidate.layout.clone()).collect(),
            });
        }
        Ok(found.remove(0))
    }

    fn fits(&self, layout: &Layout) -> Vec<Bound> {
        let tables = self.catalogue.tables.iter();
        let tables = tables.filter(|table| !is_excepted(layout, table));
        let bound = tables.filter_map(|table| {
            let starred = layout.table.matches(&table.name)?;
            let plan = Plan::bind(layout, self.catalogue, table, &starred).ok()?;
            Some(self.weigh(layout, table, plan))
        });
        let mut bound: Vec<Bound> = bound.collect();
        // A layout whose table the library names is one store; one whose table the user names may be several.
        if bound.len() > 1 || !layout.table.is_exact() {
            for one in &mut bound {
                one.candidate.layout = format!("{}:{}", layout.name, one.plan.full_name);
            }
        }
        bound
    }

    /// Sums up what speaks for a layout that can be bound. At most 100.
    fn weigh(&self, layout: &Layout, table: &Table, plan: Plan) -> Bound {
        let mut score = 50;
        let mut evidence = vec![format!("table {} has all columns of the layout", table.full_name())];
        if layout.table.is_exact() {
            score += 20;
            evidence.push(format!("the table is called {}, as the layout says", table.name));
        }
        let companions = layout.detect.companions.iter();
        let present: Vec<&str> = companions
            .clone()
            .filter(|name| self.catalogue.find(name, table).is_some())
            .map(String::as_str)
            .collect();
        if !present.is_empty() && present.len() == companions.len() {
            score += 10;
            evidence.push(format!(
                "the library's other tables are there too: {}",
                present.join(", ")
            ));
        }
        if plan.has_stream_index {
            score += 10;
            evidence.push("an index leads to the events of one stream".to_owned());
        }
        match (self.decodes)(&plan) {
            Some(true) => {
                score += 10;
                evidence.push("the first events decode as the layout says".to_owned());
            }
            Some(false) => evidence.push("the first events do not decode as the layout says".to_owned()),
            None => evidence.push("no event was decoded: there is none, or no index leads to the first".to_owned()),
        }
        let candidate = Candidate {
            layout: layout.name.clone(),
            title: layout.title.clone(),
            score,
            evidence,
        };
        Bound { candidate, plan }
    }

    fn nothing_fits(&self) -> StoreError {
        let (catalogue, location) = (self.catalogue, self.location.to_owned());
        const SHOWN: usize = 12;
        if catalogue.tables.is_empty() {
            return StoreError::NotAnEventStore {
                location,
                detail: match catalogue.barred.tables.len() {
                    0 => "the database has no tables".to_owned(),
                    count => format!(
                        "none of the {} of the database may be read",
                        counted(count as u64, "table")
                    ),
                },
                advice: self.advice_when_empty,
            };
        }
        let names: Vec<&str> = catalogue
            .tables
            .iter()
            .take(SHOWN)
            .map(|table| table.name.as_str())
            .collect();
        let more = if catalogue.tables.len() > SHOWN { ", …" } else { "" };
        let mut detail = format!("no layout fits its tables ({}{more})", names.join(", "));
        // A table that is called as a library calls its own, and is not as that makes it.
        let known = || {
            catalogue
                .tables
                .iter()
                .map(|table| &table.name)
                .chain(&catalogue.passed_over)
        };
        for layout in built_in_layouts(self.dialect).filter(|layout| layout.table.is_exact()) {
            if known().any(|name| layout.table.matches(name).is_some()) {
                detail.push_str(&format!("; {}: {}", layout.name, misfit(catalogue, layout)));
            }
        }
        StoreError::NoLayout { location, detail }
    }
}

fn is_excepted(layout: &Layout, table: &Table) -> bool {
    layout
        .detect
        .except
        .iter()
        .any(|except| TablePattern { text: except.clone() }.matches(&table.name).is_some())
}

/// Why a layout fits no table.
fn misfit(catalogue: &Catalogue, layout: &Layout) -> String {
    let mut reasons = Vec::new();
    for table in &catalogue.tables {
        if let Some(starred) = layout.table.matches(&table.name)
            && let Err(misfit) = Plan::bind(layout, catalogue, table, &starred)
        {
            reasons.push(misfit);
        }
    }
    if let Some(view) = catalogue
        .passed_over
        .iter()
        .find(|name| layout.table.matches(name).is_some())
    {
        reasons.push(format!(
            "{view} is a view or a virtual table, or in part foreign, and only ordinary tables are read"
        ));
    }
    if reasons.is_empty() {
        reasons.push(format!("there is no table {}", layout.table.text));
    }
    reasons.join("; ")
}
