//! Between Python objects and JSON values. What has no form in JSON is refused with its path, all of it at once.

use crate::instance::{Kind, UNKNOWN, identity, kind, shown_name, whole};
use lakeflow_core::job::wire::Path;
use lakeflow_core::params::Number;
use lakeflow_core::problem::Problem;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use serde_json::{Map, Value};

/// Nesting of what is converted; schemas and parameters stay far below it.
const MAX_DEPTH: usize = 128;

/// Problems that are listed.
const MAX_PROBLEMS: usize = 100;

/// Bytes of JSON text that parameters may come to in all: far more than a run-now takes, little enough to be refused at
/// once.
pub(crate) const PARAMETER_BYTES: usize = 1 << 20;

/// Bytes of JSON text that a schema or a definition may come to.
pub(crate) const DOCUMENT_BYTES: usize = 64 << 20;

/// The JSON value of a Python object; dates become ISO 8601 text. `limit` is in bytes, about those of its JSON text.
pub(crate) fn to_value(value: &Bound<'_, PyAny>, limit: usize) -> Result<Value, Vec<Problem>> {
    let mut reader = Reader { problems: Vec::new(), parents: Vec::new(), left: limit, limit };
    let read = reader.read(value, &Path::Root);
    if reader.problems.is_empty() { Ok(read) } else { Err(reader.problems) }
}

struct Reader {
    problems: Vec<Problem>,
    parents: Vec<*mut ffi::PyObject>,
    left: usize,
    limit: usize,
}

impl Reader {
    fn refuse(&mut self, code: &'static str, path: &Path<'_>, message: String) -> Value {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem::error(code, path.to_string(), message));
        }
        Value::Null
    }

    /// Counts bytes; false when there are too many, which is told once.
    fn spend(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                true
            }
            None if self.left == 0 => false,
            None => {
                self.left = 0;
                let message = format!("the value has more than {} bytes as JSON", self.limit);
                let problem = Problem::error("too_large", "", message);
                self.problems.push(
                    problem.with_hint("write large values to a file or a table and pass where they are"),
                );
                false
            }
        }
    }

    fn read(&mut self, value: &Bound<'_, PyAny>, path: &Path<'_>) -> Value {
        if !self.spend(2) {
            return Value::Null;
        }
        match kind(value) {
            Kind::Null => Value::Null,
            Kind::Bool(flag) => Value::Bool(flag),
            Kind::Int(int) => match whole(int) {
                Some(Number::Int(int)) => integer(int),
                Some(Number::Float(float)) => Value::from(float),
                None => self.refuse("too_large", path, "the whole number is beyond all doubles".to_owned()),
            },
            Kind::Float(float) => Value::from(float),
            Kind::Text(text) => {
                let text = text.to_str().unwrap_or_default();
                if self.spend(text.len()) { Value::from(text) } else { Value::Null }
            }
            Kind::Date(text) => Value::from(text),
            Kind::List(list) => self.nested(value, path, |reader| {
                Value::Array(
                    list.iter().enumerate().map(|(n, item)| reader.read(&item, &path.index(n))).collect(),
                )
            }),
            Kind::Tuple(tuple) => self.nested(value, path, |reader| {
                Value::Array(
                    tuple.iter().enumerate().map(|(n, item)| reader.read(&item, &path.index(n))).collect(),
                )
            }),
            Kind::Dict(dict) => self.nested(value, path, |reader| reader.members(dict, path)),
            Kind::Foreign(name) => {
                let own = value.get_type().name().map(|name| name.to_string()).unwrap_or_default();
                let name = if name == UNKNOWN { &own } else { name };
                let message = format!("a value of type {name} has no form in JSON");
                self.refuse("not_json", path, message)
            }
        }
    }

    fn members(&mut self, dict: &Bound<'_, PyDict>, path: &Path<'_>) -> Value {
        let mut members = Map::new();
        for (name, value) in dict {
            let text = name.cast::<PyString>().ok().and_then(|name| name.to_str().ok());
            let Some(text) = text else {
                let message = format!("the name {} is not text", shown_name(&name));
                self.refuse("not_json", path, message);
                continue;
            };
            if !self.spend(text.len()) {
                break;
            }
            let value = self.read(&value, &path.key(text));
            members.insert(text.to_owned(), value);
        }
        Value::Object(members)
    }

    fn nested(
        &mut self,
        value: &Bound<'_, PyAny>,
        path: &Path<'_>,
        read: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        if self.parents.contains(&identity(value)) {
            return self.refuse("contains_itself", path, "the value contains itself".to_owned());
        }
        if self.parents.len() == MAX_DEPTH {
            return self.refuse("too_deep", path, format!("the value is nested deeper than {MAX_DEPTH}"));
        }
        self.parents.push(identity(value));
        let value = read(self);
        self.parents.pop();
        value
    }
}

/// Whole numbers beyond 64 bits become doubles, which the core refuses where digits matter.
fn integer(value: i128) -> Value {
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(small), _) => Value::from(small),
        (_, Ok(large)) => Value::from(large),
        _ => Value::from(value as f64),
    }
}

/// The Python object of a JSON value.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(flag) => flag.into_pyobject(py)?.to_owned().into_any(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => int.into_pyobject(py)?.into_any(),
            (_, Some(int)) => int.into_pyobject(py)?.into_any(),
            _ => number.as_f64().unwrap_or_default().into_pyobject(py)?.into_any(),
        },
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            list.into_any()
        }
        Value::Object(members) => to_dict(py, members)?.into_any(),
    })
}

/// The dictionary of a JSON object.
pub(crate) fn to_dict<'py>(py: Python<'py>, members: &Map<String, Value>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in members {
        dict.set_item(name, to_python(py, value)?)?;
    }
    Ok(dict)
}
