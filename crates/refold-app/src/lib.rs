//! What a person can do with Refold, as plain functions: open a store, list streams, rebuild a state, compare, blame.
//!
//! Both faces, the window and the command line, call the same use cases. It must not know Tauri, HTML, or how either
//! face shows what it answers.

pub mod access;
mod actor;
pub mod answer;
mod asked;
mod case;
mod clock;
pub mod connections;
mod density;
mod desk;
mod drafts;
pub mod error;
mod findings;
pub mod frame;
mod guarded;
pub mod handler;
mod history;
mod in_order;
mod jobs;
mod kept;
mod linked;
mod lock;
mod marks;
mod mask;
mod notebook;
mod payload;
mod percent;
mod places;
mod quiet;
pub mod rebuild;
mod reload;
mod replay;
mod rows;
pub mod saved_queries;
mod sealing_key;
mod session;
mod settings;
mod stream;
pub mod text;
pub mod usecase;
mod watch;
mod who;
pub mod wire;
mod written_file;

pub use clock::Monotonic;
pub use desk::Desk;
pub use error::{AppError, ErrorCode};
pub use history::HistorySink;
pub use jobs::ProgressSink;
pub use mask::{Mask, Part, Reveal};
pub use places::Places;
pub use reload::HandlersSink;
pub use replay::{Opening, Replay};
pub use session::{Session, UnsettledAnswer};
pub use stream::Stream;
pub use watch::NewsSink;

/// A text that must not be seen.
pub use refold_stores::secret::Secret;

/// Progress and cancelling, as every use case takes them.
pub use refold_core::work;
