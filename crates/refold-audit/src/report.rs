//! Reports: what an auditor takes away, and can defend without the program that made it.
//!
//! [`model`] is what a report says, as plain values that `manifest.json` holds to the letter. [`pages`] lays it out for
//! people once, and [`html`] and [`pdf`] write these pages. [`rows`] has the events as tables, for programs and for
//! spreadsheets, as [`xlsx`] has. [`manifest`] ties the files together. `docs/spec/report.md` is the format.
//!
//! Nothing here reads a store, a clock or a locale: the same values make the same bytes.

pub mod advice;
pub mod html;
pub mod manifest;
pub mod model;
pub mod pages;
pub mod pdf;
pub mod pseudonym;
pub mod rows;
pub mod xlsx;

use std::fmt::Write as _;

use refold_core::value::is_hidden;

/// The text with everything made visible that does not print or turns the direction of writing: `⟦U+202E⟧`.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_hidden(letter) {
            // Writing to a string cannot fail.
            let _ = write!(out, "⟦U+{:04X}⟧", u32::from(letter));
        } else {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests;
