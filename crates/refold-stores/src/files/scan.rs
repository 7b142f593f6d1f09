//! The first pass over a file: where each record lies, and what of it must be known to find it again.

use std::collections::BTreeMap;
use std::io::BufReader;

use refold_core::event::{EventBatch, Position, StreamOrdinal};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{PositionRange, StoreError};
use refold_core::work::{Phase, Work};

use super::record::{Format, Parsed, Part, Quotes};
use super::source::FileSource;
use crate::value::SampledZones;

/// A longer record is not loaded; it is a finding.
pub const LONGEST_RECORD_BYTES: usize = 64 << 20;
/// So much of a longer record is read, to say at least which event it is.
pub const HEAD_BYTES: usize = 1 << 20;
/// The stream of a record that is no event.
const NO_EVENT: StreamOrdinal = StreamOrdinal(u32::MAX);
/// A higher number is no position of its own: behind it there must be room for all records that may follow.
const HIGHEST_OWN: i64 = i64::MAX - (1 << 40);

/// The records of a file, by row. A record that is no event has a row too, so that a read can say so.
#[derive(Debug, Default)]
pub struct Records {
    places: Vec<(u64, u64)>,
    /// They never descend. Those of events ascend; a record that is none may have the same as the event behind it.
    positions: Vec<i64>,
    last_event: Option<i64>,
    streams: Vec<StreamOrdinal>,
    versions: Vec<i64>,
    names: Names,
    by_stream: RowsByStream,
    /// Whether the first event has a position, and so all that follow: what is behind an event never changes where it is.
    /// `None` before the first one.
    has_own_positions: Option<bool>,
    /// Whether every event could have its own one.
    do_own_ascend: bool,
    faulty: usize,
    /// Rows of records that are no events: the first of them, and the last one.
    faulty_rows: Vec<u32>,
    /// Rows of records that are no events and name a stream.
    lost: BTreeMap<Box<[u8]>, Vec<usize>>,
    /// Lines that stand beside records.
    asides: u64,
    /// Whether positions are the numbers that the store gave; where any does not ascend, records are counted from the first.
    is_numbered_by_id: bool,
    least_version: Option<i64>,
    time_digits: u8,
    zones: SampledZones,
}

/// Rows of one stream after another, each stream in the order of versions, then of rows.
#[derive(Debug, Default)]
struct RowsByStream {
    rows: Vec<u32>,
    /// Where each stream begins, by its ordinal, and the end.
    starts: Vec<usize>,
}

impl RowsByStream {
    /// A counting sort. A file of more than 2^32 records, which no index could number, has the first of them here.
    fn new(streams: &[StreamOrdinal], versions: &[i64], stream_count: u32) -> RowsByStream {
        let known = || {
            let rows = (0_u32..=u32::MAX).zip(streams.iter().copied());
            rows.filter(|(_, stream)| *stream != NO_EVENT)
        };
        let mut starts = vec![0_usize; stream_count as usize + 1];
        // Ordinals are dense: each is below the count of streams.
        for (_, stream) in known() {
            starts[stream.0 as usize + 1] += 1;
        }
        for stream in 1..starts.len() {
            starts[stream] += starts[stream - 1];
        }
        let mut next = starts.clone();
        let mut rows = vec![0; starts.last().copied().unwrap_or_default()];
        for (row, stream) in known() {
            let next = &mut next[stream.0 as usize];
            rows[*next] = row;
            *next += 1;
        }
        for span in starts.windows(2) {
            // Most streams are in order: then this only looks.
            rows[span[0]..span[1]].sort_by_key(|row| versions[*row as usize]);
        }
        RowsByStream { rows, starts }
    }

    fn of(&self, stream: StreamOrdinal) -> Option<&[u32]> {
        let at = stream.0 as usize;
        self.rows.get(*self.starts.get(at)?..*self.starts.get(at + 1)?)
    }
}

impl Records {
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn event_count(&self) -> u64 {
        (self.places.len() - self.faulty) as u64
    }

    /// Rows of records that are no events, as far as they are kept, and how many there are besides: of any stream some may be.
    pub fn faulty_rows(&self) -> (&[u32], u64) {
        (&self.faulty_rows, (self.faulty - self.faulty_rows.len()) as u64)
    }

    /// Where records stand that are no events and name this stream.
    pub fn lost_of(&self, stream: &[u8]) -> Vec<Position> {
        let rows = self.lost.get(stream).map(Vec::as_slice).unwrap_or_default();
        rows.iter().map(|row| self.position(*row)).collect()
    }

    /// Lines that are no records, and no fault either.
    pub fn asides(&self) -> u64 {
        self.asides
    }

    /// Whether positions are those that the records name, and not the numbers of records.
    pub fn has_own_positions(&self) -> bool {
        match self.is_numbered_by_id {
            true => self.do_own_ascend,
            false => self.has_own_positions.unwrap_or(true),
        }
    }

    /// Why the event of this row, which names `own`, has another position; `None` where it has its own, or none has.
    pub fn replaced(&self, row: usize, own: Option<i64>) -> Option<String> {
        let position = self.positions[row];
        if self.is_numbered_by_id || !self.has_own_positions() || own == Some(position) {
            return None;
        }
        let why = match own {
            None => "it names no position that can be read".to_owned(),
            Some(own) if own > HIGHEST_OWN => format!("its own position {own} leaves no room for those that follow"),
            Some(own) => format!("its own position {own} is not above that of the event before it"),
        };
        Some(format!("record number {}: {why}; it has position {position}", row + 1))
    }

    pub fn position(&self, row: usize) -> Position {
        Position(self.positions[row])
    }

    /// Offset and length.
    pub fn place(&self, row: usize) -> (u64, usize) {
        let (offset, length) = self.places[row];
        (offset, usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// The row at exactly this position: that of the event, where there is one.
    pub fn find(&self, position: Position) -> Option<usize> {
        let end = self.positions.partition_point(|at| *at <= position.0);
        let last = end.checked_sub(1).filter(|row| self.positions[*row] == position.0)?;
        let mut rows = (0..end).rev().take_while(|row| self.positions[*row] == position.0);
        Some(rows.find(|row| self.is_event(*row)).unwrap_or(last))
    }

    /// `None` of a record that is no event and has the position of the one behind it.
    pub fn own_position(&self, row: usize) -> Option<Position> {
        let position = self.position(row);
        (self.is_event(row) || self.find(position) == Some(row)).then_some(position)
    }

    pub fn is_event(&self, row: usize) -> bool {
        self.streams[row] != NO_EVENT
    }

    /// The rows behind `after` and up to `up_to`.
    pub fn range(&self, after: Option<Position>, up_to: Option<Position>) -> std::ops::Range<usize> {
        let start = after.map_or(0, |after| {
            self.positions.partition_point(|position| *position <= after.0)
        });
        let end = up_to.map_or(self.len(), |up_to| {
            self.positions.partition_point(|position| *position <= up_to.0)
        });
        start..end.max(start)
    }

    /// The rows of one stream with `from <= version <= to`, in the order of versions, then of positions.
    pub fn of_stream(&self, id: &[u8], from: Option<i64>, to: Option<i64>) -> &[u32] {
        let Some(rows) = self.names.find_stream(id).and_then(|stream| self.by_stream.of(stream)) else {
            return &[];
        };
        // What has no version lies within no bound; it sorts before all that have one.
        let missing = EventBatch::NO_VERSION.0;
        let least = from.or(to.map(|_| missing + 1)).unwrap_or(missing);
        let most = to.unwrap_or(i64::MAX);
        let start = rows.partition_point(|row| self.version(*row) < least);
        let end = rows.partition_point(|row| self.version(*row) <= most);
        rows.get(start..end).unwrap_or_default()
    }

    /// The positions of the first and the last event. Who waits for new ones begins there: a record that was cut off behind
    /// it may become one.
    pub fn span(&self) -> Option<(Position, Position)> {
        let mut events = (0..self.len()).filter(|row| self.is_event(*row));
        let first = events.next()?;
        let last = events.next_back().unwrap_or(first);
        Some((self.position(first), self.position(last)))
    }

    /// The position of the last record, be it an event or not.
    pub fn last_position(&self) -> Option<Position> {
        self.positions.last().copied().map(Position)
    }

    pub fn version_base(&self) -> Option<i64> {
        self.least_version.filter(|version| matches!(version, 0 | 1))
    }

    pub fn time_digits(&self) -> u8 {
        self.time_digits
    }

    pub fn zones(&self) -> SampledZones {
        self.zones
    }

    pub fn split(&self, parts: usize) -> Vec<PositionRange> {
        let parts = parts.clamp(1, self.len().max(1));
        let cut = |part: usize| {
            (1..parts)
                .contains(&part)
                .then(|| Position(self.positions[self.len() * part / parts - 1]))
        };
        (0..parts).map(|part| (cut(part), cut(part + 1))).collect()
    }

    fn version(&self, row: u32) -> i64 {
        self.versions[row as usize]
    }

    /// The last record is no event, and names this stream.
    fn lose(&mut self, stream: &[u8]) {
        if let Some(row) = self.len().checked_sub(1) {
            self.lost.entry(stream.into()).or_default().push(row);
        }
    }

    fn push(&mut self, offset: u64, length: u64, parsed: Option<Parsed<'_>>) {
        let number = match self.positions.last() {
            // What cannot be read had the next number, as far as anybody can tell.
            Some(last) => last.saturating_add(1),
            None => i64::from(!self.is_numbered_by_id),
        };
        self.places.push((offset, length));
        let Some(parsed) = parsed else {
            self.faulty += 1;
            if let Ok(row) = u32::try_from(self.streams.len()) {
                self.faulty_rows.truncate(Findings::KEPT_PER_CODE);
                self.faulty_rows.push(row);
            }
            self.streams.push(NO_EVENT);
            self.versions.push(EventBatch::NO_VERSION.0);
            self.positions.push(number);
            return;
        };
        let id = parsed.stream.as_deref().unwrap_or(crate::NO_STREAM);
        self.streams.push(self.names.intern_stream(id, || b""));
        let version = if let Part::Known(version) = parsed.version {
            version
        } else {
            EventBatch::NO_VERSION.0
        };
        self.versions.push(version);
        if version != EventBatch::NO_VERSION.0 {
            self.least_version = Some(self.least_version.map_or(version, |least| least.min(version)));
        }
        if let Part::Known(reading) = parsed.recorded_at {
            self.zones.times += 1;
            self.zones.zoneless_times += u64::from(reading.is_zoneless);
            self.time_digits = self.time_digits.max(reading.at.fraction_digits());
        }
        let own = parsed.position.filter(|at| *at <= HIGHEST_OWN);
        let is_own = *self.has_own_positions.get_or_insert(own.is_some()) || self.is_numbered_by_id;
        let own = own.filter(|at| is_own && self.last_event.is_none_or(|last| *at > last));
        self.do_own_ascend &= own.is_some();
        let position = own.unwrap_or(number);
        // What cannot be read stands before this one, and not behind it.
        let before = self.positions.iter_mut().rev();
        before
            .take_while(|before| **before > position)
            .for_each(|before| *before = position);
        self.last_event = Some(position);
        self.positions.push(position);
    }
}

/// Goes through all records once.
pub fn scan(work: &Work<'_>, source: &FileSource, format: &mut Format) -> Result<Records, StoreError> {
    let mut records = Records {
        do_own_ascend: true,
        is_numbered_by_id: format.is_numbered_by_id(),
        ..Records::default()
    };
    let range = source.records();
    let (mut offset, total) = (range.start, range.end);
    let mut reader = BufReader::with_capacity(1 << 20, source.content(range)?);
    let failed = |error: std::io::Error| crate::file::file_error(source.path(), &error);
    let mut record = Vec::new();
    let mut is_first = true;
    loop {
        if records.len().is_multiple_of(4096) {
            work.tick(Phase::ReadingTheFile, offset, Some(total))?;
        }
        record.clear();
        let mut length = 0_u64;
        // A quoted field of a CSV record may go over several lines.
        let mut quotes = Quotes::default();
        loop {
            let before = record.len();
            let line = read_line(&mut reader, &mut record).map_err(failed)?;
            length += line;
            let new = &record[before..];
            let is_open = matches!(format, Format::Csv(_)) && {
                quotes.go_on(new.strip_prefix(b"\xef\xbb\xbf").filter(|_| is_first).unwrap_or(new));
                quotes.is_open && record.len() < LONGEST_RECORD_BYTES
            };
            if line == 0 || !is_open {
                break;
            }
        }
        if length == 0 {
            break;
        }
        let start = offset;
        offset += length;
        let mut place = (start, length);
        if is_first && record.starts_with(b"\xef\xbb\xbf") {
            record.drain(..3);
            place = (start + 3, length - 3);
        }
        if record.trim_ascii().is_empty() && record.len() as u64 == place.1 {
            continue;
        }
        if let (true, Format::Csv(csv)) = (is_first, &mut *format) {
            csv.take_header(&record).map_err(|detail| StoreError::NoLayout {
                location: source.path().display().to_string(),
                detail: format!("the layout does not fit: {detail}"),
            })?;
            is_first = false;
            continue;
        }
        is_first = false;
        let is_whole = record.len() as u64 == place.1;
        if is_whole && format.is_aside(&record) {
            records.asides += 1;
            continue;
        }
        let loaded = if is_whole { &record[..] } else { &record[..HEAD_BYTES] };
        let parsed = if is_whole {
            format.parse(loaded).ok()
        } else {
            format.parse_head(loaded).ok()
        };
        let is_event = parsed.is_some();
        records.push(place.0, place.1, parsed);
        if !is_event && let Some(stream) = format.stream_of_broken(loaded) {
            records.lose(&stream);
        }
    }
    if records.is_numbered_by_id && !records.do_own_ascend {
        // An export is written at once: the events of a chain stay where an anchor knows them, whatever was moved.
        let first = records.positions.first().copied().unwrap_or_default();
        records.positions = (first..).take(records.len()).collect();
    }
    records.by_stream = RowsByStream::new(&records.streams, &records.versions, records.names.stream_count());
    Ok(records)
}

/// Appends a line with its end to `record`, of which no more than the longest record is kept. Returns its true length.
pub fn read_line(reader: &mut impl std::io::BufRead, record: &mut Vec<u8>) -> std::io::Result<u64> {
    let mut length = 0;
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = available.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let count = end.unwrap_or(available.len());
        let room = LONGEST_RECORD_BYTES.saturating_sub(record.len());
        record.extend_from_slice(&available[..count.min(room)]);
        length += count as u64;
        reader.consume(count);
        if end.is_some() || count == 0 {
            return Ok(length);
        }
    }
}
