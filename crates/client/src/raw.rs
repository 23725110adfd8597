//! Calls of the Jobs API whose answers stay as they came: what the routes show is what the workspace sent.

use crate::clock::Clock;
use crate::workspace::{Workspace, fresh_seed};
use lakeflow_core::api::retry::{Retrier, RetryPolicy, Verdict};
use lakeflow_core::api::{
    Endpoint, GetJob, GetRun, GetRunOutput, Keep, ListJobs, ListRuns, Method, Request, read_value,
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

/// Carries out a request. Reads of the Jobs API are kept and shared as the workspace's others are.
pub(crate) async fn call(
    workspace: &Workspace,
    request: &Request,
    deadline: Option<Tick>,
) -> Result<Value, Error> {
    match request.operation {
        GetRun::OPERATION => kept::<GetRun>(workspace, request, deadline).await,
        GetRunOutput::OPERATION => kept::<GetRunOutput>(workspace, request, deadline).await,
        ListRuns::OPERATION => kept::<ListRuns>(workspace, request, deadline).await,
        GetJob::OPERATION => kept::<GetJob>(workspace, request, deadline).await,
        ListJobs::OPERATION => kept::<ListJobs>(workspace, request, deadline).await,
        _ => send(workspace, request, deadline).await.map(|(value, _)| value),
    }
}

async fn kept<E: Endpoint>(
    workspace: &Workspace,
    request: &Request,
    deadline: Option<Tick>,
) -> Result<Value, Error> {
    let endpoint = Raw(E::receive(&request.query, &[])?);
    let load = Box::pin(send(workspace, request, deadline));
    workspace.inner.cache.read(&endpoint, request, load).await
}

/// The JSON of an answer, with its size in bytes.
async fn send(
    workspace: &Workspace,
    request: &Request,
    deadline: Option<Tick>,
) -> Result<(Value, usize), Error> {
    let policy = workspace.retry_policy();
    let policy = RetryPolicy { budget_ms: policy.budget_ms.min(TRIES_MS), ..policy };
    let mut retrier = Retrier::new(policy, fresh_seed());
    loop {
        let read = match workspace.send(request, deadline).await {
            Ok(answer) => {
                read_value(request.operation, &answer, Clock::wall()).map(|value| (value, answer.body.len()))
            }
            Err(error) => Err(error),
        };
        let error = match read {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        match retrier.failed(workspace.clock().tick(), request, deadline, error) {
            Verdict::Again(at) => tokio::time::sleep_until(workspace.clock().instant(at)).await,
            Verdict::GiveUp(error) => return Err(workspace.located(error)),
        }
    }
}
