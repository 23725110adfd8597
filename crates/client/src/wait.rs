//! Drives one of the core's wait machines over a workspace.

use crate::workspace::{Workspace, fresh_seed};
use futures::future::BoxFuture;
use lakeflow_core::api::{Request, Response};
use lakeflow_core::error::Error;
use lakeflow_core::id::RunId;
use lakeflow_core::run::RunDoc;
use lakeflow_core::time::Tick;
use lakeflow_core::wait::{
    CallId, Goal, Input, Now, Output, PollSchedule, Verdict, Wait, WaitEnd, WaitOptions as CoreOptions,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How a run is waited for.
#[derive(Clone, Copy, Debug, Default)]
pub struct WaitOptions {
    /// The wait ends after this long whatever happens; `None` waits as long as the run takes.
    pub timeout: Option<Duration>,
    /// Cancel the run when the time-out comes. Without it the run goes on.
    pub cancel_on_timeout: bool,
    /// Cancel the run when the wait is stopped. Without it the run goes on.
    pub cancel_on_stop: bool,
    /// Distances of polls; by default those for a workspace, or the shorter ones for a host on this machine.
    pub schedule: Option<PollSchedule>,
}

/// What a wait tells while it lasts.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The run id is known.
    Started(RunId),
    /// The state of the run, a task or an attempt is not what it was.
    Changed(Box<RunDoc>),
    /// The wait is over; nothing follows.
    Ended(Box<WaitEnd>),
}

/// A wait under way. [`Running::next`] moves it on; dropping it leaves the run as it is.
pub struct Running {
    workspace: Workspace,
    machine: Wait,
    calling: Option<(CallId, Call)>,
    signals: Arc<Signals>,
    ended: bool,
}

type Call = BoxFuture<'static, Result<Response, Error>>;

#[derive(Default)]
struct Signals {
    stop: Notify,
    news: Notify,
}

/// Reaches a wait from elsewhere, for example from a signal handler.
#[derive(Clone)]
pub struct Handle(Arc<Signals>);

impl Handle {
    /// Ends the wait. The run goes on unless `cancel_on_stop` was set.
    pub fn stop(&self) {
        self.0.stop.notify_one();
    }

    /// Something has been heard about the run: poll at once.
    pub fn notify(&self) {
        self.0.news.notify_one();
    }
}

impl Running {
    pub(crate) fn new(workspace: Workspace, goal: Goal, options: WaitOptions) -> Self {
        let local = if workspace.is_local() { PollSchedule::LOCAL } else { PollSchedule::WORKSPACE };
        let now = workspace.now();
        let core = CoreOptions {
            deadline: options
                .timeout
                .map(|timeout| now.tick.after(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX))),
            cancel_on_timeout: options.cancel_on_timeout,
            cancel_on_stop: options.cancel_on_stop,
            retry: workspace.retry_policy(),
            ..CoreOptions::new(options.schedule.unwrap_or(local), fresh_seed())
        };
        let machine = Wait::new(goal, core, now);
        Self { workspace, machine, calling: None, signals: Arc::default(), ended: false }
    }

    /// A handle to stop or hurry the wait.
    pub fn handle(&self) -> Handle {
        Handle(self.signals.clone())
    }

    /// The run, once it is known.
    pub fn run_id(&self) -> Option<RunId> {
        self.machine.run_id()
    }

    /// The next event; `None` after [`Event::Ended`]. A future that is dropped halfway loses nothing: the next goes on.
    pub async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        let event = self.step().await;
        self.ended = matches!(event, Event::Ended(_));
        Some(event)
    }

    /// Waits to the end, telling nobody.
    pub async fn finish(mut self) -> WaitEnd {
        loop {
            if let Event::Ended(end) = self.step().await {
                return *end;
            }
        }
    }

    async fn step(&mut self) -> Event {
        loop {
            match self.machine.poll() {
                Output::Call { call, request } => self.calling = Some((call, self.send(*request))),
                Output::Started(run_id) => return Event::Started(run_id),
                Output::Changed(run) => return Event::Changed(run),
                Output::Wait { until, .. } => {
                    let input = self.input(until).await;
                    // The machine refuses only answers to calls that are not under way; here there is one at a time.
                    let _ = self.machine.handle(self.workspace.now(), input);
                }
                Output::Ended(mut end) => {
                    if let Verdict::Unfinished(error) = end.verdict {
                        end.verdict = Verdict::Unfinished(self.workspace.located(error));
                    }
                    return Event::Ended(end);
                }
            }
        }
    }

    fn send(&self, request: Request) -> Call {
        let workspace = self.workspace.clone();
        Box::pin(async move { workspace.send(&request, None).await })
    }

    /// What happens first: the answer, the timer, a stop, or news.
    async fn input(&mut self, until: Option<Tick>) -> Input {
        let clock = self.workspace.clock();
        let timer = async {
            match until {
                Some(tick) => tokio::time::sleep_until(clock.instant(tick)).await,
                None => std::future::pending().await,
            }
        };
        let answer = async {
            match &mut self.calling {
                Some((call, answer)) => (*call, answer.await),
                None => std::future::pending().await,
            }
        };
        let input = tokio::select! {
            biased;
            () = self.signals.stop.notified() => Input::Stop,
            (call, result) = answer => Input::Answered { call, result },
            () = self.signals.news.notified() => Input::Notify,
            () = timer => Input::Timeout,
        };
        if matches!(input, Input::Answered { .. }) {
            self.calling = None;
        }
        input
    }
}

impl Workspace {
    pub(crate) fn now(&self) -> Now {
        Now { tick: self.clock().tick(), wall: crate::Clock::wall() }
    }
}
