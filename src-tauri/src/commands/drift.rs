//! A read model beside what a handler makes of the history.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{DriftAskedWire, DriftFound, JobUpdate, MappingAsked, MappingOffered};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn read_model_tables(desk: State<'_, Arc<Desk>>, session: u32, read_model: String) -> Reply<Vec<String>> {
    answer(desk, move |desk| desk.read_model_tables(session, &read_model)).await
}

#[tauri::command]
#[specta::specta]
pub async fn read_model_mapping(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: MappingAsked,
    progress: Channel<JobUpdate>,
) -> Reply<MappingOffered> {
    answer(desk, move |desk| {
        desk.read_model_mapping(session, &asked, &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn compare_read_model(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: DriftAskedWire,
    progress: Channel<JobUpdate>,
) -> Reply<DriftFound> {
    answer(desk, move |desk| {
        desk.compare_read_model(session, &asked, &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn save_mapping(desk: State<'_, Arc<Desk>>, session: u32, file: String, text: String) -> Reply<()> {
    answer(desk, move |desk| desk.save_mapping(session, &file, &text)).await
}
