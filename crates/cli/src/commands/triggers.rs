//! `lakeflow triggers`: what starts jobs by itself, and pausing it.

use super::target;
use crate::Ended;
use crate::args::{Triggers, TriggersList, TriggersSwitch};
use crate::failure::{Failure, exit};
use crate::host::{self, Connection};
use crate::print::Printer;
use crate::render;
use lakeflow_client::Clock;
use lakeflow_core::api::{self, ListJobs};
use lakeflow_core::job::wire::Wire;
use lakeflow_core::trigger::{Due, Kind, Missed, TimedState, set_paused, triggers};
use serde_json::{Map, Value, json};

/// What pausing changes in a definition.
const FIELDS: [&str; 4] = ["schedule", "trigger", "continuous", "triggers"];

pub(crate) async fn run(command: Triggers, printer: &Printer) -> Ended {
    let (Triggers::List(TriggersList { host, .. })
    | Triggers::Pause(TriggersSwitch { host, .. })
    | Triggers::Unpause(TriggersSwitch { host, .. })) = &command;
    let connection = host::reach(host, printer).await?;
    let ended = match &command {
        Triggers::List(args) => list(&connection, args.json, printer).await,
        Triggers::Pause(args) => switch(&connection, args, true, printer).await,
        Triggers::Unpause(args) => switch(&connection, args, false, printer).await,
    };
    connection.close().await;
    ended
}

/// The triggers as the local engine tells them, with what is settled; of a workspace as the definitions say.
async fn found(connection: &Connection) -> Result<(bool, Vec<Value>), Failure> {
    if connection.local {
        let told = connection.call(&api::local_triggers()).await?;
        let all = told.get("triggers").and_then(Value::as_array).cloned().unwrap_or_default();
        return Ok((told.get("firing") == Some(&Value::Bool(true)), all));
    }
    let now = Clock::wall();
    let jobs = connection.jobs.list_jobs(ListJobs::default(), usize::MAX).await?;
    let mut all = Vec::new();
    for job in &jobs {
        let Some(settings) = &job.settings else { continue };
        for trigger in triggers(settings) {
            let next = match &trigger.kind {
                Kind::Timed(timed) if !trigger.paused => {
                    match TimedState::new(now).poll(timed, now, Missed::Skip) {
                        Due::Fire(at) => Some(at),
                        Due::Wait(at) => at,
                    }
                }
                _ => None,
            };
            all.push(json!({
                "job_id": job.job_id, "job_name": settings.display_name(), "place": trigger.place,
                "trigger": trigger.kind.wire(), "waits_for": trigger.kind.words(), "paused": trigger.paused,
                "next_fire_time": next,
            }));
        }
    }
    Ok((true, all))
}

async fn list(connection: &Connection, as_json: bool, printer: &Printer) -> Ended {
    if connection.is_embedded() {
        // With no engine running it is about the bundle at hand.
        connection.deploy().await?;
    }
    let (firing, all) = found(connection).await?;
    if as_json {
        for one in &all {
            printer.json(one)?;
        }
        return Ok(exit::SUCCESS);
    }
    let text = |one: &Value, name: &str| match &one[name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            let next = match one["next_fire_time"].as_i64() {
                _ if one["paused"] == true => "paused".to_owned(),
                Some(at) => render::time(Some(at)),
                None => String::new(),
            };
            vec![
                text(one, "job_id"),
                text(one, "job_name"),
                text(one, "trigger"),
                next,
                text(one, "waits_for"),
            ]
        })
        .collect();
    for line in render::table(&["JOB", "NAME", "TRIGGER", "NEXT", "WAITS FOR"], &rows) {
        printer.line(&line)?;
    }
    if all.is_empty() {
        printer.note("no job starts by itself");
    } else if connection.is_embedded() {
        printer.note("no engine is running; `lakeflow dev` lets triggers fire");
    } else if !firing {
        printer.note("all triggers are kept paused; `lakeflow triggers unpause --all` lets them fire");
    }
    Ok(exit::SUCCESS)
}

async fn switch(connection: &Connection, args: &TriggersSwitch, paused: bool, printer: &Printer) -> Ended {
    let what = if paused { "paused" } else { "not paused" };
    let Some(job) = &args.job else {
        if !connection.local || connection.is_embedded() {
            return Err(Failure::usage(
                "--all switches a local engine that is running; start one with `lakeflow dev`, or name a job",
            ));
        }
        connection.call(&api::switch_local_triggers(!paused)).await?;
        printer.line(&format!("all triggers are {what}, as long as this engine runs"))?;
        return Ok(exit::SUCCESS);
    };
    let target = target::find(connection, job).await?;
    let mut settings = target.settings;
    if !set_paused(&mut settings, paused) {
        return Err(Failure::usage(format!("job {:?} starts only by hand", settings.display_name())));
    }
    let written = settings.write();
    let new: Map<String, Value> =
        FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), written.get(*name)?.clone()))).collect();
    connection.jobs.update_job(target.job.id().await?, Some(Value::Object(new)), Vec::new()).await?;
    printer.line(&format!("job {:?} is {what}", settings.display_name()))?;
    Ok(exit::SUCCESS)
}
