//! Searching a store, and the copy that makes it fast.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{FoundPage, HistoryHits, JobUpdate, SearchAsked, SearchEnded, SearchOffer, SearchUpdate};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn search(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: SearchAsked,
    progress: Channel<SearchUpdate>,
) -> Reply<SearchEnded> {
    answer(desk, move |desk| desk.search(session, &asked, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn search_rows(desk: State<'_, Arc<Desk>>, search: u32, offset: u32, limit: u32) -> Reply<FoundPage> {
    answer(desk, move |desk| desk.search_rows(search, offset, limit)).await
}

#[tauri::command]
#[specta::specta]
pub async fn close_search(desk: State<'_, Arc<Desk>>, search: u32) -> Reply<()> {
    answer(desk, move |desk| {
        desk.close_search(search);
        Ok(())
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn search_offer(desk: State<'_, Arc<Desk>>, session: u32) -> Reply<SearchOffer> {
    answer(desk, move |desk| desk.search_offer(session)).await
}

#[tauri::command]
#[specta::specta]
pub async fn copy_for_search(desk: State<'_, Arc<Desk>>, session: u32, progress: Channel<JobUpdate>) -> Reply<()> {
    answer(desk, move |desk| desk.copy_for_search(session, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn history_hits(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    asked: SearchAsked,
    progress: Channel<JobUpdate>,
) -> Reply<HistoryHits> {
    answer(desk, move |desk| desk.history_hits(history, &asked, &tell(progress))).await
}
