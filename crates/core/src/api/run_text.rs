//! `runs/get` whose answer stays text, for [`crate::run::RunText`].

use super::GetRun;
use super::endpoint::{Endpoint, Method, Response, accepted};
use crate::error::{Error, ErrorCode, Retry};
use crate::job::wire::{Path, Wire};
use crate::problem::Problem;
use crate::run::RunText;
use crate::time::WallTime;
use serde_json::Value;

/// [`GetRun`] whose answer is one page as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct GetRunText(pub GetRun);

/// One page of a run as it came, and the token of the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunPage {
    /// JSON text.
    pub text: String,
    /// `None` on the last page.
    pub next: Option<String>,
}

impl Wire for GetRunText {
    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        GetRun::read(value, path, problems).map(Self)
    }
    fn write(&self) -> Value {
        self.0.write()
    }
}

impl Wire for RunPage {
    fn read(value: &Value, _path: &Path<'_>, _problems: &mut Vec<Problem>) -> Option<Self> {
        let text = value.to_string();
        let next = RunText::next_page(&text).ok()?;
        Some(Self { text, next })
    }
    fn write(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

impl Endpoint for GetRunText {
    const OPERATION: &'static str = GetRun::OPERATION;
    const METHOD: Method = GetRun::METHOD;
    const PATH: &'static str = GetRun::PATH;
    const FLAGS: &'static [&'static str] = GetRun::FLAGS;
    type Answer = RunPage;

    fn answer(response: &Response, now: WallTime) -> Result<RunPage, Error> {
        accepted(Self::OPERATION, response, now)?;
        let text = String::from_utf8(response.body.clone()).map_err(|e| {
            let message = format!("the answer cannot be read: {e}");
            Error::new(ErrorCode::Malformed, Self::OPERATION, message).retry(Retry::After(0))
        })?;
        let next = RunText::next_page(&text)?;
        Ok(RunPage { text, next })
    }
}

impl GetRunText {
    /// The request of the page after one that was read.
    #[must_use]
    pub fn page(&self, token: String) -> Self {
        Self(GetRun { page_token: Some(token), ..self.0.clone() })
    }
}
