//! Where a read model is: a file, or a database on a server, which is named as a store is: by its address or `@name`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_core::port::system::in_words;
use refold_core::work::Work;
use refold_stores::OpenOptions;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use refold_stores::rows::ReadModel;

use super::mapping::{FORMAT, beside};
use crate::access::Act;
use crate::connections::keeping::{Keeping, KeptIn};
use crate::connections::server::{self, Asking, OpenedTables};
use crate::connections::{self, Target, Tunnel, url};
use crate::error::AppError;
use crate::session::Session;
use crate::session::cache::Cache;
use crate::settings;

/// A read model that can be read, and what must last as long as it does.
pub struct Reached {
    pub model: ReadModel,
    _tunnel: Option<Arc<Tunnel>>,
    /// Where its rows are kept, where that may not be on a disk.
    _memory: Option<Cache>,
}

impl Reached {
    pub fn of(work: &Work<'_>, session: &Session, named: &str) -> Result<Reached, AppError> {
        let scratch = session.cache().scratch();
        if !is_connection(named) {
            return Reached::file(Path::new(named), scratch);
        }
        let (opened, places) = session.opening().ok_or_else(elsewhere)?;
        let target = Target::of(named, places)?;
        if let Some(file) = &target.file {
            return Reached::file(file, scratch);
        }
        let connection = target.connection.as_ref();
        let access = target.log(places)?;
        let asking = Asking {
            target: &target,
            passwords: opened.passwords.as_ref(),
            // That of the store is sent nowhere else, also where a connection of its name leads elsewhere by now.
            known: session.password().filter(|_| connection == session.connection()),
            access: access.as_ref(),
        };
        let OpenedTables { tables, tunnel } = server::tables(work, &asking)?;
        if let Some(access) = &access {
            access.append(&Act::Opened {
                store: &connections::shown(connection, Path::new(named)),
                environment: target.environment(places).map(settings::environment_text),
                read_only: &tables.read_only(),
            })?;
        }
        if let Some(mask) = connection.and_then(|connection| connection.mask.as_ref()) {
            session.mask().add(Path::new(mask))?;
        }
        let stays_in_memory = Keeping::of(connection).place != KeptIn::Disk;
        let memory = stays_in_memory.then(|| Cache::in_memory(&places.cache)).transpose()?;
        let scratch = memory.as_ref().map_or(scratch, Cache::scratch);
        Ok(Reached {
            model: ReadModel::Server { tables, scratch },
            _tunnel: tunnel,
            _memory: memory,
        })
    }

    fn file(path: &Path, scratch: PathBuf) -> Result<Reached, AppError> {
        refuse_mapping(path)?;
        Ok(Reached {
            model: ReadModel::File {
                path: path.to_owned(),
                options: OpenOptions::in_scratch(scratch),
            },
            _tunnel: None,
            _memory: None,
        })
    }
}

/// A mapping lies beside its read model and has almost its name: it is chosen in its place, and would be read as rows.
fn refuse_mapping(path: &Path) -> Result<(), AppError> {
    if path.extension().is_none_or(|extension| extension != "toml") {
        return Ok(());
    }
    let text = plain_file::read_text(path, MOST_TEXT_BYTES).unwrap_or_default();
    let format = text
        .parse::<toml::Table>()
        .ok()
        .and_then(|of| of.get("format").cloned());
    if format.as_ref().and_then(toml::Value::as_str) != Some(FORMAT) {
        return Ok(());
    }
    Err(AppError::invalid(
        format!(
            "the read model: this is the mapping of one, which says what its columns hold: {}",
            path.display()
        ),
        "choose the database or the export whose rows are meant; the mapping beside it is found by itself",
    ))
}

/// The file in which the mapping of a table is looked for: beside a file; of a server in the user's own configuration.
pub fn mapping_file(session: &Session, named: &str, table: Option<&str>) -> Result<PathBuf, AppError> {
    if !is_connection(named) {
        return Ok(beside(Path::new(named), table));
    }
    let (_, places) = session.opening().ok_or_else(elsewhere)?;
    let target = Target::of(named, places)?;
    Ok(match &target.file {
        Some(file) => beside(file, table),
        None => {
            let letter = |letter: char| match letter {
                '.' | '-' => letter,
                _ if letter.is_alphanumeric() => letter,
                _ => '_',
            };
            let table: String = table.unwrap_or_default().chars().map(letter).collect();
            let name = target.log_name().unwrap_or_default();
            places.read_models().join(format!("{name}.{table}.toml"))
        }
    })
}

/// Makes the folder of the mappings of servers, where `file` is to lie in it.
pub fn make_room_for(session: &Session, file: &Path) -> Result<(), AppError> {
    let folder = session.opening().map(|(_, places)| places.read_models());
    let Some(folder) = folder.filter(|folder| file.parent() == Some(folder)) else {
        return Ok(());
    };
    std::fs::create_dir_all(&folder).map_err(|error| {
        AppError::invalid(
            format!(
                "the folder of the mapping cannot be made ({}): {}",
                in_words(&error),
                folder.display()
            ),
            "save the mapping elsewhere, and name it",
        )
    })
}

fn is_connection(named: &str) -> bool {
    named.starts_with('@') || url::is_url(named)
}

fn elsewhere() -> AppError {
    AppError::internal("a read model on a server, beside a store that was opened elsewhere")
}
