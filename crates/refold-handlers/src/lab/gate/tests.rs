use refold_core::event::{Encoding, EventBatch, Position, Version};
use refold_core::port::handler::HandlerFault;
use refold_core::time::Timestamp;

use super::*;
use crate::package::Package;

const REDUCER: &str = "refold: reducer/1\non: { Placed: [], Renamed: [], Part: [] }\n";
const UPCASTERS: &str = "refold: upcasters/1
upcasters:
  - event: Placed
    from: 1
    to: 2
    do:
      - rename: { customer: customerId }
      - default: { currency: \"'EUR'\" }
      - set: { amount: string(event.data.amount) }
      - remove: [secret]
  - event: Placed
    from: 2
    to: 3
    do: [ { set: { lines: \"event.data.lines.map(l, l + 1)\" } } ]
  - { event: Old, from: 1, to: 1, retype: Renamed }
  - { event: Noise, from: 1, to: 2, drop: true }
  - { event: Never, from: 1, to: 2, do: [] }
";

fn gate(events: &[(&str, &str, &str)]) -> (Gate, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "format = \"refold-handler/1\"\nname = \"order\"\n[[version]]\nid = \"1.0.0\"\npath = \"v\"\n\
                    runtime = \"declarative\"\n";
    std::fs::create_dir(folder.path().join("v")).unwrap();
    for (file, text) in [
        ("handler.toml", manifest),
        ("v/reducer.yaml", REDUCER),
        ("v/upcasters.yaml", UPCASTERS),
    ] {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let package = Package::open(folder.path()).unwrap_or_else(|error| panic!("{error}"));
    let program = package.compile(package.select(None).unwrap());
    let program = program.unwrap_or_else(|error| panic!("{error}")).program();
    let (mut names, mut batch) = (Names::default(), EventBatch::default());
    for (at, (event_type, version, payload)) in (1..).zip(events) {
        batch.streams.push(names.intern_stream(b"order-1", || b"order"));
        batch.types.push(names.intern_type(event_type.as_bytes()));
        batch.positions.push(Position(at));
        batch.versions.push(Version(at));
        batch.recorded_at.push(Timestamp::NONE);
        let payload = batch.store(payload.as_bytes());
        batch.payloads.push(payload);
        batch.payload_encodings.push(Encoding::Json);
        let version = batch.store(version.as_bytes());
        batch.schema_versions.push(version);
    }
    let mut gate = Gate::default();
    for row in 0..batch.len() {
        gate.take(program.as_ref(), &batch.event(row), &names);
    }
    let never = program
        .upcasters()
        .into_iter()
        .filter(|step| !gate.fired.contains_key(step));
    let never = never.map(|step| String::from_utf8(step.event_type).unwrap()).collect();
    (gate, never)
}

fn told(group: &Group) -> Vec<String> {
    group
        .changes
        .iter()
        .map(|(changed, counted)| format!("{} {:?} {}", changed.path, changed.what, counted.events))
        .collect()
}

#[test]
fn what_became_of_each_field_is_counted() {
    let placed = r#"{"customer":"C","amount":1,"secret":7,"lines":[1,2],"same":true}"#;
    let (gate, never) = gate(&[
        ("Placed", "1", placed),
        ("Placed", "1", placed),
        ("Placed", "3", "{}"),
        ("Old", "1", "{}"),
        ("Noise", "1", r#"{"a":1}"#),
        ("Other", "1", "{}"),
    ]);
    assert_eq!(gate.events, 6);
    let group = &gate.groups[&(b"Placed".to_vec(), Some(1))];
    assert_eq!(
        told(group),
        [
            "/amount Retyped { from: \"a number\", to: \"text\" } 2",
            "/currency Added 2",
            "/customer Moved(Pattern([Key(Text(\"customerId\"))])) 2",
            "/lines/* Revalued 2",
            "/secret Lost 2",
        ]
    );
    assert_eq!(group.changes.values().next().unwrap().first.version, Version(1));
    assert_eq!(gate.groups[&(b"Placed".to_vec(), None)].events, 1);
    let noise = &gate.groups[&(b"Noise".to_vec(), Some(1))];
    assert_eq!(
        noise.becomes.keys().cloned().collect::<Vec<_>>(),
        [Vec::<Vec<u8>>::new()]
    );
    assert!(noise.changes.is_empty());
    let old = &gate.groups[&(b"Old".to_vec(), Some(1))];
    assert_eq!(old.becomes.keys().next().unwrap()[0], b"Renamed");
    assert_eq!(never, ["Never"]);
}

#[test]
fn an_event_that_fails_is_counted_by_why() {
    let (gate, _) = gate(&[
        ("Placed", "2", r#"{"lines":["a"]}"#),
        ("Placed", "2", r#"{"lines":["b"]}"#),
    ]);
    let group = &gate.groups[&(b"Placed".to_vec(), Some(2))];
    let failures: Vec<(&str, u64)> = group
        .failures
        .iter()
        .map(|((code, _), of)| (*code, of.events))
        .collect();
    assert_eq!(failures, [("RF-HANDLER-TYPE", 2)]);
    assert!(group.becomes.is_empty() && group.changes.is_empty());
}

/// What became of a stored payload in the payloads that were made of it.
fn changed(stored: &str, made: &[&str]) -> Vec<String> {
    let value = |json: &str| Value::from_json(json.as_bytes(), 8).unwrap();
    let made: Vec<(Vec<u8>, Value)> = made.iter().map(|json| (b"Made".to_vec(), value(json))).collect();
    let changes = changes(&value(stored), &made);
    changes
        .iter()
        .map(|changed| match &changed.what {
            What::Moved(to) => format!("{} is {to}", changed.path),
            what => format!("{} {what:?}", changed.path),
        })
        .collect()
}

#[test]
fn a_new_place_is_that_of_one_lost_field_alone() {
    let told = changed(r#"{"gross":10,"net":10}"#, &[r#"{"amount":10}"#]);
    assert_eq!(told.iter().filter(|line| line.ends_with(" is /amount")).count(), 1);
    assert_eq!(told.iter().filter(|line| line.ends_with(" Lost")).count(), 1);
    assert_eq!(told.len(), 2, "{told:?}");
    // Of events with the same members each has its own.
    let told = changed(r#"{"first":"A","second":"A"}"#, &[r#"{"sku":"A"}"#, r#"{"sku":"A"}"#]);
    assert_eq!(told, ["/first is /sku", "/second is /sku"]);
    let told = changed(r#"{"both":"A"}"#, &[r#"{"sku":"A"}"#, r#"{"sku":"A"}"#]);
    assert_eq!(told, ["/both is /sku"]);
}

#[test]
fn failures_that_are_not_kept_are_counted() {
    let (gate, _) = gate(&[("Placed", "2", r#"{"lines":["a"]}"#)]);
    let known = gate.groups[&(b"Placed".to_vec(), Some(2))].failures.values().next();
    let seen = Counted {
        events: 0,
        ..known.unwrap().clone()
    };
    let mut group = Group::default();
    for at in 0..MOST_FAILURES + 7 {
        for _ in 0..2 {
            let fault = HandlerFault {
                code: "RF-HANDLER-THROW",
                message: format!("no customer {at}"),
                place: None,
            };
            let failed = Upcast {
                steps: Vec::new(),
                made: Vec::new(),
                fault: Some(fault),
            };
            group.take(&failed, seen.clone());
        }
    }
    assert_eq!(group.failures.len(), MOST_FAILURES);
    assert!(group.failures.values().all(|of| of.events == 2));
    assert_eq!(group.further_failures, 14);
}
