//! One opened stream: its events, its state at any moment, where a value came from.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{
    DensityQuery, EventDetail, EventPage, EventQuery, FindingGroup, FindingPage, HistoryOpened, HistoryUpdate,
    MomentFound, SearchDirection, StateQuery, StoryPage,
};
use tauri::State;
use tauri::ipc::Channel;

use super::{Frame, Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn open_history(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    stream: String,
    at: Option<String>,
    handler: Option<String>,
    news: Channel<HistoryUpdate>,
) -> Reply<HistoryOpened> {
    answer(desk, move |desk| {
        let news = Arc::new(tell(news));
        desk.open_history(session, &stream, at.as_deref(), handler.as_deref(), news)
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn close_history(desk: State<'_, Arc<Desk>>, history: u32) -> Reply<()> {
    answer(desk, move |desk| desk.close_history(history)).await
}

#[tauri::command]
#[specta::specta]
pub async fn history_findings(desk: State<'_, Arc<Desk>>, history: u32) -> Reply<Vec<FindingGroup>> {
    answer(desk, move |desk| desk.history_findings(history)).await
}

#[tauri::command]
#[specta::specta]
pub async fn history_finding_page(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    code: String,
    from: u32,
) -> Reply<FindingPage> {
    answer(desk, move |desk| desk.history_finding_page(history, &code, from)).await
}

#[tauri::command]
#[specta::specta]
pub async fn history_density(desk: State<'_, Arc<Desk>>, history: u32, query: DensityQuery) -> Reply<Frame> {
    answer(desk, move |desk| desk.history_density(history, &query).map(Frame)).await
}

#[tauri::command]
#[specta::specta]
pub async fn event_rows(desk: State<'_, Arc<Desk>>, history: u32, query: EventQuery) -> Reply<EventPage> {
    answer(desk, move |desk| desk.event_rows(history, &query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn state_frame(desk: State<'_, Arc<Desk>>, history: u32, query: StateQuery) -> Reply<Frame> {
    answer(desk, move |desk| desk.state_frame(history, &query).map(Frame)).await
}

#[tauri::command]
#[specta::specta]
pub async fn event_detail(desk: State<'_, Arc<Desk>>, history: u32, moment: u32) -> Reply<EventDetail> {
    answer(desk, move |desk| desk.event_detail(history, moment)).await
}

#[tauri::command]
#[specta::specta]
pub async fn moment_of(desk: State<'_, Arc<Desk>>, history: u32, cursor: String) -> Reply<MomentFound> {
    answer(desk, move |desk| desk.moment_of(history, &cursor)).await
}

#[tauri::command]
#[specta::specta]
pub async fn next_change(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    path: String,
    from: u32,
    direction: SearchDirection,
) -> Reply<Option<u32>> {
    answer(desk, move |desk| desk.next_change(history, &path, from, direction)).await
}

#[tauri::command]
#[specta::specta]
pub async fn next_event(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    types: Vec<String>,
    from: u32,
    direction: SearchDirection,
) -> Reply<Option<u32>> {
    answer(desk, move |desk| desk.next_event(history, &types, from, direction)).await
}

#[tauri::command]
#[specta::specta]
pub async fn story(desk: State<'_, Arc<Desk>>, history: u32, first: u32, count: u32) -> Reply<StoryPage> {
    answer(desk, move |desk| desk.story(history, first, count)).await
}
