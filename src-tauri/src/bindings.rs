//! The one list of commands. The handler of the window and `ui/src/backend/bindings.ts` both come from it.

use tauri::Wry;
use tauri_specta::{Builder, collect_commands};

use crate::commands::{field, history, links, mask, payload, start, store};

pub fn builder() -> Builder<Wry> {
    // One form of each type: what the window sends and what it gets are the same.
    Builder::new().disable_serde_phases().commands(collect_commands![
        start::start,
        start::make_sample,
        start::save_settings,
        start::bind_keys,
        start::unbind_keys,
        start::classify,
        start::remember_window,
        start::cache_use,
        start::clear_cache,
        start::forget_recent,
        start::cancel_job,
        store::open_store,
        store::close_store,
        store::overview,
        store::index_store,
        store::store_findings,
        store::streams,
        store::store_density,
        store::find,
        mask::mask_state,
        mask::reveal,
        mask::conceal,
        payload::payload_view,
        payload::payload_hex,
        payload::find_in_payload,
        payload::save_payload,
        history::open_history,
        history::close_history,
        history::history_findings,
        history::history_density,
        history::event_rows,
        history::state_frame,
        history::event_detail,
        history::moment_of,
        history::next_change,
        history::next_event,
        field::check_invariants,
        field::next_problem,
        field::read_field,
        field::field_rows,
        field::field_lane,
        field::export_field,
        history::story,
        links::index_ids,
        links::causation,
        links::correlation_streams,
        links::open_lanes,
        links::close_lanes,
        links::lanes_page,
        links::lanes_at,
        links::lanes_step,
    ])
}

#[cfg(test)]
mod tests;
