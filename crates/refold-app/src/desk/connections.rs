//! Saved connections on the desk: the list, the editor with its test, and passwords that a person typed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::secret::Secret;

use super::Desk;
use crate::connections::password::Passwords;
use crate::connections::{self, Asked, Named, Target, url};
use crate::error::AppError;
use crate::jobs::caught;
use crate::lock::lock;
use crate::usecase::connect::connect;
use crate::wire::{AddressRead, ConnectStep, Connected, Connection, ConnectionBook};

/// What a person typed, in memory until the window closes, by the store that it is for.
#[derive(Debug, Default)]
pub(crate) struct Typed(Mutex<BTreeMap<String, Secret>>);

impl Passwords for Typed {
    fn password(&self, location: &str) -> Option<Secret> {
        lock(&self.0).get(location).cloned()
    }
}

impl Typed {
    fn keep(&self, location: &str, password: Secret) {
        lock(&self.0).insert(location.to_owned(), password);
    }
}

impl Desk {
    pub fn connections(&self) -> Result<ConnectionBook, AppError> {
        caught(|| connections::load(&self.places))
    }

    /// `before`: the name of the connection that it replaces; `None`: it is new.
    pub fn save_connection(&self, connection: &Connection, before: Option<&str>) -> Result<ConnectionBook, AppError> {
        caught(|| connections::save(&self.places, connection, before))
    }

    /// The store itself is untouched.
    pub fn remove_connection(&self, name: &str) -> Result<ConnectionBook, AppError> {
        caught(|| connections::remove(&self.places, name))
    }

    /// What an address says. A password in it goes no further than into memory, for the connection to that address.
    pub fn read_address(&self, address: &str) -> Result<AddressRead, AppError> {
        caught(|| {
            let (connection, password) = url::parse(address)?;
            let has_password = password.is_some();
            if let Some(password) = password {
                self.typed.keep(&url::of(&connection), password);
            }
            Ok(AddressRead {
                connection,
                has_password,
            })
        })
    }

    /// A password that a person typed for a store as it is named, in the place of an earlier one.
    pub fn type_password(&self, location: &str, password: String) {
        self.typed.keep(location, Secret::new(password));
    }

    /// Tries a connection that need not be saved; `told` hears of each step when it is through.
    pub fn try_connection(
        &self,
        connection: &Connection,
        password: Option<String>,
        told: &dyn Fn(ConnectStep),
    ) -> Result<Connected, AppError> {
        caught(|| {
            let asked = Asked {
                store: Named::As(Box::new(connection.clone())),
                ..self.asked("")
            };
            if let Some(password) = password {
                self.type_password(&Target::of_named(&asked.store, &self.places)?.location, password);
            }
            let cancel = CancelToken::default();
            let work = Work::new(&cancel, &Silent);
            connect(&work, &asked, &self.places, &|step| told(step.clone())).map(Into::into)
        })
    }

    /// How a store is opened from here: what was typed for it is at hand.
    pub(super) fn asked(&self, location: &str) -> Asked {
        Asked {
            passwords: Arc::clone(&self.typed) as Arc<dyn Passwords>,
            ..Asked::at(location)
        }
    }
}
