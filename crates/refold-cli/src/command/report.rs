//! `refold report`.

use refold_app::text::{counted, grouped, visible};
use refold_app::usecase::evidence::report::{ReportAsked, ReportFormat, report};

use super::Context;
use crate::arguments::{self, Report};
use crate::print::{self, Ended, Table};

pub fn run(context: &Context<'_>, asked: &Report) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    if let Some(rules) = &asked.redact {
        session.mask().add(rules)?;
    }
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
        out: asked.out.clone(),
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
    let answer = report(context.work, &session, &how)?;
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    printer.line(&answer.dir)?;
    printer.line(&format!("{}, report {}", counted(answer.events, "event"), answer.id))?;
    printer.line(&match &answer.signed_by {
        Some(key) => format!("signed by {key}"),
        None => "not signed: it is worth as much as the place where it is kept".to_owned(),
    })?;
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
    printer.line("")?;
    printer.line("limits")?;
    for limit in &answer.limits {
        printer.line(&visible(&format!("  {limit}")))?;
    }
    print::findings(&mut printer, &answer.findings)?;
    printer.finish(Ok(0))
}

/// Each once, in one order, however they were asked for.
fn formats(asked: &[arguments::ReportFormat]) -> Vec<ReportFormat> {
    let mut formats: Vec<ReportFormat> = asked
        .iter()
        .map(|format| match format {
            arguments::ReportFormat::Html => ReportFormat::Html,
            arguments::ReportFormat::Csv => ReportFormat::Csv,
            arguments::ReportFormat::Json => ReportFormat::Json,
        })
        .collect();
    formats.sort_unstable();
    formats.dedup();
    formats
}
