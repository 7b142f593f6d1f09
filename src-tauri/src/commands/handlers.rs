//! Handlers as files.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{
    DraftCaseAsked, DraftCaseMade, DraftTried, DraftWritten, HandlerCoverage, HandlerPackage, HandlerTested,
    HandlerTold, HandlerUse, HandlersNews, JobUpdate, LabScope,
};
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
pub async fn usable_handlers(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    references: Vec<String>,
    scope: LabScope,
    progress: Channel<JobUpdate>,
) -> Reply<Vec<HandlerUse>> {
    answer(desk, move |desk| {
        desk.usable_handlers(session, &references, &scope, &tell(progress))
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

#[tauri::command]
#[specta::specta]
pub async fn draft_handler(desk: State<'_, Arc<Desk>>, handler: String) -> Reply<String> {
    answer(desk, move |desk| desk.draft_handler(&handler)).await
}

#[tauri::command]
#[specta::specta]
pub async fn write_draft(
    desk: State<'_, Arc<Desk>>,
    draft: String,
    file: String,
    text: String,
    before: String,
) -> Reply<DraftWritten> {
    answer(desk, move |desk| desk.write_draft(&draft, &file, &text, &before)).await
}

#[tauri::command]
#[specta::specta]
pub async fn add_draft_file(
    desk: State<'_, Arc<Desk>>,
    draft: String,
    file: String,
    text: String,
) -> Reply<HandlerTold> {
    answer(desk, move |desk| desk.add_draft_file(&draft, &file, &text)).await
}

#[tauri::command]
#[specta::specta]
pub async fn rename_draft_file(
    desk: State<'_, Arc<Desk>>,
    draft: String,
    file: String,
    to: String,
) -> Reply<HandlerTold> {
    answer(desk, move |desk| desk.rename_draft_file(&draft, &file, &to)).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_draft_file(
    desk: State<'_, Arc<Desk>>,
    draft: String,
    file: String,
    before: String,
) -> Reply<DraftWritten> {
    answer(desk, move |desk| desk.remove_draft_file(&draft, &file, &before)).await
}

#[tauri::command]
#[specta::specta]
pub async fn make_draft_case(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: DraftCaseAsked,
    progress: Channel<JobUpdate>,
) -> Reply<DraftCaseMade> {
    answer(desk, move |desk| desk.make_draft_case(session, &asked, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn discard_draft(desk: State<'_, Arc<Desk>>, draft: String) -> Reply<()> {
    answer(desk, move |desk| desk.discard_draft(&draft)).await
}

#[tauri::command]
#[specta::specta]
pub async fn restore_draft(desk: State<'_, Arc<Desk>>, draft: String) -> Reply<()> {
    answer(desk, move |desk| desk.restore_draft(&draft)).await
}

#[tauri::command]
#[specta::specta]
pub async fn publish_draft(desk: State<'_, Arc<Desk>>, session: u32, draft: String, version: String) -> Reply<String> {
    answer(desk, move |desk| desk.publish_draft(session, &draft, &version)).await
}

#[tauri::command]
#[specta::specta]
pub async fn try_draft(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    draft: String,
    stream: String,
    at: String,
    progress: Channel<JobUpdate>,
) -> Reply<DraftTried> {
    answer(desk, move |desk| {
        desk.try_draft(session, &draft, &stream, &at, &tell(progress))
    })
    .await
}
