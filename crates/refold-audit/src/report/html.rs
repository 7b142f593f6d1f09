//! The pages as one HTML file: no script, nothing from elsewhere, every text escaped.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::model::{Fact, OverTime};
use super::pages::{Block, Pages, Table, in_words, short_labels};
use super::visible;
use crate::chart::{self, ChartError, FigureColumn, TimelineFigure};

const STYLE: &str = "\
:root{color-scheme:light}\
body{font:14px/1.5 system-ui,sans-serif;color:#16181d;background:#fff;max-width:1080px;margin:32px auto;padding:0 24px}\
h1{font-size:26px;line-height:1.25;margin:0 0 8px}h2{font-size:18px;margin:32px 0 8px;border-bottom:1px solid #ced1d7}\
p,ul{margin:8px 0;max-width:80ch}table{border-collapse:collapse;width:100%;table-layout:fixed;margin:8px 0 16px}\
caption{text-align:left;color:#50555f;padding:4px 0}th,td{text-align:left;vertical-align:top;padding:4px 8px;\
border-bottom:1px solid #e3e5e9;overflow-wrap:anywhere;white-space:pre-wrap}th{border-bottom-color:#8a909b}\
dl{display:grid;grid-template-columns:14em 1fr;gap:4px 16px;margin:8px 0}dt{color:#50555f}dd{margin:0;\
overflow-wrap:anywhere;white-space:pre-wrap}code{font:12px/1.5 ui-monospace,monospace}img{max-width:100%}\
.mark{color:#50555f;border-bottom:1px solid #ced1d7;padding-bottom:8px}\
@media print{body{max-width:none;margin:0;font-size:10px}thead{display:table-header-group}tr{break-inside:avoid}\
h2{break-after:avoid}}";

/// The whole file.
pub fn write(pages: &Pages) -> Result<String, ChartError> {
    let mut out = String::new();
    let title = escaped(&pages.title);
    let mark = match pages.classification.as_str() {
        "" => String::new(),
        classification => format!("{} · ", escaped(classification)),
    };
    // Writing to a string cannot fail, here and below.
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src \
         data:\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<p class=\"mark\">{mark}report {} · {}</p>\n<h1>{title}</h1>\n",
        escaped(&pages.id),
        escaped(&pages.made_at),
    );
    for block in &pages.blocks {
        write_block(&mut out, block)?;
    }
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(out)
}

fn write_block(out: &mut String, block: &Block) -> Result<(), ChartError> {
    let _ = match block {
        Block::Heading(text) => writeln!(out, "<h2>{}</h2>", escaped(text)),
        Block::Text(text) => writeln!(out, "<p>{}</p>", escaped(text)),
        Block::Facts(facts) => {
            out.push_str("<dl>\n");
            facts.iter().for_each(|fact| write_fact(out, fact));
            writeln!(out, "</dl>")
        }
        Block::List(lines) if lines.is_empty() => Ok(()),
        Block::List(lines) => {
            out.push_str("<ul>\n");
            for line in lines {
                let _ = writeln!(out, "<li>{}</li>", escaped(line));
            }
            writeln!(out, "</ul>")
        }
        Block::Table(table) | Block::Events(table) => {
            write_table(out, table);
            Ok(())
        }
        Block::Figure(over_time) => {
            let (alt, source) = (escaped(&in_words(over_time)), picture(over_time)?);
            writeln!(out, "<img alt=\"{alt}\" src=\"{source}\">")
        }
    };
    Ok(())
}

/// The figure as an address that holds it.
pub fn picture(over_time: &OverTime) -> Result<String, ChartError> {
    let svg = chart::timeline(&figure(over_time))?;
    Ok(format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg)))
}

fn write_fact(out: &mut String, fact: &Fact) {
    let (open, close) = code(fact.is_code);
    let _ = writeln!(
        out,
        "<dt>{}</dt><dd>{open}{}{close}</dd>",
        escaped(&fact.name),
        escaped_lines(&fact.value)
    );
}

fn write_table(out: &mut String, table: &Table) {
    let _ = writeln!(
        out,
        "<table>\n<caption>{}</caption>\n<colgroup>",
        escaped(&table.caption)
    );
    for column in &table.columns {
        let _ = writeln!(out, "<col style=\"width:{}%\">", column.share);
    }
    out.push_str("</colgroup>\n<thead><tr>");
    for column in &table.columns {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(&column.name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (cell, column) in row.iter().zip(&table.columns) {
            let (open, close) = code(column.is_code);
            let _ = write!(out, "<td>{open}{}{close}</td>", escaped_lines(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

fn code(is_code: bool) -> (&'static str, &'static str) {
    if is_code { ("<code>", "</code>") } else { ("", "") }
}

/// What the chart draws.
pub(super) fn figure(over_time: &OverTime) -> TimelineFigure {
    let columns = over_time.columns.iter().zip(short_labels(over_time));
    let column = |((_, counts), label): (&(String, Vec<u32>), String)| FigureColumn {
        label,
        counts: counts.clone(),
    };
    TimelineFigure {
        caption: "Events by type over time".to_owned(),
        types: over_time.types.iter().map(|name| visible(name)).collect(),
        columns: columns.map(column).collect(),
    }
}

/// Our own lines are lines; a line feed in a value of the store is escaped there already, or shown as what it is.
fn escaped_lines(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

/// Fit for the inside of an element and of an attribute in double quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in visible(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}
