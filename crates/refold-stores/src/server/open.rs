//! Opening: reaches the server, looks at what may be read there, refuses what should not be used, and says what was found.
//!
//! It must not know any server: how one is reached and what it tells of itself an adapter says by [`Open`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};

use refold_core::event::Position;
use refold_core::port::store::{Fingerprint, OrderQuality, StoreDescription, StoreError, Unsettled};
use refold_core::work::{CancelToken, Work};
use rustls::ClientConfig;

use super::Server;
use super::bound::Bound;
use super::connections::Connections;
use super::further::Had;
use super::horizon::Horizon;
use super::link::Fault;
use super::options::{Address, Options};
use super::plans::Plans;
use super::powers::{Power, in_words, undone, undone_for_everybody};
use super::probe::{Probed, first_payloads_decode};
use super::reached::{Meaning, Reached};
use super::rights::Lack;
use super::settling::{Found, Watch as _, settle};
use super::store::{ServerStore, identity};
use super::survey::Survey;
use super::tls;
use crate::layout::Dialect;
use crate::tables::barred::Barred;
use crate::tables::detect::Look;
use crate::tables::plan::Plan;
use crate::tables::{Table, column_named};
use crate::{Candidate, LayoutChoice, OpenOptions};

/// Tables larger than this are not searched through without consent.
const MOST_SCANNED_BYTES: u64 = 64 << 20;

/// What it takes to open a store on one kind of server.
pub trait Open: Server + Clone {
    type Address: Address;
    /// What the server tells of an account that matters to its own adapter alone.
    type Insight;
    /// What it tells of a table beside its shape.
    type Beside;

    const DIALECT: Dialect;
    const WORDS: Words;

    /// `opened_on`: the host that a session was opened on, which is tried first; `None`: it is opened now.
    fn connect(
        options: &Options<Self>,
        tls: Option<&Arc<ClientConfig>>,
        opened_on: Option<&str>,
        cancel: &CancelToken,
    ) -> Result<Self::Link, StoreError>;

    /// Who we are there.
    fn account(link: &mut Self::Link, cancel: &CancelToken) -> Result<Account<Self>, Fault>;

    /// What tables there are, without touching them.
    fn survey(link: &mut Self::Link, role: &Role, cancel: &CancelToken) -> Result<Survey<Self>, Fault>;

    /// What the server tells of any table, without touching it.
    fn extent(link: &mut Self::Link, beside: &Self::Beside, cancel: &CancelToken) -> Result<Extent, Fault>;

    /// What the account could do to these tables beside reading, and to what they belong to, without touching them. What it
    /// could do wherever the events are is [`Role::powers`].
    fn powers(
        link: &mut Self::Link,
        besides: &[&Self::Beside],
        account: &Account<Self>,
        cancel: &CancelToken,
    ) -> Result<Vec<Power>, Fault>;

    /// What the server tells of the table with the events, without touching it.
    fn inspect(
        link: &mut Self::Link,
        source: &Source<'_, Self>,
        account: &Account<Self>,
        cancel: &CancelToken,
    ) -> Result<Inspected<Self>, Fault>;

    /// Whether an address that allows `allowed` means the account of this name.
    fn is_called(name: &str, allowed: &str) -> bool {
        name == allowed
    }

    /// What makes an account that may read these tables, each with its schema, and nothing else: statements on one line.
    /// `role`: in whose place, and never as which. `hides_rows`: one of them would hide rows from it.
    fn script(role: &Role, tables: &[(String, String)], hides_rows: bool) -> String;

    /// What lets this account read what it lacks: statements on one line.
    fn grant(role: &Role, lack: &Lack<'_>) -> String;

    /// What lets this account read bodies that are kept elsewhere than in their table, by these columns of it: statements on
    /// one line.
    fn grant_bodies(role: &Role, table: &Table, columns: &[String]) -> String {
        let _ = (role, table, columns);
        String::new()
    }

    /// Where the server shows nobody what he may not read, and this account may not read all: tables of which it is shown
    /// some columns, and not for sure all.
    fn shown_in_part(account: &Account<Self>) -> Option<&BTreeSet<String>> {
        let _ = account;
        None
    }
}

/// How a server is spoken of.
pub struct Words {
    /// What it calls who we are there.
    pub account: &'static str,
    /// What holds of every read, a sentence each.
    pub promises: [&'static str; 2],
    /// That it is one to which [`Role::is_standby`] applies.
    pub standby: &'static str,
    /// What to do where there is no table at all.
    pub advice_when_empty: &'static str,
}

/// Who we are to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// As the server calls it.
    pub name: String,
    /// What it could do beside reading, wherever the events are; empty for a plain account.
    pub powers: Vec<Power>,
    /// The server takes no writes from ordinary accounts: it follows another, or is closed for upkeep.
    pub is_standby: bool,
    /// `PostgreSQL 15.18`
    pub server: String,
    /// Which of the hosts of the address it is.
    pub host: String,
    pub database: String,
    /// What tells the server, with those that follow it, from others, where the account may ask.
    pub(crate) system: Option<String>,
}

pub struct Account<S: Open> {
    pub role: Role,
    pub insight: S::Insight,
}

/// The table that events are read from.
pub struct Source<'a, S: Open> {
    pub bound: &'a Bound<S>,
    pub beside: &'a S::Beside,
    /// The column with the positions.
    pub position: &'a str,
}

/// How large a table is, and what is to be known before it is read.
pub struct Extent {
    pub byte_count: u64,
    /// A part of it that is on another server.
    pub elsewhere: Option<String>,
}

/// What a server tells of the table with the events.
pub struct Inspected<S: Open> {
    /// Its number on the server, where it has one that no later table of its name will have.
    pub number: Option<String>,
    pub extent: Extent,
    /// Another text once rows were changed.
    pub changes: String,
    pub watched: S::Watched,
    /// Where positions are places.
    pub places: Option<Places<S>>,
}

/// What may be read of a store whose positions are places.
pub struct Places<S: Server> {
    /// What rows fulfil that are settled.
    pub condition: String,
    /// Behind it there is no row.
    pub last: i64,
    /// What is settled, as a sentence.
    pub evidence: String,
    /// What is not shown because it is not settled.
    pub unsettled: Option<Unsettled>,
    pub meaning: Meaning<S>,
}

/// A connection, and what a further one takes.
pub(super) struct Way<S: Open> {
    pub link: S::Link,
    pub account: Account<S>,
    tls: Option<Arc<ClientConfig>>,
}

/// What was seen of a store before its events.
struct Looked<'a> {
    role: &'a Role,
    powers: &'a [Power],
    plan: &'a Plan,
    /// The id of its layout.
    layout: String,
    evidence: Vec<String>,
    byte_count: u64,
    span: Option<(Position, Position)>,
    unsettled: Option<Unsettled>,
}

impl<S: Open> Options<S> {
    /// Opens the store, read-only. Without a `choice` the layout is found by looking.
    pub fn open(
        &self,
        work: &Work<'_>,
        choice: Option<&LayoutChoice>,
        options: &OpenOptions,
    ) -> Result<ServerStore<S>, StoreError> {
        let (location, cancel) = (self.location(), work.cancel_token());
        let at = |fault: Fault| fault.at(location);
        let Way { mut link, account, tls } = self.reach(options.opened_on.as_deref(), cancel)?;
        let role = &account.role;
        let survey = S::survey(&mut link, role, cancel).map_err(at)?;
        let link = RefCell::new(link);
        let unreadable = RefCell::new(BTreeMap::new());
        let kind = |table: &Table, column: &str| survey.kind(table, column);
        let decodes = |plan: &Plan| {
            let bound = Bound::<S>::bind(plan.clone(), &survey.catalogue, &kind).ok()?;
            let mut link = link.borrow_mut();
            // Nothing is read as an account that is going to be refused.
            let powers = self.powers(&mut link, &survey, &bound.tables, &account, cancel).ok()?;
            (powers.is_empty() || self.is_allowed(role)).then_some(())?;
            match first_payloads_decode(&mut *link, &bound, cancel) {
                Ok(decode) => decode,
                Err(fault) => {
                    unreadable
                        .borrow_mut()
                        .insert(plan.full_name.clone(), fault.to_string());
                    None
                }
            }
        };
        let look = look_for_layout(&survey, location, &decodes);
        let mut chosen = self.with_rights(look.choose(choice), &look, choice, &account)?;
        if let Some(zone) = &options.zone {
            chosen.plan.layout.read_in(zone);
        }
        let mut link = link.into_inner();
        let layout = chosen.plan.layout.clone();
        let misfit = |misfit: String| self.no_layout(format!("layout {} does not fit: {misfit}", layout.name));
        let mut bound = Bound::bind(chosen.plan, &survey.catalogue, &kind).map_err(misfit)?;
        let found = survey.named(&bound.plan.full_name);
        let found = found.ok_or_else(|| misfit("its table is gone".to_owned()))?;
        let barred = &survey.catalogue.barred;
        // What it could do first: the one account that is advised in its place lacks nothing.
        let powers = self
            .powers(&mut link, &survey, &bound.tables, &account, cancel)
            .map_err(at)?;
        self.check_powers(role, &powers, &bound.tables, barred)?;
        self.check_rows(&bound.tables, barred, role)?;
        if let Some(why) = unreadable.borrow().get(&bound.plan.full_name) {
            return Err(self.ungranted(
                format!(
                    "the {} {} may read the table {}, and not what its payloads are in: {why}",
                    S::WORDS.account,
                    role.name,
                    bound.plan.full_name
                ),
                S::grant_bodies(role, found.table, &bound.bodies_elsewhere()),
            ));
        }
        if let Some(by_tenant) = self.by_tenant(&mut link, &bound, (&survey, &found), cancel)? {
            bound = Bound::bind(by_tenant.plan, &survey.catalogue, &kind).map_err(misfit)?;
            chosen.candidate.evidence.push(by_tenant.evidence);
        }
        let position = found.table.column(&layout.map.position.spellings);
        let source = Source {
            bound: &bound,
            beside: found.beside,
            position: position.map_or("", |column| &column.name),
        };
        let inspected = S::inspect(&mut link, &source, &account, cancel).map_err(at)?;
        self.check_place(&bound, &inspected.extent)?;
        let (meaning, places) = match inspected.places {
            None => (None, None),
            Some(places) => {
                bound.plan.narrow(places.condition);
                let horizon = Horizon::at(Some(places.last));
                let found = Found {
                    horizon,
                    evidence: Some(places.evidence),
                    unsettled: places.unsettled,
                };
                (Some(places.meaning), Some(found))
            }
        };
        let had = Arc::new(OnceLock::new());
        let connect = {
            let (options, role, had) = (self.clone(), role.clone(), Arc::clone(&had));
            move |cancel: &CancelToken| options.further(tls.as_ref(), &role, had.get(), cancel)
        };
        let reached = Arc::new(Reached {
            connections: Connections::new(location, self.rate, link, connect),
            bound,
            meaning,
            plans: (!self.is_searchable(&inspected.extent)).then(Plans::default),
            has_changed_rows: AtomicBool::new(false),
        });
        let watched = inspected.watched;
        let found = places.map_or_else(|| settle(&watched, &reached, cancel), Ok)?;
        let settled = found.horizon.settled();
        let probed = Probed::of(work, &reached, settled)?;
        let span = probed.span;
        if let Some(all) = span.and_then(|(_, last)| Had::of::<S>(&reached.bound.plan, last.0)) {
            // Nobody else sets it.
            let _ = had.set(all);
        }
        let mut evidence = chosen.candidate.evidence;
        evidence.extend(found.evidence);
        let doubt = watched.doubt();
        evidence.extend(doubt.map(|doubt| format!("the order of events rests on an assumption: {doubt}")));
        let bound = &reached.bound;
        let mut description = self.description(Looked {
            role,
            powers: &powers,
            plan: &bound.plan,
            layout: chosen.candidate.layout,
            evidence,
            byte_count: inspected.extent.byte_count,
            span,
            unsettled: found.unsettled,
        });
        probed.tell(bound, options.zone.is_some(), &mut description);
        let mut parts = vec![
            role.system.as_deref().unwrap_or(location),
            role.database.as_str(),
            bound.plan.full_name.as_str(),
        ];
        parts.extend(inspected.number.as_deref());
        parts.extend([bound.schema.as_str(), bound.plan.layout.hash.as_str()]);
        let last = span.map(|(_, last)| last);
        Ok(ServerStore {
            fingerprint: Fingerprint {
                identity: identity(&parts),
                last_position: last,
                change_token: format!("{settled:?}:{last:?}:{}", inspected.changes),
            },
            horizon: Mutex::new(found.horizon),
            settled,
            host: role.host.clone(),
            description,
            watched: Arc::new(watched),
            reached,
        })
    }

    /// How the store is described, as far as its events need not be looked at.
    fn description(&self, looked: Looked<'_>) -> StoreDescription {
        let (plan, layout) = (looked.plan, &looked.plan.layout);
        StoreDescription {
            kind: looked.role.server.clone(),
            layout: looked.layout,
            layout_title: layout.title.clone(),
            evidence: looked.evidence,
            order: if plan.is_by_place {
                OrderQuality::Approximate
            } else {
                layout.quality
            },
            grows_at_end: !plan.is_by_place,
            version_base: None,
            skips_versions: layout.map.skips_versions,
            time_digits: 0,
            time_zone: String::new(),
            has_stream_index: plan.has_stream_index,
            opened: None,
            read_only: self.read_only(looked.role, looked.powers),
            byte_count: Some(looked.byte_count),
            position_span: looked.span,
            event_count: match looked.span {
                None => Some(0),
                // How many rows a block holds is not known.
                Some(_) if plan.is_by_place => None,
                Some((first, last)) => u64::try_from(i128::from(last.0) - i128::from(first.0) + 1).ok(),
            },
            count_is_exact: false,
            own_chain: None,
            follows_another: looked.role.is_standby,
            is_elevated: !looked.powers.is_empty(),
            unsettled: looked.unsettled,
        }
    }

    /// Every layout that fits a table of the database, best first.
    pub fn candidates(&self, work: &Work<'_>) -> Result<Vec<Candidate>, StoreError> {
        let cancel = work.cancel_token();
        let Way { mut link, account, .. } = self.reach(None, cancel)?;
        let survey = S::survey(&mut link, &account.role, cancel).map_err(|fault| fault.at(self.location()))?;
        let look = look_for_layout(&survey, self.location(), &|_| None);
        Ok(look.candidates().into_iter().map(|bound| bound.candidate).collect())
    }

    /// Who we are to the server, without looking at what it holds.
    pub fn role(&self, work: &Work<'_>) -> Result<Role, StoreError> {
        let way: Way<S> = self.reach(None, work.cancel_token())?;
        Ok(way.account.role)
    }

    /// `opened_on`: the host that a session was opened on.
    pub(super) fn reach(&self, opened_on: Option<&str>, cancel: &CancelToken) -> Result<Way<S>, StoreError> {
        let (roots, ours) = (self.roots.as_deref(), self.ours.as_ref());
        let tls = tls::config(self.encryption, roots, ours, self.location())?.map(Arc::new);
        let mut link = S::connect(self, tls.as_ref(), opened_on, cancel).map_err(|error| self.with_ours(error))?;
        let account = S::account(&mut link, cancel).map_err(|fault| fault.at(self.location()))?;
        Ok(Way { link, account, tls })
    }

    /// Why we are not let in, with the certificate that we came with: some servers end a connection without a word on what
    /// they do not like of it.
    fn with_ours(&self, error: StoreError) -> StoreError {
        let Some(ours) = &self.ours else {
            return error;
        };
        let more = |detail: String| format!("{detail}; {}", ours.described());
        match error {
            StoreError::Unreachable { location, detail } => StoreError::Unreachable {
                detail: more(detail),
                location,
            },
            StoreError::Denied { location, detail } => StoreError::Denied {
                detail: more(detail),
                location,
            },
            StoreError::Blocked {
                location,
                detail,
                advice,
            } => StoreError::Blocked {
                detail: more(detail),
                location,
                advice,
            },
            other => other,
        }
    }

    /// Whether a table may be looked through as a whole: it is small, or the address allows it.
    pub(super) fn is_searchable(&self, extent: &Extent) -> bool {
        extent.byte_count <= MOST_SCANNED_BYTES || self.may_scan
    }

    /// Refuses what is elsewhere, and what would take too much of the server.
    pub(super) fn check_place(&self, bound: &Bound<S>, extent: &Extent) -> Result<(), StoreError> {
        let plan = &bound.plan;
        self.check_here(&plan.full_name, extent)?;
        if plan.has_position_index || self.is_searchable(extent) {
            return Ok(());
        }
        Err(StoreError::Costly {
            location: self.location().to_owned(),
            detail: format!(
                "table {} has no index on {}, so that each page of events would look through all of its {}",
                plan.full_name,
                column_named(&plan.position),
                refold_core::count::size_label(extent.byte_count)
            ),
        })
    }

    /// Refuses a table of which a part is on another server.
    pub(super) fn check_here(&self, table: &str, extent: &Extent) -> Result<(), StoreError> {
        match &extent.elsewhere {
            None => Ok(()),
            Some(name) => Err(self.no_layout(format!(
                "part of table {table} is elsewhere ({name}), and reading it would run what leads there"
            ))),
        }
    }

    /// What the account could do beside reading: wherever the events are, and to these tables, each with its schema.
    pub(super) fn powers(
        &self,
        link: &mut S::Link,
        survey: &Survey<S>,
        tables: &[(String, String)],
        account: &Account<S>,
        cancel: &CancelToken,
    ) -> Result<Vec<Power>, Fault> {
        let besides = tables
            .iter()
            .filter_map(|(schema, name)| survey.named(&format!("{schema}.{name}")));
        let besides: Vec<&S::Beside> = besides.map(|found| found.beside).collect();
        let own = S::powers(link, &besides, account, cancel)?;
        Ok(account.role.powers.iter().cloned().chain(own).collect())
    }

    /// Whether the address allows this account by name, whatever it could do.
    fn is_allowed(&self, role: &Role) -> bool {
        let allowed = self.elevated_role.as_ref();
        allowed.is_some_and(|allowed| S::is_called(&role.name, allowed))
    }

    /// Refuses an account that can do more than read, unless the address allows it by name. `tables`: what is read, each
    /// with its schema.
    pub(super) fn check_powers(
        &self,
        role: &Role,
        powers: &[Power],
        tables: &[(String, String)],
        barred: &Barred,
    ) -> Result<(), StoreError> {
        if powers.is_empty() || self.is_allowed(role) {
            return Ok(());
        }
        let mut names = tables.iter().map(|(schema, name)| format!("{schema}.{name}"));
        let hides_rows = names.any(|name| barred.rows_of_others.contains(&name));
        let script = [undone_for_everybody(powers), S::script(role, tables, hides_rows)];
        Err(StoreError::Elevated {
            location: self.location().to_owned(),
            role: role.name.clone(),
            powers: in_words(powers),
            revoke: undone(powers),
            script: script.join(" ").trim_start().to_owned(),
        })
    }

    /// How writing is ruled out; who we are first.
    pub(super) fn read_only(&self, role: &Role, powers: &[Power]) -> Vec<String> {
        let who = format!("the {} {}", S::WORDS.account, role.name);
        let could = if powers.is_empty() {
            format!("{who} may read the tables of the store and not write to them")
        } else {
            format!(
                "{who} could do more than read ({}); it is used because the address allows it by name",
                in_words(powers).join(", ")
            )
        };
        let mut told = vec![could];
        told.extend(S::WORDS.promises.map(str::to_owned));
        told.push(self.encryption_told());
        if let Some(ours) = &self.ours {
            told.push(format!(
                "the server is shown our certificate if it asks: {}",
                ours.certificate.display()
            ));
        }
        told.extend(self.rate.sentence());
        told.extend(role.is_standby.then(|| S::WORDS.standby.to_owned()));
        told
    }

    fn no_layout(&self, detail: String) -> StoreError {
        StoreError::NoLayout {
            location: self.location().to_owned(),
            detail,
        }
    }
}

fn look_for_layout<'a, S: Open>(
    survey: &'a Survey<S>,
    location: &'a str,
    decodes: &'a dyn Fn(&Plan) -> Option<bool>,
) -> Look<'a> {
    Look {
        catalogue: &survey.catalogue,
        dialect: S::DIALECT,
        location,
        decodes,
        advice_when_empty: S::WORDS.advice_when_empty,
    }
}
