//! The dialect `kurrentdb`: projections as they are on a server.

use refold_core::port::handler::{Applied, HandlerInstance};

use super::*;
use crate::{GuestProgram as _, Recorded};

fn projection(source: &str) -> JsProgram {
    load_with(source, Dialect::KurrentDb, GuestLimits::DEFAULT).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(source: &str) -> LoadError {
    match load_with(source, Dialect::KurrentDb, GuestLimits::DEFAULT) {
        Ok(_) => panic!("it was loaded: {source}"),
        Err(error) => error,
    }
}

/// The state after these events of the stream `order-1`.
fn after(source: &str, list: &[(&str, &str)]) -> String {
    let (state, fault) = folded(&projection(source), &events(list));
    assert_eq!(fault, None, "{source}");
    state
}

fn fault_after(source: &str, list: &[(&str, &str)]) -> HandlerFault {
    folded(&projection(source), &events(list)).1.expect("it fails").1
}

/// With the keys in the order in which [`text`] has them.
fn sorted(json: &str) -> String {
    text(&Value::from_json(json.as_bytes(), 64).unwrap())
}

/// What the single event `E` with this payload makes a projection emit.
fn emitted(body: &str, payload: &str) -> Vec<Recorded> {
    let program = projection(&format!("fromAll().when({{ E(s, e) {{ {body} }} }})"));
    let list = events(&[("E", payload)]);
    let mut instance = program.start_guest();
    instance
        .apply(&list.batch.event(0), &list.names, &mut Written::off())
        .unwrap();
    instance.recorded().to_vec()
}

const TWO: &[(&str, &str)] = &[("A", "{}"), ("B", "{}")];

#[test]
fn a_counter_by_stream_runs_unchanged() {
    let source = "fromCategory('order')
        .foreachStream()
        .when({
            $init: function () { return { count: 0 } },
            ItemAdded: function (s, e) { s.count += 1; s.last = e.body.price },
        })";
    let list = [
        ("ItemAdded", r#"{"price":12.50}"#),
        ("Other", "{}"),
        ("ItemAdded", r#"{"price":3.10}"#),
    ];
    assert_eq!(after(source, &list), r#"{"count":2,"last":3.10}"#);
}

#[test]
fn a_projection_is_refused_for_what_the_server_refuses() {
    for (source, words) in [
        ("1 + 1", "where its events come from"),
        ("options({ nope: 1 }); fromAll()", "Unrecognized option"),
        ("options({ biState: 1 }); fromAll()", "must be a boolean"),
        ("options({ reorderEvents: true }); fromAll()", "fromAll"),
        ("options({ reorderEvents: true }); fromStream('a')", "two streams"),
        (
            "options({ reorderEvents: true, processingLag: 10 }); fromStreams('a', 'b')",
            "50",
        ),
        ("fromStream(5)", "takes a text"),
        ("fromStreams('a', 5)", "takes texts"),
        ("fromAll(); fromAll()", "twice"),
        ("fromAll().foreachStream().partitionBy(() => 'a')", "not a function"),
        ("fromStream('a').foreachStream()", "not a function"),
        ("fromStream('a').when({}).when({})", "not a function"),
        ("fromAll().when({ async A() {} })", "do not wait"),
        ("fromAll().when({ $deleted() {} })", "foreachStream"),
        (
            "fromAll().foreachStream().when({ $initShared() {}, $deleted() {} })",
            "shared state",
        ),
        ("fromAll().partitionBy(1)", "must be a function"),
        ("on_event('A', () => {}); fromAll().when({ A() {} })", "two handlers"),
    ] {
        let error = refused(source);
        assert_eq!(error.code, "RF-PKG-SCRIPT", "{source}: {error}");
        assert!(error.message.contains(words), "{source}: {error}");
    }
}

#[test]
fn options_are_known_whatever_their_capitals() {
    let source = "options({ $INCLUDELINKS: false, resultstreamname: 'r', ProcessingLag: 1, BISTATE: false });
        fromAll().when({ A(s) { s.a = 1 } }).transformBy((s) => s).filterBy(() => true).outputState().outputTo('r')";
    assert_eq!(after(source, TWO), r#"{"a":1}"#);
}

/// As the server does it: a typed handler that stands after `$any` takes the other types away.
#[test]
fn the_order_of_any_and_typed_handlers_counts() {
    let any = "$any(s, e) { s[e.eventType] = 'any' }";
    assert_eq!(
        after(&format!("fromAll().when({{ {any}, A(s) {{ s.A = 1 }} }})"), TWO),
        r#"{"A":1}"#
    );
    assert_eq!(
        after(&format!("fromAll().when({{ A(s) {{ s.A = 1 }}, {any} }})"), TWO),
        r#"{"A":1,"B":"any"}"#
    );
}

#[test]
fn what_is_no_function_is_no_handler() {
    assert_eq!(after("fromAll().when({ A: 5, B(s) { s.b = 1 } })", TWO), r#"{"b":1}"#);
}

#[test]
fn sources_are_streams_categories_and_types() {
    let list = events(&[("A", "{}")]);
    for (source, is_taken) in [
        ("fromAll()", true),
        ("fromStream('order-1')", true),
        ("fromStream('order-2')", false),
        ("fromStreams(['x', 'order-1'])", true),
        ("fromStreams('x', 'y')", false),
        ("fromCategory('order')", true),
        ("fromCategory('order-1')", false),
        ("fromCategory('ord')", false),
        ("fromCategory(['x', 'order'])", true),
        ("fromCategories('x', 'order')", true),
        ("fromCategories(['x'])", false),
        ("fromStream('$ce-order')", true),
        ("fromStream('$et-A')", true),
        ("fromStream('$et-B')", false),
    ] {
        let program = projection(&format!("{source}.when({{ $any(s) {{ s.a = 1 }} }})"));
        let wanted = if is_taken { Applied::Folded } else { Applied::Ignored };
        assert_eq!(apply_all(&program, &list), [Ok(wanted)], "{source}");
    }
}

#[test]
fn links_and_events_without_json_do_not_reach_it() {
    let all = "fromAll().when({ $any(s) { s.n = (s.n ?? 0) + 1 } })";
    let list = events(&[("$>", "{}"), ("A", "-"), ("A", "{}")]);
    assert_eq!(
        apply_all(&projection(all), &list),
        [Ok(Applied::Ignored), Ok(Applied::Ignored), Ok(Applied::Folded)]
    );
    let links = format!("options({{ $includeLinks: true }}); {all}");
    assert_eq!(apply_all(&projection(&links), &list)[0], Ok(Applied::Folded));
}

#[test]
fn an_event_has_what_the_server_shows() {
    let source = "fromStream('order-1').when({ A(s, e) {
        s.keys = Object.keys(e)
        s.same = e.body === e.data && e.body === e.body
        e.data = 5
        delete e.data
        s.event = e
    } })";
    assert_eq!(
        after(source, &[("A", r#"{"n":1.50}"#)]),
        sorted(concat!(
            r#"{"keys":["streamId","eventType","sequenceNumber","eventId","created","category","partition","isJson","#,
            r#""bodyRaw","metadataRaw","linkMetadataRaw","body","data","metadata","linkMetadata"],"same":true,"#,
            r#""event":{"streamId":"order-1","eventType":"A","sequenceNumber":1,"eventId":"id-1","#,
            r#""created":"2026-08-03T14:00:01.0000000Z","category":"order","partition":"","isJson":true,"#,
            r#""bodyRaw":"{\"n\":1.50}","metadataRaw":"{\"user\":\"ada\"}","linkMetadataRaw":null,"#,
            r#""body":{"n":1.50},"data":{"n":1.50},"metadata":{"user":"ada"},"linkMetadata":null}}"#
        ))
    );
}

#[test]
fn a_state_is_kept_unless_something_is_returned() {
    assert_eq!(after("fromAll().when({ A(s) { s.a = 1 } })", TWO), r#"{"a":1}"#);
    assert_eq!(after("fromAll().when({ A() { return [1] } })", TWO), "[1]");
    assert_eq!(after("fromAll().when({ A() { return null } })", TWO), "null");
    assert_eq!(
        after("fromAll().outputState()", &[("A", "{}"), ("B", r#"{"n":2}"#)]),
        r#"{"n":2}"#
    );
}

#[test]
fn partitions_have_states_of_their_own() {
    let source = "fromAll().partitionBy((e) => e.data.by).when({
        $init() { return { n: 0 } },
        $created(s, e) { s.first = e.data.by; return 'not looked at' },
        A(s, e) { s.n++; s.name = e.partition },
    })";
    let list = [
        ("A", r#"{"by":"x"}"#),
        ("A", r#"{"by":7}"#),
        ("A", r#"{"by":null}"#),
        ("A", r#"{"by":"x"}"#),
    ];
    assert_eq!(
        after(source, &list),
        sorted(r#"{"x":{"n":2,"first":"x","name":"x"},"7":{"n":1,"first":7,"name":"7"}}"#)
    );
}

#[test]
fn a_shared_state_goes_beside_the_own_one() {
    let shared = "$init() { return { n: 0 } }, $initShared() { return { t: 0 } }, A(s) { s[0].n++; s[1].t += 10 }";
    let two = [("A", r#"{"by":"x"}"#), ("A", r#"{"by":"y"}"#)];
    assert_eq!(
        after(&format!("fromAll().when({{ {shared} }})"), &two),
        r#"[{"n":2},{"t":20}]"#
    );
    assert_eq!(
        after(
            &format!("fromAll().partitionBy((e) => e.data.by).when({{ {shared} }})"),
            &two
        ),
        r#"{"partitions":{"x":{"n":1},"y":{"n":1}},"shared":{"t":20}}"#
    );
    let fault = fault_after("fromAll().when({ $initShared() {}, A() { return 5 } })", TWO);
    assert!(fault.message.contains("[state, shared]"), "{fault}");
}

#[test]
fn a_stream_that_begins_or_ends_is_told() {
    let source = "fromCategory('order').foreachStream().when({
        $init() { return { n: 0 } },
        $created(s, e) { s.first = e.eventType },
        A(s, e) { s.n++; s.partition = e.partition },
        $deleted(s, e, partition, isSoft) { s.end = [e, partition, isSoft]; return 'not looked at' },
    })";
    assert_eq!(
        after(source, &[("A", "{}"), ("A", "{}"), ("$streamDeleted", "{}")]),
        sorted(r#"{"n":2,"first":"A","partition":"order-1","end":[null,"order-1",false]}"#)
    );
    // It is not told twice to a fold that goes on from a checkpoint.
    let program = projection("fromAll().when({ $init: () => ({ n: 0 }), $created(s) { s.n += 100 }, A(s) { s.n++ } })");
    let list = events(&[("A", "{}"), ("A", "{}")]);
    let mut instance = program.start();
    let apply = |instance: &mut Box<dyn HandlerInstance>, row| {
        instance
            .apply(&list.batch.event(row), &list.names, &mut Written::off())
            .unwrap()
    };
    apply(&mut instance, 0);
    let checkpoint = instance.checkpoint().unwrap();
    let mut other = program.start();
    other.restore(&checkpoint).unwrap();
    apply(&mut other, 1);
    assert_eq!(text(&other.state().unwrap()), r#"{"n":102}"#);
}

#[test]
fn what_it_would_write_is_noted_and_nothing_else() {
    let of = |event_type: &str, stream: &str, data: &str, metadata: &str| Recorded {
        event_type: event_type.into(),
        stream: stream.into(),
        data: Value::from_json(data.as_bytes(), 64).unwrap(),
        metadata: Value::from_json(metadata.as_bytes(), 64).unwrap(),
    };
    let body = "emit('out', 'T', { b: e.data }, { m: 1 }); linkTo('l', e); linkStreamTo('a', 'b'); copyTo('x', e); log('y', 1)";
    assert_eq!(
        emitted(body, r#"{"p":3.10}"#),
        [
            of("T", "out", r#"{"b":{"p":3.10}}"#, r#"{"m":1}"#),
            of("$>", "l", r#""1@order-1""#, "null"),
            of("$@", "a", r#""b""#, "null"),
        ]
    );
    for wrong in [
        "emit('out', 'T')",
        "emit('', 'T', {})",
        "emit('out', '', {})",
        "emit('out', 'T', 'text')",
        "emit('out', 'T', null)",
        "emit('out', 'T', {}, 5)",
        "linkTo('', e)",
        "linkTo('l', {})",
        "linkStreamTo('a', 'b', {})",
    ] {
        let fault = fault_after(&format!("fromAll().when({{ A(s, e) {{ {wrong} }} }})"), TWO);
        assert_eq!(fault.code, "RF-HANDLER-THROW", "{wrong}: {fault}");
        assert!(
            fault.place.is_some_and(|place| place.starts_with("handler.js:1:")),
            "{wrong}"
        );
    }
    for flood in [
        "for (;;) emit('s', 't', {})",
        "try { for (;;) emit('s', 't', {}) } catch {}",
    ] {
        let fault = fault_after(&format!("fromAll().when({{ A(s, e) {{ {flood} }} }})"), TWO);
        assert_eq!(fault.code, "RF-LIMIT-OUTPUT", "{flood}: {fault}");
    }
}

#[test]
fn what_defines_it_is_gone_when_it_runs_and_no_text_becomes_code() {
    for gone in [
        "fromAll()",
        "options({})",
        "on_event('A', () => {})",
        "eval('1')",
        "new Function('1')",
    ] {
        let fault = fault_after(&format!("fromAll().when({{ A() {{ {gone} }} }})"), TWO);
        assert_eq!(fault.code, "RF-HANDLER-THROW", "{gone}");
    }
    assert!(refused("emit('a', 'b', {}); fromAll()").message.contains("emit"));
}

/// Numbers of a server are doubles; what JSON cannot say is null or lost, as the server writes it.
#[test]
fn a_state_is_written_as_the_server_writes_it() {
    let source = "fromAll().when({ A(s, e) {
        s.n = e.data.n; s.nan = 0 / 0; s.d = new Date(0); s.big = 10n; s.u = undefined
        s.o = { toJSON() { return 1 } }.x
    } })";
    let list = [("A", r#"{"n":9007199254740993}"#)];
    let expected = sorted(r#"{"n":9007199254740992,"nan":null,"d":{},"big":"10"}"#);
    assert_eq!(after(source, &list), expected);
    let program = projection(source);
    let list = events(&list);
    let mut instance = program.start();
    instance
        .apply(&list.batch.event(0), &list.names, &mut Written::off())
        .unwrap();
    let checkpoint = instance.checkpoint().unwrap();
    instance.reset();
    instance.restore(&checkpoint).unwrap();
    assert_eq!(text(&instance.state().unwrap()), expected);
}
