//! Ids and schema version of an event, in few bytes: for each of them its length, then its bytes.
//!
//! Correlation and causation often stand in the metadata as well; then only the place there is written.

use memchr::memmem;

/// What an event says of itself beside payload and metadata; `None` where the store holds no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Envelope<'a> {
    pub(super) event_id: Option<&'a [u8]>,
    pub(super) correlation_id: Option<&'a [u8]>,
    pub(super) causation_id: Option<&'a [u8]>,
    pub(super) schema_version: Option<&'a [u8]>,
}

impl<'a> Envelope<'a> {
    /// Appends it to `out`. `metadata` is that of the same event.
    pub(super) fn write(&self, metadata: &[u8], out: &mut Vec<u8>) {
        write_value(self.event_id, &[], out);
        write_value(self.correlation_id, metadata, out);
        write_value(self.causation_id, metadata, out);
        write_value(self.schema_version, &[], out);
    }

    /// What [`Envelope::write`] wrote at the start of `bytes`; `None` for bytes that it never writes.
    pub(super) fn read(mut bytes: &'a [u8], metadata: &'a [u8]) -> Option<Envelope<'a>> {
        Some(Envelope {
            event_id: read_value(&mut bytes, metadata)?,
            correlation_id: read_value(&mut bytes, metadata)?,
            causation_id: read_value(&mut bytes, metadata)?,
            schema_version: read_value(&mut bytes, metadata)?,
        })
    }
}

/// An absent value is 0; of another the length and one is written, doubled, and one more where it stands in `metadata`.
fn write_value(value: Option<&[u8]>, metadata: &[u8], out: &mut Vec<u8>) {
    let Some(value) = value else {
        return write_number(0, out);
    };
    let code = (value.len() as u64 + 1) * 2; // values are below 4 GiB
    match memmem::find(metadata, value).filter(|_| value.len() > 2) {
        Some(place) => {
            write_number(code + 1, out);
            write_number(place as u64, out);
        }
        None => {
            write_number(code, out);
            out.extend_from_slice(value);
        }
    }
}

#[expect(
    clippy::option_option,
    reason = "damaged bytes, and a value that the store does not hold"
)]
fn read_value<'a>(bytes: &mut &'a [u8], metadata: &'a [u8]) -> Option<Option<&'a [u8]>> {
    let code = read_number(bytes)?;
    let Some(len) = (code / 2).checked_sub(1) else {
        return Some(None);
    };
    let len = usize::try_from(len).ok()?;
    if code % 2 == 1 {
        let place = usize::try_from(read_number(bytes)?).ok()?;
        return Some(Some(metadata.get(place..place.checked_add(len)?)?));
    }
    let (value, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(Some(value))
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7F) as u8 | 0x80); // seven bits
        number >>= 7;
    }
    out.push(number as u8); // seven bits
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests;
