//! One payload or metadata document: what it is, its bytes, finding in it, saving it.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{HexPage, PayloadHit, PayloadQuery, PayloadView};
use tauri::State;

use super::{Reply, answer};

#[tauri::command]
#[specta::specta]
pub async fn payload_view(desk: State<'_, Arc<Desk>>, history: u32, query: PayloadQuery) -> Reply<PayloadView> {
    answer(desk, move |desk| desk.payload_view(history, &query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn payload_hex(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    query: PayloadQuery,
    first_row: u32,
    row_count: u32,
) -> Reply<HexPage> {
    answer(desk, move |desk| {
        desk.payload_hex(history, &query, first_row, row_count)
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn find_in_payload(
    desk: State<'_, Arc<Desk>>,
    history: u32,
    query: PayloadQuery,
    text: String,
    after: u32,
) -> Reply<Option<PayloadHit>> {
    answer(desk, move |desk| desk.find_in_payload(history, &query, &text, after)).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_payload(desk: State<'_, Arc<Desk>>, history: u32, query: PayloadQuery, file: String) -> Reply<()> {
    answer(desk, move |desk| desk.save_payload(history, &query, &file)).await
}
