//! An open store: what it is, its index, its streams.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{
    DensityBy, DensityQuery, FindHit, FindingGroup, FindingPage, JobUpdate, Overview, StoreOpened, StreamPage,
    StreamQuery,
};
use tauri::State;
use tauri::ipc::Channel;

use super::{Frame, Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn open_store(
    desk: State<'_, Arc<Desk>>,
    location: String,
    layout: Option<String>,
    progress: Channel<JobUpdate>,
) -> Reply<StoreOpened> {
    answer(desk, move |desk| {
        desk.open_store_telling(&location, layout.as_deref(), &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn close_store(desk: State<'_, Arc<Desk>>, session: u32) -> Reply<()> {
    answer(desk, move |desk| desk.close_store(session)).await
}

#[tauri::command]
#[specta::specta]
pub async fn overview(desk: State<'_, Arc<Desk>>, session: u32) -> Reply<Overview> {
    answer(desk, move |desk| desk.overview(session)).await
}

#[tauri::command]
#[specta::specta]
pub async fn index_store(desk: State<'_, Arc<Desk>>, session: u32, progress: Channel<JobUpdate>) -> Reply<()> {
    answer(desk, move |desk| desk.index_store(session, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn store_findings(desk: State<'_, Arc<Desk>>, session: u32) -> Reply<Vec<FindingGroup>> {
    answer(desk, move |desk| desk.store_findings(session)).await
}

#[tauri::command]
#[specta::specta]
pub async fn store_finding_page(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    code: String,
    from: u32,
) -> Reply<FindingPage> {
    answer(desk, move |desk| desk.store_finding_page(session, &code, from)).await
}

#[tauri::command]
#[specta::specta]
pub async fn streams(desk: State<'_, Arc<Desk>>, session: u32, query: StreamQuery) -> Reply<StreamPage> {
    answer(desk, move |desk| desk.streams(session, &query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn count_categories(desk: State<'_, Arc<Desk>>, session: u32, progress: Channel<JobUpdate>) -> Reply<()> {
    answer(desk, move |desk| desk.count_categories(session, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn store_density(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    query: DensityQuery,
    by: DensityBy,
) -> Reply<Frame> {
    answer(desk, move |desk| desk.store_density(session, &query, by).map(Frame)).await
}

#[tauri::command]
#[specta::specta]
pub async fn find(desk: State<'_, Arc<Desk>>, session: u32, text: String, limit: u32) -> Reply<Vec<FindHit>> {
    answer(desk, move |desk| desk.find(session, &text, limit)).await
}
