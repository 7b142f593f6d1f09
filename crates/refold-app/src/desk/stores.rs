//! What the window asks of two whole stores.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use refold_core::work::{CancelToken, Phase, Silent, Work};

use super::Desk;
use crate::clock;
use crate::connections::counts_as;
use crate::error::AppError;
use crate::jobs::{ProgressSink, caught};
use crate::lock::lock;
use crate::session::Session;
use crate::text;
use crate::usecase::stores::answer::{OrderAnswer, StoreAnswer, StoresAnswer, StreamCounts};
use crate::usecase::stores::{
    By, EventPart, MOST_EXPORTED, Selected, StoresAsked, StoresComparison, StreamKind, at_store,
};
use crate::wire::{
    StoresAbsent, StoresAskedWire, StoresBy, StoresCompared, StoresEvent, StoresEventAsked, StoresEvents,
    StoresFrameQuery, StoresKind, StoresKindCount, StoresOrder, StoresOutcome, StoresPage, StoresPartCount,
    StoresPlacePage, StoresQuery, StoresSide, StoresStates,
};

/// So many of the streams that differ are looked into for what else a person may try.
const SAMPLED: usize = 20;

impl Desk {
    /// Opens the other store and holds every event of both against each other. What it found can be asked for until
    /// [`Desk::close_stores`].
    pub fn compare_stores(
        &self,
        session: u32,
        asked: &StoresAskedWire,
        progress: ProgressSink<'_>,
    ) -> Result<StoresCompared, AppError> {
        let opened = self.session(session)?;
        let how = how(asked)?;
        let at_other = self.asked(&asked.other);
        let started = Instant::now();
        let (comparison, answer) = self.jobs.run("stores", session, progress, |work| {
            work.tick(Phase::OpeningTheOtherStore, 0, None)?;
            let other = Session::open_asked(work, &at_other, &self.places);
            let other = Arc::new(other.map_err(|error| at_store("other", error))?);
            let sides = [opened, other];
            let [left, right] = match asked.is_other_left {
                true => [&sides[1], &sides[0]],
                false => [&sides[0], &sides[1]],
            };
            let comparison = StoresComparison::run(work, left, right, &how)?;
            // States are asked for one by one: a handler may take its time.
            let answer = comparison.answer_of_events(work, SAMPLED)?;
            Ok((comparison, answer))
        })?;
        let took = text::span_label(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
        let number = self.next_number();
        let told = compared(number, &comparison, answer, took);
        self.keep_stores(number, session, comparison)?;
        Ok(told)
    }

    /// Fails where the store that it belongs to was closed once the job was over: what came later nobody would close.
    fn keep_stores(&self, number: u32, session: u32, comparison: StoresComparison) -> Result<(), AppError> {
        lock(&self.stores).insert(number, (session, Arc::new(comparison)));
        self.session(session).inspect_err(|_| self.close_stores(number))?;
        Ok(())
    }

    pub fn close_stores(&self, comparison: u32) {
        // It closes connections, and nobody else is to wait for these: the lock is given back first.
        let closed = lock(&self.stores).remove(&comparison);
        drop(closed);
    }

    /// Those that were begun from a store.
    pub(super) fn close_stores_of(&self, session: u32) {
        let mut stores = lock(&self.stores);
        let (closed, open): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut *stores)
            .into_iter()
            .partition(|(_, (of, _))| *of == session);
        *stores = open;
        drop(stores);
        drop(closed);
    }

    /// A page of the streams that differ.
    pub fn stores_rows(&self, comparison: u32, query: &StoresQuery) -> Result<StoresPage, AppError> {
        caught(|| {
            let selected = match (query.is_renamed, query.kind) {
                (true, _) => Selected::Renamed,
                (false, Some(kind)) => Selected::Kind(StreamKind::of_wire(kind)),
                (false, None) => Selected::All,
            };
            Ok(self.stores_of(comparison)?.1.rows(selected, query.offset, query.limit))
        })
    }

    /// The events of a stream that are not the same; it is read for them.
    pub fn stores_places(
        &self,
        comparison: u32,
        row: u32,
        (offset, limit): (u32, u32),
        progress: ProgressSink<'_>,
    ) -> Result<StoresPlacePage, AppError> {
        let (session, stores) = self.stores_of(comparison)?;
        self.jobs.run("stores", session, progress, |work| {
            stores.places(work, row, offset, limit)
        })
    }

    /// One of these events, on both sides, of a stream whose places were asked for.
    pub fn stores_event(&self, asked: StoresEventAsked) -> Result<StoresEvent, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            let (_, stores) = self.stores_of(asked.comparison)?;
            stores.event(&Work::new(&cancel, &Silent), asked.row, asked.place)
        })
    }

    /// A [`crate::frame::StateFrame`] of one document of it: the right one, with what differs from the left one.
    pub fn stores_frame(&self, asked: StoresEventAsked, query: &StoresFrameQuery) -> Result<Vec<u8>, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            let (_, stores) = self.stores_of(asked.comparison)?;
            let at = (asked.row, asked.place);
            Ok(stores.frame(&Work::new(&cancel, &Silent), at, query)?.encode())
        })
    }

    /// What the handler makes of a stream in both stores.
    pub fn stores_states(
        &self,
        comparison: u32,
        row: u32,
        progress: ProgressSink<'_>,
    ) -> Result<StoresStates, AppError> {
        let (session, stores) = self.stores_of(comparison)?;
        self.jobs
            .run("stores", session, progress, |work| stores.states(work, row))
    }

    /// Writes what the command line prints of it, into a file that a person chose.
    pub fn export_stores(&self, comparison: u32, file: &str, progress: ProgressSink<'_>) -> Result<(), AppError> {
        let (session, stores) = self.stores_of(comparison)?;
        self.jobs.run("stores", session, progress, |work| {
            stores.export(work, Path::new(file), MOST_EXPORTED)
        })
    }

    fn stores_of(&self, number: u32) -> Result<(u32, Arc<StoresComparison>), AppError> {
        let found = lock(&self.stores)
            .get(&number)
            .map(|(session, stores)| (*session, Arc::clone(stores)));
        found.ok_or_else(|| AppError::not_found("this comparison is not open any more", "run it again"))
    }
}

fn how(asked: &StoresAskedWire) -> Result<StoresAsked, AppError> {
    let part = |word: &String| {
        let known = EventPart::of_word(word).filter(|part| EventPart::IGNORABLE.contains(part));
        known.ok_or_else(|| {
            AppError::invalid(
                format!("no part of an event that can be left out is called {word:?}"),
                format!("name some of {}", EventPart::IGNORABLE.map(EventPart::word).join(", ")),
            )
        })
    };
    let handler = Some(asked.handler.clone()).filter(|handler| !handler.is_empty());
    Ok(StoresAsked {
        by: match asked.by {
            StoresBy::Bytes => By::Bytes,
            StoresBy::Meaning => By::Meaning,
        },
        ignored: asked.ignored.iter().map(part).collect::<Result<_, _>>()?,
        handlers: handler.map(|handler| [Some(handler.clone()), Some(handler)]),
    })
}

fn narrow(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn compared(number: u32, comparison: &StoresComparison, answer: StoresAnswer, took: String) -> StoresCompared {
    let outcome = match (answer.outcome, answer.behind) {
        ("same", _) => StoresOutcome::Same,
        ("unclear", _) => StoresOutcome::Unclear,
        (_, Some("left")) => StoresOutcome::LeftBehind,
        (_, Some(_)) => StoresOutcome::RightBehind,
        (_, None) => StoresOutcome::Different,
    };
    let [left, right] = comparison.sessions();
    StoresCompared {
        comparison: number,
        outcome,
        sentence: answer.sentence,
        left: side(left, answer.left),
        right: side(right, answer.right),
        equal_streams: answer.streams.equal,
        differing_streams: answer.differing_count,
        kinds: kinds(&answer.streams),
        renamed: answer.streams.renamed,
        events: StoresEvents {
            equal: narrow(answer.events.equal),
            different: narrow(answer.events.different),
            only_left: narrow(answer.events.only_left),
            only_right: narrow(answer.events.only_right),
            unclear_left: narrow(answer.events.unclear_left),
            unclear_right: narrow(answer.events.unclear_right),
        },
        parts: answer
            .parts
            .iter()
            .map(|of| StoresPartCount {
                part: of.part.word().to_owned(),
                events: narrow(of.events),
            })
            .collect(),
        absent: answer
            .absent
            .iter()
            .map(|of| StoresAbsent {
                part: of.part.word().to_owned(),
                is_left: of.side == "left",
            })
            .collect(),
        order: order(answer.order),
        is_form_only: answer.form_only,
        looked_into: u32::try_from(answer.differing.len()).unwrap_or(u32::MAX),
        at: text::time_label(clock::now(), 0),
        took,
    }
}

fn kinds(counts: &StreamCounts) -> Vec<StoresKindCount> {
    let all = [
        (StoresKind::Changed, counts.changed),
        (StoresKind::Missing, counts.missing),
        (StoresKind::Order, counts.order),
        (StoresKind::LeftBehind, counts.left_behind),
        (StoresKind::RightBehind, counts.right_behind),
        (StoresKind::OnlyLeft, counts.only_left),
        (StoresKind::OnlyRight, counts.only_right),
        (StoresKind::Unclear, counts.unclear),
    ];
    let there = all.into_iter().filter(|(_, streams)| *streams > 0);
    there.map(|(kind, streams)| StoresKindCount { kind, streams }).collect()
}

fn side(session: &Session, answer: StoreAnswer) -> StoresSide {
    StoresSide {
        counts_as: counts_as(session.location(), session.environment()),
        environment: session.environment(),
        location: answer.store,
        kind: answer.kind,
        layout: answer.layout,
        events: narrow(answer.events),
        streams: answer.streams,
        last_position: answer.last_position.unwrap_or_default(),
        grew: answer.grew,
        is_incomplete: answer.incomplete,
        findings: answer.findings,
    }
}

fn order(answer: OrderAnswer) -> StoresOrder {
    StoresOrder {
        is_same: answer.same,
        not_compared: answer.not_compared.unwrap_or_default().to_owned(),
        events: narrow(answer.events),
        left_out: narrow(answer.left_out),
        left_position: answer.left_position.unwrap_or_default(),
        right_position: answer.right_position.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
