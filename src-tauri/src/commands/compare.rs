//! Two states side by side, and what else is told of states and events: JSON for a clipboard, the way through upcasters.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{
    ComparisonIntervals, ComparisonOpened, ComparisonQuery, ComparisonSide, EventPage, EventQuery, JobUpdate,
    UpcastWire,
};
use tauri::State;
use tauri::ipc::Channel;

use super::{Frame, Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn open_comparison(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    base: ComparisonSide,
    current: ComparisonSide,
    progress: Channel<JobUpdate>,
) -> Reply<ComparisonOpened> {
    answer(desk, move |desk| {
        desk.open_comparison(session, &base, &current, &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn close_comparison(desk: State<'_, Arc<Desk>>, comparison: u32) -> Reply<()> {
    answer(desk, move |desk| desk.close_comparison(comparison)).await
}

#[tauri::command]
#[specta::specta]
pub async fn comparison_frame(desk: State<'_, Arc<Desk>>, comparison: u32, query: ComparisonQuery) -> Reply<Frame> {
    answer(desk, move |desk| desk.comparison_frame(comparison, &query).map(Frame)).await
}

#[tauri::command]
#[specta::specta]
pub async fn comparison_events(desk: State<'_, Arc<Desk>>, comparison: u32, query: EventQuery) -> Reply<EventPage> {
    answer(desk, move |desk| desk.comparison_events(comparison, &query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn comparison_intervals(
    desk: State<'_, Arc<Desk>>,
    comparison: u32,
    progress: Channel<JobUpdate>,
) -> Reply<ComparisonIntervals> {
    answer(desk, move |desk| desk.comparison_intervals(comparison, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn upcast(desk: State<'_, Arc<Desk>>, history: u32, moment: u32) -> Reply<Option<UpcastWire>> {
    answer(desk, move |desk| desk.upcast(history, moment)).await
}

#[tauri::command]
#[specta::specta]
pub async fn state_json(desk: State<'_, Arc<Desk>>, history: u32, moment: u32, path: String) -> Reply<String> {
    answer(desk, move |desk| desk.state_json(history, moment, &path)).await
}
