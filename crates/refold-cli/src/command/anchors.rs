//! `refold anchors`.

use refold_app::text::{grouped, visible};
use refold_app::usecase::evidence::anchors::{AnchorFound, anchors};

use super::{Context, cell};
use crate::arguments::Anchors;
use crate::print::{Ended, Table};

pub fn run(context: &Context<'_>, asked: &Anchors) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let answer = anchors(&session, &asked.folder)?;
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    if answer.anchors.is_empty() {
        printer.line("no anchor lies there")?;
        return printer.finish(Ok(0));
    }
    let mut table = Table::new(&["anchor", "made", "#events", "#up to", "signed by", ""]);
    for of in &answer.anchors {
        table.row(vec![
            visible(&of.name).into_owned(),
            of.made_at.clone(),
            grouped(of.size),
            of.horizon.clone(),
            cell(of.signed_by.as_ref()),
            notes(of),
        ]);
    }
    table.print(&mut printer)?;
    printer.line("whether one is of this very store, `refold verify` says: a list goes by the kind and the layout")?;
    printer.finish(Ok(0))
}

fn notes(of: &AnchorFound) -> String {
    let other = (!of.is_of_kind && of.unreadable.is_none()).then(|| "of another kind of store".to_owned());
    let continues = of.continues.as_ref().map(|name| format!("continues {}", visible(name)));
    let unreadable = of
        .unreadable
        .as_ref()
        .map(|reason| format!("unreadable: {}", visible(reason)));
    [other, continues, unreadable]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; ")
}
