//! Where a file dialog begins: in the folder that was chosen last. What is saved begins never beside an open store, where it
//! would be refused.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{load, save};
use crate::error::AppError;
use crate::places::Places;
use crate::wire::Picking;
use crate::written_file::{is_of_store, is_with_store};

/// So long a dialog waits for a drive that may be away. A disk answers at once.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Folders {
    opening: Option<PathBuf>,
    saving: Option<PathBuf>,
}

/// Keeps the folder of what a person chose in a dialog: that of a file, or the folder itself.
pub fn keep_chosen(places: &Places, picking: Picking, chosen: &Path) -> Result<(), AppError> {
    let folder = if chosen.is_dir() { Some(chosen) } else { chosen.parent() };
    let folder = folder.map(Path::to_owned);
    let kept = load::<Folders>(&file(places)).unwrap_or_default();
    let kept = match picking {
        Picking::Opening => Folders {
            opening: folder,
            ..kept
        },
        Picking::Saving => Folders { saving: folder, ..kept },
    };
    save(&file(places), &kept)
}

/// The folder in which a dialog begins. `stores`: the files of the open stores, the one that was opened last at the end.
/// `None`: where the system would begin by itself.
pub fn first_folder(places: &Places, picking: Picking, stores: Vec<PathBuf>) -> Option<PathBuf> {
    let kept = load::<Folders>(&file(places)).unwrap_or_default();
    within(PATIENCE, move || match picking {
        Picking::Opening => {
            let of_store = stores.last().and_then(|store| store.parent()).map(Path::to_owned);
            first_there([kept.opening, of_store], |_| true)
        }
        Picking::Saving => {
            let home = env::home_dir();
            let documents = home.as_ref().map(|home| home.join("Documents"));
            let folders = [kept.saving, documents, home];
            // Some things are refused anywhere below the folder of a store. Where that is the home folder itself, the
            // documents in it still take the rest. What cannot be told is refused later, too.
            let is_apart =
                |folder: &Path, of: OfStore| stores.iter().all(|store| of(folder, store).is_ok_and(|is_of| !is_of));
            let apart = first_there(folders.clone(), |folder| is_apart(folder, is_with_store));
            apart.or_else(|| first_there(folders, |folder| is_apart(folder, is_of_store)))
        }
    })
    .flatten()
}

type OfStore = fn(&Path, &Path) -> std::io::Result<bool>;

fn first_there(
    folders: impl IntoIterator<Item = Option<PathBuf>>,
    is_right: impl Fn(&Path) -> bool,
) -> Option<PathBuf> {
    folders
        .into_iter()
        .flatten()
        .find(|folder| folder.is_dir() && is_right(folder))
}

/// What is found in time. A thread that waits for a drive that is away is left to itself: it cannot be ended.
fn within<T: Send + 'static>(patience: Duration, look: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (tell, told) = mpsc::sync_channel(1);
    let named = thread::Builder::new().name("folders".to_owned());
    // Where nobody waits any more nobody wants to know.
    named.spawn(move || tell.send(look())).ok()?;
    told.recv_timeout(patience).ok()
}

fn file(places: &Places) -> PathBuf {
    places.config.join("folders.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Machine {
        folder: tempfile::TempDir,
        places: Places,
    }

    impl Machine {
        fn new() -> Machine {
            let folder = tempfile::tempdir().unwrap();
            let places = Places::below(&folder.path().join("own"));
            for name in ["shop/reports", "reports", "elsewhere"] {
                std::fs::create_dir_all(folder.path().join(name)).unwrap();
            }
            std::fs::write(folder.path().join("shop/orders.db"), "").unwrap();
            Machine { folder, places }
        }

        fn at(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn first(&self, picking: Picking) -> Option<PathBuf> {
            first_folder(&self.places, picking, vec![self.at("shop/orders.db")])
        }

        fn chose(&self, picking: Picking, name: &str) {
            keep_chosen(&self.places, picking, &self.at(name)).unwrap();
        }
    }

    #[test]
    fn opening_begins_where_something_was_opened_last_else_at_the_store() {
        let machine = Machine::new();
        assert_eq!(machine.first(Picking::Opening), Some(machine.at("shop")));
        machine.chose(Picking::Opening, "elsewhere/rules.toml");
        machine.chose(Picking::Saving, "reports/events.csv");
        assert_eq!(machine.first(Picking::Opening), Some(machine.at("elsewhere")));
        // A folder that is gone since.
        std::fs::remove_dir(machine.at("elsewhere")).unwrap();
        assert_eq!(machine.first(Picking::Opening), Some(machine.at("shop")));
        assert_eq!(first_folder(&machine.places, Picking::Opening, Vec::new()), None);
    }

    #[test]
    fn saving_begins_where_something_was_saved_last_and_never_with_the_store() {
        let machine = Machine::new();
        let by_itself = machine.first(Picking::Saving);
        let shop = machine.at("shop");
        assert!(
            by_itself.as_ref().is_none_or(|folder| !folder.starts_with(&shop)),
            "{by_itself:?}"
        );
        machine.chose(Picking::Saving, "reports");
        machine.chose(Picking::Opening, "shop/orders.db");
        assert_eq!(machine.first(Picking::Saving), Some(machine.at("reports")));
        // Chosen while another store was open, say.
        for beside in ["shop/events.csv", "shop/reports"] {
            machine.chose(Picking::Saving, beside);
            assert_eq!(machine.first(Picking::Saving), by_itself, "{beside}");
        }
    }

    #[test]
    fn a_drive_that_does_not_answer_holds_no_dialog_up() {
        let (answer, asked) = mpsc::sync_channel::<()>(0);
        assert_eq!(within(Duration::from_millis(20), move || asked.recv().is_ok()), None);
        drop(answer);
        assert_eq!(within(Duration::from_secs(120), || 1), Some(1));
    }
}
