//! `cargo xtask bench`: what must be shown, measured in one run, beside the machine's limits and what people use instead.
//!
//! See `bench/README.md` for how to read the table. It must not know how anything is built inside: it uses the crates as
//! the application does.

mod fold;
mod lab;
mod machine;
mod memory;
mod pairs;
mod peers;
mod raw;
mod rows;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use lab::{Lab, Sizes};
use table::Row;

const USAGE: &str = "cargo xtask bench [OPTION…]
  --full            the sizes of the issue: 1.2 M events with all peers, 11 M for index and lists (about an hour)
  --rows ID,ID      only these rows: 1a 1b 1c 2a 2b 2c 3 4a 5 6 engines blame compare check
                    minimise memory anchor verify report drift streams window
  --pairs N         rounds that count, at least 5 (default 5)
  --dir DIR         where the stores are made and kept (default target/bench-stores)
  --out FILE        also write the table to FILE";

/// Why the benchmark could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{one} and {other} do not come to the same result")]
    Differ { one: String, other: String },
    #[error("a peer failed: {0}")]
    Peer(String),
    #[error("{0}")]
    Call(String),
    #[error(transparent)]
    Other(#[from] Box<dyn std::error::Error + Send + Sync>),
}

macro_rules! failure_from {
    ($($source:ty),*) => {
        $(impl From<$source> for Failure {
            fn from(source: $source) -> Failure {
                Failure::Other(Box::new(source))
            }
        })*
    };
}
failure_from!(
    std::io::Error,
    rusqlite::Error,
    serde_json::Error,
    refold_app::AppError,
    refold_core::fold::FoldError,
    refold_core::port::store::StoreError,
    refold_fixtures::orders::WriteError,
    refold_handlers::error::PackageError,
    refold_stores::index::IndexError
);

/// The call, read.
struct Call {
    sizes: Sizes,
    rows: Vec<String>,
    pairs: usize,
    dir: PathBuf,
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((first, rest)) if first == memory::CASE_ARGUMENT => rows::memory::run_case(rest),
        _ => parse(&arguments).and_then(|call| run(&call)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Call(message)) => {
            eprintln!("{message}\n{USAGE}");
            ExitCode::from(2)
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(3)
        }
    }
}

fn parse(arguments: &[String]) -> Result<Call, Failure> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let mut call = Call {
        sizes: Sizes::short(),
        rows: Vec::new(),
        pairs: 5,
        dir: target.join("bench-stores"),
        out: None,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--full" {
            call.sizes = Sizes::full();
            continue;
        }
        if argument == "--help" {
            println!("{USAGE}");
            std::process::exit(0);
        }
        let value = arguments
            .next()
            .ok_or_else(|| Failure::Call(format!("{argument} needs a value")))?;
        match argument.as_str() {
            "--rows" => call.rows = value.split(',').map(str::to_owned).collect(),
            "--pairs" => {
                call.pairs = value
                    .parse()
                    .ok()
                    .filter(|pairs| *pairs >= 1)
                    .ok_or_else(|| Failure::Call(format!("--pairs: not a number from 1 on: {value}")))?;
            }
            "--dir" => call.dir = PathBuf::from(value),
            "--out" => call.out = Some(PathBuf::from(value)),
            _ => return Err(Failure::Call(format!("no such option: {argument}"))),
        }
    }
    if let Some(unknown) = call
        .rows
        .iter()
        .find(|row| !rows::ALL.iter().any(|(ids, _)| ids.contains(&row.as_str())))
    {
        return Err(Failure::Call(format!("no such row: {unknown}")));
    }
    Ok(call)
}

fn run(call: &Call) -> Result<(), Failure> {
    let lab = Lab::prepare(&call.dir, &call.sizes, call.pairs)?;
    let free_before = machine::free_cores();
    let mut rows: Vec<Row> = Vec::new();
    for (ids, measure) in rows::ALL {
        let is_of_every_run = lab.large != lab.middle || !ids.iter().any(|id| rows::ON_REQUEST.contains(id));
        if call.rows.is_empty() && is_of_every_run || ids.iter().any(|id| call.rows.iter().any(|wanted| wanted == id)) {
            eprintln!("measuring {}", ids.join(", "));
            rows.extend(measure(&lab)?);
        }
    }
    let free_after = machine::free_cores();
    let mut text = String::new();
    text.push_str(&format!("Machine: {}.\n", machine::describe()));
    text.push_str(&format!(
        "Free cores: {free_before:.2} before, {free_after:.2} after.\n"
    ));
    text.push_str(&format!("Stores: {}.\n", lab.describe()));
    text.push_str(&format!("Versions: {}.\n\n", lab.versions()?));
    text.push_str(&table::markdown(&rows));
    println!("{text}");
    if let Some(path) = &call.out {
        std::fs::write(path, text)?;
    }
    Ok(())
}
