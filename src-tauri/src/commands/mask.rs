//! What masking rules hide, and revealing it.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{MaskState, RevealWire};
use tauri::State;

use super::{Reply, answer};

#[tauri::command]
#[specta::specta]
pub async fn mask_state(desk: State<'_, Arc<Desk>>, session: u32) -> Reply<MaskState> {
    answer(desk, move |desk| desk.mask_state(session)).await
}

#[tauri::command]
#[specta::specta]
pub async fn reveal(desk: State<'_, Arc<Desk>>, session: u32, reveal: RevealWire, reason: String) -> Reply<MaskState> {
    answer(desk, move |desk| desk.reveal(session, &reveal, &reason)).await
}

#[tauri::command]
#[specta::specta]
pub async fn conceal(desk: State<'_, Arc<Desk>>, session: u32, is_all: bool) -> Reply<MaskState> {
    answer(desk, move |desk| desk.conceal(session, is_all)).await
}
