//! The table that is printed: one line for what must be shown, with what it must reach and what was measured.

/// Whether a figure reaches what it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    Misses,
    /// The machine was too busy for this figure, or the store is smaller than the target speaks of.
    Open,
}

/// One line.
#[derive(Debug)]
pub struct Row {
    pub id: &'static str,
    pub what: String,
    pub at_least: String,
    pub measured: String,
    pub verdict: Verdict,
}

pub fn markdown(rows: &[Row]) -> String {
    let mut out = String::from("| # | what | at least | measured | holds |\n| --- | --- | --- | --- | --- |\n");
    for row in rows {
        let verdict = match row.verdict {
            Verdict::Holds => "yes",
            Verdict::Misses => "**no**",
            Verdict::Open => "open",
        };
        let cells = [row.id, &row.what, &row.at_least, &row.measured, verdict];
        out.push_str(&format!(
            "| {} |\n",
            cells.map(|cell| cell.replace('|', "\\|")).join(" | ")
        ));
    }
    out
}

pub fn verdict(holds: bool) -> Verdict {
    if holds { Verdict::Holds } else { Verdict::Misses }
}
