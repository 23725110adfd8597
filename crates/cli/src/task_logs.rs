//! What tasks printed, where the host shows no logs of their type: the local engine keeps them for every task, a
//! workspace does not. Asked of local engines only.

use crate::host::Connection;
use lakeflow_client::TaskOutput;
use lakeflow_core::error::Error;
use lakeflow_core::wait::TaskFailure;

/// Fills in the logs of outputs that would show nothing else: of notebooks, and of tasks that failed. Scripts bring their
/// logs along, and conditions print nothing, so a run of a thousand conditions asks for none.
pub(crate) async fn into_outputs(connection: &Connection, outputs: &mut [TaskOutput]) -> Result<(), Error> {
    for task in outputs.iter_mut().filter(|_| connection.local) {
        if let Ok(output) = &mut task.output
            && output.shown().is_none()
            && (output.notebook_output.is_some() || output.error.is_some())
        {
            output.logs = connection.jobs.run_log(task.run_id).await?;
        }
    }
    Ok(())
}

/// Fills in what failed tasks printed.
pub(crate) async fn into_failures(
    connection: &Connection,
    failures: &mut [TaskFailure],
) -> Result<(), Error> {
    for failure in failures.iter_mut().filter(|failure| connection.local && failure.output.is_none()) {
        let log = connection.jobs.run_log(failure.run_id).await?;
        failure.output = log.filter(|log| !log.trim().is_empty());
    }
    Ok(())
}
