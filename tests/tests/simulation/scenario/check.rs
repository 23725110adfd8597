//! What must hold of every wait and of the whole.

use super::{Client, Counts, EPOCH, Error, ErrorCode, Hub, Kind, Scenario, Verdict, WaitEnd};
use crate::world::Run;

impl Scenario {
    /// A wait has ended.
    pub(super) fn ended(&mut self, n: usize, end: WaitEnd) -> Result<(), String> {
        let client = &self.clients[n];
        let name = format!("{} ({:?})", client.intent, client.kind);
        hold!(client.end.is_none() && !client.forgotten, "{name}: ended twice, or after it was forgotten");
        hold!(end.run_id.map(|run| run.0) == client.started, "{name}: the end names another run");
        let run = client.started.and_then(|run| self.world.runs.get(&run));
        match &end.verdict {
            Verdict::Unfinished(error) => {
                self.counts.errors += 1;
                self.honest(client, run, error).map_err(|told| format!("{name}: {told}: {error}"))?;
            }
            verdict => {
                self.counts.verdicts += 1;
                let Some(run) = run else { return Err(format!("{name}: a verdict on no run")) };
                self.truth(client, run, verdict, &end).map_err(|told| format!("{name}: {told}"))?;
            }
        }
        let word = end.verdict.as_str();
        if self.told {
            self.trace(&format!("{name} {word} {:?}", end.run_id), self.tick);
        } else {
            self.trace(word, self.tick);
        }
        self.clients[n].end = Some((self.tick, end));
        Ok(())
    }

    /// The verdict is what came of the run.
    fn truth(&self, client: &Client, run: &Run, verdict: &Verdict, end: &WaitEnd) -> Result<(), String> {
        let since =
            if client.kind == Kind::Repair { u64::MAX } else { client.begun.saturating_sub(self.lag) };
        let outcomes = run.outcomes(since, self.tick);
        let Some(outcome) = outcomes.iter().find(|outcome| outcome.verdict() == verdict.as_str()) else {
            return Err(format!("{} is not true; it is {outcomes:?}", verdict.as_str()));
        };
        hold!(
            client.changes > 0 || client.stopped || client.deadline.is_some(),
            "the end was never told as a state"
        );
        let Some(document) = &end.run else { return Err("a verdict without a run".to_owned()) };
        let early = client.stopped || client.deadline.is_some();
        hold!(
            early || document.tasks.len() == run.course.tasks,
            "{} of {} tasks",
            document.tasks.len(),
            run.course.tasks
        );
        let failing: Vec<&str> = end.failures.iter().map(|failure| failure.task_key.as_str()).collect();
        hold!(early || failing == run.failing(*outcome), "failures are {failing:?}");
        let explained = end.failures.iter().take(10).all(|failure| failure.error.is_some());
        // A repair of the run that begins through the same hub cuts the reading of its failures short: the end before it
        // is told at once, with what was read so far.
        let repaired = self.clients.iter().any(|other| other.kind == Kind::Repair && other.run == client.run);
        hold!(early || self.troubled || repaired || explained, "a failure is not explained");
        Ok(())
    }

    /// The error says what really ended the wait.
    fn honest(&self, client: &Client, run: Option<&Run>, error: &Error) -> Result<(), String> {
        let known = client.started.map(|run| run.to_string());
        hold!(error.context("run_id").map(str::to_owned) == known, "the error names another run");
        if known.is_none() && client.kind == Kind::RunNow {
            hold!(
                error.context("idempotency_token") == Some(&client.intent),
                "the error does not say how to find the run"
            );
        }
        match error.code {
            ErrorCode::WaitTimedOut => {
                let Some(deadline) = client.deadline else { return Err("there is no deadline".to_owned()) };
                hold!(self.tick >= deadline, "too early");
                // Only the cancel that the caller asked for may come between.
                let punctual = self.tick <= deadline + 100 || self.leaps || client.cancels;
                hold!(punctual, "{} ms late", self.tick - deadline);
            }
            ErrorCode::Interrupted => {
                hold!(client.stopped, "nobody stopped it");
            }
            ErrorCode::NotFound if client.kind == Kind::AdoptMissing => {}
            // A run that somebody else sees and this replica does not.
            ErrorCode::NotFound => {
                hold!(self.lag > 0 && client.kind != Kind::RunNow, "the run is there: {run:?}");
            }
            // The same of a run that has just ended.
            ErrorCode::InvalidState if client.kind == Kind::Repair && self.lag > 0 => {}
            _ => {
                hold!(self.troubled, "nothing went wrong");
            }
        }
        Ok(())
    }

    /// Everything has ended.
    pub(super) fn over(mut self, hub: &Hub) -> Result<Counts, String> {
        let stats = hub.stats();
        hold!(stats.waits == 0 && stats.runs == 0 && stats.in_flight == 0, "left over: {stats:?}");
        for client in &self.clients {
            let name = format!("{} ({:?})", client.intent, client.kind);
            hold!(client.end.is_some() || client.forgotten, "{name}: no end");
            let runs = self.world.runs.values().filter(|run| run.intent == client.intent).count();
            let triggers = matches!(client.kind, Kind::RunNow | Kind::RunNowWithoutToken | Kind::Submit);
            hold!(runs <= usize::from(triggers), "{name}: {runs} runs");
            hold!(!triggers || client.started.is_none() || runs == 1, "{name}: a run that is not there");
            self.check_effects(client).map_err(|told| format!("{name}: {told}"))?;
        }
        self.counts.trace ^= EPOCH as u64;
        Ok(self.counts)
    }

    /// Nothing was cancelled or repaired that nobody wanted, and what was wanted was done once.
    fn check_effects(&self, client: &Client) -> Result<(), String> {
        let Some(run) = client.run.and_then(|run| self.world.runs.get(&run)) else { return Ok(()) };
        let wanted = self.clients.iter().filter(|other| other.run == client.run).any(|other| {
            other.kind == Kind::Cancel || other.cancels && (other.stopped || other.deadline.is_some())
        });
        hold!(run.canceled.is_none() || wanted, "cancelled, and nobody asked for it");
        let ended = client.end.as_ref().map(|(_, end)| &end.verdict);
        let verdict = ended.is_some_and(|verdict| !matches!(verdict, Verdict::Unfinished(_)));
        let repairs = run.repairs.iter().filter(|repair| repair.at > 0).count();
        if client.kind == Kind::Repair {
            hold!(repairs <= 1, "{repairs} repairs");
            hold!(!verdict || repairs == 1, "a verdict on a repair that was not carried out");
        } else {
            hold!(repairs <= 1, "{repairs} repairs");
        }
        // Without faults an end is seen soon: within a gap of the schedule, and a round of everything that waits for a
        // place under the limit.
        let quiet =
            self.faults == 0 && self.lag == 0 && !self.leaps && !client.stopped && client.deadline.is_none();
        if let (true, true, Some((at, _))) = (quiet, verdict, &client.end) {
            // An answer takes at most half a second.
            let rate =
                u64::from(self.settings.per_second.unwrap_or(1)).min(self.settings.in_flight as u64 * 2);
            let queue = (self.clients.len() as u64 * 4).div_ceil(rate) * 1000 + 60_000;
            hold!(
                *at <= run.end().0.max(client.begun) + queue + longest(self),
                "seen {} ms late",
                at - run.end().0
            );
        }
        Ok(())
    }
}

/// With an aim of few calls a gap may be as long as the job's typical run.
fn longest(scenario: &Scenario) -> u64 {
    scenario
        .world
        .courses
        .iter()
        .map(|course| course.length + course.queued + course.pending)
        .max()
        .unwrap_or(0)
}
