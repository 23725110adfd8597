//! The `*_task` blocks that are modelled (reference section 5). Blocks that nothing here runs stay JSON in
//! `Task::unknown` (section 5.21).

use super::Task;
use crate::id::JobId;
use crate::job::wire::{Text, TextMap, open_enum, wire_struct};
use crate::value::Value;

open_enum! {
    /// Where a file or notebook comes from.
    pub enum Source {
        /// The workspace, or a URI.
        Workspace = "WORKSPACE",
        /// The job's `git_source`.
        Git = "GIT",
    }
}

wire_struct! {
    /// Reference section 5.1.
    pub struct NotebookTask {
        /// Absolute workspace path or a path in the Git repository, without extension.
        pub notebook_path: String,
        /// Becomes widgets; at most 1 MB as JSON.
        pub base_parameters: TextMap,
        /// `GIT` when missing and the job has a `git_source`.
        pub source: Option<Source>,
        /// Run on a SQL warehouse: SQL cells only.
        pub warehouse_id: Option<String>,
    }
}

wire_struct! {
    /// Reference section 5.2.
    pub struct SparkPythonTask {
        /// Path or URI of the script.
        pub python_file: String,
        /// Becomes `sys.argv[1:]`.
        pub parameters: Vec<Text>,
        /// Where the file comes from.
        pub source: Option<Source>,
    }
}

wire_struct! {
    /// Reference section 5.3. Either parameters or named parameters.
    pub struct PythonWheelTask {
        /// Package whose metadata names the entry point.
        pub package_name: String,
        /// Name of the entry point, or of a function of the package.
        pub entry_point: String,
        /// Positional arguments.
        pub parameters: Vec<Text>,
        /// Becomes `--name=value` arguments.
        pub named_parameters: TextMap,
    }
}

wire_struct! {
    /// Reference section 5.4.
    pub struct SparkJarTask {
        /// Full name of the class.
        pub main_class_name: Option<String>,
        /// Arguments of `main`.
        pub parameters: Vec<Text>,
        /// Deprecated; libraries name the JAR.
        pub jar_uri: Option<String>,
        /// Deprecated.
        pub run_as_repl: Option<bool>,
    }
}

wire_struct! {
    /// Reference section 5.5.
    pub struct SparkSubmitTask {
        /// The spark-submit command line.
        pub parameters: Vec<Text>,
    }
}

wire_struct! {
    /// A saved query.
    pub struct SqlQuery {
        /// Its id.
        pub query_id: String,
    }
}

wire_struct! {
    /// A `.sql` file.
    pub struct SqlFile {
        /// Absolute workspace path, or a path in the Git repository.
        pub path: String,
        /// Where the file comes from.
        pub source: Option<Source>,
    }
}

wire_struct! {
    /// Reference section 5.6. Exactly one of query, file, dashboard and alert.
    pub struct SqlTask {
        /// The warehouse that runs it.
        pub warehouse_id: Option<String>,
        /// Named parameters.
        pub parameters: TextMap,
        /// A saved query.
        pub query: Option<SqlQuery>,
        /// A file of statements.
        pub file: Option<SqlFile>,
        /// A legacy dashboard; opaque.
        pub dashboard: Option<Value>,
        /// A legacy alert; opaque.
        pub alert: Option<Value>,
    }
}

wire_struct! {
    /// Reference section 5.7.
    pub struct DbtTask {
        /// 1 to 10 commands, each starting with `dbt`.
        pub commands: Vec<Text>,
        /// Folder of the project.
        pub project_directory: Option<String>,
        /// Folder of `profiles.yml`.
        pub profiles_directory: Option<String>,
        /// Generates a profile.
        pub warehouse_id: Option<String>,
        /// With a warehouse only.
        pub catalog: Option<String>,
        /// `default` when missing.
        pub schema: Option<String>,
        /// Where the project comes from.
        pub source: Option<Source>,
    }
}

wire_struct! {
    /// Reference section 5.9.
    pub struct PipelineTask {
        /// The pipeline to update.
        pub pipeline_id: String,
        /// Recompute everything.
        pub full_refresh: Option<bool>,
        /// Tables to recompute.
        pub full_refresh_selection: Vec<Text>,
        /// Tables to update.
        pub refresh_selection: Vec<Text>,
        /// Flows to update.
        pub refresh_flow_selection: Vec<Text>,
        /// Flows whose checkpoints are reset.
        pub reset_checkpoint_selection: Vec<Text>,
        /// Named parameters (beta).
        pub parameters: TextMap,
    }
}

wire_struct! {
    /// Reference section 5.10.
    pub struct RunJobTask {
        /// The job to start.
        pub job_id: JobId,
        /// Overrides of the child's job parameters.
        pub job_parameters: TextMap,
        /// Deprecated.
        pub notebook_params: TextMap,
        /// Deprecated.
        pub python_params: Vec<Text>,
        /// Deprecated.
        pub python_named_params: TextMap,
        /// Deprecated.
        pub jar_params: Vec<Text>,
        /// Deprecated.
        pub spark_submit_params: Vec<Text>,
        /// Deprecated.
        pub sql_params: TextMap,
        /// Deprecated.
        pub dbt_commands: Vec<Text>,
        /// Deprecated.
        pub pipeline_params: Option<Value>,
    }
}

impl RunJobTask {
    /// Deprecated parameter fields: lists and objects that `job_parameters` stands for.
    pub const DEPRECATED: &'static [&'static str] = &[
        "notebook_params",
        "python_params",
        "python_named_params",
        "jar_params",
        "spark_submit_params",
        "sql_params",
        "dbt_commands",
    ];
}

open_enum! {
    /// Comparison of a condition task (reference section 10.1).
    pub enum ConditionOp {
        /// Equal as text.
        EqualTo = "EQUAL_TO",
        /// Different as text.
        NotEqual = "NOT_EQUAL",
        /// Greater as numbers.
        GreaterThan = "GREATER_THAN",
        /// Greater or equal as numbers.
        GreaterThanOrEqual = "GREATER_THAN_OR_EQUAL",
        /// Less as numbers.
        LessThan = "LESS_THAN",
        /// Less or equal as numbers.
        LessThanOrEqual = "LESS_THAN_OR_EQUAL",
    }
}

wire_struct! {
    /// Reference section 5.11.
    pub struct ConditionTask {
        /// How the two are compared.
        pub op: ConditionOp,
        /// Text or references.
        pub left: Text,
        /// Text or references.
        pub right: Text,
    }
}

wire_struct! {
    /// Reference section 5.12.
    pub struct ForEachTask {
        /// JSON array text, or one reference that gives one.
        pub inputs: Text,
        /// Iterations at once, 1 to 100; 1 when missing (open point 7).
        pub concurrency: Option<i64>,
        /// The nested task; any type but for-each.
        pub task: Box<Task>,
    }
}
