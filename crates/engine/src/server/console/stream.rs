//! Changes as they happen: one stream of server-sent events for a browser.
//!
//! Every event carries `<instance>.<number>`. A browser that comes back names the last one it saw and is told what it
//! missed; when that is no longer known, or the engine is another one, it is told to `reset`, and takes a new snapshot.

use super::super::App;
use crate::clock::Clock;
use crate::live::{Feed, Kept};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::json;
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// How often a quiet stream shows that it is alive; with the engine's clock, which pages measure theirs against.
const BEAT: Duration = Duration::from_secs(10);

/// Changes are gathered this long, so that a busy run is told in few pieces.
const GATHER: Duration = Duration::from_millis(40);

/// The stream, from the `Last-Event-ID` header or the query's `after`, else from now.
pub(super) async fn events(State(app): State<Arc<App>>, request: Request) -> Response {
    let feed = app.driver.store().feed().clone();
    let header = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let query =
        request.uri().query().and_then(|query| query.split('&').find_map(|p| p.strip_prefix("after=")));
    let first = match header.or(query) {
        Some(id) => begin(&feed, id),
        None => (hello(&feed, "hello", feed.last()), feed.last()),
    };
    let ends = feed.closing();
    let stream = futures::stream::unfold((feed, first, ends), |(feed, (text, last), mut ends)| async move {
        if !text.is_empty() {
            return Some((Ok::<_, Infallible>(text), (feed, (String::new(), last), ends)));
        }
        if *ends.borrow() {
            return None;
        }
        let mut wake = feed.watch();
        let next = async {
            if *wake.borrow_and_update() <= last && wake.changed().await.is_err() {
                return std::future::pending().await;
            }
            tokio::time::sleep(GATHER).await;
            told(&feed, last)
        };
        let (text, last) = tokio::select! {
            next = next => next,
            _ = ends.changed() => return None,
            () = tokio::time::sleep(BEAT) => (hello(&feed, "beat", last), last),
        };
        Some((Ok(text), (feed, (String::new(), last), ends)))
    });
    let mut response = Response::new(Body::from_stream(stream));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    std::future::ready(response).await
}

/// Greets a browser that saw everything up to an id, with what it missed or with a reset.
fn begin(feed: &Feed, id: &str) -> (String, u64) {
    let number = id.split_once('.').filter(|(instance, _)| *instance == feed.instance());
    let number = number.and_then(|(_, number)| number.parse().ok());
    match number.and_then(|number| Some((number, feed.after(number)?))) {
        Some((number, missed)) => {
            let last = missed.last().map_or(number, |(last, _)| *last);
            (hello(feed, "hello", number) + &written(feed, &missed), last)
        }
        None => reset(feed),
    }
}

/// What came after a number.
fn told(feed: &Feed, last: u64) -> (String, u64) {
    match feed.after(last) {
        Some(missed) => (written(feed, &missed), missed.last().map_or(last, |(last, _)| *last)),
        None => reset(feed),
    }
}

fn reset(feed: &Feed) -> (String, u64) {
    let last = feed.last();
    (hello(feed, "reset", last), last)
}

fn hello(feed: &Feed, event: &str, number: u64) -> String {
    let instance = feed.instance();
    let data = json!({ "instance": instance, "now": Clock::wall() });
    format!("event: {event}\nid: {instance}.{number}\ndata: {data}\n\n")
}

fn written(feed: &Feed, changes: &[Kept]) -> String {
    let mut text = String::new();
    for (number, change) in changes {
        // Writing to a String cannot fail. JSON text has no line breaks, so one `data` line holds it.
        let _ = write!(text, "id: {}.{number}\ndata: {change}\n\n", feed.instance());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_browser_that_comes_back_is_told_what_it_missed() {
        let feed = Feed::new();
        feed.last();
        feed.publish(|| Value::from("one"));
        feed.publish(|| json!({ "text": "line\nbreak" }));
        let (text, last) = begin(&feed, &format!("{}.1", feed.instance()));
        assert_eq!(last, 2);
        assert!(text.starts_with("event: hello\n"), "{text}");
        assert!(
            text.contains(&format!("id: {}.2\ndata: {{\"text\":\"line\\nbreak\"}}\n\n", feed.instance()))
        );
        assert!(!text.contains("one"));
        assert_eq!(told(&feed, 2), (String::new(), 2));
    }

    #[test]
    fn another_engine_and_nonsense_reset() {
        let feed = Feed::new();
        feed.last();
        for id in ["", "x", "other.0", "other.1", &format!("{}.9", feed.instance())] {
            assert!(begin(&feed, id).0.starts_with("event: reset\n"), "{id}");
        }
    }
}
