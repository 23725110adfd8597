//! The vectors of triggers that look at something: a definition, what is seen at which second, and what is due. The state goes through its stored
//! form at every step, as over a restart.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::JobSettings;
use lakeflow_core::run::Outcome;
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::{
    ArrivalState, Completion, CompletionState, ContinuousState, Due, Kind, TableState, TableVersion, Trigger,
    Watch, triggers,
};
use lakeflow_tests::vectors;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// 2026-01-01T00:00:00Z: second 0 of every script.
const NEW_YEAR: WallTime = WallTime(1_767_225_600_000);

#[derive(Deserialize)]
struct Given {
    settings: JobSettings,
    script: Vec<Step>,
}

/// What is there at a second.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: i64,
    #[serde(default)]
    files: BTreeSet<String>,
    /// Name to id and version.
    #[serde(default)]
    tables: BTreeMap<String, (String, i64)>,
    /// Number, job, run, outcome, second of the start and of the end.
    #[serde(default)]
    ends: Vec<(i64, i64, i64, String, i64, i64)>,
    /// Whether the job has a run that is not over.
    #[serde(default)]
    active: bool,
    /// The caller is killed after it has begun a run.
    #[serde(default)]
    killed: bool,
}

fn second(at: i64) -> WallTime {
    NEW_YEAR + at * 1000
}

/// Lets one trigger look at every step; gives what each came to.
fn play<W: Watch>(
    of: &W::Of,
    mut state: W,
    script: &[Step],
    mut look: impl FnMut(&mut W, &Step),
) -> Vec<Value> {
    let mut tokens: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    for step in script {
        let now = second(step.at);
        state = serde_json::from_value(serde_json::to_value(&state).unwrap()).unwrap();
        look(&mut state, step);
        seen.push(match state.poll(of, now) {
            Due::Wait(None) => json!("waits"),
            Due::Wait(Some(at)) => json!(at.since(NEW_YEAR) / 1000),
            Due::Fire(_) => {
                let begun = state.begin(of, JobId(1), "trigger", now);
                assert!(begun.token.len() <= 64, "{}", begun.token);
                if !step.killed {
                    state.end();
                }
                if !tokens.contains(&begun.token) {
                    tokens.push(begun.token.clone());
                }
                let number = tokens.iter().position(|token| *token == begun.token).unwrap() + 1;
                let mut fired = json!({ "run": number });
                if let Some(tables) = begun.facts.table_update {
                    let versions = tables.as_array().unwrap().iter();
                    fired["tables"] =
                        versions.map(|table| json!([table["name"], table["version"]])).collect();
                }
                if let Some(info) = begun.info {
                    fired["runs"] = info["job_completion"]["completed_jobs"].clone();
                }
                fired
            }
        });
    }
    seen
}

fn ends(step: &Step) -> Vec<Completion> {
    let end = |(seq, job, run, outcome, started, ended): &(i64, i64, i64, String, i64, i64)| Completion {
        seq: *seq,
        job_id: JobId(*job),
        run_id: RunId(*run),
        outcome: Outcome::from(outcome.as_str()),
        started: second(*started),
        ended: second(*ended),
    };
    step.ends.iter().map(end).collect()
}

fn tables(step: &Step) -> BTreeMap<String, TableVersion> {
    let table = |(name, (id, version)): (&String, &(String, i64))| {
        (name.clone(), TableVersion { id: id.clone(), version: *version, commit_time: second(step.at) })
    };
    step.tables.iter().map(table).collect()
}

fn played(trigger: &Trigger, script: &[Step]) -> Vec<Value> {
    match &trigger.kind {
        Kind::Files(of) => play(of, ArrivalState::default(), script, |state, step| {
            state.look(&step.files, second(step.at));
        }),
        Kind::Tables(of) => play(of, TableState::default(), script, |state, step| {
            state.look(&tables(step), second(step.at));
        }),
        Kind::Jobs(of) => play(of, CompletionState::new(0), script, |state, step| {
            state.look(of, &ends(step));
        }),
        Kind::Continuous(of) => play(of, ContinuousState::new(0), script, |state, step| {
            state.look(&ends(step), step.active, second(step.at));
        }),
        other => panic!("{other:?} looks at nothing"),
    }
}

// LOCAL[triggers] same: file arrival: only new files fire, after the quiet time and the minimum time between runs
// LOCAL[triggers] same: table update: any or all of the tables, after the quiet time and the minimum time between runs
// LOCAL[triggers] same: job completion: a run after every listed job has completed with the wanted status
// LOCAL[triggers] close: continuous: the next run at once after a success, after 30 s doubling to an hour after failures, a second apart at least
#[test]
fn what_is_seen_fires_once() {
    for case in vectors::<Given, Vec<Value>>("trigger.json") {
        let found = triggers(&case.input.settings);
        let got = played(&found[0], &case.input.script);
        assert_eq!(got, case.expect, "{}: {}", case.name, case.why);
    }
}
