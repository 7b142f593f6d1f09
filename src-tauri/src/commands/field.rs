//! What a stream is looked through for as a whole: the values of a field, and where invariants break.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{
    DensityQuery, FieldPage, FieldRead, InvariantsChecked, JobUpdate, Lane, ProblemFound, SearchDirection, WhyNotTold,
    WhyTold,
};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn check_invariants(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    progress: Channel<JobUpdate>,
) -> Reply<InvariantsChecked> {
    answer(desk, move |desk| desk.check_invariants(history, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn next_problem(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    from: u32,
    direction: SearchDirection,
) -> Reply<Option<ProblemFound>> {
    answer(desk, move |desk| desk.next_problem(history, from, direction)).await
}

#[tauri::command]
#[specta::specta]
pub async fn read_field(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    path: String,
    progress: Channel<JobUpdate>,
) -> Reply<FieldRead> {
    answer(desk, move |desk| desk.read_field(history, &path, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn why(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    path: String,
    moment: u32,
    progress: Channel<JobUpdate>,
) -> Reply<WhyTold> {
    answer(desk, move |desk| desk.why(history, &path, moment, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn why_not(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    path: String,
    from: u32,
    to: u32,
    progress: Channel<JobUpdate>,
) -> Reply<WhyNotTold> {
    answer(desk, move |desk| {
        desk.why_not(history, &path, (from, to), &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn field_rows(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    path: String,
    offset: u32,
    limit: u32,
) -> Reply<FieldPage> {
    answer(desk, move |desk| desk.field_rows(history, &path, offset, limit)).await
}

#[tauri::command]
#[specta::specta]
pub async fn field_lane(desk: State<'_, Arc<Desk>>, history: u32, path: String, query: DensityQuery) -> Reply<Lane> {
    answer(desk, move |desk| desk.field_lane(history, &path, &query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn export_field(desk: State<'_, Arc<Desk>>, history: u32, path: String, file: String) -> Reply<()> {
    answer(desk, move |desk| desk.export_field(history, &path, &file)).await
}
