//! Names that somebody gives: of a category, of an event type, a part of the id of a stream. One that the store does not
//! have would find nothing, and nothing looks like an answer, so it is an error that names those there are.

use refold_core::work::Work;
use refold_stores::index::{Index, StreamQuery};

use crate::error::AppError;
use crate::session::Session;
use crate::text;

/// Names that an error lists.
const MOST_NAMED: usize = 20;

/// What was named, as it is stored; of what nothing was named, all is meant.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub types: Vec<Vec<u8>>,
    pub categories: Vec<Vec<u8>>,
}

/// The category of this name, as shown or as stored.
pub(super) fn category(index: &Index, name: &str) -> Result<Vec<u8>, AppError> {
    let known = index.categories()?;
    let known: Vec<&[u8]> = known.iter().map(|(name, _)| *name).collect();
    find(&known, name).ok_or_else(|| lacking("category", &known, name))
}

/// The event type of this name, as shown or as stored.
pub(super) fn event_type(index: &Index, name: &str) -> Result<Vec<u8>, AppError> {
    let known: Vec<&[u8]> = index.types().map(|(name, _)| name).collect();
    find(&known, name).ok_or_else(|| lacking("event type", &known, name))
}

/// All of these, of which the store must have each; asks nothing of the index where nothing is named.
pub(super) fn find_all(
    work: &Work<'_>,
    session: &Session,
    types: &[String],
    categories: &[String],
    part_of_id: &str,
) -> Result<Named, AppError> {
    if types.is_empty() && categories.is_empty() && part_of_id.is_empty() {
        return Ok(Named::default());
    }
    let index = session.build_index(work)?;
    let named = Named {
        types: types
            .iter()
            .map(|name| event_type(&index, name))
            .collect::<Result<_, _>>()?,
        categories: categories
            .iter()
            .map(|name| category(&index, name))
            .collect::<Result<_, _>>()?,
    };
    if part_of_id.is_empty() {
        return Ok(named);
    }
    let matching = text::id_from_shown(part_of_id);
    let of_id = StreamQuery {
        matching: &matching,
        limit: 1,
        ..StreamQuery::default()
    };
    if index.streams(&of_id)?.rows.is_empty() {
        return Err(AppError::not_found(
            format!("the id of no stream holds {}", text::visible(part_of_id)),
            "look for a shorter part of it in the list of streams",
        )
        .typed("refold streams STORE --match TEXT"));
    }
    Ok(named)
}

fn find(known: &[&[u8]], name: &str) -> Option<Vec<u8>> {
    let find = |wanted: &[u8]| known.iter().find(|name| **name == wanted).map(|name| name.to_vec());
    let found = find(&text::id_from_shown(name)).or_else(|| find(name.as_bytes()));
    // What has no name is called so, as long as nothing has that name.
    found.or_else(|| find(b"").filter(|_| name == text::NO_NAME))
}

fn lacking(noun: &str, known: &[&[u8]], name: &str) -> AppError {
    let mut names: Vec<String> = known.iter().map(|name| text::named(name)).collect();
    names.sort_unstable();
    let (more, typed) = match names.len().saturating_sub(MOST_NAMED) {
        0 => (String::new(), ""),
        more => (format!(" and {more} more"), "refold info STORE --json"),
    };
    names.truncate(MOST_NAMED);
    let hint = if names.is_empty() {
        "the store holds no event yet".to_owned()
    } else {
        format!("name one of {}{more}", names.join(", "))
    };
    AppError::not_found(format!("there is no {noun} {}", text::visible(name)), hint).typed(typed)
}
