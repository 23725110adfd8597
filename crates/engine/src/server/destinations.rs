//! Notification destinations and deliveries (reference section 16.2). The reference names the endpoint alone; methods and fields are
//! those that the official SDKs send and read. Who may see jobs may see that a destination exists; only the owner changes them, and
//! nobody is shown what is secret.

use super::http::{body_of, json_of, query_of, respond};
use super::permissions::admin_only;
use super::{App, Caller};
use crate::clock::Clock;
use crate::store::outbox::{DeliveryFilter, shown};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::RunId;
use lakeflow_core::notify::{Destination, StoredDestination, TriesState, test_notice};
use lakeflow_core::problem::Problem;
use serde_json::{Value, json};
use std::sync::Arc;

const OPERATION: &str = "notification_destinations";

/// Destinations at most.
const MOST_DESTINATIONS: i64 = 1000;
/// Items of a page when the request does not say, and at most.
const PAGE: i64 = 100;

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router
        .route("/api/2.0/notification-destinations", get(list).post(create))
        .route("/api/2.0/notification-destinations/{id}", get(read).patch(update).delete(remove))
        .route("/api/2.0/lakeflow-local/destinations/{id}/test", post(test))
        .route("/api/2.0/lakeflow-local/deliveries", get(deliveries))
        .route("/api/2.0/lakeflow-local/deliveries/{id}/retry", post(retry))
}

type Shared = State<Arc<App>>;

fn document(StoredDestination { id, destination }: &StoredDestination) -> Value {
    json!({
        "id": id,
        "display_name": destination.display_name,
        "destination_type": destination.kind.as_str(),
        "config": destination.shown(),
    })
}

fn invalid(problems: &[Problem]) -> Error {
    let told = problems.iter().map(|problem| {
        let place = if problem.path.is_empty() { String::new() } else { format!("{}: ", problem.path) };
        let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
        format!("{place}{}{hint}", problem.message)
    });
    Error::new(ErrorCode::InvalidArgument, OPERATION, told.collect::<Vec<_>>().join("; "))
}

fn missing(id: &str) -> Error {
    let text = format!("Notification destination {id:?} does not exist.");
    // As newer endpoints of the platform say it: 404 with RESOURCE_DOES_NOT_EXIST (reference section 2.5).
    Error::new(ErrorCode::NotFound, OPERATION, text).with("destination", id)
}

async fn found(app: &App, id: &str) -> Result<StoredDestination, Error> {
    let destination = app.driver.store().destination(id.to_owned()).await?.ok_or_else(|| missing(id))?;
    Ok(StoredDestination { id: id.to_owned(), destination })
}

async fn create(State(app): Shared, Extension(caller): Extension<Caller>, request: Request) -> Response {
    let answer = async {
        admin_only(&caller)?;
        let body = json_of(&body_of(request).await?)?;
        let (destination, id) = Destination::read(&body).map_err(|problems| invalid(&problems))?;
        let id = id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let new = StoredDestination { id, destination };
        let answer = document(&new);
        let id = new.id.clone();
        if app.driver.store().add_destination(new, Clock::wall(), MOST_DESTINATIONS).await? {
            // What waited for a destination with this id is tried at its next time, or at once when asked.
            return Ok(answer);
        }
        let text = match app.driver.store().destination(id.clone()).await? {
            Some(_) => format!("a destination with id {id:?} exists already; change or delete it"),
            None => format!("there are {MOST_DESTINATIONS} destinations already; delete one"),
        };
        Err(Error::new(ErrorCode::InvalidArgument, OPERATION, text))
    };
    respond(&app, answer.await)
}

async fn read(State(app): Shared, Path(id): Path<String>) -> Response {
    respond(&app, found(&app, &id).await.map(|stored| document(&stored)))
}

async fn update(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        admin_only(&caller)?;
        let body = json_of(&body_of(request).await?)?;
        let present = found(&app, &id).await?;
        let destination = present.destination.updated(&body).map_err(|problems| invalid(&problems))?;
        let changed = StoredDestination { id: id.clone(), destination };
        let answer = document(&changed);
        if app.driver.store().put_destination(changed).await? { Ok(answer) } else { Err(missing(&id)) }
    };
    respond(&app, answer.await)
}

async fn remove(
    State(app): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let answer = async {
        admin_only(&caller)?;
        let there = app.driver.store().delete_destination(id.clone()).await?;
        if there { Ok(json!({})) } else { Err(missing(&id)) }
    };
    respond(&app, answer.await)
}

/// A number of the query, within 1 to `most`.
fn number(query: &[(String, String)], name: &str, most: i64) -> Result<Option<i64>, Error> {
    let Some((_, text)) = query.iter().find(|(key, text)| key == name && !text.is_empty()) else {
        return Ok(None);
    };
    match text.parse::<i64>() {
        Ok(number) if (1..=most).contains(&number) => Ok(Some(number)),
        _ => {
            let text = format!("{name} is {text:?}; it must be a number from 1 to {most}");
            Err(Error::new(ErrorCode::InvalidArgument, OPERATION, text))
        }
    }
}

/// Pages in the order of creation; a token is the id that the page before ended with.
async fn list(State(app): Shared, request: Request) -> Response {
    let query = query_of(&request);
    let answer = async {
        let query = query?;
        let size = number(&query, "page_size", i64::MAX)?.unwrap_or(PAGE).min(PAGE) as usize;
        let token = query.iter().find(|(key, text)| key == "page_token" && !text.is_empty());
        let mut all = app.driver.store().destinations().await?;
        if let Some((_, token)) = token {
            let Some(at) = all.iter().position(|one| one.id == *token) else {
                return Err(super::jobs::bad_token(Some(token)));
            };
            all.drain(..=at);
        }
        let more = all.len() > size;
        all.truncate(size);
        let results: Vec<Value> = all
            .iter()
            .map(|StoredDestination { id, destination }| {
                json!({
                    "id": id,
                    "display_name": destination.display_name,
                    "destination_type": destination.kind.as_str(),
                })
            })
            .collect();
        let mut page = json!({ "results": results });
        if let Some(last) = all.last().filter(|_| more) {
            page["next_page_token"] = json!(last.id);
        }
        Ok(page)
    };
    respond(&app, answer.await)
}

/// Sends a test at once and waits for what comes of it: `{"delivered", "error"}`.
async fn test(State(app): Shared, Extension(caller): Extension<Caller>, Path(id): Path<String>) -> Response {
    let answer = async {
        admin_only(&caller)?;
        let destination = found(&app, &id).await?.destination;
        let now = Clock::wall();
        let notice = test_notice(&app.driver.workspace().id, now);
        let sent = app.outbox.send_to(&destination, &format!("test-{}", now.0), &notice).await;
        Ok(json!({ "delivered": sent.is_ok(), "error": sent.err().map(|failed| failed.text) }))
    };
    respond(&app, answer.await)
}

/// Deliveries, newest first: `run_id`, `state` (`WAITING`, `SENT`, `GIVEN_UP`), `limit`, `page_token`.
async fn deliveries(State(app): Shared, Extension(caller): Extension<Caller>, request: Request) -> Response {
    let query = query_of(&request);
    let answer = async {
        admin_only(&caller)?;
        let query = query?;
        let state = match query.iter().find(|(key, text)| key == "state" && !text.is_empty()) {
            None => None,
            Some((_, text)) => Some(match text.as_str() {
                "WAITING" => TriesState::Waiting,
                "SENT" => TriesState::Sent,
                "GIVEN_UP" => TriesState::GivenUp,
                other => {
                    let text = format!("state is {other:?}; it must be WAITING, SENT or GIVEN_UP");
                    return Err(Error::new(ErrorCode::InvalidArgument, OPERATION, text));
                }
            }),
        };
        let limit = number(&query, "limit", PAGE)?.unwrap_or(PAGE);
        let filter = DeliveryFilter {
            run: number(&query, "run_id", i64::MAX)?.map(|run| crate::driver::job_run_of(RunId(run))),
            state,
            before: number(&query, "page_token", i64::MAX)?,
            limit: limit + 1,
        };
        let mut found = app.driver.store().deliveries(filter).await?;
        let more = found.len() as i64 > limit;
        found.truncate(limit as usize);
        let mut page = json!({ "deliveries": found.iter().map(shown).collect::<Vec<_>>() });
        if let Some(last) = found.last().filter(|_| more) {
            page["next_page_token"] = json!(last.id.to_string());
        }
        Ok(page)
    };
    respond(&app, answer.await)
}

/// Tries a delivery that waits or was given up at once, with its whole patience again.
async fn retry(State(app): Shared, Extension(caller): Extension<Caller>, Path(id): Path<i64>) -> Response {
    let answer = async {
        admin_only(&caller)?;
        let text = format!("Delivery {id} does not exist.");
        let found = app.driver.store().delivery(id).await?;
        let found = found.ok_or_else(|| Error::new(ErrorCode::NotFound, OPERATION, text))?;
        let mut tries = found.tries;
        if tries.state == TriesState::Sent {
            let text = format!("Delivery {id} has arrived already.");
            return Err(Error::new(ErrorCode::InvalidState, OPERATION, text));
        }
        tries.again(Clock::wall());
        app.driver.store().put_tries(id, tries, found.error).await?;
        app.driver.store().post().notify_one();
        Ok(json!({}))
    };
    respond(&app, answer.await)
}
