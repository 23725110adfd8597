//! What a call brings back: JSON text, or runs that stay in Rust.

use crate::run::RunHandle;
use lakeflow_core::run::RunDoc;
use napi_derive::napi;

/// The answer to a call; each part is taken out once.
#[napi]
pub struct Answer {
    texts: Vec<String>,
    runs: Vec<RunHandle>,
}

#[napi]
impl Answer {
    /// JSON texts, one for each thing that was asked for.
    #[napi]
    pub fn texts(&mut self) -> Vec<String> {
        std::mem::take(&mut self.texts)
    }

    /// Runs.
    #[napi]
    pub fn runs(&mut self) -> Vec<RunHandle> {
        std::mem::take(&mut self.runs)
    }
}

impl Answer {
    pub(crate) fn texts_of(texts: Vec<String>) -> Self {
        Self { texts, runs: Vec::new() }
    }

    pub(crate) fn text(text: String) -> Self {
        Self::texts_of(vec![text])
    }

    pub(crate) fn runs_of(runs: impl IntoIterator<Item = RunDoc>) -> Self {
        Self { texts: Vec::new(), runs: runs.into_iter().map(RunHandle::from).collect() }
    }
}
