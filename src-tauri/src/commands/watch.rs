//! Stores that grow: watching them, and what grew with them.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{HistoryOpened, StoreNews};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn watch_store(desk: State<'_, Arc<Desk>>, session: u32, news: Channel<StoreNews>) -> Reply<()> {
    answer(desk, move |desk| desk.watch_store(session, Arc::new(tell(news)))).await
}

#[tauri::command]
#[specta::specta]
pub async fn look_now(desk: State<'_, Arc<Desk>>, session: u32) -> Reply<()> {
    answer(desk, move |desk| {
        desk.look_now(session);
        Ok(())
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn history_now(desk: State<'_, Arc<Desk>>, history: u32) -> Reply<HistoryOpened> {
    answer(desk, move |desk| desk.history_now(history)).await
}
