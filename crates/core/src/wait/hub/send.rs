//! What leaves, and when: places under the limits are given to wants, and wants become requests.

use super::group::Way;
use super::lanes::Want;
use super::{Flight, Hub, HubOutput};
use crate::api::fault::retry_after;
use crate::api::{Request, Response};
use crate::wait::CallId;

/// A host that asks for patience is given it by all waits for this long at most, in milliseconds; the call itself waits
/// as long as it was told.
const MOST_PAUSE_MS: u64 = 60_000;

impl Hub {
    /// Sends while the limits allow.
    pub(super) fn send(&mut self) {
        while self.flights.len() < self.settings.in_flight
            && !self.lanes.is_empty()
            && self.limiter.free_at(self.now.tick) <= self.now.tick
        {
            let Some(want) = self.lanes.next() else { return };
            let Some((want, request)) = self.request(want) else { continue };
            self.last_call += 1;
            let call = CallId(self.last_call);
            self.limiter.book(self.now.tick);
            self.outbox.push_back(HubOutput::Call { call, request: Box::new(request.clone()) });
            let flight = Flight { want, sent: self.now.tick, request: Box::new(request) };
            self.flights.insert(call, flight);
        }
    }

    /// The request of a want; `None` when it is no longer wanted. What is due may leave as another call than by itself.
    fn request(&mut self, want: Want) -> Option<(Want, Request)> {
        match want {
            Want::Errand(wait) => self.errand_request(wait).map(|request| (want, request)),
            Want::Poll(run_id) => self.poll_request(run_id).map(|request| (want, request)),
            Want::Due(run_id) => match self.share(run_id) {
                Way::Round(job_id) => {
                    self.sweep_request(job_id).map(|request| (Want::Sweep(job_id), request))
                }
                Way::Alone => self.poll_request(run_id).map(|request| (want, request)),
                Way::Later => None,
            },
            Want::Page(run_id) => self.page_request(run_id).map(|request| (want, request)),
            Want::Output(run_id, place) => self.output_request(run_id, place).map(|request| (want, request)),
            Want::Sweep(job_id) => self.sweep_request(job_id).map(|request| (want, request)),
            Want::Past(job_id) => self.past_request(job_id).map(|request| (want, request)),
        }
    }

    /// A host that is asked too often says so to one call and means all.
    pub(super) fn heed(&mut self, response: &Response) {
        if response.status != 429 {
            return;
        }
        let wait = response.header("retry-after").and_then(|text| retry_after(text, self.now.wall));
        self.limiter.pause(self.now.tick.after(wait.unwrap_or(0).min(MOST_PAUSE_MS)));
    }
}
