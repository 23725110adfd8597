//! The one error of the core: a stable code, what was being done, and whether trying again can help.
//!
//! Faults in people's text are [`crate::problem::Problem`]s; they become one `Error` only where an
//! operation has to fail.

use crate::id::RunId;
#[cfg(feature = "whole")]
use crate::value::{Map, Value};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! error_codes {
    (
        small { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }
        others { $($(#[$more_doc:meta])* $more:ident = $more_text:literal,)* }
    ) => {
        /// What went wrong, in a form that programs may compare. The text of a code never changes; the same
        /// codes are used in every language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
            $(#[cfg(feature = "page")] $(#[$more_doc])* #[serde(rename = $more_text)] $more,)*
        }

        impl ErrorCode {
            /// Every code, in the order of declaration.
            pub const ALL: &'static [Self] = &[
                $(Self::$variant,)*
                $(#[cfg(feature = "page")] Self::$more,)*
            ];

            /// The stable text of the code.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                    $(#[cfg(feature = "page")] Self::$more => $more_text,)*
                }
            }
        }
    };
}

error_codes! {
    // All that the rules of parameters raise, for a program that carries only these.
    small {
        /// An argument or a setting makes no sense.
        InvalidArgument = "INVALID_ARGUMENT",
        /// Text is not what it should be: JSON cut short, bytes that are not UTF-8.
        Malformed = "MALFORMED",
    }
    others {
        /// Parameters of a run break their schema or cannot be mapped to the task type.
        InvalidParameters = "INVALID_PARAMETERS",
        /// A job definition or a bundle has errors.
        InvalidDefinition = "INVALID_DEFINITION",
        /// A limit of the reference (section 18) or of this program is exceeded.
        LimitExceeded = "LIMIT_EXCEEDED",
        /// The job, run, file or task does not exist.
        NotFound = "NOT_FOUND",
        /// The request does not fit the state of the thing it names.
        InvalidState = "INVALID_STATE",
        /// No valid credentials.
        Unauthenticated = "UNAUTHENTICATED",
        /// The credentials do not allow it.
        PermissionDenied = "PERMISSION_DENIED",
        /// Too many requests; try again after the time given.
        RateLimited = "RATE_LIMITED",
        /// The service is there but cannot answer now.
        Unavailable = "UNAVAILABLE",
        /// The host cannot be reached at all.
        Unreachable = "UNREACHABLE",
        /// The service answered with a fault of its own.
        ServerError = "SERVER_ERROR",
        /// The caller's time for a call was over before an answer came.
        DeadlineExceeded = "DEADLINE_EXCEEDED",
        /// The wait ended before the run did; the run goes on.
        WaitTimedOut = "WAIT_TIMED_OUT",
        /// The caller stopped the operation.
        Interrupted = "INTERRUPTED",
        /// The run ended and did not succeed.
        RunFailed = "RUN_FAILED",
        /// What is asked for cannot be done locally.
        Unsupported = "UNSUPPORTED",
        /// An input that the machine's state does not allow; the state is unchanged.
        InvalidTransition = "INVALID_TRANSITION",
        /// Storage is full, locked, damaged or not accessible.
        Storage = "STORAGE",
        /// A fault of this program.
        Internal = "INTERNAL",
    }
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// The same request fails the same way.
    Never,
    /// It may pass after this many milliseconds (0: at once).
    After(u64),
    /// It could have passed, and all tries are used up.
    Spent,
}

/// An operation that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What went wrong.
    pub code: ErrorCode,
    /// A sentence without full stop, with the offending value and the limit.
    pub message: String,
    /// What was being done, for example `run_now`.
    pub operation: &'static str,
    /// Further facts in the order they were learned, such as `("run_id", "42")`. Never holds secrets. `status` (of the
    /// answer), `error_code` (of the platform), `run_id`, `run_page_url`, `idempotency_token`, `host` and `last_error` have
    /// the same meaning everywhere.
    pub context: Vec<(&'static str, String)>,
    /// Whether trying again can help.
    pub retry: Retry,
}

impl Error {
    /// An error that trying again does not cure.
    pub fn new(code: ErrorCode, operation: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), operation, context: Vec::new(), retry: Retry::Never }
    }

    /// The same error with one more fact.
    #[cfg(feature = "whole")]
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.context.push((key, value.to_string()));
        self
    }

    /// The same error with its retryability set.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// True when the same call may pass later. Whether sending it again could do something twice is another question.
    pub fn is_retryable(&self) -> bool {
        self.retry != Retry::Never
    }

    /// HTTP status of the answer, when there was one.
    pub fn status(&self) -> Option<u16> {
        self.context("status")?.parse().ok()
    }

    /// The platform's own code, such as `INVALID_PARAMETER_VALUE`.
    pub fn upstream_code(&self) -> Option<&str> {
        self.context("error_code")
    }

    /// The run that the operation was about, once it is known.
    pub fn run_id(&self) -> Option<RunId> {
        self.context("run_id")?.parse().ok()
    }

    /// Where people see that run.
    pub fn run_page_url(&self) -> Option<&str> {
        self.context("run_page_url")
    }

    #[cfg(feature = "whole")]
    /// The error as every language shows it: `code`, `message`, `operation`, `retry` (`"never"`, `"spent"`, or the
    /// milliseconds to wait), `retryable`, and the context facts beside them, as text apart from `status`.
    pub fn to_json(&self) -> Value {
        let retry = match self.retry {
            Retry::Never => Value::from("never"),
            Retry::Spent => Value::from("spent"),
            Retry::After(ms) => Value::from(ms),
        };
        let mut fields = Map::new();
        fields.insert("code".to_owned(), self.code.as_str().into());
        fields.insert("message".to_owned(), self.message.as_str().into());
        fields.insert("operation".to_owned(), self.operation.into());
        fields.insert("retry".to_owned(), retry);
        fields.insert("retryable".to_owned(), self.is_retryable().into());
        for (key, value) in &self.context {
            fields.entry(*key).or_insert_with(|| match (*key, value.parse::<u16>()) {
                ("status", Ok(status)) => status.into(),
                _ => value.as_str().into(),
            });
        }
        Value::Object(fields)
    }

    /// The value of a context fact, if it is there.
    pub fn context(&self, key: &str) -> Option<&str> {
        self.context.iter().find(|(k, _)| *k == key).map(|(_, v)| v.as_str())
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Error {
    /// One line: `CODE while operation: message (key: value, …)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} while {}: {}", self.code, self.operation, self.message)?;
        for (n, (key, value)) in self.context.iter().enumerate() {
            write!(f, "{}{key}: {value}", if n == 0 { " (" } else { ", " })?;
        }
        if !self.context.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
