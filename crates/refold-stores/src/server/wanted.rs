//! Which of several servers of one database is read: one that follows another has less to do.

use super::link::{Blame, Fault};

/// How an address says it, as PostgreSQL's own tools do.
pub const PARAMETER: &str = "target_session_attrs";

/// Which of several servers of one database is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The first that lets us in.
    Any,
    /// One that takes writes.
    Primary,
    /// One that follows another.
    Standby,
    /// One that follows another, or where there is none the first that lets us in.
    PreferStandby,
}

/// Looks at the servers that answer, in their order, for one that is wanted.
pub struct Choice<'a, C> {
    wanted: Wanted,
    opened_on: Option<&'a str>,
    second_best: Option<C>,
    last: Fault,
}

impl Wanted {
    /// As the parameter says it. Nothing that we do writes: what takes no writes is a standby.
    pub fn parse(word: &str) -> Result<Wanted, String> {
        match word {
            "any" => Ok(Wanted::Any),
            "primary" | "read-write" => Ok(Wanted::Primary),
            "standby" | "read-only" => Ok(Wanted::Standby),
            "prefer-standby" => Ok(Wanted::PreferStandby),
            _ => Err(format!(
                "there is no {PARAMETER} {word}: any, primary (read-write), standby (read-only) or prefer-standby"
            )),
        }
    }

    /// Of so many servers, where nobody says otherwise.
    pub fn usual(count: usize) -> Wanted {
        if count > 1 { Wanted::PreferStandby } else { Wanted::Any }
    }

    /// Whether a server is what was asked for, whatever others are.
    fn takes(self, is_standby: bool) -> bool {
        match self {
            Wanted::Any => true,
            Wanted::Primary => !is_standby,
            Wanted::Standby | Wanted::PreferStandby => is_standby,
        }
    }
}

/// Servers in the order in which they are tried: first the one that a session was opened on, where it is named.
pub fn in_order<H>(hosts: Vec<H>, name: impl Fn(&H) -> String, opened_on: Option<&str>) -> Vec<H> {
    let is_first = |host: &H| opened_on == Some(name(host).as_str());
    let (mut ordered, others): (Vec<H>, Vec<H>) = hosts.into_iter().partition(is_first);
    ordered.extend(others);
    ordered
}

impl<'a, C> Choice<'a, C> {
    /// `opened_on`: the server that a session was opened on, as it is named. What was only preferred to it is not preferred
    /// any more once the session stands: whoever comes back may not have heard of all that was read.
    pub fn of(wanted: Wanted, opened_on: Option<&'a str>) -> Choice<'a, C> {
        Choice {
            wanted,
            opened_on,
            second_best: None,
            last: Fault::Closed,
        }
    }

    /// Whether each server is to be asked if it follows another.
    pub fn asks(&self) -> bool {
        self.wanted != Wanted::Any
    }

    /// The next server, as it is named, with whether it follows another. `Some`: no further one is looked at.
    pub fn look(&mut self, name: &str, opened: Result<(C, bool), Fault>) -> Option<Result<C, Fault>> {
        match opened {
            Ok((opened, is_standby)) if self.wanted.takes(is_standby) || self.stays(name) => return Some(Ok(opened)),
            Ok((opened, _)) if self.wanted == Wanted::PreferStandby => {
                self.second_best.get_or_insert(opened);
            }
            Ok((_, is_standby)) => self.last = unwanted(name, is_standby),
            Err(Fault::Cancelled) => return Some(Err(Fault::Cancelled)),
            Err(fault) => self.last = fault,
        }
        None
    }

    fn stays(&self, name: &str) -> bool {
        self.wanted == Wanted::PreferStandby && self.opened_on == Some(name)
    }

    /// What comes of it where none of them was it.
    pub fn end(self) -> Result<C, Fault> {
        self.second_best.ok_or(self.last)
    }
}

/// A server that is none of those that were asked for.
fn unwanted(name: &str, is_standby: bool) -> Fault {
    Fault::Said {
        code: None,
        detail: match is_standby {
            true => format!("{name} is a standby, and {PARAMETER} asks for a primary"),
            false => format!("{name} is no standby, and {PARAMETER} asks for one"),
        },
        blame: Blame::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is chosen of servers: a name each with whether it follows another; `None`: it does not answer.
    fn chosen(word: &str, servers: &[(&'static str, Option<bool>)]) -> Result<&'static str, Option<String>> {
        chosen_after(word, servers, None)
    }

    /// The same of a session that was opened on one of them.
    fn chosen_after(
        word: &str,
        servers: &[(&'static str, Option<bool>)],
        opened_on: Option<&str>,
    ) -> Result<&'static str, Option<String>> {
        let wanted = match word {
            "" => Wanted::usual(servers.len()),
            word => Wanted::parse(word).unwrap(),
        };
        let mut choice = Choice::of(wanted, opened_on);
        let said = |fault| match fault {
            Fault::Said { detail, .. } => Some(detail),
            _ => None,
        };
        for (name, answer) in in_order(servers.to_vec(), |(name, _)| (*name).to_owned(), opened_on) {
            let is_standby = answer.map(|is_standby| is_standby && choice.asks());
            let opened = is_standby.map(|is_standby| (name, is_standby)).ok_or(Fault::Closed);
            if let Some(ended) = choice.look(name, opened) {
                return ended.map_err(said);
            }
        }
        choice.end().map_err(said)
    }

    #[test]
    fn a_session_stays_on_the_server_that_it_was_opened_on() {
        let (primary, standby, away) = (("p", Some(false)), ("s", Some(true)), ("p", None));
        for servers in [[primary, standby], [standby, primary]] {
            for word in ["", "prefer-standby", "any", "primary"] {
                assert_eq!(chosen_after(word, &servers, Some("p")), Ok("p"), "{word}");
            }
            // What was asked for by name holds all the same.
            assert_eq!(chosen_after("standby", &servers, Some("p")), Ok("s"));
            assert_eq!(chosen_after("primary", &servers, Some("s")), Ok("p"));
            assert_eq!(chosen_after("", &servers, Some("gone")), Ok("s"));
        }
        assert_eq!(
            chosen_after("", &[away, standby], Some("p")),
            Ok("s"),
            "where it is away"
        );
    }

    #[test]
    fn of_several_servers_the_standby_is_chosen_and_others_where_that_is_said() {
        let (primary, standby, away) = (("p", Some(false)), ("s", Some(true)), ("a", None));
        for servers in [[primary, standby], [standby, primary]] {
            for word in ["", "prefer-standby", "standby", "read-only"] {
                assert_eq!(chosen(word, &servers), Ok("s"), "{word}");
            }
            for word in ["primary", "read-write"] {
                assert_eq!(chosen(word, &servers), Ok("p"), "{word}");
            }
            assert_eq!(chosen("any", &servers), Ok(servers[0].0));
        }
        assert_eq!(chosen("", &[away, primary, standby]), Ok("s"));
        assert_eq!(chosen("", &[primary, away]), Ok("p"), "where there is no standby");
        assert_eq!(chosen("", &[primary]), Ok("p"));
        assert_eq!(chosen("", &[away, away]), Err(None));
        let said = chosen("standby", &[primary]).unwrap_err().unwrap();
        assert_eq!(said, "p is no standby, and target_session_attrs asks for one");
        let said = chosen("primary", &[standby]).unwrap_err().unwrap();
        assert_eq!(said, "s is a standby, and target_session_attrs asks for a primary");
        assert!(Wanted::parse("fastest").unwrap_err().contains("prefer-standby"));
    }
}
