//! Requests and answers of the routes as plain data, and what an error is over HTTP.

use crate::api::fault;
use crate::error::{Error, ErrorCode, Retry};
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Largest body of a request, in bytes (behaviour H10).
pub(super) const BODY_LIMIT: usize = 1 << 20;

/// Largest integer that JavaScript reads from JSON without rounding.
const SAFE_INTEGER: i64 = (1 << 53) - 1;

/// A request to the routes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Incoming {
    /// `GET`, `POST`, `DELETE`.
    pub method: String,
    /// Below the mount, percent-encoded as it came, with a query or without: `/etl/runs?limit=5`.
    pub path: String,
    /// Names in any case, with their values.
    pub headers: Vec<(String, String)>,
    /// The whole body as it came.
    pub body: Vec<u8>,
    /// Who asks, as far as the host knows: a user, an address. Only compared, to tell a client that comes back after its
    /// connection broke from another one; empty for unknown.
    pub client: String,
    /// Text that no other request has, such as a UUID; becomes the idempotency token of a trigger. Empty gives none, and
    /// then a trigger is never sent again.
    pub nonce: String,
    /// The program itself asks, not somebody over HTTP: it has checked the parameters, and may give any.
    pub program: bool,
}

impl Incoming {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The path without the query, and the query.
    pub(super) fn split(&self) -> (&str, &str) {
        self.path.split_once('?').unwrap_or((&self.path, ""))
    }

    /// The first value of a query parameter, decoded.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.split();
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key, true).as_deref() == Some(name)).then(|| decode(value, true)).flatten()
        })
    }

    /// The body as JSON. Nothing is an empty object.
    pub(super) fn json(&self) -> Result<Map<String, Value>, Refusal> {
        if self.body.len() > BODY_LIMIT && !self.program {
            let told = format!("The body has {} bytes, the limit is {BODY_LIMIT}", self.body.len());
            return Err(Refusal::new(413, ErrorCode::LimitExceeded, told));
        }
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        let kind = self.header("content-type").unwrap_or_default();
        if !is_json(kind) {
            let told = format!("The body has to be JSON (content-type: application/json), not {kind:?}");
            return Err(Refusal::new(415, ErrorCode::Malformed, told));
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) => Err(Refusal::new(400, ErrorCode::InvalidArgument, "The body has to be a JSON object")),
            Err(e) => {
                Err(Refusal::new(400, ErrorCode::Malformed, format!("The body is not valid JSON: {e}")))
            }
        }
    }
}

/// `application/json` and its kin, `application/problem+json`; parameters such as a charset aside.
fn is_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Percent-decoded text; `None` when that is no UTF-8. In a query `+` is a blank.
pub(super) fn decode(text: &str, query: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' if query => bytes.push(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|c| char::from(c).to_digit(16));
                bytes.push((digit()? * 16 + digit()?) as u8);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The content of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// None.
    Empty,
    /// JSON. Integers that JavaScript would round are text already.
    Json(Value),
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case, with their values; `content-type` is the body's affair.
    pub headers: Vec<(&'static str, String)>,
    /// The content.
    pub body: Body,
    /// What went wrong, for the host's log: the whole error, of which a client is told the status alone.
    pub error: Option<Error>,
}

impl Reply {
    pub(super) fn json(mut value: Value) -> Self {
        exact_numbers(&mut value);
        Self { status: 200, headers: Vec::new(), body: Body::Json(value), error: None }
    }

    pub(super) fn empty() -> Self {
        Self { status: 204, headers: Vec::new(), body: Body::Empty, error: None }
    }
}

/// Why a request is not carried out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: ErrorCode,
    pub(super) told: String,
    /// What exactly is wrong with parameters: violations or problems.
    pub(super) details: Option<Value>,
    /// What credentials are asked for (RFC 9110, section 11.6.1); belongs to 401.
    pub(super) challenge: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: ErrorCode, told: impl Into<String>) -> Self {
        Self { status, code, told: told.into(), details: None, challenge: None }
    }

    pub(super) fn invalid(told: impl Into<String>) -> Self {
        Self::new(400, ErrorCode::InvalidArgument, told)
    }

    pub(super) fn details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// As the answer of a plugin: `{error, plugin}` as AppKit has it, with a stable code and details beside.
    pub(super) fn reply(self, plugin: &str) -> Reply {
        let mut body = json!({"error": self.told, "plugin": plugin, "code": self.code});
        if let Some(details) = self.details {
            body["details"] = details;
        }
        let challenge = self.challenge.map(|asked| ("www-authenticate", asked.to_owned()));
        Reply { status: self.status, headers: challenge.into_iter().collect(), ..Reply::json(body) }
    }
}

/// The answer to a failed call of the Jobs API: its status and the standard phrase of it, so that nothing of the
/// workspace's text reaches a browser (behaviour H9); the whole error goes to the host's log.
pub(super) fn failed(error: Error, plugin: &str) -> Reply {
    let status = status_of(&error);
    let body = json!({"error": reason(status), "plugin": plugin, "code": error.code});
    let headers = match error.retry {
        Retry::After(ms) if status == 429 || status == 503 => {
            vec![("retry-after", ms.div_ceil(1000).max(1).to_string())]
        }
        _ => Vec::new(),
    };
    Reply { status, headers, body: Body::Json(body), error: Some(error) }
}

/// The HTTP status that tells an error: the workspace's own where it gave one, 404 for what does not exist, 504 when there
/// was no answer in time, 502 when there was none or one that makes no sense.
pub fn status_of(error: &Error) -> u16 {
    let upstream = error.context("status").and_then(|text| text.parse::<u16>().ok());
    match (error.code, upstream) {
        (ErrorCode::NotFound, _) => 404,
        (_, Some(status @ 400..=599)) => status,
        (ErrorCode::Unavailable | ErrorCode::WaitTimedOut | ErrorCode::DeadlineExceeded, _) => 504,
        (ErrorCode::Unreachable | ErrorCode::Malformed | ErrorCode::ServerError, _) => 502,
        (ErrorCode::Unauthenticated, _) => 401,
        (ErrorCode::PermissionDenied, _) => 403,
        (ErrorCode::RateLimited, _) => 429,
        (ErrorCode::Internal | ErrorCode::Storage | ErrorCode::InvalidTransition, _) => 500,
        (ErrorCode::Interrupted, _) => 499,
        _ => fault::answer(error).0,
    }
}

/// The standard phrase of a status; `Request failed` for one that has none.
pub fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Payload Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        418 => "I'm a Teapot",
        421 => "Misdirected Request",
        422 => "Unprocessable Entity",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        506 => "Variant Also Negotiates",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        509 => "Bandwidth Limit Exceeded",
        510 => "Not Extended",
        511 => "Network Authentication Required",
        _ => "Request failed",
    }
}

/// Turns integers that JavaScript would round into text, wherever they stand (design rule 5).
pub fn exact_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let rounds = match (number.as_i64(), number.as_u64()) {
                (Some(signed), _) => !(-SAFE_INTEGER..=SAFE_INTEGER).contains(&signed),
                (None, unsigned) => unsigned.is_some(),
            };
            if rounds {
                *value = Value::String(number.to_string());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(exact_numbers),
        Value::Object(members) => members.values_mut().for_each(exact_numbers),
        _ => {}
    }
}

/// What is made of a time that a reply or an event tells.
pub(super) fn milliseconds(now: WallTime) -> Value {
    Value::from(now.0)
}
