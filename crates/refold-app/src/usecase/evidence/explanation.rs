//! What people say about differences: a register of erasures, redactions and repairs, as a file.
//!
//! An explanation is shown beside the finding. It never makes a difference less of one.

use std::path::Path;

use refold_core::port::system::in_words;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use serde::Deserialize;

use crate::error::AppError;
use crate::text;

/// The explanations of a file.
#[derive(Debug, Default)]
pub(super) struct Register(Vec<Explained>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    refold: String,
    explained: Vec<Explained>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explained {
    /// First and last position.
    positions: (u64, u64),
    reason: String,
}

const FORM: &str = "explanations/1";

impl Register {
    pub fn read(file: &Path) -> Result<Register, AppError> {
        let refused = |reason: String| {
            AppError::invalid(
                format!("the explanations cannot be read ({reason}): {}", file.display()),
                "write it as docs/spec/anchor.md says: refold = \"explanations/1\", and [[explained]] with positions and reason",
            )
        };
        let text = plain_file::read_text(file, MOST_TEXT_BYTES).map_err(|error| refused(in_words(&error)))?;
        let document: Document = toml::from_str(&text).map_err(|error| refused(text::toml_fault(&text, &error)))?;
        if document.refold != FORM {
            return Err(refused(format!("it is {}, and not {FORM}", document.refold)));
        }
        match document
            .explained
            .iter()
            .find(|it| it.reason.trim().is_empty() || it.positions.0 > it.positions.1)
        {
            Some(wrong) => Err(refused(format!(
                "the entry for positions {} to {} has no reason, or ends before it begins",
                wrong.positions.0, wrong.positions.1
            ))),
            None => Ok(Register(document.explained)),
        }
    }

    /// What is said of a position.
    pub fn of(&self, position: u64) -> Option<&str> {
        let holds = |it: &&Explained| (it.positions.0..=it.positions.1).contains(&position);
        self.0.iter().find(holds).map(|it| it.reason.trim())
    }
}
