//! The orders of the stream list: every order that a page can be asked in, ready to be cut.

use std::ops::Range;

use refold_core::work::Work;

use super::streams::StreamRecords;
use crate::index::checked::{CheckedFile, CheckedWriter, FileStamp, u32_at};
use crate::index::error::IndexError;
use crate::index::folder::Folder;
use crate::index::segment::Segments;

/// By what streams are ordered; equal ones by id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum StreamOrder {
    #[default]
    Id,
    Events,
    /// Recorded time of the last event.
    Last,
    /// Recorded time of the first event.
    First,
    /// Name of the category.
    Category,
}

impl StreamOrder {
    const ALL: [StreamOrder; 5] = [
        StreamOrder::Id,
        StreamOrder::Events,
        StreamOrder::Last,
        StreamOrder::First,
        StreamOrder::Category,
    ];

    fn tag(self) -> u32 {
        1 + self as u32
    }

    fn tag_in_categories(self) -> u32 {
        11 + self as u32
    }
}

const CATEGORY_STARTS: u32 = 20;

/// The orders file, opened. In each order all streams stand once; then all again, category by category.
#[derive(Debug)]
pub(in crate::index) struct Orders {
    file: CheckedFile,
    category_count: u32,
}

impl Orders {
    pub(in crate::index) fn open(
        folder: &Folder,
        stamp: &FileStamp,
        stream_count: u32,
        category_count: u32,
    ) -> Result<Orders, IndexError> {
        let file = CheckedFile::open(folder, stamp)?;
        let bytes = stream_count as usize * 4;
        for order in StreamOrder::ALL {
            let is_whole = file.section(order.tag())?.len() == bytes;
            let is_whole = is_whole && file.section(order.tag_in_categories())?.len() == bytes;
            if !is_whole {
                return Err(file.damaged("an order does not fit the streams"));
            }
        }
        if file.section(CATEGORY_STARTS)?.len() != (category_count as usize + 1) * 4 {
            return Err(file.damaged("an order does not fit the categories"));
        }
        Ok(Orders { file, category_count })
    }

    /// How many streams a category has.
    pub(in crate::index) fn category_streams(&self, category: u32) -> Result<u32, IndexError> {
        Ok(self.category_range(category)?.len() as u32) // ordinals are 32 bits
    }

    /// All streams, or those of a category, in an order.
    pub(in crate::index) fn streams(
        &self,
        order: StreamOrder,
        category: Option<u32>,
    ) -> Result<OrderedStreams<'_>, IndexError> {
        let range = match category {
            None => self.file.section(order.tag())?,
            Some(category) => {
                let within = self.category_range(category)?;
                let start = self.file.section(order.tag_in_categories())?.start;
                start + within.start * 4..start + within.end * 4
            }
        };
        Ok(OrderedStreams {
            file: &self.file,
            range,
        })
    }

    fn category_range(&self, category: u32) -> Result<Range<usize>, IndexError> {
        if category >= self.category_count {
            return Ok(0..0);
        }
        let at = self.file.section(CATEGORY_STARTS)?.start + category as usize * 4;
        let bytes = self.file.bytes(at..at + 8)?;
        let (start, end) = (u32_at(bytes, 0).unwrap_or(0), u32_at(bytes, 4).unwrap_or(0)); // always eight bytes
        Ok(start as usize..end as usize)
    }
}

/// Streams in an order.
#[derive(Debug, Clone)]
pub(in crate::index) struct OrderedStreams<'a> {
    file: &'a CheckedFile,
    range: Range<usize>,
}

impl<'a> OrderedStreams<'a> {
    pub(in crate::index) fn len(&self) -> usize {
        self.range.len() / 4
    }

    /// Those with the given ranks, in order.
    pub(in crate::index) fn part(
        &self,
        ranks: Range<usize>,
    ) -> Result<impl DoubleEndedIterator<Item = u32> + ExactSizeIterator + use<'a>, IndexError> {
        let (start, end) = (ranks.start.min(self.len()), ranks.end.min(self.len()));
        let bytes = self
            .file
            .bytes(self.range.start + start * 4..self.range.start + end * 4)?;
        Ok(bytes.chunks_exact(4).map(|stream| u32_at(stream, 0).unwrap_or(0))) // always four bytes
    }
}

/// Writes the orders file for the streams that `streams` and `segments` hold.
pub(super) fn write(
    work: &Work<'_>,
    folder: &Folder,
    name: &str,
    segments: &Segments,
    records: &StreamRecords,
) -> Result<FileStamp, IndexError> {
    let by_id = by_id(segments)?;
    work.check()?;
    let mut categories = Vec::with_capacity(by_id.len());
    for stream in 0..records.stream_count() {
        categories.push(records.record(stream)?.category);
    }
    let category_count = segments.list().iter().map(|segment| segment.categories.len()).sum();
    let starts = starts_of(&categories, category_count);
    let category_ranks = ranks_of_names(segments);
    let mut writer = CheckedWriter::create(folder, name)?;
    for order in StreamOrder::ALL {
        work.check()?;
        let streams = match order {
            StreamOrder::Id => by_id.clone(),
            StreamOrder::Events => by_key(&by_id, |stream| Ok(i64::from(records.record(stream)?.events)))?,
            StreamOrder::Last => by_key(&by_id, |stream| Ok(records.record(stream)?.last_recorded_at))?,
            StreamOrder::First => by_key(&by_id, |stream| Ok(records.record(stream)?.first_recorded_at))?,
            StreamOrder::Category => by_key(
                &by_id,
                |stream| Ok(category_ranks[categories[stream as usize] as usize]),
            )?,
        };
        writer.begin(order.tag())?;
        write_all(&mut writer, &streams)?;
        writer.begin(order.tag_in_categories())?;
        write_all(&mut writer, &by_category(&streams, &categories, &starts))?;
    }
    writer.begin(CATEGORY_STARTS)?;
    write_all(&mut writer, &starts)?;
    writer.finish()
}

/// The place of each category when all are sorted by name.
fn ranks_of_names(segments: &Segments) -> Vec<i64> {
    let names: Vec<&Vec<u8>> = segments.list().iter().flat_map(|segment| &segment.categories).collect();
    let mut sorted: Vec<usize> = (0..names.len()).collect();
    sorted.sort_by_key(|category| names[*category]);
    let mut ranks = vec![0; names.len()];
    sorted
        .iter()
        .zip(0..)
        .for_each(|(category, rank)| ranks[*category] = rank);
    ranks
}

/// Streams by the bytes of their ids.
fn by_id(segments: &Segments) -> Result<Vec<u32>, IndexError> {
    let mut streams: Vec<u32> = (0..segments.stream_count()).collect();
    // Groups of streams whose ids are equal up to a byte. A list and no recursion: ids may be long and hostile.
    let mut groups = vec![(0..streams.len(), 0)];
    let mut keyed = Vec::new();
    while let Some((range, equal_bytes)) = groups.pop() {
        let group = &mut streams[range.clone()];
        let equal_bytes = shared_prefix(segments, group, equal_bytes)?;
        keyed.clear();
        for stream in group.iter() {
            keyed.push(IdKey::of(&segments.stream(*stream)?.0[equal_bytes..], *stream));
        }
        keyed.sort_unstable();
        for (slot, key) in group.iter_mut().zip(&keyed) {
            *slot = key.stream;
        }
        let mut start = range.start;
        for tied in keyed.chunk_by(|a, b| a.is_tied_with(b)) {
            if tied.len() > 1 {
                groups.push((start..start + tied.len(), equal_bytes + KEY_BYTES));
            }
            start += tied.len();
        }
    }
    Ok(streams)
}

const KEY_BYTES: usize = 8;

/// Eight bytes of an id, beside the stream while sorting, so that most comparisons need not look for the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct IdKey {
    /// Filled up with zeros.
    bytes: [u8; KEY_BYTES],
    /// How many of the bytes are of the id, and one more if it goes on: tells the zeros of an id from those behind it.
    len: u8,
    stream: u32,
}

impl IdKey {
    fn of(rest: &[u8], stream: u32) -> IdKey {
        let mut bytes = [0; KEY_BYTES];
        let len = rest.len().min(KEY_BYTES);
        bytes[..len].copy_from_slice(&rest[..len]);
        IdKey {
            bytes,
            len: rest.len().min(KEY_BYTES + 1) as u8,
            stream,
        } // at most nine
    }

    /// Ids differ, so only those that go on can be tied.
    fn is_tied_with(&self, other: &IdKey) -> bool {
        (self.bytes, self.len) == (other.bytes, other.len)
    }
}

/// How many bytes the ids of a group start with together, of which `known` are known to be equal.
fn shared_prefix(segments: &Segments, group: &[u32], known: usize) -> Result<usize, IndexError> {
    let Some(first) = group.first() else { return Ok(known) };
    let first = segments.stream(*first)?.0;
    let mut shared = first.len();
    for stream in group {
        let id = segments.stream(*stream)?.0;
        let rest = first[known..shared].iter().zip(&id[known.min(id.len())..]);
        shared = known + rest.take_while(|(a, b)| a == b).count();
        if shared == known {
            break;
        }
    }
    Ok(shared)
}

fn by_key(by_id: &[u32], key: impl Fn(u32) -> Result<i64, IndexError>) -> Result<Vec<u32>, IndexError> {
    let keyed = by_id
        .iter()
        .zip(0_u32..)
        .map(|(stream, rank)| Ok((key(*stream)?, rank)));
    let mut keyed = keyed.collect::<Result<Vec<_>, IndexError>>()?;
    keyed.sort_unstable();
    Ok(keyed.into_iter().map(|(_, rank)| by_id[rank as usize]).collect())
}

/// Where each category starts, and where the last one ends.
fn starts_of(categories: &[u32], category_count: usize) -> Vec<u32> {
    let mut starts = vec![0; category_count + 1];
    for category in categories {
        starts[*category as usize + 1] += 1;
    }
    for category in 0..category_count {
        starts[category + 1] += starts[category];
    }
    starts
}

/// The same order category by category.
fn by_category(streams: &[u32], categories: &[u32], starts: &[u32]) -> Vec<u32> {
    let mut next = starts.to_vec();
    let mut sorted = vec![0; streams.len()];
    for stream in streams {
        let slot = &mut next[categories[*stream as usize] as usize];
        sorted[*slot as usize] = *stream;
        *slot += 1;
    }
    sorted
}

fn write_all(writer: &mut CheckedWriter, numbers: &[u32]) -> Result<(), IndexError> {
    for number in numbers {
        writer.write(&number.to_le_bytes())?;
    }
    Ok(())
}
