//! Attempts of a run that wait until the files of its repository are there. All of them use the same commit, over restarts
//! and repairs as well.

use super::actor::Message;
use super::{Driver, git};
use crate::store::RunFacts;
use lakeflow_core::execution::Start;
use lakeflow_core::id::RunId;
use lakeflow_core::job::GitSource;
use tokio::sync::mpsc::UnboundedSender;

/// The repository of one run, and who waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    source: Option<GitSource>,
    files: Option<git::Files>,
    starts: Vec<Start>,
    /// Whether the repository is being fetched.
    fetching: bool,
}

impl Waiting {
    pub(super) fn new(facts: &RunFacts) -> Self {
        let source = git::source_of(facts.git_source.as_ref());
        Self { source, files: None, starts: Vec::new(), fetching: false }
    }

    /// The start with its files in place, when it can begin now. Otherwise it waits, and the run is told with
    /// [`Message::CheckedOut`].
    pub(super) fn ready(
        &mut self,
        driver: &Driver,
        run: &UnboundedSender<Message>,
        mut start: Start,
    ) -> Option<Start> {
        let Some(source) = self.source.as_ref().filter(|_| git::needs(&start.task)) else {
            return Some(start);
        };
        if let Some(files) = &self.files {
            git::place(&mut start.task, files);
            return Some(start);
        }
        self.starts.push(start);
        if !self.fetching {
            self.fetching = true;
            let (driver, source, run) = (driver.clone(), source.clone(), run.clone());
            driver.clone().spawn(async move {
                // A run that is over needs no files any more.
                let _ = run.send(Message::CheckedOut(driver.check_out(&source).await));
            });
        }
        None
    }

    /// Takes everybody who waited. Without files the next start tries again.
    pub(super) fn over(&mut self, files: Option<git::Files>) -> Vec<Start> {
        self.fetching = false;
        self.files = files;
        std::mem::take(&mut self.starts)
    }

    /// Forgets a start; false when it does not wait here.
    pub(super) fn forget(&mut self, run: RunId) -> bool {
        let before = self.starts.len();
        self.starts.retain(|start| start.run != run);
        self.starts.len() < before
    }
}
