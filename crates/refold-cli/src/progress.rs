//! Progress on standard error while somebody watches, and Ctrl+C.
//!
//! There is one terminal, so there is one line. Whoever writes anything else there takes it away first: [`clear`].

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use refold_app::text::grouped;
use refold_app::work::{CancelToken, Phase, Progress};

/// A token that the first Ctrl+C sets. The second ends the program at once.
pub fn cancel_token_of_terminal() -> CancelToken {
    let token = CancelToken::default();
    let pressed = token.clone();
    let watch = ctrlc::set_handler(move || {
        if pressed.is_cancelled() {
            std::process::exit(130);
        }
        pressed.cancel();
    });
    // Without a handler Ctrl+C ends the program, which leaves nothing half-written either.
    drop(watch);
    token
}

/// Shows one line that is rewritten, only when the work takes longer than a moment and a person sits there.
pub struct ProgressLine {
    is_shown: bool,
    started: Instant,
}

/// The line as it stands on the terminal.
struct Line {
    painted: Option<Instant>,
    width: usize,
}

static LINE: Mutex<Line> = Mutex::new(Line::EMPTY);

const FIRST_AFTER: Duration = Duration::from_millis(300);
const BETWEEN: Duration = Duration::from_millis(100);

/// Takes the line away before other output comes.
pub fn clear() {
    let mut line = LINE.lock().unwrap_or_else(PoisonError::into_inner);
    // When standard error is closed nobody sees the line either.
    let _ = line.clear(&mut io::stderr().lock());
}

impl Line {
    const EMPTY: Line = Line {
        painted: None,
        width: 0,
    };

    fn paint(&mut self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let width = text.chars().count();
        let padding = " ".repeat(self.width.saturating_sub(width));
        self.width = width;
        write!(out, "\r{text}{padding}")?;
        out.flush()
    }

    fn clear(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.width == 0 {
            return Ok(());
        }
        let blank = " ".repeat(self.width);
        self.width = 0;
        write!(out, "\r{blank}\r")?;
        out.flush()
    }
}

impl ProgressLine {
    pub fn new() -> ProgressLine {
        ProgressLine {
            is_shown: io::stderr().is_terminal(),
            started: Instant::now(),
        }
    }
}

impl Progress for ProgressLine {
    fn report(&self, phase: Phase, done: u64, total: Option<u64>) {
        if !self.is_shown {
            return;
        }
        // A worker that finds the line taken has nothing newer to say.
        let Ok(mut line) = LINE.try_lock() else { return };
        let is_due = match line.painted {
            None => self.started.elapsed() >= FIRST_AFTER,
            Some(painted) => painted.elapsed() >= BETWEEN,
        };
        if !is_due {
            return;
        }
        line.painted = Some(Instant::now());
        let of = total.map(|total| format!(" of {}", grouped(total))).unwrap_or_default();
        let text = format!("{}: {}{of}", words(phase), grouped(done));
        // Progress that cannot be shown changes nothing of the work.
        let _ = line.paint(&text, &mut io::stderr().lock());
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        clear();
    }
}

/// What a terminal says of it.
fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::ReadingEvents => "reading events",
        Phase::ReadingTheStream => "reading the stream",
        Phase::ReadingPayloads => "reading payloads",
        Phase::ReadingThePayload => "reading the payload",
        Phase::ReadingTheField => "reading the field",
        Phase::ReadingTheFile => "reading the file",
        Phase::ReadingTheReadModel => "reading the read model",
        Phase::ReadingTheLeftStore => "reading the left store",
        Phase::ReadingTheRightStore => "reading the right store",
        Phase::ReadingTheSample => "reading the sample",
        Phase::ReadingOccurredTimes => "reading occurred times",
        Phase::ReadingWhatDiffers => "reading what differs",
        Phase::Unpacking => "unpacking",
        Phase::CopyingTheDatabase => "copying the database",
        Phase::CopyingItsLog => "copying its log",
        Phase::CopyingPayloads => "copying payloads",
        Phase::HoldingTheCopyAgainstTheStore => "holding the copy against the store",
        Phase::ComparingWithTheIndex => "comparing with the index",
        Phase::CountingEvents => "counting events",
        Phase::CountingEventsByCategory => "counting events by category",
        Phase::ChoosingEvents => "choosing events",
        Phase::SortingEvents => "sorting events",
        Phase::MarkingEvents => "marking events",
        Phase::IndexingIds => "indexing ids",
        Phase::IndexingPayloads => "indexing payloads",
        Phase::Searching => "searching",
        Phase::Folding => "folding",
        Phase::FoldingRanges => "folding ranges",
        Phase::FoldingBothLines => "folding both lines",
        Phase::FoldingTheSample => "folding the sample",
        Phase::FoldingWhatDiffers => "folding what differs",
        Phase::FoldingWhatIsKnown => "folding what is known",
        Phase::LeavingEventsOut => "leaving events out",
        Phase::AskingEvents => "asking events",
        Phase::SendingThroughUpcasters => "sending events through the upcasters",
        Phase::LookingForAChange => "looking for a change",
        Phase::LookingForIdsNearby => "looking for ids nearby",
        Phase::LookingForTheStreamsOfACorrelation => "looking for the streams of a correlation",
        Phase::LookingForTheFirstEvents => "looking for the first events",
        Phase::LookingForTheEvent => "looking for the event",
        Phase::LookingForTheEvents => "looking for the events",
        Phase::LookingForThePerson => "looking for the person",
        Phase::LookingAtTheEvents => "looking at the events",
        Phase::LookingAtWhatIsAround => "looking at what is around",
        Phase::TryingSmallerHistories => "trying smaller histories",
        Phase::CheckingInvariants => "checking invariants",
        Phase::CheckingTheStreams => "checking the streams",
        Phase::CheckingTheSeal => "checking the seal",
        Phase::RunningTestCases => "cases",
        Phase::ComparingIds => "comparing ids",
        Phase::ComparingEventByEvent => "comparing event by event",
        Phase::ComparingTheOrder => "comparing the order",
        Phase::ComparingStreams => "comparing streams",
        Phase::ComparingThePages => "comparing the pages",
        Phase::ComparingTheTables => "comparing the tables",
        Phase::ExplainingRows => "explaining rows",
        Phase::Explaining => "explaining",
        Phase::Anchoring => "anchoring",
        Phase::Proving => "proving",
        Phase::Verifying => "verifying",
        Phase::VerifyingTheCopy => "verifying the copy",
        Phase::VerifyingTheChain => "verifying the chain",
        Phase::HashingTheStore => "hashing the store",
        Phase::HashingTheStoreAgain => "hashing the store again",
        Phase::FollowingTheChain => "following the chain",
        Phase::WritingTheCase => "writing the case",
        Phase::WritingTheEvents => "writing the events",
        Phase::WritingThePages => "writing the pages",
        Phase::MakingTheSampleStore => "making the sample store",
        Phase::OpeningTheOtherStore => "opening the other store",
        Phase::WaitingForAnotherIndexing => "waiting for another Refold that indexes this store",
        Phase::Starting => "starting",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a terminal shows of one line.
    fn screen(bytes: &[u8]) -> String {
        let (mut cells, mut at) = (Vec::new(), 0);
        for letter in String::from_utf8(bytes.to_vec()).unwrap().chars() {
            if letter == '\r' {
                at = 0;
                continue;
            }
            cells.resize(cells.len().max(at + 1), ' ');
            cells[at] = letter;
            at += 1;
        }
        cells.into_iter().collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn a_line_takes_the_place_of_the_one_before_and_leaves_nothing() {
        let (mut line, mut out) = (Line::EMPTY, Vec::new());
        line.clear(&mut out).unwrap();
        assert_eq!(out, b"", "there is nothing to take away");
        line.paint("reading events: 1,000 of 2,000", &mut out).unwrap();
        line.paint("folding: 5", &mut out).unwrap();
        assert_eq!(screen(&out), "folding: 5");
        line.clear(&mut out).unwrap();
        line.clear(&mut out).unwrap();
        out.extend_from_slice(b"order-1");
        assert_eq!(screen(&out), "order-1");
    }
}
