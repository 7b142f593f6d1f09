//! Damaged files: an error or findings, never a panic, never an endless loop, and what can be read is read.

use std::fs;

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::{Finding, Findings};
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreError};
use refold_core::work::{CancelToken, Silent, Work};

use super::lab::{EMMETT, Lab, append_emmett, everything, positions, read, read_in};

/// A store of many small pages, closed.
fn many_pages(count: i64) -> Lab {
    let lab = Lab::new();
    let writer = lab.connect();
    writer
        .execute_batch("PRAGMA page_size = 512; PRAGMA synchronous = OFF; BEGIN")
        .unwrap();
    writer.execute_batch(EMMETT).unwrap();
    append_emmett(&writer, 1, count);
    writer.execute_batch("COMMIT").unwrap();
    lab
}

/// Opens and reads; returns how many events came, or what was wrong.
fn outcome(lab: &Lab) -> Result<(usize, Vec<&'static str>), StoreError> {
    let store = lab.open(None)?;
    read_in(&*store, everything(), Direction::Backward, 50)
        .map(|_| ())
        .or_else(tolerate)?;
    let (seen, findings) = read_in(&*store, everything(), Direction::Forward, 50)?;
    Ok((seen.len(), findings))
}

fn tolerate(error: StoreError) -> Result<(), StoreError> {
    if matches!(error, StoreError::Corrupt { .. }) {
        Ok(())
    } else {
        Err(error)
    }
}

#[test]
fn a_file_cut_short_is_said_to_be_cut_short() {
    let lab = many_pages(100);
    let whole = fs::read(lab.path()).unwrap();
    for length in (100..whole.len())
        .step_by(512)
        .flat_map(|page| [page - 1, page, page + 1])
    {
        fs::write(lab.path(), &whole[..length]).unwrap();
        let error = outcome(&lab).unwrap_err();
        let is_clear = matches!(&error, StoreError::Corrupt { detail, .. } if detail.contains("cut short"));
        assert!(
            is_clear || matches!(error, StoreError::NotAnEventStore { .. }),
            "{length} bytes: {error}"
        );
    }
}

#[test]
fn a_count_of_pages_reads_as_all_counts_do() {
    let lab = many_pages(8_000);
    let whole = fs::read(lab.path()).unwrap();
    let pages = whole.len() / 512;
    assert!((1_000..1_000_000).contains(&pages), "{pages} pages");
    fs::write(lab.path(), &whole[..whole.len() - 1]).unwrap();
    let Err(StoreError::Corrupt { detail, .. }) = outcome(&lab) else {
        panic!("a file without its last byte is opened");
    };
    let read = format!("it should have {},{:03} pages and", pages / 1_000, pages % 1_000);
    assert!(detail.starts_with(&read), "{detail}");
}

#[test]
fn flipped_bits_give_errors_or_findings_and_never_more_events_than_there_are() {
    let lab = many_pages(100);
    let whole = fs::read(lab.path()).unwrap();
    let mut next = generator(20_260_803);
    let (mut whole_reads, mut partial_reads, mut refusals) = (0, 0, 0);
    for round in 0..600 {
        let mut bytes = whole.clone();
        for _ in 0..=next(4) {
            // Half of the flips hit the heads of pages, where the structure is.
            let at = if next(2) == 0 {
                next(bytes.len() / 512) * 512 + next(40)
            } else {
                next(bytes.len())
            };
            bytes[at] ^= 1 << next(8);
        }
        fs::write(lab.path(), &bytes).unwrap();
        match outcome(&lab) {
            Ok((count, findings)) => {
                assert!(count <= 110, "round {round}: {count} events");
                if findings.is_empty() {
                    whole_reads += 1
                } else {
                    partial_reads += 1
                }
            }
            Err(
                StoreError::Corrupt { .. }
                | StoreError::NotAnEventStore { .. }
                | StoreError::NoLayout { .. }
                | StoreError::Driver { .. },
            ) => refusals += 1,
            Err(error) => panic!("round {round}: {error}"),
        }
    }
    assert!(
        whole_reads > 0 && partial_reads > 0 && refusals > 0,
        "{whole_reads} {partial_reads} {refusals}"
    );
}

/// The pages of the table of events that hold rows, each with its offset, in file order.
fn leaves(bytes: &[u8], page: usize) -> Vec<usize> {
    (0..bytes.len())
        .step_by(page)
        .filter(|at| bytes[*at] == 0x0d && bytes[*at..*at + page].windows(5).any(|some| some == b"{\"n\":"))
        .collect()
}

#[test]
fn events_around_a_damaged_page_are_shown_and_the_gap_is_a_finding() {
    let lab = many_pages(300);
    let mut bytes = fs::read(lab.path()).unwrap();
    let leaves = leaves(&bytes, 512);
    let leaf = leaves[leaves.len() / 2];
    bytes[leaf..leaf + 512].fill(0xff);
    fs::write(lab.path(), &bytes).unwrap();
    let store = lab.open(None).unwrap();
    let (seen, findings) = read(&*store, everything());
    assert_eq!(findings, ["damaged"]);
    assert!((290..300).contains(&seen.len()), "{} events", seen.len());
    let seen = positions(&seen);
    assert!(seen.is_sorted() && seen.contains(&1) && seen.contains(&300));
    let (mut back, findings) = read_in(&*store, everything(), Direction::Backward, 7).unwrap();
    back.reverse();
    assert_eq!((positions(&back), findings), (seen.clone(), vec!["damaged"]));
    let mut of_streams = Vec::new();
    for id in ["order-0", "order-1", "order-2"] {
        let scope = || Scope::Stream {
            id: id.into(),
            from: None,
            to: None,
        };
        let (forward, findings) = read(&*store, scope());
        assert_eq!(findings, ["damaged"], "{id}");
        let (mut back, _) = read_in(&*store, scope(), Direction::Backward, 7).unwrap();
        back.reverse();
        assert_eq!(forward, back, "{id}");
        of_streams.extend(positions(&forward));
    }
    of_streams.sort_unstable();
    assert_eq!(of_streams, seen, "no event but those of the page is missing");
    let missing: Vec<_> = (1..=300).filter(|position| !seen.contains(position)).collect();
    let around = [
        missing[0] - 1,
        missing[0],
        missing[missing.len() - 1],
        missing[missing.len() - 1] + 1,
    ];
    let wanted = around.map(refold_core::event::Position).to_vec();
    let scope = refold_core::port::store::Scope::Positions(wanted);
    let (singly, findings) = read(&*store, scope);
    assert_eq!(positions(&singly), [around[0], around[3]]);
    assert_eq!(findings, ["damaged"]);
}

#[test]
fn no_count_is_told_that_damage_hides() {
    let lab = many_pages(300);
    let whole = fs::read(lab.path()).unwrap();
    let mut unknown = 0;
    for leaf in leaves(&whole, 512) {
        let mut bytes = whole.clone();
        bytes[leaf..leaf + 512].fill(0xff);
        fs::write(lab.path(), &bytes).unwrap();
        let store = lab.open(None).unwrap();
        let (seen, _) = read(&*store, everything());
        match store.describe().event_count {
            Some(bound) => assert!(bound >= seen.len() as u64, "{bound} at {leaf}"),
            None => unknown += 1,
        }
    }
    assert!(unknown > 0, "the first and the last page hold the ends");
}

/// A plain generator (Knuth's MMIX constants): the same numbers on every run.
fn generator(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |bound| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % bound
    }
}

/// Which positions come, and what is said to be damaged.
fn told(store: &dyn EventStore, scope: Scope, direction: Direction) -> (Vec<i64>, Vec<Finding>) {
    let token = CancelToken::default();
    let (mut names, findings, mut batch) = (Names::default(), Findings::default(), EventBatch::default());
    let columns = Columns::SKELETON;
    let query = ReadQuery {
        scope,
        direction,
        columns,
    };
    let mut reader = store.read(&query).unwrap();
    let mut positions = Vec::new();
    loop {
        let work = Work::new(&token, &Silent);
        if !reader.next_batch(&work, 7, &mut batch, &mut names, &findings).unwrap() {
            break;
        }
        positions.extend(batch.positions.iter().map(|position| position.0));
    }
    let damaged = findings.summary().into_iter().filter(|(code, _, _)| *code == "damaged");
    (positions, damaged.flat_map(|(_, _, kept)| kept).collect())
}

/// The positions that a finding says are missing.
fn missing_by(finding: &Finding) -> std::ops::RangeInclusive<i64> {
    if let Some(Position(position)) = finding.position {
        return position..=position;
    }
    let number = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<i64>().unwrap_or_else(|_| panic!("{finding:?}"))
    };
    let after = |word: &str| finding.detail.split_once(word).map(|(_, rest)| number(rest));
    let first = after("from position ").unwrap_or(i64::MIN);
    let last = if finding.detail.contains("to the end") {
        i64::MAX
    } else {
        after("to position ").or_else(|| after(" to ")).unwrap()
    };
    first..=last
}

#[test]
fn a_row_whose_position_is_destroyed_hides_no_other() {
    let lab = many_pages(300);
    let whole = fs::read(lab.path()).unwrap();
    let mut leaves = leaves(&whole, 512);
    // Nothing is known of the rows before the first leaf and behind the last one.
    leaves.pop();
    leaves.remove(0);
    for leaf in leaves.into_iter().step_by(7) {
        let count = usize::from(whole[leaf + 4]);
        for at in 0..count {
            let pointer = leaf + 8 + 2 * at;
            let cell = leaf + usize::from(u16::from_be_bytes([whole[pointer], whole[pointer + 1]]));
            // The length of each row takes one byte, and the rowid one or two.
            let stored = (whole[cell + 1], whole[cell + 2]);
            let (position, destroyed): (i64, &[&[u8]]) = match stored {
                (0x80.., low) => (
                    (i64::from(stored.0 & 0x7f) << 7) + i64::from(low),
                    &[&[0x80, 0x01], &[0xff, 0x7f]],
                ),
                (position, _) => (position.into(), &[&[0x00], &[0x7f]]),
            };
            for rowid in destroyed
                .iter()
                .filter(|rowid| **rowid != &whole[cell + 1..cell + 1 + rowid.len()])
            {
                let mut bytes = whole.clone();
                bytes[cell + 1..cell + 1 + rowid.len()].copy_from_slice(rowid);
                fs::write(lab.path(), &bytes).unwrap();
                let store = lab.open(None).unwrap();
                let expected: Vec<i64> = (1..=300).filter(|it| *it != position).collect();
                let (seen, findings) = told(&*store, everything(), Direction::Forward);
                assert_eq!(seen, expected, "{position} {rowid:?}");
                let named: Vec<_> = findings.iter().map(missing_by).collect();
                assert_eq!(named, [position..=position], "{findings:?}");
                let (mut back, _) = told(&*store, everything(), Direction::Backward);
                back.reverse();
                assert_eq!(back, expected, "{position} {rowid:?} backward");
                let parts = store
                    .split(5)
                    .unwrap()
                    .into_iter()
                    .map(|(after, up_to)| Scope::All { after, up_to });
                let parts: Vec<_> = parts.map(|scope| told(&*store, scope, Direction::Forward)).collect();
                let seen: Vec<i64> = parts.iter().flat_map(|(seen, _)| seen).copied().collect();
                assert_eq!(seen, expected, "{position} {rowid:?} in parts");
                assert_eq!(parts.iter().flat_map(|(_, findings)| findings).count(), 1);
                let singly = Scope::Positions((1..=300).map(Position).collect());
                let (seen, findings) = told(&*store, singly, Direction::Forward);
                assert_eq!((seen, findings.len()), (expected, 1), "{position} {rowid:?} singly");
            }
        }
    }
}

#[test]
fn events_on_whole_pages_all_come_and_what_is_missing_is_told() {
    // Without a condition: a row that damage makes one of another kind is none of the layout's.
    let lab = Lab::with(
        "PRAGMA page_size = 512;
         CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
            PRIMARY KEY (originator_id, originator_version));
         WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 300)
         INSERT INTO stored_events SELECT 'order-' || (n % 3), n / 3, 'm:A.B', '{\"n\":' || n || '}' FROM n;
         VACUUM;", // leaves no copies of rows where these were before
    );
    let whole = fs::read(lab.path()).unwrap();
    let all_leaves = leaves(&whole, 512);
    let mut next = generator(20_261_121);
    for round in 0..60 {
        let mut bytes = whole.clone();
        let mut spoiled = std::collections::BTreeSet::new();
        for _ in 0..=next(6) {
            let leaf = all_leaves[next(all_leaves.len())];
            let at = leaf + next(512 - 40);
            bytes[at..at + 40].fill_with(|| u8::try_from(next(256)).unwrap());
            spoiled.insert(leaf);
        }
        fs::write(lab.path(), &bytes).unwrap();
        let store = lab.open(None).unwrap_or_else(|error| panic!("round {round}: {error}"));
        let (forward, findings) = told(&*store, everything(), Direction::Forward);
        assert!(forward.is_sorted_by(|a, b| a < b), "round {round}: {forward:?}");
        let told_missing: Vec<_> = findings.iter().map(missing_by).collect();
        for leaf in &all_leaves {
            let page = &whole[*leaf..*leaf + 512];
            let is_on = |position: &i64| {
                let payload = format!("{{\"n\":{position}}}");
                page.windows(payload.len()).any(|some| some == payload.as_bytes())
            };
            let on_page: Vec<i64> = (1..=300).filter(is_on).collect();
            let is_whole = on_page.iter().all(|position| forward.binary_search(position).is_ok());
            assert!(
                is_whole || spoiled.contains(leaf),
                "round {round}: {on_page:?} lie on a whole page: {findings:#?}"
            );
            let is_told = on_page
                .iter()
                .any(|position| told_missing.iter().any(|range| range.contains(position)));
            assert!(
                is_whole || is_told,
                "round {round}: some of {on_page:?} are missing, untold: {findings:#?}"
            );
        }
        let (mut back, _) = told(&*store, everything(), Direction::Backward);
        back.reverse();
        assert_eq!(back, forward, "round {round}");
        let parts = store
            .split(4)
            .unwrap()
            .into_iter()
            .map(|(after, up_to)| Scope::All { after, up_to });
        let parts: Vec<i64> = parts
            .flat_map(|scope| told(&*store, scope, Direction::Forward).0)
            .collect();
        let within = |position: &&i64| (1..=300).contains(*position);
        assert!(
            parts.iter().filter(within).eq(forward.iter().filter(within)),
            "round {round}"
        );
    }
}

#[test]
fn a_stream_is_found_although_its_index_is_damaged() {
    let lab = many_pages(300);
    let whole = fs::read(lab.path()).unwrap();
    let indexes: Vec<usize> = (512..whole.len())
        .step_by(512)
        .filter(|at| matches!(whole[*at], 0x02 | 0x0a) && whole[*at + 4] > 3)
        .collect();
    assert!(indexes.len() > 10, "{} pages of indexes", indexes.len());
    for (from, to) in [(None, None), (Some(7), None), (Some(20), Some(50))] {
        let scope = || Scope::Stream {
            id: b"order-1".to_vec(),
            from: from.map(refold_core::event::Version),
            to: to.map(refold_core::event::Version),
        };
        fs::write(lab.path(), &whole).unwrap();
        let (expected, findings) = read(&*lab.open(None).unwrap(), scope());
        assert_eq!(findings, [""; 0]);
        // One page damaged after the other, and at last all of them.
        let mut damages: Vec<Vec<usize>> = indexes.iter().map(|page| vec![*page]).collect();
        damages.push(indexes.clone());
        let mut damaged_reads = 0;
        for pages in &damages {
            let mut bytes = whole.clone();
            for page in pages {
                bytes[*page..*page + 512].fill(0xff);
            }
            fs::write(lab.path(), &bytes).unwrap();
            let store = lab.open(None).unwrap_or_else(|error| panic!("{error}"));
            for direction in [Direction::Forward, Direction::Backward] {
                let (mut seen, findings) = read_in(&*store, scope(), direction, 7).unwrap();
                if direction == Direction::Backward {
                    seen.reverse();
                }
                assert_eq!(seen, expected, "{pages:?} {direction:?}");
                damaged_reads += usize::from(findings == ["damaged"]);
            }
        }
        assert!(damaged_reads > 4, "{damaged_reads}");
    }
}

/// Breaks the chain of pages that holds the one payload that is too long for a page.
fn break_long_payload(lab: &Lab) {
    let mut bytes = fs::read(lab.path()).unwrap();
    let is_overflow = |page: &[u8]| page[4..].iter().all(|byte| *byte == b'0') && page[..4] != [0; 4];
    let overflow = (0..bytes.len())
        .step_by(512)
        .find(|at| is_overflow(&bytes[*at..*at + 512]))
        .unwrap();
    // The page says which page comes next: one that is not there.
    bytes[overflow..overflow + 4].fill(0x7f);
    fs::write(lab.path(), &bytes).unwrap();
}

#[test]
fn an_event_whose_payload_is_unreadable_is_shown_without_it() {
    let lab = Lab::with(
        "PRAGMA page_size = 512;
         CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
            PRIMARY KEY (originator_id, originator_version));
         INSERT INTO stored_events VALUES ('a', 1, 'm:A.B', '{}'), ('a', 2, 'm:A.C', '\"' || hex(zeroblob(2000)) || '\"'),
            ('a', 3, 'm:A.B', '{}');",
    );
    break_long_payload(&lab);
    let (seen, findings) = lab.read();
    assert_eq!(findings, ["damaged"]);
    let rows: Vec<_> = seen
        .iter()
        .map(|event| (event.version, event.event_type.as_str(), event.is_opaque))
        .collect();
    assert_eq!(
        rows,
        [
            (Some(1), "m:A.B", false),
            (Some(2), "m:A.C", true),
            (Some(3), "m:A.B", false)
        ]
    );
}

#[test]
fn an_event_whose_columns_lie_behind_an_unreadable_payload_is_named_and_left_out() {
    let lab = many_pages(30);
    let long = "'{\"long\":\"' || hex(zeroblob(2000)) || '\"}'";
    let update = format!("UPDATE emt_messages SET message_data = {long} WHERE global_position = 17");
    lab.connect().execute(&update, []).unwrap();
    break_long_payload(&lab);
    let store = lab.open(None).unwrap();
    for direction in [Direction::Forward, Direction::Backward] {
        let (seen, findings) = read_in(&*store, everything(), direction, 7).unwrap();
        let mut seen = positions(&seen);
        seen.sort_unstable();
        assert_eq!(findings, ["damaged"]);
        assert_eq!(seen, (1..=30).filter(|position| *position != 17).collect::<Vec<_>>());
    }
}

#[test]
fn a_tree_of_pages_that_leads_back_into_itself_ends() {
    let lab = many_pages(300);
    let mut bytes = fs::read(lab.path()).unwrap();
    // In an inner page of the table, all cells lead to the child of the first.
    let inner = (512..bytes.len())
        .step_by(512)
        .find(|at| bytes[*at] == 0x05 && bytes[*at + 4] > 4)
        .unwrap();
    let cell = |bytes: &[u8], index: usize| {
        let at = inner + 12 + 2 * index;
        inner + usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
    };
    let child: [u8; 4] = bytes[cell(&bytes, 0)..][..4].try_into().unwrap();
    for index in 1..usize::from(bytes[inner + 4]) {
        let at = cell(&bytes, index);
        bytes[at..at + 4].copy_from_slice(&child);
    }
    fs::write(lab.path(), &bytes).unwrap();
    let (count, findings) = outcome(&lab).unwrap();
    assert!(count < 300, "{count} events");
    assert_eq!(findings, ["damaged"]);
}
