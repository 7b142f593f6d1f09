use proptest::prelude::*;

use super::*;

/// The same frames are decoded by the interface's tests: `ui/src/backend` reads these very bytes.
const STATE_GOLDEN: &str = include_str!("golden_state.hex");
const DENSITY_GOLDEN: &str = include_str!("golden_density.hex");

fn state_example() -> StateFrame {
    StateFrame {
        seq: 7,
        moment: 3,
        base: Some(2),
        added: 1,
        changed: 1,
        removed: 0,
        total_rows: 40,
        first_row: 0,
        fold_micros: 412,
        event_count: 15,
        open_depth: 2,
        version: "3".to_owned(),
        position: "48210993".to_owned(),
        recorded_at: "2026-08-03T14:00:00.118Z".to_owned(),
        event_type: "ItemAdded".to_owned(),
        incomplete_since: String::new(),
        fault: String::new(),
        handler: "order@1.1.0".to_owned(),
        changed_rows: vec![1, 39],
        rows: vec![
            FrameRow {
                depth: 1,
                kind: RowKind::Object,
                is_expandable: true,
                is_open: true,
                pointer: "/items".to_owned(),
                key: "items".to_owned(),
                value: "{1}".to_owned(),
                ..FrameRow::default()
            },
            FrameRow {
                depth: 2,
                kind: RowKind::Leaf,
                change: RowChange::Changed,
                pointer: "/items/a~1b".to_owned(),
                key: "a/b".to_owned(),
                value: "9007199254740993".to_owned(),
                before: "0.10".to_owned(),
                changed_version: "3".to_owned(),
                changed_type: "ItemAdded".to_owned(),
                wrote_version: "3".to_owned(),
                moved_from: "/items/old".to_owned(),
                changed_at: "2026-08-03T14:00:00.118Z".to_owned(),
                actor: "worker-7".to_owned(),
                line: "reducer.yaml:12".to_owned(),
                changed_moment: 3,
                wrote_moment: 3,
                ..FrameRow::default()
            },
        ],
    }
}

fn density_example() -> DensityFrame {
    DensityFrame {
        from: "2026-06-02T00:00:00Z".to_owned(),
        to: "2026-08-31T23:59:59Z".to_owned(),
        series: vec!["OrderPlaced".to_owned(), "Überweisung".to_owned()],
        counts: vec![1, 0, 2, 4_000_000_000, 0, 0],
        flags: vec![0, FLAG_PROBLEM, FLAG_PROBLEM | FLAG_UNDECODABLE],
        problems: vec![0, 1, 70_000],
        paces: vec![0, 1, 38],
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.chunks(32).map(|line| line.concat() + "\n").collect()
}

#[test]
fn frames_are_the_golden_bytes() {
    let (state, density) = (hex(&state_example().encode()), hex(&density_example().encode()));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/frame/");
        std::fs::write(format!("{folder}golden_state.hex"), &state).unwrap();
        std::fs::write(format!("{folder}golden_density.hex"), &density).unwrap();
        return;
    }
    assert_eq!(
        state, STATE_GOLDEN,
        "UPDATE_GOLDEN=1 writes them anew; a new format needs a new number"
    );
    assert_eq!(density, DENSITY_GOLDEN);
}

#[test]
fn every_cut_frame_is_refused() {
    for bytes in [state_example().encode(), density_example().encode()] {
        for end in 0..bytes.len() {
            assert!(StateFrame::decode(&bytes[..end]).is_err());
            assert!(DensityFrame::decode(&bytes[..end]).is_err());
        }
    }
    let mut longer = state_example().encode();
    longer.push(0);
    assert_eq!(StateFrame::decode(&longer), Err(FrameError::TooLong(1)));
    longer[0] = 1;
    assert_eq!(StateFrame::decode(&longer), Err(FrameError::Format(1)));
}

fn any_row() -> impl Strategy<Value = FrameRow> {
    (
        any::<u16>(),
        0..3_u8,
        0..5_u8,
        any::<[bool; 4]>(),
        any::<[String; 11]>(),
        any::<[u32; 2]>(),
    )
        .prop_map(
            |(
                depth,
                kind,
                change,
                [is_expandable, is_open, is_redacted, is_repeated],
                texts,
                [changed_moment, wrote_moment],
            )| {
                let [
                    pointer,
                    key,
                    value,
                    before,
                    changed_version,
                    changed_type,
                    wrote_version,
                    moved_from,
                    changed_at,
                    actor,
                    line,
                ] = texts;
                FrameRow {
                    depth,
                    kind: [RowKind::Leaf, RowKind::Object, RowKind::Array][usize::from(kind)],
                    change: [
                        RowChange::None,
                        RowChange::Added,
                        RowChange::Changed,
                        RowChange::Removed,
                        RowChange::Moved,
                    ][usize::from(change)],
                    is_expandable,
                    is_open,
                    is_redacted,
                    is_repeated,
                    pointer,
                    key,
                    value,
                    before,
                    changed_version,
                    changed_type,
                    wrote_version,
                    moved_from,
                    changed_at,
                    actor,
                    line,
                    changed_moment,
                    wrote_moment,
                }
            },
        )
}

proptest! {
    #[test]
    fn a_state_frame_survives_the_way(
        seq: u32, moment: u32, base in proptest::option::of(0..NO_BASE), numbers: [u32; 8], texts: [String; 7],
        rows in proptest::collection::vec(any_row(), 0..6), changed_rows: Vec<u32>,
    ) {
        let [added, changed, removed, total_rows, first_row, fold_micros, event_count, open_depth] = numbers;
        let [version, position, recorded_at, event_type, incomplete_since, fault, handler] = texts;
        let frame = StateFrame {
            seq, moment, base, added, changed, removed, total_rows, first_row, fold_micros, event_count, open_depth,
            version, position, recorded_at, event_type, incomplete_since, fault, handler, changed_rows, rows,
        };
        prop_assert_eq!(StateFrame::decode(&frame.encode()), Ok(frame));
    }

    #[test]
    fn a_density_frame_survives_the_way(
        from: String, to: String, series in proptest::collection::vec(any::<String>(), 0..5),
        flags in proptest::collection::vec(any::<u8>(), 0..9), seed: u32, paces: Vec<u8>,
    ) {
        let counts = (0..flags.len() * series.len()).map(|cell| seed.wrapping_mul(cell as u32 + 1)).collect();
        let problems = flags.iter().map(|of| seed.wrapping_add(u32::from(*of))).collect();
        let frame = DensityFrame { from, to, series, counts, flags, problems, paces };
        prop_assert_eq!(DensityFrame::decode(&frame.encode()), Ok(frame));
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes: Vec<u8>) {
        drop(StateFrame::decode(&bytes));
        drop(DensityFrame::decode(&bytes));
    }
}
