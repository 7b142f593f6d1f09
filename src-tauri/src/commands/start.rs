//! What needs no open store: the first paint, the sample, settings, recent stores, jobs.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{
    AppStart, CacheUse, Environment, JobUpdate, KeyBinding, Picking, Recent, Settings, WindowPlaces,
};
use tauri::ipc::Channel;
use tauri::{State, WebviewWindow};

use super::{Reply, answer, apart, open_with_system, tell};
use crate::{handover, window};

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

/// Opens the settings file in the program that the system has for it.
#[tauri::command]
#[specta::specta]
pub async fn open_settings(desk: State<'_, Arc<Desk>>) -> Reply<()> {
    answer(desk, |desk| open_with_system(&desk.settings_to_edit()?)).await
}

#[tauri::command]
#[specta::specta]
pub async fn open_settings_folder(desk: State<'_, Arc<Desk>>) -> Reply<()> {
    answer(desk, |desk| open_with_system(&desk.settings_folder()?)).await
}

#[tauri::command]
#[specta::specta]
pub async fn bind_keys(desk: State<'_, Arc<Desk>>, binding: KeyBinding) -> Reply<()> {
    answer(desk, move |desk| desk.bind_keys(&binding)).await
}

#[tauri::command]
#[specta::specta]
pub async fn unbind_keys(desk: State<'_, Arc<Desk>>, context: String, keys: String) -> Reply<()> {
    answer(desk, move |desk| desk.unbind_keys(&context, &keys)).await
}

#[tauri::command]
#[specta::specta]
pub async fn classify(desk: State<'_, Arc<Desk>>, location: String, environment: Option<Environment>) -> Reply<()> {
    answer(desk, move |desk| desk.classify(&location, environment)).await
}

/// Remembers what the window shows, and where it stands.
#[tauri::command]
#[specta::specta]
pub async fn remember_window(window: WebviewWindow, desk: State<'_, Arc<Desk>>, shown: WindowPlaces) -> Reply<()> {
    let frame = window::frame_of(&window);
    answer(desk, move |desk| {
        frame.map_or(Ok(()), |frame| desk.remember_frame(&frame))?;
        desk.remember_window(&shown)
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn cache_use(desk: State<'_, Arc<Desk>>, connection: Option<String>) -> Reply<CacheUse> {
    answer(desk, move |desk| desk.cache_use(connection.as_deref())).await
}

#[tauri::command]
#[specta::specta]
pub async fn clear_cache(desk: State<'_, Arc<Desk>>, connection: Option<String>) -> Reply<CacheUse> {
    answer(desk, move |desk| desk.clear_cache(connection.as_deref())).await
}

#[tauri::command]
#[specta::specta]
pub async fn forget_recent(desk: State<'_, Arc<Desk>>, location: String) -> Reply<()> {
    answer(desk, move |desk| desk.forget_recent(&location)).await
}

#[tauri::command]
#[specta::specta]
pub async fn restore_recent(desk: State<'_, Arc<Desk>>, recent: Recent) -> Reply<()> {
    answer(desk, move |desk| desk.restore_recent(recent)).await
}

#[tauri::command]
#[specta::specta]
pub async fn gone_recents(desk: State<'_, Arc<Desk>>) -> Reply<Vec<String>> {
    answer(desk, Desk::gone_recents).await
}

#[tauri::command]
#[specta::specta]
pub async fn dialog_start(desk: State<'_, Arc<Desk>>, picking: Picking, name: Option<String>) -> Reply<Option<String>> {
    answer(desk, move |desk| desk.dialog_start(picking, name.as_deref())).await
}

#[tauri::command]
#[specta::specta]
pub async fn keep_chosen(desk: State<'_, Arc<Desk>>, picking: Picking, chosen: String) -> Reply<()> {
    answer(desk, move |desk| desk.keep_chosen(picking, &chosen)).await
}

/// Tells links that later starts hand over. They are looked at: the window comes to the front.
#[tauri::command]
#[specta::specta]
pub async fn watch_links(window: WebviewWindow, links: Channel<String>) -> Reply<()> {
    let tell = tell(links);
    apart(move || {
        // Where nobody can be listened to, each start has a window of its own.
        let _ = handover::listen(move |link| {
            tell(link);
            window::raise(&window);
        });
        Ok(())
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn cancel_job(desk: State<'_, Arc<Desk>>, job: u32) -> Reply<()> {
    answer(desk, move |desk| {
        desk.cancel_job(job);
        Ok(())
    })
    .await
}
