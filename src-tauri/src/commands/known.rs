//! What is known about a time, and what was believed then.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{CorrectionsTold, JobUpdate, KnownAsked, KnownTold};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn known(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    asked: KnownAsked,
    progress: Channel<JobUpdate>,
) -> Reply<KnownTold> {
    answer(desk, move |desk| desk.known(history, &asked, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn corrections(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    asked: KnownAsked,
    progress: Channel<JobUpdate>,
) -> Reply<CorrectionsTold> {
    answer(desk, move |desk| desk.corrections(history, &asked, &tell(progress))).await
}
