//! Links that carry their own permission, as the platform's pre-signed ones do: for half an hour, and until the engine ends.

use super::App;
use super::http::{error_response, query_of};
use super::transfer::{file_body, octets};
use crate::clock::Clock;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::get;
use hmac::{Hmac, KeyInit, Mac};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::RunId;
use sha2::Sha256;
use std::fmt;
use std::sync::Arc;

/// How long a link is good.
const GOOD_MS: i64 = 30 * 60 * 1000;

/// Where the artifacts of dbt tasks are; the guard lets this path through without a token.
pub(super) const ARTIFACTS: &str = "/api/2.0/lakeflow-local/dbt-artifacts/";

/// Makes and checks signatures with a key that nobody else has.
pub(crate) struct Signer([u8; 32]);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// With a new key.
    pub(crate) fn new() -> Result<Self, Error> {
        let mut key = [0; 32];
        let fault = |e: getrandom::Error| Error::new(ErrorCode::Internal, "start_engine", e.to_string());
        getrandom::fill(&mut key).map(|()| Self(key)).map_err(fault)
    }

    fn mac(&self, run: RunId, expires: i64) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{run}.{expires}").as_bytes());
        Some(mac)
    }

    /// The query of a link to the artifacts of a task run.
    fn sign(&self, run: RunId, now: i64) -> Option<String> {
        let expires = now + GOOD_MS;
        let signature = self.mac(run, expires)?.finalize().into_bytes();
        Some(format!("expires={expires}&signature={}", crate::exec::hex(&signature)))
    }

    /// Whether a query was made here for this task run and is still good.
    fn accepts(&self, run: RunId, query: &[(String, String)], now: i64) -> bool {
        let field = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let expires = field("expires").and_then(|text| text.parse::<i64>().ok());
        let signature = field("signature").and_then(unhex);
        match (expires, signature) {
            (Some(expires), Some(signature)) if expires > now => {
                // The comparison takes the same time whatever differs.
                self.mac(run, expires).is_some_and(|mac| mac.verify_slice(&signature).is_ok())
            }
            _ => false,
        }
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router.route(&format!("{ARTIFACTS}{{run}}"), get(artifacts))
}

/// A link to what a dbt task left; `None` when it left nothing.
pub(super) async fn artifacts_link(app: &App, run: RunId) -> Option<String> {
    let path = app.driver.executor().files(run).artifacts();
    tokio::fs::try_exists(path).await.ok().filter(|there| *there)?;
    let query = app.links.sign(run, Clock::wall().0)?;
    Some(format!("{}{ARTIFACTS}{run}?{query}", app.url))
}

async fn artifacts(State(app): State<Arc<App>>, Path(run): Path<i64>, request: Request) -> Response {
    let run = RunId(run);
    let query = query_of(&request);
    let opened = async {
        if !app.links.accepts(run, &query?, Clock::wall().0) {
            let text = "the link is not good any more; ask runs/get-output for another one";
            return Err(Error::new(ErrorCode::PermissionDenied, "artifacts", text));
        }
        let gone = |_| Error::new(ErrorCode::NotFound, "artifacts", "the artifacts are not here any more");
        tokio::fs::File::open(app.driver.executor().files(run).artifacts()).await.map_err(gone)
    };
    match opened.await {
        Ok(file) => octets(file_body(file)),
        Err(error) => error_response(&app, &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_for_its_run_and_its_time_only() {
        let signer = Signer::new().unwrap();
        let link = signer.sign(RunId(5), 1000).unwrap();
        let query = |link: &str| -> Vec<(String, String)> {
            let pairs = link.split('&').filter_map(|pair| pair.split_once('='));
            pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
        };
        assert!(signer.accepts(RunId(5), &query(&link), 1000 + GOOD_MS - 1));
        assert!(!signer.accepts(RunId(5), &query(&link), 1000 + GOOD_MS));
        assert!(!signer.accepts(RunId(6), &query(&link), 1000));
        assert!(!Signer::new().unwrap().accepts(RunId(5), &query(&link), 1000));
        let later = link.replace(&(1000 + GOOD_MS).to_string(), &(2000 + GOOD_MS).to_string());
        for bad in [later.as_str(), "expires=9999999999999", "expires=9999999999999&signature=zz", ""] {
            assert!(!signer.accepts(RunId(5), &query(bad), 1000), "{bad}");
        }
    }
}
