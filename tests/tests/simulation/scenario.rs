//! One scenario: a world, waits, faults and the user's doings, all from one seed; and what must hold of it.

use crate::faults::{Fault, draw};
use crate::random::Random;
use crate::world::{Course, EPOCH, Form, Outcome, Repair, World};
use lakeflow_core::api::retry::RetryPolicy;
use lakeflow_core::api::{RepairRun, Request, Response, RunNow, SubmitRun};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::time::{Tick, WallTime};
use lakeflow_core::wait::hub::{Hub, HubInput, HubOutput, HubSettings, WaitId};
use lakeflow_core::wait::{Aim, CallId, Goal, Now, PollSchedule, Verdict, WaitEnd, WaitOptions};
use std::collections::{BTreeMap, VecDeque};

/// Virtual time after which a wait that has not ended never will.
const HORIZON: u64 = 6 * 3_600_000;

/// What the user of a wait wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    RunNow,
    RunNowWithoutToken,
    Submit,
    Adopt,
    AdoptMissing,
    Cancel,
    Repair,
}

/// One wait, and what came of it.
struct Client {
    kind: Kind,
    intent: String,
    begun: u64,
    run: Option<i64>,
    deadline: Option<u64>,
    cancels: bool,
    started: Option<i64>,
    changes: usize,
    stopped: bool,
    forgotten: bool,
    end: Option<(u64, WaitEnd)>,
}

enum Happening {
    /// The request reaches the workspace.
    Arrive(CallId),
    /// The answer reaches the driver.
    Answer(CallId),
    Begin(usize),
    Stop(usize),
    Forget(usize),
    Notify(usize),
}

struct Call {
    request: Request,
    intent: String,
    fault: Option<(Fault, bool)>,
    answer_in: u64,
    response: Option<Response>,
}

/// What a scenario counted, for the summary.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) waits: u64,
    pub(crate) calls: u64,
    pub(crate) faults: u64,
    pub(crate) verdicts: u64,
    pub(crate) errors: u64,
    pub(crate) lists: u64,
    pub(crate) trace: u64,
}

pub(crate) struct Scenario {
    random: Random,
    settings: HubSettings,
    world: World,
    clients: Vec<Client>,
    ids: BTreeMap<WaitId, usize>,
    queue: BTreeMap<(u64, u64), Happening>,
    sequence: u64,
    calls: BTreeMap<CallId, Call>,
    sent: VecDeque<u64>,
    faults: u64,
    lag: u64,
    leaps: bool,
    skew: i64,
    tick: u64,
    /// When the hub was last told the time.
    handled: u64,
    wall: i64,
    counts: Counts,
    /// Of calls that were sent at the time they were refused as too many.
    troubled: bool,
    /// Calls and ends are printed.
    told: bool,
}

macro_rules! hold {
    ($condition:expr, $($told:tt)*) => {
        if !$condition {
            return Err(format!($($told)*));
        }
    };
}

impl Scenario {
    pub(crate) fn new(seed: u64, told: bool) -> Self {
        let mut random = Random::new(seed);
        let faults = *random.pick(&[0, 0, 20, 60, 150, 300]);
        let crowd = random.chance(60);
        let courses = (0..random.within(1, 6)).map(|_| course(&mut random, crowd)).collect();
        let settings = HubSettings {
            per_second: Some(random.within(3, 40) as u32),
            in_flight: random.within(1, 8) as usize,
            outputs_at_once: random.within(1, 4) as usize,
            share_lists: random.chance(900),
            few_pages: *random.pick(&[0, 0, 1, 8]),
            learn: random.chance(800),
            seed,
        };
        let mut scenario = Self {
            settings,
            world: World::new(courses),
            clients: Vec::new(),
            ids: BTreeMap::new(),
            queue: BTreeMap::new(),
            sequence: 0,
            calls: BTreeMap::new(),
            sent: VecDeque::new(),
            faults,
            lag: *random.pick(&[0, 0, 300, 3000, 15_000]),
            leaps: random.chance(150),
            skew: *random.pick(&[0, 0, 0, 3_600_000, -3_600_000, 86_400_000 * 400]),
            tick: 0,
            handled: 0,
            wall: EPOCH,
            counts: Counts::default(),
            troubled: false,
            told,
            random,
        };
        let waits = if crowd { scenario.random.within(26, 90) } else { scenario.random.within(1, 6) };
        for n in 0..waits {
            let at = if crowd { scenario.random.within(0, 2000) } else { scenario.random.within(0, 40_000) };
            scenario.prepare(n as usize, at, crowd);
        }
        scenario
    }

    /// A wait that will begin, and what its user does then.
    fn prepare(&mut self, n: usize, at: u64, crowd: bool) {
        let random = &mut self.random;
        let kind = match random.within(0, if crowd { 6 } else { 12 }) {
            0..=5 => Kind::RunNow,
            6 => Kind::Adopt,
            7 => Kind::RunNowWithoutToken,
            8 => Kind::Submit,
            9 => Kind::AdoptMissing,
            10 => Kind::Cancel,
            _ => Kind::Repair,
        };
        let deadline = random.chance(200).then(|| at + random.within(500, 90_000));
        let cancels = random.chance(300);
        self.put(at, Happening::Begin(n));
        if self.random.chance(120) {
            let when = at + self.random.within(0, 60_000);
            self.put(when, Happening::Stop(n));
            if self.random.chance(300) {
                let again = self.random.within(1, 3000);
                self.put(when + again, Happening::Stop(n));
            }
        }
        if self.random.chance(60) {
            let when = at + self.random.within(0, 60_000);
            self.put(when, Happening::Forget(n));
        }
        for _ in 0..self.random.within(0, 3) {
            let when = at + self.random.within(0, 60_000);
            self.put(when, Happening::Notify(n));
        }
        let intent = format!("intent-{n}");
        self.clients.push(Client {
            kind,
            intent,
            begun: at,
            run: None,
            deadline,
            cancels,
            started: None,
            changes: 0,
            stopped: false,
            forgotten: false,
            end: None,
        });
    }

    fn put(&mut self, at: u64, happening: Happening) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), happening);
    }

    fn now(&self) -> Now {
        Now { tick: Tick(self.tick), wall: WallTime(self.wall + self.tick as i64) }
    }

    /// Runs to the end; what does not hold is told.
    pub(crate) fn run(mut self) -> Result<Counts, String> {
        let mut hub = Hub::new(self.settings);
        for _ in 0..200_000 {
            let until = self.drain(&mut hub)?;
            let next = self.queue.keys().next().map(|(at, _)| *at);
            let Some(at) = until.into_iter().chain(next).min() else {
                return self.over(&hub);
            };
            hold!(at < HORIZON, "at {} ms waits go on: {:?}", at, hub.stats());
            hold!(until.is_none_or(|until| until > self.handled), "a timer lies in the past");
            self.tick = at.max(self.tick);
            if self.leaps && self.random.chance(5) {
                // The machine slept, or was too busy to look at the clock.
                self.tick += self.random.within(1, 120_000);
            }
            if self.random.chance(3) {
                self.wall += self.skew * self.random.within(0, 2) as i64 - self.skew;
            }
            let key =
                self.queue.first_key_value().map(|(key, _)| *key).filter(|(when, _)| *when <= self.tick);
            if let Some(happening) = key.and_then(|key| self.queue.remove(&key)) {
                self.happen(&mut hub, happening)?;
                // Late timers do no harm.
                if self.random.chance(900) {
                    continue;
                }
            }
            self.handled = self.tick;
            hub.handle(self.now(), HubInput::Timeout).map_err(|e| e.to_string())?;
        }
        Err(format!("no end after many steps: {:?}", hub.stats()))
    }

    fn drain(&mut self, hub: &mut Hub) -> Result<Option<u64>, String> {
        loop {
            match hub.poll() {
                HubOutput::Call { call, request } => self.call(call, *request)?,
                HubOutput::Abandon(call) => {
                    let known = self.calls.get_mut(&call).map(|call| call.answer_in = u64::MAX);
                    hold!(known.is_some(), "an unknown call is abandoned");
                }
                HubOutput::Started { wait, run_id } => {
                    let client = &mut self.clients[self.ids[&wait]];
                    hold!(client.started.is_none(), "{}: started twice", client.intent);
                    hold!(client.changes == 0 && client.end.is_none(), "{}: started late", client.intent);
                    client.started = Some(run_id.0);
                    client.run = Some(run_id.0);
                }
                HubOutput::Changed { wait, run } => {
                    let client = &mut self.clients[self.ids[&wait]];
                    hold!(client.started == Some(run.run_id.0), "{}: news of another run", client.intent);
                    hold!(client.end.is_none() && !client.forgotten, "{}: news after the end", client.intent);
                    client.changes += 1;
                }
                HubOutput::Ended { wait, end } => self.ended(self.ids[&wait], *end)?,
                HubOutput::Wait { until, .. } => return Ok(until.map(|tick| tick.0)),
            }
        }
    }

    /// The hub sends a call: the limits hold, and its fate is drawn.
    fn call(&mut self, call: CallId, request: Request) -> Result<(), String> {
        self.counts.calls += 1;
        self.counts.lists += u64::from(request.operation == "list_runs");
        let under_way = self.calls.values().filter(|call| call.answer_in != u64::MAX).count();
        hold!(under_way < self.settings.in_flight, "{} calls at once", under_way + 1);
        let most = self.settings.per_second.unwrap_or(u32::MAX) as usize;
        self.sent.push_back(self.tick);
        while self.sent.front().is_some_and(|at| at + 1000 <= self.tick) {
            self.sent.pop_front();
        }
        hold!(self.sent.len() <= most, "{} calls in a second of {most}", self.sent.len());
        let without_token = matches!(request.operation, "run_now" | "submit") && !request.repeatable;
        let mut fault = self.random.chance(self.faults).then(|| draw(&mut self.random));
        if without_token && matches!(fault, Some((Fault::Duplicated, _))) {
            // A network that repeats what has no token starts two runs; nobody can help it.
            fault = None;
        }
        if matches!(fault, Some((Fault::Status(401), _))) && self.random.chance(800) {
            // The driver renews the credential and sends again.
            fault = None;
        }
        self.counts.faults += u64::from(fault.is_some());
        self.troubled |= fault.is_some();
        let slow = if self.faults > 0 && self.random.chance(30) { 20_000 } else { 250 };
        let there = self.random.within(1, slow);
        let mut back = self.random.within(1, slow);
        if matches!(fault, Some((Fault::Silence, _))) {
            back = 60_000;
        }
        let intent = intent_of(&request);
        if self.told {
            self.trace(&format!("{call:?} {} {:?} {fault:?}", request.operation, request.query), self.tick);
        } else {
            self.trace(request.operation, self.tick);
        }
        self.calls.insert(call, Call { request, intent, fault, answer_in: back, response: None });
        self.put(self.tick + there, Happening::Arrive(call));
        Ok(())
    }

    fn happen(&mut self, hub: &mut Hub, happening: Happening) -> Result<(), String> {
        match happening {
            Happening::Arrive(id) => {
                let lag = self.random.within(0, self.lag);
                let Some(call) = self.calls.get_mut(&id) else { return Ok(()) };
                // Lists lag more than single runs do.
                let lag = if call.request.operation == "list_runs" { lag } else { lag / 8 };
                let times = match call.fault {
                    Some((_, false)) => 0,
                    Some((Fault::Duplicated, _)) => 2,
                    _ => 1,
                };
                for _ in 0..times {
                    call.response = Some(self.world.answer(&call.request, &call.intent, self.tick, lag));
                }
                if call.answer_in == u64::MAX {
                    self.calls.remove(&id);
                } else {
                    let at = self.tick + call.answer_in;
                    self.put(at, Happening::Answer(id));
                }
            }
            Happening::Answer(id) => {
                let Some(call) = self.calls.remove(&id) else { return Ok(()) };
                if call.answer_in == u64::MAX {
                    return Ok(());
                }
                let result = match call.fault {
                    Some((fault, _)) => fault.play(&call.request, call.response, self.now().wall.0),
                    None => Ok(call.response.unwrap_or_default()),
                };
                let echo = matches!(call.fault, Some((Fault::Echo, _))).then(|| result.clone());
                let input = HubInput::Answered { call: id, result };
                hub.handle(self.now(), input).map_err(|e| format!("an answer was refused: {e}"))?;
                if let Some(result) = echo {
                    let again = hub.handle(self.now(), HubInput::Answered { call: id, result });
                    hold!(again.is_err(), "an answer was taken twice");
                }
            }
            Happening::Begin(n) => self.begin(hub, n),
            Happening::Stop(n) => self.tell(hub, n, HubInput::Stop),
            Happening::Forget(n) => self.tell(hub, n, HubInput::Forget),
            Happening::Notify(n) => {
                if let Some(run) = self.clients[n].run {
                    let input = HubInput::Notify(RunId(run));
                    hub.handle(self.now(), input).map_err(|e| e.to_string())?;
                }
            }
        }
        Ok(())
    }

    fn tell(&mut self, hub: &mut Hub, n: usize, input: impl Fn(WaitId) -> HubInput) {
        let Some(wait) = self.ids.iter().find(|(_, client)| **client == n).map(|(wait, _)| *wait) else {
            return;
        };
        let input = input(wait);
        let client = &mut self.clients[n];
        client.stopped |= matches!(input, HubInput::Stop(_));
        client.forgotten |= matches!(input, HubInput::Forget(_)) && client.end.is_none();
        let _ = hub.handle(self.now(), input);
    }

    fn begin(&mut self, hub: &mut Hub, n: usize) {
        let job = self.random.within(1, 2) as i64;
        let goal = self.goal(n, job);
        let client = &mut self.clients[n];
        client.begun = self.tick;
        let aim =
            *self.random.pick(&[Aim::Balanced, Aim::Balanced, Aim::Calls(6), Aim::Delay(2000), Aim::Elapsed]);
        let base = if self.random.chance(500) { PollSchedule::WORKSPACE } else { PollSchedule::LOCAL };
        let known = client.run.and_then(|run| self.world.runs.get(&run)).map(|run| JobId(run.job));
        let options = WaitOptions {
            deadline: client.deadline.map(Tick),
            retry: RetryPolicy { first_contact_ms: 60_000, ..RetryPolicy::default() },
            cancel_on_timeout: client.cancels,
            cancel_on_stop: client.cancels,
            job: known.filter(|_| self.random.chance(500)),
            ..WaitOptions::new(base.aiming(aim), self.random.next())
        };
        self.counts.waits += 1;
        let wait = hub.begin(self.now(), goal, options);
        self.ids.insert(wait, n);
    }

    fn goal(&mut self, n: usize, job: i64) -> Goal {
        let kind = self.clients[n].kind;
        let intent = self.clients[n].intent.clone();
        let age = self.random.within(0, 30_000);
        let began = self.tick.saturating_sub(age);
        match kind {
            Kind::RunNow | Kind::RunNowWithoutToken => Goal::RunNow(Box::new(RunNow {
                job_id: JobId(job),
                idempotency_token: (kind == Kind::RunNow).then(|| intent.clone()),
                job_parameters: [("intent", intent)].into_iter().collect(),
                ..RunNow::default()
            })),
            Kind::Submit => {
                Goal::Submit(Box::new(SubmitRun { idempotency_token: Some(intent), ..SubmitRun::default() }))
            }
            Kind::AdoptMissing => {
                self.clients[n].run = Some(7);
                Goal::Adopt(RunId(7))
            }
            Kind::Adopt => {
                // Of several who wait, some wait for the same run.
                let shared =
                    self.world.runs.values().next().map(|run| run.id).filter(|_| self.random.chance(400));
                let run = shared.unwrap_or_else(|| self.world.start(job, "someone".to_owned(), began));
                self.clients[n].run = Some(run);
                Goal::Adopt(RunId(run))
            }
            Kind::Cancel => {
                let run = self.world.start(job, "someone".to_owned(), began);
                self.clients[n].run = Some(run);
                Goal::Cancel(RunId(run))
            }
            Kind::Repair => {
                let run = self.ended_run(job);
                self.clients[n].run = Some(run);
                let rerun_all_failed_tasks = Some(true);
                Goal::Repair(Box::new(RepairRun {
                    run_id: RunId(run),
                    rerun_all_failed_tasks,
                    ..RepairRun::default()
                }))
            }
        }
    }

    /// A run that has failed long ago, some of them repaired before.
    fn ended_run(&mut self, job: i64) -> i64 {
        let run = self.world.start(job, "someone".to_owned(), 0);
        let before = self.random.chance(400);
        let at = self.tick;
        if let Some(run) = self.world.runs.get_mut(&run) {
            run.course = Course { queued: 0, pending: 0, outcome: Outcome::Failed, length: 0, ..run.course };
            if before {
                run.repairs.push(Repair { id: run.id + 499_999, at: 0, end: 0, outcome: Outcome::Failed });
            }
            run.course.length = 2000.min(at / 2);
        }
        run
    }

    fn trace(&mut self, what: &str, at: u64) {
        if self.told {
            eprintln!("{at:>9} {what}");
        }
        for byte in what.bytes().chain(at.to_le_bytes()) {
            self.counts.trace = (self.counts.trace ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }
}

/// Requests without a token carry the intent in their parameters.
fn intent_of(request: &Request) -> String {
    let body = request.body.as_ref();
    let named = body.and_then(|body| body["job_parameters"]["intent"].as_str());
    named.unwrap_or_default().to_owned()
}

/// What one run does.
fn course(random: &mut Random, crowd: bool) -> Course {
    let outcomes = [
        Outcome::Success,
        Outcome::Success,
        Outcome::Failed,
        Outcome::SuccessWithFailures,
        Outcome::TimedOut,
        Outcome::Canceled,
        Outcome::Skipped,
    ];
    let most = *random.pick(&[400, 5000, 60_000, 300_000]);
    let outcome = *random.pick(&outcomes);
    // The new form alone does not tell a time-out from a cancel (reference section 8.4).
    let form = match random.pick(&[Form::Both, Form::Both, Form::Legacy, Form::Status]) {
        Form::Status if outcome == Outcome::TimedOut => Form::Both,
        form => *form,
    };
    Course {
        queued: if random.chance(200) { random.within(1, 20_000) } else { 0 },
        pending: random.within(0, 1500),
        length: random.within(1, most),
        outcome,
        tasks: if random.chance(40) && !crowd {
            random.within(101, 230) as usize
        } else {
            random.within(1, 3) as usize
        },
        form,
        strange: random.chance(100),
    }
}

mod check;

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.waits += other.waits;
        self.calls += other.calls;
        self.faults += other.faults;
        self.verdicts += other.verdicts;
        self.errors += other.errors;
        self.lists += other.lists;
        self.trace = self.trace.wrapping_add(other.trace);
    }
}
