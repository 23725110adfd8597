//! The events of a wait: one task a stream puts them into the inbox as they come, never more than JavaScript has room for.

use crate::inbox::{Inbox, Owed, Told};
use lakeflow_client::routes::EventStream;
use lakeflow_core::door::js_text;
use serde_json::json;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// Events that may lie in the inbox as frames; they are as small as what a socket holds.
const FRAMES_AHEAD: usize = 8;

/// Events that a program may be behind: states that it does not look at are left out, so that it sees the newest.
const EVENTS_AHEAD: usize = 2;

/// In which form events are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they go over the wire. Heartbeats are JavaScript's: one timer for all streams is less than one for each.
    Frames,
    /// JSON text `{id, event, data}`.
    Objects,
}

/// How the reader of a stream stands to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Reads,
    /// Has gone; `undelivered` when nothing that was sent was received.
    Gone {
        undelivered: bool,
    },
}

/// What JavaScript says to the task of a stream.
#[derive(Debug)]
pub(crate) struct Reins {
    room: Semaphore,
    reader: watch::Sender<Reader>,
}

impl Reins {
    pub(crate) fn new(form: Form) -> Self {
        let ahead = if form == Form::Frames { FRAMES_AHEAD } else { EVENTS_AHEAD };
        Self { room: Semaphore::new(ahead), reader: watch::Sender::new(Reader::Reads) }
    }

    /// So many events more may be told.
    pub(crate) fn more(&self, events: usize) {
        self.room.add_permits(events);
    }

    /// Nobody reads any more.
    pub(crate) fn close(&self, undelivered: bool) {
        self.reader.send_replace(Reader::Gone { undelivered });
    }
}

/// How long the head of a stream waits for its first event: most often they go together.
const HEAD: Duration = Duration::from_millis(20);

/// Answers the request with the head of a stream, tells the events until it is over or nobody reads it, then sees the wait to
/// its end: that is where a run is cancelled whose wait asked for that.
pub(crate) async fn deliver(
    mut stream: Box<EventStream>,
    form: Form,
    reins: Arc<Reins>,
    inbox: Arc<Inbox>,
    mut owed: Owed,
    head: Told,
) {
    let (ticket, mut head) = (head.ticket, Some(head));
    let mut reader = reins.reader.subscribe();
    let due = Instant::now() + HEAD;
    loop {
        let text = {
            let mut next = pin!(next(&mut stream, &reins, form));
            loop {
                tokio::select! {
                    biased;
                    _ = reader.wait_for(|reader| *reader != Reader::Reads) => break None,
                    text = &mut next => break text,
                    () = tokio::time::sleep_until(due), if head.is_some() => {
                        owed = owed.then_end(head.take().unwrap_or_default());
                    }
                }
            }
        };
        let over = text.is_none() || stream.is_over();
        let (first, told) =
            (head.is_some(), head.take().unwrap_or_else(|| Told { ticket, ..Told::default() }));
        let told = Told { text, over, ..told };
        if over {
            owed.pay(told);
            break;
        }
        if first {
            owed = owed.then_end(told);
        } else {
            inbox.put(told);
        }
    }
    stream.stop();
    while stream.next_event().await.is_some() {}
    // What was told while the wait came to its end went nowhere either.
    if let Reader::Gone { undelivered: true } = *reader.borrow() {
        stream.undelivered();
    }
}

/// The next event, once there is room for it.
async fn next(stream: &mut EventStream, reins: &Reins, form: Form) -> Option<String> {
    // Closed never: the reins live as long as the stream's task.
    if let Ok(place) = reins.room.acquire().await {
        place.forget();
    }
    let event = stream.next_event().await?;
    if form == Form::Frames {
        return Some(event.frame());
    }
    Some(js_text(&json!({"id": event.id, "event": event.event, "data": event.data})))
}
