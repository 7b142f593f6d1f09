//! When windows are shown, as the X server says it: the few words of its protocol that this takes.

use std::io::{Read, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

use crate::processes::now_millis;

const CHANGE_WINDOW_ATTRIBUTES: u8 = 2;
const EVENT_MASK: u32 = 1 << 11;
const SUBSTRUCTURE_NOTIFY: u32 = 1 << 19;
const MAP_NOTIFY: u8 = 19;
/// Bytes of an event, and of the fixed part of what the server says of itself.
const EVENT: usize = 32;

/// Listens to the screen that `DISPLAY` names, from when it was made.
pub struct Screen {
    shown: Arc<Mutex<Vec<f64>>>,
}

impl Screen {
    pub fn listen() -> Screen {
        let mut server = connect();
        let root = introduce(&mut server);
        let mut request = vec![CHANGE_WINDOW_ATTRIBUTES, 0, 4, 0];
        for word in [root, EVENT_MASK, SUBSTRUCTURE_NOTIFY] {
            request.extend(word.to_le_bytes());
        }
        server.write_all(&request).expect("the screen takes a request");
        let shown = Arc::<Mutex<Vec<f64>>>::default();
        let heard = Arc::clone(&shown);
        // It ends with the screen, or with the tests.
        std::thread::spawn(move || {
            let mut event = [0; EVENT];
            while server.read_exact(&mut event).is_ok() {
                if event[0] & 0x7F == MAP_NOTIFY {
                    heard.lock().unwrap_or_else(PoisonError::into_inner).push(now_millis());
                }
            }
        });
        Screen { shown }
    }

    /// When the first window was shown, in milliseconds since 1970.
    pub fn first_shown_at_millis(&self) -> Option<f64> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.first().copied()
    }
}

fn connect() -> UnixStream {
    let display = std::env::var("DISPLAY").expect("DISPLAY names a screen");
    let number = display.trim_start_matches(':').split('.').next().unwrap_or_default();
    UnixStream::connect(format!("/tmp/.X11-unix/X{number}")).expect("the screen is of this machine")
}

/// Says that we speak the protocol, and gives the root window back.
fn introduce(server: &mut UnixStream) -> u32 {
    server
        .write_all(&[b'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .expect("the screen takes a word");
    let mut head = [0; 8];
    server.read_exact(&mut head).expect("the screen answers");
    assert_eq!(head[0], 1, "the screen lets us look at it");
    let mut rest = vec![0; usize::from(u16::from_le_bytes([head[6], head[7]])) * 4];
    server.read_exact(&mut rest).expect("the screen says what it is");
    let vendor = usize::from(u16::from_le_bytes([rest[16], rest[17]]));
    let formats = usize::from(rest[21]);
    let at = EVENT + vendor.next_multiple_of(4) + formats * 8;
    u32::from_le_bytes(rest[at..at + 4].try_into().expect("four bytes"))
}
