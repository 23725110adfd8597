//! What an endpoint is: a request type with a method, a path and a response type.

use super::fault;
use super::keep::Keep;
use crate::error::{Error, ErrorCode, Retry};
use crate::job::wire::{Path, Wire};
use crate::problem::Problem;
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The path prefix of every call that this program makes (reference section 2.1).
pub const API_PREFIX: &str = "/api/2.2";

/// Method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads; safe to send again.
    Get,
    /// Changes something.
    Post,
    /// Replaces something; sending it again changes nothing more.
    Put,
    /// Changes part of something.
    Patch,
    /// Removes something.
    Delete,
}

impl Method {
    /// The text on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request without host, credentials and transport; those are the driver's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// Name of the operation, for messages: `run_now`.
    pub operation: &'static str,
    /// Method.
    pub method: Method,
    /// From the root of the host: `/api/2.2/jobs/run-now`.
    pub path: String,
    /// Names and values, not yet percent-encoded.
    pub query: Vec<(String, String)>,
    /// JSON body of a POST.
    pub body: Option<Value>,
    /// True when sending it again cannot do anything twice: a read, or a trigger with an idempotency token.
    pub repeatable: bool,
}

/// What a transport brings back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header names in any case, with their values.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A request type of the API. [`Wire`] reads and writes its fields; this says where they go.
pub trait Endpoint: Wire + Send + Sync {
    /// Name of the operation: `run_now`.
    const OPERATION: &'static str;
    /// Method.
    const METHOD: Method;
    /// What stands before the path.
    const PREFIX: &'static str = API_PREFIX;
    /// Path below the prefix, or below `/api/2.1` for older clients: `/jobs/run-now`. `{name}` stands for the field `name`.
    const PATH: &'static str;
    /// The largest page that the API gives; `limit` is kept within it, and 0 asks for it.
    const LARGEST_PAGE: Option<i64> = None;
    /// Fields that are `true` or `false` in the query of a GET.
    const FLAGS: &'static [&'static str] = &[];
    /// What the answer holds.
    type Answer: Wire + Clone + Send + Sync + 'static;

    /// True when sending the request again cannot do anything twice.
    fn repeatable(&self) -> bool {
        Self::METHOD == Method::Get
    }

    /// How long a client may give out the answer again.
    fn keep(&self, _answer: &Self::Answer) -> Keep {
        Keep::Not
    }

    /// The request as it is sent.
    fn request(&self) -> Request {
        let mut fields = self.write();
        let path = fill_path(Self::PATH, &mut fields);
        if let Some(most) = Self::LARGEST_PAGE {
            clamp_limit(&mut fields, most);
        }
        let (query, body) = match Self::METHOD {
            Method::Get | Method::Delete => (to_query(&fields), None),
            Method::Post | Method::Put | Method::Patch => (Vec::new(), Some(fields)),
        };
        Request {
            operation: Self::OPERATION,
            method: Self::METHOD,
            path: format!("{}{path}", Self::PREFIX),
            query,
            body,
            repeatable: self.repeatable(),
        }
    }

    /// Reads a request as a server gets it. All problems are told in one error: `MALFORMED` when the body is no JSON,
    /// else `INVALID_ARGUMENT`.
    fn receive(query: &[(String, String)], body: &[u8]) -> Result<Self, Error> {
        let fields = match Self::METHOD {
            Method::Get => from_query(query, Self::FLAGS),
            _ if body.is_empty() => Value::Object(Map::new()),
            _ => serde_json::from_slice(body).map_err(|e| {
                Error::new(ErrorCode::Malformed, Self::OPERATION, format!("the body is not valid JSON: {e}"))
            })?,
        };
        let mut problems = Vec::new();
        match (Self::read(&fields, &Path::Root, &mut problems), problems.is_empty()) {
            (Some(read), true) => Ok(read),
            _ => Err(invalid(Self::OPERATION, &problems)),
        }
    }

    /// Reads the answer to the request: its value, or the error that it tells. `now` makes sense of a `Retry-After`
    /// that is a date.
    fn answer(response: &Response, now: WallTime) -> Result<Self::Answer, Error> {
        let value = read_value(Self::OPERATION, response, now)?;
        let mut problems = Vec::new();
        let answer = Self::Answer::read(&value, &Path::Root, &mut problems);
        // Fields of a type that was not expected are read as absent (design rule 3); only what leaves nothing to work
        // with, such as a run-now answer without `run_id`, is a fault.
        let fatal = problems.iter().find(|p| p.path.is_empty() || IDS.contains(&p.path.as_str()));
        match (answer, fatal) {
            (Some(answer), None) => Ok(answer),
            (_, fatal) => Err(garbled(Self::OPERATION, fatal.map_or("", |problem| &problem.message))),
        }
    }
}

/// The JSON of an answer, or the error that it tells. An empty body is an empty object.
pub fn read_value(operation: &'static str, response: &Response, now: WallTime) -> Result<Value, Error> {
    accepted(operation, response, now)?;
    if response.body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(&response.body).map_err(|e| garbled(operation, &e.to_string()))
}

/// Nothing for an answer that grants the request, else the error that it tells.
pub(super) fn accepted(operation: &'static str, response: &Response, now: WallTime) -> Result<(), Error> {
    let granted = (200..300).contains(&response.status);
    if granted { Ok(()) } else { Err(fault::classify(operation, response, now)) }
}

/// Fields that an answer must have where its type has them.
const IDS: &[&str] = &["run_id", "job_id", "repair_id"];

/// The answer broke off or is not what the API sends. Trying again can help; whether it may is the request's affair.
fn garbled(operation: &'static str, detail: &str) -> Error {
    Error::new(ErrorCode::Malformed, operation, format!("the answer cannot be read: {detail}"))
        .retry(Retry::After(0))
}

fn invalid(operation: &'static str, problems: &[Problem]) -> Error {
    let told: Vec<String> = problems
        .iter()
        .map(|p| if p.path.is_empty() { p.message.clone() } else { format!("{}: {}", p.path, p.message) })
        .collect();
    Error::new(ErrorCode::InvalidArgument, operation, told.join("; "))
}

/// Puts fields into the path where it names them; those do not go into query or body. They are ids, so nothing is escaped.
fn fill_path(path: &str, fields: &mut Value) -> String {
    let mut filled = path.to_owned();
    if let (true, Value::Object(fields)) = (path.contains('{'), fields) {
        fields.retain(|name, value| {
            let place = format!("{{{name}}}");
            let stays = !filled.contains(&place);
            if !stays {
                filled = filled.replace(&place, &text(value));
            }
            stays
        });
    }
    filled
}

fn clamp_limit(fields: &mut Value, most: i64) {
    if let Some(limit) = fields.get_mut("limit")
        && let Some(asked) = limit.as_i64()
    {
        *limit = Value::from(if asked == 0 { most } else { asked.clamp(1, most) });
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Booleans in lower case, lists as repeated keys (reference section 2.2).
fn to_query(fields: &Value) -> Vec<(String, String)> {
    let Value::Object(fields) = fields else { return Vec::new() };
    let mut query = Vec::new();
    for (key, value) in fields {
        match value {
            Value::Array(items) => query.extend(items.iter().map(|item| (key.clone(), text(item)))),
            value => query.push((key.clone(), text(value))),
        }
    }
    query
}

/// Of a repeated key the last value counts; an empty value is the same as none.
fn from_query(query: &[(String, String)], flags: &[&str]) -> Value {
    let mut fields = Map::new();
    for (key, text) in query.iter().filter(|(_, text)| !text.is_empty()) {
        let value = match text.as_str() {
            "true" if flags.contains(&key.as_str()) => Value::Bool(true),
            "false" if flags.contains(&key.as_str()) => Value::Bool(false),
            other => Value::from(other),
        };
        fields.insert(key.clone(), value);
    }
    Value::Object(fields)
}

/// An answer without content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Empty;

impl Wire for Empty {
    fn read(_value: &Value, _path: &Path<'_>, _problems: &mut Vec<Problem>) -> Option<Self> {
        Some(Self)
    }
    fn write(&self) -> Value {
        Value::Object(Map::new())
    }
}

/// Ties a request type to its place in the API.
macro_rules! endpoint {
    ($name:ident: $method:ident $path:literal as $operation:literal -> $answer:ty
        $(, under $prefix:literal)? $(, pages of $most:expr)? $(, flags [$($flag:literal),*])? $(, repeatable $repeatable:expr)?
        $(, keep $keep:expr)?) => {
        impl $crate::api::Endpoint for $name {
            const OPERATION: &'static str = $operation;
            const METHOD: $crate::api::Method = $crate::api::Method::$method;
            const PATH: &'static str = $path;
            $(const PREFIX: &'static str = $prefix;)?
            $(const LARGEST_PAGE: Option<i64> = Some($most);)?
            $(const FLAGS: &'static [&'static str] = &[$($flag),*];)?
            type Answer = $answer;
            $(fn repeatable(&self) -> bool {
                let repeatable: fn(&Self) -> bool = $repeatable;
                repeatable(self)
            })?
            $(fn keep(&self, answer: &Self::Answer) -> $crate::api::Keep {
                let keep: fn(&Self, &Self::Answer) -> $crate::api::Keep = $keep;
                keep(self, answer)
            })?
        }
    };
}
pub(super) use endpoint;
