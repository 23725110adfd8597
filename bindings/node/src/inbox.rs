//! What answers and streams have to tell JavaScript. Everything of one gateway lies in one queue: JavaScript is woken once,
//! and takes as much as it has time for. A promise for each answer would cost a callback of its own, and a thousand of them
//! in one turn of the event loop would hold up everything else. Knows nothing of what it carries.

use lakeflow_core::door::js_text;
use napi::Status;
use napi::bindgen_prelude::{Either3, Undefined};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Tells JavaScript that the inbox is not empty any more. Weak: what is under way is kept alive by JavaScript's side.
pub type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

/// One answer to a request, or one event of a stream.
#[derive(Default)]
pub(crate) struct Told {
    /// Of the request that it belongs to.
    pub(crate) ticket: u32,
    /// HTTP status; 0 for an event, which has none.
    pub(crate) status: u16,
    /// JSON text or a frame.
    pub(crate) text: Option<String>,
    /// The request opened a stream; its events come under the same ticket, the first one perhaps with this.
    pub(crate) stream: bool,
    /// The stream is over; nothing follows this.
    pub(crate) over: bool,
    /// What few have.
    pub(crate) more: Option<Box<More>>,
}

/// What few answers have.
#[derive(Default, Serialize)]
pub(crate) struct More {
    /// Names and values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) headers: Vec<(&'static str, String)>,
    /// So many pieces of a long answer follow, each under the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pieces: Option<usize>,
    /// What went wrong, for the host's log. Without a status the request was not answered at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

impl More {
    /// Nothing when there is nothing.
    pub(crate) fn boxed(self) -> Option<Box<Self>> {
        let any = !self.headers.is_empty() || self.pieces.is_some() || self.error.is_some();
        any.then(|| Box::new(self))
    }
}

/// Bits beside the status.
const STREAM: u32 = 1 << 16;
const OVER: u32 = 1 << 17;

/// A value as it crosses: what is told is four of them in a row, since an object with names costs as much as all that is done with it.
pub(crate) type Cell = Either3<u32, String, Undefined>;

impl Told {
    /// The ticket; the status with bits beside it; the text; what few have, as JSON text.
    fn cells(self) -> [Cell; 4] {
        let bits =
            u32::from(self.status) | if self.stream { STREAM } else { 0 } | if self.over { OVER } else { 0 };
        let text = |text: Option<String>| text.map_or(Either3::C(()), Either3::B);
        let more = self.more.map(|more| js_text(&more));
        [Either3::A(self.ticket), Either3::A(bits), text(self.text), text(more)]
    }
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
    pub(crate) fn take(&self, most: usize) -> Vec<Cell> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.woken = !queue.told.is_empty();
        let most = most.min(queue.told.len());
        let told: Vec<Told> = queue.told.drain(..most).collect();
        drop(queue);
        told.into_iter().flat_map(Told::cells).collect()
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
        let more = More { error, ..More::default() }.boxed();
        Self { inbox, told: Some(Told { ticket, more, ..Told::default() }) }
    }

    pub(crate) fn pay(mut self, told: Told) {
        self.told = Some(told);
    }

    /// Pays with the beginning of a stream. What is owed from then on is the stream's end.
    pub(crate) fn then_end(self, told: Told) -> Self {
        let (inbox, ticket) = (self.inbox.clone(), told.ticket);
        self.pay(told);
        Self { inbox, told: Some(Told { ticket, over: true, ..Told::default() }) }
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
