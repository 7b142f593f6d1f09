//! The layouts that come with Refold.

use super::{Dialect, Layout, read_layout};

const DOCUMENTS: &[&str] = &[
    include_str!("../../layouts/emmett.toml"),
    include_str!("../../layouts/emmett-events.toml"),
    include_str!("../../layouts/pyeventsourcing.toml"),
    include_str!("../../layouts/cqrs-es.toml"),
    include_str!("../../layouts/rails-event-store.toml"),
    include_str!("../../layouts/spatie.toml"),
    include_str!("../../layouts/eventuous.toml"),
    include_str!("../../layouts/sqlstreamstore.toml"),
    include_str!("../../layouts/eventsauce.toml"),
    include_str!("../../layouts/eventsauce-legacy.toml"),
    include_str!("../../layouts/broadway.toml"),
    include_str!("../../layouts/postgres/emmett.toml"),
    include_str!("../../layouts/postgres/message-db.toml"),
    include_str!("../../layouts/postgres/pyeventsourcing.toml"),
    include_str!("../../layouts/postgres/rails-event-store.toml"),
    include_str!("../../layouts/postgres/spatie.toml"),
    include_str!("../../layouts/postgres/eventsauce.toml"),
    include_str!("../../layouts/postgres/sqlstreamstore.toml"),
    include_str!("../../layouts/postgres/eventuous.toml"),
    include_str!("../../layouts/postgres/commanded.toml"),
    include_str!("../../layouts/postgres/axon.toml"),
];

/// All built-in layouts of a dialect, in the order of the documentation.
#[expect(
    clippy::expect_used,
    reason = "the documents are part of the binary, and a test reads each of them"
)]
pub fn built_in_layouts(dialect: Dialect) -> Vec<Layout> {
    DOCUMENTS
        .iter()
        .map(|text| read_layout(text).expect("a built-in layout is valid"))
        .filter(|layout| layout.dialect == dialect)
        .collect()
}

/// The built-in layout of this name.
pub fn built_in(name: &str, dialect: Dialect) -> Option<Layout> {
    built_in_layouts(dialect).into_iter().find(|layout| layout.name == name)
}
