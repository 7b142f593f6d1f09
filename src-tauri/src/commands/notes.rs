//! What a person keeps: notes on a store, saved searches, files of what was found.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{
    CaseAsked, ExportFormat, JobUpdate, Note, Notebook, QueryBook, SavedQuery, SearchAsked, Written,
};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn notebook(desk: State<'_, Arc<Desk>>, session: u32) -> Reply<Notebook> {
    answer(desk, move |desk| desk.notebook(session)).await
}

#[tauri::command]
#[specta::specta]
pub async fn put_note(desk: State<'_, Arc<Desk>>, session: u32, note: Note) -> Reply<Notebook> {
    answer(desk, move |desk| desk.put_note(session, &note)).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_note(desk: State<'_, Arc<Desk>>, session: u32, id: String) -> Reply<Notebook> {
    answer(desk, move |desk| desk.remove_note(session, &id)).await
}

#[tauri::command]
#[specta::specta]
pub async fn queries(desk: State<'_, Arc<Desk>>) -> Reply<QueryBook> {
    answer(desk, Desk::queries).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_query(desk: State<'_, Arc<Desk>>, query: SavedQuery, before: Option<SavedQuery>) -> Reply<QueryBook> {
    answer(desk, move |desk| desk.save_query(&query, before.as_ref())).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_query(desk: State<'_, Arc<Desk>>, query: SavedQuery) -> Reply<QueryBook> {
    answer(desk, move |desk| desk.remove_query(&query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn remember_query(desk: State<'_, Arc<Desk>>, asked: SearchAsked) -> Reply<QueryBook> {
    answer(desk, move |desk| desk.remember_query(&asked)).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_case(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: CaseAsked,
    file: String,
    progress: Channel<JobUpdate>,
) -> Reply<Written> {
    answer(desk, move |desk| {
        desk.save_case(session, &asked, &file, &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn export_search(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: SearchAsked,
    file: String,
    format: ExportFormat,
    progress: Channel<JobUpdate>,
) -> Reply<Written> {
    answer(desk, move |desk| {
        desk.export_search(session, &asked, &file, format, &tell(progress))
    })
    .await
}
