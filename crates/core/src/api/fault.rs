//! What a failed call means: the one taxonomy of errors, read from an answer or a broken connection, and written by the
//! local engine (reference sections 2.5 to 2.7).

use super::endpoint::Response;
use super::redact::redact;
use crate::error::{Error, ErrorCode, Retry};
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The body of an error answer. Both fields are always sent; the official JavaScript client needs both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
    /// For example `INVALID_PARAMETER_VALUE`.
    pub error_code: String,
    /// For people.
    pub message: String,
}

/// How a call ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportFault {
    /// Name not found, connection refused, no route: the request was never sent.
    Connect,
    /// The host's certificate is not trusted, or the two sides share no TLS version.
    Tls,
    /// The connection broke, or the answer did, after the request may have arrived.
    Broken,
    /// No answer in time; the request may have arrived.
    Timeout,
    /// The transport was given something it cannot send, such as a host that is no URL.
    Refused,
}

impl TransportFault {
    /// The word for it, as it is serialized.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Broken => "broken",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
        }
    }
}

/// Parts of messages on which the official clients retry, whatever the status (reference section 2.5, rule 3). They are
/// compared without regard to case.
pub const TRANSIENT: &[&str] = &[
    "unexpected error",
    "connection refused",
    "connection reset by peer",
    "i/o timeout",
    "tls handshake timeout",
    "clusternotreadyexception",
    "unknown worker environment",
    "does not have any associated worker environments",
    "there is no worker environment with id",
    "please try again later or try a faster operation.",
    "rpc token bucket limit has been exceeded",
];

/// Longest upstream message that is passed on, in characters.
const MESSAGE_LIMIT: usize = 2000;

/// Reads an answer with a status outside 200 to 299. Secrets that look like ones are removed from its text.
pub fn classify(operation: &'static str, response: &Response, now: WallTime) -> Error {
    let (upstream, message) = body_text(response);
    let code = code_of(response.status, &upstream, &message);
    let wait = response.header("retry-after").and_then(|text| retry_after(text, now));
    let transient = {
        let lower = message.to_lowercase();
        TRANSIENT.iter().any(|part| lower.contains(part))
    };
    let retry = match (response.status, code) {
        (429, _) | (_, ErrorCode::RateLimited) => Retry::After(wait.unwrap_or(DEFAULT_RETRY_AFTER_MS)),
        (503, _) => Retry::After(wait.unwrap_or(0)),
        (500 | 502 | 504, _) => Retry::After(0),
        _ if transient => Retry::After(0),
        _ => Retry::Never,
    };
    let mut error = Error::new(code, operation, message).retry(retry).with("status", response.status);
    if !upstream.is_empty() {
        error = error.with("error_code", upstream);
    }
    error
}

/// Wait after a 429 that does not say how long, as the official Python client does.
const DEFAULT_RETRY_AFTER_MS: u64 = 1000;

/// The `error_code` (or OAuth's `error`) and the message, free of secrets and of a final full stop.
fn body_text(response: &Response) -> (String, String) {
    let parsed: Option<Value> = serde_json::from_slice(&response.body).ok();
    let field = |names: &[&str]| {
        let object = parsed.as_ref().and_then(Value::as_object)?;
        names.iter().find_map(|name| object.get(*name).and_then(Value::as_str)).map(str::to_owned)
    };
    let upstream = field(&["error_code", "error"]).unwrap_or_default();
    let message = match field(&["message", "error_description"]) {
        Some(message) if !message.trim().is_empty() => message,
        _ => described(response, parsed.is_some()),
    };
    let tidy: String = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = tidy.chars().take(MESSAGE_LIMIT).collect();
    (upstream, redact(cut.trim_end_matches('.'), &[]))
}

/// What to say about an answer without a message.
fn described(response: &Response, is_json: bool) -> String {
    let status = response.status;
    let kind = response.header("content-type").unwrap_or("no content type");
    match status {
        300..=399 => {
            let target = response.header("location").unwrap_or("an unnamed place");
            format!("the host redirects to {target} (status {status}); it may not be a workspace")
        }
        _ if is_json || response.body.is_empty() => format!("the host answered with status {status}"),
        _ => format!("the host answered with status {status} and {kind} instead of JSON"),
    }
}

fn code_of(status: u16, upstream: &str, message: &str) -> ErrorCode {
    match upstream {
        "INVALID_STATE" => return ErrorCode::InvalidState,
        "MALFORMED_REQUEST" => return ErrorCode::Malformed,
        "QUOTA_EXCEEDED" => return ErrorCode::LimitExceeded,
        "FEATURE_DISABLED" => return ErrorCode::Unsupported,
        "RESOURCE_DOES_NOT_EXIST" => return ErrorCode::NotFound,
        "REQUEST_LIMIT_EXCEEDED" | "RESOURCE_EXHAUSTED" => return ErrorCode::RateLimited,
        _ => {}
    }
    match status {
        400 if names_missing(message) => ErrorCode::NotFound,
        401 => ErrorCode::Unauthenticated,
        // The platform's answer to a token that it does not know (reference section 2.2).
        403 if message.starts_with("Invalid access token") => ErrorCode::Unauthenticated,
        403 => ErrorCode::PermissionDenied,
        404 => ErrorCode::NotFound,
        409 => ErrorCode::InvalidState,
        429 => ErrorCode::RateLimited,
        501 => ErrorCode::Unsupported,
        502..=504 => ErrorCode::Unavailable,
        // A workspace never redirects an API call; a proxy or a wrong host does.
        300..=399 => ErrorCode::Unreachable,
        400..=499 => ErrorCode::InvalidArgument,
        _ => ErrorCode::ServerError,
    }
}

/// True for the messages that mean a missing job or run although the status is 400 (reference section 2.6).
pub fn names_missing(message: &str) -> bool {
    let starts = message.starts_with("Job ") || message.starts_with("Run ") || message.starts_with("Run: ");
    starts && (message.contains("does not exist") || message.contains("doesn't exist"))
}

/// Milliseconds of a `Retry-After`: whole seconds or an HTTP date (RFC 9110, section 10.2.3); a date in the past is 0.
/// `None` when it is neither.
pub fn retry_after(text: &str, now: WallTime) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(u64::try_from(date.timestamp().as_millisecond().saturating_sub(now.0)).unwrap_or(0))
}

/// A call that brought no answer. `detail` is the transport's own text.
pub fn transport(operation: &'static str, fault: TransportFault, detail: &str) -> Error {
    // The number that an operating system gives its reason says nothing to people.
    let reason = detail.split(" (os error").next().unwrap_or(detail).trim_end_matches('.');
    let (code, retry, told) = match fault {
        TransportFault::Connect => (ErrorCode::Unreachable, Retry::After(0), "the host cannot be reached: "),
        TransportFault::Tls => (ErrorCode::Unreachable, Retry::Never, "the host cannot be trusted: "),
        TransportFault::Broken => (ErrorCode::Unavailable, Retry::After(0), "the connection broke: "),
        TransportFault::Timeout => (ErrorCode::Unavailable, Retry::After(0), ""),
        TransportFault::Refused => (ErrorCode::InvalidArgument, Retry::Never, ""),
    };
    Error::new(code, operation, format!("{told}{}", redact(reason, &[]))).retry(retry)
}

/// Operation of errors about getting a credential: the request that needs it has not been sent.
pub const AUTHENTICATE: &str = "authenticate";

/// True when a request that failed like this was certainly not carried out, so that even a trigger without a token may
/// be sent again: it never left, or the service turned it away at the door.
pub fn not_carried_out(error: &Error) -> bool {
    matches!(error.code, ErrorCode::Unreachable | ErrorCode::RateLimited) || error.operation == AUTHENTICATE
}

/// True for errors that concern the host or the credential, not what was asked.
pub fn about_host(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Unreachable
            | ErrorCode::Unavailable
            | ErrorCode::Unauthenticated
            | ErrorCode::PermissionDenied
            | ErrorCode::RateLimited
            | ErrorCode::ServerError
    )
}

/// The answer of a server to an error: status and body. [`classify`] reads the same code back, except that the codes
/// about a caller's values all become `INVALID_ARGUMENT`.
pub fn answer(error: &Error) -> (u16, ErrorBody) {
    let (status, error_code) = match error.code {
        ErrorCode::Malformed => (400, "MALFORMED_REQUEST"),
        ErrorCode::LimitExceeded => (400, "QUOTA_EXCEEDED"),
        ErrorCode::InvalidState | ErrorCode::InvalidTransition => (400, "INVALID_STATE"),
        ErrorCode::NotFound if !names_missing(&error.message) => (404, "RESOURCE_DOES_NOT_EXIST"),
        ErrorCode::InvalidParameters
        | ErrorCode::InvalidDefinition
        | ErrorCode::InvalidArgument
        | ErrorCode::NotFound => (400, "INVALID_PARAMETER_VALUE"),
        ErrorCode::Unauthenticated => (401, "UNAUTHENTICATED"),
        ErrorCode::PermissionDenied => (403, "PERMISSION_DENIED"),
        ErrorCode::Unsupported => (404, "FEATURE_DISABLED"),
        ErrorCode::RateLimited => (429, "REQUEST_LIMIT_EXCEEDED"),
        ErrorCode::Unavailable => (503, "TEMPORARILY_UNAVAILABLE"),
        ErrorCode::Unreachable
        | ErrorCode::ServerError
        | ErrorCode::DeadlineExceeded
        | ErrorCode::WaitTimedOut
        | ErrorCode::Interrupted
        | ErrorCode::RunFailed
        | ErrorCode::Storage
        | ErrorCode::Internal => (500, "INTERNAL_ERROR"),
    };
    (status, ErrorBody { error_code: error_code.to_owned(), message: error.message.clone() })
}
