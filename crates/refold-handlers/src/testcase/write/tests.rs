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
        wanted: Wanted::State(state.clone()),
    };
    assert_eq!(reread(&write_case(&case).unwrap()).expected.state, Some(state));
}
