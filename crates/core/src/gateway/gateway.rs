//! The gateway of an app's jobs: which job a request is for, and who comes back after a broken connection.

use super::exchange::Exchange;
use super::http::{Incoming, Refusal, Reply};
use super::present::fingerprint;
use super::registry::{Entry, JobRef, ParamCheck, Registry};
use super::route::{Route, find};
use super::sse::Claim;
use super::webhook::{self, WebhookSecret};
use crate::error::ErrorCode;
use crate::params::ParamSchema;
use crate::problem::Problem;
use crate::time::Tick;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A client that lost its connection before it was told anything comes back within this time, in milliseconds.
const CLAIM_MS: u64 = 60_000;
/// Claims that are kept; the oldest goes first.
const CLAIMS_MAX: usize = 1000;
/// How the routes behave.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What answers name as their origin.
    pub plugin: String,
    /// Who may send notifications; without one there is no such route.
    pub webhook: Option<WebhookSecret>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { plugin: "jobs".to_owned(), webhook: None }
    }
}

/// A job with its compiled schema.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) entry: Entry,
    pub(super) schema: Option<ParamSchema>,
}

/// The jobs of an app and the routes to them.
#[derive(Debug)]
pub struct Gateway {
    registry: Registry,
    settings: Arc<Settings>,
    jobs: BTreeMap<String, Arc<Prepared>>,
    /// Triggers whose clients were gone before they heard of a run.
    claims: VecDeque<(Tick, Claim)>,
}

impl Gateway {
    /// Prepares the routes. The schemas of all jobs are compiled; their problems are told with `<key>: ` before their paths.
    pub fn new(registry: Registry, settings: Settings) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut jobs = BTreeMap::new();
        for entry in registry.entries() {
            let schema = match &entry.config.check {
                ParamCheck::Schema(schema) => ParamSchema::compile(schema).map(Some),
                ParamCheck::None | ParamCheck::Host(_) => Ok(None),
            };
            match schema {
                Ok(schema) => {
                    jobs.insert(entry.key.clone(), Arc::new(Prepared { entry: entry.clone(), schema }));
                }
                Err(found) => problems.extend(
                    found.into_iter().map(|p| Problem { path: format!("{}: {}", entry.key, p.path), ..p }),
                ),
            }
        }
        let gateway = Self { registry, settings: Arc::new(settings), jobs, claims: VecDeque::new() };
        if problems.is_empty() { Ok(gateway) } else { Err(problems) }
    }

    /// The jobs.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Takes in a request.
    pub fn accept(&mut self, now: Tick, incoming: Incoming) -> Exchange {
        let mut exchange = Exchange::new(self.settings.clone());
        if let Err(refusal) = self.route(now, incoming, &mut exchange) {
            exchange.refuse(refusal);
        }
        exchange
    }

    fn route(&mut self, now: Tick, incoming: Incoming, exchange: &mut Exchange) -> Result<(), Refusal> {
        let (key, route) = find(&incoming)?;
        if route == Ok(Route::Webhook) {
            let (job, runs) = webhook::read(&incoming, self.settings.webhook.as_ref())?;
            let ours = self.jobs.values().any(|known| match known.entry.job {
                JobRef::Id(id) => id == job,
                JobRef::Name(_) => true,
                JobRef::Missing => false,
            });
            if ours {
                exchange.notify(runs);
            }
            exchange.reply(Reply::empty());
            return Ok(());
        }
        let Some(job) = self.jobs.get(&key).cloned() else {
            let safe: String =
                key.chars().filter(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
            return Err(Refusal::new(404, ErrorCode::NotFound, format!("Unknown job {safe:?}")));
        };
        if job.entry.job == JobRef::Missing {
            let told = format!("Job {key:?} has no configured job ID");
            return Err(Refusal::new(404, ErrorCode::NotFound, told));
        }
        let route = route?;
        let claim = (route == Route::Run).then(|| self.claim(now, &incoming)).flatten();
        exchange.begin(job, route, incoming, claim)
    }

    /// The token of the trigger that this request repeats, or the one that it brings.
    fn claim(&mut self, now: Tick, incoming: &Incoming) -> Option<Claim> {
        self.claims.retain(|(at, _)| now.since(*at) < CLAIM_MS);
        let request = fingerprint(&[incoming.client.as_bytes(), incoming.path.as_bytes(), &incoming.body]);
        let again = self.claims.iter().position(|(_, claim)| claim.request == request);
        let token = match again.and_then(|n| self.claims.remove(n)) {
            Some((_, claim)) => claim.token,
            None if incoming.nonce.is_empty() => return None,
            None => incoming.nonce.clone(),
        };
        Some(Claim { request, token })
    }

    /// The client of a stream was gone before anything was sent to it. When the same request comes from the same client
    /// within a minute, it is taken for the retry that it is, and meets the run that was started.
    pub fn abandoned(&mut self, now: Tick, claim: Claim) {
        if self.claims.len() == CLAIMS_MAX {
            self.claims.pop_front();
        }
        self.claims.push_back((now, claim));
    }
}
