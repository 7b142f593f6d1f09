//! What needs no open store: the first paint, the sample, settings, recent stores, jobs.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{AppStart, JobUpdate, Launch, Settings};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn start(desk: State<'_, Arc<Desk>>) -> Reply<AppStart> {
    answer(desk, Desk::start).await
}

#[tauri::command]
#[specta::specta]
pub async fn make_sample(desk: State<'_, Arc<Desk>>, progress: Channel<JobUpdate>) -> Reply<String> {
    answer(desk, move |desk| desk.make_sample(&tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_settings(desk: State<'_, Arc<Desk>>, settings: Settings) -> Reply<()> {
    answer(desk, move |desk| desk.save_settings(&settings)).await
}

#[tauri::command]
#[specta::specta]
pub async fn remember_place(desk: State<'_, Arc<Desk>>, place: Option<Launch>) -> Reply<()> {
    answer(desk, move |desk| desk.remember_place(place.as_ref())).await
}

#[tauri::command]
#[specta::specta]
pub async fn forget_recent(desk: State<'_, Arc<Desk>>, location: String) -> Reply<()> {
    answer(desk, move |desk| desk.forget_recent(&location)).await
}

/// Needs no thread: it only sets a flag.
#[tauri::command]
#[specta::specta]
pub fn cancel_job(desk: State<'_, Arc<Desk>>, job: u32) {
    desk.cancel_job(job);
}
