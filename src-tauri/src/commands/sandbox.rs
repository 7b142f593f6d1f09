//! What if: branches of a stream beside the record.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{JobUpdate, SandboxAsked, SandboxOpened, SandboxPage, SandboxRows};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn open_sandbox(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: SandboxAsked,
    progress: Channel<JobUpdate>,
) -> Reply<SandboxOpened> {
    answer(desk, move |desk| desk.open_sandbox(session, &asked, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn sandbox_rows(desk: State<'_, Arc<Desk>>, sandbox: u32, offset: u32, limit: u32) -> Reply<SandboxRows> {
    answer(desk, move |desk| desk.sandbox_rows(sandbox, offset, limit)).await
}

#[tauri::command]
#[specta::specta]
pub async fn sandbox_page(desk: State<'_, Arc<Desk>>, sandbox: u32, row: u32, is_whole: bool) -> Reply<SandboxPage> {
    answer(desk, move |desk| desk.sandbox_page(sandbox, row, is_whole)).await
}

#[tauri::command]
#[specta::specta]
pub async fn sandbox_draft(desk: State<'_, Arc<Desk>>, session: u32, sandbox: u32, row: u32) -> Reply<String> {
    answer(desk, move |desk| desk.sandbox_draft(session, sandbox, row)).await
}
