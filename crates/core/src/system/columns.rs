//! The tables and their columns (reference sections 20.1 to 20.4 and 20.7), in the order in which `SELECT *` shows them.

use Kind::{Bigint, Boolean, List, Map, Struct, Text, Timestamp};
use serde_json::{Value, json};

/// A table of `system.lakeflow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// One row for each version of each job.
    Jobs,
    /// One row for each version of each task of a job.
    JobTasks,
    /// Job runs in slices of clock hours.
    JobRunTimeline,
    /// Task runs in slices of clock hours.
    JobTaskRunTimeline,
    /// Always empty: pipelines are not kept.
    Pipelines,
    /// Always empty.
    PipelineUpdateTimeline,
}

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// True or false.
    Boolean,
    /// 64 bits with sign.
    Bigint,
    /// A moment; in JSON its RFC 3339 text in UTC.
    Timestamp,
    /// Text to text.
    Map,
    /// Values of one type.
    List(&'static Kind),
    /// Fields by name.
    Struct(&'static [Column]),
}

/// A column, or a field of a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
}

const fn of(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

const HEALTH_RULES: Kind = List(&Struct(&[of("metric", Text), of("op", Text), of("value", Bigint)]));
const COMPUTE: Kind = List(&Struct(&[of("type", Text), of("cluster_id", Text), of("warehouse_id", Text)]));
const TRIGGER: Kind = Struct(&[
    of("schedule", Struct(&[of("quartz_cron_expression", Text), of("timezone_id", Text)])),
    of("periodic", Struct(&[of("interval", Bigint), of("unit", Text)])),
    of(
        "file_arrival",
        Struct(&[
            of("url", Text),
            of("min_time_between_triggers_seconds", Bigint),
            of("wait_after_last_change_seconds", Bigint),
        ]),
    ),
    of(
        "table_update",
        Struct(&[
            of("table_names", List(&Text)),
            of("condition", Text),
            of("min_time_between_triggers_seconds", Bigint),
            of("wait_after_last_change_seconds", Bigint),
        ]),
    ),
    of("continuous", Struct(&[of("task_retry_mode", Text)])),
]);

const JOBS: &[Column] = &[
    of("account_id", Text),
    of("workspace_id", Text),
    of("job_id", Text),
    of("name", Text),
    of("description", Text),
    of("creator_id", Text),
    of("creator_user_name", Text),
    of("run_as", Text),
    of("run_as_user_name", Text),
    of("tags", Map),
    of("change_time", Timestamp),
    of("create_time", Timestamp),
    of("delete_time", Timestamp),
    of("trigger", TRIGGER),
    of("trigger_type", Text),
    of("paused", Boolean),
    of("timeout_seconds", Bigint),
    of("health_rules", HEALTH_RULES),
    of("deployment", Struct(&[of("kind", Text), of("metadata_file_path", Text)])),
];

const JOB_TASKS: &[Column] = &[
    of("account_id", Text),
    of("workspace_id", Text),
    of("job_id", Text),
    of("task_key", Text),
    of("depends_on_keys", List(&Text)),
    of("change_time", Timestamp),
    of("delete_time", Timestamp),
    of("timeout_seconds", Bigint),
    of("health_rules", HEALTH_RULES),
];

const JOB_RUN_TIMELINE: &[Column] = &[
    of("account_id", Text),
    of("workspace_id", Text),
    of("job_id", Text),
    of("run_id", Text),
    of("period_start_time", Timestamp),
    of("period_end_time", Timestamp),
    of("trigger_type", Text),
    of("run_type", Text),
    of("run_name", Text),
    of("compute_ids", List(&Text)),
    of("compute", COMPUTE),
    of("result_state", Text),
    of("termination_code", Text),
    of("termination_type", Text),
    of("job_parameters", Map),
    of("source_task_run_id", Text),
    of("root_task_run_id", Text),
    of("setup_duration_seconds", Bigint),
    of("queue_duration_seconds", Bigint),
    of("run_duration_seconds", Bigint),
    of("execution_duration_seconds", Bigint),
    of("cleanup_duration_seconds", Bigint),
];

const JOB_TASK_RUN_TIMELINE: &[Column] = &[
    of("account_id", Text),
    of("workspace_id", Text),
    of("job_id", Text),
    of("run_id", Text),
    of("job_run_id", Text),
    of("parent_run_id", Text),
    of("task_key", Text),
    of("period_start_time", Timestamp),
    of("period_end_time", Timestamp),
    of("compute_ids", List(&Text)),
    of("compute", COMPUTE),
    of("result_state", Text),
    of("termination_code", Text),
    of("termination_type", Text),
    of("task_parameters", Map),
    of("setup_duration_seconds", Bigint),
    of("execution_duration_seconds", Bigint),
    of("cleanup_duration_seconds", Bigint),
];

const PIPELINES: &[Column] = &[
    of("account_id", Text),
    of("workspace_id", Text),
    of("pipeline_id", Text),
    of("pipeline_type", Text),
    of("name", Text),
    of("created_by", Text),
    of("run_as", Text),
    of("tags", Map),
    of("settings", Struct(&[of("channel", Text), of("edition", Text), of("serverless", Boolean)])),
    of("configuration", Map),
    of("change_time", Timestamp),
    of("create_time", Timestamp),
    of("delete_time", Timestamp),
];

const PIPELINE_UPDATE_TIMELINE: &[Column] = &[
    of("account_id", Text),
    of("workspace_id", Text),
    of("pipeline_id", Text),
    of("update_id", Text),
    of("update_type", Text),
    of("request_id", Text),
    of("run_as_user_name", Text),
    of("trigger_type", Text),
    of("trigger_details", Struct(&[of("job_id", Text), of("job_run_id", Text), of("task_run_id", Text)])),
    of("result_state", Text),
    of("compute", COMPUTE),
    of("period_start_time", Timestamp),
    of("period_end_time", Timestamp),
    of("refresh_selection", List(&Text)),
    of("full_refresh_selection", List(&Text)),
    of("reset_checkpoint_selection", List(&Text)),
];

impl Table {
    /// Every table.
    pub const ALL: &'static [Self] = &[
        Self::Jobs,
        Self::JobTasks,
        Self::JobRunTimeline,
        Self::JobTaskRunTimeline,
        Self::Pipelines,
        Self::PipelineUpdateTimeline,
    ];

    /// Its name below `system.lakeflow`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::JobTasks => "job_tasks",
            Self::JobRunTimeline => "job_run_timeline",
            Self::JobTaskRunTimeline => "job_task_run_timeline",
            Self::Pipelines => "pipelines",
            Self::PipelineUpdateTimeline => "pipeline_update_timeline",
        }
    }

    /// The table of a name in lower case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|table| table.name() == name)
    }

    /// Its columns in order.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Jobs => JOBS,
            Self::JobTasks => JOB_TASKS,
            Self::JobRunTimeline => JOB_RUN_TIMELINE,
            Self::JobTaskRunTimeline => JOB_TASK_RUN_TIMELINE,
            Self::Pipelines => PIPELINES,
            Self::PipelineUpdateTimeline => PIPELINE_UPDATE_TIMELINE,
        }
    }
}

impl Kind {
    /// The type as SQL writes it: `array<string>`.
    pub fn sql(self) -> String {
        match self {
            Text => "string".to_owned(),
            Boolean => "boolean".to_owned(),
            Bigint => "bigint".to_owned(),
            Timestamp => "timestamp".to_owned(),
            Map => "map<string,string>".to_owned(),
            List(inner) => format!("array<{}>", inner.sql()),
            Struct(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|f| format!("{}:{}", f.name, f.kind.sql())).collect();
                format!("struct<{}>", fields.join(","))
            }
        }
    }

    /// The type's name in a catalog: `ARRAY`.
    pub fn name(self) -> &'static str {
        match self {
            Text => "STRING",
            Boolean => "BOOLEAN",
            Bigint => "LONG",
            Timestamp => "TIMESTAMP",
            Map => "MAP",
            List(_) => "ARRAY",
            Struct(_) => "STRUCT",
        }
    }

    /// The type in Spark's JSON form.
    pub fn spark(self) -> Value {
        match self {
            Text => json!("string"),
            Boolean => json!("boolean"),
            Bigint => json!("long"),
            Timestamp => json!("timestamp"),
            Map => {
                json!({ "type": "map", "keyType": "string", "valueType": "string", "valueContainsNull": true })
            }
            List(inner) => json!({ "type": "array", "elementType": inner.spark(), "containsNull": true }),
            Struct(fields) => {
                let fields: Vec<Value> = fields.iter().map(|field| field.spark()).collect();
                json!({ "type": "struct", "fields": fields })
            }
        }
    }
}

impl Column {
    /// The column in Spark's JSON form.
    pub fn spark(self) -> Value {
        json!({ "name": self.name, "type": self.kind.spark(), "nullable": true, "metadata": {} })
    }
}
