//! A thousand waits on one job, without faults: what they cost beside AppKit's schedule for the same runs.

use crate::random::Random;
use crate::world::{Course, EPOCH, Form, Outcome, World};
use lakeflow_core::api::Response;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::time::{Tick, WallTime};
use lakeflow_core::wait::hub::{Hub, HubInput, HubOutput, HubSettings};
use lakeflow_core::wait::{CallId, Goal, Now, PollSchedule, Verdict, WaitOptions};
use std::collections::{BTreeMap, VecDeque};

const RUNS: u64 = 1000;
const ROUND_TRIP: u64 = 40;

/// For runs of so many milliseconds, ±20 %: the calls and the mean delay in milliseconds of AppKit's schedule, a poll at 0 s
/// and then gaps of 5 s that grow by half up to 30 s, each ±20 % (`cargo xtask bench waits` plays it). Runs of 3 s are held
/// to the calls alone: to see a thousand of them begin and end takes 80 pages, which is more than 5 s at 15 calls a second.
const APPKIT: [(u64, u64, u64); 4] =
    [(3000, 2000, u64::MAX), (20_000, 4080, 5400), (60_000, 6250, 13_000), (300_000, 14_700, 14_600)];

/// One course of every length that runs may have.
fn courses(length: u64) -> Vec<Course> {
    let course = |n: u64| Course {
        queued: 0,
        pending: 0,
        length: length * (800 + 10 * n) / 1000,
        outcome: Outcome::Success,
        tasks: 2,
        form: Form::Both,
        strange: false,
    };
    (0..=40).map(course).collect()
}

/// What came of the waits on one job, and of those on other jobs beside them.
struct Told {
    calls: u64,
    /// Mean delays in milliseconds.
    late: u64,
    others_late: u64,
}

/// Waits for a thousand runs of job 1, and for one run of each of some other jobs.
fn wait_for_all(length: u64, learn: bool, others: u64) -> Told {
    let mut random = Random::new(length);
    let mut world = World::new(courses(length));
    // What the job has done before.
    for n in 0..30 {
        world.start(1, format!("past {n}"), n);
    }
    let begin = 10 * length;
    let now = |at: u64| Now { tick: Tick(at), wall: WallTime(EPOCH + at as i64) };
    let mut hub = Hub::new(HubSettings { learn, ..HubSettings::WORKSPACE });
    // They begin within a second, each with a wait.
    let mut begins: Vec<(u64, i64)> = (0..RUNS).map(|_| (begin + random.within(0, 1000), 1)).collect();
    begins.extend((0..others).map(|n| (begin + random.within(0, 1000), 2 + n as i64)));
    begins.sort_unstable();
    let mut coming = VecDeque::from(begins);
    let mut answers: BTreeMap<(u64, CallId), Response> = BTreeMap::new();
    let (mut at, mut calls) = (begin, 0);
    let (mut late, mut others_late) = (Vec::new(), Vec::new());
    let mut sent: VecDeque<u64> = VecDeque::new();
    loop {
        match hub.poll() {
            HubOutput::Call { call, request } => {
                calls += 1;
                sent.retain(|then| then + 1000 > at);
                sent.push_back(at);
                assert!(sent.len() <= 15, "more than 15 calls in the second before {at}");
                answers.insert((at + ROUND_TRIP, call), world.answer(&request, "", at + ROUND_TRIP / 2, 0));
            }
            HubOutput::Ended { end, .. } => {
                assert_eq!(end.verdict, Verdict::Succeeded);
                let run = &world.runs[&end.run_id.expect("it was adopted").0];
                let delay = at.checked_sub(run.end().0).expect("an end is not told before it is there");
                if run.job == 1 { late.push(delay) } else { others_late.push(delay) }
            }
            HubOutput::Abandon(_) | HubOutput::Started { .. } | HubOutput::Changed { .. } => {}
            HubOutput::Wait { until, .. } => {
                let answered = answers.first_key_value().map(|((when, _), _)| *when);
                let comes = coming.front().copied();
                let next =
                    until.map(|tick| tick.0).into_iter().chain(answered).chain(comes.map(|(at, _)| at)).min();
                let Some(next) = next else { break };
                at = at.max(next);
                if let Some((_, job)) = comes.filter(|(begin, _)| *begin <= at) {
                    coming.pop_front();
                    let run = world.start(job, coming.len().to_string(), at);
                    let schedule = PollSchedule::WORKSPACE;
                    let options =
                        WaitOptions { job: Some(JobId(job)), ..WaitOptions::new(schedule, run as u64) };
                    hub.begin(now(at), Goal::Adopt(RunId(run)), options);
                    continue;
                }
                let input = match answers.first_entry().filter(|first| first.key().0 <= at) {
                    Some(first) => {
                        let ((_, call), response) = first.remove_entry();
                        HubInput::Answered { call, result: Ok(response) }
                    }
                    None => HubInput::Timeout,
                };
                hub.handle(now(at), input).expect("the call is under way");
            }
        }
    }
    assert_eq!((late.len() as u64, others_late.len() as u64), (RUNS, others), "every wait ends");
    let mean = |delays: &[u64]| delays.iter().sum::<u64>() / (delays.len() as u64).max(1);
    Told { calls, late: mean(&late), others_late: mean(&others_late) }
}

#[test]
fn a_thousand_waits_on_one_job_take_a_tenth_of_the_calls_and_are_no_later() {
    for (length, appkit_calls, appkit_late) in APPKIT {
        for learn in [false, true] {
            let Told { calls, late, .. } = wait_for_all(length, learn, 0);
            assert!(
                calls * 10 <= appkit_calls && late <= appkit_late,
                "{length} ms, past known: {learn}: {calls} calls, {late} ms late; AppKit: {appkit_calls}, {appkit_late}"
            );
        }
    }
}

/// The schedule of a single wait has gaps of 5 % of the time that the run has taken: 3 s at the end of these runs, which is a
/// mean delay of 1.5 s. With twenty of them and the rounds of a thousand others in line at 15 calls a second, a place comes
/// within two seconds.
#[test]
fn a_crowd_does_not_hold_up_the_waits_on_other_jobs() {
    for learn in [false, true] {
        let told = wait_for_all(60_000, learn, 20);
        assert!(told.others_late <= 3500, "past known: {learn}: {} ms late", told.others_late);
        assert!(told.late <= 13_000, "past known: {learn}: the crowd is {} ms late", told.late);
    }
}
