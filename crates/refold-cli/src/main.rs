//! `refold`: the command line. It reads arguments, calls one use case and prints its answer.
//!
//! It must not know stores, handlers or the engine: everything comes through `refold_app`.

mod arguments;
mod command;
mod print;
mod progress;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;
use crate::print::Ended;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return print::wrong_call(&error),
    };
    match command::run(&arguments) {
        Ok(code) => ExitCode::from(code),
        // Whoever read the output has enough of it: that is no failure, and changes nothing of what was found.
        Err(Ended::OutputClosed(code)) => ExitCode::from(code),
        Err(Ended::Failed(error)) => {
            print::failure(&error, arguments.json);
            ExitCode::from(error.exit_code())
        }
    }
}
