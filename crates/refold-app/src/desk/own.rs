//! What is kept for the window itself: settings, keys, what stores are, its places on the screen, and the cache.

use std::path::{Path, PathBuf};

use refold_core::work::{CancelToken, Silent, Work};

use super::Desk;
use crate::error::AppError;
use crate::jobs::caught;
use crate::lock::lock;
use crate::usecase::cache;
use crate::wire::{CacheUse, Environment, KeyBinding, Picking, Recent, Rendering, Settings, WindowFrame, WindowPlaces};
use crate::{connections, handler, kept, settings};

impl Desk {
    pub fn save_settings(&self, settings: &Settings) -> Result<(), AppError> {
        caught(|| {
            settings::save_settings(&self.places, settings)?;
            handler::trust_programs(settings.trust_programs);
            Ok(())
        })
    }

    /// The settings file, for a program of the system that a person edits it with.
    ///
    /// # Errors
    /// As long as no setting was ever changed: nothing is made for a look.
    pub fn settings_to_edit(&self) -> Result<PathBuf, AppError> {
        let file = settings::settings_file(&self.places);
        match file.is_file() {
            true => Ok(file),
            false => Err(no_settings(&file)),
        }
    }

    /// Its folder, as [`Desk::settings_to_edit`].
    pub fn settings_folder(&self) -> Result<PathBuf, AppError> {
        let file = settings::settings_file(&self.places);
        let folder = file.parent().filter(|folder| folder.is_dir());
        folder.map(Path::to_owned).ok_or_else(|| no_settings(&file))
    }

    /// Binds keys in a context, in the settings file.
    pub fn bind_keys(&self, binding: &KeyBinding) -> Result<(), AppError> {
        caught(|| settings::bind_keys(&self.places, binding))
    }

    /// Takes a binding out of the settings file.
    pub fn unbind_keys(&self, context: &str, keys: &str) -> Result<(), AppError> {
        caught(|| settings::unbind_keys(&self.places, context, keys))
    }

    /// Says what a store is; `None`: nobody says so any more.
    pub fn classify(&self, location: &str, environment: Option<Environment>) -> Result<(), AppError> {
        caught(|| match location.strip_prefix('@') {
            Some(name) => connections::classify(&self.places, name, environment),
            None => settings::classify(&self.places, location, environment),
        })
    }

    /// How the window is to be painted.
    pub fn rendering(&self) -> Rendering {
        settings::load_settings(&self.places).rendering
    }

    /// Remembers what the window shows, for its next start.
    pub fn remember_window(&self, window: &WindowPlaces) -> Result<(), AppError> {
        caught(|| kept::save_window(&self.places, window))
    }

    /// Where the window stood last; `None`: it was never there.
    pub fn frame(&self) -> Option<WindowFrame> {
        kept::load_frame(&self.places)
    }

    pub fn remember_frame(&self, frame: &WindowFrame) -> Result<(), AppError> {
        caught(|| kept::save_frame(&self.places, frame))
    }

    /// What the cache folder holds; `connection`: of that one alone.
    pub fn cache_use(&self, connection: Option<&str>) -> Result<CacheUse, AppError> {
        let cancel = CancelToken::default();
        let work = Work::new(&cancel, &Silent);
        caught(|| match connection {
            None => cache::size(&work, &self.places),
            Some(name) => Ok(cache::held(&work, &self.places, name)?.wire()),
        })
    }

    /// Throws the cache away, or what it holds of one connection; what is needed of it is made again.
    pub fn clear_cache(&self, connection: Option<&str>) -> Result<CacheUse, AppError> {
        let cancel = CancelToken::default();
        let work = Work::new(&cancel, &Silent);
        caught(|| match connection {
            None => cache::clear(&work, &self.places),
            Some(name) => Ok(cache::purge(&work, &self.places, name)?.wire()),
        })
    }

    pub fn forget_recent(&self, location: &str) -> Result<(), AppError> {
        caught(|| kept::forget_recent(&self.places, location))
    }

    /// The locations of recent stores whose file is not there now. Nothing but files is looked at.
    pub fn gone_recents(&self) -> Result<Vec<String>, AppError> {
        caught(|| {
            let recents = kept::load_recents(&self.places).into_iter();
            Ok(kept::gone(recents.map(|recent| recent.location).collect()))
        })
    }

    /// Where a dialog begins: a folder, or in it a file that is called `name`. `None`: where the system begins by itself.
    pub fn dialog_start(&self, picking: Picking, name: Option<&str>) -> Result<Option<String>, AppError> {
        caught(|| {
            let stores = lock(&self.sessions)
                .values()
                .map(|session| session.path().to_owned())
                .collect();
            let folder = kept::first_folder(&self.places, picking, stores);
            let start = folder.map(|folder| name.map_or(folder.clone(), |name| folder.join(name)));
            Ok(start.map(|start| start.display().to_string()))
        })
    }

    /// Remembers the folder of what was chosen in a dialog.
    pub fn keep_chosen(&self, picking: Picking, chosen: &str) -> Result<(), AppError> {
        caught(|| kept::keep_chosen(&self.places, picking, Path::new(chosen)))
    }

    pub fn restore_recent(&self, recent: Recent) -> Result<(), AppError> {
        caught(|| kept::restore_recent(&self.places, recent))
    }
}

fn no_settings(file: &Path) -> AppError {
    AppError::not_found(
        format!("there is no settings file yet: {}", file.display()),
        "change a setting first: that makes it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::places::Places;

    #[test]
    fn settings_are_opened_once_there_are_some_and_made_by_no_look() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::below(folder.path());
        let file = settings::settings_file(&places);
        let desk = Desk::at(places, None);
        for looked in [desk.settings_to_edit(), desk.settings_folder()] {
            let error = looked.unwrap_err();
            assert_eq!(error.code, ErrorCode::NotFound);
            assert!(
                error.message.ends_with(&file.display().to_string()),
                "{}",
                error.message
            );
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        desk.save_settings(&Settings::default()).unwrap();
        assert_eq!(desk.settings_folder().unwrap(), file.parent().unwrap());
        desk.classify("/srv/orders.db", Some(Environment::Test)).unwrap();
        assert_eq!(desk.settings_to_edit().unwrap(), file);
    }
}
