//! Events through the upcasters of a handler, before it is deployed.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{GateExample, GateTold, JobUpdate, LabScope};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn gate(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    scope: LabScope,
    handler: String,
    progress: Channel<JobUpdate>,
) -> Reply<GateTold> {
    answer(desk, move |desk| desk.gate(session, &scope, &handler, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn gate_example(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    stream: String,
    cursor: String,
    handler: String,
    progress: Channel<JobUpdate>,
) -> Reply<GateExample> {
    answer(desk, move |desk| {
        desk.gate_example(session, &stream, &cursor, &handler, &tell(progress))
    })
    .await
}
