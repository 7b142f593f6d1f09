//! The card of a store: what it was when it was last reached, sealed, in a file of its own.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use refold_core::event::Position;
use refold_core::port::store::{Fingerprint, OrderQuality, OwnChain, StoreDescription};
use refold_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Kept;
use crate::sealing::Key;

const FILE: &str = "card";
/// What it is sealed as; another one whenever it says something else.
const NAME: &str = "card/2";

#[derive(Serialize, Deserialize)]
struct Card {
    as_of: i64,
    identity: String,
    last_position: Option<i64>,
    change_token: String,
    kind: String,
    layout: String,
    layout_title: String,
    evidence: Vec<String>,
    is_total: bool,
    grows_at_end: bool,
    version_base: Option<i64>,
    skips_versions: bool,
    time_digits: u8,
    time_zone: String,
    has_stream_index: bool,
    read_only: Vec<String>,
    byte_count: Option<u64>,
    position_span: Option<(i64, i64)>,
    has_own_chain: bool,
    is_elevated: bool,
}

impl Kept {
    /// Writes it into a folder that is there.
    pub fn write(&self, folder: &Path, key: &Key) -> io::Result<()> {
        let sealed = key.seal(NAME, &serde_json::to_vec(&Card::of(self))?)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&sealed)?;
        file.persist(folder.join(FILE)).map_err(|error| error.error)?;
        Ok(())
    }

    /// Whether there is a card, which this key may read or not.
    pub fn is_there(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// `None`: there is none, or it is not as it was written.
    pub fn read(folder: &Path, key: &Key) -> Option<Kept> {
        let sealed = fs::read(folder.join(FILE)).ok()?;
        let card: Card = serde_json::from_slice(&key.unseal(NAME, &sealed)?).ok()?;
        Some(card.kept())
    }
}

impl Card {
    fn of(kept: &Kept) -> Card {
        let (fingerprint, of) = (kept.fingerprint.clone(), kept.description.clone());
        Card {
            as_of: kept.as_of.0,
            identity: fingerprint.identity,
            last_position: fingerprint.last_position.map(|position| position.0),
            change_token: fingerprint.change_token,
            kind: of.kind,
            layout: of.layout,
            layout_title: of.layout_title,
            evidence: of.evidence,
            is_total: of.order == OrderQuality::Total,
            grows_at_end: of.grows_at_end,
            version_base: of.version_base,
            skips_versions: of.skips_versions,
            time_digits: of.time_digits,
            time_zone: of.time_zone,
            has_stream_index: of.has_stream_index,
            read_only: of.read_only,
            byte_count: of.byte_count,
            position_span: of.position_span.map(|(first, last)| (first.0, last.0)),
            has_own_chain: of.own_chain.is_some(),
            is_elevated: of.is_elevated,
        }
    }

    fn kept(self) -> Kept {
        Kept {
            as_of: Timestamp(self.as_of),
            fingerprint: Fingerprint {
                identity: self.identity,
                last_position: self.last_position.map(Position),
                change_token: self.change_token,
            },
            description: StoreDescription {
                kind: self.kind,
                layout: self.layout,
                layout_title: self.layout_title,
                evidence: self.evidence,
                order: match self.is_total {
                    true => OrderQuality::Total,
                    false => OrderQuality::Approximate,
                },
                grows_at_end: self.grows_at_end,
                version_base: self.version_base,
                skips_versions: self.skips_versions,
                time_digits: self.time_digits,
                time_zone: self.time_zone,
                has_stream_index: self.has_stream_index,
                opened: None,
                read_only: self.read_only,
                byte_count: self.byte_count,
                position_span: self
                    .position_span
                    .map(|(first, last)| (Position(first), Position(last))),
                event_count: None,
                count_is_exact: false,
                own_chain: self.has_own_chain.then_some(OwnChain::EventSourcingDb),
                follows_another: false,
                is_elevated: self.is_elevated,
                unsettled: None,
            },
        }
    }
}
