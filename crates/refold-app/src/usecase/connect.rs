//! Trying a store before it is trusted: can it be reached, does it let us in, how is writing to it ruled out, what could
//! this account do, and are there events.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Instant;

use refold_core::port::system::in_words;
use refold_core::work::Work;
use refold_stores::plain_file::{self, Links};
use refold_stores::{Role, powers_in_words};

use crate::connections::server::{self, Asking};
use crate::connections::url::Host;
use crate::connections::{Asked, Surroundings, Target, Tunnel};
use crate::error::{AppError, ErrorCode};
use crate::places::Places;
use crate::session::Session;
use crate::text;
use crate::wire::{ConnectStep, Connected, Connection, StepOutcome};

/// How trying a store went.
#[derive(Debug)]
pub struct Tried {
    /// Those steps that were tried: none follows one that failed.
    pub steps: Vec<ConnectStep>,
    /// Why it ended before the last step.
    pub failure: Option<AppError>,
}

impl From<Tried> for Connected {
    fn from(tried: Tried) -> Connected {
        Connected {
            steps: tried.steps,
            failure: tried.failure.map(Into::into),
        }
    }
}

/// The steps, in their order.
pub const TITLES: [&str; 5] = [
    "reach the store",
    "sign in",
    "read-only is enforced",
    "what this account could do",
    "find events",
];

/// Tries a store step by step; `tell` hears of each when it is through.
///
/// # Errors
/// When the call is wrong: no such connection, no path. What fails of the store is among the steps.
pub fn connect(
    work: &Work<'_>,
    asked: &Asked,
    places: &Places,
    tell: &dyn Fn(&ConnectStep),
) -> Result<Tried, AppError> {
    let target = Target::of_named(&asked.store, places)?;
    let mut steps = Steps {
        done: Vec::new(),
        began: Instant::now(),
        tell,
    };
    let reached = match &target.file {
        Some(file) => reach_file(file),
        None => reach_server(&target),
    };
    let failure = match reached {
        Ok(said) => {
            steps.told(StepOutcome::Ok, said, "");
            open(work, asked, places, &target, &mut steps)?
        }
        Err(error) => steps.failed(error),
    };
    Ok(Tried {
        steps: steps.done,
        failure,
    })
}

/// What was tried so far.
struct Steps<'a> {
    done: Vec<ConnectStep>,
    began: Instant,
    tell: &'a dyn Fn(&ConnectStep),
}

impl Steps<'_> {
    /// The next step is through.
    fn told(&mut self, outcome: StepOutcome, said: impl Into<String>, advice: impl Into<String>) {
        let place = self.done.len();
        let step = ConnectStep {
            // There are five.
            step: u32::try_from(place + 1).unwrap_or(u32::MAX),
            title: TITLES.get(place).copied().unwrap_or_default().to_owned(),
            outcome,
            said: said.into(),
            advice: advice.into(),
            millis: u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX),
        };
        (self.tell)(&step);
        self.done.push(step);
        self.began = Instant::now();
    }

    /// What whoever asks could do beside reading.
    fn told_could(&mut self, could: String, is_elevated: bool) {
        let (outcome, advice) = match is_elevated {
            true => (
                StepOutcome::Warning,
                "use a role that may only read: docs/production.md has the script",
            ),
            false => (StepOutcome::Ok, ""),
        };
        self.told(outcome, could, advice);
    }

    fn failed(&mut self, error: AppError) -> Option<AppError> {
        self.told(StepOutcome::Failed, error.message.clone(), error.hint.clone());
        Some(error)
    }
}

/// The steps behind the first.
fn open(
    work: &Work<'_>,
    asked: &Asked,
    places: &Places,
    target: &Target,
    steps: &mut Steps<'_>,
) -> Result<Option<AppError>, AppError> {
    let role = match sign_in(work, asked, places, target, steps) {
        Ok(role) => role,
        Err(error) if error.is_cancelled() => return Err(error),
        Err(error) => return Ok(steps.failed(error)),
    };
    // Where the store cannot be opened: else what it says of itself counts, in words and in what is made of them.
    let is_powerful = role.as_ref().is_some_and(|role| !role.powers.is_empty());
    let could = match (target.file.as_deref(), &role) {
        (Some(file), _) if may_write(file) => "it may write to the file; Refold never does".to_owned(),
        (Some(_), _) => "it may only read the file".to_owned(),
        (None, Some(role)) if role.powers.is_empty() => format!("the role {} has no power over the server", role.name),
        (None, Some(role)) => format!("the role {} {}", role.name, powers_in_words(&role.powers).join(", ")),
        (None, None) => String::new(),
    };
    let session = match Session::open_asked(work, asked, places) {
        Ok(session) => session,
        Err(error) if error.is_cancelled() => return Err(error),
        Err(error) => {
            // It was let in, and each of its transactions is read-only or there is none.
            if target.file.is_none() || is_about_events(error.code) {
                steps.told(StepOutcome::Ok, "nothing was sent but what reads", "");
            }
            if is_about_events(error.code) {
                steps.told_could(could, is_powerful);
            }
            return Ok(steps.failed(error));
        }
    };
    let description = session.description();
    let Some((first, rest)) = description.read_only.split_first() else {
        let error = AppError::internal("this kind of store does not say how writing to it is ruled out");
        return Ok(steps.failed(error));
    };
    // The first sentence about a server is about its role.
    let (how, could) = match target.file {
        Some(_) => (description.guards().join("; "), could),
        None => (rest.join("; "), first.clone()),
    };
    steps.told(StepOutcome::Ok, how, "");
    steps.told_could(could, description.is_elevated);
    let counted = session
        .index()
        .map(|index| u64::from(index.event_count()))
        .or(description.event_count);
    let events = match counted {
        Some(0) => "it holds no event yet".to_owned(),
        Some(count) if description.count_is_exact => text::counted(count, "event"),
        Some(count) => format!("about {}", text::counted(count, "event")),
        None => "how many events it holds is not known before it is indexed".to_owned(),
    };
    steps.told(StepOutcome::Ok, format!("{}; {events}", description.layout_title), "");
    Ok(None)
}

/// The second step; who we are there, where it is a server.
fn sign_in(
    work: &Work<'_>,
    asked: &Asked,
    places: &Places,
    target: &Target,
    steps: &mut Steps<'_>,
) -> Result<Option<Role>, AppError> {
    if target.file.is_some() {
        steps.told(StepOutcome::None, "a file asks for no password", "");
        return Ok(None);
    }
    let access = target.log(places)?;
    let asking = Asking {
        target,
        passwords: asked.passwords.as_ref(),
        known: None,
        access: access.as_ref(),
    };
    let (role, _) = server::role(work, &asking)?;
    let standby = if role.is_standby { ", a standby" } else { "" };
    // Of several another may be read than the first that answers. What a tunnel leads to has no name here.
    let host = match &target.connection {
        Some(connection) if connection.ssh.is_none() && hosts(connection)?.1.len() > 1 => format!(" at {}", role.host),
        _ => String::new(),
    };
    steps.told(
        StepOutcome::Ok,
        format!("as {} on {}{host}{standby}", role.name, role.server),
        "",
    );
    Ok(Some(role))
}

/// Whether what failed is the last step: all before it went well.
fn is_about_events(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NotAnEventStore | ErrorCode::NoLayout | ErrorCode::Ambiguous
    )
}

fn reach_file(file: &Path) -> Result<String, AppError> {
    let found = plain_file::open(file, Links::Followed).and_then(|file| file.metadata());
    match found {
        Ok(found) => Ok(format!("a file of {}", text::size_label(found.len()))),
        // The next step says what it is.
        Err(error) if matches!(error.kind(), ErrorKind::IsADirectory | ErrorKind::InvalidInput) => {
            Ok("there, but no file".to_owned())
        }
        Err(error) => Err(AppError::new(
            ErrorCode::Unreachable,
            format!("cannot reach the store: {}: {}", in_words(&error), file.display()),
            "look whether the path is right and readable from here",
        )),
    }
}

/// Whether this account may write to it; nothing is written to find out.
#[cfg(unix)]
fn may_write(file: &Path) -> bool {
    rustix::fs::access(file, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn may_write(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| !found.permissions().readonly())
}

/// Of several servers the first that answers; through a tunnel its far end is not looked at before signing in.
fn reach_server(target: &Target) -> Result<String, AppError> {
    let Some(connection) = &target.connection else {
        return Err(AppError::internal("a server without a connection"));
    };
    let (ssh, hosts) = hosts(connection)?;
    if let Some(ssh) = &ssh {
        Tunnel::through(ssh, &hosts)?;
        return Ok(format!("through {ssh}, whose host key ssh knows"));
    }
    let mut failures = Vec::new();
    for host in &hosts {
        match host.reach() {
            Ok(()) => return Ok(format!("{host} answers")),
            Err(error) => failures.push(format!("{host}: {error}")),
        }
    }
    Err(AppError::new(
        ErrorCode::Unreachable,
        format!("no server answers: {}", failures.join("; ")),
        "look whether name and port are right, the server runs, and no firewall is between",
    ))
}

/// The way to the hosts of a connection, and those hosts.
fn hosts(connection: &Connection) -> Result<(Option<String>, Vec<Host>), AppError> {
    let completed = Surroundings::default().complete(connection)?;
    let hosts = server::hosts(&completed.connection, completed.port.as_deref())?;
    Ok((completed.connection.ssh, hosts))
}

#[cfg(test)]
mod tests;
