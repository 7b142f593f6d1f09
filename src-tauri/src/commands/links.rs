//! What ties events together: causes and effects, and streams as lanes on one clock.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{
    Causation, Clock, CorrelationStreams, JobUpdate, LaneMoment, LaneStep, LanesOpened, LanesPage, LanesQuery,
    SearchDirection,
};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn index_ids(desk: State<'_, Arc<Desk>>, session: u32, progress: Channel<JobUpdate>) -> Reply<()> {
    answer(desk, move |desk| desk.index_ids(session, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn causation(desk: State<'_, Arc<Desk>>, history: u32, moment: u32) -> Reply<Causation> {
    answer(desk, move |desk| desk.causation(history, moment)).await
}

#[tauri::command]
#[specta::specta]
pub async fn correlation_streams(desk: State<'_, Arc<Desk>>, history: u32, moment: u32) -> Reply<CorrelationStreams> {
    answer(desk, move |desk| desk.correlation_streams(history, moment)).await
}

#[tauri::command]
#[specta::specta]
pub async fn open_lanes(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    streams: Vec<String>,
    clock: Clock,
    progress: Channel<JobUpdate>,
) -> Reply<LanesOpened> {
    answer(desk, move |desk| {
        desk.open_lanes(session, &streams, clock, &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn close_lanes(desk: State<'_, Arc<Desk>>, lanes: u32) -> Reply<()> {
    answer(desk, move |desk| desk.close_lanes(lanes)).await
}

#[tauri::command]
#[specta::specta]
pub async fn lanes_page(desk: State<'_, Arc<Desk>>, lanes: u32, query: LanesQuery) -> Reply<LanesPage> {
    answer(desk, move |desk| desk.lanes_page(lanes, &query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn lanes_at(desk: State<'_, Arc<Desk>>, lanes: u32, time: String) -> Reply<Vec<LaneMoment>> {
    answer(desk, move |desk| desk.lanes_at(lanes, &time)).await
}

#[tauri::command]
#[specta::specta]
pub async fn lanes_step(
    desk: State<'_, Arc<Desk>>,
    lanes: u32,
    from: String,
    direction: SearchDirection,
) -> Reply<Option<LaneStep>> {
    answer(desk, move |desk| desk.lanes_step(lanes, &from, direction)).await
}
