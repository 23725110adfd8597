//! The jobs of a host as a class of JavaScript.

use crate::abort::Abort;
use crate::answer::Answer;
use crate::credentials::{Callback, JsCredentials};
use crate::fault::{argument, thrown};
use crate::operations;
use crate::params::Schema;
use crate::transport::{JsTransport, Send};
use crate::wait::{Options, WaitHandle};
use lakeflow_client::auth::{Profiles, Secret, Settings};
use lakeflow_client::transport::{HttpTransport, Transport};
use lakeflow_client::{CacheOptions, CallOptions, HubSettings, JobConfig, Jobs, Workspace};
use lakeflow_core::api::fault;
use lakeflow_core::api::retry::RetryPolicy;
use lakeflow_core::door;
use lakeflow_core::error::Error;
use lakeflow_core::id::JobId;
use lakeflow_core::mapping::TaskType;
use napi::bindgen_prelude::{AsyncBlock, AsyncBlockBuilder, ClassInstance};
use napi::{Env, Result};
use napi_derive::napi;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Where to connect to, as JSON text.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Where {
    host: Option<String>,
    token: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    profile: Option<String>,
    auth_type: Option<String>,
    /// Fill what is missing from the environment and the profile file.
    discover: bool,
    /// Products that the user agent names.
    user_agent: Option<String>,
    /// Whether reads are kept for a moment; they are by default.
    cache: Option<bool>,
    /// Tries after faults go on for so long.
    retry_budget_ms: Option<u64>,
    /// Jobs under keys of the caller's.
    jobs: BTreeMap<String, Configured>,
    /// Calls a second, waits and others together; 0 for no limit. Without it the limit of the kind of host holds.
    requests_per_second: Option<u32>,
    /// The transport tries again by itself.
    no_retries: bool,
    /// What the credentials function says holds for further requests for so long; 0: each asks.
    share_credentials_ms: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Configured {
    id: Option<JobId>,
    task_type: Option<String>,
}

/// The jobs of a host under one identity.
#[napi]
pub struct Client {
    jobs: Jobs,
    configured: BTreeMap<String, JobConfig>,
    credentials: Option<Arc<JsCredentials>>,
}

/// The workspace with the limit that was asked for.
fn limited(workspace: Workspace, requests_per_second: Option<u32>) -> Workspace {
    let Some(limit) = requests_per_second else { return workspace };
    let limits = if workspace.is_local() { HubSettings::LOCAL } else { HubSettings::WORKSPACE };
    let in_flight = if limit == 0 { 4 * limits.in_flight } else { limits.in_flight };
    workspace.with_limits(HubSettings { per_second: (limit > 0).then_some(limit), in_flight, ..limits })
}

#[napi]
impl Client {
    /// Prepares to connect; nothing is sent. `schemas` are those of configured jobs, by key.
    #[napi(constructor)]
    pub fn new(
        settings: String,
        schemas: Vec<(String, ClassInstance<Schema>)>,
        credentials: Option<Callback>,
        transport: Option<Send>,
    ) -> Result<Self> {
        let schemas = schemas.into_iter().map(|(key, schema)| (key, schema.0.clone())).collect();
        Self::make(&settings, schemas, credentials, transport).map_err(|e| thrown(&e))
    }

    /// The same host, jobs and connections for somebody else.
    #[napi]
    #[must_use]
    pub fn acting_as(&self, credentials: Callback) -> Self {
        let credentials = Arc::new(JsCredentials::new(credentials, Duration::ZERO));
        let workspace = self.jobs.workspace().acting_as(credentials.clone());
        Self {
            jobs: Jobs::new(workspace).with_jobs(self.configured.clone()),
            configured: self.configured.clone(),
            credentials: Some(credentials),
        }
    }

    /// The host, without a slash at its end.
    #[napi]
    pub fn host(&self) -> String {
        self.jobs.workspace().host().as_str().trim_end_matches('/').to_owned()
    }

    /// Carries out an operation of `operations` with JSON text of its arguments.
    #[napi]
    pub fn call(
        &self,
        env: &Env,
        operation: String,
        arguments: String,
        abort: Option<&Abort>,
        timeout_ms: Option<u32>,
    ) -> Result<AsyncBlock<Answer>> {
        let timeout = timeout_ms.map(|timeout| Duration::from_millis(timeout.into()));
        let jobs = self.jobs.clone().with_options(CallOptions { timeout, abort: abort.map(Abort::handle) });
        let work =
            async move { operations::carry_out(&jobs, &operation, &arguments).await.map_err(|e| thrown(&e)) };
        AsyncBlockBuilder::new(work).build(env)
    }

    /// Something was heard about a run, for example by a webhook: whoever waits for it looks at once.
    #[napi]
    pub fn notify(&self, run_id: String) -> Result<()> {
        let run_id = run_id.parse().map_err(|e| thrown(&argument("notify", e)))?;
        self.jobs.notify(run_id);
        Ok(())
    }

    /// Begins a wait: for a trigger, a repair, a cancel, or a run that exists.
    #[napi]
    pub fn wait(
        &self,
        env: &Env,
        goal: String,
        options: String,
        abort: Option<&Abort>,
    ) -> Result<AsyncBlock<WaitHandle>> {
        let jobs = self.jobs.clone();
        let work = async move {
            let options = Options::read(&options).map_err(|e| thrown(&e))?;
            operations::begin(&jobs, &goal, options.client())
                .await
                .map(WaitHandle::new)
                .map_err(|e| thrown(&e))
        };
        AsyncBlockBuilder::new(Abort::race(abort, work)).build(env)
    }
}

impl Client {
    pub(crate) fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// The header of this identity as it is now; waits that have calls to make need not ask for it then.
    pub(crate) fn learn(&self, authorization: Option<&str>) {
        if let Some(credentials) = &self.credentials {
            credentials.learn(authorization);
        }
    }

    fn make(
        settings: &str,
        mut schemas: BTreeMap<String, Arc<lakeflow_core::params::ParamSchema>>,
        credentials: Option<Callback>,
        transport: Option<Send>,
    ) -> std::result::Result<Self, Error> {
        let text = door::parse("configure", settings)?;
        let given: Where = serde_json::from_value(text).map_err(|e| argument("configure", e))?;
        let configured = given.jobs.into_iter().map(|(key, job)| {
            let params = schemas.remove(&key);
            let task_type = job.task_type.map(|name| name.parse::<TaskType>()).transpose();
            let task_type =
                task_type.map_err(|e| argument("configure", format!("jobs.{key}.taskType: {e}")))?;
            Ok((key, JobConfig { id: job.id, task_type, params, ..JobConfig::default() }))
        });
        let configured: BTreeMap<String, JobConfig> =
            configured.collect::<std::result::Result<_, Error>>()?;
        let explicit = Settings {
            host: given.host,
            token: given.token.map(Secret::new),
            client_id: given.client_id,
            client_secret: given.client_secret.map(Secret::new),
            profile: given.profile,
            auth_type: given.auth_type,
            ..Settings::default()
        };
        let limits = Limits {
            user_agent: given.user_agent,
            cache: given.cache,
            retry_budget_ms: given.retry_budget_ms,
        };
        let settings = if given.discover { discover(explicit, credentials.is_some())? } else { explicit };
        let host = settings.host_url()?;
        let transport: Arc<dyn Transport> = match transport {
            Some(send) => Arc::new(JsTransport(Arc::new(send))),
            None => Arc::new(
                HttpTransport::new(&host).map_err(|f| fault::transport("configure", f.kind, &f.detail))?,
            ),
        };
        let share = Duration::from_millis(given.share_credentials_ms);
        let credentials = credentials.map(|callback| Arc::new(JsCredentials::new(callback, share)));
        let workspace = match &credentials {
            Some(credentials) => Workspace::with_credentials(host, credentials.clone(), transport),
            None => Workspace::with_transport(settings, transport)?,
        };
        let workspace = limits.apply(workspace)?;
        let workspace = if given.no_retries {
            workspace.with_retry(RetryPolicy { budget_ms: 0, ..RetryPolicy::default() })
        } else {
            workspace
        };
        let workspace = limited(workspace, given.requests_per_second);
        Ok(Self { jobs: Jobs::new(workspace).with_jobs(configured.clone()), configured, credentials })
    }
}

/// Fills what is missing from the environment, then from the profile file. With a callback only the host is looked for.
fn discover(explicit: Settings, has_credentials: bool) -> std::result::Result<Settings, Error> {
    let settings = explicit.or_environment(|name| std::env::var(name).ok());
    if has_credentials && settings.host.is_some() {
        return Ok(settings);
    }
    settings.or_profile(&Profiles::load(|name| std::env::var(name).ok())?)
}

/// Limits that the caller set.
struct Limits {
    user_agent: Option<String>,
    cache: Option<bool>,
    retry_budget_ms: Option<u64>,
}

impl Limits {
    fn apply(self, mut workspace: Workspace) -> std::result::Result<Workspace, Error> {
        if let Some(products) = self.user_agent {
            workspace = workspace.with_user_agent(&products)?;
        }
        if self.cache == Some(false) {
            workspace = workspace.with_cache(CacheOptions::OFF);
        }
        if let Some(budget_ms) = self.retry_budget_ms {
            let defaults = RetryPolicy::default();
            let first_contact_ms = defaults.first_contact_ms.min(budget_ms);
            workspace = workspace.with_retry(RetryPolicy { budget_ms, first_contact_ms, ..defaults });
        }
        Ok(workspace)
    }
}
