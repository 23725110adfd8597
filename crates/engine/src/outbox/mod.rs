//! Sends what the store says is to be told. Rooms: `post` (HTTP), `mail` (SMTP, or files where there is no server).
//!
//! A delivery is stored with the change that it tells of, and is over when a try of it was answered well and that was stored:
//! whoever is killed in between sends it again, under the same id, never not at all. Each recipient gets one delivery at a
//! time, the oldest that is due first, so that one that hangs holds up nobody else. Who is told what, and when a delivery is tried
//! again, is decided in `lakeflow_core::notify`.

mod mail;
mod post;
#[cfg(test)]
mod tests;

pub use mail::Smtp;

use crate::clock::Clock;
use crate::config::Notice as Told;
use crate::store::Store;
use crate::store::outbox::Delivery;
use lakeflow_core::error::Error;
use lakeflow_core::execution::WorkspaceFacts;
use lakeflow_core::notify::{Destination, DestinationKind, Next, Notice, Recipient, letter};
use lakeflow_core::time::WallTime;
use mail::Mail;
use post::Post;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{Id, JoinSet};

/// Recipients that are told something at once.
const MOST_AT_ONCE: usize = 64;
/// Longest sleep, so that a clock that was set is noticed.
const LOOK: Duration = Duration::from_secs(20);
/// Between two tries to reach the store, when it is full for example.
const AGAIN: Duration = Duration::from_secs(2);

/// A try that did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// For people; holds nothing secret.
    pub(crate) text: String,
    /// `Retry-After` in milliseconds.
    pub(crate) asked: Option<i64>,
}

impl Failed {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), asked: None }
    }
}

struct Inner {
    store: Store,
    told: Told,
    /// For links to runs.
    workspace: WorkspaceFacts,
    post: Post,
    mail: Mail,
    /// Woken when a try is stored.
    settled: Notify,
}

/// Handle to the outbox; clones are the same.
#[derive(Clone)]
pub(crate) struct Outbox {
    inner: Arc<Inner>,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox")
    }
}

impl Outbox {
    /// An outbox that sends nothing before [`Self::run`]. Fails for an SMTP address that cannot be used.
    pub(crate) fn new(
        store: Store,
        told: Told,
        workspace: WorkspaceFacts,
        data_dir: &Path,
        smtp: Option<&Smtp>,
    ) -> Result<Self, Error> {
        let mail = Mail::new(data_dir, &workspace.id, smtp)?;
        let post = Post::new(&workspace.id);
        Ok(Self { inner: Arc::new(Inner { store, told, workspace, post, mail, settled: Notify::new() }) })
    }

    /// Sends what is due, for as long as the engine lives.
    pub(crate) async fn run(self) {
        let mut under_way: JoinSet<()> = JoinSet::new();
        let mut busy: BTreeMap<Id, String> = BTreeMap::new();
        loop {
            let sleep = match self.begin_due(&mut under_way, &mut busy).await {
                Ok(Some(next)) => Duration::from_millis(next.since(Clock::wall()).max(1) as u64).min(LOOK),
                Ok(None) => LOOK,
                Err(error) => {
                    self.inner.told.send(&format!("notifications are held back: {error}"));
                    AGAIN
                }
            };
            tokio::select! {
                Some(done) = under_way.join_next_with_id() => {
                    let id = done.map_or_else(|error| error.id(), |(id, ())| id);
                    busy.remove(&id);
                }
                () = tokio::time::sleep(sleep) => {}
                () = self.inner.store.post().notified() => {}
            }
        }
    }

    /// Begins to send what is due to recipients that are not being told something already; gives the time of what is due next.
    async fn begin_due(
        &self,
        under_way: &mut JoinSet<()>,
        busy: &mut BTreeMap<Id, String>,
    ) -> Result<Option<WallTime>, Error> {
        let names = |busy: &BTreeMap<Id, String>| busy.values().cloned().collect::<Vec<_>>();
        let room = MOST_AT_ONCE.saturating_sub(busy.len());
        for delivery in self.inner.store.due_deliveries(Clock::wall(), names(busy), room).await? {
            let (outbox, recipient) = (self.clone(), delivery.recipient.to_string());
            let task = under_way.spawn(async move { outbox.deliver(delivery).await });
            busy.insert(task.id(), recipient);
        }
        if busy.len() >= MOST_AT_ONCE {
            // Somebody gets free first.
            return Ok(None);
        }
        self.inner.store.next_delivery(names(busy)).await
    }

    /// One try, and what came of it stored.
    async fn deliver(&self, delivery: Delivery) {
        if delivery.tries.poll(Clock::wall()) != Next::Send {
            return;
        }
        let result = self.send(&delivery).await;
        // A store that fails, a full disk for example, is tried until it works: what has arrived must not be sent for ever.
        while let Err(error) = self.settle(&delivery, &result, Clock::wall()).await {
            self.inner.told.send(&format!("how delivery {} went is held back: {error}", delivery.id));
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Stores how a try went.
    async fn settle(
        &self,
        delivery: &Delivery,
        result: &Result<(), Failed>,
        now: WallTime,
    ) -> Result<(), Error> {
        let mut tries = delivery.tries.clone();
        let error = match result {
            Ok(()) => {
                tries.sent(now);
                None
            }
            Err(failed) => {
                tries.failed(now, failed.asked);
                Some(failed.text.clone())
            }
        };
        let first = tries.count == 1;
        if let (Some(error), true) = (&error, first || tries.poll(now) == Next::Over) {
            let what = if first { "is tried again" } else { "is given up" };
            let (recipient, id) = (&delivery.recipient, delivery.id);
            self.inner
                .told
                .send(&format!("notification {id} to {recipient} has not arrived and {what}: {error}"));
        }
        let stored = self.inner.store.put_tries(delivery.id, tries, error).await;
        self.inner.settled.notify_waiters();
        stored
    }

    /// Waits until everything was tried once, but no longer than `most`: a command that ends right after its run has told of it.
    pub(crate) async fn tried(&self, most: Duration) {
        let all = async {
            loop {
                let settled = self.inner.settled.notified();
                // A store that cannot be asked has nothing to wait for.
                if !matches!(self.inner.store.has_untried().await, Ok(true)) {
                    return;
                }
                settled.await;
            }
        };
        // What is left is told at the next start.
        let _ = tokio::time::timeout(most, all).await;
    }

    /// Sends a delivery to where it goes now; destinations may have changed since it was made.
    async fn send(&self, delivery: &Delivery) -> Result<(), Failed> {
        match &delivery.recipient {
            Recipient::Email(address) => {
                let to = std::slice::from_ref(address);
                self.mail(&delivery.id.to_string(), to, &delivery.notice).await
            }
            Recipient::Destination(id) => {
                let found = self.inner.store.destination(id.clone()).await;
                let found = found.map_err(|error| Failed::new(error.to_string()))?;
                let destination = found.ok_or_else(|| {
                    let text = format!("notification destination {id:?} does not exist here");
                    Failed::new(format!("{text}; `lakeflow destinations create NAME --id {id} …` makes it"))
                })?;
                self.send_to(&destination, &delivery.id.to_string(), &delivery.notice).await
            }
        }
    }

    /// Sends a notice to a destination. `id` names the delivery: the same when it is sent again.
    pub(crate) async fn send_to(
        &self,
        destination: &Destination,
        id: &str,
        notice: &Notice,
    ) -> Result<(), Failed> {
        match destination.kind {
            DestinationKind::Email => self.mail(id, destination.addresses(), notice).await,
            _ => self.inner.post.send(destination, id, notice, &self.page(notice)).await,
        }
    }

    async fn mail(&self, id: &str, to: &[String], notice: &Notice) -> Result<(), Failed> {
        self.inner.mail.send(id, to, &letter(notice, &self.page(notice)), notice.at).await
    }

    /// The page of the run that a notice is about.
    fn page(&self, notice: &Notice) -> String {
        let WorkspaceFacts { id, url } = &self.inner.workspace;
        format!("{url}/?o={id}#job/{}/run/{}", notice.job_id, notice.run_id)
    }
}
