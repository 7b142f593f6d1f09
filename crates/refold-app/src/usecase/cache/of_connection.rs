//! What is kept of the store of one connection to a server: how much, as of when, and throwing it away.

use std::path::Path;

use refold_core::work::Work;
use refold_stores::kept::{Kept, KeptStore};
use serde::Serialize;

use super::bytes_below;
use crate::connections::keeping::{Keeping, KeptIn};
use crate::connections::{self, Target};
use crate::error::AppError;
use crate::places::Places;
use crate::sealing_key;
use crate::session::Session;
use crate::session::cache::{self, Cache, Spoken};
use crate::text;
use crate::wire::CacheUse;

/// What is kept of a store on a server.
#[derive(Debug, Serialize)]
pub struct Held {
    /// `off`, `memory` or `disk`, with the bound that the connection names.
    pub cache: String,
    pub folder: String,
    pub byte_count: String,
    /// So much was just thrown away. `null`: nobody asked for that.
    pub removed_bytes: Option<String>,
    /// What is there can be read with the key, or nothing is.
    pub is_readable: bool,
    /// Where the key is that it is sealed with.
    pub key: String,
    /// When the store was reached last. `null`: nothing is kept that could be looked at without it.
    pub as_of: Option<String>,
    /// The last position then.
    pub position: Option<String>,
    pub events: Option<u32>,
    /// Whether the payloads of all these events are kept, so that streams can be opened without the server.
    pub has_payloads: bool,
    /// Other connections to the same server, account and database that keep it on the disk.
    pub kept_by: Vec<String>,
}

impl Held {
    /// For people.
    pub fn told(&self) -> String {
        let told = self.told_alone();
        let is_nothing = self.byte_count == "0" && matches!(self.removed_bytes.as_deref(), None | Some("0"));
        match (&self.removed_bytes, is_nothing || self.kept_by.is_empty()) {
            (_, true) => told,
            (Some(_), false) => format!("{told}, which {} kept too", in_words(&self.kept_by)),
            (None, false) => format!("{told}; {}", kept_words(&self.kept_by)),
        }
    }

    fn told_alone(&self) -> String {
        match self.removed_bytes.as_deref() {
            Some("0") => return "nothing was kept of it".to_owned(),
            Some(removed) => {
                let size = text::size_label(removed.parse().unwrap_or_default());
                return format!("{size} were thrown away");
            }
            None => {}
        }
        if !self.is_readable {
            return "what is kept of it cannot be read: it is damaged, or sealed with another key; it is made again when the \
                    store is looked at"
                .to_owned();
        }
        let Some(as_of) = &self.as_of else {
            return "nothing of it could be looked at without the server".to_owned();
        };
        let events = text::counted(self.events.unwrap_or_default().into(), "event");
        let what = match self.has_payloads {
            true => "with their payloads",
            false => "without their payloads, so that no stream can be opened without the server",
        };
        let up_to = self.position.as_deref().unwrap_or("-");
        format!("{events} as of {as_of}, up to position {up_to}, {what}")
    }

    pub(crate) fn wire(&self) -> CacheUse {
        CacheUse {
            folder: self.folder.clone(),
            size: text::size_label(self.byte_count.parse().unwrap_or_default()),
            told: self.told(),
        }
    }
}

/// `@a keeps it on the disk, …`
fn kept_words(names: &[String]) -> String {
    let keep = if names.len() == 1 { "keeps" } else { "keep" };
    format!(
        "{} {keep} it on the disk, with the same server, account and database",
        in_words(names)
    )
}

/// `@a`, `@a and @b`
fn in_words(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("@{name}")).collect();
    names.join(" and ")
}

/// What stays on the disk although this connection keeps nothing there, in a sentence; `None`: nothing does.
pub fn kept_by_others(places: &Places, name: &str) -> Result<Option<String>, AppError> {
    let target = server_or_file(places, name)?;
    if target.file.is_some() || Keeping::of(target.connection.as_ref()).place == KeptIn::Disk {
        return Ok(None);
    }
    let folder = cache::server_folder(&target, places)?;
    let others = others(&target, &folder, places)?;
    let is_left = folder.is_dir() && !others.is_empty();
    Ok(is_left.then(|| format!("what is kept of this store stays: {}", kept_words(&others))))
}

/// Connections other than this one that keep what lies in the folder.
fn others(target: &Target, folder: &Path, places: &Places) -> Result<Vec<String>, AppError> {
    let own = target.connection.as_ref().map(|connection| &*connection.name);
    let saved = connections::load(places)?.saved;
    let keepers = cache::keepers(folder, &saved, places);
    Ok(keepers.filter(|name| Some(*name) != own).map(str::to_owned).collect())
}

/// What is kept of the store of a connection, or of an address.
pub fn held(work: &Work<'_>, places: &Places, name: &str) -> Result<Held, AppError> {
    let target = server_of(places, name)?;
    let folder = cache::server_folder(&target, places)?;
    let connection = target.connection.as_ref();
    let line = connection.and_then(|connection| connection.cache.clone());
    let mut held = Held {
        cache: line.unwrap_or_else(|| "disk".to_owned()),
        byte_count: bytes_below(work, &folder)?.to_string(),
        removed_bytes: None,
        is_readable: true,
        key: sealing_key::told(places)?,
        as_of: None,
        position: None,
        events: None,
        has_payloads: false,
        kept_by: others(&target, &folder, places)?,
        folder: folder.display().to_string(),
    };
    if !folder.is_dir() {
        return Ok(held);
    }
    let cache = Cache::of_server(&target, said(&target), places)?;
    let card = cache.key().and_then(|key| Kept::read(&cache.folder(), key));
    held.is_readable = card.is_some() || !Kept::is_there(&cache.folder());
    if let Some(kept) = card
        && let as_of = kept.as_of
        && let Some(store) = cache.with(|place| KeptStore::open(place, kept, &target.location))?
    {
        held.as_of = Some(text::time_label(as_of, 3));
        held.position = store.index().last_position().map(text::position_label);
        held.events = Some(store.index().event_count());
        held.has_payloads = store.arena().is_some();
    }
    Ok(held)
}

/// Throws away what is kept; it is made again when the store is looked at.
pub fn purge(work: &Work<'_>, places: &Places, name: &str) -> Result<Held, AppError> {
    let target = server_of(places, name)?;
    let folder = cache::server_folder(&target, places)?;
    let removed = bytes_below(work, &folder)?;
    cache::purge(&folder)?;
    Ok(Held {
        removed_bytes: Some(removed.to_string()),
        ..held(work, places, name)?
    })
}

/// Copies the payloads of a store that is open, so that all of it can be looked at without its server.
pub fn copy(work: &Work<'_>, session: &Session) -> Result<(), AppError> {
    session.expect_reached("a copy")?;
    let keeping = Keeping::of(session.connection());
    if keeping.place != KeptIn::Disk || session.path().is_file() {
        return Err(AppError::invalid(
            "nothing of this store stays on the disk, so that a copy would go at once",
            "set the cache of the connection to disk",
        ));
    }
    session.build_arena(work).map(drop)
}

/// What a connection itself says.
fn said(target: &Target) -> Spoken<'_> {
    let connection = target.connection.as_ref();
    let layout = connection.and_then(|connection| connection.layout.as_deref());
    (layout, connection.and_then(|connection| connection.zone.as_deref()))
}

/// `name`: of a connection, with or without its `@`, or an address.
fn server_of(places: &Places, name: &str) -> Result<Target, AppError> {
    let target = server_or_file(places, name)?;
    match &target.file {
        None => Ok(target),
        Some(file) => Err(AppError::invalid(
            format!(
                "{} is a file on this machine: its index lies with those of other files",
                file.display()
            ),
            format!(
                "throw them away in the settings of the window, or remove the folder {}",
                places.cache.display()
            ),
        )),
    }
}

fn server_or_file(places: &Places, name: &str) -> Result<Target, AppError> {
    let is_name = !connections::url::is_url(name) && !name.starts_with('@');
    Target::of(&if is_name { format!("@{name}") } else { name.to_owned() }, places)
}
