//! Polls in virtual time: the hub against a workspace whose runs' lengths vary by 20 %, beside the peers' schedules for
//! runs of the same lengths.

use crate::fleet::{Fleet, answer};
use crate::policies::POLICIES;
use crate::stats::{Random, delays};
use lakeflow_core::api::Response;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::time::{Tick, WallTime};
use lakeflow_core::wait::hub::{Hub, HubInput, HubOutput, HubSettings};
use lakeflow_core::wait::{Aim, CallId, Goal, Now, PollSchedule, WaitOptions};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Lengths of runs in milliseconds.
const LENGTHS: &[u64] = &[3000, 20_000, 60_000, 300_000];
/// Runs of one job that are waited for at once.
const CROWDS: &[u64] = &[100, 1000, 10_000];
/// Runs of which each number for single waits is made.
const SAMPLES: u64 = 400;
/// Runs that a job has had before the ones that count.
const LEARNED: u64 = 30;
/// Milliseconds from a call to its answer.
const ROUND_TRIP: u64 = 40;

/// What came of a number of waits.
pub(crate) struct Polled {
    pub(crate) calls: u64,
    pub(crate) delays: Vec<u64>,
}

pub(crate) fn run() {
    let mut rows = Vec::new();
    for length in LENGTHS {
        rows.push(single(*length));
        for crowd in CROWDS.iter().filter(|crowd| **crowd < 10_000 || *length >= 60_000) {
            rows.push(together(*length, *crowd));
        }
    }
    println!("{}", Value::from(rows));
}

fn spread(length: u64, random: &mut Random) -> u64 {
    random.within(length * 8 / 10, length * 12 / 10)
}

/// One wait at a time, with and without knowledge of the job's past, and at the calls of AppKit's schedule.
fn single(length: u64) -> Value {
    let peers = peers(length, SAMPLES);
    let calls = peers[0]["calls"].as_f64().unwrap_or(0.0);
    let ours = |aim, learned| {
        let schedule = PollSchedule::WORKSPACE.aiming(aim);
        let mut random = Random::new(length);
        let mut hub = Hub::new(HubSettings { learn: learned, ..HubSettings::WORKSPACE });
        // What is learned of the job is known before the first that counts.
        let before = if learned { LEARNED } else { 0 };
        let mut all = Polled { calls: 0, delays: Vec::new() };
        for n in 0..before + SAMPLES {
            // Far enough apart that the wait before has ended, however late it saw its run's end.
            let begin = (n + 1) * (2 * length + 60_000);
            let mut fleet = Fleet::default();
            let long = spread(length, &mut random);
            fleet.start(1, begin, long);
            let polled = follow(&mut hub, &fleet, begin, schedule, n);
            if n >= before {
                all.calls += polled.calls;
                all.delays.extend(polled.delays);
            }
        }
        told(&all, SAMPLES)
    };
    json!({
        "length": length, "waits": 1, "peers": peers,
        "without_history": ours(Aim::Elapsed, false),
        "with_history": ours(Aim::Balanced, true),
        "equal_calls": ours(Aim::Calls(calls.floor() as u32), true),
    })
}

/// Many waits on one job.
fn together(length: u64, crowd: u64) -> Value {
    let ours = |learned| told(&wait(crowd, length, PollSchedule::WORKSPACE, learned, crowd), crowd);
    json!({
        "length": length, "waits": crowd, "peers": peers(length, crowd),
        "without_history": ours(false),
        "with_history": ours(true),
    })
}

fn told(polled: &Polled, runs: u64) -> Value {
    json!({
        "calls": polled.calls as f64 / runs as f64,
        "total": polled.calls,
        "delay": delays(polled.delays.clone()),
    })
}

fn peers(length: u64, runs: u64) -> Vec<Value> {
    POLICIES
        .iter()
        .map(|policy| {
            let mut random = Random::new(length);
            let mut all = Polled { calls: 0, delays: Vec::new() };
            for _ in 0..runs {
                let (polls, delay) = policy.follow(spread(length, &mut random), &mut random);
                all.calls += polls;
                all.delays.push(delay);
            }
            let mut told = told(&all, runs);
            told["name"] = policy.name.into();
            told
        })
        .collect()
}

/// Waits for runs of one job that all begin within a second; calls that trigger them are not counted. What is learned of
/// the past comes from the workspace's own list, and that call is counted.
fn wait(crowd: u64, length: u64, schedule: PollSchedule, learned: bool, seed: u64) -> Polled {
    let mut random = Random::new(seed ^ length);
    let mut fleet = Fleet::default();
    if learned {
        for _ in 0..30 {
            fleet.start(1, 1_000_000, spread(length, &mut random));
        }
    }
    let begin = 5_000_000;
    for _ in 0..crowd {
        let began = begin + random.within(0, if crowd > 1 { 1000 } else { 0 });
        fleet.start(1, began, spread(length, &mut random));
    }
    let mut hub = Hub::new(HubSettings { learn: learned, seed, ..HubSettings::WORKSPACE });
    follow(&mut hub, &fleet, begin, schedule, seed)
}

/// Waits for the runs that begin from `begin` on, each from its beginning, until all have ended.
fn follow(hub: &mut Hub, fleet: &Fleet, begin: u64, schedule: PollSchedule, seed: u64) -> Polled {
    let now = |at: u64| Now { tick: Tick(at), wall: WallTime(at as i64) };
    let ends: BTreeMap<u64, u64> = fleet.runs.iter().map(|(run, (_, _, end))| (*run, *end)).collect();
    let began = |(run, (_, began, _)): (&u64, &(u64, u64, u64))| (*began, *run);
    let mut coming: BTreeSet<(u64, u64)> =
        fleet.runs.iter().map(began).filter(|(began, _)| *began >= begin).collect();
    let mut answers: BTreeMap<(u64, CallId), Response> = BTreeMap::new();
    let mut polled = Polled { calls: 0, delays: Vec::new() };
    let mut at = begin;
    loop {
        match hub.poll() {
            HubOutput::Call { call, request } => {
                polled.calls += 1;
                let path = format!("{}?{}", request.path, form(&request.query));
                let body = answer(fleet, &path, at + ROUND_TRIP / 2).into_bytes();
                answers.insert((at + ROUND_TRIP, call), Response { status: 200, headers: Vec::new(), body });
            }
            HubOutput::Ended { end, .. } => {
                let run = end.run_id.map_or(0, |run| run.0 as u64);
                polled.delays.push(at.saturating_sub(ends[&run]));
            }
            HubOutput::Abandon(_) | HubOutput::Started { .. } | HubOutput::Changed { .. } => {}
            HubOutput::Wait { until, .. } => {
                let answered = answers.first_key_value().map(|((when, _), _)| *when);
                let comes = coming.first().copied();
                let next =
                    until.map(|tick| tick.0).into_iter().chain(answered).chain(comes.map(|(at, _)| at)).min();
                let Some(next) = next else { break };
                at = at.max(next);
                if let Some((began, run)) = comes.filter(|(began, _)| *began <= at) {
                    coming.remove(&(began, run));
                    let seeded = WaitOptions::new(schedule, seed.wrapping_add(run));
                    let options = WaitOptions { job: Some(JobId(1)), ..seeded };
                    hub.begin(now(at), Goal::Adopt(RunId(run as i64)), options);
                    continue;
                }
                let input =
                    match answers.first_key_value().map(|(key, _)| *key).filter(|(when, _)| *when <= at) {
                        Some(key) => match answers.remove(&key) {
                            Some(response) => HubInput::Answered { call: key.1, result: Ok(response) },
                            None => HubInput::Timeout,
                        },
                        None => HubInput::Timeout,
                    };
                hub.handle(now(at), input).expect("the call is under way");
            }
        }
    }
    polled
}

fn form(query: &[(String, String)]) -> String {
    let pairs: Vec<String> = query.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join("&")
}
