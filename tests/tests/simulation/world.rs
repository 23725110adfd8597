//! The workspace of the simulation: jobs and runs whose whole course is known, behind the Jobs API.
//!
//! What a run does is a function of time. Reads may be answered by a replica that lags behind.

use lakeflow_core::api::{Request, Response};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Wall time of tick 0.
pub(crate) const EPOCH: i64 = 1_700_000_000_000;

/// How an end is written, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    SuccessWithFailures,
    Failed,
    Canceled,
    TimedOut,
    Skipped,
}

impl Outcome {
    /// The word of the verdict.
    pub(crate) fn verdict(self) -> &'static str {
        match self {
            Self::Success => "succeeded",
            Self::SuccessWithFailures => "succeeded_with_failures",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::TimedOut => "timed_out",
            Self::Skipped => "skipped",
        }
    }

    /// Life cycle and result of the legacy form, code and type of the new one (reference sections 8.2 to 8.4).
    fn wire(self) -> [&'static str; 4] {
        match self {
            Self::Success => ["TERMINATED", "SUCCESS", "SUCCESS", "SUCCESS"],
            Self::SuccessWithFailures => {
                ["TERMINATED", "SUCCESS_WITH_FAILURES", "SUCCESS_WITH_FAILURES", "SUCCESS"]
            }
            Self::Failed => ["INTERNAL_ERROR", "FAILED", "RUN_EXECUTION_ERROR", "CLIENT_ERROR"],
            Self::Canceled => ["TERMINATED", "CANCELED", "USER_CANCELED", "SUCCESS"],
            Self::TimedOut => ["TERMINATED", "TIMEDOUT", "CANCELED", "CLIENT_ERROR"],
            Self::Skipped => {
                ["SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED", "MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR"]
            }
        }
    }
}

/// Which of the two forms of a state a run is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Both,
    Legacy,
    Status,
}

/// The plan of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) queued: u64,
    pub(crate) pending: u64,
    pub(crate) length: u64,
    pub(crate) outcome: Outcome,
    pub(crate) tasks: usize,
    pub(crate) form: Form,
    /// A state that nobody knows stands in for RUNNING half of the time.
    pub(crate) strange: bool,
}

#[derive(Debug)]
pub(crate) struct Repair {
    pub(crate) id: i64,
    pub(crate) at: u64,
    pub(crate) end: u64,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: i64,
    pub(crate) job: i64,
    pub(crate) created: u64,
    pub(crate) course: Course,
    pub(crate) canceled: Option<u64>,
    pub(crate) repairs: Vec<Repair>,
    /// Who asked for it: the idempotency token, or the intent itself.
    pub(crate) intent: String,
}

/// How long a cancel takes.
const CANCEL_MS: u64 = 700;

impl Run {
    fn begins(&self) -> u64 {
        self.created + self.course.queued + self.course.pending
    }

    /// The first end, repairs apart.
    fn first_end(&self) -> (u64, Outcome) {
        let end = if self.course.outcome == Outcome::Skipped {
            self.created
        } else {
            self.begins() + self.course.length
        };
        match self.canceled {
            Some(at) if at < end && self.repairs.is_empty() => ((at + CANCEL_MS).min(end), Outcome::Canceled),
            _ => (end, self.course.outcome),
        }
    }

    /// When the run ends or ended last, and how.
    pub(crate) fn end(&self) -> (u64, Outcome) {
        let Some(last) = self.repairs.last() else { return self.first_end() };
        match self.canceled {
            Some(at) if at >= last.at && at < last.end => ((at + CANCEL_MS).min(last.end), Outcome::Canceled),
            _ => (last.end, last.outcome),
        }
    }

    /// How the run stands at a time, as of what had happened to it by then.
    fn state(&self, at: u64) -> (&'static str, Option<(u64, Outcome)>) {
        let repaired = self.repairs.iter().any(|repair| repair.at <= at);
        let (end, outcome) = if repaired { self.end() } else { self.first_end() };
        if at >= end {
            return ("ENDED", Some((end, outcome)));
        }
        if repaired {
            return ("RUNNING", None);
        }
        let age = at - self.created;
        let state = if age < self.course.queued {
            "QUEUED"
        } else if age < self.course.queued + self.course.pending {
            "PENDING"
        } else if self.course.strange && age % 2000 < 1000 {
            "HIBERNATING"
        } else {
            "RUNNING"
        };
        (state, None)
    }

    /// Every outcome that was true at some time from `since` to `until`.
    pub(crate) fn outcomes(&self, since: u64, until: u64) -> Vec<Outcome> {
        let ends = std::iter::once(self.first_end()).chain(self.repairs.iter().map(|r| (r.end, r.outcome)));
        let until_repair = self.repairs.iter().map(|repair| repair.at).chain([u64::MAX]);
        let mut outcomes = Vec::new();
        for ((end, outcome), repaired) in ends.zip(until_repair) {
            // Of a run that was repaired after its end, the newest end may have been cancelled.
            let (end, outcome) = if repaired == u64::MAX { self.end() } else { (end, outcome) };
            if end <= until && since <= repaired {
                outcomes.push(outcome);
            }
        }
        outcomes
    }

    /// Keys of the tasks that are failures of their own once the run has ended like this.
    pub(crate) fn failing(&self, outcome: Outcome) -> Vec<String> {
        match outcome {
            Outcome::Failed | Outcome::SuccessWithFailures => vec![format!("t{}", self.course.tasks - 1)],
            Outcome::TimedOut => (0..self.course.tasks).map(|n| format!("t{n}")).collect(),
            _ => Vec::new(),
        }
    }

    fn write_state(&self, out: &mut String, state: &'static str, end: Option<Outcome>) {
        let [life, result, code, kind] = end.map_or([state, "", "", ""], Outcome::wire);
        if self.course.form != Form::Status {
            let _ = write!(out, "\"state\":{{\"life_cycle_state\":\"{life}\",\"state_message\":\"\"");
            if end.is_some() {
                let _ = write!(out, ",\"result_state\":\"{result}\"");
            }
            out.push_str("},");
        }
        if self.course.form != Form::Legacy {
            match end {
                Some(_) => {
                    let _ = write!(
                        out,
                        "\"status\":{{\"state\":\"TERMINATED\",\"termination_details\":{{\"code\":\"{code}\",\"type\":\"{kind}\",\"message\":\"\"}}}},"
                    );
                }
                None => {
                    let _ = write!(out, "\"status\":{{\"state\":\"{state}\"}},");
                }
            }
        }
    }

    /// Writes the run's document as of a time; `tasks` are the first and the end of those that are shown.
    fn write(&self, out: &mut String, at: u64, tasks: (usize, usize), history: bool) {
        let (state, end) = self.state(at);
        let end_time = end.map_or(0, |(end, _)| EPOCH + end as i64);
        let start = EPOCH + self.created as i64;
        let Self { id, job, .. } = self;
        let queue = self.course.queued;
        let _ = write!(
            out,
            "{{\"run_id\":{id},\"job_id\":{job},\"run_name\":\"job {job}\",\"run_page_url\":\"https://w/run/{id}\",\
             \"start_time\":{start},\"end_time\":{end_time},\"queue_duration\":{queue},"
        );
        self.write_state(out, state, end.map(|(_, outcome)| outcome));
        if history {
            out.push_str("\"repair_history\":[{\"type\":\"ORIGINAL\"}");
            for repair in self.repairs.iter().filter(|repair| repair.at <= at) {
                let _ = write!(out, ",{{\"type\":\"REPAIR\",\"id\":{}}}", repair.id);
            }
            out.push_str("],");
        }
        out.push_str("\"tasks\":[");
        for n in tasks.0..tasks.1.min(self.course.tasks) {
            if n > tasks.0 {
                out.push(',');
            }
            let _ = write!(out, "{{\"task_key\":\"t{n}\",\"attempt_number\":0,");
            let own = end.map(|(_, outcome)| match outcome {
                Outcome::Failed | Outcome::SuccessWithFailures if n + 1 == self.course.tasks => {
                    Outcome::Failed
                }
                Outcome::Failed | Outcome::SuccessWithFailures => Outcome::Success,
                other => other,
            });
            self.write_state(out, if state == "HIBERNATING" { "RUNNING" } else { state }, own);
            let _ = write!(out, "\"run_id\":{}}}", self.id + 1 + n as i64);
        }
        out.push_str("]}");
    }
}

/// The workspace.
pub(crate) struct World {
    pub(crate) runs: BTreeMap<i64, Run>,
    by_token: BTreeMap<String, i64>,
    pub(crate) courses: Vec<Course>,
    next_run: i64,
    pub(crate) refused_repairs: usize,
}

/// Tasks on a page.
const PAGE: usize = 100;

fn ok(body: String) -> Response {
    Response { status: 200, headers: Vec::new(), body: body.into_bytes() }
}

fn refused(message: &str) -> Response {
    let body = format!("{{\"error_code\":\"INVALID_PARAMETER_VALUE\",\"message\":\"{message}\"}}");
    Response { status: 400, headers: Vec::new(), body: body.into_bytes() }
}

impl World {
    pub(crate) fn new(courses: Vec<Course>) -> Self {
        let (runs, by_token) = (BTreeMap::new(), BTreeMap::new());
        Self { runs, by_token, courses, next_run: 1 << 20, refused_repairs: 0 }
    }

    /// A run of a job begins.
    pub(crate) fn start(&mut self, job: i64, intent: String, at: u64) -> i64 {
        let id = self.next_run;
        self.next_run += 1 << 20;
        let course = self.courses[(id >> 20) as usize % self.courses.len()];
        let (canceled, repairs) = (None, Vec::new());
        self.runs.insert(id, Run { id, job, created: at, course, canceled, repairs, intent });
        id
    }

    /// Carries out a request at a time; reads see the world of `lag` milliseconds ago.
    pub(crate) fn answer(&mut self, request: &Request, intent: &str, at: u64, lag: u64) -> Response {
        let seen = at.saturating_sub(lag);
        match request.operation {
            "run_now" | "submit" => self.trigger(request, intent, at),
            "get_run" => self.get(request, seen),
            "list_runs" => self.list(request, seen),
            "cancel_run" => {
                let Some(run) = self.runs.get_mut(&number(request, "run_id")) else {
                    return refused("Run 0 does not exist.");
                };
                run.canceled.get_or_insert(at);
                ok("{}".to_owned())
            }
            "repair_run" => self.repair(request, at),
            "get_run_output" => ok("{\"error\":\"boom\",\"logs\":\"x\"}".to_owned()),
            other => panic!("the workspace does not know {other}"),
        }
    }

    fn trigger(&mut self, request: &Request, intent: &str, at: u64) -> Response {
        let body = request.body.as_ref();
        let token = body.and_then(|body| body["idempotency_token"].as_str());
        if let Some(run) = token.and_then(|token| self.by_token.get(token)) {
            return ok(format!("{{\"run_id\":{run}}}"));
        }
        let job = body.and_then(|body| body["job_id"].as_i64()).unwrap_or(999);
        let run = self.start(job, token.unwrap_or(intent).to_owned(), at);
        if let Some(token) = token {
            self.by_token.insert(token.to_owned(), run);
        }
        ok(format!("{{\"run_id\":{run}}}"))
    }

    fn repair(&mut self, request: &Request, at: u64) -> Response {
        let latest = request.body.as_ref().and_then(|body| body["latest_repair_id"].as_i64());
        let Some(run) = self.runs.get_mut(&number(request, "run_id")) else {
            return refused("Run 0 does not exist.");
        };
        let stale = run.repairs.last().map(|repair| repair.id) != latest;
        if run.end().0 > at || stale {
            self.refused_repairs += 1;
            return refused("the run is active, or latest_repair_id is not the latest");
        }
        let id = run.id + 500_000 + run.repairs.len() as i64;
        let end = at + 1 + run.course.length / 2;
        run.canceled = None;
        run.repairs.push(Repair { id, at, end, outcome: Outcome::Success });
        ok(format!("{{\"repair_id\":{id}}}"))
    }

    fn get(&self, request: &Request, seen: u64) -> Response {
        let id = number(request, "run_id");
        let Some(run) = self.runs.get(&id).filter(|run| run.created <= seen) else {
            return refused(&format!("Run {id} does not exist."));
        };
        let page = query(request, "page_token").and_then(|token| token.parse().ok()).unwrap_or(0);
        let mut out = String::new();
        let to = page + PAGE;
        run.write(&mut out, seen, (page, to), query(request, "include_history") == Some("true"));
        if to < run.course.tasks {
            out.pop();
            let _ = write!(out, ",\"next_page_token\":\"{to}\"}}");
        }
        ok(out)
    }

    fn list(&self, request: &Request, seen: u64) -> Response {
        let flag = |name| query(request, name) == Some("true");
        let bound =
            |name, default| query(request, name).and_then(|text| text.parse().ok()).unwrap_or(default);
        let (job, limit) = (number(request, "job_id"), bound("limit", 20) as usize);
        assert!(limit <= 25, "the platform's pages hold 25");
        let (from, to) = (bound("start_time_from", i64::MIN), bound("start_time_to", i64::MAX));
        let mut runs: Vec<&Run> = self
            .runs
            .values()
            .filter(|run| run.job == job && run.created <= seen)
            .filter(|run| (from..=to).contains(&(EPOCH + run.created as i64)))
            .filter(|run| {
                let ended = run.state(seen).1.is_some();
                !(flag("active_only") && ended || flag("completed_only") && !ended)
            })
            .collect();
        runs.sort_by_key(|run| std::cmp::Reverse((run.created, run.id)));
        let skip = bound("page_token", 0) as usize;
        let mut out = String::from("{\"runs\":[");
        for (n, run) in runs.iter().skip(skip).take(limit).enumerate() {
            if n > 0 {
                out.push(',');
            }
            let shown = if flag("expand_tasks") { PAGE } else { 0 };
            run.write(&mut out, seen, (0, shown), false);
            if run.course.tasks > PAGE {
                out.pop();
                out.push_str(",\"has_more\":true}");
            }
        }
        out.push(']');
        if runs.len() > skip + limit {
            let _ = write!(out, ",\"next_page_token\":\"{}\"", skip + limit);
        }
        out.push('}');
        ok(out)
    }
}

fn query<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn number(request: &Request, name: &str) -> i64 {
    let query = query(request, name).and_then(|text| text.parse().ok());
    query.or_else(|| request.body.as_ref()?[name].as_i64()).unwrap_or(0)
}
