//! Everything that is made from finished segments, with a bounded part of it in memory at a time: the events of each
//! stream and what its row in a list says, the orders of the stream list, and what the density needs.

mod orders;
mod streams;
pub(super) mod times;

use refold_core::work::{Phase, Work};

use super::checked::{CheckedWriter, FileStamp};
use super::chunk::all_places;
use super::density::{CountTableWriter, SlotMap};
use super::error::IndexError;
use super::folder::Folder;
use super::manifest::{DerivedEntry, Manifest, StoredFinding};
use super::options::BuildOptions;
use super::segment::{Column, Segments};
use super::table::NameTable;

/// Sections of the density file.
pub(super) mod density_file {
    pub(in super::super) const POSITION_SLOTS: u32 = 1;
    pub(in super::super) const POSITION_COUNTS: u32 = 2;
    pub(in super::super) const TIME_SLOTS: u32 = 3;
    pub(in super::super) const TIME_COUNTS: u32 = 4;
    /// These two are in a file of their own: it is written at the same time.
    pub(in super::super) const TIME_CODES: u32 = 1;
    pub(in super::super) const TIME_HEADS: u32 = 2;
}

pub(super) use orders::Orders;
pub use orders::StreamOrder;
pub(super) use streams::StreamRecords;

const COUNTING: Phase = Phase::CountingEvents;
const SORTING: Phase = Phase::SortingEvents;

/// Writes all derived files of a generation.
pub(super) fn write(
    work: &Work<'_>,
    folder: &Folder,
    manifest: &Manifest,
    segments: &Segments,
    table: NameTable,
    options: &BuildOptions,
) -> Result<DerivedEntry, IndexError> {
    let slots = table.into_slots();
    let counts = EventCounts::of(work, segments)?;
    let generation = manifest.generation;
    let findings = all_places();
    let lists = || {
        let name = |part: &str| format!("{part}-{generation}");
        let (streams, events_by_stream) = streams::write(
            work,
            folder,
            [&name("streams"), &name("events-by-stream")],
            segments,
            &counts.of_streams,
            slots,
            options,
            &findings,
        )?;
        let records = StreamRecords::open(folder, &streams, &events_by_stream)?;
        let orders = orders::write(work, folder, &name("orders"), segments, &records)?;
        Ok::<_, IndexError>((streams, events_by_stream, orders))
    };
    let density = || write_density(work, folder, generation, segments, &counts.of_types);
    let (lists, density) = if options.threads > 1 {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("refold-index-density".to_owned());
            match thread.spawn_scoped(scope, density) {
                Ok(running) => {
                    let lists = lists();
                    (
                        lists,
                        running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                    )
                }
                Err(_) => (lists(), density()),
            }
        })
    } else {
        (lists(), density())
    };
    let (streams, events_by_stream, orders) = lists?;
    let (density, times) = density?;
    times::check(work, segments, options.now, &findings)?;
    let mut all_findings = StoredFinding::all_of(&findings);
    for segment in segments.list() {
        StoredFinding::merge(&mut all_findings, segment.findings.clone());
    }
    Ok(DerivedEntry {
        streams,
        orders,
        events_by_stream,
        density,
        times,
        type_events: counts.of_types,
        findings: all_findings,
    })
}

/// How many events each stream and each type has.
struct EventCounts {
    of_streams: Vec<u32>,
    of_types: Vec<u32>,
}

impl EventCounts {
    fn of(work: &Work<'_>, segments: &Segments) -> Result<EventCounts, IndexError> {
        let type_count = segments.list().iter().map(|segment| segment.types.len()).sum();
        let mut counts = EventCounts {
            of_streams: vec![0; segments.stream_count() as usize],
            of_types: vec![0; type_count],
        };
        let mut values = Vec::new();
        for segment in segments.list() {
            work.tick(
                COUNTING,
                u64::from(segment.first_event),
                Some(u64::from(segments.event_count())),
            )?;
            for block in 0..segment.block_count() {
                for (column, counts) in [
                    (Column::Stream, &mut counts.of_streams),
                    (Column::Type, &mut counts.of_types),
                ] {
                    segment.read_block(column, block, &mut values)?;
                    for value in &values {
                        // The builder wrote only ordinals that the segments name; the checksums say that it did.
                        counts[*value as usize] += 1;
                    }
                }
            }
        }
        Ok(counts)
    }
}

fn write_density(
    work: &Work<'_>,
    folder: &Folder,
    generation: u64,
    segments: &Segments,
    type_events: &[u32],
) -> Result<(FileStamp, Option<FileStamp>), IndexError> {
    let slot_map = SlotMap::of(type_events);
    let mut writer = CheckedWriter::create(folder, &format!("density-{generation}"))?;
    writer.begin(density_file::POSITION_SLOTS)?;
    let mut table = CountTableWriter::new(segments.event_count() as usize, slot_map.slots());
    let (mut types, mut slots) = (Vec::new(), Vec::new());
    for segment in segments.list() {
        work.check()?;
        for block in 0..segment.block_count() {
            segment.read_block(Column::Type, block, &mut types)?;
            slots.clear();
            slots.extend(types.iter().map(|event_type| slot_map.slot(*event_type)));
            table.push(&mut writer, &slots)?;
        }
    }
    table.finish(&mut writer, density_file::POSITION_COUNTS)?;
    let times = if times::ascend(work, segments)? {
        None
    } else {
        let times = CheckedWriter::create(folder, &format!("times-{generation}"))?;
        Some(times::write(work, &mut writer, times, segments, &slot_map)?)
    };
    Ok((writer.finish()?, times))
}
