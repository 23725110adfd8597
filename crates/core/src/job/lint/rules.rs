//! The table of all rules: one code, one severity, one sentence each. Where a rule is judged is its family's file.

use crate::problem::{Problem, Severity};
use serde::Serialize;

/// What a problem says of the rule that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable name, in `snake_case`.
    pub code: &'static str,
    /// What breaking it means.
    pub severity: Severity,
}

impl Code {
    /// A problem that breaks this rule.
    pub(crate) fn problem(&self, path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { severity: self.severity, ..Problem::error(self.code, path, message) }
    }
}

/// One rule about job definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Stable name, in `snake_case`.
    pub code: &'static str,
    /// What breaking it means.
    pub severity: Severity,
    /// What it asks for, with the section of the reference.
    pub text: &'static str,
}

/// Declares rules as constants, and the table of them.
macro_rules! rules {
    ($(#[$doc:meta])* $table:ident: $($name:ident $code:literal $severity:ident $text:literal)*) => {
        $(pub(super) const $name: &$crate::job::Code =
            &$crate::job::Code { code: $code, severity: $crate::problem::Severity::$severity };)*

        $(#[$doc])*
        pub const $table: &[$crate::job::Rule] = &[
            $($crate::job::Rule { code: $name.code, severity: $name.severity, text: $text }),*
        ];
    };
}
pub(crate) use rules;

rules! {
    /// Every rule that reading and linting a job definition knows, by family.
    RULES:

    // Reading: the codes are pushed by `job::wire`.
    WRONG_TYPE "wrong_type" Error "A value has the type that the field asks for (sections 4 to 6)."
    MISSING_FIELD "missing_field" Error "A required field is present (sections 4 to 6)."
    UNKNOWN_FIELD "unknown_field" Warning "A field is one that the platform knows; others are kept but have no effect (section 4)."
    UNKNOWN_VALUE "unknown_value" Warning "A value of an enumeration is a known one (section 25)."
    DEPRECATED_FIELD "deprecated_field" Warning "A field is not deprecated (sections 5 and 6)."

    // Names and sizes.
    BAD_KEY "bad_key" Error "Keys have 1 to 100 letters, digits, `_` and `-` (section 18)."
    BAD_PARAMETER_NAME "bad_parameter_name" Error "Names of job parameters consist of letters, digits, `_`, `-` and `.` (section 18)."
    BAD_VARIABLE_NAME "bad_variable_name" Error "Names of environment variables have 1 to 256 letters, digits and `_`, no digit first (section 6.5)."
    DUPLICATE_KEY "duplicate_key" Error "Keys of tasks, clusters, environments and parameters are unique in the job (section 3.1)."
    TOO_LONG "too_long" Error "Texts keep to their limits (section 18)."
    TOO_MANY "too_many" Error "Lists keep to their limits (section 18)."
    OUT_OF_RANGE "out_of_range" Error "Numbers keep to their ranges (sections 4 and 15)."
    NO_TASKS "no_tasks" Error "A job has at least one task (section 1)."
    NEVER_RUNS "never_runs" Warning "`max_concurrent_runs` 0 skips every run (section 11.3)."

    // The graph.
    UNKNOWN_DEPENDENCY "unknown_dependency" Error "Every dependency is a task of the job (section 3.1)."
    SELF_DEPENDENCY "self_dependency" Error "No task depends on itself (section 3.1)."
    DEPENDENCY_CYCLE "dependency_cycle" Error "Dependencies have no cycle (section 3.1)."
    DUPLICATE_DEPENDENCY "duplicate_dependency" Warning "A task names a dependency once (section 9)."
    RUN_IF_WITHOUT_DEPENDENCIES "run_if_without_dependencies" Warning "`run_if` needs dependencies to look at (section 9.3)."
    OUTCOME_WITHOUT_CONDITION "outcome_without_condition" Error "`outcome` stands on dependencies on condition tasks only (section 3.1)."
    BAD_OUTCOME "bad_outcome" Error "`outcome` is \"true\" or \"false\" (section 3.1)."
    DISABLED_DEPENDENCY "disabled_dependency" Warning "A task does not wait for what a disabled task would give (section 9.5)."

    // What a task does.
    NO_TASK_TYPE "no_task_type" Error "Each task has a `*_task` block (section 3.1)."
    SEVERAL_TASK_TYPES "several_task_types" Error "Each task has only one `*_task` block (section 3.1)."
    SQL_TARGET "sql_target" Error "A SQL task has exactly one of query, file, dashboard and alert (section 3.1)."
    SQL_WAREHOUSE_MISSING "sql_warehouse_missing" Warning "A SQL task names its warehouse; only the local engine needs none (section 5.6)."
    WHEEL_PARAMETERS "wheel_parameters" Error "A wheel task has `parameters` or `named_parameters`, not both (section 5.3)."
    MIXED_PARAMETERS "mixed_parameters" Error "Job parameters and the deprecated parameters of runs are not mixed (section 3.7)."
    PARAMETER_SHADOWED "parameter_shadowed" Warning "A task parameter has no job parameter of its name, which would win (section 12.2)."
    BAD_DBT_COMMAND "bad_dbt_command" Error "A dbt task has commands, and each starts with `dbt` (section 5.7)."
    DBT_PROFILE "dbt_profile" Warning "`catalog` needs a warehouse, `profiles_directory` needs none (section 5.7)."
    CONDITION_NOT_NUMERIC "condition_not_numeric" Error "Numeric comparisons have numbers on both sides (section 10.1)."
    NESTED_FOR_EACH "nested_for_each" Error "A for-each task does not hold a for-each task (section 10.2)."
    NESTED_DEPENDENCY "nested_dependency" Warning "The nested task of a for-each task has no dependencies (section 10.2)."
    FOR_EACH_INPUTS "for_each_inputs" Error "Literal inputs of a for-each task are a JSON array of texts, numbers, booleans and objects (section 10.2)."
    RETRIES_WITHOUT_EFFECT "retries_without_effect" Warning "Retry settings stand where they do something (sections 10.1 and 11.1)."

    // Compute, libraries, environments, Git.
    UNDECLARED_JOB_CLUSTER "undeclared_job_cluster" Error "`job_cluster_key` is declared in `job_clusters` (section 3.1)."
    UNDECLARED_ENVIRONMENT "undeclared_environment" Error "`environment_key` is declared in `environments` (section 3.1)."
    UNDECLARED_ENVIRONMENT_VARIABLES "undeclared_environment_variables" Error "`environment_variables_key` is declared in `environment_variables` (section 3.1)."
    SEVERAL_COMPUTES "several_computes" Error "A task names at most one compute (section 6.1)."
    COMPUTE_MISSING "compute_missing" Warning "Script, wheel, JAR, spark-submit and dbt tasks name their compute; only the local engine needs none (section 6.1)."
    COMPUTE_WITHOUT_EFFECT "compute_without_effect" Warning "Tasks that use no cluster name none (section 6.1)."
    LIBRARY_CHOICE "library_choice" Error "A library names exactly one thing to install (section 6.3)."
    LIBRARIES_IN_JOB_CLUSTER "libraries_in_job_cluster" Error "A shared job cluster holds no libraries (section 3.1)."
    ENVIRONMENT_CHOICE "environment_choice" Error "An environment has a version or a base, or a project alone (section 6.4)."
    GIT_SOURCE_INCOMPLETE "git_source_incomplete" Error "`git_source` has `git_url` and `git_provider` (section 3.1)."
    GIT_PROVIDER "git_provider" Error "The Git provider is a known one (section 2.6)."
    GIT_REFERENCE "git_reference" Error "`git_source` has at most one of branch, tag and commit (section 3.1)."
    GIT_SOURCE_MISSING "git_source_missing" Error "Tasks with source GIT need the job's `git_source` (section 6.6)."
    GIT_PATH "git_path" Warning "Paths in a Git repository are relative, without `./` (section 5.1)."

    // Triggers.
    BAD_CRON "bad_cron" Error "Cron expressions are valid Quartz (section 15.2)."
    CRON_TOO_FREQUENT "cron_too_frequent" Warning "Scheduled runs are at least 10 seconds apart (section 18)."
    BAD_TIME_ZONE "bad_time_zone" Error "Time zones exist (section 15.2)."
    TRIGGER_CHOICE "trigger_choice" Error "A trigger is of exactly one kind (section 15.1)."
    TRIGGER_CONFLICT "trigger_conflict" Error "`continuous` and `triggers` stand alone (sections 15.1 and 15.9)."
    TWO_TRIGGERS "two_triggers" Warning "A job has one of `schedule` and `trigger`; the platform may refuse both (section 15.1)."
    BAD_TABLE_NAME "bad_table_name" Error "Watched tables have names of three parts (section 15.5)."
    BAD_COMPLETION "bad_completion" Error "A job-completion trigger lists jobs and a known status (section 15.6)."
    DURATION_TARGET "duration_target" Warning "`duration_target` stands with `COST_OPTIMIZED` (section 4.1)."

    // References.
    UNKNOWN_REFERENCE "unknown_reference" Error "A dynamic reference in a known namespace exists (section 13.1)."
    UNKNOWN_NAMESPACE "unknown_namespace" Warning "A dynamic reference is in a known namespace; others stay as text (section 13.1)."
    DEPRECATED_REFERENCE "deprecated_reference" Warning "A dynamic reference is not deprecated (section 13.5)."
    UNDECLARED_PARAMETER "undeclared_parameter" Error "`{{job.parameters.x}}` is declared in `parameters` (section 13.3)."
    UNKNOWN_TASK_REFERENCE "unknown_task_reference" Error "`{{tasks.x…}}` names a task of the job (section 13.3)."
    TASK_NOT_UPSTREAM "task_not_upstream" Error "`{{tasks.x…}}` reads from a task that has ended, one upstream (section 13.1)."
    INPUT_OUTSIDE_FOR_EACH "input_outside_for_each" Error "`{{input}}` stands in the nested task of a for-each task (section 10.2)."

    // Identities and permissions.
    RUN_AS_CHOICE "run_as_choice" Error "`run_as` names exactly one identity (section 4.1)."
    PERMISSION_PRINCIPAL "permission_principal" Error "A permission names exactly one user, group or service principal (section 17)."
    SEVERAL_OWNERS "several_owners" Error "A job has one owner, a user or a service principal (section 17)."
}
