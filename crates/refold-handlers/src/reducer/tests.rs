mod golden;
mod limits;
mod lines;
mod reference;

use std::sync::Arc;

use refold_core::event::{Encoding, EventBatch, Position, Version};
use refold_core::names::Names;
use refold_core::port::handler::{Applied, HandlerFault, HandlerIdentity, HandlerInstance as _, Written};
use refold_core::time::Timestamp;
use refold_core::value::Value;

use super::*;
use crate::document::Document;
use crate::error::PackageError;
use crate::invariant::Invariants;
use crate::limits::Limits;
use crate::upcast;

pub(crate) fn compiled(reducer: &str) -> Result<Arc<DeclarativeProgram>, PackageError> {
    let document = Document::from_yaml(&Arc::from("reducer.yaml"), reducer.as_bytes())?;
    let upcasters = upcast::compile(None, &Default::default())?;
    let rules = compile::compile(&document, upcasters.seeds())?;
    let identity = HandlerIdentity {
        name: "test".to_owned(),
        version: "1".to_owned(),
        hash: String::new(),
        engine: "declarative".to_owned(),
    };
    Ok(Arc::new(DeclarativeProgram::new(
        identity,
        rules,
        upcasters,
        Invariants::default(),
        Limits::DEFAULT,
    )))
}

/// Events of one stream, a second apart.
pub(crate) fn batch_of(events: &[(&str, &str)]) -> (EventBatch, Names) {
    let (mut names, mut batch) = (Names::default(), EventBatch::default());
    for (at, (event_type, payload)) in events.iter().enumerate() {
        let at = i64::try_from(at).unwrap();
        batch.streams.push(names.intern_stream(b"order-1", || b"order"));
        batch.types.push(names.intern_type(event_type.as_bytes()));
        batch.positions.push(Position(at + 100));
        batch.versions.push(Version(at + 1));
        batch
            .recorded_at
            .push(Timestamp::from_unix(1_754_000_000 + at, 0).unwrap());
        let span = batch.store(payload.as_bytes());
        batch.payloads.push(span);
        batch.payload_encodings.push(Encoding::Json);
    }
    (batch, names)
}

/// Folds events of one stream; stops at the first fault. Gives the state, and what the last event wrote.
fn folded(reducer: &str, events: &[(&str, &str)]) -> Result<(Value, Vec<String>), HandlerFault> {
    let program = compiled(reducer).unwrap_or_else(|error| panic!("{error}"));
    let mut instance = program.start_declarative();
    let (batch, names) = batch_of(events);
    let mut written = Written::on();
    for row in 0..batch.len() {
        written.clear();
        let before = instance.state().unwrap();
        let applied = instance.apply(&batch.event(row), &names, &mut written);
        if !matches!(applied, Ok(Applied::Folded)) {
            assert_eq!(
                instance.state().unwrap(),
                before,
                "the state of an event that was not folded"
            );
            assert_eq!(written.paths(), [], "what a fault has written");
        }
        applied?;
    }
    Ok((
        instance.state()?,
        written.paths().iter().map(ToString::to_string).collect(),
    ))
}

#[track_caller]
fn check(reducer: &str, events: &[(&str, &str)], expected: &str) {
    let (state, _) = folded(reducer, events).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(String::from_utf8(state.to_canonical()).unwrap(), expected);
}

#[test]
fn the_example_of_the_design_folds() {
    let reducer = "
refold: reducer/1
initial: { status: none, items: {}, total: 0, paid: 0 }
on:
  OrderPlaced:
    - set: { id: event.data.orderId, customer: event.data.customerId, status: \"'placed'\" }
  ItemAdded:
    - child: items[event.data.sku]
      create: { price: event.data.priceCents, qty: 0 }
      do: [ { add: { qty: event.data.qty } } ]
    - add: { total: event.data.qty * event.data.priceCents }
  ItemRemoved:
    - let: { i: \"state.items[event.data.sku]\" }
      when: i != null
    - sub: { total: i.qty * i.price }
      when: i != null
    - remove: items[event.data.sku]
  PaymentProcessed:
    - add: { paid: event.data.amountCents }
    - set: { status: \"state.paid >= state.total ? 'paid' : 'part-paid'\" }
  OrderCancelled: [ { delete: state } ]
every: [ { set: { lastEventAt: event.time } } ]
";
    let mut events = vec![
        ("OrderPlaced", r#"{"orderId":9007199254740993,"customerId":"C-1"}"#),
        ("ItemAdded", r#"{"sku":"A","qty":2,"priceCents":150}"#),
        ("ItemAdded", r#"{"sku":"B","qty":1,"priceCents":99}"#),
        ("ItemRemoved", r#"{"sku":"B"}"#),
        ("ItemRemoved", r#"{"sku":"Z"}"#),
        ("PaymentProcessed", r#"{"amountCents":300}"#),
    ];
    check(
        reducer,
        &events,
        r#"{"customer":"C-1","id":9007199254740993,"items":{"A":{"price":150,"qty":2}},"lastEventAt":"2025-07-31T22:13:25.000Z","paid":300,"status":"paid","total":300}"#,
    );
    events.push(("OrderCancelled", "{}"));
    check(reducer, &events, r#"{"lastEventAt":"2025-07-31T22:13:26.000Z"}"#);
}

/// What counts of a repeated key is its last value, on the way to a place and at it.
#[test]
fn nothing_is_appended_to_what_is_no_array_under_a_repeated_key() {
    let append_to = |path: &str, payload: &str| {
        let reducer = format!(
            "refold: reducer/1\ninitial: {{}}\non:\n  Put: [{{set: {{p: event.data.p}}}}, {{append: {{\"{path}\": 7}}}}]\n"
        );
        folded(&reducer, &[("Put", payload)]).map(|(state, _)| String::from_utf8(state.to_canonical()).unwrap())
    };
    let object = r#"{"p":{"a":1,"a":{"b":3}}}"#;
    for path in ["p.a", "p.a.b"] {
        let fault = append_to(path, object).unwrap_err();
        assert!(fault.message.contains("only an array can be appended to"), "{fault}");
    }
    let array = append_to("p.a", r#"{"p":{"a":1,"a":[3]}}"#).unwrap();
    assert_eq!(array, r#"{"p":{"a":[3,7]}}"#);
}

#[test]
fn what_happens_in_a_child_is_noted_and_undone_by_its_place_in_the_state() {
    let reducer = "
refold: reducer/1
initial: { lines: { a: { n: 1 }, b: null } }
on:
  Put:
    - child: lines[event.data.id]
      create: { n: 0, name: event.data.name }
      do:
        - add: { n: event.data.n }
        - set: { \"last.n\": event.data.n }
        - add: { total: event.data.extra }
";
    let put = |id: &str, n: &str, extra: &str| format!(r#"{{"id":"{id}","name":"{id}!","n":{n},"extra":{extra}}}"#);
    let payloads = [
        put("a", "2", "1.5"),
        put("c", "3", "4"),
        put("b", "5", "6"),
        put("c", "1", "1"),
    ];
    let events = payloads.each_ref().map(|payload| ("Put", payload.as_str()));
    check(
        reducer,
        &events,
        r#"{"lines":{"a":{"last":{"n":2},"n":3,"total":1.5},"b":{"last":{"n":5},"n":5,"name":"b!","total":6},"c":{"last":{"n":1},"n":4,"name":"c!","total":5}}}"#,
    );
    for (id, expected) in [
        ("a", vec!["/lines/a/n", "/lines/a/last/n", "/lines/a/total"]),
        ("d", vec!["/lines/d", "/lines/d/n", "/lines/d/last/n", "/lines/d/total"]),
    ] {
        let payload = put(id, "1", "1");
        let (_, written) = folded(reducer, &[("Put", &payload)]).unwrap();
        assert_eq!(written, expected);
        // The last operation fails: `folded` holds the state against what it was.
        let payload = put(id, "1", "\"much\"");
        let fault = folded(reducer, &[("Put", &payload)]).unwrap_err();
        assert_eq!(fault.place.as_deref(), Some("reducer.yaml:11:25"));
    }
}
