//! The simulated world: attempts that last, set values, fail and can be stopped, in virtual time; and the driver loop
//! that a machine is run by, with the invariants checked at every step.

use super::generate::{Outside, Random, Scenario};
use lakeflow_core::execution::{Change, Exit, Input, Machine, Now, Output, RunView, Start};
use lakeflow_core::id::RunId;
use lakeflow_core::run::{Outcome, TerminationCode};
use lakeflow_core::time::{Tick, WallTime};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const EPOCH: i64 = 1_750_000_000_000;
/// How long an attempt takes to stop.
const GRACE: u64 = 30;

fn now(ms: u64) -> Now {
    // Ticks and wall time have different origins, as in life.
    Now { tick: Tick(ms + 77), wall: WallTime(EPOCH + ms as i64) }
}

/// What the machine is given next. The order is the order of events of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Timer,
    Outside,
    Executing(RunId),
    Value(RunId),
    Exited(RunId),
    Repair,
}

/// An attempt under way.
#[derive(Clone, Debug)]
struct Process {
    executing: Option<u64>,
    value: Option<u64>,
    end: u64,
    exit: Exit,
    number: u64,
    stopping: bool,
}

#[derive(Clone, Debug, Default)]
struct World {
    clock: u64,
    processes: BTreeMap<RunId, Process>,
    outside: usize,
    repairs: usize,
    last_repair: Option<i64>,
    round: u64,
}

fn exit(outcome: Outcome, code: TerminationCode) -> Exit {
    let message = if outcome == Outcome::Success { "" } else { "it broke" };
    Exit { outcome, code, message: message.to_owned(), output: None }
}

fn lost() -> Exit {
    exit(Outcome::Failed, TerminationCode::InternalError)
}

impl World {
    /// How an attempt goes: a function of the scenario, the task key, the attempt and the round.
    fn start(&mut self, seed: u64, start: &Start) {
        let mut mix = seed.wrapping_mul(31).wrapping_add(self.round);
        for byte in start.task_key.bytes() {
            mix = mix.wrapping_mul(131).wrapping_add(u64::from(byte));
        }
        let mut random = Random::new(mix.wrapping_mul(17).wrapping_add(u64::from(start.attempt_number)));
        let length = 1 + random.below(2500);
        let exit = match random.below(100) {
            0..60 => exit(Outcome::Success, TerminationCode::Success),
            60..95 => exit(Outcome::Failed, TerminationCode::RunExecutionError),
            95..98 => exit(Outcome::Canceled, TerminationCode::UserCanceled),
            _ => exit(Outcome::TimedOut, TerminationCode::Canceled),
        };
        let process = Process {
            executing: Some(self.clock + random.below(length)),
            value: random.chance(70).then_some(self.clock + length - 1),
            end: self.clock + length,
            exit,
            number: random.below(9),
            stopping: false,
        };
        assert!(self.processes.insert(start.run, process).is_none(), "{} started twice", start.run);
    }

    fn stop(&mut self, run: RunId) {
        let clock = self.clock;
        if let Some(process) = self.processes.get_mut(&run).filter(|process| !process.stopping) {
            process.stopping = true;
            if process.end > clock + GRACE {
                process.end = clock + GRACE;
                process.exit = exit(Outcome::Failed, TerminationCode::RunExecutionError);
                process.value = None;
                process.executing = process.executing.filter(|at| *at <= process.end);
            }
        }
    }

    /// The next event and its time; `None` when nothing will ever happen.
    fn next(&self, scenario: &Scenario, until: Option<u64>, done: bool) -> Option<(u64, Event)> {
        let mut events: Vec<(u64, Event)> = Vec::new();
        events.extend(until.map(|ms| (ms, Event::Timer)));
        events.extend(scenario.outside.get(self.outside).map(|(ms, _)| (*ms, Event::Outside)));
        for (run, process) in &self.processes {
            events.extend(process.executing.map(|ms| (ms, Event::Executing(*run))));
            events.extend(process.value.map(|ms| (ms, Event::Value(*run))));
            events.push((process.end, Event::Exited(*run)));
        }
        if done && self.repairs < scenario.repairs.len() {
            events.push((self.clock, Event::Repair));
        }
        events.into_iter().map(|(ms, event)| (ms.max(self.clock), event)).min()
    }

    /// Takes an event out of the world; gives the machine's input.
    fn take(&mut self, scenario: &Scenario, event: Event) -> Input {
        match event {
            Event::Timer => Input::Timeout,
            Event::Outside => {
                self.outside += 1;
                match &scenario.outside[self.outside - 1].1 {
                    Outside::CancelRun => Input::CancelRun,
                    Outside::CancelTask(offset) => {
                        Input::CancelTask { run: RunId(scenario.plan.run_id.0 + offset) }
                    }
                    Outside::SetTimeout(ms) => Input::SetTimeout { timeout_ms: *ms },
                }
            }
            Event::Executing(run) => {
                self.processes.get_mut(&run).unwrap().executing = None;
                Input::Started { run }
            }
            Event::Value(run) => {
                let process = self.processes.get_mut(&run).unwrap();
                process.value = None;
                Input::Value { run, key: "n".to_owned(), value: json!(process.number) }
            }
            Event::Exited(run) => Input::Exited { run, exit: self.processes.remove(&run).unwrap().exit },
            Event::Repair => {
                self.repairs += 1;
                let mut repair = scenario.repairs[self.repairs - 1].clone();
                repair.latest_repair_id = self.last_repair;
                Input::Repair(Box::new(repair))
            }
        }
    }
}

/// One machine and the world it lives in.
struct Driver<'a> {
    scenario: &'a Scenario,
    machine: Machine,
    world: World,
    /// Attempts whose start is on record.
    recorded: BTreeSet<RunId>,
    stopping: bool,
    until: Option<u64>,
    done: bool,
}

/// What one input brought.
struct Outcomes {
    records: Vec<Change>,
    acts: Vec<Output>,
}

impl<'a> Driver<'a> {
    fn new(scenario: &'a Scenario, machine: Machine, world: World, stored: &[Change]) -> Self {
        let (recorded, stopping) = (BTreeSet::new(), false);
        let mut driver = Self { scenario, machine, world, recorded, stopping, until: None, done: false };
        for change in stored {
            driver.note(change);
        }
        driver
    }

    fn note(&mut self, change: &Change) {
        match change {
            Change::Started { run, .. } | Change::Restarted { run, .. } => {
                self.recorded.insert(*run);
            }
            Change::RunStopping { .. } => self.stopping = true,
            Change::Repaired { repair_id, .. } => {
                self.stopping = false;
                self.world.last_repair = Some(*repair_id);
                self.world.round += 1;
            }
            _ => {}
        }
    }

    fn poll(&mut self) -> Outcomes {
        let mut outcomes = Outcomes { records: Vec::new(), acts: Vec::new() };
        self.done = false;
        self.until = None;
        loop {
            match self.machine.poll() {
                Output::Record(change) => {
                    assert!(outcomes.acts.is_empty(), "records come before acts");
                    self.note(&change);
                    outcomes.records.push(*change);
                }
                Output::Wait { until, .. } => {
                    self.until = until.map(|tick| tick.0.saturating_sub(77));
                    break;
                }
                Output::Done => {
                    self.done = true;
                    break;
                }
                act => outcomes.acts.push(act),
            }
        }
        self.check();
        outcomes
    }

    fn handle(&mut self, input: Input) -> Outcomes {
        let lenient = matches!(input, Input::CancelTask { .. } | Input::Repair(_));
        let result = self.machine.handle(now(self.world.clock), input);
        assert!(result.is_ok() || lenient, "{result:?}");
        self.poll()
    }

    fn act(&mut self, acts: Vec<Output>) {
        for act in acts {
            match act {
                Output::Start(start) => {
                    assert!(self.recorded.contains(&start.run), "start of {} is not on record", start.run);
                    assert!(!self.stopping, "{} started although the run is being stopped", start.run);
                    self.world.start(self.scenario.seed, &start);
                }
                Output::Stop { run, .. } => self.world.stop(run),
                other => unreachable!("{other:?}"),
            }
        }
    }

    /// What holds after every input.
    fn check(&mut self) {
        assert_eq!(self.done, self.machine.phase().is_terminal());
        for run in self.machine.take_changed() {
            let Some(task) = self.machine.task_view(run) else { continue };
            if let (Some(stats), Some(block)) = (&task.stats, &task.task.for_each_task) {
                let most = block.concurrency.unwrap_or(1) as u32;
                assert!(stats.active_iterations <= most, "{} iterations at once", stats.active_iterations);
                assert!(!task.phase.is_terminal() || stats.completed_iterations == stats.total_iterations);
            }
        }
        if self.done {
            let open = self.machine.view().tasks.into_iter().find(|task| !task.phase.is_terminal());
            assert!(open.is_none(), "the run is over, {open:?} is not");
        }
    }

    /// Gives the next event; `None` when the world has come to its end.
    fn step(&mut self) -> Option<Outcomes> {
        let (ms, event) = self.world.next(self.scenario, self.until, self.done)?;
        self.world.clock = ms;
        let input = self.world.take(self.scenario, event);
        Some(self.handle(input))
    }

    fn finish(mut self) -> RunView {
        for _ in 0..10_000 {
            match self.step() {
                Some(outcomes) => self.act(outcomes.acts),
                None => return self.machine.view(),
            }
        }
        unreachable!("seed {}: the run does not end", self.scenario.seed);
    }
}

/// One input of a run without a crash.
struct Step {
    /// The world before the input, at the moment of the input.
    before: World,
    /// After the input, before what the machine asked for was done.
    unacted: World,
    after: World,
    /// Number of records before and after.
    from: usize,
    to: usize,
}

/// A run without a crash.
pub(crate) struct Trace {
    pub(crate) records: Vec<Change>,
    pub(crate) view: RunView,
    steps: Vec<Step>,
}

pub(crate) fn run(scenario: &Scenario) -> Trace {
    let machine = Machine::new(scenario.plan.clone(), now(0)).unwrap();
    let mut driver = Driver::new(scenario, machine, World::default(), &[]);
    let (mut records, mut steps) = (Vec::new(), Vec::new());
    let mut before = driver.world.clone();
    let mut outcomes = driver.poll();
    loop {
        let from = records.len();
        for change in outcomes.records {
            let stored = serde_json::to_string(&change).unwrap();
            records.push(serde_json::from_str(&stored).unwrap());
            assert_eq!(records.last(), Some(&change), "{stored}");
        }
        let unacted = driver.world.clone();
        driver.act(outcomes.acts);
        before.clock = driver.world.clock;
        steps.push(Step { before, unacted, after: driver.world.clone(), from, to: records.len() });
        before = driver.world.clone();
        assert!(steps.len() < 10_000, "seed {}: the run does not end", scenario.seed);
        match driver.step() {
            Some(next) => outcomes = next,
            None => return Trace { records, view: driver.machine.view(), steps },
        }
    }
}

/// At which moment of a step the process dies, and what becomes of its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The input came, none of its records were stored.
    InputLost,
    /// At least one record of the step was stored, nothing was done.
    BeforeActs,
    /// All was stored and done.
    AfterActs,
    /// Like `BeforeActs` or `AfterActs`, and every attempt dies with the process.
    Lost,
}

/// Restores a machine from the first `prefix` records and runs it to its end. `None` when there is no such moment.
pub(crate) fn run_on(scenario: &Scenario, trace: &Trace, prefix: usize, crash: Crash) -> Option<RunView> {
    let mut steps = trace.steps.iter();
    let mut world = match crash {
        Crash::InputLost => steps.find(|s| s.from == prefix && s.to > prefix)?.before.clone(),
        Crash::BeforeActs => steps.find(|s| s.from < prefix && prefix <= s.to)?.unacted.clone(),
        Crash::AfterActs => steps.rfind(|s| s.to == prefix)?.after.clone(),
        Crash::Lost => match steps.find(|s| s.from <= prefix && prefix <= s.to) {
            Some(step) => step.unacted.clone(),
            None => return None,
        },
    };
    if crash == Crash::Lost {
        world.processes.clear();
    }
    let stored = trace.records[..prefix].to_vec();
    let machine = Machine::restore(scenario.plan.clone(), stored.clone(), now(world.clock)).unwrap();
    let (round, last) = (world.round, world.last_repair);
    let mut driver = Driver::new(scenario, machine, world, &stored);
    if crash != Crash::Lost {
        assert_eq!((driver.world.round - round, driver.world.last_repair), (round, last));
    }
    driver.world.round -= round;
    let (recover, acts): (Vec<_>, Vec<_>) =
        driver.poll().acts.into_iter().partition(|act| matches!(act, Output::Recover { .. }));
    driver.act(acts);
    for asked in recover {
        let Output::Recover { run } = asked else { continue };
        let input = match driver.world.processes.get(&run) {
            _ if crash == Crash::Lost => Input::Exited { run, exit: lost() },
            None => Input::NeverStarted { run },
            Some(process) if process.end <= driver.world.clock => {
                let exit = process.exit.clone();
                driver.world.processes.remove(&run);
                Input::Exited { run, exit }
            }
            Some(_) => Input::StillRunning { run },
        };
        let outcomes = driver.handle(input);
        driver.act(outcomes.acts);
    }
    Some(driver.finish())
}
