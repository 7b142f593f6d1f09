//! Sees what leaves no trace in a folder: a file made and removed again, a file opened for writing and not written to.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify;

/// A watch on one folder and the files in it, from its making on.
pub struct Watch(OwnedFd);

impl Watch {
    pub fn on(folder: &Path) -> Watch {
        use inotify::WatchFlags as On;
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK).expect("the system can watch folders");
        let writes = On::CREATE
            | On::DELETE
            | On::MODIFY
            | On::ATTRIB
            | On::MOVE
            | On::CLOSE_WRITE
            | On::DELETE_SELF
            | On::MOVE_SELF;
        inotify::add_watch(&watch, folder, writes).expect("the folder can be watched");
        Watch(watch)
    }

    /// What happened since the last call, a line each; empty when nothing did.
    pub fn seen(&self) -> Vec<String> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&self.0, &mut buffer);
        let mut lines = Vec::new();
        while let Ok(event) = events.next() {
            lines.push(format!("{:?} {:?}", event.events(), event.file_name()));
        }
        lines
    }
}
