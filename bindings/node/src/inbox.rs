//! What answers and streams have to tell JavaScript. Everything of one gateway lies in one queue: JavaScript is woken once,
//! and takes as much as it has time for. A promise for each answer would cost a callback of its own, and a thousand of them
//! in one turn of the event loop would hold up everything else. Knows nothing of what it carries.

use napi::Status;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Tells JavaScript that the inbox is not empty any more. Weak: what is under way is kept alive by JavaScript's side.
pub type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

/// One answer to a request, or one event of a stream.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct Told {
    /// Of the request that it belongs to.
    pub ticket: u32,
    /// HTTP status; an event has none.
    pub status: Option<u16>,
    /// Names and values, if there are any.
    pub headers: Option<Vec<Vec<String>>>,
    /// JSON text or a frame.
    pub text: Option<String>,
    /// So many pieces of a long answer follow, each under the ticket.
    pub pieces: Option<u32>,
    /// What went wrong, for the host's log. Without a status the request was not answered at all.
    pub error: Option<String>,
    /// The request opened a stream; its events come under the same ticket, the first one perhaps with this.
    pub stream: Option<bool>,
    /// The stream is over; nothing follows this.
    pub over: Option<bool>,
}

#[derive(Default)]
struct Queue {
    told: VecDeque<Told>,
    /// JavaScript knows that there is something, and comes until it finds nothing.
    woken: bool,
}

/// The queue.
pub(crate) struct Inbox {
    queue: Mutex<Queue>,
    wake: Wake,
}

impl Inbox {
    pub(crate) fn new(wake: Wake) -> Self {
        Self { queue: Mutex::default(), wake }
    }

    pub(crate) fn put(&self, told: Told) {
        self.put_all(std::iter::once(told));
    }

    /// Puts in what belongs together.
    pub(crate) fn put_all(&self, told: impl IntoIterator<Item = Told>) {
        let woken = {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.told.extend(told);
            std::mem::replace(&mut queue.woken, true)
        };
        if !woken {
            // A process that is ending has nobody to tell.
            let _ = self.wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// The oldest ones. Whoever is given none is woken for the next.
    pub(crate) fn take(&self, most: usize) -> Vec<Told> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.woken = !queue.told.is_empty();
        let most = most.min(queue.told.len());
        queue.told.drain(..most).collect()
    }
}

/// The answer that a request gets in any case, also when its task comes to nothing.
pub(crate) struct Owed {
    inbox: Arc<Inbox>,
    told: Option<Told>,
}

impl Owed {
    pub(crate) fn new(inbox: Arc<Inbox>, ticket: u32) -> Self {
        let error = Some("the task that answers has ended before its time".to_owned());
        Self { inbox, told: Some(Told { ticket, error, ..Told::default() }) }
    }

    pub(crate) fn pay(mut self, told: Told) {
        self.told = Some(told);
    }

    /// Pays with the beginning of a stream. What is owed from then on is the stream's end.
    pub(crate) fn then_end(self, told: Told) -> Self {
        let (inbox, ticket) = (self.inbox.clone(), told.ticket);
        self.pay(told);
        Self { inbox, told: Some(Told { ticket, over: Some(true), ..Told::default() }) }
    }

    /// As [`Owed::pay`], with the pieces of a long answer.
    pub(crate) fn pay_with(mut self, told: Told, pieces: Vec<String>) {
        let ticket = told.ticket;
        let pieces = pieces.into_iter().map(|text| Told { ticket, text: Some(text), ..Told::default() });
        self.told = None;
        self.inbox.put_all(std::iter::once(told).chain(pieces));
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if let Some(told) = self.told.take() {
            self.inbox.put(told);
        }
    }
}
