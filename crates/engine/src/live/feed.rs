//! What changed in the store, in order, for pages that show it live.
//!
//! Every change has a number. The last few thousand are kept, so that a page that was away for a while is told what it
//! missed; who was away for longer takes a new snapshot. Nothing is kept before somebody first looks.

use getrandom::fill;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Changes that are kept.
const MOST: usize = 8192;
/// Bytes of kept changes.
const MOST_BYTES: usize = 8 << 20;

/// A change as JSON text, with its number.
pub(crate) type Kept = (u64, Arc<str>);

#[derive(Debug, Default)]
struct State {
    last: u64,
    kept: VecDeque<Kept>,
    bytes: usize,
}

#[derive(Debug)]
struct Inner {
    /// Tells this life of the engine from others.
    instance: String,
    watched: AtomicBool,
    state: Mutex<State>,
    /// The number of the last change; closed when the engine ends.
    wake: watch::Sender<u64>,
    closed: watch::Sender<bool>,
}

/// The changes of a store. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Feed(Arc<Inner>);

impl Feed {
    pub(crate) fn new() -> Self {
        let mut bytes = [0_u8; 8];
        // Without randomness two lives may share a name; their numbers then still tell most of them apart.
        let _ = fill(&mut bytes);
        let instance = format!("{:016x}", u64::from_le_bytes(bytes));
        Self(Arc::new(Inner {
            instance,
            watched: AtomicBool::new(false),
            state: Mutex::default(),
            wake: watch::channel(0).0,
            closed: watch::channel(false).0,
        }))
    }

    /// Names this life of the engine.
    pub(crate) fn instance(&self) -> &str {
        &self.0.instance
    }

    /// The number of the last change. A snapshot that is read afterwards holds all up to it.
    pub(crate) fn last(&self) -> u64 {
        self.0.watched.store(true, Ordering::SeqCst);
        self.state().last
    }

    /// Adds a change.
    pub(crate) fn publish(&self, change: impl FnOnce() -> Value) {
        let number = {
            let text: Option<Arc<str>> =
                self.0.watched.load(Ordering::SeqCst).then(|| change().to_string().into());
            let mut state = self.state();
            state.last += 1;
            let number = state.last;
            match text {
                Some(text) => {
                    state.bytes += text.len();
                    state.kept.push_back((number, text));
                }
                None => state.kept.clear(),
            }
            while state.kept.len() > MOST || state.bytes > MOST_BYTES {
                let Some((_, gone)) = state.kept.pop_front() else { break };
                state.bytes -= gone.len();
            }
            number
        };
        self.0.wake.send_replace(number);
    }

    /// The changes after a number; `None` when some of them are no longer known.
    pub(crate) fn after(&self, number: u64) -> Option<Vec<Kept>> {
        let state = self.state();
        let first = state.kept.front().map_or(state.last + 1, |(first, _)| *first);
        (number <= state.last && number + 1 >= first)
            .then(|| state.kept.iter().filter(|(n, _)| *n > number).cloned().collect())
    }

    /// Wakes at changes.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.0.watched.store(true, Ordering::SeqCst);
        self.0.wake.subscribe()
    }

    /// Wakes at the end of the engine.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.0.closed.subscribe()
    }

    /// Ends every stream.
    pub(crate) fn close(&self) {
        self.0.closed.send_replace(true);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(feed: &Feed, after: u64) -> Option<Vec<u64>> {
        feed.after(after).map(|kept| kept.iter().map(|(n, _)| *n).collect())
    }

    #[test]
    fn changes_are_told_in_order_from_any_number_that_is_known() {
        let feed = Feed::new();
        feed.publish(|| Value::from("before anybody looked"));
        assert_eq!(feed.last(), 1);
        feed.publish(|| Value::from(2));
        feed.publish(|| Value::from(3));
        assert_eq!(numbers(&feed, 1), Some(vec![2, 3]));
        assert_eq!(numbers(&feed, 3), Some(vec![]));
        assert_eq!(numbers(&feed, 0), None, "the first was not kept");
        assert_eq!(numbers(&feed, 4), None, "a number of another life");
    }

    #[test]
    fn what_is_too_old_is_not_known() {
        let feed = Feed::new();
        feed.last();
        for n in 0..MOST as u64 + 10 {
            feed.publish(|| Value::from(n));
        }
        assert_eq!(numbers(&feed, 9), None);
        assert_eq!(numbers(&feed, 10).map(|kept| kept.len()), Some(MOST));
        feed.publish(|| Value::from("x".repeat(MOST_BYTES)));
        assert_eq!(numbers(&feed, feed.last() - 1), None, "one change larger than all that is kept");
    }

    #[test]
    fn watchers_are_woken() {
        let feed = Feed::new();
        let mut watch = feed.watch();
        assert!(!watch.has_changed().unwrap());
        feed.publish(|| Value::Null);
        assert!(watch.has_changed().unwrap());
        assert_eq!(*watch.borrow_and_update(), 1);
    }
}
