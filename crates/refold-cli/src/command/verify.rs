//! `refold verify`.

use refold_app::AppError;
use refold_app::answer::Literal;
use refold_app::text::{counted, grouped, shown, visible};
use refold_app::usecase::evidence::chain::{ChainAnswer, ChainAsked, has_chain, verify_chain};
use refold_app::usecase::evidence::impact::Impact;
use refold_app::usecase::evidence::verify::{VerifyAsked, VerifyFinding, verify};

use super::{Context, anchor, cell};
use crate::arguments::Verify;
use crate::print::{Ended, Printer, Table};

/// Findings that are shown without `--json`.
const MOST_SHOWN: usize = 20;

pub fn run(context: &Context<'_>, asked: &Verify) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let Some(anchor) = &asked.anchor else {
        let how = ChainAsked {
            key: asked.native_key.clone(),
            explanations: asked.explanations.clone(),
        };
        let answer = verify_chain(context.work, &session, &how)?;
        let code = u8::from(answer.finding_count > 0);
        let mut printer = context.printer_of(code);
        if context.json {
            printer.json(&answer)?;
        } else {
            print_chain(&mut printer, &answer)?;
        }
        return printer.finish(Ok(code));
    };
    if asked.native_key.is_some() && !has_chain(&session) {
        return Err(AppError::invalid(
            "--native-key is for a store that signs its events itself, and this one keeps no chain of its own",
            "leave it out",
        )
        .into());
    }
    let copy = asked.copy.as_deref().map(|copy| context.open(copy)).transpose()?;
    let how = VerifyAsked {
        anchor: anchor.clone(),
        salt: asked.salt.clone(),
        key: asked.key.clone(),
        authorities: asked.authority.clone(),
        revoked: asked.crl.clone(),
        handler: asked.handler.clone(),
        explanations: asked.explanations.clone(),
        native_key: asked.native_key.clone(),
    };
    let answer = verify(context.work, &session, &how, copy.as_deref())?;
    let of_chain = answer.chain.as_ref().map_or(0, |chain| chain.finding_count);
    let code = u8::from(answer.finding_count > 0 || of_chain > 0);
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    printer.line(&answer.sentence)?;
    printer.line(&match (&answer.anchor.signed_by, answer.anchor.is_key_known) {
        (Some(key), true) => format!("signed by {key}, as you asked"),
        (Some(key), false) => {
            format!("signed by {key}; compare that with the key that you know, or name it with --key")
        }
        (None, _) => "the anchor is not signed: it is worth as much as the place where it was kept".to_owned(),
    })?;
    if let Some(stamp) = &answer.anchor.stamp {
        printer.line(&stamp.sentence())?;
        if stamp.is_authority_known {
            printer.line(&stamp.revocation_sentence())?;
        }
    }
    anchor::uncovered(&mut printer, &answer.uncovered_columns)?;
    if !answer.gone_columns.is_empty() {
        let columns = answer.gone_columns.join(", ");
        printer.line(&format!("covers columns that the store has no more: {columns}"))?;
    }
    printer.line(&match (answer.level, answer.outcome) {
        ("L2", _) => "level L2: unchanged since the time of the stamp".to_owned(),
        (level, "verified") => format!("level {level}: unchanged since the anchor"),
        (level, "broken") => format!("level {level}: observed, and not what the anchor says"),
        (level, _) => format!("level {level}: observed; the anchor proves nothing of what could not be read"),
    })?;
    print_found(&mut printer, &answer.findings, answer.finding_count)?;
    let unasked = answer.findings.iter().filter(|of| of.is_unasked()).count() as u64;
    if unasked > 0 {
        let counted = counted(unasked, "difference");
        printer.line(&format!("what {counted} did to states was not looked at"))?;
    }
    if let Some(chain) = &answer.chain {
        printer.line("")?;
        printer.line("the chain that the store keeps itself")?;
        print_chain(&mut printer, chain)?;
    }
    printer.finish(Ok(code))
}

fn print_chain(printer: &mut Printer, answer: &ChainAnswer) -> Result<(), Ended> {
    printer.line(&answer.sentence)?;
    for of in &answer.respelled {
        printer.line(&format!(
            "{}: the hash is that of {}",
            counted(of.events, "event"),
            of.spelling
        ))?;
    }
    if let (Some(last), Some(head)) = (&answer.last, &answer.head) {
        printer.line(&format!("last event {last}, hash {}", shown(head.as_bytes())))?;
    }
    printer.line(&answer.signatures.sentence(answer.events))?;
    printer.line(match (answer.level, answer.outcome) {
        (Some(_), "partial") => {
            "level L3, partial: consistent with the chain that the store keeps itself, as far as it goes"
        }
        (Some(_), _) => "level L3: consistent with the chain that the store keeps itself",
        (None, "broken") => "level L0: observed, and not consistent with its own chain",
        (None, "verified") => "level L0: observed; its chain holds, and the key did not sign all of it",
        (None, "partial") => "level L0: observed; its chain is not whole, or the key did not sign all of it",
        (None, _) => "level L0: observed; its chain proves nothing",
    })?;
    print_found(printer, &answer.findings, answer.finding_count)?;
    printer.line("")?;
    let mut not_checked = answer.not_checked.iter();
    not_checked.try_for_each(|sentence| printer.line(&format!("not checked: {sentence}")))
}

fn print_found(printer: &mut Printer, findings: &[VerifyFinding], count: u64) -> Result<(), Ended> {
    if !findings.is_empty() {
        printer.line("")?;
        print_findings(printer, findings)?;
    }
    for finding in findings.iter().take(MOST_SHOWN) {
        for impact in &finding.impacts {
            print_impact(printer, finding, impact)?;
        }
    }
    if count > MOST_SHOWN as u64 {
        printer.line(&format!(
            "the first {MOST_SHOWN} of {} by position; --json has more",
            grouped(count)
        ))?;
    }
    Ok(())
}

fn print_findings(printer: &mut Printer, findings: &[VerifyFinding]) -> Result<(), Ended> {
    let mut table = Table::new(&["what", "#position", "stream", "event", ""]);
    for finding in findings.iter().take(MOST_SHOWN) {
        let event = finding.event_type.as_ref().map(|event_type| {
            let version = finding.version.as_ref().map(|version| format!("v{version} "));
            format!("{}{event_type}", version.unwrap_or_default())
        });
        let mut notes = vec![finding.part.join(", ")];
        if let Some(to) = &finding.to {
            notes.push(format!("to {to}"));
        }
        notes.extend(finding.detail.as_ref().map(|detail| shown(detail.as_bytes())));
        notes.extend(
            finding
                .explanation
                .as_ref()
                .map(|said| format!("explained: {}", shown(said.as_bytes()))),
        );
        notes.retain(|note| !note.is_empty());
        table.row(vec![
            finding.kind.to_owned(),
            cell(finding.position.as_ref()),
            finding.stream.as_ref().map(ToString::to_string).unwrap_or_default(),
            event.unwrap_or_default(),
            notes.join("; "),
        ]);
    }
    table.print(printer)
}

/// Changes of one state that are shown without `--json`.
const MOST_CHANGES: usize = 10;

fn print_impact(printer: &mut Printer, finding: &VerifyFinding, impact: &Impact) -> Result<(), Ended> {
    printer.line("")?;
    let stream = impact.stream.as_ref().map(ToString::to_string).unwrap_or_default();
    let place = cell(finding.position.as_ref());
    printer.line(&format!("{} #{place} {stream}", finding.kind))?;
    printer.line(&format!("  {}", visible(&impact.sentence)))?;
    for change in impact.changes.iter().take(MOST_CHANGES) {
        let side = |value: &Option<Literal>| value.as_ref().map_or_else(|| "(nothing)".to_owned(), Literal::shown);
        let path = visible(&change.path);
        printer.line(&format!("  {path}  {} → {}", side(&change.before), side(&change.after)))?;
    }
    if impact.changes.len() > MOST_CHANGES {
        printer.line("  …")?;
    }
    Ok(())
}
