//! From a job and a request to a run: the checks and the plan (reference sections 3.7, 3.8, 12).

use super::{Driver, NewRun, Started};
use crate::store::{Activity, JobRow, RunFacts};
use lakeflow_core::api::{IDEMPOTENCY_TOKEN_LIMIT, SubmitRun};
use lakeflow_core::dag::{Selection, select};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::execution::{LegacyParameters, Plan, TriggerFacts, run_parameters};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::JobSettings;
use lakeflow_core::job::wire::{TextMap, Wire};
use lakeflow_core::notify::Audience;
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::{Kind, is_paused, triggers};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// JSON bytes of each legacy parameter field with its name (reference section 3.7).
const LEGACY_BYTES: usize = 10_000;

/// What may be said when a job is run.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunRequest {
    pub(crate) job_parameters: TextMap,
    pub(crate) legacy: LegacyParameters,
    pub(crate) only: Vec<String>,
    /// Overrides the job's queue setting.
    pub(crate) queue: Option<bool>,
    pub(crate) performance_target: Option<String>,
    pub(crate) duration_target: Option<String>,
    pub(crate) idempotency_token: Option<String>,
    /// Who asks; the job's own identity when a run-job task does.
    pub(crate) caller: Option<String>,
    /// The run-job task run that asks.
    pub(crate) parent: Option<RunId>,
    /// What fired, when it was not a person.
    pub(crate) trigger: Option<Fired>,
}

/// What starts a run that no person asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fired {
    /// The run's `trigger` on the wire.
    pub(crate) wire: &'static str,
    /// For `{{job.trigger.…}}`.
    pub(crate) facts: TriggerFacts,
    /// The run's `trigger_info`.
    pub(crate) info: Option<Value>,
    /// The schedule, when that fired.
    pub(crate) schedule: Option<Value>,
}

impl Fired {
    fn plain(wire: &'static str, kind: &str) -> Self {
        let facts = TriggerFacts { kind: kind.to_owned(), ..TriggerFacts::default() };
        Self { wire, facts, ..Self::default() }
    }
}

impl Driver {
    /// Runs a stored job. Fails with `InvalidArgument` that names everything wrong with the request.
    pub(crate) async fn run_now(&self, job: &JobRow, request: RunRequest) -> Result<Started, Error> {
        let settings = &job.settings;
        let mut faults = check(settings, &request);
        let selection = select(&settings.tasks, &request.only).unwrap_or_else(|unknown| {
            faults.extend(
                unknown.iter().map(|entry| format!("only names {entry:?}, which is no task of the job.")),
            );
            Selection::default()
        });
        if !faults.is_empty() {
            return Err(Error::new(ErrorCode::InvalidArgument, "run_now", faults.join(" ")));
        }
        let restart = self.restarts(settings, &request);
        let fired = fired(request.trigger, request.parent, restart, self.clock().time());
        let facts = RunFacts {
            run_name: settings.display_name().to_owned(),
            description: settings.description.clone(),
            trigger: fired.wire.to_owned(),
            trigger_info: fired.info,
            creator: request.caller.unwrap_or_else(|| job.run_as.clone()),
            run_as: job.run_as.clone(),
            overriding_parameters: overriding(&request.legacy),
            performance_target: request
                .performance_target
                .or_else(|| settings.performance_target.as_ref().map(|target| target.as_str().to_owned())),
            duration_target: request.duration_target.or_else(|| settings.duration_target.clone()),
            idempotency_token: request.idempotency_token,
            schedule: fired.schedule,
            ..facts_of(settings)
        };
        let plan = Plan {
            run_id: RunId(0),
            job_id: job.job_id,
            job_name: settings.display_name().to_owned(),
            tasks: selection.tasks,
            forced: selection.forced,
            timeout_ms: timeout_ms(settings.timeout_seconds),
            retry_on_failure: fired.wire.starts_with("CONTINUOUS") && retries(settings),
            parameters: run_parameters(&settings.parameters, request.job_parameters.iter()),
            legacy: request.legacy,
            trigger: fired.facts,
            workspace: self.workspace().clone(),
            audience: Box::new(Audience {
                email: settings.email_notifications.clone(),
                webhook: settings.webhook_notifications.clone(),
                settings: settings.notification_settings.clone(),
            }),
            health: settings.health.clone().map(Box::new),
        };
        // Further runs of a continuous job wait behind its own.
        let job_queue =
            settings.is_continuous() || settings.queue.as_ref().is_some_and(|queue| queue.enabled);
        let started = self
            .create(NewRun {
                plan,
                facts,
                run_type: "JOB_RUN",
                parent: request.parent,
                limit: Some(settings.max_concurrent_runs()),
                queue: request.queue.unwrap_or(job_queue),
            })
            .await?;
        if restart {
            self.stop_others(job.job_id, started.run_id).await?;
        }
        Ok(started)
    }

    /// A person who runs a continuous job that is not paused starts it anew (reference section 3.7).
    fn restarts(&self, settings: &JobSettings, request: &RunRequest) -> bool {
        let by_hand = request.trigger.is_none() && request.parent.is_none();
        by_hand && settings.is_continuous() && is_paused(settings) == Some(false) && self.triggers_on()
    }

    /// Ends the runs of a job that began before one: it has the slot then.
    async fn stop_others(&self, job: JobId, run: RunId) -> Result<(), Error> {
        for (other, _, activity) in self.store().active_runs(Some(job)).await? {
            if other < run && activity == Activity::Active {
                self.cancel(other).await?;
            }
        }
        Ok(())
    }

    /// Runs tasks once, without a stored job (reference section 3.8). `acl`: its permission entries.
    pub(crate) async fn submit(
        &self,
        request: SubmitRun,
        caller: String,
        acl: Value,
    ) -> Result<Started, Error> {
        let faults: Vec<String> = token_fault(request.idempotency_token.as_deref()).into_iter().collect();
        if !faults.is_empty() {
            return Err(Error::new(ErrorCode::InvalidArgument, "submit", faults.join(" ")));
        }
        let name = request.run_name.clone().unwrap_or_else(|| "Untitled".to_owned());
        let job_id: JobId = self.store().new_job_id().await?;
        let facts = RunFacts {
            run_name: name.clone(),
            trigger: "ONE_TIME".to_owned(),
            creator: caller.clone(),
            run_as: caller,
            git_source: request.git_source.as_ref().map(Wire::write),
            environments: request.environments.iter().map(Wire::write).collect(),
            environment_variables: request.environment_variables.iter().map(Wire::write).collect(),
            performance_target: request.performance_target.clone(),
            duration_target: request.duration_target.clone(),
            idempotency_token: request.idempotency_token.clone(),
            acl: Some(acl),
            ..RunFacts::default()
        };
        let plan = Plan {
            run_id: RunId(0),
            job_id,
            job_name: name,
            tasks: request.tasks,
            forced: BTreeSet::new(),
            timeout_ms: timeout_ms(request.timeout_seconds),
            retry_on_failure: false,
            parameters: Vec::new(),
            legacy: LegacyParameters::default(),
            trigger: TriggerFacts {
                kind: "onetime".to_owned(),
                time: self.clock().time(),
                ..TriggerFacts::default()
            },
            workspace: self.workspace().clone(),
            audience: Box::new(Audience {
                email: request.email_notifications,
                webhook: request.webhook_notifications,
                settings: request.notification_settings,
            }),
            health: request.health.map(Box::new),
        };
        self.create(NewRun { plan, facts, run_type: "SUBMIT_RUN", parent: None, limit: None, queue: false })
            .await
    }
}

fn timeout_ms(seconds: Option<i64>) -> Option<u64> {
    seconds.and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0).map(|s| s.saturating_mul(1000))
}

/// `task_retry_mode` `ON_FAILURE` of a continuous job.
fn retries(settings: &JobSettings) -> bool {
    triggers(settings).iter().any(|trigger| matches!(trigger.kind, Kind::Continuous(of) if of.retries))
}

/// What starts a run, at a time unless that is known better.
fn fired(trigger: Option<Fired>, parent: Option<RunId>, restart: bool, now: WallTime) -> Fired {
    let mut fired = match (trigger, parent) {
        (Some(fired), _) => fired,
        (None, _) if restart => Fired::plain("CONTINUOUS_RESTART", "continuous"),
        (None, Some(_)) => Fired::plain("RUN_JOB_TASK", "run_job_task"),
        (None, None) => Fired::plain("ONE_TIME", "onetime"),
    };
    if fired.facts.time.0 == 0 {
        fired.facts.time = now;
    }
    fired
}

fn facts_of(settings: &JobSettings) -> RunFacts {
    RunFacts {
        job_clusters: settings.job_clusters.iter().map(Wire::write).collect(),
        git_source: settings.git_source.as_ref().map(Wire::write),
        environments: settings.environments.iter().map(Wire::write).collect(),
        environment_variables: settings.environment_variables.iter().map(Wire::write).collect(),
        ..RunFacts::default()
    }
}

/// The legacy parameters as the wire names them; `None` without any.
fn overriding(legacy: &LegacyParameters) -> Option<Value> {
    let fields = legacy_fields(legacy);
    (!fields.is_empty()).then_some(Value::Object(fields))
}

fn legacy_fields(legacy: &LegacyParameters) -> Map<String, Value> {
    match serde_json::to_value(legacy) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn token_fault(token: Option<&str>) -> Option<String> {
    let length = token?.chars().count();
    (length > IDEMPOTENCY_TOKEN_LIMIT).then(|| {
        format!("idempotency_token has {length} characters; at most {IDEMPOTENCY_TOKEN_LIMIT} are allowed.")
    })
}

/// Everything wrong with a request, one sentence each.
fn check(settings: &JobSettings, request: &RunRequest) -> Vec<String> {
    let mut faults: Vec<String> = token_fault(request.idempotency_token.as_deref()).into_iter().collect();
    faults.extend(check_legacy(&request.legacy, !settings.parameters.is_empty()));
    let bad_names = request.job_parameters.iter().filter(|(name, _)| {
        name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
    });
    faults.extend(bad_names.map(|(name, _)| {
        format!("{name:?} is not a name of a job parameter; letters, digits, '_', '-' and '.' are allowed.")
    }));
    faults
}

/// Checks of legacy parameters, for run-now and repair. `has_job_parameters`: the job defines job parameters, which
/// do not go together with legacy ones (open point 9).
pub(crate) fn check_legacy(legacy: &LegacyParameters, has_job_parameters: bool) -> Vec<String> {
    let fields = legacy_fields(legacy);
    let mut faults = Vec::new();
    if has_job_parameters {
        faults.extend(fields.keys().map(|field| {
            format!("{field} cannot be used because the job defines job parameters; send job_parameters.")
        }));
    }
    if legacy.notebook_params.is_some() && legacy.jar_params.is_some() {
        faults.push("notebook_params and jar_params cannot be used together.".to_owned());
    }
    for (field, value) in &fields {
        let bytes = value.to_string().len() + field.len() + "{\"\":}".len();
        if bytes > LEGACY_BYTES {
            faults.push(format!("{field} has {bytes} bytes as JSON; at most {LEGACY_BYTES} are allowed."));
        }
    }
    for (field, list) in
        [("python_params", &legacy.python_params), ("spark_submit_params", &legacy.spark_submit_params)]
    {
        if list.iter().flatten().any(|text| !text.is_ascii()) {
            faults.push(format!("{field} may hold ASCII characters only."));
        }
    }
    faults
}
