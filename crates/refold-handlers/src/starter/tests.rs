use proptest::prelude::*;
use refold_core::event::{Encoding, EventBatch, Position, Version};
use refold_core::names::Names;
use refold_core::port::handler::{HandlerInstance as _, Written};
use refold_core::time::Timestamp;

use super::*;
use crate::package::open_declarative;

fn starter_of(events: &[(String, String)]) -> Starter {
    let mut starter = Starter::default();
    for (event_type, payload) in events {
        starter.observe(event_type.as_bytes(), Some(payload.as_bytes()));
    }
    starter
}

#[test]
fn a_starter_lists_what_was_found_and_guesses() {
    let mut starter = starter_of(&[
        (
            "OrderPlaced".to_owned(),
            r#"{"orderId":9007199254740993,"odd-name":"x\u202e","address":{"city":"Leipzig"},"note":null}"#.to_owned(),
        ),
        (
            "OrderPlaced".to_owned(),
            r#"{"orderId":9007199254740995,"odd-name":"y"}"#.to_owned(),
        ),
        (
            "ItemAdded".to_owned(),
            r#"{"orderId":9007199254740993,"sku":"A","qty":1,"price":1.50}"#.to_owned(),
        ),
        (
            "ItemRemoved".to_owned(),
            r#"{"orderId":9007199254740993,"sku":"A"}"#.to_owned(),
        ),
        (
            "PaymentCaptured".to_owned(),
            r#"{"orderId":9007199254740993,"amount":1.50}"#.to_owned(),
        ),
        ("Noted".to_owned(), "cut o".to_owned()),
    ]);
    starter.observe(b"\xff", None);
    let files = starter.files("Order Desk!");
    assert_eq!(files[0].path, "handler.toml");
    assert!(files[0].text.contains("name = \"order-desk\"\n"));
    assert_eq!(
        files[1].text.split_once("\non:\n").unwrap().1,
        r#"  # ItemAdded: 1 event.
  #   orderId: integer; such as 9007199254740993
  #   price: decimal; such as 1.50
  #   qty: integer; such as 1
  #   sku: text; such as "A"
  ItemAdded:
    - child: "items[event.data.sku]"
      do:
        - set:
            orderId: event.data.orderId
            price: event.data.price
            qty: event.data.qty

  # ItemRemoved: 1 event.
  #   orderId: integer; such as 9007199254740993
  #   sku: text; such as "A"
  ItemRemoved:
    - remove: "items[event.data.sku]"

  # Noted: 1 event.
  #   1 of them have no payload, or one that is no JSON.
  Noted: []

  # OrderPlaced: 2 events.
  #   address: object, in 1 of 2
  #     city: text; such as "Leipzig"
  #   note: null, in 1 of 2
  #   "odd-name": text; such as "x\u202e", "y"
  #   orderId: integer; such as 9007199254740993, 9007199254740995
  OrderPlaced:
    - set:
        "state['odd-name']": "event.data['odd-name']"
        orderId: event.data.orderId
    - set:
        address: event.data.address
      when: "has(event.data.address)"
    - set:
        note: event.data.note
      when: "has(event.data.note)"

  # PaymentCaptured: 1 event.
  #   amount: decimal; such as 1.50
  #   orderId: integer; such as 9007199254740993
  PaymentCaptured:
    - set:
        lastPayment.amount: event.data.amount

# 1 events are of types that are not listed: too many, or with a name that is no UTF-8 or too long.

# Runs after every event.
every:
  - set: { lastEvent: event.type, lastEventAt: event.time }

# What to do about types without rules: ignore, warn or error.
unhandled: warn
"#
    );
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let refused = Starter::default().write_new(folder.path(), "a").unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_written_whole_is_not_there() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("order");
    // In the way of what is written first.
    fs::write(parent.path().join(format!(".order.{}.new", std::process::id())), "").unwrap();
    let refused = Starter::default().write_new(&folder, "a").unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
    assert!(!folder.exists());
}

fn events() -> impl Strategy<Value = Vec<(String, String)>> {
    let event_type = prop::sample::select(vec![
        "OrderPlaced",
        "ItemAdded",
        "ItemRemoved",
        "LineAdded",
        "AddressChanged",
        "PaymentCaptured",
        "order-item-added.v2",
        "null",
        "true",
        "on",
        "a: b # c",
        "'\"\\\n\u{202e}",
        "ÜberAdded",
        "",
        "Added",
        "stateAdded",
        "123",
        "- x",
    ]);
    let name = prop::sample::select(vec![
        "orderId",
        "sku",
        "qty",
        "id",
        "state",
        "event",
        "this",
        "null",
        "items",
        "in",
        "a b",
        "'",
        "\\\"",
        "\u{1f600}",
        "",
        "lastPayment",
        "0x",
        "true",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "\"A\"",
        "\"\\ud800\"",
        "null",
        "[]",
        "{}",
        "{\"a\":{\"b\":{\"c\":{\"d\":1}}}}",
        "1.50",
        "true",
        "1e400",
        "\"0\"",
    ]);
    let payload = prop_oneof![
        9 => prop::collection::vec((name, value), 0..6).prop_map(|members| {
            let members = members.iter().map(|(name, value)| format!("\"{name}\":{value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }),
        1 => prop::sample::select(vec!["null", "7", "[1]", "\"x\""]).prop_map(str::to_owned),
    ];
    prop::collection::vec((event_type.prop_map(str::to_owned), payload), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_starter_folds_the_events_that_it_was_made_from(events in events()) {
        let folder = tempfile::tempdir().unwrap();
        let starter = starter_of(&events);
        starter.write_new(&folder.path().join("new"), "a").unwrap();
        let text = &starter.files("a")[1].text;
        let program = open_declarative(&folder.path().join("new"), None);
        let program = program.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let mut instance = program.start_declarative();
        let (mut names, mut batch) = (Names::default(), EventBatch::default());
        for (event_type, payload) in &events {
            batch.streams.push(names.intern_stream(b"a-1", || b"a"));
            batch.types.push(names.intern_type(event_type.as_bytes()));
            batch.positions.push(Position(1));
            batch.versions.push(Version(1));
            batch.recorded_at.push(Timestamp(1));
            let span = batch.store(payload.as_bytes());
            batch.payloads.push(span);
            batch.payload_encodings.push(Encoding::Json);
        }
        for (row, event) in events.iter().enumerate() {
            let applied = instance.apply(&batch.event(row), &names, &mut Written::off());
            prop_assert!(applied.is_ok(), "{:?} on {:?}\n{}", applied, event, text);
        }
        // What no event has is nowhere: a list aside, whose elements have all fields.
        if !text.contains("append:") && events.iter().all(|(event_type, payload)| event_type != "null" && !payload.contains("null")) {
            let state = instance.state().unwrap().display_json();
            prop_assert!(!state.contains("null"), "{}\n{}", state, text);
        }
    }
}
