//! Two whole stores side by side.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{
    JobUpdate, StoresAskedWire, StoresCompared, StoresEvent, StoresEventAsked, StoresFrameQuery, StoresPage,
    StoresPlacePage, StoresQuery, StoresStates,
};
use tauri::State;
use tauri::ipc::Channel;

use super::{Frame, Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn compare_stores(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: StoresAskedWire,
    progress: Channel<JobUpdate>,
) -> Reply<StoresCompared> {
    answer(desk, move |desk| desk.compare_stores(session, &asked, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn close_stores(desk: State<'_, Arc<Desk>>, comparison: u32) -> Reply<()> {
    answer(desk, move |desk| {
        desk.close_stores(comparison);
        Ok(())
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn stores_rows(desk: State<'_, Arc<Desk>>, comparison: u32, query: StoresQuery) -> Reply<StoresPage> {
    answer(desk, move |desk| desk.stores_rows(comparison, &query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn stores_places(
    desk: State<'_, Arc<Desk>>,
    comparison: u32,
    row: u32,
    offset: u32,
    limit: u32,
    progress: Channel<JobUpdate>,
) -> Reply<StoresPlacePage> {
    answer(desk, move |desk| {
        desk.stores_places(comparison, row, (offset, limit), &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn stores_event(desk: State<'_, Arc<Desk>>, asked: StoresEventAsked) -> Reply<StoresEvent> {
    answer(desk, move |desk| desk.stores_event(asked)).await
}

#[tauri::command]
#[specta::specta]
pub async fn stores_frame(
    desk: State<'_, Arc<Desk>>,
    asked: StoresEventAsked,
    query: StoresFrameQuery,
) -> Reply<Frame> {
    answer(desk, move |desk| desk.stores_frame(asked, &query).map(Frame)).await
}

#[tauri::command]
#[specta::specta]
pub async fn stores_states(
    desk: State<'_, Arc<Desk>>,
    comparison: u32,
    row: u32,
    progress: Channel<JobUpdate>,
) -> Reply<StoresStates> {
    answer(desk, move |desk| desk.stores_states(comparison, row, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn export_stores(
    desk: State<'_, Arc<Desk>>,
    comparison: u32,
    file: String,
    progress: Channel<JobUpdate>,
) -> Reply<()> {
    answer(desk, move |desk| desk.export_stores(comparison, &file, &tell(progress))).await
}
