use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::{Encoding, EventBatch, Position, Version};
use refold_core::names::Names;
use refold_core::port::handler::{Applied, HandlerFault, HandlerIdentity, HandlerInstance as _, Written};
use refold_core::time::Timestamp;

use super::*;
use crate::document::Document;
use crate::error::PackageError;
use crate::invariant::Invariants;
use crate::limits::Limits;
use crate::reducer::{DeclarativeProgram, compile};

fn upcasters(text: &str, wanted: &[(&str, u32)]) -> Result<Upcasters, PackageError> {
    let document = Document::from_yaml(&Arc::from("upcasters.yaml"), text.as_bytes())?;
    let wanted = wanted
        .iter()
        .map(|(name, version)| ((*name).to_owned(), *version))
        .collect();
    super::compile(Some(&document), &wanted)
}

/// A handler that keeps the payload of every event, and its type, in lists.
fn program(text: &str, wanted: &[(&str, u32)], reducer: &str) -> Arc<DeclarativeProgram> {
    let upcasters = upcasters(text, wanted).unwrap_or_else(|error| panic!("{error}"));
    let document = Document::from_yaml(&Arc::from("reducer.yaml"), reducer.as_bytes()).unwrap();
    let rules = compile::compile(&document, upcasters.seeds()).unwrap_or_else(|error| panic!("{error}"));
    let identity = HandlerIdentity {
        name: "test".to_owned(),
        version: "1".to_owned(),
        hash: String::new(),
        engine: "declarative".to_owned(),
    };
    Arc::new(DeclarativeProgram::new(
        identity,
        rules,
        upcasters,
        Invariants::default(),
        Limits::DEFAULT,
    ))
}

/// One stored event: type, payload, the store's schema version, metadata.
type StoredEvent<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a str>);

fn batch_of(events: &[StoredEvent<'_>]) -> (Names, EventBatch) {
    let (mut names, mut batch) = (Names::default(), EventBatch::default());
    for (event_type, payload, version, metadata) in events {
        batch.streams.push(names.intern_stream(b"a-1", || b"a"));
        batch.types.push(names.intern_type(event_type.as_bytes()));
        batch.positions.push(Position(1));
        batch.versions.push(Version(1));
        batch.recorded_at.push(Timestamp::NONE);
        let span = batch.store(payload.as_bytes());
        batch.payloads.push(span);
        batch.payload_encodings.push(Encoding::Json);
        let span = version.map_or(refold_core::event::Span::NULL, |version| {
            batch.store(version.as_bytes())
        });
        batch.schema_versions.push(span);
        let span = metadata.map_or(refold_core::event::Span::NULL, |metadata| {
            batch.store(metadata.as_bytes())
        });
        batch.metadata.push(span);
    }
    (names, batch)
}

fn folded(program: &Arc<DeclarativeProgram>, events: &[StoredEvent<'_>]) -> Result<(String, Applied), HandlerFault> {
    let (names, batch) = batch_of(events);
    let mut instance = program.start_declarative();
    let mut applied = Applied::Ignored;
    for row in 0..batch.len() {
        applied = instance.apply(&batch.event(row), &names, &mut Written::off())?;
    }
    let state = instance.state()?;
    Ok((String::from_utf8(state.to_canonical()).unwrap(), applied))
}

const KEEPS_ALL: &str = "
refold: reducer/1
on:
  A: [ { append: { a: event.data } } ]
  B: [ { append: { b: event.data } } ]
unhandled: ignore
";

#[track_caller]
fn check(text: &str, events: &[StoredEvent<'_>], expected: &str) {
    let (state, _) = folded(&program(text, &[], KEEPS_ALL), events).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(state, expected);
}

#[test]
fn changes_apply_in_order() {
    check(
        "
refold: upcasters/1
upcasters:
  - event: A
    from: 1
    to: 2
    do:
      - rename: { custId: customer.id, x: y }
      - default: { currency: \"'EUR'\", z: event.data.y + 1 }
      - set: { both: [event.data.y, event.type] }
      - remove: [y, 'absent.thing']
  - { event: A, from: 2, to: 3, do: [ { rename: { both: pair } } ] }
",
        &[
            ("A", r#"{"custId":7,"x":1,"kept":0.10}"#, Some("1"), None),
            ("A", r#"{"both":1,"custId":8}"#, Some("2"), None),
            ("A", r#"{"both":2}"#, Some("3"), None),
        ],
        r#"{"a":[{"currency":"EUR","customer":{"id":7},"kept":0.10,"pair":[1,"A"],"z":2},{"custId":8,"pair":1},{"both":2}]}"#,
    );
}

#[test]
fn types_change_split_and_go() {
    check(
        "
refold: upcasters/1
upcasters:
  - { event: Old, from: 1, to: 1, retype: A }
  - { event: A, from: 1, to: 2, do: [ { default: { n: 0 } } ] }
  - event: Fat
    from: 1
    to: 2
    split:
      - { type: A, data: { n: event.data.a } }
      - { type: B, data: event.data.b }
  - { event: Noise, from: 1, drop: true }
",
        &[
            ("Old", "{}", None, None),
            ("Fat", r#"{"a":1,"b":[2]}"#, None, None),
            ("Noise", "{}", None, None),
        ],
        r#"{"a":[{"n":0},{"n":1}],"b":[[2]]}"#,
    );
}

/// The way of the only event through the chain: place, type, versions, and what became of it.
fn way(text: &str, event: StoredEvent<'_>) -> (Vec<String>, Option<HandlerFault>) {
    let (names, batch) = batch_of(&[event]);
    let upcast = program(text, &[], KEEPS_ALL).upcast(&batch.event(0), &names).unwrap();
    let part = |(event_type, data): &(Vec<u8>, Value)| {
        format!("{} {}", String::from_utf8_lossy(event_type), data.display_json())
    };
    let parts = |parts: &[(Vec<u8>, Value)]| parts.iter().map(part).collect::<Vec<_>>().join(" + ");
    let mut lines: Vec<String> = upcast
        .steps
        .iter()
        .map(|step| {
            let (event_type, before) = (String::from_utf8_lossy(&step.event_type), step.before.display_json());
            let (place, from, to, after) = (&step.place, step.from, step.to, parts(&step.after));
            format!("{place} {from}-{to}: {event_type} {before} => {after}")
        })
        .collect();
    lines.push(parts(&upcast.made));
    (lines, upcast.fault)
}

#[test]
fn the_way_of_an_event_is_told_step_by_step() {
    let text = "
refold: upcasters/1
upcasters:
  - { event: Fat, from: 1, to: 2, split: [ { type: A, data: { n: event.data.a } }, { type: B, data: event.data.b } ] }
  - { event: A, from: 2, to: 3, do: [ { rename: { n: m } } ] }
  - { event: Noise, from: 1, drop: true }
  - { event: Odd, from: 1, to: 2, do: [ { set: { n: event.data.n + 1 } } ] }
  - { event: Late, from: 2, to: 3 }
";
    let (steps, fault) = way(text, ("Fat", r#"{"a":0.10,"b":[2]}"#, None, None));
    assert_eq!(fault, None);
    assert_eq!(
        steps,
        [
            r#"upcasters.yaml:4:5 1-2: Fat {"a":0.10,"b":[2]} => A {"n":0.10} + B [2]"#,
            r#"upcasters.yaml:5:5 2-3: A {"n":0.10} => A {"m":0.10}"#,
            r#"A {"m":0.10} + B [2]"#,
        ]
    );
    assert_eq!(way(text, ("A", r#"{"m":1}"#, Some("3"), None)).0, [r#"A {"m":1}"#]);
    let (steps, fault) = way(text, ("Noise", "{}", None, None));
    assert_eq!((steps.len(), steps[1].as_str(), fault), (2, "", None));

    // What fails is the last step, and the fault says where.
    let (steps, fault) = way(text, ("Odd", r#"{"n":"one"}"#, None, None));
    let fault = fault.unwrap();
    assert_eq!(steps, [r#"upcasters.yaml:7:5 1-2: Odd {"n":"one"} => "#, ""]);
    assert_eq!(fault.code, "RF-HANDLER-TYPE");
    assert!(
        fault.place.unwrap().starts_with("upcasters.yaml:7:"),
        "{}",
        fault.message
    );
    let (steps, fault) = way(text, ("Late", "{}", Some("1"), None));
    assert_eq!((steps, fault.unwrap().code), (vec![String::new()], "RF-UPCAST-GAP"));
}

#[test]
fn an_event_without_a_chain_has_no_way() {
    let text = "refold: upcasters/1\nupcasters:\n  - { event: A, from: 1, to: 2 }\n";
    let program = program(text, &[], KEEPS_ALL);
    let (names, batch) = batch_of(&[("B", "{}", None, None), ("A", "{", None, None)]);
    assert_eq!(program.upcast(&batch.event(0), &names), None);
    assert_eq!(program.upcast(&batch.event(1), &names), None, "no JSON");
}

#[test]
fn a_version_is_found_by_column_suffix_metadata_or_shape() {
    let steps = "
upcasters:
  - { event: A, from: 1, to: 2, do: [ { set: { was: 1 } } ] }
";
    let both: &[StoredEvent<'_>] = &[
        ("A", "{}", Some("1"), None),
        ("A", "{}", Some("2.0"), None),
        ("A.v2", "{}", None, None),
        ("A_v1", "{}", None, None),
        ("A", "{}", None, None),
    ];
    check(
        &format!("refold: upcasters/1\n{steps}"),
        both,
        r#"{"a":[{"was":1},{},{},{"was":1},{"was":1}]}"#,
    );
    check(
        &format!("refold: upcasters/1\nversion: [event.meta.schema, suffix]\n{steps}"),
        &[
            ("A", "{}", Some("1"), Some(r#"{"schema":2}"#)),
            ("A", "{}", None, Some(r#"{"schema":"v1"}"#)),
        ],
        r#"{"a":[{},{"was":1}]}"#,
    );
    check(
        "refold: upcasters/1\nupcasters:\n  - { event: A, from: 1, to: 2, where: has(event.data.old), do: [ { rename: { old: new } } ] }\n",
        &[
            ("A", r#"{"old":1}"#, Some("9"), None),
            ("A", r#"{"new":2}"#, None, None),
        ],
        r#"{"a":[{"new":1},{"new":2}]}"#,
    );
}

#[track_caller]
fn check_error(steps: &str, wanted: &[(&str, u32)], expected: &str) {
    match upcasters(&format!("refold: upcasters/1\nupcasters:\n{steps}\n"), wanted) {
        Ok(_) => panic!("this compiles: {steps}"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

#[test]
fn gaps_and_cycles_are_refused_when_loading() {
    check_error(
        "  - { event: A, from: 1, to: 2 }\n  - { event: A, from: 3, to: 4 }",
        &[],
        "RF-UPCAST-GAP: this leads to version 2 of A, but no upcaster goes on from there to 4; add one \
         (upcasters.yaml:3:5)",
    );
    check_error(
        "  - { event: A, from: 1, to: 2 }",
        &[("A", 3)],
        "RF-UPCAST-GAP: this leads to version 2 of A, but no upcaster goes on from there to 3; add one \
         (upcasters.yaml:3:5)",
    );
    check_error(
        "  - { event: A, from: 1, to: 2, retype: B }\n  - { event: B, from: 2, to: 1, retype: A }",
        &[],
        "RF-UPCAST-CYCLE: these upcasters lead in a circle: version 1 of A becomes itself again; remove one \
         (upcasters.yaml:3:5)",
    );
    check_error(
        "  - { event: A, from: 1, to: 1 }",
        &[("A", 2)],
        "RF-UPCAST-CYCLE: these upcasters lead in a circle: version 1 of A becomes itself again; remove one \
         (upcasters.yaml:3:5)",
    );
    check_error(
        "  - { event: A, from: 1, to: 2 }\n  - { event: A, from: 1, to: 3 }",
        &[],
        "RF-PKG-UPCASTER: two upcasters begin at version 1; join them, or give each a `where` (upcasters.yaml:4:5)",
    );
    check_error(
        "  - { event: A, from: 1, to: 2, do: [ { rename: { a: 1 + b } } ] }",
        &[],
        "RF-PKG-UPCASTER: `1 + b` is no path of the payload; write `customerId` or `address.city` \
         (upcasters.yaml:3:54)",
    );
}

#[test]
fn an_event_between_the_steps_is_a_gap() {
    let text = "refold: upcasters/1\nupcasters:\n  - { event: A, from: 2, to: 3 }\n";
    let fault = folded(&program(text, &[], KEEPS_ALL), &[("A", "{}", Some("1"), None)]).unwrap_err();
    assert_eq!(
        (fault.code, fault.place.as_deref()),
        ("RF-UPCAST-GAP", Some("upcasters.yaml:3:5"))
    );
    // What is newer than any rule goes through, unless the manifest says what it expects.
    assert!(folded(&program(text, &[], KEEPS_ALL), &[("A", "{}", Some("4"), None)]).is_ok());
    let fault = folded(&program(text, &[("A", 3)], KEEPS_ALL), &[("A", "{}", Some("4"), None)]).unwrap_err();
    assert_eq!(fault.code, "RF-UPCAST-GAP");
}

fn change() -> impl Strategy<Value = String> {
    let path = || prop::sample::select(vec!["a", "b", "c", "a.x", "b.x", "d"]);
    prop_oneof![
        3 => (path(), path()).prop_map(|(from, to)| format!("{{rename: {{{from}: {to}}}}}")),
        2 => path().prop_map(|path| format!("{{default: {{{path}: 7}}}}")),
        1 => path().prop_map(|path| format!("{{set: {{{path}: \"'s'\"}}}}")),
        1 => path().prop_map(|path| format!("{{remove: {path}}}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Chain and reducer compiled together give what the chain gives step by step on the whole payload.
    #[test]
    fn a_plan_is_the_chain(
        changes in prop::collection::vec(change(), 0..5),
        more in prop::collection::vec(change(), 0..3),
        needs in prop::collection::btree_set(
            prop::sample::select(vec![vec!["a"], vec!["b"], vec!["c"], vec!["a", "x"], vec!["b", "x"], vec!["d"]]), 1..4,
        ),
        payload in prop::sample::select(vec![
            "{}", r#"{"a":1}"#, r#"{"a":{"x":1},"b":2}"#, r#"{"b":{"x":null},"c":3}"#, r#"{"d":null,"a":{"x":{}}}"#,
            r#"{"a":1,"a":2,"b":{"x":1,"x":2}}"#, "[]", "null", r#"{"c":{"x":1},"d":4,"b":null}"#,
        ]),
    ) {
        let text = format!(
            "refold: upcasters/1\nupcasters:\n  - {{event: A, from: 1, to: 2, do: [{}]}}\n  - {{event: A, from: 2, to: 3, do: [{}]}}\n",
            changes.join(", "),
            more.join(", ")
        );
        let upcasters = upcasters(&text, &[]).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let needs: Vec<Vec<Text>> = needs.iter().map(|path| path.iter().map(|key| Text::from(*key)).collect()).collect();
        let mut paths = needs.clone();
        let plans = upcasters.plans(b"A", &mut paths);
        let names = Names::default();
        let batch = EventBatch {
            positions: vec![Position(1)], streams: vec![refold_core::event::StreamOrdinal(0)],
            versions: vec![Version(1)], types: vec![refold_core::event::TypeOrdinal(0)],
            recorded_at: vec![Timestamp::NONE], ..EventBatch::default()
        };
        let view = batch.event(0);
        let facts = EventFacts { view: &view, stream: b"a-1", event_type: names.type_name(refold_core::event::TypeOrdinal(0)) };
        let stored = Stored { data: &[], meta: &[], whole_meta: &|| Value::Null, facts };
        for (first, plan) in plans.iter().enumerate() {
            let Some(plan) = plan else { continue };
            let mut planned = Vec::new();
            Projection::new(&paths).project(payload.as_bytes(), 64, &mut planned).unwrap();
            plan.apply(&mut planned);
            planned.truncate(needs.len());
            let whole = Value::from_json(payload.as_bytes(), 64).unwrap();
            let made = upcasters.run(b"A", first, whole.clone(), &stored, &mut Meter::new(&Limits::DEFAULT)).unwrap();
            let traced = upcasters.trace(b"A", first, whole.clone(), &stored, &mut Meter::new(&Limits::DEFAULT));
            prop_assert_eq!(&traced.made, &made, "looking at the steps changes nothing");
            let mut at = whole;
            for step in &traced.steps {
                prop_assert_eq!(&step.before, &at, "each step goes on from the one before");
                at = step.after[0].1.clone();
            }
            prop_assert_eq!(&at, &made[0].1);
            let mut expected = Vec::new();
            Projection::new(&needs).project_value(&made[0].1, &mut expected);
            let planned: Vec<Option<Value>> =
                planned.into_iter().map(|slot| slot.map(|value| value.resolved().clone())).collect();
            prop_assert_eq!(planned, expected, "{}\n{}", payload, text);
        }
    }
}

/// A step in code that makes an event of this type of each.
#[derive(Debug)]
struct MakesOf(String);

impl Coded for MakesOf {
    fn make(&self, _: &Stored<'_>, _: &[u8], payload: &Value) -> Result<Value, HandlerFault> {
        let part = format!(r#"[{{"type":"{}","data":{}}}]"#, self.0, payload.display_json());
        Ok(Value::from_json(part.as_bytes(), 64).unwrap())
    }
}

/// What steps in code make of `null`, from the first on. Each has its type and version, and the type that it makes.
fn made_by_code(steps: &[(String, u32, String)]) -> Result<Vec<String>, HandlerFault> {
    let coded = |(event_type, from, makes): &(String, u32, String)| CodedStep {
        event_type: event_type.as_bytes().to_vec(),
        from: *from,
        mark: Mark::START,
        code: Arc::new(MakesOf(makes.clone())),
    };
    let file: Arc<str> = Arc::from("handler.js");
    let upcasters = of_code(&file, steps.iter().map(coded).collect(), &BTreeMap::new());
    let upcasters = upcasters.unwrap_or_else(|error| panic!("{error}"));
    let first = steps[0].0.as_str();
    let (_, batch) = batch_of(&[(first, "null", None, None)]);
    let view = batch.event(0);
    let facts = EventFacts {
        view: &view,
        stream: b"a-1",
        event_type: first.as_bytes(),
    };
    let stored = Stored {
        data: &[],
        meta: &[],
        whole_meta: &|| Value::Null,
        facts,
    };
    let made = upcasters.run(
        first.as_bytes(),
        0,
        Value::Null,
        &stored,
        &mut Meter::new(&Limits::DEFAULT),
    );
    let part = |(event_type, data): (Vec<u8>, Value)| {
        format!("{} {}", String::from_utf8_lossy(&event_type), data.display_json())
    };
    made.map(|made| made.into_iter().map(part).collect())
        .map_err(|fault| *fault)
}

fn step(event_type: &str, from: u32, makes: &str) -> (String, u32, String) {
    (event_type.to_owned(), from, makes.to_owned())
}

#[test]
fn what_code_makes_of_another_type_goes_on_or_is_a_gap() {
    let goes_on = [step("A", 1, "B"), step("B", 2, "C")];
    assert_eq!(made_by_code(&goes_on), Ok(vec!["C null".to_owned()]));
    let fault = made_by_code(&[step("A", 1, "B"), step("B", 3, "B")]).unwrap_err();
    assert_eq!(
        (fault.code, fault.place.as_deref()),
        ("RF-UPCAST-GAP", Some("handler.js:1:1"))
    );
    assert_eq!(
        fault.message,
        "this leads to version 2 of B, but no upcaster goes on from there to 4; add one"
    );
}

/// No chain is long, and the compiler cannot know that each goes on in the next.
#[test]
fn steps_in_code_are_counted() {
    let row = |count: u32| -> Vec<(String, u32, String)> {
        (0..count)
            .map(|at| step(&format!("T{at}"), at + 1, &format!("T{}", at + 1)))
            .collect()
    };
    assert_eq!(made_by_code(&row(256)), Ok(vec!["T256 null".to_owned()]));
    assert_eq!(made_by_code(&row(257)).unwrap_err().code, "RF-LIMIT-STEPS");
}
