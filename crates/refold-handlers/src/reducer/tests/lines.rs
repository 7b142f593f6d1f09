use refold_core::pointer::Pointer;
use refold_core::port::handler::HandlerProgram as _;

use super::*;

const REDUCER: &str = "
refold: reducer/1
initial: { items: {}, total: 0 }
on:
  Placed:
    - set: { id: event.data.id, status: \"'placed'\" }
    - set: { status: \"'paid'\" }
      when: event.data.paid == true
    - merge: { address: event.data.address }
  Added:
    - child: items[event.data.sku]
      create: { price: event.data.price, qty: 0 }
      do:
        - add: { qty: event.data.qty }
    - add: { total: event.data.qty * event.data.price }
    - append: { log: event.data }
  Removed:
    - remove: items[event.data.sku]
  Reset:
    - set: { total: 1 }
    - set: { total: 0 }
  Gone: [ { delete: state } ]
every:
  - set: { at: event.time }
";

#[track_caller]
fn check(event_type: &str, place: &str, expected: &[&str]) {
    let program = compiled(REDUCER).unwrap_or_else(|error| panic!("{error}"));
    let place = Pointer::parse(place).unwrap();
    assert_eq!(program.lines_writing(event_type.as_bytes(), &place), expected);
}

#[test]
fn a_place_is_written_where_the_rules_say() {
    check("Placed", "/id", &["reducer.yaml:6"]);
    // Which of both, only folding tells.
    check("Placed", "/status", &["reducer.yaml:6", "reducer.yaml:7"]);
    check("Placed", "/address/city", &["reducer.yaml:9"]);
    check("Placed", "/at", &["reducer.yaml:24"]);
    check("Placed", "/total", &[]);
    check("Added", "/items/A-1/price", &["reducer.yaml:11"]);
    check("Added", "/items/A-1/qty", &["reducer.yaml:14"]);
    check("Added", "/total", &["reducer.yaml:15"]);
    check("Added", "/log/7/sku", &["reducer.yaml:16"]);
    // An empty container is a leaf too, and what is taken out of it writes it.
    check("Removed", "/items", &["reducer.yaml:18"]);
    check("Removed", "/items/A-1/qty", &[]);
    check("Reset", "/total", &["reducer.yaml:21"]);
    // What is written after it makes the state an object again.
    check("Gone", "", &["reducer.yaml:22", "reducer.yaml:24"]);
    check("Unknown", "/at", &["reducer.yaml:24"]);
}

#[test]
fn a_rule_may_change_what_it_takes_away() {
    let program = SharedProgram(compiled(REDUCER).unwrap_or_else(|error| panic!("{error}")));
    let may_change = |event_type: &str, place: &str| {
        let place = Pointer::parse(place).unwrap();
        program.may_change(event_type.as_bytes(), &place).unwrap()
    };
    for place in ["/items", "/items/A-1", "/items/A-1/qty"] {
        assert!(may_change("Removed", place), "{place}");
    }
    assert!(may_change("Gone", "/total") && may_change("Added", "/items/A-1/qty") && may_change("Unknown", "/at"));
    assert!(!may_change("Removed", "/total") && !may_change("Added", "/status"));
}

#[test]
fn whatever_an_event_writes_has_a_line() {
    let events = [
        ("Placed", r#"{"id":1,"address":{"city":"x"}}"#),
        ("Added", r#"{"sku":"A","price":2,"qty":3}"#),
        ("Removed", r#"{"sku":"A"}"#),
        ("Reset", "{}"),
        ("Gone", "{}"),
    ];
    let program = compiled(REDUCER).unwrap_or_else(|error| panic!("{error}"));
    let (batch, names) = batch_of(&events);
    let (mut instance, mut written) = (program.start_declarative(), Written::on());
    for (row, (event_type, _)) in events.iter().enumerate() {
        written.clear();
        instance.apply(&batch.event(row), &names, &mut written).unwrap();
        for place in written.paths() {
            // The element that is taken out is not there any more: its array or object is what was written.
            let place = if *event_type == "Removed" {
                place.parent().unwrap_or(place)
            } else {
                place
            };
            assert!(
                !program.lines_writing(event_type.as_bytes(), place).is_empty(),
                "{event_type} {place}"
            );
        }
    }
}
