//! What a store is, what it holds and how it is kept from being written to.

use refold_core::finding::Findings;
use refold_core::port::store::{OrderQuality, OwnChain};
use refold_core::work::Work;
use refold_stores::index::VERSION_MISSING;

use crate::answer::{Capabilities, Count, StoreAnswer};
use crate::connections::counts_as;
use crate::error::AppError;
use crate::session::Session;
use crate::settings::environment_text;
use crate::wire::FindingWire;
use crate::{findings, text};

/// What is noteworthy of how the store is looked at, and not of the store.
pub fn notices(session: &Session) -> Vec<FindingWire> {
    let notices = Findings::default();
    session.report_notices(&notices);
    findings::wire(&notices)
}

/// Builds the index first where it is not there.
pub fn describe(work: &Work<'_>, session: &Session) -> Result<StoreAnswer, AppError> {
    let index = session.build_index(work)?;
    let description = session.description();
    let findings = Findings::default();
    index.report_findings(&findings);
    let unversioned = findings
        .summary()
        .into_iter()
        .find(|(code, ..)| *code == VERSION_MISSING);
    session.report_notices(&findings);
    let digits = description.time_digits;
    let (first, last) = match index.time_span() {
        Some((first, last)) => (
            text::filled(text::time_label(first, digits)),
            text::filled(text::time_label(last, digits)),
        ),
        None => (None, None),
    };
    let count = |(name, count): (&[u8], u32)| Count {
        name: text::exact(name),
        count,
    };
    let mut types: Vec<Count> = index.types().map(count).collect();
    types.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    Ok(StoreAnswer {
        location: session.location().to_owned(),
        counts_as: (session.connection().is_some() || session.environment().is_some())
            .then(|| environment_text(counts_as(session.location(), session.environment()))),
        kind: description.kind.clone(),
        layout: description.layout.clone(),
        layout_title: description.layout_title.clone(),
        evidence: description.evidence.clone(),
        capabilities: Capabilities {
            order: match description.order {
                OrderQuality::Total => "total",
                OrderQuality::Approximate => "approximate",
            },
            version_base: description.version_base.map(|base| base.to_string()),
            events_without_version: unversioned.map_or(0, |(_, count, _)| u32::try_from(count).unwrap_or(u32::MAX)),
            time_digits: digits,
            time_zone: description.time_zone.clone(),
            stream_index: description.has_stream_index,
            own_chain: description.own_chain.map(|chain| match chain {
                OwnChain::EventSourcingDb => "EventSourcingDB",
            }),
        },
        byte_count: description.byte_count.map(|count| count.to_string()),
        events: index.event_count(),
        streams: index.stream_count(),
        first_recorded_at: first,
        last_recorded_at: last,
        types,
        categories: index.categories()?.into_iter().map(count).collect(),
        read_only: description.guards(),
        findings: findings::wire(&findings),
        not_checked: vec!["payloads: `refold health` reads them all and names those that cannot be read".to_owned()],
    })
}
