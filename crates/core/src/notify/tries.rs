//! When a delivery is tried: at once, then after pauses that double, until it succeeds or is given up. The same answers follow
//! from the same times; nothing is random, since the receivers of one engine are few.
//!
//! What kind of failure it was does not matter: a receiver that answers 401 today is put right tomorrow, and then gets
//! what it missed. A delivery is given up when it is old and was tried often enough: an engine that was down for days still
//! tries before it gives up.

use crate::time::WallTime;
use serde::{Deserialize, Serialize};

/// Milliseconds between the first try and the second.
pub const FIRST_PAUSE_MS: i64 = 2_000;
/// Milliseconds between two tries at most; a receiver may ask for as much.
pub const LONGEST_PAUSE_MS: i64 = 600_000;
/// A delivery that is older than this is given up, in milliseconds.
pub const GIVE_UP_MS: i64 = 24 * 3600 * 1000;
/// Unless it was tried less often than this.
pub const LEAST_TRIES: u32 = 12;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriesState {
    /// It will be tried.
    Waiting,
    /// It has arrived.
    Sent,
    /// It was tried for too long.
    GivenUp,
}

/// The tries of one delivery; kept by whoever sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// When there was something to tell.
    pub created: WallTime,
    /// How often it was tried.
    pub count: u32,
    /// When it was tried last.
    pub last: Option<WallTime>,
    /// When it is tried next, while it waits.
    pub due: WallTime,
    /// Where it stands.
    pub state: TriesState,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try, then say how it went.
    Send,
    /// Nothing until then.
    Wait(WallTime),
    /// Nothing any more.
    Over,
}

impl Tries {
    /// A delivery that was never tried.
    pub fn new(now: WallTime) -> Self {
        Self { created: now, count: 0, last: None, due: now, state: TriesState::Waiting }
    }

    /// What is due. A clock that was set back since the last try does not hold a delivery until it has caught up.
    pub fn poll(&self, now: WallTime) -> Next {
        match self.state {
            TriesState::Sent | TriesState::GivenUp => Next::Over,
            TriesState::Waiting if self.due <= now || self.last.unwrap_or(self.created) > now => Next::Send,
            TriesState::Waiting => Next::Wait(self.due),
        }
    }

    /// A try has arrived.
    pub fn sent(&mut self, now: WallTime) {
        self.count = self.count.saturating_add(1);
        self.last = Some(now);
        self.state = TriesState::Sent;
    }

    /// A try has not arrived. `asked`: the milliseconds that the receiver wants to be left alone, `Retry-After`.
    pub fn failed(&mut self, now: WallTime, asked: Option<i64>) {
        self.count = self.count.saturating_add(1);
        self.last = Some(now);
        if now.since(self.created) >= GIVE_UP_MS && self.count >= LEAST_TRIES {
            self.state = TriesState::GivenUp;
            return;
        }
        let doublings = (self.count - 1).min(20);
        let pause = (FIRST_PAUSE_MS << doublings).max(asked.unwrap_or(0)).min(LONGEST_PAUSE_MS);
        self.due = now + pause;
    }

    /// Somebody asks for another try, of a delivery that waits or was given up: it begins anew.
    pub fn again(&mut self, now: WallTime) {
        if self.state != TriesState::Sent {
            *self = Self::new(now);
        }
    }
}
