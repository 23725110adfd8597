//! Endpoints about job definitions (reference sections 3.1 to 3.6).

use super::{Empty, Keep, endpoint};
use crate::id::JobId;
use crate::job::JobSettings;
use crate::job::wire::{Path, Wire, wire_serde, wire_struct};
use crate::problem::Problem;
use serde_json::Value;

/// Most jobs on one page of `jobs/list`.
pub const LIST_JOBS_LIMIT: i64 = 100;

/// `POST /jobs/create`: a definition, with who may do what beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateJob {
    /// The definition.
    pub settings: JobSettings,
    /// Permissions (reference section 17), as they came.
    pub access_control_list: Option<Value>,
}

/// The one field of the body that does not belong to the definition.
const ACCESS: &str = "access_control_list";

impl Wire for CreateJob {
    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut settings = JobSettings::read(value, path, problems)?;
        let access_control_list = settings.unknown.shift_remove(ACCESS);
        Some(Self { settings, access_control_list })
    }
    fn write(&self) -> Value {
        let mut body = self.settings.write();
        if let (Value::Object(fields), Some(list)) = (&mut body, &self.access_control_list) {
            fields.insert(ACCESS.to_owned(), list.clone());
        }
        body
    }
}
wire_serde!(CreateJob);
endpoint!(CreateJob: Post "/jobs/create" as "create" -> CreatedJob);

wire_struct! {
    /// Answer to create.
    pub struct CreatedJob {
        /// The new job.
        pub job_id: JobId,
    }
}

wire_struct! {
    /// `POST /jobs/reset`: replaces all settings.
    pub struct ResetJob {
        /// The job.
        pub job_id: JobId,
        /// The new definition.
        pub new_settings: JobSettings,
    }
}
endpoint!(ResetJob: Post "/jobs/reset" as "reset" -> Empty, repeatable |_| true);

wire_struct! {
    /// `POST /jobs/update`: changes the settings that are named.
    #[derive(Default)]
    pub struct UpdateJob {
        /// The job.
        pub job_id: JobId,
        /// What to set. Kept as it came, since a field that is absent stays as it is.
        pub new_settings: Option<Value>,
        /// Names of top-level settings, or `tasks/<task_key>` and `job_clusters/<job_cluster_key>`.
        pub fields_to_remove: Vec<String>,
    }
}
endpoint!(UpdateJob: Post "/jobs/update" as "update" -> Empty, repeatable |_| true);

wire_struct! {
    /// `POST /jobs/delete`.
    #[derive(Default)]
    pub struct DeleteJob {
        /// The job.
        pub job_id: JobId,
    }
}
endpoint!(DeleteJob: Post "/jobs/delete" as "delete" -> Empty);

wire_struct! {
    /// `GET /jobs/get`.
    #[derive(Default)]
    pub struct GetJob {
        /// The job.
        pub job_id: JobId,
        /// Adds `trigger_state`.
        pub include_trigger_state: Option<bool>,
        /// The next hundred elements of the arrays.
        pub page_token: Option<String>,
    }
}
endpoint!(GetJob: Get "/jobs/get" as "get" -> Job, flags ["include_trigger_state"], keep |_, _| Keep::Briefly);

wire_struct! {
    /// A stored job, as `jobs/get` and the items of `jobs/list` show it.
    pub struct Job {
        /// Its id.
        pub job_id: JobId,
        /// Absent when the user was deleted.
        pub creator_user_name: Option<String>,
        /// The effective identity of runs; not in lists.
        pub run_as_user_name: Option<String>,
        /// Milliseconds since 1970.
        pub created_time: Option<i64>,
        /// The definition; in lists without tasks unless they were asked for.
        pub settings: Option<JobSettings>,
        /// More elements of the arrays.
        pub next_page_token: Option<String>,
        /// In lists: the arrays are cut.
        pub has_more: Option<bool>,
        /// State of the trigger, on request.
        pub trigger_state: Option<Value>,
    }
}

wire_struct! {
    /// `GET /jobs/list`; newest first.
    #[derive(Default)]
    pub struct ListJobs {
        /// 1 to [`LIST_JOBS_LIMIT`]; 20 when missing.
        pub limit: Option<i64>,
        /// From `next_page_token`.
        pub page_token: Option<String>,
        /// Deprecated.
        pub offset: Option<i64>,
        /// Exact name, upper and lower case alike.
        pub name: Option<String>,
        /// With tasks and clusters, the first hundred of each.
        pub expand_tasks: Option<bool>,
    }
}
endpoint!(ListJobs: Get "/jobs/list" as "list" -> JobsPage, pages of LIST_JOBS_LIMIT, flags ["expand_tasks"],
    keep |_, _| Keep::Briefly);

wire_struct! {
    /// Answer to list.
    #[derive(Default)]
    pub struct JobsPage {
        /// The jobs; omitted when there are none.
        pub jobs: Vec<Job>,
        /// True when another page follows.
        pub has_more: Option<bool>,
        /// Of the next page.
        pub next_page_token: Option<String>,
        /// Of the page before.
        pub prev_page_token: Option<String>,
    }
}

impl ListJobs {
    /// The request of the page after `page`; `None` when that was the last. An empty token ends too.
    pub fn after(&self, page: &JobsPage) -> Option<Self> {
        let token = super::next_token(page.next_page_token.as_deref())?;
        Some(Self { page_token: Some(token), ..self.clone() })
    }
}

impl GetJob {
    /// The request of the page after `page`; `None` when that was the last.
    pub fn after(&self, page: &Job) -> Option<Self> {
        let token = super::next_token(page.next_page_token.as_deref())?;
        Some(Self { page_token: Some(token), ..self.clone() })
    }
}

impl Job {
    /// Adds the arrays of a later page of the same job (reference section 3.5).
    pub fn append(&mut self, page: Self) {
        self.next_page_token = page.next_page_token;
        match (&mut self.settings, page.settings) {
            (Some(mine), Some(more)) => {
                mine.tasks.extend(more.tasks);
                mine.job_clusters.extend(more.job_clusters);
                mine.environments.extend(more.environments);
                mine.parameters.extend(more.parameters);
            }
            (mine @ None, more) => *mine = more,
            (Some(_), None) => {}
        }
    }
}
