//! The replay lab: comparing handlers, checking invariants, minimising.

use std::sync::Arc;

use refold_app::Desk;
use refold_app::wire::{
    CheckAsked, CompareAsked, DifferingPage, HandlerChecked, HandlerWire, HandlersCompared, HistoryMinimized,
    InvariantCourse, InvariantListed, JobUpdate, LabScope, MinimizeAsked, PairOpened, PairPage, VersionsChecked,
    ViolationPage,
};
use tauri::State;
use tauri::ipc::Channel;

use super::{Reply, answer, tell};

#[tauri::command]
#[specta::specta]
pub async fn compare_handlers(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: CompareAsked,
    progress: Channel<JobUpdate>,
) -> Reply<HandlersCompared> {
    answer(desk, move |desk| {
        desk.compare_handlers(session, &asked, &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn differing_rows(desk: State<'_, Arc<Desk>>, run: u32, offset: u32, limit: u32) -> Reply<DifferingPage> {
    answer(desk, move |desk| desk.differing_rows(run, offset, limit)).await
}

/// `scope`: a stream, and how far it is looked at.
#[tauri::command]
#[specta::specta]
pub async fn open_pair(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    scope: LabScope,
    left: String,
    right: String,
    progress: Channel<JobUpdate>,
) -> Reply<PairOpened> {
    answer(desk, move |desk| {
        desk.open_pair(session, &scope, [&left, &right], &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn pair_page(desk: State<'_, Arc<Desk>>, pair: u32, moment: u32, is_whole: bool) -> Reply<PairPage> {
    answer(desk, move |desk| desk.pair_page(pair, moment, is_whole)).await
}

#[tauri::command]
#[specta::specta]
pub async fn close_run(desk: State<'_, Arc<Desk>>, run: u32) -> Reply<()> {
    answer(desk, move |desk| desk.close_run(run)).await
}

#[tauri::command]
#[specta::specta]
pub async fn handler_identity(desk: State<'_, Arc<Desk>>, handler: String) -> Reply<HandlerWire> {
    answer(desk, move |desk| desk.handler_identity(&handler)).await
}

#[tauri::command]
#[specta::specta]
pub async fn invariants_of(desk: State<'_, Arc<Desk>>, handler: String) -> Reply<Vec<InvariantListed>> {
    answer(desk, move |desk| desk.invariants_of(&handler)).await
}

#[tauri::command]
#[specta::specta]
pub async fn check_handler(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: CheckAsked,
    progress: Channel<JobUpdate>,
) -> Reply<HandlerChecked> {
    answer(desk, move |desk| desk.check_handler(session, &asked, &tell(progress))).await
}

#[tauri::command]
#[specta::specta]
pub async fn violation_rows(
    desk: State<'_, Arc<Desk>>,
    run: u32,
    invariant: String,
    offset: u32,
    limit: u32,
) -> Reply<ViolationPage> {
    answer(desk, move |desk| desk.violation_rows(run, &invariant, offset, limit)).await
}

#[tauri::command]
#[specta::specta]
pub async fn invariant_course(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    scope: LabScope,
    handler: String,
    invariant: String,
    progress: Channel<JobUpdate>,
) -> Reply<InvariantCourse> {
    answer(desk, move |desk| {
        desk.invariant_course(session, &scope, &handler, &invariant, &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn check_versions(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    scope: LabScope,
    handler: String,
    invariant: String,
    progress: Channel<JobUpdate>,
) -> Reply<VersionsChecked> {
    answer(desk, move |desk| {
        desk.check_versions(session, &scope, &handler, &invariant, &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn minimize_history(
    desk: State<'_, Arc<Desk>>,
    session: u32,
    asked: MinimizeAsked,
    progress: Channel<JobUpdate>,
) -> Reply<HistoryMinimized> {
    answer(desk, move |desk| {
        desk.minimize_history(session, &asked, &tell(progress))
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn save_test_case(desk: State<'_, Arc<Desk>>, session: u32, file: String, text: String) -> Reply<()> {
    answer(desk, move |desk| desk.save_test_case(session, &file, &text)).await
}
