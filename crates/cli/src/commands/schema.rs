//! `lakeflow schema`: the JSON Schema of a job's parameters.

use super::target;
use crate::Ended;
use crate::args::Schema;
use crate::failure::exit;
use crate::host;
use crate::print::Printer;
use crate::project;
use lakeflow_core::job::parameter_schema;
use serde_json::Value;

pub(crate) async fn run(args: &Schema, printer: &Printer) -> Ended {
    // A job of the bundle needs no host.
    if args.host.host.is_none()
        && let Some(path) = project::find(&args.host.bundle)
    {
        let project = project::load(&path, &args.bundle, None)?;
        if let Some(job) = project.bundle.as_ref().and_then(|bundle| project::job_of(bundle, &args.job)) {
            project.valid()?;
            return show(&parameter_schema(&job.settings), printer);
        }
    }
    let connection = host::connect(&args.host, &args.bundle, printer).await?;
    let found = target::find(&connection, &args.job).await;
    connection.close().await;
    show(&parameter_schema(&found?.settings), printer)
}

fn show(schema: &Value, printer: &Printer) -> Ended {
    printer.line(&format!("{schema:#}"))?;
    Ok(exit::SUCCESS)
}
