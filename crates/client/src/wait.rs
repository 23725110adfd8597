//! One wait of a workspace, as its user holds it: events one by one, or the end. The workspace's hub does the waiting.

use crate::hub::{SharedHub, Slot};
use crate::options::Abort;
use crate::workspace::{Workspace, fresh_seed};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::run::RunDoc;
use lakeflow_core::wait::hub::{HubInput, WaitId};
use lakeflow_core::wait::{Goal, PollSchedule, WaitEnd, WaitOptions as CoreOptions};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

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
    /// The job of a run that exists, where the caller knows it: many waits for runs of one job then share pages of the
    /// job's runs from their first poll on.
    pub job: Option<JobId>,
}

/// What a wait tells while it lasts.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The run id is known.
    Started(RunId),
    /// The state of the run, a task or an attempt is not what it was. States that nobody looked at before the next came are
    /// left out.
    Changed(Box<RunDoc>),
    /// The wait is over; nothing follows.
    Ended(Box<WaitEnd>),
}

/// A wait. It begins with the first [`Running::next`] or [`Running::finish`], and its time-out counts from when it was
/// made; from then on it goes on by itself. Dropping it leaves the run as it is.
pub struct Running {
    workspace: Workspace,
    slot: Arc<Slot>,
    place: Arc<Place>,
    goal: Option<Box<(Goal, CoreOptions)>>,
    run_id: Option<RunId>,
    /// Ready when the caller has called the wait off.
    aborted: Option<BoxFuture<'static, ()>>,
    ended: bool,
}

/// Where a wait stands in the hub: what is said to it before it begins is kept.
struct Place {
    workspace: Workspace,
    standing: Mutex<Standing>,
}

#[derive(Default)]
struct Standing {
    wait: Option<WaitId>,
    run_id: Option<RunId>,
    stopped: bool,
}

/// Reaches a wait from elsewhere, for example from a signal handler.
#[derive(Clone)]
pub struct Handle(Arc<Place>);

impl Handle {
    /// Ends the wait. The run goes on unless `cancel_on_stop` was set; a second stop does not wait for the cancel.
    pub fn stop(&self) {
        let wait = {
            let mut standing = self.0.standing();
            standing.stopped |= standing.wait.is_none();
            standing.wait
        };
        if let Some(wait) = wait {
            self.0.hub().put(self.0.workspace.now(), HubInput::Stop(wait));
        }
    }

    /// Something has been heard about the run: poll at once.
    pub fn notify(&self) {
        let run_id = self.0.standing().run_id;
        if let Some(run_id) = run_id {
            self.0.workspace.notify(run_id);
        }
    }
}

impl Place {
    fn standing(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hub(&self) -> &SharedHub {
        self.workspace.hub()
    }
}

impl Running {
    pub(crate) fn new(workspace: Workspace, goal: Goal, options: WaitOptions, abort: Option<Abort>) -> Self {
        let local = if workspace.is_local() { PollSchedule::LOCAL } else { PollSchedule::WORKSPACE };
        let now = workspace.now();
        let core = CoreOptions {
            deadline: options
                .timeout
                .map(|timeout| now.tick.after(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX))),
            cancel_on_timeout: options.cancel_on_timeout,
            cancel_on_stop: options.cancel_on_stop,
            retry: workspace.retry_policy(),
            job: options.job,
            ..CoreOptions::new(options.schedule.unwrap_or(local), fresh_seed())
        };
        let run_id = match &goal {
            Goal::RunNow(_) | Goal::Submit(_) => None,
            Goal::Adopt(run_id) | Goal::Cancel(run_id) => Some(*run_id),
            Goal::Repair(repair) => Some(repair.run_id),
        };
        let standing = Mutex::new(Standing { run_id, ..Standing::default() });
        let place = Place { workspace: workspace.clone(), standing };
        let place = Arc::new(place);
        Self {
            workspace,
            slot: Arc::default(),
            place,
            goal: Some(Box::new((goal, core))),
            run_id,
            aborted: abort.map(|abort| async move { abort.aborted().await }.boxed()),
            ended: false,
        }
    }

    /// A handle to stop or hurry the wait.
    pub fn handle(&self) -> Handle {
        Handle(self.place.clone())
    }

    /// The run, once it is known.
    pub fn run_id(&self) -> Option<RunId> {
        self.run_id
    }

    /// True once [`Event::Ended`] was given.
    pub fn is_over(&self) -> bool {
        self.ended
    }

    /// The next event; `None` after [`Event::Ended`]. A future that is dropped halfway loses nothing: the next goes on.
    pub async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        Some(std::future::poll_fn(|context| self.look(context)).await)
    }

    /// Waits to the end, telling nobody.
    pub async fn finish(mut self) -> WaitEnd {
        loop {
            if let Event::Ended(end) = std::future::poll_fn(|context| self.look(context)).await {
                return *end;
            }
        }
    }

    /// Takes what lies in the slot.
    fn look(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        // Before the wait begins, so that what was called off sends nothing.
        if self.aborted.as_mut().is_some_and(|aborted| aborted.poll_unpin(context).is_ready()) {
            self.aborted = None;
            self.handle().stop();
        }
        self.begin();
        self.slot.register(context.waker());
        match self.slot.take() {
            Some(Event::Started(run_id)) => {
                self.run_id = Some(run_id);
                self.place.standing().run_id = Some(run_id);
                Poll::Ready(Event::Started(run_id))
            }
            Some(event) => {
                self.ended = matches!(event, Event::Ended(_));
                Poll::Ready(event)
            }
            None => {
                // The task may have ended with its runtime.
                self.workspace.hub().ensure_driven(&self.workspace);
                Poll::Pending
            }
        }
    }

    fn begin(&mut self) {
        let Some((goal, options)) = self.goal.take().map(|goal| *goal) else { return };
        let hub = self.workspace.hub();
        let mut standing = self.place.standing();
        let wait = hub.begin(self.workspace.now(), goal, options, self.slot.clone(), standing.stopped);
        standing.wait = Some(wait);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let wait = self.place.standing().wait;
        if let Some(wait) = wait.filter(|_| !self.ended) {
            self.workspace.hub().put(self.workspace.now(), HubInput::Forget(wait));
        }
    }
}
