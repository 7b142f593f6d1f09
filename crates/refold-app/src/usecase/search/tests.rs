//! Searching against a loop over all events, with and without the copy.

use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::{Encoding, EventBatch, Position, StreamOrdinal, TypeOrdinal, Version};
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent};
use refold_stores::index::Field;
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::excerpt::Excerpt;
use super::*;

fn events() -> impl Strategy<Value = Vec<MemoryEvent>> {
    let one = (
        0..4_u8,
        0..3_u8,
        0..40_i64,
        prop::option::of(0..9_u32),
        prop::option::of("[xy]{0,4}"),
    );
    prop::collection::vec(one, 0..60).prop_map(|all| {
        all.into_iter()
            .zip(0..)
            .map(|((stream, event_type, time, price, note), n)| MemoryEvent {
                position: Position(n * 3),
                stream: format!("shop-{stream}").into_bytes(),
                category: format!("c{}", stream % 2).into_bytes(),
                version: Version(n),
                event_type: format!("T{event_type}").into_bytes(),
                recorded_at: if time == 0 {
                    Timestamp::NONE
                } else {
                    Timestamp(time * 1_000_000_000)
                },
                payload: price.map(|price| format!("{{\"price\":{price}}}").into_bytes()),
                encoding: Encoding::Json,
                metadata: note.map(String::into_bytes),
            })
            .collect()
    })
}

fn searches() -> impl Strategy<Value = (Search, Option<u32>)> {
    let names = |of: &'static str| prop::collection::vec((0..3_u8).prop_map(move |n| format!("{of}{n}")), 0..3);
    let time = || prop::option::of((1..40_i64).prop_map(|second| format!("1970-01-01T00:00:{second:02}Z")));
    let text = prop_oneof![
        Just(String::new()),
        Just("x".to_owned()),
        Just("xy".to_owned()),
        Just("price".to_owned())
    ];
    let stream = prop_oneof![Just(String::new()), Just("shop-1".to_owned()), Just("p-2".to_owned())];
    (
        text,
        names("T"),
        names("c"),
        stream,
        time(),
        time(),
        prop::option::of(0..9_u32),
    )
        .prop_map(|(text, types, categories, stream, from, to, price)| {
            let condition = price.map(|price| format!("event.data.price > {price}"));
            (
                Search {
                    text,
                    types,
                    categories,
                    stream,
                    from,
                    to,
                    condition,
                },
                price,
            )
        })
}

/// What a person would find who reads every event.
fn expected(events: &[MemoryEvent], asked: &Search, above: Option<u32>) -> Vec<i64> {
    let second = |text: &String| text[17..19].parse::<i64>().unwrap() * 1_000_000_000;
    let holds = |bytes: &Option<Vec<u8>>| {
        (bytes.as_ref()).is_some_and(|bytes| String::from_utf8_lossy(bytes).contains(&asked.text))
    };
    let price = |event: &MemoryEvent| {
        let payload = String::from_utf8(event.payload.clone()?).ok()?;
        payload
            .trim_matches(|letter: char| !letter.is_ascii_digit())
            .parse::<u32>()
            .ok()
    };
    let is_wanted = |event: &&MemoryEvent| {
        let name = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let time = event.recorded_at;
        (asked.types.is_empty() || asked.types.contains(&name(&event.event_type)))
            && (asked.categories.is_empty() || asked.categories.contains(&name(&event.category)))
            && name(&event.stream).contains(&asked.stream)
            && asked.from.as_ref().is_none_or(|from| time.0 >= second(from))
            && asked
                .to
                .as_ref()
                .is_none_or(|to| !time.is_none() && time.0 <= second(to))
            && (asked.text.is_empty() || holds(&event.payload) || holds(&event.metadata))
            && above.is_none_or(|above| price(event).is_some_and(|price| price > above))
    };
    events.iter().filter(is_wanted).map(|event| event.position.0).collect()
}

/// Why nothing is looked for: a name that no event has, a range that ends before it begins.
fn refused(events: &[MemoryEvent], asked: &Search) -> Option<crate::ErrorCode> {
    let lacks = |wanted: &[String], of: fn(&MemoryEvent) -> &[u8]| {
        let has = |name: &String| events.iter().any(|event| of(event) == name.as_bytes());
        !wanted.iter().all(has)
    };
    let is_reversed = asked
        .from
        .as_ref()
        .zip(asked.to.as_ref())
        .is_some_and(|(from, to)| from > to);
    let has_stream = |event: &MemoryEvent| String::from_utf8_lossy(&event.stream).contains(&asked.stream);
    if is_reversed {
        Some(crate::ErrorCode::InvalidInput)
    } else if lacks(&asked.types, |event| &event.event_type)
        || lacks(&asked.categories, |event| &event.category)
        || !(asked.stream.is_empty() || events.iter().any(has_stream))
    {
        Some(crate::ErrorCode::NotFound)
    } else {
        None
    }
}

fn found(session: &Session, asked: &Search, limit: Option<u64>) -> Result<Vec<i64>, crate::ErrorCode> {
    let token = CancelToken::default();
    let mut positions = Vec::new();
    answers(&Work::new(&token, &Silent), session, asked, limit, &mut |event| {
        positions.push(event.position.parse().unwrap());
        Ok(())
    })
    .map_err(|error| error.code)?;
    Ok(positions)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_search_finds_what_reading_every_event_finds(
        events in events(),
        (asked, above) in searches(),
        limit in prop::option::of(1..4_u64),
    ) {
        let mut wanted = expected(&events, &asked, above);
        wanted.truncate(limit.map_or(usize::MAX, |limit| limit as usize));
        let wanted = refused(&events, &asked).map_or(Ok(wanted), Err);
        let store = Arc::new(MemoryStore::new("searched", events));
        let cache = tempfile::tempdir().unwrap();
        let session = Session::of_store(store, "searched", cache.path());
        prop_assert_eq!(&found(&session, &asked, limit), &wanted);
        let token = CancelToken::default();
        session.build_search(&Work::new(&token, &Silent)).unwrap();
        prop_assert_eq!(&found(&session, &asked, limit), &wanted);
    }

    #[test]
    fn an_excerpt_holds_the_hit_and_nothing_that_hides(
        before in "\\PC{0,80}|[a-z\u{202e}\u{1b}\n ü]{0,80}",
        after in "\\PC{0,200}|[a-z\u{202e}\u{1b}\n ü]{0,200}",
    ) {
        let payload = format!("{before}needle{after}").into_bytes();
        let batch = EventBatch::default();
        let event = view(&payload, &batch);
        let excerpt = Excerpt::of(&event, Needle::new(b"needle").as_ref());
        let first = String::from_utf8(payload.clone()).unwrap().find("needle").unwrap();
        prop_assert_eq!(&*excerpt.hit, "needle");
        prop_assert_eq!(excerpt.is_cut_before, first > 51 || (first > 48 && excerpt.is_cut_before));
        for part in [&excerpt.before, &excerpt.after] {
            prop_assert!(!part.chars().any(refold_core::value::is_hidden), "{part:?}");
        }
    }
}

fn view<'a>(payload: &'a [u8], _: &'a EventBatch) -> EventView<'a> {
    EventView {
        position: Position(1),
        stream: StreamOrdinal(0),
        version: Version(1),
        event_type: TypeOrdinal(0),
        recorded_at: Timestamp::NONE,
        payload: Some(payload),
        encoding: Encoding::Json,
        metadata: None,
        event_id: None,
        correlation_id: None,
        causation_id: None,
        schema_version: None,
        occurred_at: Timestamp::NONE,
        row: None,
    }
}

#[test]
fn an_excerpt_is_cut_between_letters_and_its_lines_are_joined() {
    let payload = format!("{}{{\n    \"note\": \"needle\u{1b}[2J\"\n}}", "ü".repeat(60)).into_bytes();
    let batch = EventBatch::default();
    let excerpt = Excerpt::of(&view(&payload, &batch), Needle::new(b"needle").as_ref());
    assert_eq!(&*excerpt.before, format!("{}{{ \"note\": \"", "ü".repeat(17)));
    assert_eq!(&*excerpt.after, "\\u{1b}[2J\" }");
    assert!(excerpt.is_cut_before && !excerpt.is_cut_after);
    assert_eq!(excerpt.field, Some(Field::Payload));
    let beginning = Excerpt::of(&view(b"{\"a\":1}", &batch), None);
    assert_eq!((&*beginning.hit, &*beginning.after), ("", "{\"a\":1}"));
}

#[test]
fn what_is_no_time_is_turned_down() {
    let store = Arc::new(MemoryStore::new("searched", Vec::new()));
    let cache = tempfile::tempdir().unwrap();
    let session = Session::of_store(store, "searched", cache.path());
    let token = CancelToken::default();
    for (from, condition) in [
        (Some("v12"), None),
        (Some("yesterday-ish"), None),
        (None, Some("event.data.(")),
    ] {
        let asked = Search {
            from: from.map(str::to_owned),
            condition: condition.map(str::to_owned),
            ..Search::default()
        };
        let outcome = answers(&Work::new(&token, &Silent), &session, &asked, None, &mut |_| Ok(()));
        assert_eq!(outcome.unwrap_err().code, crate::ErrorCode::InvalidInput);
    }
}
