use proptest::prelude::*;
use refold_core::event::{Position, Version};
use refold_core::time::Timestamp;

use super::*;
use crate::package::Package;
use crate::testcase::read;

/// A package folder that a case can be read from.
fn package() -> (tempfile::TempDir, Package) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("tests")).unwrap();
    std::fs::create_dir_all(folder.path().join("versions/1")).unwrap();
    std::fs::write(
        folder.path().join("versions/1/reducer.yaml"),
        "refold: reducer/1\non: {}\n",
    )
    .unwrap();
    let manifest = "format = \"refold-handler/1\"\nname = \"a\"\n[[version]]\nid = \"1\"\n";
    std::fs::write(folder.path().join("handler.toml"), manifest).unwrap();
    let package = Package::open(folder.path()).unwrap();
    (folder, package)
}

fn reread(text: &str) -> read::Case {
    let (folder, package) = package();
    let file = folder.path().join("tests/a.case.yaml");
    std::fs::write(&file, text).unwrap();
    read::read(&package, &file).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

proptest! {
    /// Whatever a payload, a type or an id holds: what is read is what was written, byte for byte.
    #[test]
    fn what_is_written_is_read_back(
        payloads in prop::collection::vec(("\\PC{1,20}|[\\x00-\\x7f]{1,12}", prop::option::of("\\PC{0,40}|[\\x00-\\x7f\u{202e}\u{feff}]{0,20}")), 1..5),
        id in "[^\\x00]{1,12}",
    ) {
        let (mut names, mut batch) = (Names::default(), EventBatch::default());
        for (number, (event_type, payload)) in (1..).zip(&payloads) {
            batch.streams.push(names.intern_stream(b"s-1", || b"s"));
            batch.types.push(names.intern_type(event_type.as_bytes()));
            batch.positions.push(Position(number * 7));
            batch.versions.push(Version(number));
            batch.recorded_at.push(Timestamp(number * 1_000_003));
            let span = payload.as_ref().map_or(refold_core::event::Span::NULL, |text| batch.store(text.as_bytes()));
            batch.payloads.push(span);
            batch.payload_encodings.push(Encoding::Json);
            let span = batch.store(id.as_bytes());
            batch.event_ids.push(span);
        }
        let kept: Vec<usize> = (0..batch.len()).collect();
        let case = CaseText {
            title: &id,
            comment: &id,
            stream: b"s-1",
            names: &names,
            batch: &batch,
            kept: &kept,
            version: None,
            wanted: Wanted::Nothing,
        };
        let given = reread(&write_case(&case).unwrap()).given;
        for row in kept {
            let (written, read) = (batch.event(row), given.batch.event(row));
            prop_assert_eq!(names.type_name(written.event_type), given.names.type_name(read.event_type));
            prop_assert_eq!(written.payload, read.payload);
            prop_assert_eq!(written.event_id, read.event_id);
            prop_assert_eq!((written.version, written.position, written.recorded_at), (read.version, read.position, read.recorded_at));
        }
    }
}

#[test]
fn a_state_keeps_its_literals() {
    let state = Value::from_json(br#"{"a":0.10,"b":[1e3,-0],"c":"it's","d":{"e":null}}"#, 64).unwrap();
    let case = CaseText {
        title: "t",
        comment: "c",
        stream: b"s",
        names: &Names::default(),
        batch: &EventBatch::default(),
        kept: &[],
        version: None,
        wanted: Wanted::State(state.clone()),
    };
    assert_eq!(reread(&write_case(&case).unwrap()).expected.state, Some(state));
}

fn refusal(stream: &[u8], names: &Names, batch: &EventBatch, wanted: Wanted) -> String {
    let kept: Vec<usize> = (0..batch.len()).collect();
    let case = CaseText {
        title: "t",
        comment: "c",
        stream,
        names,
        batch,
        kept: &kept,
        version: None,
        wanted,
    };
    write_case(&case).unwrap_err().to_string()
}

fn one_event(event_type: &[u8], metadata: &[u8], id: &[u8]) -> (Names, EventBatch) {
    let (mut names, mut batch) = (Names::default(), EventBatch::default());
    batch.streams.push(names.intern_stream(b"s-1", || b"s"));
    batch.types.push(names.intern_type(event_type));
    batch.positions.push(Position(7));
    batch.versions.push(Version(3));
    batch.recorded_at.push(Timestamp(1));
    let spans = [&b"{}"[..], metadata, id].map(|bytes| batch.store(bytes));
    batch.payloads.push(spans[0]);
    batch.payload_encodings.push(Encoding::Json);
    batch.metadata.push(spans[1]);
    batch.event_ids.push(spans[2]);
    (names, batch)
}

/// A case that is written must be able to pass: no letter of it is exchanged for another.
#[test]
fn what_is_no_text_is_refused() {
    let none = || (Names::default(), EventBatch::default());
    for json in [&br#"{"a":["\ud800"]}"#[..], br#"{"\udc00":1}"#] {
        let state = Value::from_json(json, 64).unwrap();
        let (names, batch) = none();
        let said = refusal(b"s", &names, &batch, Wanted::State(state));
        assert!(said.contains("the state holds a text"), "{said}");
    }
    let (names, batch) = none();
    let said = refusal(b"\xff", &names, &batch, Wanted::Nothing);
    assert!(said.contains("the id of the stream"), "{said}");
    for (event_type, metadata, id, what) in [
        ("\u{e9}", "{}", "e", "the type of version 3"),
        ("T", r#"{"m":"\ud800"}"#, "e", "the metadata of version 3 holds a text"),
        ("T", "{}", "\u{e9}", "event_id of version 3"),
    ] {
        // The first byte of such a letter alone is no text.
        let bytes = |text: &str| {
            text.bytes()
                .take_while(|byte| byte.is_ascii() || *byte >= 0xc0)
                .collect::<Vec<u8>>()
        };
        let (names, batch) = one_event(&bytes(event_type), metadata.as_bytes(), &bytes(id));
        let said = refusal(b"s-1", &names, &batch, Wanted::Nothing);
        assert!(said.contains(what), "{said}");
    }
}

#[test]
fn metadata_that_is_no_json_is_said_to_be_left_out() {
    let (names, batch) = one_event(b"T", b"not json", b"e");
    let case = CaseText {
        title: "t",
        comment: "c",
        stream: b"s-1",
        names: &names,
        batch: &batch,
        kept: &[0],
        version: None,
        wanted: Wanted::Nothing,
    };
    let text = write_case(&case).unwrap();
    assert!(
        text.contains("\n    # the metadata of version 3 is left out: it is no JSON\n    - { type: 'T'"),
        "{text}"
    );
    let given = reread(&text).given;
    assert_eq!((given.batch.len(), given.batch.event(0).metadata), (1, None));
}
