//! From the recorded changes of a job run to the notices about them: which change is which event, of the job run or of a task
//! run (reference section 16.1).

use super::audience::{Audience, Event, Happening, Recipient, recipients};
use super::notice::{Notice, TaskNotice};
use crate::execution::{Change, Machine, Plan, TaskRunView};
use crate::id::RunId;
use crate::job::TaskKind;
use crate::run::End;
use crate::time::WallTime;

/// A notice for each who is told of a change; none for most changes. `machine` is the one that recorded it.
pub fn told(machine: &Machine, change: &Change) -> Vec<(Recipient, Notice)> {
    let plan = machine.plan();
    match change {
        Change::Began { at } | Change::Repaired { at, .. } => {
            of_job(plan, *at, &Happening::Started { retry: false }, None)
        }
        Change::RunEnded { at, end } => told_end(plan, *at, end),
        Change::Warned { run, at, threshold_seconds } => {
            let mut notices = if *run == plan.run_id {
                of_job(plan, *at, &Happening::OverDuration, None)
            } else {
                of_task(machine, *run, *at, |_| Happening::OverDuration, None)
            };
            for (_, notice) in &mut notices {
                notice.threshold_seconds = Some(*threshold_seconds);
            }
            notices
        }
        Change::Started { run, at, .. } | Change::Expanded { run, at, .. } => {
            of_task(machine, *run, *at, |view| Happening::Started { retry: view.attempt_number > 0 }, None)
        }
        Change::Ended { run, at, end, next, .. } => {
            let ended = Happening::Ended { outcome: end.outcome.clone(), retried: next.is_some() };
            of_task(machine, *run, *at, |_| ended, Some(end))
        }
        Change::Restarted { .. }
        | Change::Executing { .. }
        | Change::Compared { .. }
        | Change::Valued { .. }
        | Change::Stopping { .. }
        | Change::RunStopping { .. }
        | Change::TimeoutSet { .. } => Vec::new(),
    }
}

/// The notices about the end of a job run; also of one that never began.
pub fn told_end(plan: &Plan, at: WallTime, end: &End) -> Vec<(Recipient, Notice)> {
    of_job(plan, at, &Happening::Ended { outcome: end.outcome.clone(), retried: false }, Some(end))
}

fn of_job(plan: &Plan, at: WallTime, happening: &Happening, end: Option<&End>) -> Vec<(Recipient, Notice)> {
    let Some((event, found)) = recipients(&plan.audience, happening) else { return Vec::new() };
    address(found, &notice(plan, event, at, plan.run_id, end))
}

fn of_task(
    machine: &Machine,
    run: RunId,
    at: WallTime,
    happening: impl FnOnce(&TaskRunView) -> Happening,
    end: Option<&End>,
) -> Vec<(Recipient, Notice)> {
    let Some(view) = machine.task_view(run) else { return Vec::new() };
    let is_condition = matches!(view.task.kind(), Some(TaskKind::Condition(_)));
    let audience = Audience::of_task(&view.task);
    if is_condition || audience.is_empty() {
        return Vec::new();
    }
    let Some((event, found)) = recipients(&audience, &happening(&view)) else { return Vec::new() };
    let plan = machine.plan();
    let task = TaskNotice {
        task_key: view.task_key,
        parent_run_id: plan.run_id,
        attempt_number: view.attempt_number,
    };
    address(found, &Notice { task: Some(task), ..notice(plan, event, at, run, end) })
}

fn notice(plan: &Plan, event: Event, at: WallTime, run_id: RunId, end: Option<&End>) -> Notice {
    Notice {
        event,
        at,
        workspace_id: plan.workspace.id.clone(),
        job_id: plan.job_id,
        job_name: plan.job_name.clone(),
        run_id,
        task: None,
        outcome: end.map(|end| end.outcome.clone()),
        message: end.map(|end| end.message.clone()).unwrap_or_default(),
        threshold_seconds: None,
    }
}

fn address(recipients: Vec<Recipient>, notice: &Notice) -> Vec<(Recipient, Notice)> {
    recipients.into_iter().map(|recipient| (recipient, notice.clone())).collect()
}
