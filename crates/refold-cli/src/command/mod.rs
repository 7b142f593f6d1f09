//! One file a command: call the use case, print its answer.

mod anchor;
mod anchors;
mod blame;
mod case;
mod causes;
mod check;
mod compare;
mod compare_stores;
mod connect;
mod connections;
mod describe;
mod diff;
mod distinguish;
mod drift;
mod field;
mod gate;
mod health;
mod history;
mod known;
mod lanes;
mod minimize;
mod new_handler;
mod prove;
mod replay;
mod report;
mod search;
mod state;
mod streams;
mod tail;
mod terminal;
mod test;
mod timeline;
mod verify;
mod verify_bundle;
mod whatif;
mod why;
mod why_not;

use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::sync::Arc;

use clap::CommandFactory as _;
use refold_app::connections::Asked;
use refold_app::handler::{self, PROCESS_ENGINE_ID};
use refold_app::text::visible;
use refold_app::usecase::describe::notices;
use refold_app::usecase::lab::kept::{Answered, Keeping};
use refold_app::usecase::lab::{EventName, Scope};
use refold_app::usecase::overview::lacking;
use refold_app::wire::{FindingWire, HandlerWalls, HandlerWire};
use refold_app::work::Work;
use refold_app::{AppError, Places, Reveal, Session, UnsettledAnswer};

use crate::arguments::{Arguments, Case, Command, KeepingAsked, ScopeAsked};
use crate::print::{self, Ended, Printer};
use crate::progress::{ProgressLine, cancel_token_of_terminal};

/// What every command gets.
pub struct Context<'a> {
    pub work: &'a Work<'a>,
    pub json: bool,
    arguments: &'a Arguments,
    /// What the command opened. Of several stores the first one is what it is about.
    sessions: RefCell<Vec<Arc<Session>>>,
    /// Whether the answer lacks what could not be read as events.
    is_lacking: Cell<bool>,
}

impl Context<'_> {
    /// Opens the store, under the masking rules that hold for it, less what the call reveals.
    pub fn open(&self, store: impl AsRef<OsStr>) -> Result<Arc<Session>, Ended> {
        let session = Arc::new(Session::open_asked(
            self.work,
            &self.asked(store.as_ref()),
            &self.places()?,
        )?);
        for path in &self.arguments.reveal {
            let reason = self.arguments.reason.as_deref().unwrap_or_default();
            session.mask().reveal(Reveal::everywhere(path)?, reason)?;
        }
        self.sessions.borrow_mut().push(Arc::clone(&session));
        Ok(session)
    }

    /// What a STORE means, with what the call says of how it is opened.
    fn asked(&self, store: &OsStr) -> Asked {
        Asked {
            layout: self.arguments.layout.clone(),
            zone: self.arguments.zone.clone(),
            passwords: Arc::new(terminal::Terminal),
            ..Asked::at(store)
        }
    }

    /// The application's own folders, with the masking rules that the call names.
    fn places(&self) -> Result<Places, AppError> {
        let places = Places::of_user()?;
        Ok(Places {
            mask: self.arguments.mask.clone().or(places.mask.clone()),
            ..places
        })
    }

    /// Standard output.
    pub fn printer(&self) -> Printer {
        self.printer_of(0)
    }

    /// Of a command that exits with `code`, also when nobody reads all of its answer.
    pub fn printer_of(&self, code: u8) -> Printer {
        Printer::new(code, self.kept_as_of(), self.unsettled())
    }

    /// What is missing from the index, of a command whose answer is made of it.
    fn lacking_of_index(&self) -> Vec<FindingWire> {
        let sessions = self.sessions.borrow();
        let of_index = sessions.first().filter(|_| is_of_index(&self.arguments.command));
        of_index.map(|session| lacking(session)).unwrap_or_default()
    }

    /// As of when the answer is, where it is out of what this machine keeps of a store whose server cannot be reached.
    fn kept_as_of(&self) -> Option<String> {
        let sessions = self.sessions.borrow();
        sessions.iter().filter_map(|session| session.kept_as_of()).min()
    }

    /// Every command shows this what its answer came upon. Who reads nothing but the exit code must not take what is left
    /// of a store for all of it.
    pub fn heed(&self, findings: &[FindingWire]) {
        if findings.iter().any(FindingWire::leaves_out) {
            self.is_lacking.set(true);
        }
    }

    /// The end that is not in the answer, of the first store that has one.
    fn unsettled(&self) -> Option<UnsettledAnswer> {
        if matches!(self.arguments.command, Command::Tail(_)) {
            // It tells these events once they are settled.
            return None;
        }
        self.sessions.borrow().iter().find_map(|session| session.unsettled())
    }

    /// Neither of what is kept nor of what is left of a store anything is answered as if all of it had been asked: a script
    /// would not see the difference. And a verdict on all of a store is none on events that are not settled.
    fn exit_code(&self, code: u8) -> u8 {
        let is_short = is_verdict(&self.arguments.command) && self.unsettled().is_some();
        code.max(u8::from(
            self.is_lacking.get() || self.kept_as_of().is_some() || is_short,
        ))
    }
}

/// Runs the command and returns the exit code of a success: 0, or 1 when it found differences or could not ask all of the
/// store itself.
pub fn run(arguments: &Arguments) -> Result<u8, Ended> {
    handler::trust_programs(arguments.trust_programs);
    let (cancel, progress) = (cancel_token_of_terminal(), ProgressLine::new());
    let work = Work::new(&cancel, &progress);
    let _heeds = handler::heed_cancel(&cancel);
    let context = Context {
        work: &work,
        json: arguments.json,
        arguments,
        sessions: RefCell::default(),
        is_lacking: Cell::default(),
    };
    let ended = answer(&context, &arguments.command);
    let of_index = context.lacking_of_index();
    context.heed(&of_index);
    let code = match ended {
        Ok(code) => context.exit_code(code),
        Err(Ended::OutputClosed(code)) => return Err(Ended::OutputClosed(context.exit_code(code))),
        Err(failed) => return Err(failed),
    };
    let sessions = context.sessions.borrow();
    if let Some(session) = sessions.first() {
        let mut notices = notices(session);
        match arguments.command {
            // It has them among its findings.
            Command::Info { .. } => notices.clear(),
            // It says what was left out, but not what nobody could take along.
            Command::Case(Case::Show { .. }) => notices.retain(|notice| notice.code == "unsettled"),
            _ => {}
        }
        print::findings_aside(&notices);
    }
    let is_told = |other: &&Arc<Session>| other.kept_as_of().is_some() || other.unsettled().is_some();
    for other in sessions.iter().skip(1).filter(is_told) {
        print::findings_aside(&notices(other));
    }
    if let Some(session) = sessions.first() {
        // A report may have rules of its own.
        let own = session.with_own_mask();
        if let Command::Report(report) = &arguments.command
            && let Some(rules) = &report.redact
        {
            own.mask().add(rules)?;
        }
        for path in &arguments.reveal {
            if !own.mask().has_rule_at(&Reveal::everywhere(path)?) {
                print::aside(&format!(
                    "no masking rule hides anything at {}: nothing more is shown, though it was logged",
                    visible(path)
                ));
            }
        }
    }
    print::findings_aside(&of_index);
    Ok(code)
}

/// Whether its exit code says that all it was to ask was asked.
fn is_verdict(command: &Command) -> bool {
    matches!(
        command,
        Command::Check(_)
            | Command::Compare(_)
            | Command::Drift(_)
            | Command::Gate(_)
            | Command::Health(_)
            | Command::Replay(_)
            | Command::Report(_)
    )
}

/// Whether what is missing from the index is missing from the answer, which has no room for it itself.
fn is_of_index(command: &Command) -> bool {
    match command {
        Command::Streams(_) | Command::Distinguish(_) | Command::Timeline(_) => true,
        // Which streams have a correlation is found by it; of the streams themselves the lanes say it.
        Command::Lanes(asked) => asked.correlation.is_some(),
        // Of one stream they say it themselves.
        Command::Replay(asked) => asked.scope.stream.is_none(),
        Command::Check(asked) => asked.scope.stream.is_none(),
        _ => false,
    }
}

fn answer(context: &Context<'_>, command: &Command) -> Result<u8, Ended> {
    match command {
        Command::Info { store } => describe::run(context, store),
        Command::Streams(asked) => streams::run(context, asked),
        Command::History(asked) => history::run(context, asked),
        Command::Search(asked) => search::run(context, asked),
        Command::Tail(asked) => tail::run(context, asked),
        Command::Distinguish(asked) => distinguish::run(context, asked),
        Command::State(asked) => state::run(context, asked),
        Command::Diff(asked) => diff::run(context, asked),
        Command::Compare(asked) => compare::run(context, asked),
        Command::Blame(asked) => blame::run(context, asked),
        Command::Known(asked) => known::run(context, asked),
        Command::Corrections(asked) => known::run_corrections(context, asked),
        Command::Why(asked) => why::run(context, asked),
        Command::WhyNot(asked) => why_not::run(context, asked),
        Command::Field(asked) => field::run(context, asked),
        Command::Causes(asked) => causes::run(context, asked),
        Command::Lanes(asked) => lanes::run(context, asked),
        Command::Replay(asked) => replay::run(context, asked),
        Command::Check(asked) => check::run(context, asked),
        Command::Gate(asked) => gate::run(context, asked),
        Command::Minimize(asked) => minimize::run(context, asked),
        Command::WhatIf(asked) => whatif::run(context, asked),
        Command::Timeline(asked) => timeline::run(context, asked),
        Command::Case(asked) => case::run(context, asked),
        Command::Anchor(asked) => anchor::run(context, asked),
        Command::Anchors(asked) => anchors::run(context, asked),
        Command::Verify(asked) => verify::run(context, asked),
        Command::Health(asked) => health::run(context, asked),
        Command::Drift(asked) => drift::run(context, asked),
        Command::Prove(asked) => prove::run(context, asked),
        Command::Report(asked) => report::run(context, asked),
        Command::VerifyBundle(asked) => verify_bundle::run(context, asked),
        Command::Connections(asked) => connections::run(context, asked),
        Command::Connect(asked) => connect::run(context, asked),
        Command::Test { package } => test::run(context, package),
        Command::NewHandler(asked) => new_handler::run(context, asked),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "refold", &mut script);
            let mut printer = context.printer();
            printer.text(String::from_utf8_lossy(&script).trim_end())?;
            printer.finish(Ok(0))
        }
    }
}

/// A cell for a value that may be absent.
fn cell(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

/// `order@1.1.0 (declarative, sha256:…)`, and what the default means.
fn handler_line(handler: &HandlerWire) -> String {
    if handler.engine == "builtin" {
        return format!(
            "{} (needs no code: every payload is a merge patch on the state)",
            handler.name
        );
    }
    let walls = match handler::walls(&handler.engine) {
        Some(HandlerWalls {
            standing: None,
            lacking: Some(lacking),
        }) => format!(", in a process without walls: {lacking}"),
        // Of programs each kind of walls is whole, and the window says what others would need.
        Some(HandlerWalls {
            standing: Some(standing),
            lacking: Some(lacking),
        }) if handler.engine != PROCESS_ENGINE_ID => format!(", in a process behind {standing} alone: {lacking}"),
        Some(_) | None => String::new(),
    };
    format!(
        "{}@{} ({}, {}{walls})",
        handler.name, handler.version, handler.engine, handler.hash
    )
}

/// An event by its version, in a store without versions by its position; empty for none.
fn place(version: Option<&String>, position: Option<&String>) -> String {
    match (version, position) {
        (Some(version), _) => format!("v{version}"),
        (None, Some(position)) => format!("#{position}"),
        (None, None) => String::new(),
    }
}

/// `v9 PaymentCaptured`
fn event_cell(event: &EventName) -> String {
    let place = place(event.version.as_ref(), event.position.as_ref());
    format!("{place} {}", event.event_type)
}

fn scope_of(asked: &ScopeAsked) -> Scope<'_> {
    match (&asked.stream, &asked.until, &asked.category) {
        (Some(stream), Some(cursor), _) => Scope::Until { stream, cursor },
        (Some(stream), None, _) => Scope::Stream(stream),
        (None, _, Some(category)) => Scope::Category(category),
        (None, _, None) => Scope::All,
    }
}

fn keeping_of(asked: &KeepingAsked) -> Keeping {
    if asked.no_cache { Keeping::Anew } else { Keeping::Kept }
}

/// The answer; that it was there already is told beside it.
fn told<T>(context: &Context<'_>, answered: Answered<T>) -> T {
    if answered.was_kept && !context.json {
        print::aside("cached, identical inputs; --no-cache folds again");
    }
    answered.answer
}

/// What stands above an answer whose state may lack something. `since` is a version, or `#4711` in a store without.
fn incomplete_line(since: &str) -> String {
    let mark = if since.starts_with('#') { "" } else { "v" };
    format!("INCOMPLETE since {mark}{since}: an event is missing, or could not be read or folded, see the findings")
}
