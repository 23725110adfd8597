//! `lakeflow console`: another link to the pages of an engine that is running on the bundle's data folder.

use crate::Ended;
use crate::args::Console;
use crate::failure::{Failure, exit};
use crate::host::{self, DATA_FOLDER};
use crate::print::Printer;
use crate::project;
use lakeflow_core::api;
use lakeflow_core::error::{Error, ErrorCode};

pub(crate) async fn run(args: &Console, printer: &Printer) -> Ended {
    let beside = || {
        let bundle = project::find(&args.path)?;
        Some(if bundle.is_dir() { bundle } else { bundle.parent()?.to_owned() }.join(DATA_FOLDER))
    };
    let data = args.data.clone().or_else(beside).ok_or_else(|| {
        Failure::usage(format!(
            "there is no databricks.yml in {}; name the data folder with --data",
            args.path.display()
        ))
    })?;
    let Some(jobs) = host::running(&data).await? else {
        let text = format!("no engine is running on {}; start one with `lakeflow dev`", data.display());
        return Err(Failure::Error(Error::new(ErrorCode::Unavailable, "console", text)));
    };
    let answer =
        jobs.workspace().request(&api::console_link(), &lakeflow_client::CallOptions::default()).await?;
    printer.line(answer["url"].as_str().unwrap_or_default())?;
    Ok(exit::SUCCESS)
}
