//! One file a command.

mod backfill;
mod console;
mod deploy;
mod destinations;
mod dev;
mod next;
mod run;
mod runs;
mod schema;
mod sql;
mod target;
mod triggers;
mod validate;

use crate::args::Command;
use crate::print::Printer;
use crate::{Ended, Failure};
use lakeflow_core::error::{Error, ErrorCode};

/// Carries out a command.
pub(crate) fn dispatch(command: Command, printer: &Printer) -> Ended {
    match command {
        Command::Validate(args) => validate::run(&args, printer),
        Command::Next(args) => next::run(&args, printer),
        Command::Schema(args) => block_on(schema::run(&args, printer)),
        Command::Dev(args) => block_on(dev::run(&args, printer)),
        Command::Console(args) => block_on(console::run(&args, printer)),
        Command::Deploy(args) => block_on(deploy::run(args, printer)),
        Command::Run(args) => block_on(run::run(&args, printer)),
        Command::Backfill(args) => block_on(backfill::run(&args, printer)),
        Command::Sql(args) => block_on(sql::run(&args, printer)),
        Command::Destinations(args) => block_on(destinations::run(args, printer)),
        Command::Runs(args) => block_on(runs::run(args, printer)),
        Command::Triggers(args) => block_on(triggers::run(args, printer)),
    }
}

fn block_on(command: impl Future<Output = Ended>) -> Ended {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| {
        let message = format!("the program cannot start its threads: {e}");
        Failure::Error(Error::new(ErrorCode::Internal, "start", message))
    })?;
    let ended = runtime.block_on(command);
    // A read of standard input that nobody waits for any more must not hold the program back.
    runtime.shutdown_background();
    ended
}
