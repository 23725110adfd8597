//! Whether and when a failed call is made again: a pure function of the error, the request, the time and a seed.

use super::endpoint::{Method, Request};
use super::fault;
use crate::error::{Error, ErrorCode, Retry};
use crate::seed::Seeded;
use crate::time::Tick;

/// Limits of trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The first back-off is at most this long, in milliseconds; it doubles with each failure.
    pub base_ms: u64,
    /// No back-off is longer, in milliseconds; a `Retry-After` may be.
    pub cap_ms: u64,
    /// From the first failure on, tries go on for this long, in milliseconds. 0: never try again.
    pub budget_ms: u64,
    /// The same for a host that has not been reached at all so far: most likely its name is wrong, or it is not running.
    pub first_contact_ms: u64,
}

impl Default for RetryPolicy {
    /// Back-off from 0.5 s to 10 s, for five minutes, as long as the official clients try; ten seconds for a host
    /// that was never reached.
    fn default() -> Self {
        Self { base_ms: 500, cap_ms: 10_000, budget_ms: 300_000, first_contact_ms: 10_000 }
    }
}

/// What to do after a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Make the call again at this time.
    Again(Tick),
    /// Report the error; its `retry` is [`Retry::Spent`] when it could have passed.
    GiveUp(Error),
}

/// The failures of one call, or of one series of polls.
#[derive(Clone, Debug)]
pub struct Retrier {
    policy: RetryPolicy,
    seeded: Seeded,
    failures: u32,
    first_failure: Option<Tick>,
    refusals: u32,
    reached: bool,
}

impl Retrier {
    /// No failures yet. The same `seed` gives the same back-offs.
    pub fn new(policy: RetryPolicy, seed: u64) -> Self {
        Self {
            policy,
            seeded: Seeded::new(seed),
            failures: 0,
            first_failure: None,
            refusals: 0,
            reached: false,
        }
    }

    /// The host has been reached before, by another call: the limits of a first contact do not hold.
    pub fn reached(&mut self) {
        self.reached = true;
    }

    /// Goes on trying as long as this policy too would.
    pub fn widen(&mut self, policy: RetryPolicy) {
        self.policy.budget_ms = self.policy.budget_ms.max(policy.budget_ms);
        self.policy.first_contact_ms = self.policy.first_contact_ms.max(policy.first_contact_ms);
    }

    /// A call succeeded: failures before it no longer count.
    pub fn succeeded(&mut self) {
        self.failures = 0;
        self.first_failure = None;
        self.refusals = 0;
        self.reached = true;
    }

    /// Failures since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// A call failed. It is made again when the error may pass, the request can do no harm twice, and the next try is
    /// before the end of the budget and before `deadline`.
    pub fn failed(&mut self, now: Tick, request: &Request, deadline: Option<Tick>, error: Error) -> Verdict {
        self.failures = self.failures.saturating_add(1);
        let first = *self.first_failure.get_or_insert(now);
        let wait = match error.retry {
            Retry::After(ms) => ms,
            Retry::Never if self.forgives(request, &error) => 0,
            Retry::Never | Retry::Spent => return Verdict::GiveUp(error),
        };
        if !request.repeatable && !fault::not_carried_out(&error) {
            return Verdict::GiveUp(error);
        }
        let at = now.after(wait.saturating_add(self.back_off()));
        self.reached |= error.code != ErrorCode::Unreachable;
        let RetryPolicy { budget_ms, first_contact_ms, .. } = self.policy;
        let end = first.after(if self.reached { budget_ms } else { budget_ms.min(first_contact_ms) });
        if at > end || deadline.is_some_and(|deadline| at >= deadline) {
            return Verdict::GiveUp(error.retry(Retry::Spent));
        }
        Verdict::Again(at)
    }

    /// A read that is refused once is tried again: a token is replaced or a permission is spread with a delay. The
    /// second refusal in a row stands.
    fn forgives(&mut self, request: &Request, error: &Error) -> bool {
        let refused = matches!(error.code, ErrorCode::Unauthenticated | ErrorCode::PermissionDenied);
        self.refusals += u32::from(refused);
        refused && self.refusals == 1 && request.method == Method::Get
    }

    /// Exponential with full jitter: anything from 0 to the bound, so that callers that failed together come back apart.
    fn back_off(&mut self) -> u64 {
        let doublings = (self.failures - 1).min(20);
        let bound = self.policy.base_ms.saturating_mul(1 << doublings).min(self.policy.cap_ms);
        self.seeded.up_to(bound)
    }
}
