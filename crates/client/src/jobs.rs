//! Jobs of a workspace: their definitions and who may use them. `runs.rs` and `outputs.rs` have what concerns runs.

use crate::call::Calls;
use crate::job::{Job, JobConfig};
use crate::options::CallOptions;
use crate::workspace::Workspace;
use lakeflow_core::api::{
    self, AccessEntry, Compliance, CreateJob, DeleteJob, EnforceCompliance, EnforcedCompliance,
    GetCompliance, GetJob, GetPermissionLevels, GetPermissions, JobPermissions, ListCompliance, ListJobs,
    PermissionLevels, ResetJob, SetPermissions, UpdateJob, UpdatePermissions,
};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::gateway::Registry;
use lakeflow_core::id::JobId;
use lakeflow_core::job::JobSettings;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Jobs and runs of a workspace. Clones share connections and limits.
///
/// Reads may come from what the workspace has kept for a moment ([`crate::CacheOptions`]); waits never do.
#[derive(Clone, Debug)]
pub struct Jobs {
    workspace: Workspace,
    configured: Arc<BTreeMap<String, JobConfig>>,
    options: CallOptions,
}

impl Jobs {
    /// The jobs of a workspace.
    pub fn new(workspace: Workspace) -> Self {
        Self { workspace, configured: Arc::default(), options: CallOptions::default() }
    }

    /// The same jobs with keys of the caller's choice for some of them.
    #[must_use]
    pub fn with_jobs(self, configured: BTreeMap<String, JobConfig>) -> Self {
        Self { configured: Arc::new(configured), ..self }
    }

    /// The jobs of a registry, by key: its ids, task types and schemas.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with every problem of every schema. Checks by code of a host are not the client's affair.
    pub fn with_registry(self, registry: &Registry) -> Result<Self, Error> {
        let configured: Result<BTreeMap<String, JobConfig>, Error> =
            registry.entries().iter().map(|entry| Ok((entry.key.clone(), JobConfig::of(entry)?))).collect();
        Ok(self.with_jobs(configured?))
    }

    /// The same jobs; each operation keeps within these limits. Waits have limits of their own, apart from the abort
    /// handle, which also stops a wait that is begun with it.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The limits of each operation.
    pub fn options(&self) -> &CallOptions {
        &self.options
    }

    /// An operation begins.
    pub(crate) fn begin(&self) -> Calls<'_> {
        self.workspace.begin(&self.options)
    }

    /// A job by its configured key, its id, or its unique name. Nothing is sent until the job is used; a name is looked
    /// up then.
    pub fn job(&self, key: &str) -> Job {
        Job::new(self.clone(), key, self.configured.get(key).cloned().unwrap_or_default())
    }

    /// Jobs, newest first, at most `most`; with `expand_tasks` each with all its tasks. The filter's own `limit` is not
    /// used. The platform compares a name without regard to case.
    pub async fn list_jobs(&self, filter: ListJobs, most: usize) -> Result<Vec<api::Job>, Error> {
        list_jobs(&self.begin(), filter, most).await
    }

    /// A job with its whole definition.
    pub async fn get_job(&self, job_id: JobId) -> Result<api::Job, Error> {
        get_job(&self.begin(), job_id).await
    }

    /// Creates a job. It is sent once: the API has no way to tell a second sending from a second job.
    pub async fn create_job(&self, job: &CreateJob) -> Result<JobId, Error> {
        Ok(self.begin().call(job).await?.job_id)
    }

    /// Replaces the whole definition of a job.
    pub async fn reset_job(&self, job_id: JobId, settings: JobSettings) -> Result<(), Error> {
        let request = ResetJob { job_id, new_settings: settings, unknown: Map::new() };
        self.begin().call(&request).await.map(|_| ())
    }

    /// Changes the settings that `new_settings` names, after `fields_to_remove` are taken away.
    pub async fn update_job(
        &self,
        job_id: JobId,
        new_settings: Option<Value>,
        fields_to_remove: Vec<String>,
    ) -> Result<(), Error> {
        let request = UpdateJob { job_id, new_settings, fields_to_remove, unknown: Map::new() };
        self.begin().call(&request).await.map(|_| ())
    }

    /// Deletes a job; its runs stay.
    pub async fn delete_job(&self, job_id: JobId) -> Result<(), Error> {
        self.begin().call(&DeleteJob { job_id, ..DeleteJob::default() }).await.map(|_| ())
    }

    /// Makes the job with this definition's name be as the definition says: creates it, or replaces the settings of the one
    /// job of that name, whose permissions then stay as they are. True when it was created. Several jobs of the name are
    /// an error that lists them.
    pub async fn deploy(&self, job: CreateJob) -> Result<(JobId, bool), Error> {
        match self.find(job.settings.display_name()).await? {
            Some(job_id) => {
                self.reset_job(job_id, job.settings).await?;
                Ok((job_id, false))
            }
            None => Ok((self.create_job(&job).await?, true)),
        }
    }

    /// The job that bears exactly this name; an error when there are several.
    pub async fn find(&self, name: &str) -> Result<Option<JobId>, Error> {
        let named =
            |job: &api::Job| job.settings.as_ref().is_some_and(|settings| settings.display_name() == name);
        let filter = ListJobs { name: Some(name.to_owned()), ..ListJobs::default() };
        let listed = list_jobs(&self.begin(), filter, usize::MAX).await?;
        let found: Vec<JobId> = listed.iter().filter(|job| named(job)).map(|job| job.job_id).collect();
        match found.as_slice() {
            [] => Ok(None),
            [job_id] => Ok(Some(*job_id)),
            several => {
                let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
                let message = format!(
                    "{} jobs are named {name:?}; use one of their ids: {}",
                    ids.len(),
                    ids.join(", ")
                );
                Err(Error::new(ErrorCode::InvalidArgument, "find_job", message))
            }
        }
    }

    /// Who may do what with a job.
    pub async fn get_permissions(&self, job_id: JobId) -> Result<JobPermissions, Error> {
        self.begin().call(&GetPermissions { job_id, ..GetPermissions::default() }).await
    }

    /// Replaces all direct permissions; one of them must be the owner's.
    pub async fn set_permissions(
        &self,
        job_id: JobId,
        entries: Vec<AccessEntry>,
    ) -> Result<JobPermissions, Error> {
        let request = SetPermissions { job_id, access_control_list: entries, unknown: Map::new() };
        self.begin().call(&request).await
    }

    /// Adds permissions, or replaces those of the same principals.
    pub async fn update_permissions(
        &self,
        job_id: JobId,
        entries: Vec<AccessEntry>,
    ) -> Result<JobPermissions, Error> {
        let request = UpdatePermissions { job_id, access_control_list: entries, unknown: Map::new() };
        self.begin().call(&request).await
    }

    /// The levels that may be given.
    pub async fn get_permission_levels(&self, job_id: JobId) -> Result<PermissionLevels, Error> {
        self.begin().call(&GetPermissionLevels { job_id, ..GetPermissionLevels::default() }).await
    }

    /// Whether the clusters of a job comply with their policies.
    pub async fn get_policy_compliance(&self, job_id: JobId) -> Result<Compliance, Error> {
        self.begin().call(&GetCompliance { job_id, ..GetCompliance::default() }).await
    }

    /// The jobs that use a policy, at most `most`.
    pub async fn list_policy_compliance(
        &self,
        policy_id: &str,
        most: usize,
    ) -> Result<Vec<Compliance>, Error> {
        let calls = self.begin();
        let mut next = Some(ListCompliance { policy_id: policy_id.to_owned(), ..ListCompliance::default() });
        let mut jobs = Vec::new();
        while let Some(request) = next.filter(|_| jobs.len() < most) {
            let page = calls.call(&request).await?;
            next = request.after(&page);
            jobs.extend(page.jobs);
        }
        jobs.truncate(most);
        Ok(jobs)
    }

    /// Changes the clusters of a job so that they comply, or with `validate_only` tells what would change.
    pub async fn enforce_policy_compliance(
        &self,
        job_id: JobId,
        validate_only: bool,
    ) -> Result<EnforcedCompliance, Error> {
        let validate_only = Some(validate_only);
        self.begin().call(&EnforceCompliance { job_id, validate_only, ..EnforceCompliance::default() }).await
    }
}

async fn list_jobs(calls: &Calls<'_>, filter: ListJobs, most: usize) -> Result<Vec<api::Job>, Error> {
    let expand = filter.expand_tasks == Some(true);
    // More than the largest page is clamped to it.
    let mut next = Some(ListJobs { limit: Some(i64::try_from(most).unwrap_or(i64::MAX)), ..filter });
    let mut jobs = Vec::new();
    while let Some(request) = next.filter(|_| jobs.len() < most) {
        let page = calls.call(&request).await?;
        next = request.after(&page);
        jobs.extend(page.jobs);
    }
    jobs.truncate(most);
    // A list shows the first hundred tasks of a job.
    for job in jobs.iter_mut().filter(|job| expand && job.has_more == Some(true)) {
        *job = get_job(calls, job.job_id).await?;
    }
    Ok(jobs)
}

async fn get_job(calls: &Calls<'_>, job_id: JobId) -> Result<api::Job, Error> {
    let request = GetJob { job_id, ..GetJob::default() };
    let mut job = calls.call(&request).await?;
    while let Some(next) = request.after(&job) {
        let page = calls.call(&next).await?;
        job.append(page);
    }
    Ok(job)
}
