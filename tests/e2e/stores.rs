//! The stores that the window is opened on, made by the generator before the stories start.

use std::path::{Path, PathBuf};

/// A store in a folder of its own.
pub struct Store {
    folder: PathBuf,
    path: String,
}

impl Store {
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn path(&self) -> &str {
        &self.path
    }
}

/// The sample store of the tour.
pub fn sample() -> Store {
    named("sample")
}

/// The store with a stream of 200,000 events.
pub fn giant() -> Store {
    named("giant")
}

/// The store with a stream of 1,000,000 events, whose id is [`GIANT_STREAM`] too.
pub fn million() -> Store {
    named("million")
}

/// The largest that is there: the one that `REFOLD_LARGE_STORE` names, else [`million`].
pub fn large() -> Store {
    let Some(file) = std::env::var_os("REFOLD_LARGE_STORE").map(PathBuf::from) else {
        return million();
    };
    Store {
        folder: file.parent().unwrap_or(&file).to_owned(),
        path: file.to_string_lossy().into_owned(),
    }
}

/// The stream of 200,000 events in it.
pub const GIANT_STREAM: &str = "order-4712";

/// The stream of the sample whose fourth event is not well-formed.
pub const DAMAGED_STREAM: &str = "order-4713";

fn named(name: &str) -> Store {
    let all = std::env::var_os("REFOLD_STORES").expect("REFOLD_STORES names the folder with the sample stores");
    let folder = PathBuf::from(all).join(name);
    let file = folder.join("orders.db");
    assert!(file.exists(), "the store is missing: {}", file.display());
    Store {
        path: file.to_string_lossy().into_owned(),
        folder,
    }
}
