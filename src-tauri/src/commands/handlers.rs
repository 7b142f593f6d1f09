//! Handlers as files.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{HandlerCoverage, HandlerPackage, HandlerTested, HandlerTold, HandlersNews, JobUpdate};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn watch_handlers(desk: State<'_, Arc<Desk>>, session: u32, news: Channel<HandlersNews>) -> Reply<()> {
    answer(desk, move |desk| desk.watch_handlers(session, Arc::new(tell(news)))).await
}

#[tauri::command]
#[specta::specta]
pub async fn handlers(desk: State<'_, Arc<Desk>>, session: u32) -> Reply<Vec<HandlerPackage>> {
    answer(desk, move |desk| desk.handlers(session)).await
}

#[tauri::command]
#[specta::specta]
pub async fn handler_told(desk: State<'_, Arc<Desk>>, handler: String) -> Reply<HandlerTold> {
    answer(desk, move |desk| desk.handler_told(&handler)).await
}

#[tauri::command]
#[specta::specta]
pub async fn handler_coverage(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    handler: String,
    progress: Channel<JobUpdate>,
) -> Reply<HandlerCoverage> {
    answer(desk, move |desk| {
        desk.handler_coverage(session, &handler, &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn test_handler(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    handler: String,
    progress: Channel<JobUpdate>,
) -> Reply<HandlerTested> {
    answer(desk, move |desk| desk.test_handler(session, &handler, &tell(progress))).await
}
