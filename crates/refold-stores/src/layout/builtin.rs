//! The layouts that come with Refold.

use std::sync::LazyLock;

use super::{Dialect, Layout, read_layout};

type Layouts = LazyLock<Vec<Layout>>;

// Read once for all stores that this process opens, and only those of the kind that it opens: most are of other kinds.

static SQLITE: Layouts = LazyLock::new(|| {
    read(&[
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
    ])
});

static POSTGRES: Layouts = LazyLock::new(|| {
    read(&[
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
        include_str!("../../layouts/postgres/axon-5.toml"),
        include_str!("../../layouts/postgres/marten.toml"),
        include_str!("../../layouts/postgres/pekko-jdbc.toml"),
        include_str!("../../layouts/postgres/patchlevel.toml"),
        include_str!("../../layouts/postgres/patchlevel-stream.toml"),
        include_str!("../../layouts/postgres/prooph.toml"),
        include_str!("../../layouts/postgres/eventflow.toml"),
        include_str!("../../layouts/postgres/sequent.toml"),
        include_str!("../../layouts/postgres/sequent-8.toml"),
        include_str!("../../layouts/postgres/eventuate.toml"),
        include_str!("../../layouts/postgres/disintegrate.toml"),
        include_str!("../../layouts/postgres/cqrs-es.toml"),
        include_str!("../../layouts/postgres/pekko-r2dbc.toml"),
        include_str!("../../layouts/postgres/outbox.toml"),
    ])
});

static MYSQL: Layouts = LazyLock::new(|| {
    read(&[
        include_str!("../../layouts/mysql/rails-event-store.toml"),
        include_str!("../../layouts/mysql/spatie.toml"),
        include_str!("../../layouts/mysql/eventsauce.toml"),
        include_str!("../../layouts/mysql/sqlstreamstore.toml"),
        include_str!("../../layouts/mysql/axon.toml"),
        include_str!("../../layouts/mysql/axon-5.toml"),
        include_str!("../../layouts/mysql/broadway.toml"),
        include_str!("../../layouts/mysql/patchlevel.toml"),
        include_str!("../../layouts/mysql/patchlevel-stream.toml"),
        include_str!("../../layouts/mysql/prooph.toml"),
        include_str!("../../layouts/mysql/pekko-jdbc.toml"),
        include_str!("../../layouts/mysql/neos.toml"),
        include_str!("../../layouts/mysql/eventuate.toml"),
    ])
});

#[expect(
    clippy::expect_used,
    reason = "the documents are part of the binary, and a test reads each of them"
)]
fn read(documents: &[&str]) -> Vec<Layout> {
    let read = |text: &&str| read_layout(text).expect("a built-in layout is valid");
    documents.iter().map(read).collect()
}

/// All built-in layouts of a dialect, in the order of the documentation.
pub fn built_in_layouts(dialect: Dialect) -> impl Iterator<Item = &'static Layout> {
    let layouts: &[Layout] = match dialect {
        Dialect::Sqlite => &SQLITE,
        Dialect::Postgres => &POSTGRES,
        Dialect::MySql => &MYSQL,
        Dialect::Csv | Dialect::JsonLines => &[],
    };
    layouts.iter()
}

/// The built-in layout of this name.
pub fn built_in(name: &str, dialect: Dialect) -> Option<&'static Layout> {
    built_in_layouts(dialect).find(|layout| layout.name == name)
}
