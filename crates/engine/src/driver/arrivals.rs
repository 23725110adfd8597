//! Drives file-arrival triggers: looks at the watched folders, and starts the runs that the machine of
//! `lakeflow_core::trigger` says are due. What is settled is kept before and after each run.

use super::Driver;
use super::run_now::RunRequest;
use crate::clock::Clock;
use crate::paths::PathMap;
use crate::store::{JobFilter, JobRow};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::execution::TriggerFacts;
use lakeflow_core::trigger::{ArrivalState, ArrivalTrigger, Due, MOST_FILES};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Where the trigger stands in a definition.
pub(super) const PLACE: &str = "trigger.file_arrival";

impl Driver {
    /// Looks at the folders of all file-arrival triggers again and again.
    pub(crate) fn watch_folders(&self, paths: PathMap, every: Duration) {
        let driver = self.clone();
        self.spawn(async move {
            // What is wrong is told once, not at every look.
            let mut told = BTreeSet::new();
            loop {
                for fault in driver.look_at_folders(&paths).await {
                    if told.insert(fault.clone()) {
                        driver.notice(&fault);
                    }
                }
                tokio::time::sleep(every).await;
            }
        });
    }

    /// One look at every folder; gives what went wrong, for people.
    async fn look_at_folders(&self, paths: &PathMap) -> Vec<String> {
        let all = JobFilter { limit: i64::MAX, ..JobFilter::default() };
        let watching =
            |job: &JobRow| ArrivalTrigger::of(&job.settings).is_some_and(|trigger| !trigger.paused);
        let jobs = match self.store().jobs(all, watching).await {
            Ok(jobs) => jobs,
            Err(error) => return vec![format!("folders were not looked at: {error}")],
        };
        let mut faults = Vec::new();
        for job in jobs {
            let Some(trigger) = ArrivalTrigger::of(&job.settings) else { continue };
            if let Err(error) = Box::pin(self.look_at(&job, &trigger, paths)).await {
                let name = job.settings.display_name();
                faults.push(format!(
                    "the file-arrival trigger of job {name:?} does not fire: {}",
                    error.message
                ));
            }
        }
        faults
    }

    /// One look at the folder of one trigger.
    pub(super) async fn look_at(
        &self,
        job: &JobRow,
        trigger: &ArrivalTrigger,
        paths: &PathMap,
    ) -> Result<(), Error> {
        let folder = paths.resolve(&trigger.url)?;
        let listed = tokio::task::spawn_blocking(move || files_below(&folder)).await;
        let fault = |text: String| Error::new(ErrorCode::Storage, "file_arrival", text);
        let files = listed.map_err(|e| fault(e.to_string()))?.map_err(fault)?;
        let stored = self.store().trigger(job.job_id, PLACE.to_owned(), trigger.definition.clone()).await?;
        let mut state: ArrivalState = stored.unwrap_or_default();
        let now = Clock::wall();
        if state.look(&files, now) {
            self.keep_arrivals(job, trigger, &state).await?;
        }
        if !matches!(state.poll(trigger, now), Due::Fire(_)) {
            return Ok(());
        }
        let token = state.begin(job.job_id, now);
        self.keep_arrivals(job, trigger, &state).await?;
        let facts = TriggerFacts {
            kind: "file_arrival".to_owned(),
            time: now,
            file_arrival_location: Some(trigger.url.clone()),
            ..TriggerFacts::default()
        };
        let request = RunRequest {
            idempotency_token: Some(token),
            caller: Some(job.creator.clone()),
            trigger: Some(("FILE_ARRIVAL", facts)),
            ..RunRequest::default()
        };
        match self.run_now(job, request).await {
            // The run was there, and was deleted.
            Err(error) if error.code == ErrorCode::InvalidArgument => {}
            started => drop(started?),
        }
        state.end();
        self.keep_arrivals(job, trigger, &state).await
    }

    async fn keep_arrivals(
        &self,
        job: &JobRow,
        trigger: &ArrivalTrigger,
        state: &ArrivalState,
    ) -> Result<(), Error> {
        let definition = trigger.definition.clone();
        self.store().put_trigger(job.job_id, PLACE.to_owned(), definition, state.clone()).await
    }
}

/// Names of the files below a folder, relative to it. A folder that is not there has none. Links are not followed, and a file
/// that is still being uploaded is not there yet.
fn files_below(root: &Path) -> Result<BTreeSet<String>, String> {
    let mut files = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() && path.extension().is_none_or(|ending| ending != "part") => {
                    let name = path.strip_prefix(root).unwrap_or(&path);
                    files.insert(name.to_string_lossy().into_owned());
                }
                _ => {}
            }
            if files.len() > MOST_FILES {
                return Err(format!("{} holds more than {MOST_FILES} files", root.display()));
            }
        }
    }
    Ok(files)
}
