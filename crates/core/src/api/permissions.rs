//! Endpoints about who may do what with a job, and about cluster policies (reference sections 3.17 to 3.20 and 17).

use super::endpoint;
use crate::id::JobId;
use crate::job::JobSettings;
use crate::job::wire::wire_struct;
use serde_json::Value;

wire_struct! {
    /// `GET /permissions/jobs/{job_id}`.
    #[derive(Default)]
    pub struct GetPermissions {
        /// The job.
        pub job_id: JobId,
    }
}
endpoint!(GetPermissions: Get "/permissions/jobs/{job_id}" as "get_permissions" -> JobPermissions, under "/api/2.0");

wire_struct! {
    /// `PUT /permissions/jobs/{job_id}`: replaces all direct entries. Exactly one of them must be the owner.
    #[derive(Default)]
    pub struct SetPermissions {
        /// The job.
        pub job_id: JobId,
        /// Who may do what.
        pub access_control_list: Vec<AccessEntry>,
    }
}
endpoint!(SetPermissions: Put "/permissions/jobs/{job_id}" as "set_permissions" -> JobPermissions,
    under "/api/2.0", repeatable |_| true);

wire_struct! {
    /// `PATCH /permissions/jobs/{job_id}`: adds entries, or replaces those of the same principals.
    #[derive(Default)]
    pub struct UpdatePermissions {
        /// The job.
        pub job_id: JobId,
        /// Who may do what.
        pub access_control_list: Vec<AccessEntry>,
    }
}
endpoint!(UpdatePermissions: Patch "/permissions/jobs/{job_id}" as "update_permissions" -> JobPermissions,
    under "/api/2.0", repeatable |_| true);

wire_struct! {
    /// What one principal may do: one of the names, and a level.
    #[derive(Default)]
    pub struct AccessEntry {
        /// A user.
        pub user_name: Option<String>,
        /// A group.
        pub group_name: Option<String>,
        /// A service principal, by its application id.
        pub service_principal_name: Option<String>,
        /// `CAN_VIEW`, `CAN_MANAGE_RUN`, `CAN_MANAGE` or `IS_OWNER`.
        pub permission_level: Option<String>,
    }
}

wire_struct! {
    /// Answer to the calls about permissions.
    #[derive(Default)]
    pub struct JobPermissions {
        /// `/jobs/<id>`.
        pub object_id: Option<String>,
        /// `job`.
        pub object_type: Option<String>,
        /// Each principal with `all_permissions`, inherited ones too, as they came.
        pub access_control_list: Vec<Value>,
    }
}

wire_struct! {
    /// `GET /permissions/jobs/{job_id}/permissionLevels`.
    #[derive(Default)]
    pub struct GetPermissionLevels {
        /// The job.
        pub job_id: JobId,
    }
}
endpoint!(GetPermissionLevels: Get "/permissions/jobs/{job_id}/permissionLevels" as "get_permission_levels"
    -> PermissionLevels, under "/api/2.0");

wire_struct! {
    /// Answer: the levels that the caller may give.
    #[derive(Default)]
    pub struct PermissionLevels {
        /// Each with `permission_level` and `description`.
        pub permission_levels: Vec<Value>,
    }
}

wire_struct! {
    /// `POST /policies/jobs/enforce-compliance`: changes job clusters so that they comply with their policies.
    #[derive(Default)]
    pub struct EnforceCompliance {
        /// The job.
        pub job_id: JobId,
        /// Only tell what would change.
        pub validate_only: Option<bool>,
    }
}
endpoint!(EnforceCompliance: Post "/policies/jobs/enforce-compliance" as "enforce_compliance" -> EnforcedCompliance,
    under "/api/2.0", repeatable |_| true);

wire_struct! {
    /// Answer to enforce-compliance.
    #[derive(Default)]
    pub struct EnforcedCompliance {
        /// True when something was or would be changed.
        pub has_changes: Option<bool>,
        /// `field`, `previous_value` and `new_value` of each change.
        pub job_cluster_changes: Vec<Value>,
        /// The definition after it.
        pub settings: Option<JobSettings>,
    }
}

wire_struct! {
    /// `GET /policies/jobs/get-compliance`.
    #[derive(Default)]
    pub struct GetCompliance {
        /// The job.
        pub job_id: JobId,
    }
}
endpoint!(GetCompliance: Get "/policies/jobs/get-compliance" as "get_compliance" -> Compliance, under "/api/2.0");

wire_struct! {
    /// Whether the clusters of a job comply with their policies.
    #[derive(Default)]
    pub struct Compliance {
        /// The job; only in lists.
        pub job_id: Option<JobId>,
        /// The verdict.
        pub is_compliant: Option<bool>,
        /// By path, what is against a policy, as it came.
        pub violations: Option<Value>,
    }
}

wire_struct! {
    /// `GET /policies/jobs/list-compliance`: the jobs that use a policy.
    #[derive(Default)]
    pub struct ListCompliance {
        /// The policy.
        pub policy_id: String,
        /// Most jobs on the page.
        pub page_size: Option<i64>,
        /// From `next_page_token`.
        pub page_token: Option<String>,
    }
}
endpoint!(ListCompliance: Get "/policies/jobs/list-compliance" as "list_compliance" -> CompliancePage, under "/api/2.0");

wire_struct! {
    /// Answer to list-compliance.
    #[derive(Default)]
    pub struct CompliancePage {
        /// The jobs.
        pub jobs: Vec<Compliance>,
        /// Of the next page.
        pub next_page_token: Option<String>,
        /// Of the page before.
        pub prev_page_token: Option<String>,
    }
}

impl ListCompliance {
    /// The request of the page after `page`; `None` when that was the last. An empty token ends too.
    pub fn after(&self, page: &CompliancePage) -> Option<Self> {
        let token = super::next_token(page.next_page_token.as_deref())?;
        Some(Self { page_token: Some(token), ..self.clone() })
    }
}
