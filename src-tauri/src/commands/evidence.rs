//! Anchors, verifying against them, store health, reports and checking them.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{
    AnchorAskedWire, AnchorMade, AnchorsFound, BundleChecked, ChainVerified, HealthTold, JobUpdate, ReportAskedWire,
    ReportMade, ReportManner, ReportPaths, ReportPreview, StoreVerified, VerifyAskedWire,
};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, open_with_system, tell};

#[tauri::command]
#[specta::specta]
pub async fn anchors(desk: State<'_, Arc<Desk>>, session: u32, folder: String) -> Reply<AnchorsFound> {
    answer(desk, move |desk| desk.anchors(session, &folder)).await
}

#[tauri::command]
#[specta::specta]
pub async fn make_anchor(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: AnchorAskedWire,
    progress: Channel<JobUpdate>,
) -> Reply<AnchorMade> {
    answer(desk, move |desk| desk.make_anchor(session, &asked, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn verify_store(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: VerifyAskedWire,
    progress: Channel<JobUpdate>,
) -> Reply<StoreVerified> {
    answer(desk, move |desk| desk.verify_store(session, &asked, &tell(progress))).await
}

/// Empty texts: no key, no explanations.
#[tauri::command]
#[specta::specta]
pub async fn verify_chain(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    native_key: String,
    explanations: String,
    progress: Channel<JobUpdate>,
) -> Reply<ChainVerified> {
    answer(desk, move |desk| {
        desk.verify_chain(session, &native_key, &explanations, &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn store_health(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    handler: String,
    progress: Channel<JobUpdate>,
) -> Reply<HealthTold> {
    answer(desk, move |desk| desk.store_health(session, &handler, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn report_manner(desk: State<'_, Arc<Desk>>, session: u32) -> Reply<ReportManner> {
    answer(desk, move |desk| desk.report_manner(session)).await
}

#[tauri::command]
#[specta::specta]
pub async fn report_paths(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: ReportAskedWire,
    progress: Channel<JobUpdate>,
) -> Reply<ReportPaths> {
    answer(desk, move |desk| desk.report_paths(session, &asked, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn report_preview(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: ReportAskedWire,
    progress: Channel<JobUpdate>,
) -> Reply<ReportPreview> {
    answer(desk, move |desk| desk.report_preview(session, &asked, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn make_report(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: ReportAskedWire,
    progress: Channel<JobUpdate>,
) -> Reply<ReportMade> {
    answer(desk, move |desk| desk.make_report(session, &asked, &tell(progress))).await
}

/// Opens a report that was made in this window in the program that the system has for it; without `pages` its folder.
#[tauri::command]
#[specta::specta]
pub async fn open_report(desk: State<'_, Arc<Desk>>, folder: String, pages: Option<String>) -> Reply<()> {
    answer(desk, move |desk| {
        let place = desk.report_place(&folder, pages.as_deref())?;
        open_with_system(&place)
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn verify_bundle(desk: State<'_, Arc<Desk>>, folder: String, key: String) -> Reply<BundleChecked> {
    answer(desk, move |desk| desk.verify_bundle(&folder, &key)).await
}
