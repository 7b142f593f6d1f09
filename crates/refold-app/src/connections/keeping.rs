//! What is kept of the events of a store: nothing, in memory as long as it is open, or on disk; and how much.

use crate::wire::Connection;

/// The line `cache` of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    pub place: KeptIn,
    /// So many bytes the copy of payloads may take; `None`: as the settings say.
    pub most_bytes: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptIn {
    /// The index that lists need is in memory while the store is open; payloads are never copied.
    Nothing,
    /// Index and copies go with the session.
    Memory,
    /// They stay; of a server they are sealed.
    Disk,
}

impl Keeping {
    /// As it stands in the file of connections. The error says what it may be.
    pub fn parse(text: &str) -> Result<Keeping, String> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let place = match (word, rest) {
            ("off", "") => Some(KeptIn::Nothing),
            ("memory", _) => Some(KeptIn::Memory),
            ("disk", _) => Some(KeptIn::Disk),
            _ => None,
        };
        let megabytes = match rest.trim() {
            "" => Some(None),
            number => number.parse::<u64>().ok().map(Some),
        };
        match (place, megabytes) {
            (Some(place), Some(megabytes)) => Ok(Keeping {
                place,
                most_bytes: megabytes.map(|megabytes| megabytes.saturating_mul(1_000_000)),
            }),
            _ => Err("off, memory or disk, the last two with the megabytes that payloads may take".to_owned()),
        }
    }

    /// Of a connection, which was looked at before; `None`: a file that was opened by its path.
    pub fn of(connection: Option<&Connection>) -> Keeping {
        let line = connection.and_then(|connection| connection.cache.as_deref());
        let parsed = line.and_then(|line| Keeping::parse(line).ok());
        parsed.unwrap_or(Keeping {
            place: KeptIn::Disk,
            most_bytes: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_where_and_how_much() {
        let of = |text| Keeping::parse(text).map(|of| (of.place, of.most_bytes));
        assert_eq!(of("off"), Ok((KeptIn::Nothing, None)));
        assert_eq!(of("memory"), Ok((KeptIn::Memory, None)));
        assert_eq!(of("disk"), Ok((KeptIn::Disk, None)));
        assert_eq!(of("disk 500"), Ok((KeptIn::Disk, Some(500_000_000))));
        assert_eq!(of("memory 0"), Ok((KeptIn::Memory, Some(0))));
        for wrong in ["", "on", "off 5", "disk x", "disk -1", "disk 1 2", "Disk"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
