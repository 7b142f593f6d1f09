//! What can be told of a value that a handler made whose steps cannot be seen: which events change it when they are left
//! out, one at a time.

use std::sync::Arc;

use refold_core::finding::Findings;
use refold_core::pointer::Pointer;
use refold_core::port::handler::HandlerProgram;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::{Cancelled, Work};
use refold_handlers::error::code;
use refold_handlers::lab::left_out::{Leaving, LeftOut, LeftOutError, Without};
use serde::Serialize;

use super::past::MaskedView;
use super::why::unnamed;
use crate::answer::{CauseAnswer, Literal};
use crate::error::{AppError, ErrorCode};
use crate::session::Session;
use crate::stream::Stream;
use crate::text;

/// Events that are left out in their turn: the last ones. For each, all that come after it are folded once more, which
/// is 3.9 million events at most.
pub const MOST_LEFT_OUT: u32 = 2_800;
/// What these events take of memory at most.
const MOST_BYTES: usize = 1 << 29;

#[derive(Debug, Clone, Serialize)]
pub struct LeftOutAnswer {
    /// Those without which another value would be there; the latest first.
    pub events: Vec<WithoutAnswer>,
    /// How many more of them there are, which are earlier.
    pub further: u32,
    /// How many events were left out in their turn, and how many of the same stretch the handler does not take.
    pub tried: u32,
    pub untaken: u32,
    /// The first of the stretch, where it does not begin with the stream: those before it were not left out.
    pub since: Option<CauseAnswer>,
    /// Whether those that matter, folded alone, give the same value; `null`: not every event was left out.
    pub enough: Option<bool>,
}

/// What would be there without an event.
#[derive(Debug, Clone, Serialize)]
pub struct WithoutAnswer {
    pub event: CauseAnswer,
    /// The moment after the event.
    #[serde(skip)]
    pub moment: u32,
    pub present: bool,
    pub value: Option<Literal>,
    /// Where the handler would have failed without it: the value is the one before that.
    pub failed: Option<FailedAnswer>,
}

#[derive(Debug, Clone, Serialize)]
pub struct FailedAnswer {
    pub event: CauseAnswer,
    pub fault: String,
}

/// `asked`: the place, the moment, and what is there then. `Ok(Err(why))`: why nothing can be told.
pub fn left_out(
    work: &Work<'_>,
    session: &Session,
    stream: &Stream,
    program: &Arc<dyn HandlerProgram>,
    (path, moment, value): (&Pointer, Moment, Option<&Value>),
    (most_left_out, most_events): (u32, usize),
) -> Result<Result<LeftOutAnswer, String>, AppError> {
    let first = Moment(moment.0.saturating_sub(most_left_out));
    let mut leaving = Leaving::new(program.as_ref(), stream.names());
    // Whoever opened the stream reports what was found in its events.
    let (findings, mut is_too_large) = (Arc::<Findings>::default(), false);
    let store = session.store();
    stream.visit_while(work, store, &findings, Moment::START, moment, &mut |at, event| {
        if at <= first {
            leaving.pass(event)?;
        } else {
            is_too_large = leaving.byte_count() + event.byte_count() > MOST_BYTES;
            if !is_too_large {
                leaving.take(event);
            }
        }
        Ok(!is_too_large)
    })?;
    if is_too_large {
        return Ok(Err(format!(
            "events cannot be left out either: the last {} before this moment take more than {} of memory",
            text::counted(most_left_out.into(), "event"),
            text::size_label(MOST_BYTES as u64)
        )));
    }
    let found = match leaving.find(work, path, value, most_events) {
        Ok(found) => found,
        Err(LeftOutError::Differs) => {
            return Ok(Err(format!(
                "nor can events be left out to see what changes: folded again, the same ones give another value ({})",
                code::NONDETERMINISTIC
            )));
        }
        Err(error) => return Err(error.into()),
    };
    let masked = MaskedView::new(session, stream);
    let answered = Answered {
        stream,
        masked: &masked,
        path,
        first,
        digits: session.description().time_digits,
    };
    Ok(Ok(answered.answer(&found)))
}

struct Answered<'a> {
    stream: &'a Stream,
    masked: &'a MaskedView<'a>,
    path: &'a Pointer,
    /// The moment before the first event that was left out.
    first: Moment,
    digits: u8,
}

impl Answered<'_> {
    fn answer(&self, found: &LeftOut) -> LeftOutAnswer {
        LeftOutAnswer {
            events: found.events.iter().map(|without| self.without(without)).collect(),
            further: found.further,
            tried: found.tried,
            untaken: found.untaken,
            since: (self.first > Moment::START).then(|| self.cause(0)),
            enough: found.is_enough,
        }
    }

    fn without(&self, without: &Without) -> WithoutAnswer {
        let value = without.value.as_ref();
        WithoutAnswer {
            event: self.cause(without.row),
            moment: self.moment(without.row).0,
            present: value.is_some(),
            value: value.map(|value| Literal(self.masked.state(self.path, value))),
            failed: without.fault.as_ref().map(|(row, fault)| FailedAnswer {
                event: self.cause(*row),
                fault: fault.to_string(),
            }),
        }
    }

    fn cause(&self, row: usize) -> CauseAnswer {
        self.stream.cause(self.moment(row), self.digits).unwrap_or_else(unnamed)
    }

    /// The moment after the event of a row.
    fn moment(&self, row: usize) -> Moment {
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        Moment(self.first.0.saturating_add(row).saturating_add(1))
    }
}

impl From<LeftOutError> for AppError {
    fn from(error: LeftOutError) -> AppError {
        let failed = |message: String| {
            AppError::new(
                ErrorCode::HandlerFailed,
                message,
                "correct the handler, or choose another",
            )
        };
        match error {
            LeftOutError::Cancelled => AppError::from(Cancelled),
            LeftOutError::Handler(fault) => failed(fault.to_string()),
            LeftOutError::Differs => failed(code::NONDETERMINISTIC.to_owned()),
        }
    }
}
