use std::fs;
use std::path::Path;

use refold_core::port::handler::Written;
use refold_core::time::Timestamp;
use refold_core::value::Value;

use super::*;
use crate::reducer::SharedProgram;

const REDUCER: &str = "refold: reducer/1\non:\n  A: [ { inc: n } ]\n";

fn manifest(versions: &str) -> String {
    format!("format = \"refold-handler/1\"\nname = \"t\"\n{versions}")
}

/// A package folder with these files.
pub(super) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn identity(handler: &str) -> Result<HandlerIdentity, PackageError> {
    open(handler).map(|program| program.identity().clone())
}

#[test]
fn the_order_package_compiles_and_its_versions_differ() {
    let order = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/orders/handlers/order");
    let order = order.to_str().unwrap();
    let buggy = identity(&format!("{order}@1.0.0")).unwrap();
    let fixed = identity(&format!("{order}@1.1.0")).unwrap();
    assert_eq!(
        (buggy.name.as_str(), buggy.version.as_str(), buggy.engine.as_str()),
        ("order", "1.0.0", "declarative")
    );
    assert_ne!(buggy.hash, fixed.hash);
    assert_eq!(identity(order).unwrap(), fixed, "without a version the last is taken");
    let program = open_declarative(Path::new(order), None).unwrap();
    let rules = program.rules_of(b"ItemAdded").unwrap();
    let writes: Vec<String> = rules.writes.iter().map(ToString::to_string).collect();
    assert_eq!(
        writes,
        ["/items/*", "/items/*/price", "/items/*/qty", "/status", "/total"]
    );
    assert!(rules.plans.iter().all(Option::is_some), "old events need one pass only");
    assert!(
        !SharedProgram(program).columns().envelope,
        "old events are told by their shape"
    );
}

/// The layout of the hash is part of the format: this value must never change.
#[test]
fn the_hash_of_a_content_is_pinned() {
    let hash = hash::of_content(&hash::Content {
        format: "refold-handler/1",
        runtime: "declarative",
        dialect: "",
        abi: "1",
        manifest: b"{\"events\":{}}",
        files: &[("reducer.yaml", b"refold: reducer/1\n"), ("invariants.yaml", b"a\n")],
    });
    assert_eq!(
        hash,
        "sha256:3bb6f0770a94eef35ef1d8cd5b05ee4124ac4d1ac92d89aebf865a9ea6d2e408"
    );
}

#[test]
fn the_hash_covers_what_a_handler_does_and_nothing_else() {
    let hash = |manifest_text: &str, reducer: &str, more: &[(&str, &str)]| {
        let files = [
            &[("handler.toml", manifest_text), ("versions/1/reducer.yaml", reducer)],
            more,
        ]
        .concat();
        identity(folder(&files).path().to_str().unwrap()).unwrap().hash
    };
    let plain = manifest("[[version]]\nid = \"1\"\n");
    let base = hash(&plain, REDUCER, &[]);
    assert_eq!(
        base,
        hash(
            &plain,
            &format!("\u{feff}{}\r\n\r\n", REDUCER.trim_end().replace('\n', "\r\n")),
            &[]
        )
    );
    let titled = manifest("title = \"T\"\n[limits]\nsteps = 5\n[[version]]\nid = \"1\"\neffective_from = 7\n");
    assert_eq!(
        base,
        hash(&titled, REDUCER, &[("tests/a.case.yaml", "x"), ("README.md", "y")])
    );
    assert_ne!(
        base,
        hash(&manifest("[[version]]\nid = \"1\"\nevents = { A = 2 }\n"), REDUCER, &[])
    );
    assert_ne!(base, hash(&plain, &REDUCER.replace("inc", "dec"), &[]));
    let invariants = "refold: invariants/1\ninvariants: []\n";
    assert_ne!(
        base,
        hash(&plain, REDUCER, &[("versions/1/invariants.yaml", invariants)])
    );
    // A bare file with the same rules is the same handler.
    let bare = folder(&[("any.yaml", REDUCER)]);
    assert_eq!(
        base,
        identity(bare.path().join("any.yaml").to_str().unwrap()).unwrap().hash
    );
}

#[test]
fn a_hash_that_differs_is_refused_unless_drafted() {
    let wrong = format!("hash = \"sha256:{}\"\n", "0".repeat(64));
    let files = |draft: &str| {
        let manifest = manifest(&format!("[[version]]\nid = \"1\"\n{wrong}{draft}"));
        folder(&[("handler.toml", &manifest), ("versions/1/reducer.yaml", REDUCER)])
    };
    let error = identity(files("").path().to_str().unwrap()).unwrap_err();
    assert_eq!(
        (error.code, error.place.unwrap().to_string().as_str()),
        ("RF-PKG-HASH", "handler.toml:5:8")
    );
    assert!(identity(files("draft = true\n").path().to_str().unwrap()).is_ok());
}

#[track_caller]
fn check(manifest_text: &str, files: &[(&str, &str)], version: &str, expected: &str) {
    let files = [&[("handler.toml", manifest_text)], files].concat();
    let folder = folder(&files);
    let error = identity(&format!("{}{version}", folder.path().display()))
        .unwrap_err()
        .to_string();
    assert_eq!(error.replace(&folder.path().display().to_string(), "PATH"), expected);
}

#[test]
fn packages_that_are_wrong() {
    let one = manifest("[[version]]\nid = \"1\"\n");
    check(
        &one,
        &[],
        "@2",
        "RF-PKG-VERSION: the handler has no version 2; it has 1",
    );
    check(
        &one,
        &[],
        "",
        "RF-PKG-READ: version 1 has no reducer.yaml in versions/1; add it (handler.toml:4:6)",
    );
    check(
        "format = 1\nname = ",
        &[],
        "",
        "RF-PKG-SYNTAX: this is not TOML: string values must be quoted, expected literal string (handler.toml:2:8)",
    );
    check(
        &manifest("nme = 1\n"),
        &[],
        "",
        "RF-PKG-MANIFEST: unknown key `nme` (did you mean `name`?); known here: format, name, title, description, owner, \
         license, source, partition, version, limits, determinism, capabilities (handler.toml:3:1)",
    );
    check(
        &manifest("[limits]\ndepth = 65\n[[version]]\nid = \"1\"\n"),
        &[],
        "",
        "RF-PKG-MANIFEST: `depth` may only lower the limit of 64; lower it, or leave it out (handler.toml:4:9)",
    );
    check(
        &manifest("[[version]]\nid = \"1\"\npath = \"../elsewhere\"\n"),
        &[],
        "",
        "RF-PKG-MANIFEST: `path` must lie inside the package: relative, with `/`, without `..` (handler.toml:5:8)",
    );
    check(
        &manifest("[[version]]\nid = \"1\"\nruntime = \"python\"\n"),
        &[],
        "",
        "RF-PKG-MANIFEST: a runtime is `declarative`, `js`, `wasm` or `process` (handler.toml:5:11)",
    );
    check(
        &manifest("[[version]]\nid = \"1\"\nruntime = \"wasm\"\ndialect = \"module\"\n"),
        &[],
        "",
        "RF-PKG-MANIFEST: only the runtime `js` has dialects (handler.toml:6:11)",
    );
    check(
        &manifest("[[version]]\nid = \"1\"\nruntime = \"wasm\"\nabi = 2\n"),
        &[],
        "",
        "RF-PKG-MANIFEST: this Refold speaks refold-abi/1 with modules: write `abi = 1` (handler.toml:6:7)",
    );
    check(
        &manifest("[[version]]\nid = \"1\"\nruntime = \"wasm\"\n"),
        &[("versions/1/handler.wasm", "\u{7f}ELF")],
        "",
        "RF-PKG-WASM: versions/1/handler.wasm: the file is compiled code (.cwasm), which is never loaded; bring the \
         module that it was made from",
    );
    check(
        &manifest("[[version]]\nid = \"1\"\nruntime = \"wasm\"\n"),
        &[
            ("versions/1/handler.wasm", ""),
            ("versions/1/upcasters.yaml", "refold: upcasters/1\n"),
        ],
        "",
        "RF-PKG-UPCASTER: the list `upcasters` is missing (versions/1/upcasters.yaml:1:1)",
    );
    check(
        &one,
        &[("versions/1/reducer.yaml", "refold: reducer/1\non: [\n")],
        "",
        "RF-PKG-SYNTAX: this is not YAML: while parsing a node, did not find expected node content \
         (versions/1/reducer.yaml:3:1)",
    );
    let program = manifest("[[version]]\nid = \"1\"\nruntime = \"process\"\n");
    for (text, expected) in [
        (
            "comand = []\n",
            "RF-PKG-PROGRAM: unknown key `comand` (did you mean `command`?); known here: command, options (versions/1/process.toml:1:1)",
        ),
        (
            "command = []\n",
            "RF-PKG-PROGRAM: `command` must begin with a program (versions/1/process.toml:1:11)",
        ),
        (
            "command = [\"no-such-program-here\"]\n",
            "RF-PROC-START: versions/1/process.toml: there is no program no-such-program-here here; look at `command`",
        ),
    ] {
        check(&program, &[("versions/1/process.toml", text)], "", expected);
    }
    let error = identity("no-such-handler").unwrap_err();
    assert_eq!(error.code, "RF-PKG-READ");
}

#[test]
fn a_manifest_says_when_a_version_was_live() {
    let manifest = manifest(
        "[[version]]\nid = \"1\"\neffective_from = 2026-06-01T00:00:00Z\neffective_to = 4711\n\
         [[version.effective]]\nenv = \"staging\"\ntenant = \"acme\"\nfrom = \"deploy-7\"\n",
    );
    let folder = folder(&[("handler.toml", &manifest)]);
    let package = Package::open(folder.path()).unwrap();
    let recorded = Timestamp::parse("2026-06-01T00:00:00Z").unwrap();
    assert_eq!(
        package.manifest.versions[0].effective,
        [
            Effective {
                environment: None,
                tenant: None,
                from: Some(Bound::Recorded(recorded)),
                to: Some(Bound::Position(4711))
            },
            Effective {
                environment: Some("staging".to_owned()),
                tenant: Some("acme".to_owned()),
                from: Some(Bound::Deployment("deploy-7".to_owned())),
                to: None
            },
        ]
    );
}

#[test]
fn a_path_with_an_at_sign_is_taken_whole_when_it_is_there() {
    let folder = folder(&[("a@b.yaml", REDUCER)]);
    let path = folder.path().join("a@b.yaml");
    assert!(identity(path.to_str().unwrap()).is_ok());
    assert_eq!(identity("builtin:merge").unwrap().engine, "builtin");
    let versioned = identity(&format!("{}@1", path.display())).unwrap_err();
    assert_eq!(versioned.code, "RF-PKG-VERSION");
}

const EXPORTED: &str = "export default { on: {}, invariants: { small: (state) => state.n < 5 } }";

#[test]
fn a_script_is_a_handler_as_a_bare_file_and_in_a_package() {
    let folder = folder(&[
        ("order.js", &crate::tests::block("js")),
        (
            "handler.toml",
            &manifest(
                "[[version]]\nid = \"1\"\nruntime = \"js\"\n\
                 [[version]]\nid = \"2\"\nruntime = \"js\"\ndialect = \"module\"\n\
                 [[version]]\nid = \"3\"\nruntime = \"js\"\n\
                 [[version]]\nid = \"4\"\nruntime = \"js\"\n\
                 [[version]]\nid = \"5\"\nruntime = \"js\"\n",
            ),
        ),
        ("versions/1/handler.js", "export default { on: {} }"),
        (
            "versions/1/invariants.yaml",
            "refold: invariants/1\ninvariants:\n  - { id: a, expr: state.n >= 0 }\n",
        ),
        ("versions/2/handler.js", "export default {\n  on: { E: 1 },\n  of: 2\n}"),
        ("versions/3/handler.js", "export default { on: {} }"),
        ("versions/4/handler.js", EXPORTED),
        ("versions/5/handler.js", EXPORTED),
        (
            "versions/5/invariants.yaml",
            "refold: invariants/1\ninvariants:\n  - { id: a, expr: state.n >= 0 }\n",
        ),
    ]);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let bare = identity(&path("order.js")).unwrap();
    assert_eq!(
        (bare.name.as_str(), bare.engine.as_str()),
        ("order", refold_guests::JS_ENGINE_ID)
    );
    assert!(!open_at(folder.path(), Some("1")).unwrap().invariants().is_empty());
    let exported = open_at(folder.path(), Some("4")).unwrap();
    let small = exported.invariants().find("small").unwrap();
    assert_eq!(
        (small.text.as_str(), small.title.as_str()),
        ("(state) => state.n < 5", "")
    );
    for (state, holds) in [("{\"n\":4}", Ok(true)), ("{\"n\":5}", Ok(false))] {
        let state = Value::from_json(state.as_bytes(), 4).unwrap();
        assert_eq!(exported.invariants().holds(small, &state, exported.limits()), holds);
    }
    let wrong = |version: &str| {
        identity(&format!("{}@{version}", folder.path().display()))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        wrong("5"),
        "RF-PKG-INVARIANT: the invariants stand in the handler and in a file of their own; keep one of them \
         (versions/5/handler.js:1:1)"
    );
    assert_eq!(
        wrong("2"),
        "RF-PKG-SCRIPT: the handler has an unknown member `of`; it may have initial, on, key, \
         unhandled, invariants, upcast"
    );
}

/// What runs is what was hashed, whatever becomes of the folder, and whatever lies in it that is in no hash.
#[cfg(unix)]
#[test]
fn a_program_runs_from_the_files_that_were_hashed() {
    let manifest = manifest("[[version]]\nid = \"1\"\nruntime = \"process\"\n");
    let handler = "import json, os, sys\n\
        sys.path.insert(0, '__pycache__')\n\
        try:\n    import aside\n\
        except ImportError:\n    aside = None\n\
        for line in sys.stdin:\n\
        \x20   asked = json.loads(line)\n\
        \x20   key = asked.get('key', '')\n\
        \x20   state = {'text': open('text').read(), 'aside': aside is not None, 'here': sorted(os.listdir('.'))}\n\
        \x20   print(json.dumps({'ok': True, 'states': {key: state}} if asked['cmd'] == 'state' else {'ok': True}), flush=True)\n";
    let folder = folder(&[
        ("handler.toml", &manifest),
        ("versions/1/process.toml", "command = [\"python3\", \"handler.py\"]\n"),
        ("versions/1/handler.py", handler),
        ("versions/1/text", "as hashed"),
        ("versions/1/__pycache__/aside.py", "\n"),
    ]);
    let program = open(&folder.path().display().to_string()).unwrap();
    fs::write(folder.path().join("versions/1/text"), "changed since").unwrap();
    fs::remove_file(folder.path().join("versions/1/handler.py")).unwrap();
    let (batch, names) = crate::reducer::tests::batch_of(&[("A", "{}")]);
    let mut instance = program.start();
    instance.apply(&batch.event(0), &names, &mut Written::off()).unwrap();
    let expected = r#"{"aside":false,"here":["handler.py","process.toml","text"],"text":"as hashed"}"#;
    assert_eq!(instance.state().unwrap().display_json(), expected);
}

/// Whatever lies in the folder of a program is part of it, save what Python makes there.
#[test]
fn every_file_of_a_program_is_in_its_hash() {
    let wrong = format!("sha256:{}", "0".repeat(64));
    let manifest = manifest(&format!(
        "[[version]]\nid = \"1\"\nruntime = \"process\"\nhash = \"{wrong}\"\n"
    ));
    let refused = |files: &[(&str, &str)]| {
        let base = [
            ("handler.toml", manifest.as_str()),
            ("versions/1/process.toml", "command = [\"python3\", \"handler.py\"]\n"),
        ];
        let folder = folder(&[&base[..], files].concat());
        let error = identity(&folder.path().display().to_string()).unwrap_err();
        assert_eq!(error.code, "RF-PKG-HASH");
        error.message
    };
    let one = refused(&[("versions/1/handler.py", "1")]);
    assert_eq!(
        one,
        refused(&[("versions/1/handler.py", "1"), ("versions/1/__pycache__/x.pyc", "x")])
    );
    for other in [
        &[("versions/1/handler.py", "2")][..],
        &[("versions/1/other.py", "1")],
        &[("versions/1/handler.py", "1"), ("versions/1/deep/er/data.json", "{}")],
    ] {
        assert_ne!(one, refused(other), "{other:?}");
    }
}

/// One of each kind of step, as functions and as rules.
const STEPS: &str = "export default {
  initial: () => ({ seen: [] }),
  on: {
    Placed(state, { data }) { state.seen.push(data) },
    Item(state, { data }) { if (data.n > 2) throw new Error('too many'); state.seen.push(data.n) },
  },
  UPCAST
}";
const AS_FUNCTIONS: &str = "upcast: {
    Placed: {
      1: ({ cust, ...rest }) => ({ ...rest, customer: cust }),
      2(data) { data.currency ??= 'EUR' },
    },
    Fat: { 1: ({ items }) => items.map((n) => ({ type: 'Item', data: { n } })) },
    Created: { 1: (data) => [{ type: 'Placed', data }] },
    Noise: { 1: () => null },
  },";
const AS_RULES: &str = "refold: upcasters/1
upcasters:
  - { event: Placed, from: 1, to: 2, do: [ { rename: { cust: customer } } ] }
  - { event: Placed, from: 2, to: 3, do: [ { default: { currency: \"'EUR'\" } } ] }
  - { event: Fat, from: 1, to: 2, split: [ { type: Item, data: { n: 'event.data.items[0]' } }, { type: Item, data: { n: 'event.data.items[1]' } } ] }
  - { event: Created, from: 1, to: 2, retype: Placed }
  - { event: Noise, from: 1, drop: true }
";

/// The stored events, and the state that both ways lead to.
#[test]
fn steps_in_a_script_do_what_the_same_ones_in_a_file_do() {
    let version = |id: &str| format!("[[version]]\nid = \"{id}\"\nruntime = \"js\"\n");
    let folder = folder(&[
        ("handler.toml", &manifest(&["1", "2", "3"].map(version).concat())),
        ("versions/1/handler.js", &STEPS.replace("UPCAST", AS_FUNCTIONS)),
        ("versions/2/handler.js", &STEPS.replace("UPCAST", "")),
        ("versions/2/upcasters.yaml", AS_RULES),
        ("versions/3/handler.js", &STEPS.replace("UPCAST", AS_FUNCTIONS)),
        ("versions/3/upcasters.yaml", AS_RULES),
    ]);
    let (batch, names) = crate::reducer::tests::batch_of(&[
        ("Placed", r#"{"cust":"c-1","total":12.50}"#),
        ("Placed.v2", r#"{"customer":"c-2","currency":"USD"}"#),
        ("Placed.v3", r#"{"customer":"c-3"}"#),
        ("Fat", r#"{"items":[1,2]}"#),
        ("Created", r#"{"customer":"c-4"}"#),
        ("Noise", "{}"),
        ("Item", r#"{"n":0}"#),
    ]);
    let mut told = Vec::new();
    for id in ["1", "2"] {
        let opened = open_at(folder.path(), Some(id)).unwrap();
        let program = opened.program();
        let mut instance = program.start();
        for row in 0..batch.len() {
            instance.apply(&batch.event(row), &names, &mut Written::off()).unwrap();
        }
        let ways: Vec<_> = (0..batch.len())
            .map(|row| program.upcast(&batch.event(row), &names))
            .map(|way| way.map(|way| (way.made, way.steps.iter().map(|step| step.from).collect::<Vec<_>>())))
            .collect();
        let steps = program.upcasters().into_iter();
        let steps: Vec<_> = steps.map(|step| (step.event_type, step.from)).collect();
        told.push((instance.state().unwrap().display_json(), ways, steps));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(
        told[0].0,
        "{\"seen\":[{\"currency\":\"EUR\",\"customer\":\"c-1\",\"total\":12.50},{\"currency\":\"USD\",\"customer\":\"c-2\"},\
         {\"customer\":\"c-3\"},1,2,{\"currency\":\"EUR\",\"customer\":\"c-4\"},0]}"
    );
    let places = open_at(folder.path(), Some("1")).unwrap().program().upcasters();
    assert_eq!(places[0].place, "versions/1/handler.js:13:19", "{places:?}");
    let wrong = open_at(folder.path(), Some("3")).err().unwrap();
    assert_eq!(wrong.code, "RF-PKG-UPCASTER");
}

/// Of an event that becomes several, either all are folded or none.
#[test]
fn a_part_that_fails_undoes_the_parts_before_it() {
    let source = STEPS.replace("UPCAST", AS_FUNCTIONS);
    let folder = folder(&[
        ("handler.toml", &manifest("[[version]]\nid = \"1\"\nruntime = \"js\"\n")),
        ("versions/1/handler.js", &source),
    ]);
    let program = open(&folder.path().display().to_string()).unwrap();
    let (batch, names) = crate::reducer::tests::batch_of(&[
        ("Fat", r#"{"items":[1,2]}"#),
        ("Fat", r#"{"items":[1,2,3]}"#),
        ("Fat", r#"{"items":7}"#),
        ("Fat", r#"{"items":[0]}"#),
    ]);
    let mut instance = program.start();
    let applied: Vec<_> = (0..batch.len())
        .map(|row| {
            instance
                .apply(&batch.event(row), &names, &mut Written::off())
                .map_err(|fault| fault.message)
        })
        .collect();
    assert!(applied[0].is_ok() && applied[3].is_ok(), "{applied:?}");
    assert_eq!(applied[1], Err("Error: too many".to_owned()));
    assert!(
        applied[2]
            .as_ref()
            .is_err_and(|message| message.starts_with("TypeError")),
        "{applied:?}"
    );
    assert_eq!(instance.state().unwrap().display_json(), r#"{"seen":[1,2,0]}"#);
}

#[test]
fn chains_in_a_script_are_checked_when_it_is_loaded() {
    for (steps, events, code, place) in [
        (
            "E: { 1: (d) => d, 3: (d) => d }",
            "{}",
            "RF-UPCAST-GAP",
            "versions/1/handler.js:1:44",
        ),
        (
            "E: { 1: (d) => d }",
            "{ E = 5 }",
            "RF-UPCAST-GAP",
            "versions/1/handler.js:1:44",
        ),
        (
            "E: { 1: (d) => d, '01': (d) => d }",
            "{}",
            "RF-PKG-UPCASTER",
            "versions/1/handler.js:1:44",
        ),
    ] {
        let version = format!("[[version]]\nid = \"1\"\nruntime = \"js\"\nevents = {events}\n");
        let script = format!("export default {{ on: {{}}, upcast: {{ {steps} }} }}");
        let folder = folder(&[
            ("handler.toml", &manifest(&version)),
            ("versions/1/handler.js", &script),
        ]);
        let error = open_at(folder.path(), None).err().unwrap();
        assert_eq!(error.code, code, "{steps}: {error}");
        assert_eq!(
            error.place.map(|place| place.to_string()).as_deref(),
            Some(place),
            "{steps}"
        );
    }
}

/// What an upcaster gives that is no event: a fault at the event, which names the step.
#[test]
fn what_a_step_gives_is_looked_at() {
    for given in ["7", "'text'", "true"] {
        // Any value may be the data of an event.
        assert_eq!(step_gives(given), Ok(()), "{given}");
    }
    for given in [
        "[1]",
        "[null]",
        "[{ data: 1 }]",
        "[{ type: 7 }]",
        "[{ type: 'E', data: 1, version: 2 }]",
    ] {
        let fault = step_gives(given).unwrap_err();
        assert_eq!(fault.code, "RF-HANDLER-TYPE", "{given}");
        assert!(
            fault.place.is_some_and(|place| place.starts_with("handler.js:1:")),
            "{given}"
        );
    }
}

#[test]
fn a_fault_of_a_bare_script_names_its_file() {
    for name in ["orders.js", "my orders.mts"] {
        let fault = folded_by(name, "export default {\n  on: { E() { throw new Error('no') } }\n}").unwrap_err();
        assert!(fault.place.unwrap().starts_with(&format!("{name}:2:")), "{name}");
    }
}

fn step_gives(given: &str) -> Result<(), refold_core::port::handler::HandlerFault> {
    let script = format!("export default {{ on: {{ E() {{}} }}, upcast: {{ E: {{ 1: () => ({given}) }} }} }}");
    folded_by("handler.js", &script)
}

fn folded_by(name: &str, script: &str) -> Result<(), refold_core::port::handler::HandlerFault> {
    let folder = folder(&[(name, script)]);
    let program = open(&folder.path().join(name).display().to_string()).unwrap();
    let (batch, names) = crate::reducer::tests::batch_of(&[("E", "{}")]);
    let mut instance = program.start();
    instance.apply(&batch.event(0), &names, &mut Written::off()).map(drop)
}
