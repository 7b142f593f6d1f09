//! Where a read model is: a file, or a database on a server, which is named as a store is: by its address or `@name`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_core::work::Work;
use refold_stores::OpenOptions;
use refold_stores::rows::ReadModel;

use super::mapping::beside;
use crate::access::Access;
use crate::connections::server::{self, Asking, OpenedTables};
use crate::connections::{Target, Tunnel, url};
use crate::error::AppError;
use crate::session::Session;

/// A read model that can be read.
pub struct Reached {
    pub model: ReadModel,
    /// Held as long as the model is.
    _tunnel: Option<Arc<Tunnel>>,
}

impl Reached {
    pub fn of(work: &Work<'_>, session: &Session, named: &str) -> Result<Reached, AppError> {
        let scratch = session.cache_folder().join("scratch");
        let of_file = |path: &Path| Reached {
            model: ReadModel::File {
                path: path.to_owned(),
                options: OpenOptions::in_scratch(scratch.clone()),
            },
            _tunnel: None,
        };
        if !is_connection(named) {
            return Ok(of_file(Path::new(named)));
        }
        let (opened, places) = session.opening().ok_or_else(|| not_from(named))?;
        let target = Target::of(named, places)?;
        if let Some(file) = &target.file {
            return Ok(of_file(file));
        }
        let access = target.log_name().map(|name| Access::open(&places.data, &name));
        let access = access.transpose()?;
        let asking = Asking {
            target: &target,
            passwords: opened.passwords.as_ref(),
            // That of the store lets us in nowhere else.
            known: session.password().filter(|_| target.location == session.location()),
            access: access.as_ref(),
        };
        let OpenedTables { tables, tunnel } = server::tables(work, &asking)?;
        Ok(Reached {
            model: ReadModel::Server { tables, scratch },
            _tunnel: tunnel,
        })
    }
}

/// The file in which the mapping of a table is looked for: beside a file; of a server in the user's own configuration.
pub fn mapping_file(session: &Session, named: &str, table: Option<&str>) -> Result<PathBuf, AppError> {
    if !is_connection(named) {
        return Ok(beside(Path::new(named), table));
    }
    let (_, places) = session.opening().ok_or_else(|| not_from(named))?;
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
                "the folder of the mapping cannot be made ({error}): {}",
                folder.display()
            ),
            "save the mapping elsewhere, and name it",
        )
    })
}

fn is_connection(named: &str) -> bool {
    named.starts_with('@') || url::is_url(named)
}

fn not_from(named: &str) -> AppError {
    AppError::invalid(
        format!("a read model on a server is compared with a store that was opened by itself: {named}"),
        "open the store, not a case of it",
    )
}
