//! What every adapter must do alike: one set of properties of the port to stores, held on each adapter and layout.
//!
//! A new adapter or layout is done when [`stores::KINDS`], [`servers::KINDS`] or [`mariadb::KINDS`] lists it.

mod large;
mod mariadb;
mod properties;
mod servers;
mod stores;

use proptest::prelude::*;

/// An event before any adapter saw it. Versions count up in each stream, from the base that the layout has.
#[derive(Debug, Clone)]
pub struct Model {
    /// Position in the store: ascending, with gaps, where the layout keeps one.
    pub position: i64,
    pub stream: String,
    /// From 0.
    pub version: i64,
    pub event_type: String,
    pub payload: String,
}

impl Model {
    /// SQL with the event in the place of `:position`, `:stream` and so on.
    fn filled(&self, sql: &str) -> String {
        let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
        sql.replace(":position", &self.position.to_string())
            .replace(":stream", &text(&self.stream))
            .replace(":version", &self.version.to_string())
            .replace(":type", &text(&self.event_type))
            .replace(":payload", &text(&self.payload))
    }
}

fn models() -> impl Strategy<Value = Vec<Model>> {
    let payload = prop_oneof![
        any::<i64>().prop_map(|n| format!("{{\"n\":{n}}}")),
        "[a-zäß🦀 ,;'\u{202e}]{0,20}"
            .prop_map(|text| format!("{{\"text\":\"{text}\", \"price\":0.10,\"price\":1e400}}")),
        Just("{}".to_owned()),
    ];
    let event = (0..6_usize, 0..4_usize, payload, 1..4_i64);
    proptest::collection::vec(event, 1..40).prop_map(|events| {
        let (mut position, mut versions) = (0, [0; 6]);
        let model = |(stream, event_type, payload, gap): (usize, usize, String, i64)| {
            position += gap;
            versions[stream] += 1;
            Model {
                position,
                stream: format!("order-{stream}"),
                version: versions[stream] - 1,
                event_type: ["Placed", "Paid", "Item.Added", "Ended"][event_type].to_owned(),
                payload,
            }
        };
        events.into_iter().map(model).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn every_adapter_keeps_the_contract(models in models(), cut in 0..70_i64, length in 0..70_i64, max_rows in 1..9_usize) {
        for kind in stores::KINDS {
            let folder = tempfile::tempdir().expect("a folder for the store");
            let store = kind.make(folder.path(), &models);
            properties::check(kind.name, &*store, &models, (cut, cut + length), max_rows);
            // The same store once more is the same store.
            prop_assert_eq!(
                kind.open(folder.path(), &models).fingerprint().expect("it says what it is"),
                store.fingerprint().expect("it says what it is")
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, ..ProptestConfig::default() })]

    #[test]
    fn every_adapter_of_a_server_keeps_the_contract(models in models(), cut in 0..70_i64, length in 0..70_i64, max_rows in 3..9_usize) {
        // One of its own: where positions are places, a transaction of anybody holds back what is settled.
        let server = refold_tests::postgres::Postgres::start();
        // Each question is a transaction: fewer events, and as many kinds.
        let models = models.get(..models.len().min(12)).unwrap_or_default();
        for kind in servers::KINDS {
            let store = kind.make(&server, models);
            properties::check(kind.layout, &*store, models, (cut, cut + length), max_rows);
            prop_assert_eq!(
                kind.open(&server).fingerprint().expect("it says what it is"),
                store.fingerprint().expect("it says what it is")
            );
        }
    }

    #[test]
    fn the_adapter_for_mysql_keeps_the_contract(models in models(), cut in 0..70_i64, length in 0..70_i64, max_rows in 3..9_usize) {
        let server = refold_tests::mariadb::Mariadb::shared();
        let models = models.get(..models.len().min(12)).unwrap_or_default();
        for kind in mariadb::KINDS {
            let store = kind.make(&server, models);
            properties::check(kind.layout, &*store, models, (cut, cut + length), max_rows);
            prop_assert_eq!(
                kind.open(&server).fingerprint().expect("it says what it is"),
                store.fingerprint().expect("it says what it is")
            );
        }
    }
}
