//! `refold report`.

use refold_app::Session;
use refold_app::text::{counted, grouped, visible};
use refold_app::usecase::evidence::report::paths::paths;
use refold_app::usecase::evidence::report::{Question, ReportAsked, ReportFormat, SubjectAsked, VerdictTold, report};
use refold_app::usecase::evidence::verify::VerifyAsked;

use super::Context;
use crate::arguments::{self, Report};
use crate::print::{self, Ended, Printer, Table};

/// Letters of a path on the screen.
const MOST_LETTERS: usize = 120;

pub fn run(context: &Context<'_>, asked: &Report) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let copy = asked.question.copy.as_deref();
    let copy = copy.map(|copy| context.open(copy)).transpose()?;
    let epoch = || {
        let seconds = std::env::var("SOURCE_DATE_EPOCH").ok()?;
        Some(format!("@{seconds}"))
    };
    let how = ReportAsked {
        streams: asked.streams.clone(),
        category: asked.category.clone(),
        from: asked.from.clone(),
        to: asked.to.clone(),
        handler: asked.handler.clone(),
        question: question(&asked.question),
        subject: subject(&asked.subject),
        redact: asked.redact.clone(),
        out: asked.out.clone().unwrap_or_default(),
        formats: formats(&asked.format),
        key: asked.key.clone(),
        time: asked.time.clone().or_else(epoch),
        title: asked.title.clone(),
        operator: asked.operator.clone(),
        organisation: asked.organisation.clone(),
        case_number: asked.case.clone(),
        classification: asked.classification.clone(),
        is_source_unhashed: asked.no_source_digest,
    };
    if asked.dry_run {
        return dry_run(context, &session, &how, copy.as_deref());
    }
    let answer = report(context.work, &session, &how, copy.as_deref())?;
    context.heed(&answer.findings);
    // What could not be asked is no pass: a slip of the pen in an invariant must not look like one.
    let is_found = |verdict: &VerdictTold| verdict.finding_count > 0 || verdict.outcome == "unclear";
    let code = u8::from(answer.verdict.as_ref().is_some_and(is_found));
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    printer.line(&answer.dir)?;
    printer.line(&format!("{}, report {}", counted(answer.events, "event"), answer.id))?;
    if let Some(verdict) = &answer.verdict {
        printer.line(&verdict.sentence)?;
    }
    printer.line(&match &answer.signed_by {
        Some(key) => format!("signed by {key}"),
        None => "not signed: it is worth as much as the place where it is kept".to_owned(),
    })?;
    if let Some(key) = &answer.case_key {
        printer.line(&format!(
            "the key of the case lies in {key}: it tells who is behind a pseudonym, and makes the same ones again (--case-key)"
        ))?;
    }
    printer.line("")?;
    let mut table = Table::new(&["file", "", "#bytes", "SHA-256"]);
    for file in &answer.files {
        table.row(vec![
            file.name.clone(),
            file.role.clone(),
            grouped(file.bytes),
            file.sha256.clone(),
        ]);
    }
    table.print(&mut printer)?;
    if let Some(verdict) = &answer.verdict {
        print_list(&mut printer, "not checked", &verdict.not_checked)?;
    }
    print_list(&mut printer, "limits", &answer.limits)?;
    print::findings(&mut printer, &answer.findings)?;
    printer.finish(Ok(code))
}

fn question(asked: &arguments::ReportQuestion) -> Option<Question> {
    if asked.invariants {
        return Some(Question::Invariants {
            condition: asked.invariant.clone(),
        });
    }
    if let Some(against) = asked.against.clone() {
        return Some(Question::Comparison { against });
    }
    let anchor = asked.verification.clone()?;
    Some(Question::Verification(VerifyAsked {
        anchor,
        salt: asked.salt.clone(),
        key: asked.anchor_key.clone(),
        authorities: asked.authority.clone(),
        revoked: asked.crl.clone(),
        explanations: asked.explanations.clone(),
        native_key: asked.native_key.clone(),
        ..VerifyAsked::default()
    }))
}

fn subject(asked: &arguments::ReportSubject) -> Option<SubjectAsked> {
    (!asked.subject.is_empty()).then(|| SubjectAsked {
        keys: asked.subject.clone(),
        allow: asked.allow.clone(),
        case_key: asked.case_key.clone(),
    })
}

fn print_list(printer: &mut Printer, title: &str, sentences: &[String]) -> Result<(), Ended> {
    printer.line("")?;
    printer.line(title)?;
    for sentence in sentences {
        printer.line(&format!("  {sentence}"))?;
    }
    Ok(())
}

fn dry_run(context: &Context<'_>, session: &Session, how: &ReportAsked, copy: Option<&Session>) -> Result<u8, Ended> {
    let answer = paths(context.work, session, how, copy)?;
    context.heed(&answer.lacking);
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    printer.line(&format!("{}; nothing is written", counted(answer.events, "event")))?;
    let by_name = how.subject.is_some();
    let head = ["part", "path", "#times", "#hidden", "#by pseudonym"];
    let mut table = Table::new(if by_name { &head } else { &head[..4] });
    for of in &answer.paths {
        let path = if of.path.is_empty() { "(all of it)" } else { &of.path };
        let mut row = vec![
            of.part.to_owned(),
            cut(&visible(path)),
            grouped(of.count),
            grouped(of.hidden),
        ];
        row.extend(by_name.then(|| grouped(of.pseudonyms)));
        table.row(row);
    }
    table.print(&mut printer)?;
    if answer.more > 0 {
        printer.line(&format!("{} at further paths", counted(answer.more, "value")))?;
    }
    for rule in &answer.idle {
        printer.line(&format!(
            "the rule {} would hide nothing of these events",
            visible(rule)
        ))?;
    }
    for idle in &answer.idle_list {
        printer.line(&format!("{} would find nothing", visible(idle)))?;
    }
    print::findings(&mut printer, &answer.lacking)?;
    printer.finish(Ok(0))
}

/// A path whose middle is left out where it is long: the table is as wide as its widest.
fn cut(path: &str) -> String {
    let count = path.chars().count();
    if count <= MOST_LETTERS {
        return path.to_owned();
    }
    let kept = (MOST_LETTERS - 1) / 2;
    let start = path.chars().take(kept);
    let end = path.chars().skip(count - kept);
    start.chain(['…']).chain(end).collect()
}

/// Each once, in one order, however they were asked for.
fn formats(asked: &[arguments::ReportFormat]) -> Vec<ReportFormat> {
    let mut formats: Vec<ReportFormat> = asked
        .iter()
        .map(|format| match format {
            arguments::ReportFormat::Pdf => ReportFormat::Pdf,
            arguments::ReportFormat::Html => ReportFormat::Html,
            arguments::ReportFormat::Csv => ReportFormat::Csv,
            arguments::ReportFormat::Json => ReportFormat::Json,
            arguments::ReportFormat::Xlsx => ReportFormat::Xlsx,
        })
        .collect();
    formats.sort_unstable();
    formats.dedup();
    formats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_keeps_its_ends() {
        assert_eq!(cut("/a/*/b"), "/a/*/b");
        let short = "ü".repeat(MOST_LETTERS);
        assert_eq!(cut(&short), short);
        let long = cut(&format!("/begin/{}/end", "ü".repeat(1 << 20)));
        assert!(long.starts_with("/begin/ü") && long.ends_with("ü/end"), "{long}");
        assert!(long.chars().count() <= MOST_LETTERS && long.contains('…'), "{long}");
    }
}
