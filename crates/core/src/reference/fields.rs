//! Which fields of a task take references (reference section 13.2, open point 28). Notebook code and SQL text do
//! not, and neither does anything that is not listed here.

/// Fields of a task's settings, as (task type, path below it).
pub(crate) const FIELDS: &[(&str, &str)] = &[
    ("notebook_task", "notebook_path"),
    ("notebook_task", "base_parameters"),
    ("spark_python_task", "python_file"),
    ("spark_python_task", "parameters"),
    ("python_wheel_task", "parameters"),
    ("python_wheel_task", "named_parameters"),
    ("spark_jar_task", "parameters"),
    ("spark_submit_task", "parameters"),
    ("sql_task", "parameters"),
    ("sql_task", "file/path"),
    ("dbt_task", "commands"),
    ("pipeline_task", "parameters"),
    ("run_job_task", "job_parameters"),
    ("condition_task", "left"),
    ("condition_task", "right"),
    ("for_each_task", "inputs"),
    ("dashboard_task", "filters"),
    ("alert_task", "parameters"),
    ("clean_rooms_notebook_task", "notebook_base_parameters"),
    ("python_operator_task", "parameters"),
    ("ai_runtime_task", "parameters"),
];
