//! Drives the core's hub: one task a workspace, which exists while somebody waits.
//!
//! Waits put what they want into the hub and wake the task; the task carries calls out and puts what comes of them into
//! the waits' slots. Nothing here decides anything.

use crate::wait::Event;
use crate::workspace::Workspace;
use futures::future::{AbortHandle, Aborted, BoxFuture, abortable};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::task::AtomicWaker;
use lakeflow_core::api::fault::{TransportFault, transport};
use lakeflow_core::api::{Request, Response};
use lakeflow_core::error::Error;
use lakeflow_core::id::RunId;
use lakeflow_core::run::RunDoc;
use lakeflow_core::time::Tick;
use lakeflow_core::wait::hub::{Hub, HubInput, HubOutput, HubSettings, HubStats, WaitId};
use lakeflow_core::wait::{CallId, Goal, Now, Verdict, WaitEnd, WaitOptions};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The hub of one workspace.
pub(crate) struct SharedHub {
    state: Mutex<State>,
    /// Something was put into the hub.
    wake: Notify,
}

struct State {
    hub: Hub,
    slots: HashMap<WaitId, Arc<Slot>>,
    /// A task drives the hub.
    driven: bool,
}

/// Where the news of one wait lie until it looks. A state that nobody looked at is replaced by the next.
pub(crate) struct Slot {
    news: Mutex<News>,
    waker: AtomicWaker,
    begun: Instant,
}

impl Default for Slot {
    fn default() -> Self {
        Self { news: Mutex::default(), waker: AtomicWaker::new(), begun: Instant::now() }
    }
}

#[derive(Default)]
struct News {
    started: Option<RunId>,
    changed: Option<Arc<RunDoc>>,
    ended: Option<Box<WaitEnd>>,
}

impl Slot {
    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next event, if there is one.
    pub(crate) fn take(&self) -> Option<Event> {
        let mut news = self.news();
        if let Some(run_id) = news.started.take() {
            return Some(Event::Started(run_id));
        }
        if let Some(run) = news.changed.take() {
            return Some(Event::Changed(Box::new(Arc::unwrap_or_clone(run))));
        }
        news.ended.take().map(Event::Ended)
    }

    /// Whom to wake when there are news. To be called before looking.
    pub(crate) fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    /// Puts news in; whoever waits for them is to be woken afterwards.
    fn put(self: &Arc<Self>, put: impl FnOnce(&mut News)) -> Arc<Self> {
        put(&mut self.news());
        self.clone()
    }
}

type Call = BoxFuture<'static, (CallId, Result<Result<Response, Error>, Aborted>)>;

impl SharedHub {
    pub(crate) fn new(settings: HubSettings) -> Self {
        let state = State { hub: Hub::new(settings), slots: HashMap::new(), driven: false };
        Self { state: Mutex::new(state), wake: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a wait, whose news come into the slot. One that was stopped before is stopped before anything is sent.
    pub(crate) fn begin(
        &self,
        now: Now,
        goal: Goal,
        options: WaitOptions,
        slot: Arc<Slot>,
        stopped: bool,
    ) -> WaitId {
        let mut state = self.state();
        let wait = state.hub.begin(now, goal, options);
        if stopped {
            let _ = state.hub.handle(now, HubInput::Stop(wait));
        }
        state.slots.insert(wait, slot);
        drop(state);
        self.wake.notify_one();
        wait
    }

    /// Puts something in.
    pub(crate) fn put(&self, now: Now, input: HubInput) {
        let mut state = self.state();
        if let HubInput::Forget(wait) = &input {
            state.slots.remove(wait);
        }
        // The hub refuses only answers to calls that are not under way: those were abandoned.
        let _ = state.hub.handle(now, input);
        drop(state);
        self.wake.notify_one();
    }

    /// Books a place under the limit for a call beside the hub.
    pub(crate) fn book(&self, now: Now) -> Tick {
        self.state().hub.book(now)
    }

    pub(crate) fn stats(&self) -> HubStats {
        self.state().hub.stats()
    }

    /// Sees to it that a task drives the hub. Has to be called from a runtime.
    pub(crate) fn ensure_driven(&self, workspace: &Workspace) {
        let mut state = self.state();
        if !state.driven {
            state.driven = true;
            drop(state);
            // Made here, so that it ends with the task even if the runtime never polls it.
            let driver = Driver { workspace: workspace.clone(), aborts: BTreeMap::new(), done: false };
            tokio::spawn(driver.drive());
        }
    }
}

struct Driver {
    workspace: Workspace,
    aborts: BTreeMap<CallId, AbortHandle>,
    /// Nobody waits any more; another task may drive the hub already.
    done: bool,
}

impl Driver {
    async fn drive(mut self) {
        let mut calls: FuturesUnordered<Call> = FuturesUnordered::new();
        while let Some(until) = self.drain(&calls) {
            let clock = self.workspace.clock();
            let hub = self.workspace.hub();
            let timer = async {
                match until {
                    Some(tick) => tokio::time::sleep_until(clock.instant(tick)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Some((call, result)) = calls.next(), if !calls.is_empty() => {
                    self.aborts.remove(&call);
                    if let Ok(result) = result {
                        hub.put(self.workspace.now(), HubInput::Answered { call, result });
                    }
                }
                () = hub.wake.notified() => {}
                () = timer => hub.put(self.workspace.now(), HubInput::Timeout),
            }
        }
    }

    /// Carries out what the hub wants, and says until when there is nothing to do; `None` when nobody waits any more.
    #[expect(clippy::option_option, reason = "an end, a timer, or no timer")]
    fn drain(&mut self, calls: &FuturesUnordered<Call>) -> Option<Option<Tick>> {
        let workspace = self.workspace.clone();
        let mut state = workspace.hub().state();
        // Whoever is woken or measures may come back here: that waits until the lock is free.
        let (mut woken, mut waited) = (Vec::new(), Vec::new());
        let until = loop {
            match state.hub.poll() {
                HubOutput::Call { call, request } => {
                    let (work, abort) = abortable(send(workspace.clone(), *request));
                    self.aborts.insert(call, abort);
                    calls.push(Box::pin(async move { (call, work.await) }));
                }
                HubOutput::Abandon(call) => {
                    if let Some(abort) = self.aborts.remove(&call) {
                        abort.abort();
                    }
                }
                HubOutput::Started { wait, run_id } => {
                    workspace.run_changed(run_id);
                    woken.extend(
                        state.slots.get(&wait).map(|slot| slot.put(|news| news.started = Some(run_id))),
                    );
                }
                HubOutput::Changed { wait, run } => {
                    workspace.run_changed(run.run_id);
                    woken
                        .extend(state.slots.get(&wait).map(|slot| slot.put(|news| news.changed = Some(run))));
                }
                HubOutput::Ended { wait, mut end } => {
                    if let Verdict::Unfinished(error) = end.verdict {
                        end.verdict = Verdict::Unfinished(workspace.located(error));
                    }
                    let Some(slot) = state.slots.remove(&wait) else { continue };
                    waited.push((slot.begun, end.verdict.as_str(), late(&end)));
                    woken.push(slot.put(|news| news.ended = Some(end)));
                }
                HubOutput::Wait { until, .. } => break until,
            }
        };
        let over = state.slots.is_empty() && calls.is_empty();
        if over {
            (state.driven, self.done) = (false, true);
        }
        drop(state);
        for (begun, verdict, late) in waited {
            workspace.telemetry().waited(verdict, begun.elapsed(), late);
        }
        for slot in woken {
            slot.waker.wake();
        }
        (!over).then_some(until)
    }
}

/// How long a run that has ended had been over; nothing when the clocks contradict each other.
fn late(end: &WaitEnd) -> Option<Duration> {
    let over = end.run.as_ref()?.end_time.filter(|time| *time > 0)?;
    let late = crate::Clock::wall().0.checked_sub(over).and_then(|ms| u64::try_from(ms).ok())?;
    (!matches!(end.verdict, Verdict::Unfinished(_))).then_some(Duration::from_millis(late))
}

impl Drop for Driver {
    /// When the runtime ends the task before its time, waits of another runtime go on: their next look starts a new task,
    /// and the calls that were under way count as broken.
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let hub = self.workspace.hub();
        let mut state = hub.state();
        state.driven = false;
        let now = self.workspace.now();
        for call in std::mem::take(&mut self.aborts).into_keys() {
            let error =
                transport("wait", TransportFault::Broken, "the runtime that carried the call has ended");
            let _ = state.hub.handle(now, HubInput::Answered { call, result: Err(error) });
        }
        let slots: Vec<Arc<Slot>> = state.slots.values().cloned().collect();
        drop(state);
        for slot in slots {
            slot.waker.wake();
        }
    }
}

async fn send(workspace: Workspace, request: Request) -> Result<Response, Error> {
    workspace.send(&request, None).await
}
