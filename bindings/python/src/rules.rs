//! The rules that need no host: parameter schemas, job definitions, the mapping of parameters, fire times.

use crate::convert::{DOCUMENT_BYTES, PARAMETER_BYTES, to_dict, to_value};
use crate::errors;
use crate::instance::Object;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::job::{ApiVersion, LintOptions, check};
use lakeflow_core::mapping::{self, TaskType};
use lakeflow_core::params::{self, Formats, Options};
use lakeflow_core::problem;
use lakeflow_core::schedule;
use lakeflow_core::time::WallTime;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// One way in which parameters break their schema.
///
/// >>> from lakeflow_jobs import ParamSchema
/// >>> (violation,) = ParamSchema({"properties": {"n": {"minimum": 1}}}).validate({"n": 0})
/// >>> violation.path, violation.keyword, violation.message
/// ('/n', 'minimum', '0 is less than the minimum 1')
#[pyclass(frozen, eq, hash, get_all, module = "lakeflow_jobs")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Violation {
    /// JSON Pointer of the value at fault: `/tables/0/name`; empty for the whole.
    path: String,
    /// The schema's keyword that is broken.
    keyword: String,
    /// What is wrong, with the value and the limit.
    message: String,
}

impl From<&params::Violation> for Violation {
    fn from(violation: &params::Violation) -> Self {
        let params::Violation { path, keyword, message } = violation.clone();
        Self { path, keyword: keyword.to_owned(), message }
    }
}

#[pymethods]
impl Violation {
    fn __repr__(&self) -> String {
        format!("Violation(path={:?}, keyword={:?}, message={:?})", self.path, self.keyword, self.message)
    }

    fn __str__(&self) -> String {
        if self.path.is_empty() { self.message.clone() } else { format!("{}: {}", self.path, self.message) }
    }

    /// The violation as a dictionary.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("path", &self.path)?;
        dict.set_item("keyword", &self.keyword)?;
        dict.set_item("message", &self.message)?;
        Ok(dict)
    }
}

/// One finding about a job definition, a schema or parameters.
///
/// >>> from lakeflow_jobs import validate_job
/// >>> (problem,) = validate_job({"name": "etl", "tasks": [{"task_key": "a"}]})
/// >>> problem.code, problem.path, problem.is_error
/// ('no_task_type', 'tasks[0]', True)
#[pyclass(frozen, eq, hash, get_all, module = "lakeflow_jobs")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Problem {
    /// Stable name of the rule: `unknown_dependency`.
    code: String,
    /// `error` or `warning`.
    severity: &'static str,
    /// Where: `tasks[2].depends_on[0].task_key`, or a JSON Pointer in a schema; empty for the whole.
    path: String,
    /// What is wrong.
    message: String,
    /// What to do, when there is something useful to say.
    hint: Option<String>,
    /// `file:line:column` when it was read from a file.
    position: Option<String>,
    /// The finding as one line.
    #[pyo3(name = "_text")]
    text: String,
}

impl From<&problem::Problem> for Problem {
    fn from(problem: &problem::Problem) -> Self {
        Self {
            code: problem.code.to_owned(),
            severity: if problem.is_error() { "error" } else { "warning" },
            path: problem.path.clone(),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
            position: problem.position.as_ref().map(ToString::to_string),
            text: problem.to_string(),
        }
    }
}

#[pymethods]
impl Problem {
    fn __repr__(&self) -> String {
        format!("Problem({:?}, {:?}, {:?})", self.code, self.path, self.message)
    }

    fn __str__(&self) -> &str {
        &self.text
    }

    /// True for findings that make the thing unusable.
    #[getter]
    fn is_error(&self) -> bool {
        self.severity == "error"
    }
}

/// One fire time of a schedule.
///
/// >>> from lakeflow_jobs import next_fire_times
/// >>> (fire,) = next_fire_times("0 0 2 * * ?", "Europe/Warsaw", after="2026-03-01T00:00:00Z", count=1)
/// >>> fire.utc, fire.local
/// ('2026-03-01T01:00:00Z', '2026-03-01T02:00:00+01:00')
#[pyclass(frozen, eq, hash, get_all, module = "lakeflow_jobs")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Fire {
    /// In UTC: `2026-03-01T02:00:00Z`.
    utc: String,
    /// The same moment in the schedule's zone: `2026-03-01T03:00:00+01:00`.
    local: String,
}

#[pymethods]
impl Fire {
    fn __repr__(&self) -> String {
        format!("Fire(utc={:?}, local={:?})", self.utc, self.local)
    }

    /// The moment as an aware `datetime` with the offset of the schedule's zone.
    fn datetime<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let class = py.import("datetime")?.getattr("datetime")?;
        class.call_method1("fromisoformat", (&self.local,))
    }
}

/// A compiled JSON Schema (2020-12) for the parameters of a job. Python objects are checked where they are; dates count as
/// their ISO 8601 text.
///
/// :param schema: a dictionary, a boolean, JSON text, a pydantic model, a dataclass or a TypedDict.
/// :param formats: `"assert"` makes `format` a rule, `"annotate"` a remark.
/// :param resources: documents that `$ref` may lead to, by URI. Nothing is ever fetched.
/// :raises InvalidDefinition: it is not a schema; `problems` lists everything that is wrong with it.
/// :raises Malformed: the text is not JSON.
///
/// >>> from lakeflow_jobs import ParamSchema
/// >>> schema = ParamSchema({"required": ["day"], "properties": {"day": {"format": "date"}}})
/// >>> schema.is_valid({"day": "2026-01-01"})
/// True
/// >>> [str(violation) for violation in schema.validate({"day": "soon"})]
/// ['/day: "soon" is not a valid date']
#[pyclass(frozen, module = "lakeflow_jobs")]
pub(crate) struct ParamSchema {
    schema: params::ParamSchema,
    source: String,
}

impl ParamSchema {
    pub(crate) fn compiled(&self) -> &params::ParamSchema {
        &self.schema
    }
}

#[pymethods]
impl ParamSchema {
    #[new]
    #[pyo3(signature = (schema, *, formats = "assert", resources = None))]
    fn new(
        schema: &Bound<'_, PyAny>,
        formats: &str,
        resources: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let py = schema.py();
        let schema = match schema.cast::<PyString>() {
            Ok(text) => parsed(py, text.to_str()?)?,
            Err(_) => document(py, &described(schema)?)?,
        };
        let formats = match formats {
            "assert" => Formats::Assert,
            "annotate" => Formats::Annotate,
            other => {
                let message = format!("formats is {other:?}, it can be \"assert\" or \"annotate\"");
                return Err(errors::raised(
                    py,
                    &Error::new(ErrorCode::InvalidArgument, "compile_schema", message),
                ));
            }
        };
        let mut given = Vec::new();
        for (uri, value) in resources.into_iter().flatten() {
            given.push((uri.extract()?, document(py, &value)?));
        }
        let options = Options { formats, resources: given };
        match params::ParamSchema::compile_with(&schema, &options) {
            Ok(compiled) => Ok(Self { schema: compiled, source: schema.to_string() }),
            Err(list) => Err(errors::problems(py, ErrorCode::InvalidDefinition, "compile_schema", &list)),
        }
    }

    /// All violations, in a fixed order; empty when the parameters satisfy the schema.
    fn validate(&self, params: Bound<'_, PyAny>) -> Vec<Violation> {
        self.schema.validate(Object::new(params)).iter().map(Violation::from).collect()
    }

    /// Whether the parameters satisfy the schema.
    fn is_valid(&self, params: Bound<'_, PyAny>) -> bool {
        self.schema.is_valid(Object::new(params))
    }

    /// Raises `InvalidParameters` with all violations when there are any.
    fn check(&self, params: Bound<'_, PyAny>) -> PyResult<()> {
        let py = params.py();
        let found = self.schema.validate(Object::new(params));
        if found.is_empty() { Ok(()) } else { Err(errors::violations(py, "validate", &found)) }
    }

    /// What has no effect in the schema, such as a misspelt keyword.
    #[getter]
    fn warnings(&self) -> Vec<Problem> {
        self.schema.warnings().iter().map(Problem::from).collect()
    }

    /// The schema as JSON text.
    #[getter]
    fn source(&self) -> &str {
        &self.source
    }

    fn __repr__(&self) -> String {
        let shown: String = self.source.chars().take(60).collect();
        let more = if shown.len() < self.source.len() { "…" } else { "" };
        format!("ParamSchema({shown}{more})")
    }
}

/// A model of pydantic, a dataclass or a TypedDict gives its schema; everything else is one.
fn described<'py>(schema: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if schema.is_instance_of::<pyo3::types::PyType>() {
        return schema.py().import("lakeflow_jobs._models")?.call_method1("schema_of", (schema,));
    }
    Ok(schema.clone())
}

fn parsed(py: Python<'_>, text: &str) -> PyResult<Value> {
    serde_json::from_str(text).map_err(|e| {
        let message = format!("the schema is not JSON: {e}");
        errors::raised(py, &Error::new(ErrorCode::Malformed, "compile_schema", message))
    })
}

fn document(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    to_value(value, DOCUMENT_BYTES)
        .map_err(|list| errors::problems(py, ErrorCode::InvalidDefinition, "compile_schema", &list))
}

/// Every problem of a job definition, in the order of the document; empty when it is fine.
///
/// :param definition: the fields of `jobs/create` as a dictionary or as JSON text.
/// :param api: whose limits hold: `"2.1"` takes 100 tasks, `"2.2"` takes 1000.
/// :raises Malformed: the text is not JSON.
///
/// >>> from lakeflow_jobs import validate_job
/// >>> [str(problem) for problem in validate_job({"name": "etl", "tasks": [{"task_key": "a"}]})]
/// ['error[no_task_type] at tasks[0]: task `a` has nothing to run (add one block such as `notebook_task`)']
#[pyfunction]
#[pyo3(signature = (definition, *, api = "2.2"))]
pub(crate) fn validate_job(definition: &Bound<'_, PyAny>, api: &str) -> PyResult<Vec<Problem>> {
    let py = definition.py();
    let api = match api {
        "2.1" => ApiVersion::V2_1,
        "2.2" => ApiVersion::V2_2,
        other => {
            let message = format!("api is {other:?}, it can be \"2.1\" or \"2.2\"");
            let error = Error::new(ErrorCode::InvalidArgument, "validate_job", message);
            return Err(errors::raised(py, &error));
        }
    };
    let value = match definition.cast::<PyString>() {
        Ok(text) => serde_json::from_str(text.to_str()?).map_err(|e| {
            let message = format!("the definition is not JSON: {e}");
            errors::raised(py, &Error::new(ErrorCode::Malformed, "validate_job", message))
        })?,
        Err(_) => to_value(definition, DOCUMENT_BYTES)
            .map_err(|list| errors::problems(py, ErrorCode::InvalidDefinition, "validate_job", &list))?,
    };
    let (_, problems) = py.detach(|| check(&value, &LintOptions { api, ..LintOptions::default() }));
    Ok(problems.iter().map(Problem::from).collect())
}

/// The fields of a run-now request for parameters.
///
/// :param task_type: what the parameters are for; `None` when they are the fields themselves.
/// :param params: parameters by name; numbers, booleans and dates become text.
/// :raises InvalidParameters: something cannot be mapped; `problems` lists all of it, each with its path.
///
/// >>> from lakeflow_jobs import map_params
/// >>> map_params("notebook", {"day": "2026-01-01", "full": True})
/// {'notebook_params': {'day': '2026-01-01', 'full': 'true'}}
#[pyfunction]
#[pyo3(signature = (task_type, params = None))]
pub(crate) fn map_params<'py>(
    py: Python<'py>,
    task_type: Option<&str>,
    params: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let task_type = task_type.map(|name| read_task_type(py, name)).transpose()?;
    let refused =
        |list: Vec<problem::Problem>| errors::problems(py, ErrorCode::InvalidParameters, "map_params", &list);
    let value =
        params.map_or(Ok(Value::Null), |params| to_value(params, PARAMETER_BYTES)).map_err(refused)?;
    to_dict(py, &mapping::map_params(task_type, &value).map_err(refused)?)
}

/// A task type by its name.
pub(crate) fn read_task_type(py: Python<'_>, name: &str) -> PyResult<TaskType> {
    name.parse().map_err(|unknown: mapping::UnknownTaskType| {
        errors::raised(py, &Error::new(ErrorCode::InvalidArgument, "configure", unknown.to_string()))
    })
}

/// The names of the task types.
///
/// >>> from lakeflow_jobs import task_types
/// >>> task_types()[:3]
/// ['notebook', 'python_wheel', 'python_script']
#[pyfunction]
pub(crate) fn task_types() -> Vec<&'static str> {
    TaskType::ALL.iter().map(|task_type| task_type.as_str()).collect()
}

/// The next fire times of a Quartz cron expression, earliest first.
///
/// :param cron: seconds, minutes, hours, day of month, month, day of week, and a year if wanted.
/// :param timezone: a Java time zone id.
/// :param after: times strictly after this one: text (RFC 3339, or a local time of the zone), a `datetime`, or epoch seconds;
///     now when missing.
/// :param count: how many, 1 to 1000.
/// :raises InvalidArgument: the expression, the zone, the time or the count makes no sense.
///
/// >>> from lakeflow_jobs import next_fire_times
/// >>> [fire.local for fire in next_fire_times("0 0 6 ? * MON", "Europe/Berlin", after="2026-01-01T00:00:00Z", count=2)]
/// ['2026-01-05T06:00:00+01:00', '2026-01-12T06:00:00+01:00']
#[pyfunction]
#[pyo3(signature = (cron, timezone = "UTC", *, after = None, count = 5))]
pub(crate) fn next_fire_times(
    cron: &str,
    timezone: &str,
    after: Option<&Bound<'_, PyAny>>,
    count: usize,
    py: Python<'_>,
) -> PyResult<Vec<Fire>> {
    let after = after.map(|after| moment(after, timezone)).transpose()?.unwrap_or_else(now);
    let fires = schedule::next_fire_times(cron, timezone, after, count);
    let fires = fires.map_err(|error| errors::raised(py, &error))?;
    Ok(fires.into_iter().map(|fire| Fire { utc: fire.utc, local: fire.local }).collect())
}

/// A text as the command line takes it, an aware `datetime`, or one without a zone, which is local to the schedule's.
fn moment(after: &Bound<'_, PyAny>, timezone: &str) -> PyResult<WallTime> {
    let py = after.py();
    let refused = |message: String| {
        errors::raised(py, &Error::new(ErrorCode::InvalidArgument, "next_fire_times", message))
    };
    let zone = schedule::Zone::resolve(timezone).map_err(|problem| refused(problem.message))?;
    let text = match after.cast::<PyString>() {
        Ok(text) => text.to_str()?.to_owned(),
        Err(_) if after.hasattr("isoformat")? => after.call_method0("isoformat")?.extract()?,
        Err(_) => after.str()?.extract()?,
    };
    zone.read(&text).map_err(|problem| refused(problem.message))
}

fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
