//! What a report rests upon and does not know, a sentence each. It is never empty, and nothing that is known to be missing
//! is left out of it.

use refold_audit::report::model::Scope;
use refold_core::port::store::OrderQuality;

use super::record::Ended;
use super::{Gathered, MOST_LETTERS, ReportFormat};
use crate::text::{counted, grouped};

pub(super) fn of(gathered: &Gathered<'_>, ended: &Ended, scope: &Scope) -> Vec<String> {
    let (asked, session) = (gathered.asked, gathered.session);
    let mut limits: Vec<String> = Vec::new();
    let mut say = |sentence: String| limits.push(sentence);
    match &gathered.judged {
        None => say(
            "The level is L0, observed: whoever can write to the store could have changed events before they were read. An \
             anchor that was made earlier says whether anybody did: refold verify."
                .to_owned(),
        ),
        Some(_) => say("What was not checked to come to the verdict stands with it.".to_owned()),
    }
    match asked.time {
        Some(_) => say("The report time was given by the caller, and nothing confirms it.".to_owned()),
        None => say("The report time is that of this machine's clock, which was compared with no other.".to_owned()),
    }
    if gathered.signer.is_none() {
        say("Nobody signed this report: whoever has it could have made it again with other events.".to_owned());
    }
    if asked.operator.is_none() {
        say("Nobody was named as the operator.".to_owned());
    }
    if ended.unreadable > 0 {
        say(match ended.is_damaged {
            true => format!(
                "{} of the store cannot be read, because its file is damaged; how many rows were there, and whether they \
                 belong to this report, is not known.",
                counted(ended.unreadable, "part")
            ),
            false => format!(
                "{} of the store could not be read as events; whether they belong to this report is not known.",
                counted(ended.unreadable, "row")
            ),
        });
    }
    for sentence in gathered.subject.iter().flat_map(|subject| subject.limits()) {
        say(sentence);
    }
    if ended.payload_not_json > 0 {
        say(format!(
            "{} no payload that could be read as JSON; the record has the bytes, and no state was folded from them.",
            match ended.payload_not_json {
                1 => "1 event has".to_owned(),
                several => format!("{} events have", grouped(several)),
            }
        ));
    }
    let shown = ended.shown.len() as u64;
    let pages = [ReportFormat::Html, ReportFormat::Pdf];
    if pages.iter().any(|format| asked.formats.contains(format)) {
        if shown < ended.written {
            say(format!(
                "The pages show the first {} of {} events; the record has all of them.",
                grouped(shown),
                grouped(ended.written)
            ));
        }
        say(format!(
            "The pages cut values that are longer than {} letters; the record does not.",
            grouped(MOST_LETTERS as u64)
        ));
    }
    if asked.formats.contains(&ReportFormat::Pdf) {
        say(
            "The PDF writes a letter that its fonts lack as its number, [U+4E2D]; the record has the letter."
                .to_owned(),
        );
    }
    if !["streams", "subject", "findings"].contains(&scope.what.as_str()) {
        say("Missing and repeated versions, and clocks that run backwards inside of streams, were not looked for: refold \
             health does."
            .to_owned());
    }
    if gathered.source.before.is_empty() {
        say(match (&gathered.subject, asked.is_source_unhashed) {
            (Some(_), _) => {
                "The digests of the files of the store are not told: who knows most of what is in them could try by them who \
                 the others are."
            }
            (None, true) => "The files of the store were not hashed, as was asked for.",
            (None, false) => "The store is no file of this machine: nothing of it was hashed but its events.",
        }
        .to_owned());
    } else if gathered.source.before != gathered.source.after {
        say("The files of the store changed while it was read: another program writes to it. All events are from the one \
             moment at which it was opened."
            .to_owned());
    }
    if session.description().order == OrderQuality::Approximate {
        say(
            "The store keeps no order of all its events: which of two in different streams came first is not known."
                .to_owned(),
        );
    }
    if session.mask().has_rules() {
        say(match (&gathered.state, &gathered.judged) {
            (None, None) => "Rules of redaction held.",
            _ => "Rules of redaction held. States were folded from the values themselves and redacted afterwards.",
        }
        .to_owned());
    }
    if session.mask().has_rules() || gathered.subject.is_some() {
        say(
            "Digests of events are of what stands in the record, redacted, and not of what the store holds.".to_owned(),
        );
    }
    if session.case().is_some() {
        say("What was read is a case file, and not the store that it was written from.".to_owned());
    }
    say("Not looked at: other tables of the store, read models, its log of changes, and who can write to it. The server's \
         version, the rights of its users and the encryption of the line are not named where there is a server."
        .to_owned());
    say("The statements that were sent to the store are not listed here.".to_owned());
    limits
}
