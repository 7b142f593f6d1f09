//! `cargo xtask …`: everything around the code that is not the code. It depends on nothing, so that it starts at once
//! on a fresh machine, before anything else can be built.

mod bench;
mod bundle;
mod display;
mod interface;
mod js_engine;
mod libraries;
mod licences;
mod modules;
mod pictures;
mod programs;
mod run;
mod sample;
mod step;
mod surroundings;
mod system;
mod test;
mod tour;
mod types;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask run                                  build all, make the sample store and open the window on it
cargo xtask test [PART…]                         every check; parts: format interface lint unit engine modules libraries window bundle
cargo xtask bench [OPTION…]                      the table of measurements; options go to the benchmark (--help)
cargo xtask sample DIR [--events N] [--layout L] make the sample stores in DIR
cargo xtask bundle                               make the packages that people install
cargo xtask pictures [--copy]                    renew the pictures of the documentation; --copy: from those in target/pictures
cargo xtask js-engine [--check]                  build the JavaScript engine from its sources; or compare it with ours
cargo xtask types [--check]                      build what takes types out of TypeScript; or compare it with ours
cargo xtask modules [--check]                    build the example modules from their sources; or compare them with ours
";

/// What a task answers: an error is one sentence with what to do about it.
type Outcome<T = ()> = Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let outcome = match arguments.first().map(String::as_str) {
        Some("run") if rest.is_empty() => run::run(),
        Some("test") => test::run(rest),
        Some("bench") => bench::run(rest),
        Some("sample") => sample::run(rest),
        Some("bundle") if rest.is_empty() => bundle::run(),
        Some("pictures") if rest.is_empty() => pictures::run(false),
        Some("pictures") if rest == ["--copy"] => pictures::run(true),
        Some("js-engine") => js_engine::run(rest),
        Some("types") => types::run(rest),
        Some("modules") => modules::run(rest),
        // What `tauri.conf.json` calls before it packs.
        Some("stage-package") if rest.is_empty() => bundle::stage(),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("xtask: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the checkout, whichever folder the command was called from.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}
