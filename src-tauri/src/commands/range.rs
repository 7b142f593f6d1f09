//! A range of a store's timeline.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{Distinction, JobUpdate, RangeFacts, RangeQuery};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn range_facts(desk: State<'_, Arc<Desk>>, session: u32, query: RangeQuery) -> Reply<RangeFacts> {
    answer(desk, move |desk| desk.range_facts(session, &query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn distinguish(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    query: RangeQuery,
    progress: Channel<JobUpdate>,
) -> Reply<Distinction> {
    answer(desk, move |desk| desk.distinguish(session, &query, &tell(progress))).await
}
