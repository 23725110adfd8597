//! What is told of the triggers of one job: `trigger_state` and `trigger_details` (reference sections 15.8 and 15.9).

use crate::driver::Driver;
use crate::store::JobRow;
use lakeflow_core::error::Error;
use lakeflow_core::trigger::{
    CompletionState, ContinuousState, Due, Kind, TableState, TimedState, Trigger, triggers,
};
use serde_json::{Map, Value, json};

impl Driver {
    /// The states of all triggers of a job: `trigger_state`, and for the preview list `trigger_details`.
    pub(crate) async fn trigger_states(&self, job: &JobRow) -> Result<Map<String, Value>, Error> {
        let all = triggers(&job.settings);
        let mut shown = Map::new();
        if job.settings.triggers.is_some() {
            let mut details = Vec::new();
            for trigger in &all {
                let state = self.trigger_state(job, trigger).await?;
                details.push(json!({ "state": state, "history": self.history_of(job, trigger) }));
            }
            shown.insert("trigger_details".to_owned(), Value::Array(details));
        }
        let mut state = Map::new();
        if !all.is_empty() {
            let paused = all.iter().all(|trigger| trigger.paused);
            state.insert("pause_status".to_owned(), json!(if paused { "PAUSED" } else { "UNPAUSED" }));
        }
        for trigger in &all {
            state.extend(self.trigger_state(job, trigger).await?);
        }
        shown.insert("trigger_state".to_owned(), Value::Object(state));
        Ok(shown)
    }

    async fn trigger_state(&self, job: &JobRow, trigger: &Trigger) -> Result<Map<String, Value>, Error> {
        let now = self.clock().time();
        let (name, state) = match &trigger.kind {
            Kind::Timed(timed) => {
                let state: Option<TimedState> = self.state_of(job, trigger).await?;
                let next = state.and_then(|mut state| match state.poll(timed, now, self.missed()) {
                    Due::Fire(at) => Some(at),
                    Due::Wait(at) => at,
                });
                ("periodic", json!({ "next_run_time": next.filter(|_| !trigger.paused) }))
            }
            // File events are notifications of a cloud; folders of this machine are looked at.
            Kind::Files(_) => ("file_arrival", json!({ "using_file_events": false })),
            Kind::Tables(of) => {
                let state: TableState = self.state_of(job, trigger).await?.unwrap_or_default();
                (
                    "table",
                    json!({ "last_seen_table_states": state.shown(of), "using_scalable_monitoring": false }),
                )
            }
            Kind::Jobs(of) => {
                let state: CompletionState = self.state_of(job, trigger).await?.unwrap_or_default();
                ("job_completion", json!({ "jobs": state.shown(of) }))
            }
            Kind::Continuous(_) => {
                let mut state: ContinuousState = self.state_of(job, trigger).await?.unwrap_or_default();
                let ends = self.store().ends_after(state.cursor, vec![job.job_id]).await?;
                let active = !self.store().active_runs(Some(job.job_id)).await?.is_empty();
                state.look(&ends, active, now);
                ("continuous", state.shown(now))
            }
            Kind::Stored => ("model", json!({})),
        };
        Ok(Map::from_iter([(name.to_owned(), state)]))
    }

    async fn state_of<S: serde::de::DeserializeOwned + Send + 'static>(
        &self,
        job: &JobRow,
        trigger: &Trigger,
    ) -> Result<Option<S>, Error> {
        self.store().trigger(job.job_id, trigger.place.clone(), trigger.definition.clone()).await
    }

    /// When a trigger fired last and why it cannot, as far as this engine has seen it.
    fn history_of(&self, job: &JobRow, trigger: &Trigger) -> Value {
        let mut history = Map::new();
        let found = self.upcoming();
        let Some(one) = found.into_iter().find(|one| one.job_id == job.job_id && one.place == trigger.place)
        else {
            return Value::Object(history);
        };
        if let Some(at) = one.last {
            let description = format!("{} was due", one.waits_for);
            let last = json!({ "timestamp": at, "run_id": one.last_run, "description": description });
            history.insert("last_triggered".to_owned(), last);
        }
        if let Some(fault) = one.fault {
            let last = json!({ "timestamp": self.clock().time(), "description": fault });
            history.insert("last_failed".to_owned(), last);
        }
        Value::Object(history)
    }
}
