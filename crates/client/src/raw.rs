//! Calls of the Jobs API whose answers stay as they came: what the routes show is what the workspace sent.

use crate::call::{Calls, LastError};
use crate::workspace::Workspace;
use futures::future::BoxFuture;
use lakeflow_core::api::retry::RetryPolicy;
use lakeflow_core::api::{
    Endpoint, GetJob, GetRun, GetRunOutput, Keep, ListJobs, ListRuns, Method, Request, Response, read_value,
};
use lakeflow_core::error::Error;
use lakeflow_core::job::wire::{Path, Wire};
use lakeflow_core::problem::Problem;
use lakeflow_core::time::Tick;
use serde_json::Value;

/// Faults of the workspace that may pass are borne for so long, in milliseconds: somebody waits for the answer.
const TRIES_MS: u64 = 8000;

/// A request whose answer is not read into types.
#[derive(Clone, Debug)]
struct Raw<E>(E);

impl<E: Wire> Wire for Raw<E> {
    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        E::read(value, path, problems).map(Self)
    }
    fn write(&self) -> Value {
        self.0.write()
    }
}

impl<E: Endpoint> Endpoint for Raw<E> {
    const OPERATION: &'static str = E::OPERATION;
    const METHOD: Method = E::METHOD;
    const PATH: &'static str = E::PATH;
    const FLAGS: &'static [&'static str] = E::FLAGS;
    type Answer = Value;

    fn repeatable(&self) -> bool {
        self.0.repeatable()
    }

    fn keep(&self, answer: &Value) -> Keep {
        E::Answer::read(answer, &Path::Root, &mut Vec::new()).map_or(Keep::Not, |typed| self.0.keep(&typed))
    }
}

/// Carries out a request before `deadline`. Reads of the Jobs API are kept and shared as the workspace's others are.
pub(crate) async fn call(
    workspace: &Workspace,
    request: &Request,
    deadline: Option<Tick>,
) -> Result<Value, Error> {
    let last = LastError::default();
    // Others may wait for the same answer, so that a read is not cut short by this caller's deadline.
    let work: BoxFuture<'_, _> = match request.operation {
        GetRun::OPERATION => Box::pin(kept::<GetRun>(workspace, request, &last)),
        GetRunOutput::OPERATION => Box::pin(kept::<GetRunOutput>(workspace, request, &last)),
        ListRuns::OPERATION => Box::pin(kept::<ListRuns>(workspace, request, &last)),
        GetJob::OPERATION => Box::pin(kept::<GetJob>(workspace, request, &last)),
        ListJobs::OPERATION => Box::pin(kept::<ListJobs>(workspace, request, &last)),
        _ => Box::pin(async { Ok(send(workspace, request, deadline, &last).await?.0) }),
    };
    Calls::until(workspace, deadline).bounded(request.operation, &last, work).await
}

async fn kept<E: Endpoint>(
    workspace: &Workspace,
    request: &Request,
    last: &LastError,
) -> Result<Value, Error> {
    let endpoint = Raw(E::receive(&request.query, &[])?);
    let load = Box::pin(send(workspace, request, None, last));
    workspace.inner.cache.read(&endpoint, request, load).await
}

/// The JSON of an answer, with its size in bytes.
async fn send(
    workspace: &Workspace,
    request: &Request,
    deadline: Option<Tick>,
    last: &LastError,
) -> Result<(Value, usize), Error> {
    let policy = workspace.retry_policy();
    let policy = RetryPolicy { budget_ms: policy.budget_ms.min(TRIES_MS), ..policy };
    let read = |answer: &Response, now| Ok((read_value(request.operation, answer, now)?, answer.body.len()));
    workspace.repeat(policy, request, deadline, last, read).await
}
