//! One token for all calls: fetched when first needed, renewed before it ends, by one caller at a time.

use super::{Credentials, Headers, Secret, bearer};
use futures::future::BoxFuture;
use lakeflow_core::error::Error;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A token is renewed this long before its end, or after four fifths of its life when that is later.
const MARGIN: Duration = Duration::from_secs(60);

/// Life of a token whose server does not tell it.
pub(crate) const UNKNOWN_LIFE: Duration = Duration::from_secs(300);

/// After a renewal that failed, a token that is still good is used this long before the next try.
const PAUSE: Duration = Duration::from_secs(5);

/// A token and how long it is good for.
pub(crate) struct Granted {
    pub(crate) token: Secret,
    pub(crate) life: Duration,
}

/// A way to get a token.
pub(crate) trait Grant: Send + Sync + 'static {
    /// Fetches a new one.
    fn fetch(&self) -> BoxFuture<'_, Result<Granted, Error>>;
    /// As `auth_type` names it.
    fn kind(&self) -> &'static str;
}

/// The token of a grant. It is the `Authorization` header of each request.
pub(crate) struct Renewed<G> {
    pub(crate) grant: G,
    /// Held while a token is fetched, so that callers that need one at the same time share one call.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// When the last fetch failed, and why: those who were waiting for it fail alike, instead of one after the other.
    failed: Option<(Instant, Error)>,
}

struct Held {
    token: Secret,
    renew_at: Instant,
    ends_at: Instant,
}

impl<G: Grant> Renewed<G> {
    pub(crate) fn new(grant: G) -> Self {
        Self { grant, state: Mutex::default() }
    }

    /// The token; another one when it is among the headers that were refused.
    pub(crate) async fn token(&self, refused: Option<&Headers>) -> Result<Secret, Error> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        let now = Instant::now();
        let was_refused = |held: &Held| {
            refused.into_iter().flatten().any(|(_, value)| value.ends_with(held.token.reveal()))
        };
        let held = state.held.as_ref().filter(|held| !was_refused(held));
        if let Some(held) = held.filter(|held| now < held.renew_at) {
            return Ok(held.token.clone());
        }
        if let Some((_, error)) = state.failed.as_ref().filter(|(at, _)| *at >= asked) {
            return Err(error.clone());
        }
        let still_good = held.filter(|held| now < held.ends_at).map(|held| held.token.clone());
        match (self.grant.fetch().await, still_good) {
            (Ok(granted), _) => {
                let now = Instant::now();
                let renew_after = granted.life.saturating_sub(MARGIN).max(granted.life * 4 / 5);
                let (renew_at, ends_at) = (now + renew_after, now + granted.life);
                *state = State {
                    held: Some(Held { token: granted.token.clone(), renew_at, ends_at }),
                    failed: None,
                };
                Ok(granted.token)
            }
            (Err(_), Some(token)) => {
                if let Some(held) = &mut state.held {
                    held.renew_at = Instant::now() + PAUSE;
                }
                Ok(token)
            }
            (Err(error), None) => {
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}

impl<G: Grant> Credentials for Renewed<G> {
    fn headers<'a>(&'a self, refused: Option<&'a Headers>) -> BoxFuture<'a, Result<Headers, Error>> {
        Box::pin(async move { Ok(vec![bearer(&self.token(refused).await?)]) })
    }
    fn can_refresh(&self) -> bool {
        true
    }
    fn kind(&self) -> &'static str {
        self.grant.kind()
    }
}
