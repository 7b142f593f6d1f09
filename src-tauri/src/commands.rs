//! What the interface can call, one function a use case: it converts, calls the desk, and converts back.
//!
//! The desk blocks until it has its answer, so each call gets a thread of the pool, never the thread of the window.

pub mod compare;
pub mod connections;
pub mod drift;
pub mod evidence;
pub mod field;
pub mod gate;
pub mod handlers;
pub mod history;
pub mod known;
pub mod lab;
pub mod links;
pub mod mask;
pub mod notes;
pub mod payload;
pub mod range;
pub mod sandbox;
pub mod search;
pub mod start;
pub mod store;
pub mod stores;
pub mod watch;

use std::path::Path;
use std::sync::Arc;

use refold_app::wire::AppErrorWire;
use refold_app::{AppError, Desk};
use tauri::State;
use tauri::ipc::{Channel, InvokeResponseBody, IpcResponse};

pub type Reply<T> = Result<T, AppErrorWire>;

/// A frame: it crosses as raw bytes and arrives as an `ArrayBuffer`.
pub struct Frame(Vec<u8>);

impl IpcResponse for Frame {
    fn body(self) -> tauri::Result<InvokeResponseBody> {
        Ok(InvokeResponseBody::Raw(self.0))
    }
}

impl specta::Type for Frame {
    fn definition(_: &mut specta::Types) -> specta::datatype::DataType {
        specta_typescript::define("ArrayBuffer").into()
    }
}

/// Runs a use case on a thread of the pool.
async fn answer<T: Send + 'static>(
    desk: State<'_, Arc<Desk>>,
    use_case: impl FnOnce(&Desk) -> Result<T, AppError> + Send + 'static,
) -> Reply<T> {
    let desk = Arc::clone(&desk);
    apart(move || use_case(&desk)).await
}

/// Runs what may block on a thread of the pool. A panic in it is the failure of this call, not the end of the window.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, AppError> + Send + 'static) -> Reply<T> {
    let outcome = tauri::async_runtime::spawn_blocking(work).await;
    outcome
        .unwrap_or_else(|error| Err(AppError::internal(format!("this call broke off: {error}"))))
        .map_err(Into::into)
}

/// Opens a file or a folder in the program that the system has for it.
fn open_with_system(place: &Path) -> Result<(), AppError> {
    open::that_detached(place).map_err(|error| {
        AppError::not_found(
            format!("the system has no program that opens {}: {error}", place.display()),
            "open it with a program of your choice",
        )
    })
}

/// Tells the interface how far something is. A window that is gone needs no news, so a failure to send is none.
fn tell<Update: IpcResponse + Send + Sync>(channel: Channel<Update>) -> impl Fn(Update) + Send + Sync {
    move |update| drop(channel.send(update))
}
