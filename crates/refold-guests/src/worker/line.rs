//! Frames as they come in, at either end.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use std::io;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use super::frame::KEPT_BYTES;
use super::frame::{LENGTH_BYTES, emptied};

/// Room that is there from the beginning: most frames fit.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ROOM_BYTES: usize = 64 << 10;

/// The last frame that came, and room for the next.
#[derive(Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    filled: usize,
}

/// Why there is no frame.
#[derive(Debug)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub enum Broken {
    /// The other end is closed.
    Ended,
    /// It says that it is longer than it may be.
    TooLong,
    /// More came than one frame.
    Surplus,
    /// Whoever read gave up.
    Failed(io::Error),
}

impl Inbox {
    /// What the frame says, without its length.
    pub fn frame(&self) -> &[u8] {
        self.bytes.get(LENGTH_BYTES..self.filled).unwrap_or_default()
    }

    /// Lets `write` write what a frame says in place of the last.
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    pub fn put<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        emptied(&mut self.bytes).extend_from_slice(&[0; LENGTH_BYTES]);
        let written = write(&mut self.bytes);
        self.filled = self.bytes.len();
        written
    }

    /// Reads one frame in place of the last. Its room grows with what comes, and not with what is said to come.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    pub fn receive(&mut self, most: usize, read: &mut dyn FnMut(&mut [u8]) -> io::Result<usize>) -> Result<(), Broken> {
        self.filled = 0;
        if self.bytes.len() > KEPT_BYTES {
            self.bytes = Vec::new();
        }
        // One byte more shows that there is more.
        let most_room = most.saturating_add(LENGTH_BYTES + 1).max(ROOM_BYTES);
        loop {
            if self.filled == self.bytes.len() {
                let room = self.bytes.len().saturating_mul(2).clamp(ROOM_BYTES, most_room);
                self.bytes.resize(room, 0);
            }
            let room = self.bytes.get_mut(self.filled..).unwrap_or_default();
            match read(room).map_err(Broken::Failed)? {
                0 => return Err(Broken::Ended),
                count => self.filled += count,
            }
            let Some(length) = self.bytes.first_chunk().filter(|_| self.filled >= LENGTH_BYTES) else {
                continue;
            };
            let length = u32::from_le_bytes(*length) as usize;
            if length > most {
                return Err(Broken::TooLong);
            }
            match (self.filled - LENGTH_BYTES).cmp(&length) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Ok(()),
                std::cmp::Ordering::Greater => return Err(Broken::Surplus),
            }
        }
    }
}

/// Lets `write` write a frame in place of what `out` holds.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn put_frame<T>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    emptied(out).extend_from_slice(&[0; LENGTH_BYTES]);
    let written = write(out);
    super::frame::set_length(out, 0);
    written
}
