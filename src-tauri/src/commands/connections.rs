//! Saved connections, trying one, and passwords on their one way in.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{AddressRead, ConnectStep, Connected, Connection, ConnectionBook};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn connections(desk: State<'_, Arc<Desk>>) -> Reply<ConnectionBook> {
    answer(desk, Desk::connections).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_connection(
    desk: State<'_, Arc<Desk>>,
    connection: Connection,
    before: Option<String>,
) -> Reply<ConnectionBook> {
    answer(desk, move |desk| desk.save_connection(&connection, before.as_deref())).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_connection(desk: State<'_, Arc<Desk>>, name: String) -> Reply<ConnectionBook> {
    answer(desk, move |desk| desk.remove_connection(&name)).await
}

#[tauri::command]
#[specta::specta]
pub async fn read_address(desk: State<'_, Arc<Desk>>, address: String) -> Reply<AddressRead> {
    answer(desk, move |desk| desk.read_address(&address)).await
}

#[tauri::command]
#[specta::specta]
pub async fn type_password(desk: State<'_, Arc<Desk>>, location: String, password: String) -> Reply<()> {
    answer(desk, move |desk| {
        desk.type_password(&location, password);
        Ok(())
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn try_connection(
    desk: State<'_, Arc<Desk>>,
    connection: Connection,
    password: Option<String>,
    told: Channel<ConnectStep>,
) -> Reply<Connected> {
    answer(desk, move |desk| {
        desk.try_connection(&connection, password, &tell(told))
    })
    .await
}
