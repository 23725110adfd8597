//! How many calls a second leave for one workspace.

use crate::time::Tick;
use std::collections::VecDeque;

/// The span that the limit is about, in milliseconds.
const SPAN_MS: u64 = 1000;

/// A sliding window: never more calls in any second than allowed, and no pause where fewer are made. Places are booked
/// in order, so whoever asks first goes first.
#[derive(Clone, Debug, Default)]
pub struct Limiter {
    per_second: Option<usize>,
    booked: VecDeque<Tick>,
    paused: Tick,
}

impl Limiter {
    /// At most this many calls in any second, at least one; `None` for no limit.
    pub fn new(per_second: Option<u32>) -> Self {
        let per_second = per_second.map(|most| usize::try_from(most.max(1)).unwrap_or(usize::MAX));
        Self { per_second, booked: VecDeque::new(), paused: Tick(0) }
    }

    /// When the next call may leave: now, or later.
    pub fn free_at(&self, now: Tick) -> Tick {
        let earliest = now.max(self.paused);
        match (self.per_second, self.booked.front()) {
            (Some(most), Some(first)) if self.booked.len() >= most => earliest.max(first.after(SPAN_MS)),
            _ => earliest,
        }
    }

    /// Books the next place and says when it is.
    pub fn book(&mut self, now: Tick) -> Tick {
        let at = self.free_at(now).max(self.booked.back().copied().unwrap_or_default());
        if let Some(most) = self.per_second {
            if self.booked.len() >= most {
                self.booked.pop_front();
            }
            self.booked.push_back(at);
        }
        at
    }

    /// Lets nothing leave before `until`: the host asked for it.
    pub fn pause(&mut self, until: Tick) {
        self.paused = self.paused.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_holds_more_than_is_allowed() {
        let mut limiter = Limiter::new(Some(3));
        let booked: Vec<u64> = [0, 0, 0, 0, 10, 10, 2500, 2500].map(|now| limiter.book(Tick(now)).0).into();
        assert_eq!(booked, [0, 0, 0, 1000, 1000, 1000, 2500, 2500]);
    }

    #[test]
    fn a_pause_holds_everything_back() {
        let mut limiter = Limiter::new(None);
        limiter.pause(Tick(700));
        assert_eq!(limiter.book(Tick(5)), Tick(700));
        assert_eq!(limiter.book(Tick(800)), Tick(800));
    }
}
