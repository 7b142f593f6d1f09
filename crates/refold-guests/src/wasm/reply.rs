//! What a module says of a batch, as `refold-abi/1` has it. It is believed only as far as it holds together.

/// What a module says of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Folded,
    Ignored,
    Unknown,
    Unread,
}

/// What a module says of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<'f> {
    /// Of the events in order, up to the one that failed.
    pub outcomes: Vec<Outcome>,
    pub failure: Option<Failure<'f>>,
}

/// Why the event after the last outcome was not folded, in the module's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure<'f> {
    /// Empty where there is none.
    pub code: &'f [u8],
    pub message: &'f [u8],
}

/// Reads what `refold_apply` gave for a batch of so many events.
///
/// # Errors
/// In words, where the frame does not hold together.
pub fn read_reply(frame: &[u8], events: u32) -> Result<Reply<'_>, String> {
    let mut rest = frame;
    let status = number(&mut rest)?;
    let count = number(&mut rest)?;
    let most = match status {
        0 => events,
        1 => events.checked_sub(1).ok_or("it says that an event failed, of none")?,
        other => return Err(format!("its status is {other}, and may be 0 or 1")),
    };
    if count > most || (status == 0 && count != events) {
        return Err(format!(
            "it has {count} outcomes for {events} events, with status {status}"
        ));
    }
    let outcomes = part(&mut rest, count)?.iter().map(|outcome| match outcome {
        0 => Ok(Outcome::Folded),
        1 => Ok(Outcome::Ignored),
        2 => Ok(Outcome::Unknown),
        3 => Ok(Outcome::Unread),
        other => Err(format!("an outcome is {other}, and may be 0 to 3")),
    });
    let outcomes = outcomes.collect::<Result<_, _>>()?;
    let failure = match status {
        0 => None,
        _ => {
            let (code, message) = (number(&mut rest)?, number(&mut rest)?);
            let code = part(&mut rest, code)?;
            Some(Failure {
                code,
                message: part(&mut rest, message)?,
            })
        }
    };
    match rest.len() {
        0 => Ok(Reply { outcomes, failure }),
        more => Err(format!("{more} bytes follow its end")),
    }
}

fn number(rest: &mut &[u8]) -> Result<u32, String> {
    let (number, after) = rest.split_first_chunk().ok_or("it ends too soon")?;
    *rest = after;
    Ok(u32::from_le_bytes(*number))
}

fn part<'f>(rest: &mut &'f [u8], length: u32) -> Result<&'f [u8], String> {
    let cut = rest.split_at_checked(length as usize);
    let (part, after) = cut.ok_or_else(|| format!("it says {length} bytes where it has {}", rest.len()))?;
    *rest = after;
    Ok(part)
}
