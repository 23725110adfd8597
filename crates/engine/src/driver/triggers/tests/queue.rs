//! Limits and the queue of a job that its triggers start.

use crate::driver::tests::{Bench, all_runs, until};
use crate::driver::triggers::Looked;
use crate::exec::TaskOutput;
use crate::store::RunRow;
use lakeflow_core::execution::{MAX_QUEUE_MS, queue_expired};
use lakeflow_core::run::wire::{Level, write};
use lakeflow_core::run::{Outcome, Phase, TerminationCode};
use lakeflow_core::time::WallTime;
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

/// A job that is due every hour, with its first fire time.
async fn hourly(settings: Value) -> (Bench, WallTime) {
    let mut bench = Bench::new().await;
    let mut all = json!({ "schedule": { "quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC" } });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    bench.change(all).await;
    let first = bench.driver.upcoming()[0].next.unwrap();
    (bench, first)
}

async fn oldest_first(bench: &Bench) -> Vec<RunRow> {
    let mut runs = all_runs(bench).await;
    runs.sort_by_key(|run| run.run_id);
    runs
}

// LOCAL[triggers] same: triggers keep to `max_concurrent_runs`; what is over it waits, first in, first out, with runs by hand in between
#[tokio::test]
async fn runs_of_a_trigger_wait_in_the_order_they_came() {
    let (bench, first) = hourly(json!({ "max_concurrent_runs": 2 })).await;
    for hour in 0..3 {
        bench.driver.fire_due(first + hour * HOUR).await.unwrap();
    }
    let by_hand = bench.run().await;
    bench.driver.fire_due(first + 3 * HOUR).await.unwrap();
    let runs = oldest_first(&bench).await;
    let kinds: Vec<&str> = runs.iter().map(|run| run.facts.trigger.as_str()).collect();
    assert_eq!(kinds, ["PERIODIC", "PERIODIC", "PERIODIC", "ONE_TIME", "PERIODIC"]);
    let waits = |run: &RunRow| matches!(run.standing.phase, Phase::Queued { .. });
    assert_eq!(runs.iter().map(waits).collect::<Vec<_>>(), [false, false, true, true, true]);
    let (state, status) = write(&runs[2].standing.phase, Level::Job);
    assert_eq!(state.queue_reason.unwrap(), "Queued due to reaching maximum concurrent runs of 2.");
    assert_eq!(status.queue_details.unwrap().code, "MAX_CONCURRENT_RUNS_REACHED");
    // Each end lets the oldest in.
    for (ended, begins) in [(0, 2), (1, 3), (2, 4)] {
        assert_eq!(runs[3].run_id, by_hand);
        bench.finish(runs[ended].run_id, TaskOutput::default()).await;
        bench.end(runs[ended].run_id).await;
        let next = runs[begins].run_id;
        until(async || (bench.phase(next).await == Some(Phase::Running)).then_some(())).await;
    }
}

// LOCAL[triggers] same: without a queue a run over the limit is there as skipped, with its trigger; with a limit of 0 every run is
#[tokio::test]
async fn runs_over_the_limit_are_skipped_and_seen() {
    for (settings, skipped) in [
        (json!({ "queue": { "enabled": false } }), [false, true]),
        (json!({ "max_concurrent_runs": 0, "queue": { "enabled": true } }), [true, true]),
    ] {
        let (bench, first) = hourly(settings).await;
        bench.driver.fire_due(first).await.unwrap();
        let looked = bench.driver.fire_due(first + HOUR).await.unwrap();
        assert_eq!(
            looked,
            Looked { fired: 1, next: Some(first + 2 * HOUR) },
            "a skipped run settles its fire time"
        );
        for (run, skipped) in oldest_first(&bench).await.iter().zip(skipped) {
            assert_eq!(run.facts.trigger, "PERIODIC");
            let end = run.standing.phase.end();
            assert_eq!(end.is_some(), skipped, "{run:?}");
            if let Some(end) = end {
                assert_eq!(end.outcome, Outcome::MaximumConcurrentRunsReached);
                assert_eq!(end.code, TerminationCode::MaxConcurrentRunsExceeded);
            }
        }
        let ends = bench.driver.store().ends_after(0, vec![bench.job.job_id]).await.unwrap();
        assert_eq!(ends, Vec::new(), "what never ran does not complete");
    }
}

// LOCAL[triggers] same: a run of a trigger waits 48 hours in the queue, then it is cancelled; its fire time is not made up for
#[tokio::test]
async fn a_run_of_a_trigger_expires_in_the_queue() {
    let (bench, first) = hourly(json!({})).await;
    for hour in 0..2 {
        bench.driver.fire_due(first + hour * HOUR).await.unwrap();
    }
    let queued = oldest_first(&bench).await[1].run_id;
    let due = bench.created(queued).await + MAX_QUEUE_MS as i64;
    bench.driver.upkeep(due, 60).await.unwrap();
    assert_eq!(bench.phase(queued).await, Some(Phase::Ended(queue_expired())));
    bench.driver.fire_due(first + HOUR).await.unwrap();
    assert_eq!(all_runs(&bench).await.len(), 2);
}
