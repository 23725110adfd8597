//! The events of a wait as a class of JavaScript: each is asked for, and comes by the inbox.

use crate::inbox::{Inbox, Owed, Told};
use lakeflow_client::routes::EventStream;
use lakeflow_core::door::js_text;
use napi::bindgen_prelude::spawn;
use napi_derive::napi;
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// The events of a wait.
#[napi]
pub struct EventHandle {
    ticket: u32,
    inbox: Arc<Inbox>,
    stream: Arc<tokio::sync::Mutex<Option<Box<EventStream>>>>,
    closing: Arc<watch::Sender<bool>>,
    /// Nothing that was sent was received.
    undelivered: Arc<Mutex<bool>>,
}

impl EventHandle {
    pub(crate) fn new(stream: Box<EventStream>, inbox: Arc<Inbox>, ticket: u32) -> Self {
        Self {
            ticket,
            inbox,
            stream: Arc::new(tokio::sync::Mutex::new(Some(stream))),
            closing: Arc::new(watch::Sender::new(false)),
            undelivered: Arc::default(),
        }
    }
}

#[napi]
impl EventHandle {
    /// Asks for the next event: as it goes over the wire (heartbeats too) with `frames`, else as JSON text
    /// `{id, event, data}`. It comes by the inbox; without a text the stream is over.
    #[napi]
    pub fn ask(&self, frames: bool) {
        let owed = Owed::new(self.inbox.clone(), self.ticket);
        let (stream, undelivered) = (self.stream.clone(), self.undelivered.clone());
        let mut closing = self.closing.subscribe();
        let ticket = self.ticket;
        spawn(async move {
            let mut held = stream.lock().await;
            let text = match held.as_mut() {
                None => None,
                Some(open) => tokio::select! {
                    biased;
                    _ = closing.wait_for(|closed| *closed) => None,
                    text = next(open, frames) => text,
                },
            };
            if text.is_none()
                && let Some(over) = held.take()
            {
                finish(over, *undelivered.lock().unwrap_or_else(PoisonError::into_inner));
            }
            owed.pay(Told { ticket, text, ..Told::default() });
        });
    }

    /// Ends the stream: what was asked for comes as its end. With `undelivered` the client received nothing of it.
    #[napi]
    pub fn close(&self, undelivered: bool) {
        *self.undelivered.lock().unwrap_or_else(PoisonError::into_inner) = undelivered;
        self.closing.send_replace(true);
        // Nobody may be asking any more.
        if let Ok(mut held) = self.stream.try_lock()
            && let Some(over) = held.take()
        {
            finish(over, undelivered);
        }
    }
}

async fn next(open: &mut EventStream, frames: bool) -> Option<String> {
    if frames {
        return open.next_frame().await;
    }
    let event = open.next_event().await?;
    Some(js_text(&json!({"id": event.id, "event": event.event, "data": event.data})))
}

/// Stops a wait and sees it to its end, which is where a run is cancelled whose wait asked for that.
fn finish(mut over: Box<EventStream>, undelivered: bool) {
    if undelivered {
        over.undelivered();
    }
    over.stop();
    spawn(async move { while over.next_event().await.is_some() {} });
}
